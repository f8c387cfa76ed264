"""What a desk tells the hall, and when; and that nothing is lost between there and the hall."""

from __future__ import annotations

import json
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskguard.desk.reporting import membership, reporter
from deskguard.desk.reporting.link import Link, checked_url
from deskguard.desk.reporting.membership import Membership
from deskguard.desk.reporting.outbox import FILE_NAME, Entry, Limits, Outbox
from deskguard.desk.reporting.policy import Policy, TakeBack, next_day, utc_text
from deskguard.errors import DeskguardError
from deskguard.settings import HubSettings
from deskguard.values import SAMPLE_RATE_HZ, Alert, ClauseRef, Courtesy, Hit, Manner, SceneSpan, Visit

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECRET = "您好这是一句不该离开的话"


def open_outbox(folder: Path, most_bytes: int = 10_000_000) -> Outbox:
    return Outbox.open(folder, Limits(most_bytes, 14), NOW)


def an_alert(state: Any = "confirmed", suppressed: str | None = None, **changes: Any) -> Alert:
    hit = Hit(
        hit_id="run-1",
        utterance_id=0,
        rule_id="T01",
        variant=SECRET,
        tier="sound",
        heard=SECRET,
        state=state,
        confidence=0.912345,
        start_sample=SAMPLE_RATE_HZ,
        end_sample=2 * SAMPLE_RATE_HZ,
        role="staff",
        why=(SECRET,),
        **changes,
    )
    clause = ClauseRef(standard="s000", title=SECRET, clause="s000.1.2", quote=SECRET)
    return Alert(
        hit=hit,
        phrase=SECRET,
        advice=SECRET,
        severity="high",
        clauses=(clause,),
        raised_ns=0,
        raised_sample=0,
        suppressed=suppressed,
    )


def a_policy(**settings: Any) -> Policy:
    return Policy(
        HubSettings(**settings), lambda sample: utc_text(NOW + timedelta(seconds=sample / SAMPLE_RATE_HZ))
    )


VISIT_FIELDS: dict[str, Any] = {
    "visit_id": "run-v1", "channel": "counter", "start_sample": 0, "ticket": "A012",
}  # fmt: skip
A_VISIT = Visit(**VISIT_FIELDS)
OVER = Visit(
    visit_id="run-v1",
    channel="counter",
    start_sample=0,
    end_sample=90 * SAMPLE_RATE_HZ,
    ended_by="farewell",
    scenes=(SceneSpan(scene="ask", start_sample=0, end_sample=SAMPLE_RATE_HZ),),
)
A_COURTESY = Courtesy(
    courtesy_id="c1",
    visit_id="run-v1",
    act_id="K.greet.hello",
    name=SECRET,
    scene="greet",
    state="missing",
    start_sample=0,
    end_sample=1,
    expected=SECRET,
    why=(SECRET,),
)
A_MANNER = Manner(
    manner_id="m1",
    visit_id="run-v1",
    kind="loud",
    start_sample=0,
    end_sample=1,
    value=7.123,
    expected=6.0,
    unit="LU",
    why=(SECRET,),
)


def test_what_may_be_sent_is_on_disk_before_it_is(tmp_path: Path) -> None:
    """Else a power cut takes numbers back that the hub has, and they are used again."""
    box = open_outbox(tmp_path)
    assert box._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    box.close()


def test_nothing_that_was_said_is_in_anything_told() -> None:
    policy = a_policy(hits="at-once")
    told: list[Any] = [*policy.finding(NOW, A_VISIT), *policy.finding(NOW, OVER)]
    told += [*policy.alert(NOW, an_alert()), *policy.finding(NOW, A_COURTESY), *policy.finding(NOW, A_MANNER)]
    told += policy.false_alarm(NOW, "run-1")
    assert [one.body["kind"] for one in told] == ["visit", "visit", "hit", "courtesy", "manner", "false-alarm"]
    text = json.dumps([one.body for one in told], ensure_ascii=False)
    assert SECRET not in text
    assert "A012" not in text


def test_how_a_person_works_waits_for_the_next_day_and_the_desk_itself_does_not() -> None:
    policy = a_policy()
    later = [*policy.alert(NOW, an_alert()), *policy.finding(NOW, A_COURTESY), *policy.finding(NOW, A_MANNER)]
    assert {one.due_utc for one in later if isinstance(one, Entry)} == {next_day(NOW)}
    assert next_day(NOW) > utc_text(NOW)
    at_once = [*policy.help(NOW, "button"), *policy.state(NOW, "paused", "away"), *policy.finding(NOW, A_VISIT)]
    assert [one.due_utc for one in at_once] == ["", "", ""]


