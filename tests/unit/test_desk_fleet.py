"""A desk takes signed rules and settings of its hub, keeps the old ones when anything is wrong, and says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from deskguard.desk.fleet.adopting import Adopter, News
from deskguard.desk.fleet.choosing import FollowingWatcher
from deskguard.desk.fleet.opening import Fleet, open_fleet
from deskguard.desk.fleet.pulling import Puller
from deskguard.desk.fleet.shelf import Shelf
from deskguard.desk.reporting import membership
from deskguard.desk.reporting.membership import Membership
from deskguard.errors import DeskguardError
from deskguard.rules.ruleset import RuleSet
from deskguard.settings import HubSettings, RulesSettings, Settings
from deskguard.wire import release, signing
from rules_packs import HEADER, entry

if TYPE_CHECKING:
    from pathlib import Path

KEY = signing.new_private_key()
PUBLIC = signing.public_key(KEY)
AT = datetime(2026, 11, 30, tzinfo=UTC)
FIRST = {"test.toml": (HEADER + entry("我也没办法")).encode()}
SECOND = {"test.toml": (HEADER + entry("不归我管")).encode()}
BROKEN = {"test.toml": b"[pack]\nid = 1\n"}


class Desk:
    """The parts of one desk that has joined."""

    def __init__(self, data: Path, key: str = PUBLIC, only: tuple[str, ...] = ()) -> None:
        self.data = data
        self.shelf = Shelf(data, key)
        self.adopter = Adopter(self.shelf, key, "east-1", only=only)

    def take(self, *sent: release.Release, key: str = KEY) -> list[News]:
        answer = {one.kind: json.loads(release.signed(one, key).model_dump_json()) for one in sent}
        return self.adopter.take(answer)

    @property
    def files(self) -> dict[str, bytes] | None:
        home = self.shelf.rules_folder()
        return None if home is None else {one.name: one.read_bytes() for one in home.iterdir()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def rules(serial: int, files: dict[str, bytes], windows: tuple[str, ...] = ("*",)) -> release.Release:
    return release.rules_release(serial, AT, windows, files)


def settings(serial: int, values: dict[str, Any]) -> release.Release:
    return release.settings_release(serial, AT, ("*",), values)


def told(news: list[News]) -> list[tuple[str, str]]:
    return [(one.outcome, one.reason) for one in news]


def test_signed_rules_are_taken_and_held_after_a_restart(desk: Desk) -> None:
    assert told(desk.take(rules(1, FIRST))) == [("adopted", "")]
    again = Desk(desk.data)
    assert again.files == FIRST
    assert again.adopter.question("1.0").rules.serial == 1


@pytest.mark.parametrize(
    ("sent", "key", "reason"),
    [
        (rules(3, SECOND), signing.new_private_key(), "release-other-key"),
        (rules(1, SECOND), KEY, "release-older"),
        (rules(3, SECOND, ("west-*",)), KEY, "release-elsewhere"),
        (rules(3, BROKEN), KEY, "bad-rules"),
        (rules(3, {"test.toml": b"\x5b"}), KEY, "bad-toml"),
        (rules(3, {}), KEY, "no-rules"),
    ],
)
def test_what_is_wrong_leaves_the_old_rules_in_force_and_is_told_once(
    desk: Desk, sent: release.Release, key: str, reason: str
) -> None:
    desk.take(rules(2, FIRST))
    assert told(desk.take(sent, key=key)) == [("refused", reason)]
    assert desk.take(sent, key=key) == []
    assert desk.files == FIRST
    assert Desk(desk.data).files == FIRST


def test_a_replayed_release_does_not_bring_old_rules_back(desk: Desk) -> None:
    first = rules(1, FIRST)
    desk.take(first)
    desk.take(rules(2, SECOND))
    assert told(desk.take(first)) == [("refused", "release-older")]
    assert told(Desk(desk.data).take(first)) == [("refused", "release-older")]
    assert desk.files == SECOND


def test_tampered_rules_are_refused(desk: Desk) -> None:
    desk.take(rules(1, FIRST))
    sent = json.loads(release.signed(rules(2, SECOND), KEY).model_dump_json())
    sent["body"] = sent["body"].replace("不归我管", "您好")
    assert told(desk.adopter.take({"rules": sent})) == [("refused", "release-tampered")]
    assert desk.files == FIRST


def test_the_hub_is_told_which_release_was_refused_so_that_it_stops_sending_it(desk: Desk) -> None:
    desk.take(rules(1, FIRST))
    desk.take(rules(2, BROKEN))
    held = Desk(desk.data).adopter.question("1.0").rules
    assert (held.serial, held.refused, held.reason) == (1, 2, "bad-rules")
    desk.take(rules(3, SECOND))
    assert desk.adopter.question("1.0").rules.refused == 0


def test_what_is_not_signed_right_does_not_keep_the_right_release_away(desk: Desk) -> None:
    """Whoever can answer in the hub's place must not make a desk refuse the true one of that number."""
    desk.take(rules(7, SECOND), key=signing.new_private_key())
    held = desk.adopter.question("1.0").rules
    assert (held.refused, held.reason) == (0, "release-other-key")
    assert told(desk.take(rules(7, FIRST))) == [("adopted", "")]
    assert desk.adopter.question("1.0").rules.reason == ""


