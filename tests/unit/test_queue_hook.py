"""What the queue system may tell, and how it finds the desk: events, ids, places in the audio, the file."""

from __future__ import annotations

import http.server
import json
import os
import socket
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from deskguard.desk.hook_file import FILE_NAME, HookFile, tell_desk
from deskguard.desk.queue_hook import MAX_WAITING, QueueHook
from deskguard.errors import DeskguardError
from deskguard.values import SAMPLE_RATE_HZ, QueueEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGAN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(minutes=10)


def sample_at(moment: datetime | None) -> int:
    return round(((moment or NOW) - BEGAN).total_seconds() * SAMPLE_RATE_HZ)


@pytest.fixture
def hook() -> QueueHook:
    return QueueHook(sample_at)


def event(event_id: str = "e1", **more: Any) -> dict[str, Any]:
    return {"event": "called", "ticket": "A012", "event_id": event_id, **more}


def test_an_event_is_placed_where_it_happened(hook: QueueHook) -> None:
    assert hook.take(event()) == "taken"
    assert hook.take(event("e2", event="closed", at_utc="2026-11-22T17:01:00+08:00")) == "taken"
    assert hook.take_all() == [
        QueueEvent(kind="called", ticket="A012", at_sample=600 * SAMPLE_RATE_HZ),
        QueueEvent(kind="closed", ticket="A012", at_sample=60 * SAMPLE_RATE_HZ),
    ]
    assert hook.take_all() == []


def test_a_repeated_event_counts_once_also_after_it_was_taken(hook: QueueHook) -> None:
    hook.take(event())
    assert hook.take(event()) == "repeated"
    assert len(hook.take_all()) == 1
    assert hook.take(event()) == "repeated"
    assert hook.take_all() == []


def test_an_id_that_is_used_for_another_event_is_refused(hook: QueueHook) -> None:
    hook.take(event())
    with pytest.raises(DeskguardError, match="called A012") as caught:
        hook.take(event(ticket="A013"))
    assert caught.value.code == "event-id-reused"


def test_a_clock_that_goes_ahead_cannot_reach_into_the_future(hook: QueueHook) -> None:
    hook.take(event(at_utc="2026-11-22T09:30:00Z"))
    assert hook.take_all()[0].at_sample == sample_at(None)


def test_what_happened_before_the_run_is_told_so_and_is_no_event(hook: QueueHook) -> None:
    assert hook.take(event(at_utc="2026-11-22T08:59:00Z")) == "before-this-run"
    assert hook.take_all() == []


def test_a_full_queue_refuses_and_takes_the_same_event_later(hook: QueueHook) -> None:
    for n in range(MAX_WAITING):
        hook.take(event(f"e{n}"))
    with pytest.raises(DeskguardError) as caught:
        hook.take(event("late"))
    assert caught.value.code == "queue-full"
    assert len(hook.take_all()) == MAX_WAITING
    assert hook.take(event("late")) == "taken"


