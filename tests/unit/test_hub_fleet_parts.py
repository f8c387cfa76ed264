"""Rules in the hall: kept in versions, edited, tried, published to windows, and pulled by desks."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from deskguard.authoring.words import Words
from deskguard.hub.fleet import keys, library, rows
from deskguard.hub.store.times import utc_text
from deskguard.scoring.values import Examination, Examined, Exposure, Recording, Spoken
from deskguard.wire import release
from hub_parts import Hall, Visitor, a_hall
from rules_packs import HEADER, entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.hub.fleet.rows import Version

PULL = "/api/v1/fleet/pull"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """For tests after which it is as before: to make one takes longer than they do."""
    with a_hall(tmp_path_factory.mktemp("hall")) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_author(shared: Hall) -> Visitor:
    return shared.visitor("rule-author")


@pytest.fixture
def author(hall: Hall) -> Visitor:
    return hall.visitor("rule-author")


PACK = HEADER + entry(
    "我也没办法", say=["我没办法"], severity="high", examples=["我没办法"], counter_examples=["您好"]
)
MASKED = entry("他妈的", "P2", masked=True, severity="high", examples=["他妈的"])
COMMENTED = '# kept\n[pack]\nid = "other"\ntitle = "Other"\n' + entry("不归我管", "P3", examples=["这不归我管"])
NEW = "你自己看着办"


def versions(hall: Hall) -> list[Version]:
    with hall.state.store.reading() as connection:
        return rows.versions(connection)


def made_versions(hall: Hall) -> list[Version]:
    """Those that did not come along with the program."""
    return [one for one in versions(hall) if not one.author.startswith("deskguard ")]


def first_version(hall: Hall) -> str:
    """Small rules of two files, kept as if somebody had made them."""
    made = library.Origin("test", "first", utc_text(hall.clock()))
    files = {"test.toml": (PACK + MASKED).encode(), "other.toml": COMMENTED.encode()}
    with hall.state.store.writing() as connection:
        return library.keep(connection, files, made).version


def cell(page: str, text: str) -> str:
    """The place of the cell that holds a text, as the page names it."""
    found = re.search(rf'data-cell="(\d+\.\d+)" data-was="{re.escape(text)}"', page)
    assert found is not None
    return found[1]


def edit(author: Visitor, version: str, name: str, changes: dict[str, Any], note: str = "why") -> Any:
    whole = {"cells": {}, "removed": [], "added": [], **changes}
    form = {"changes": json.dumps(whole), "note": note}
    return author.post(f"/rules/version/{version}/table/{name}", form)


def with_spelling(hall: Hall, author: Visitor) -> tuple[str, str]:
    """A first version, and one made of it in which a phrase is spoken otherwise, too."""
    first = first_version(hall)
    answer = edit(author, first, "spellings", {"added": [["test", "P1", "say", NEW, "", "", ""]]})
    assert answer.status_code == 303, answer.text
    made = re.search(r"/rules/version/(\w{64})/against/", answer.headers["location"])
    assert made is not None
    return first, made[1]


def publish(author: Visitor, version: str, windows: str = "*", note: str = "why") -> Any:
    return author.post(f"/rules/version/{version}/publish", {"windows": windows, "note": note})


def pull(hall: Hall, key: str, **held: dict[str, Any]) -> Any:
    client = hall.nobody().client
    return client.post(PULL, json={"version": "1.0", **held}, headers={"authorization": f"Bearer {key}"})


def test_the_rules_that_come_along_are_there_to_begin_with(hall: Hall, author: Visitor) -> None:
    assert author.get("/rules").status_code == 200
    assert author.get("/rules").status_code == 200
    (one,) = versions(hall)
    assert one.rules > 20
    assert one.rules_sha256[:16] in author.get(f"/rules/version/{one.version}").text


def test_a_row_added_to_a_table_makes_a_version_that_differs_by_it(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    page = author.get(f"/rules/version/{made}/against/{first}").text
    assert page.count(NEW) == 1
    assert NEW in author.get(f"/rules/version/{first}/against/{made}").text
    tried = author.post(f"/rules/version/{made}/try", {"text": NEW}).text
    assert NEW in tried.split("<pre")[1]


def test_files_that_were_not_edited_keep_their_comments(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    with hall.state.store.reading() as connection:
        before, after = rows.files(connection, first), rows.files(connection, made)
    assert before is not None
    assert after is not None
    assert after["other.toml"] == before["other.toml"] == COMMENTED.encode()
    assert NEW in after["test.toml"].decode()


def test_a_mistake_is_told_with_its_place_and_nothing_is_kept(shared: Hall, shared_author: Visitor) -> None:
    first = first_version(shared)
    page = shared_author.get(f"/rules/version/{first}/table/rules").text
    place = cell(page, Words("zh-CN")("value.high"))
    answer = edit(shared_author, first, "rules", {"cells": {place: "极高"}})
    assert answer.status_code == 422
    assert "极高" in answer.text
    assert f"第 {place.split('.')[0]} 行" in answer.text
    assert len(made_versions(shared)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        "{",
        "[]",
        '{"cells": {}}',
        '{"cells": {"1.0": "x"}, "removed": [], "added": []}',
        '{"cells": {"9999.0": "x"}, "removed": [], "added": []}',
        '{"cells": {"2.99": "x"}, "removed": [], "added": []}',
        '{"cells": {}, "removed": [1], "added": []}',
        '{"cells": {}, "removed": [], "added": [["only one"]]}',
    ],
)
def test_changes_that_fit_no_table_are_refused(shared: Hall, shared_author: Visitor, changes: str) -> None:
    first = first_version(shared)
    answer = shared_author.post(f"/rules/version/{first}/table/rules", {"changes": changes})
    assert answer.status_code == 422
    assert len(made_versions(shared)) == 1


def test_a_spreadsheet_comes_back_as_the_same_version(shared: Hall, shared_author: Visitor) -> None:
    first = first_version(shared)
    book = shared_author.get(f"/rules/version/{first}/rules.xlsx")
    assert book.headers["content-type"].endswith("sheet")
    answer = shared_author.client.post(
        f"/rules/version/{first}/workbook",
        files={"file": ("x.xlsx", book.content)},
        headers={"x-csrf-token": shared_author.token("/password")},
    )
    assert answer.headers["location"].endswith(f"/rules/version/{first}/against/{first}")
    assert len(made_versions(shared)) == 1


def test_what_is_no_spreadsheet_is_refused(shared: Hall, shared_author: Visitor) -> None:
    first = first_version(shared)
    answer = shared_author.client.post(
        f"/rules/version/{first}/workbook",
        files={"file": ("x.xlsx", b"PK\x03\x04 no")},
        headers={"x-csrf-token": shared_author.token("/password")},
    )
    assert answer.status_code == 422
    assert tempfile.gettempdir() not in answer.text


def test_rules_whose_examples_fail_are_not_published(hall: Hall, author: Visitor) -> None:
    first = first_version(hall)
    added = ["test", "P1", "examples", "", "请问您办什么业务", ""]
    made = edit(author, first, "examples", {"added": [added]}).headers["location"].split("/")[3]
    assert "个未通过" in author.get(f"/rules/version/{made}/examples").text
    answer = publish(author, made)
    assert answer.status_code == 422
    with hall.state.store.reading() as connection:
        assert rows.publications(connection) == []


def test_a_desk_is_given_what_is_published_for_its_window_signed(hall: Hall, author: Visitor) -> None:
    _, made = with_spelling(hall, author)
    (_, key), (_, other) = hall.desk("east-1"), hall.desk("west-1")
    assert pull(hall, key).json() == {"ok": True, "rules": None, "settings": None}
    assert publish(author, made, "east-*").status_code == 303
    given = pull(hall, key).json()["rules"]
    public = keys.public_signing_key(hall.state.data)
    opened = release.opened(given, release.Expected(public, "east-1", "rules", 0))
    assert opened is not None
    assert opened.sha256 == made
    assert pull(hall, other).json()["rules"] is None
    assert pull(hall, key, rules={"serial": opened.serial}).json()["rules"] is None
    assert pull(hall, key, rules={"refused": opened.serial}).json()["rules"] is None


def test_going_back_is_an_earlier_version_under_a_higher_number(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    _, key = hall.desk("east-1")
    publish(author, first)
    publish(author, made)
    assert author.post("/fleet/publications/1/again", {}).status_code == 303
    body = json.loads(pull(hall, key, rules={"serial": 2}).json()["rules"]["body"])
    assert (body["serial"], body["sha256"]) == (3, first)


def test_the_newest_publication_that_names_a_window_holds_there(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    _, key = hall.desk("east-1")
    publish(author, made, "east-1")
    publish(author, first, "west-*")
    assert json.loads(pull(hall, key).json()["rules"]["body"])["serial"] == 1


def test_the_fleet_page_tells_how_each_desk_stands(hall: Hall, author: Visitor) -> None:
    first = first_version(hall)
    (_, key), _ = hall.desk("east-1"), hall.desk("east-2")
    publish(author, first)

    def standing(window: str) -> str:
        page = author.get("/fleet").text
        row = re.search(rf"<tr><td>{window}</td>(.*?)</tr>", page, re.DOTALL)
        assert row is not None
        return row[1].split("</td>")[0]

    assert "从未询问" in standing("east-2")
    pull(hall, key)
    assert "等待中" in standing("east-1")
    pull(hall, key, rules={"reason": "release-tampered"})
    assert "release-tampered" in standing("east-1")
    pull(hall, key, rules={"refused": 1, "reason": "bad-rules"})
    assert "已拒绝" in standing("east-1")
    assert "bad-rules" in standing("east-1")
    pull(hall, key, rules={"serial": 1, "sha256": first})
    assert "已是最新" in standing("east-1")
    hall.clock.wind(minutes=16)
    assert "没有消息" in standing("east-1")


def test_settings_go_out_checked_and_only_those_that_a_hub_may_set(hall: Hall, author: Visitor) -> None:
    _, key = hall.desk("east-1")
    form = {"alerts.max_per_hour": "4", "visits.off": "manner.loud\nK.x", "screen.language": "en"}
    named = {"windows": "*", "note": "calmer"}
    assert author.post("/fleet/settings", {**form, **named}).status_code == 303
    body = json.loads(pull(hall, key).json()["settings"]["body"])
    assert body["settings"] == {
        "alerts": {"max_per_hour": 4},
        "visits": {"off": ["manner.loud", "K.x"]},
        "screen": {"language": "en"},
    }
    for wrong in (
        {"alerts.max_per_hour": "-1"},
        {"alerts.max_per_hour": "many"},
        {"store.transcripts": "none"},
    ):
        answer = author.post("/fleet/settings", {**wrong, **named})
        assert answer.status_code == 422, wrong
    with hall.state.store.reading() as connection:
        assert len(rows.publications(connection)) == 1


def test_an_account_for_some_windows_publishes_to_no_others(hall: Hall, author: Visitor) -> None:
    first = first_version(hall)
    hall.add("east author", "rule-author", windows=("east-?",))
    east = hall.visitor("east author")
    for windows in ("*", "west-1", "east-*", "east-1 west-1", "e*"):
        assert publish(east, first, windows).status_code == 422, windows
    assert publish(east, first, "east-1").status_code == 303


@pytest.mark.parametrize("windows", ["", "  ", "east 1/2", "<b>", "a" * 65])
def test_windows_that_cannot_be_are_refused(shared: Hall, shared_author: Visitor, windows: str) -> None:
    first = first_version(shared)
    assert publish(shared_author, first, windows).status_code == 422


def test_a_dry_run_tells_what_would_change_in_what_was_heard(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    texts = [("staff", "您好请坐"), ("staff", NEW), ("visitor", NEW)]
    keep_recording(hall, texts)
    answer = author.post(f"/rules/version/{made}/dry-run", {"other": first, "days": "7"})
    assert answer.status_code == 200
    body = answer.text.split("<tbody>")[1]
    assert body.count(NEW) == 1
    assert "您好请坐" not in answer.text
    assert "0 → 1" in answer.text
    same = author.post(f"/rules/version/{made}/dry-run", {"other": made, "days": "7"})
    assert "没有不同" in same.text


def test_a_dry_run_of_an_account_for_some_windows_leaves_the_others_out(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    keep_recording(hall, [("staff", NEW)])
    hall.add("east author", "rule-author", windows=("east-*",))
    answer = hall.visitor("east author").post(f"/rules/version/{made}/dry-run", {"other": first, "days": "7"})
    assert "没有不同" in answer.text


def keep_recording(hall: Hall, texts: list[tuple[Any, str]]) -> None:
    recording = Recording(sha256="a" * 64, path="x.wav", window_id="west-1", day=date(2026, 11, 29))
    spoken = tuple(
        Spoken(start_sample=at * 48_000, end_sample=at * 48_000 + 32_000, role=role, text=text)
        for at, (role, text) in enumerate(texts)
    )
    examined = Examined(
        examination=Examination(recording=recording, rules_sha256="r", model="m"),
        exposure=Exposure(),
        spoken=spoken,
    )
    hall.state.night.save_examined(examined, "run", "2026-11-30T00:00:00+00:00")


def test_what_was_done_to_rules_is_in_the_audit_log(hall: Hall, author: Visitor) -> None:
    first, made = with_spelling(hall, author)
    author.get(f"/rules/version/{made}/rules.xlsx")
    author.post(f"/rules/version/{made}/dry-run", {"other": first, "days": "7"})
    publish(author, made)
    with hall.state.store.reading() as connection:
        log = connection.execute(sa.text("SELECT action, target FROM hub_audit ORDER BY number")).all()
    assert [tuple(one) for one in log if one.action.startswith(("rules.", "fleet."))] == [
        ("rules.edit", made),
        ("rules.export", made),
        ("rules.dry-run", made),
        ("fleet.publish", made),
    ]


def test_markup_in_a_note_or_a_rule_stays_text(hall: Hall, author: Visitor) -> None:
    first = first_version(hall)
    page = author.get(f"/rules/version/{first}/table/rules").text
    advice = cell(page, "say this")
    answer = edit(author, first, "rules", {"cells": {advice: "<script>alert(1)</script>"}}, note="<b>x</b>")
    assert answer.status_code == 303, answer.text
    seen = author.get(answer.headers["location"]).text + author.get("/rules").text
    assert "<script>alert" not in seen
    assert "<b>x</b>" not in seen


@pytest.mark.parametrize("role", ["supervisor", "auditor", "administrator"])
def test_who_may_only_look_cannot_edit_or_publish(shared: Hall, shared_author: Visitor, role: str) -> None:
    first = first_version(shared)
    viewer = shared.visitor(role)
    page = viewer.get(f"/rules/version/{first}/table/spellings").text
    assert "<textarea" not in page.split("<tbody>")[1]
    assert edit(viewer, first, "rules", {}).status_code == 403
    assert publish(viewer, first).status_code == 403
    assert viewer.get("/fleet").status_code == 403


def test_words_that_no_screen_shows_are_masked_for_who_does_not_write_rules(
    shared: Hall, shared_author: Visitor
) -> None:
    first = first_version(shared)
    viewer = shared.visitor("supervisor")
    for page in ("", "/table/rules", "/rule/P2", "/examples"):
        assert "他妈的" not in viewer.get(f"/rules/version/{first}{page}").text, page
    assert "他××" in viewer.get(f"/rules/version/{first}/table/rules").text
    assert "他妈的" in shared_author.get(f"/rules/version/{first}/table/rules").text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": "x" * 50},
        {"version": "1", "rules": {"serial": -1}},
        {"version": "1", "rules": {"reason": "<b>"}},
        {"version": "1", "more": 1},
        [],
    ],
)
def test_a_question_that_cannot_be_understood_is_refused(shared: Hall, body: Any) -> None:
    _, key = shared.desk("east-1")
    answer = shared.nobody().client.post(PULL, json=body, headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 422


def test_without_a_desk_key_nothing_is_given(shared: Hall) -> None:
    assert shared.nobody().client.post(PULL, json={"version": "1.0"}).status_code == 401
    assert pull(shared, "x" * 43).status_code == 401


def test_a_desk_that_says_the_same_again_is_written_down_now_and_then_only(hall: Hall) -> None:
    (desk, key), held = hall.desk("east-1"), {"serial": 1}

    def noted() -> str:
        with hall.state.store.reading() as connection:
            return rows.asked(connection)[desk.desk_id].asked_utc

    pull(hall, key, rules=held)
    first = noted()
    hall.clock.wind(minutes=4)
    pull(hall, key, rules=held)
    assert noted() == first
    hall.clock.wind(minutes=2)
    pull(hall, key, rules=held)
    assert noted() > first
    later = noted()
    hall.clock.wind(seconds=1)
    pull(hall, key, rules={"serial": 2})
    assert noted() > later