def test_rules_without_a_pack_that_the_desk_keeps_to_are_refused(tmp_path: Path) -> None:
    picky = Desk(tmp_path, only=("s003",))
    assert [one.outcome for one in picky.take(rules(1, FIRST))] == ["refused"]
    assert picky.files is None


def test_rules_that_were_damaged_on_the_disk_are_taken_again(desk: Desk) -> None:
    desk.take(rules(4, FIRST))
    home = desk.shelf.rules_folder()
    assert home is not None
    (home / "test.toml").write_bytes(b"")
    again = Desk(desk.data)
    assert again.files is None
    assert again.adopter.question("1.0").rules.serial == 3
    assert told(again.take(rules(3, SECOND))) == []
    assert told(again.take(rules(4, FIRST))) == [("adopted", "")]
    assert again.files == FIRST


@pytest.mark.parametrize("state", ["", "{", '{"v": 2}', '{"rules": 3}'])
def test_a_damaged_state_begins_anew(desk: Desk, state: str) -> None:
    desk.take(rules(4, FIRST))
    (desk.shelf.folder / "state.json").write_text(state, encoding="utf-8")
    again = Desk(desk.data)
    assert again.files is None
    assert told(again.take(rules(4, FIRST))) == [("adopted", "")]


def test_another_hub_counts_from_its_own_beginning(desk: Desk) -> None:
    desk.take(rules(9, FIRST))
    other = signing.new_private_key()
    joined = Desk(desk.data, signing.public_key(other))
    assert joined.files is None
    assert told(joined.take(rules(1, SECOND), key=other)) == [("adopted", "")]


def test_a_folder_that_cannot_be_written_refuses_and_stays(desk: Desk) -> None:
    (desk.data / "fleet").write_text("in the way", encoding="utf-8")
    assert told(desk.take(rules(1, FIRST))) == [("refused", "unwritable")]
    assert desk.files is None


def test_settings_are_taken_for_the_next_start(desk: Desk) -> None:
    assert told(desk.take(settings(3, {"alerts": {"max_per_hour": 2}}))) == [("adopted", "")]
    assert desk.adopter.question("1.0").settings.in_force is False
    again = Desk(desk.data)
    assert again.shelf.values() == {"alerts": {"max_per_hour": 2}}
    assert again.adopter.question("1.0").settings.in_force is True


def test_settings_that_a_hub_may_not_set_are_refused_though_signed(desk: Desk) -> None:
    desk.take(settings(1, {"alerts": {"max_per_hour": 2}}))
    for values in ({"hub": {"hits": "at-once"}}, {"store": {"transcripts": "none"}}):
        assert told(desk.take(settings(2, values))) == [("refused", "bad-pushed-settings")]
    assert desk.shelf.values() == {"alerts": {"max_per_hour": 2}}


def test_one_kind_that_is_refused_does_not_keep_the_other_away(desk: Desk) -> None:
    news = desk.take(rules(1, BROKEN), settings(2, {"alerts": {"max_per_hour": 2}}))
    assert told(news) == [("refused", "bad-rules"), ("adopted", "")]


@pytest.mark.parametrize("answer", [None, [], "x", 3, {"more": 1}, {"rules": 5}, {"rules": {}}])
def test_a_strange_answer_changes_nothing(desk: Desk, answer: object) -> None:
    desk.take(rules(1, FIRST))
    assert [one.outcome for one in desk.adopter.take(answer)] == ["refused"]
    assert desk.files == FIRST


