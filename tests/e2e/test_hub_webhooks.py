"""Webhooks tell a real receiver, in order, signed, again when it failed, and only what they are for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from webhook_receiver import Receiver

from deskguard.errors import DeskguardError
from deskguard.hub.feed import delivering, hooks
from deskguard.hub.feed.delivering import Delivery, NewHook
from feed_parts import A_HIT, body_of, post, told
from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as made:
        yield made


def hook(hall: Hall, receiver: Receiver, **changes: Any) -> str:
    new = NewHook(**{"url": receiver.url, "form": "generic", "kinds": ("help", "hit"), **changes})
    with hall.state.store.writing() as connection:
        return delivering.add(connection, new, "test", hall.clock())


def state_of(hall: Hall) -> dict[str, Any]:
    with hall.state.store.reading() as connection:
        return delivering.every(connection)[0]


def reports(hall: Hall, *events: dict[str, Any], window: str = "window-1") -> None:
    desk, key = hall.desk(window)
    assert post(hall.nobody().client, key, body_of(desk, *events)).status_code == 200


def test_events_come_signed_in_order_and_only_those_that_are_wanted(hall: Hall, receiver: Receiver) -> None:
    reports(hall, told(1))  # before the webhook was made
    secret = hook(hall, receiver, windows=("east-*",))
    delivery = Delivery(hall.state.store, hall.clock)
    reports(hall, told(1), told(2, kind="state", state="paused"), told(3, **A_HIT), window="east-1")
    reports(hall, told(1), window="west-1")
    delivery.look()
    ((_, headers, body),) = receiver.got
    events = json.loads(body)["events"]
    assert [(one["window_id"], one["kind"]) for one in events] == [("east-1", "help"), ("east-1", "hit")]
    assert headers["x-deskguard-signature"] == hooks.signature(secret, headers["x-deskguard-timestamp"], body)
    delivery.look()
    assert len(receiver.got) == 1
    assert secret not in json.dumps(state_of(hall))


def test_a_receiver_that_fails_is_told_again_later_and_misses_nothing(hall: Hall, receiver: Receiver) -> None:
    hook(hall, receiver)
    delivery = Delivery(hall.state.store, hall.clock)
    receiver.status = 500
    reports(hall, told(1))
    delivery.look()
    assert (state_of(hall)["outcome"], state_of(hall)["tries"]) == ("status-500", 1)
    delivery.look()
    assert len(receiver.got) == 1, "it was not due yet"
    receiver.status = 200
    reports(hall, told(1), window="window-2")
    hall.clock.wind(seconds=6)
    delivery.look()
    assert [one["window_id"] for one in json.loads(receiver.got[-1][2])["events"]] == ["window-1", "window-2"]
    assert (state_of(hall)["outcome"], state_of(hall)["failing_since_utc"]) == ("ok", None)


def test_after_three_days_what_waits_is_given_up_and_counted(hall: Hall, receiver: Receiver) -> None:
    hook(hall, receiver)
    delivery = Delivery(hall.state.store, hall.clock)
    receiver.status = 404
    reports(hall, told(1), told(2))
    for _ in range(2):
        delivery.look()
        hall.clock.wind(days=3, minutes=1)
    assert state_of(hall)["given_up"] == 2
    receiver.status = 200
    delivery.look()
    assert len(receiver.got) == 2


def test_what_was_signed_for_one_address_is_not_sent_on_to_another(hall: Hall, receiver: Receiver) -> None:
    hook(hall, receiver)
    receiver.status, receiver.headers = 307, {"location": f"{receiver.url}/elsewhere"}
    reports(hall, told(1))
    Delivery(hall.state.store, hall.clock).look()
    assert [path for path, _, _ in receiver.got] == ["/hook"]
    assert state_of(hall)["outcome"] == "status-307"


def test_chats_get_text_and_their_refusals_are_noticed(hall: Hall, receiver: Receiver) -> None:
    hook(hall, receiver, form="wecom")
    hook(hall, receiver, form="dingtalk", secret="SEC123", url=f"{receiver.url}?access_token=t")
    reports(hall, told(1), told(2, **A_HIT))
    receiver.reply = b'{"errcode": 310000, "errmsg": "sign not match"}'
    Delivery(hall.state.store, hall.clock).look()
    wecom, dingtalk = sorted(receiver.got)
    assert [json.loads(one[2])["msgtype"] for one in (wecom, dingtalk)] == ["text", "text"]
    assert json.loads(wecom[2])["text"]["content"].splitlines()[0].startswith("window-1 窗口：求助")
    asked = parse_qs(urlsplit(dingtalk[0]).query)
    assert {"access_token", "timestamp", "sign"} == set(asked)
    with hall.state.store.reading() as connection:
        rows = delivering.every(connection)
    assert {one["outcome"] for one in rows} == {"refused-310000"}
    assert all("access_token" not in one["url"] for one in rows)


@pytest.mark.parametrize(
    "url", ["", "http://elsewhere.example/x", "ftp://x", "https://u:p@x/", "https://", "https://x:0"]
)
def test_an_address_that_would_not_do_is_refused(url: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        hooks.checked_address(url)
    assert caught.value.code == "bad-webhook"


def test_the_page_adds_shows_and_takes_away_and_hides_the_secret(hall: Hall, receiver: Receiver) -> None:
    admin = hall.visitor("administrator")
    shown = admin.post("/webhooks", {"url": receiver.url, "form": "generic", "kinds": ["help"]}).text
    assert 'class="code secret"' in shown
    again = admin.get("/webhooks").text
    assert receiver.url in again
    assert 'class="code secret"' not in again
    assert admin.post(f"/webhooks/{state_of(hall)['webhook_id']}/remove").status_code == 303
    assert receiver.url not in admin.get("/webhooks").text
    assert "alert" in admin.post("/webhooks", {"url": "http://elsewhere.example", "kinds": ["help"]}).text
    assert hall.visitor("supervisor").get("/webhooks").status_code == 403


def audited(hall: Hall) -> list[tuple[str, str, dict[str, Any]]]:
    with hall.state.store.reading() as connection:
        rows = connection.execute(sa.text("SELECT action, target, detail FROM hub_audit ORDER BY number"))
        return [(action, target, json.loads(detail)) for action, target, detail in rows]


@pytest.mark.parametrize("form", hooks.FORMS)
def test_a_test_is_signed_like_the_others_noted_and_its_outcome_is_shown(
    hall: Hall, receiver: Receiver, form: hooks.Form
) -> None:
    secret = hook(hall, receiver, form=form, secret="SEC123")
    reports(hall, told(1))
    before = state_of(hall)
    page = hall.visitor("administrator").post(f"/webhooks/{before['webhook_id']}/test")
    assert page.status_code == 200
    assert "对方收下了" in page.text
    ((path, headers, body),) = receiver.got
    found = json.loads(body)
    if form == "generic":
        assert found == {"v": 1, "test": True, "events": [], "position": before["position"]}
        moment = headers["x-deskguard-timestamp"]
        assert headers["x-deskguard-signature"] == hooks.signature(secret, moment, body)
    else:
        assert found["msgtype"] == "text"
        assert found["text"]["content"].startswith("【测试】")
    assert set(parse_qs(urlsplit(path).query)) == ({"timestamp", "sign"} if form == "dingtalk" else set())
    detail = {"form": form, "outcome": "ok"}
    assert audited(hall)[-1] == ("webhook.test", before["webhook_id"], detail)
    # What waits is not touched by it, and comes as always.
    assert state_of(hall) == before
    Delivery(hall.state.store, hall.clock).look()
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("status", "reply", "words"),
    [
        (404, b"{}", "对方回答状态 404"),
        (200, b'{"errcode": 310000}', "代码 310000"),
        (0, b"", "没有连上对方"),
    ],
)
def test_a_test_that_fails_says_why(
    hall: Hall, receiver: Receiver, status: int, reply: bytes, words: str
) -> None:
    hook(hall, receiver, form="dingtalk")
    receiver.status, receiver.reply = status, reply
    if not status:
        receiver.shutdown()
        receiver.server_close()
    name = state_of(hall)["webhook_id"]
    page = hall.visitor("administrator").post(f"/webhooks/{name}/test").text
    assert words in page
    assert audited(hall)[-1][2]["outcome"] != "ok"
    assert state_of(hall)["tries"] == 0


def test_only_an_administrator_sends_tests_and_only_to_what_is_there(hall: Hall, receiver: Receiver) -> None:
    hook(hall, receiver)
    name = state_of(hall)["webhook_id"]
    assert hall.visitor("supervisor").post(f"/webhooks/{name}/test").status_code == 403
    assert hall.visitor("administrator").post("/webhooks/no-such/test").status_code == 404
    assert receiver.got == []


def test_a_long_silence_of_the_receiver_is_waited_for_ever_longer(hall: Hall, receiver: Receiver) -> None:
    hook(hall, receiver)
    delivery = Delivery(hall.state.store, hall.clock)
    receiver.status = 503
    reports(hall, told(1))
    pauses = []
    for _ in range(5):
        delivery.look()
        due = state_of(hall)["next_utc"]
        begun = hall.clock.at
        while state_of(hall)["next_utc"] > hall.clock.at.isoformat(timespec="microseconds"):
            hall.clock.wind(seconds=5)
        pauses.append((hall.clock.at - begun) // timedelta(seconds=5))
        assert due
    assert pauses == [1, 2, 4, 8, 16]