def test_how_many_wait_is_told_at_once_and_again_when_it_changes() -> None:
    policy = a_policy()
    (first,) = policy.queue(NOW, 7, 300.0)
    assert first.due_utc == ""
    assert {"kind": "queue", "waiting": 7, "longest_s": 300.0}.items() <= first.body.items()
    # The same people still wait a minute later.
    assert policy.queue(NOW + timedelta(seconds=60), 7, 361.0) == []
    (fewer,) = policy.queue(NOW + timedelta(seconds=70), 6, 371.0)
    (another,) = policy.queue(NOW + timedelta(seconds=80), 6, 20.0)
    assert (fewer.body["waiting"], another.body["longest_s"]) == (6, 20.0)
    assert policy.queue(NOW + timedelta(seconds=90), 6, None) != []
    # Said again after a while, so that the hall knows that it still is so.
    assert policy.queue(NOW + timedelta(minutes=20), 6, None) != []
    assert a_policy(send=("visit",)).queue(NOW, 7, None) == []


def test_a_visit_that_begins_is_told_with_how_many_waited_then() -> None:
    policy = a_policy()
    policy.queue(NOW, 7, None)
    (begun,) = policy.finding(NOW + timedelta(minutes=1), A_VISIT)
    (over,) = policy.finding(NOW + timedelta(minutes=3), OVER)
    assert (begun.body["waiting"], over.body["waiting"]) == (7, None)
    (later,) = policy.finding(NOW + timedelta(hours=1), Visit(**{**VISIT_FIELDS, "visit_id": "run-v2"}))
    assert later.body["waiting"] is None


def test_never_is_never_and_kinds_can_be_left_out() -> None:
    assert a_policy(hits="never").alert(NOW, an_alert()) == []
    assert a_policy(send=("health",)).help(NOW, "button") == []


@pytest.mark.parametrize("reason", ["role-visitor", "role-unknown", "needs-person", "softened", "contained"])
def test_what_is_not_surely_the_clerks_is_not_told(reason: str) -> None:
    assert a_policy().alert(NOW, an_alert(suppressed=reason)) == []


def test_a_hit_is_told_once_with_its_visit_and_scene_and_its_withdrawal_takes_it_back() -> None:
    policy = a_policy()
    policy.finding(NOW, A_VISIT)
    policy.finding(NOW, OVER)
    assert policy.alert(NOW, an_alert("tentative")) == []
    (told,) = policy.alert(NOW, an_alert())
    assert isinstance(told, Entry)
    fields = {"visit_id": "run-v1", "scene": "ask", "severity": "high", "confidence": 0.912, "shown": True}
    assert fields.items() <= told.body.items()
    assert policy.alert(NOW, an_alert(suppressed="cooldown")) == []
    (back,) = policy.alert(NOW, an_alert("withdrawn"))
    assert isinstance(back, TakeBack)
    assert back.otherwise.body["state"] == "withdrawn"
    assert policy.alert(NOW, an_alert("withdrawn")) == []


def test_a_visit_is_told_when_it_begins_and_when_it_ends_however_often_it_changes() -> None:
    policy = a_policy()
    told = [one for visit in (A_VISIT, A_VISIT, OVER, OVER) for one in policy.finding(NOW, visit)]
    assert [one.body["end"] is None for one in told] == [True, False]


def test_the_outbox_keeps_order_across_a_restart_and_numbers_never_come_twice(tmp_path: Path) -> None:
    box = open_outbox(tmp_path)
    box.put([Entry({"n": one}) for one in range(5)], utc_text(NOW))
    first = box.first(3, 10**6)
    box.settle(first[-1][0], [(2, "bad-event")], utc_text(NOW))
    stream = box.stream
    box.close()
    again = open_outbox(tmp_path)
    assert again.stream == stream
    assert [json.loads(text) for _, text in again.first(10, 10**6)] == [{"seq": 4, "n": 3}, {"seq": 5, "n": 4}]
    again.settle(5, [], utc_text(NOW))
    again.put([Entry({"n": 9})], utc_text(NOW))
    assert again.first(10, 10**6)[0][0] == 6
    assert [(one["event"]["seq"], one["refused"]) for one in again.sent()][-2:] == [(2, "bad-event"), (1, None)]
    again.close()