def test_the_watcher_goes_to_the_hubs_rules_and_on_with_each_new_one(desk: Desk, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(FIRST["test.toml"])
    watcher = FollowingWatcher(lambda: [desk.shelf.taken_rules() or own])
    assert watcher.poll() is None
    desk.take(rules(1, SECOND))
    found = watcher.poll()
    assert isinstance(found, RuleSet)
    assert [one.phrase for one in found.rules.values()] == ["不归我管"]
    assert watcher.poll() is None
    desk.take(rules(2, BROKEN))
    assert watcher.poll() is None
    desk.take(rules(3, FIRST))
    found = watcher.poll()
    assert isinstance(found, RuleSet)
    assert [one.phrase for one in found.rules.values()] == ["我也没办法"]


def test_the_puller_asks_and_tells_and_bears_a_hub_that_is_away(desk: Desk) -> None:
    asked: list[dict[str, Any]] = []
    news: list[News] = []
    answers: list[Any] = [
        DeskguardError("away", "wait", "hub-unreachable"),
        {"rules": json.loads(release.signed(rules(1, FIRST), KEY).model_dump_json()), "ok": True},
    ]

    def post(path: str, question: dict[str, Any]) -> Any:
        asked.append({"path": path, **question})
        answer = answers.pop(0)
        if isinstance(answer, DeskguardError):
            raise answer
        return answer

    puller = Puller(desk.adopter, post, news.append, version="1.0", every_s=60.0)
    assert puller.pull() is False
    assert puller.pull() is True
    assert told(news) == [("adopted", "")]
    assert asked[0]["path"] == "/api/v1/fleet/pull"
    assert asked[0]["rules"] == {"serial": 0, "sha256": "", "in_force": True, "refused": 0, "reason": ""}


def a_fleet(data: Path, **hub: Any) -> Fleet:
    joined = Membership(
        url="http://127.0.0.1:1", desk_id="d1", window_id="east-1", key="k" * 32, public_key=PUBLIC
    )
    membership.write(data, joined)
    found = open_fleet(Settings(hub=HubSettings(**hub)), data)
    assert found is not None
    return found


def test_a_desk_that_has_joined_uses_the_hubs_rules_and_settings_from_the_start(
    desk: Desk, tmp_path: Path
) -> None:
    desk.take(rules(1, SECOND), settings(2, {"alerts": {"max_per_hour": 2}}))
    fleet = a_fleet(tmp_path)
    assert fleet.settings.alerts.max_per_hour == 2
    assert fleet.rules_from(list)() == [desk.shelf.rules_folder()]
    fleet.stop()


def test_a_desk_that_lets_the_hub_decide_nothing_keeps_its_own(desk: Desk, tmp_path: Path) -> None:
    desk.take(rules(1, SECOND), settings(2, {"alerts": {"max_per_hour": 2}}))
    fleet = a_fleet(tmp_path, take=("rules",))
    assert fleet.settings.alerts == Settings().alerts
    fleet.stop()
    fleet = a_fleet(tmp_path, take=("settings",))
    assert fleet.rules_from(list)() == []
    fleet.stop()
    assert open_fleet(Settings(hub=HubSettings(take=())), tmp_path) is None


def test_rules_that_load_no_more_leave_the_desks_own_in_force(tmp_path: Path) -> None:
    """Such as after the desk's settings have come to want a pack that the hub's rules lack."""
    Desk(tmp_path).take(rules(1, FIRST))
    joined = a_fleet(tmp_path)
    picky = Settings(rules=RulesSettings(only=("s003",)))
    found = open_fleet(picky, tmp_path)
    assert found is not None
    assert found.rules_from(list)() == []
    assert found.standing()["rules"] == {"refused": "bad-rules", "number": 1, "waits": False}
    joined.stop()
    found.stop()


def test_what_the_desk_does_not_let_the_hub_decide_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.adopter = Adopter(desk.shelf, PUBLIC, "east-1", takes=("rules",))
    assert told(desk.take(settings(1, {"alerts": {"max_per_hour": 2}}))) == [("refused", "not-taken")]
    assert desk.shelf.values() == {}


def test_a_desk_that_has_joined_nothing_takes_nothing(tmp_path: Path) -> None:
    assert open_fleet(Settings(), tmp_path) is None


# ---- what the clerk is told of it ----


def standing(desk: Desk, kind: release.Kind = "rules") -> tuple[str, int, bool]:
    one = desk.adopter.standing()[kind]
    return one.refused, one.number, one.waits


def test_what_was_refused_is_told_to_the_clerk_until_something_better_comes(desk: Desk) -> None:
    assert standing(desk) == ("", 0, False)
    desk.take(rules(1, FIRST))
    assert standing(desk) == ("", 1, False)
    desk.take(rules(2, BROKEN))
    assert standing(desk) == ("bad-rules", 2, False)
    assert standing(Desk(desk.data)) == ("bad-rules", 2, False)
    desk.take(rules(3, SECOND))
    assert standing(desk) == ("", 3, False)


def test_what_nobody_of_the_hall_signed_is_told_without_a_number(desk: Desk) -> None:
    desk.take(rules(2, FIRST), key=signing.new_private_key())
    assert standing(desk) == ("release-other-key", 0, False)


def test_settings_wait_for_the_next_start_and_the_clerk_is_told(desk: Desk) -> None:
    desk.take(settings(4, {"alerts": {"card_s": 12.0}}))
    assert standing(desk, "settings") == ("", 4, True)
    assert standing(Desk(desk.data), "settings") == ("", 4, False)


def test_what_this_desk_keeps_to_itself_is_no_news_for_the_clerk(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.adopter = Adopter(desk.shelf, PUBLIC, "east-1", takes=("rules",))
    assert told(desk.take(settings(4, {"alerts": {"card_s": 12.0}}))) == [("refused", "not-taken")]
    assert standing(desk, "settings") == ("", 0, False)