@pytest.mark.parametrize("ticket", ["A012", "综1-023", "12", "a.b/c#4", "Ü_1"])
def test_tickets_of_halls_are_taken(hook: QueueHook, ticket: str) -> None:
    assert hook.take(event(ticket=ticket)) == "taken"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event": "opened"}, "bad-event"),
        ({"event": None}, "bad-event"),
        ({"event": ["called"]}, "bad-event"),
        ({"ticket": None}, "bad-ticket"),
        ({"ticket": ""}, "bad-ticket"),
        ({"ticket": 12}, "bad-ticket"),
        ({"ticket": "A 12"}, "bad-ticket"),
        ({"ticket": "A12\n"}, "bad-ticket"),
        # An identity number is no ticket.
        ({"ticket": "11010519491231002X"}, "bad-ticket"),
        ({"event_id": None}, "bad-event-id"),
        ({"event_id": 7}, "bad-event-id"),
        ({"event_id": "x" * 101}, "bad-event-id"),
        ({"event_id": "a\nb"}, "bad-event-id"),
        ({"waiting": -1}, "bad-waiting"),
        ({"waiting": 10_000}, "bad-waiting"),
        ({"waiting": "7"}, "bad-waiting"),
        ({"waiting": True}, "bad-waiting"),
        ({"waiting": 7.5}, "bad-waiting"),
        ({"longest_wait_s": -0.1}, "bad-waiting"),
        ({"longest_wait_s": float("nan")}, "bad-waiting"),
        ({"longest_wait_s": 10**400}, "bad-waiting"),
        ({"longest_wait_s": "soon"}, "bad-waiting"),
        ({"event": "waiting"}, "bad-waiting"),
        ({"at_utc": "yesterday"}, "bad-time"),
        ({"at_utc": "2026-11-22T09:00:00"}, "bad-time"),
        ({"at_utc": 1763800000}, "bad-time"),
        ({"at_utc": "0001-01-01T00:00:00+14:00"}, "bad-time"),
    ],
)
def test_what_cannot_be_understood_is_refused(hook: QueueHook, change: dict[str, Any], code: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        hook.take({**event(), **change})
    assert caught.value.code == code
    assert "\n" not in caught.value.problem
    assert hook.take_all() == []


class Told:
    """A hook, and what it told of those who wait."""

    def __init__(self) -> None:
        self.waits: list[tuple[int | None, float | None]] = []
        self.hook = QueueHook(sample_at, lambda count, longest_s: self.waits.append((count, longest_s)))

    def waiting(self, event_id: str, count: int | None = None, minute: int = 10, **more: Any) -> str:
        """How many waited at a minute of the run."""
        at_utc = f"2026-11-22T09:{minute:02}:00Z"
        body = {"event": "waiting", "event_id": event_id, "at_utc": at_utc, **more}
        return self.hook.take(body if count is None else {**body, "waiting": count})


def test_how_many_wait_is_told_and_is_no_event_of_this_window() -> None:
    told = Told()
    assert told.waiting("w1", 7) == "taken"
    assert told.waits == [(7, None)]
    assert told.hook.take_all() == []


def test_how_many_wait_is_told_once_however_often_it_comes() -> None:
    told = Told()
    assert [told.waiting("w1", 7), told.waiting("w1", 7)] == ["taken", "repeated"]
    assert told.waits == [(7, None)]
    with pytest.raises(DeskguardError) as caught:
        told.waiting("w1", 8)
    assert caught.value.code == "event-id-reused"


def test_an_older_count_does_not_take_the_place_of_a_newer_one() -> None:
    told = Told()
    assert told.waiting("w1", 3, minute=5) == "taken"
    assert told.waiting("w2", 9, minute=4) == "outdated"
    assert told.waiting("w3", 2, minute=6) == "taken"
    assert told.waits == [(3, None), (2, None)]


def test_a_wait_has_grown_until_it_is_told() -> None:
    told = Told()
    told.waiting("w1", minute=8, longest_wait_s=60)
    assert told.waits == [(None, 180.0)]


def test_a_call_may_say_how_many_wait_and_is_taken_late_all_the_same() -> None:
    told = Told()
    told.waiting("w1", 3, minute=9)
    assert told.hook.take(event("e1", at_utc="2026-11-22T09:05:00Z", waiting=4)) == "taken"
    assert told.hook.take(event("e2", event="closed", waiting=2, longest_wait_s=0)) == "taken"
    assert told.waits == [(3, None), (2, 0.0)]
    assert [one.kind for one in told.hook.take_all()] == ["called", "closed"]


def test_a_call_that_says_nothing_of_it_leaves_what_is_known() -> None:
    told = Told()
    told.hook.take(event("e1"))
    assert told.waits == []
    assert told.waiting("w1", 3, minute=9) == "taken"


def test_how_many_waited_before_the_run_is_not_told() -> None:
    told = Told()
    body = {"event": "waiting", "event_id": "w0", "waiting": 5, "at_utc": "2026-11-22T08:00:00Z"}
    assert told.hook.take(body) == "before-this-run"
    assert told.waits == []


def test_a_full_queue_keeps_no_count_out() -> None:
    told = Told()
    for n in range(MAX_WAITING):
        told.hook.take(event(f"e{n}"))
    assert told.waiting("w1", 1) == "taken"


def test_the_token_stays_from_start_to_start_and_the_address_goes(tmp_path: Path) -> None:
    first = HookFile(tmp_path)
    first.write(8469)
    kept = json.loads((tmp_path / FILE_NAME).read_text("utf-8"))
    assert kept == {"url": f"http://127.0.0.1:8469/{first.token}/visit", "token": first.token}
    first.write(None)
    assert json.loads((tmp_path / FILE_NAME).read_text("utf-8"))["url"] is None
    assert HookFile(tmp_path).token == first.token


@pytest.mark.parametrize("content", ["", "{", "[]", '{"token": 5}', '{"token": "short"}'])
def test_a_damaged_file_gets_a_new_token(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content, "utf-8")
    assert len(HookFile(tmp_path).token) >= 32


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_file_is_the_users_alone_whatever_was_there_before(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{}", "utf-8")
    (tmp_path / FILE_NAME).chmod(0o644)
    HookFile(tmp_path).write(8469)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_does_not_keep_the_desk_from_listening(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = HookFile(tmp_path / "missing")
    file.write(8469)
    assert "cannot find this desk" in caplog.text
    assert file.token not in caplog.text


# The command's side


def test_without_a_desk_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match=r"start deskguard listen") as caught:
        tell_desk(tmp_path, "called", "A012")
    assert caught.value.code == "no-desk-running"


def test_a_desk_that_has_stopped_or_was_killed_is_not_running(tmp_path: Path) -> None:
    file = HookFile(tmp_path)
    file.write(None)
    with pytest.raises(DeskguardError) as stopped:
        tell_desk(tmp_path, "called", "A012")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    file.write(port)
    with pytest.raises(DeskguardError) as killed:
        tell_desk(tmp_path, "called", "A012")
    assert (stopped.value.code, killed.value.code) == ("no-desk-running", "no-desk-running")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"url": 5}', '{"url": "file:///etc/passwd"}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content, "utf-8")
    with pytest.raises(DeskguardError, match=FILE_NAME) as caught:
        tell_desk(tmp_path, "called", "A012")
    assert caught.value.code == "hook-damaged"


def test_a_bad_ticket_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError) as caught:
        tell_desk(tmp_path, "called", "A 12")
    assert caught.value.code == "bad-ticket"


class Stranger(http.server.BaseHTTPRequestHandler):
    """Another program that has got the port."""

    def do_POST(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"<html>not here</html>")

    def log_message(self, *_: Any) -> None:
        """Nothing to the console."""


@pytest.fixture
def stranger() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_another_program_on_the_port_is_recognised(tmp_path: Path, stranger: int) -> None:
    HookFile(tmp_path).write(stranger)
    with pytest.raises(DeskguardError) as caught:
        tell_desk(tmp_path, "called", "A012")
    assert caught.value.code == "not-a-desk"