def test_what_is_held_can_be_taken_back_until_it_is_due(tmp_path: Path) -> None:
    box = open_outbox(tmp_path)
    due = utc_text(NOW + timedelta(hours=1))
    box.put([Entry({"n": 1}, due, "a"), Entry({"n": 2}, due, "b"), Entry({"n": 3}, due, "b")], utc_text(NOW))
    assert box.waiting == 0
    assert box.take_back("a")
    assert not box.take_back("a")
    assert box.release(utc_text(NOW)) == 0
    assert box.release(due) == 1
    assert [json.loads(text)["n"] for _, text in box.first(10, 10**6)] == [3]
    box.close()


def test_a_full_outbox_gives_up_the_oldest_and_counts_it(tmp_path: Path) -> None:
    box = open_outbox(tmp_path, most_bytes=1000)
    box.put([Entry({"n": one, "filler": "x" * 30}) for one in range(100)], utc_text(NOW))
    left = [json.loads(text)["n"] for _, text in box.first(500, 10**6)]
    assert left == list(range(100))[-len(left) :]
    assert box.lost == 100 - len(left)
    assert len(left) * 40 < 1000
    box.forget_before(utc_text(NOW + timedelta(days=1)))
    assert (box.waiting, box.lost) == (0, 100)
    box.close()


def test_a_batch_has_at_least_one_event_and_no_more_bytes_than_asked(tmp_path: Path) -> None:
    box = open_outbox(tmp_path)
    box.put([Entry({"filler": "x" * 100}) for _ in range(10)], utc_text(NOW))
    assert len(box.first(10, 1)) == 1
    assert len(box.first(10, 400)) == 3
    assert len(box.first(4, 10**6)) == 4
    box.close()


def test_a_disk_that_fails_changes_nothing_and_is_told(tmp_path: Path) -> None:
    box = open_outbox(tmp_path)
    box.put([Entry({"n": 1})], utc_text(NOW))
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("PRAGMA max_page_count = 1")
    box._connection.execute("PRAGMA busy_timeout = 1")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DeskguardError) as caught:
        box.put([Entry({"n": 2})], utc_text(NOW))
    assert caught.value.code == "store-locked"
    other.execute("ROLLBACK")
    other.close()
    box.put([Entry({"n": 3})], utc_text(NOW))
    assert [json.loads(text)["n"] for _, text in box.first(9, 10**6)] == [1, 3]
    box.close()


def test_news_that_find_no_room_while_the_disk_fails_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "MOST_WAITING", 10)
    joined = Membership(url="http://127.0.0.1:9", desk_id="d1", window_id="w1", key="k" * 20)
    telling = reporter.Reporter(HubSettings(), tmp_path, joined, Link(joined.url, joined.key, ""), lambda: NOW)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    telling.start(lambda _sample: utc_text(NOW))
    for _ in range(25):
        telling.hear("help", {"by": "button"})
    other.execute("ROLLBACK")
    other.close()
    telling.stop()
    box = open_outbox(tmp_path)
    assert box.waiting + box.lost == 25
    assert box.lost >= 5
    box.close()


def test_the_key_lies_in_a_file_of_the_user_alone(tmp_path: Path) -> None:
    joined = Membership(url="https://hub.example:8470", desk_id="d1", window_id="w1", key="k" * 20)
    membership.write(tmp_path, joined)
    assert membership.read(tmp_path) == joined
    assert stat.S_IMODE((tmp_path / membership.FILE_NAME).stat().st_mode) == 0o600
    (tmp_path / membership.FILE_NAME).write_text("{}")
    with pytest.raises(DeskguardError, match="join the hub again"):
        membership.read(tmp_path)


@pytest.mark.parametrize(
    "url",
    ["hub", "ftp://hub", "http://hub.example", "https://a:b@hub", "https://hub?x=1", "https://hub:99999", ""],
)
def test_an_address_that_would_not_do_is_refused(url: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        checked_url(url)
    assert caught.value.code == "bad-hub-url"


def test_an_address_loses_its_last_slash() -> None:
    assert checked_url("https://hub.example:8470/hall/") == "https://hub.example:8470/hall"
    assert checked_url("http://127.0.0.1:8470") == "http://127.0.0.1:8470"
