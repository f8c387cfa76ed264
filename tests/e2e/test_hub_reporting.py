"""A real desk and a real hall: what a window lives through arrives once and in order, whoever is killed on the
way.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from hall_server import HubProgram, running
from small_disk import fill, small_disk

from deskguard.desk.reporting import joining, membership
from deskguard.desk.reporting.link import Link
from deskguard.desk.reporting.membership import Membership
from deskguard.desk.reporting.outbox import Entry, Limits, Outbox
from deskguard.desk.reporting.policy import utc_text
from deskguard.desk.reporting.reporter import open_reporter
from deskguard.desk.reporting.sender import Sender
from deskguard.errors import DeskguardError
from deskguard.hub.accounts import desk_keys
from deskguard.settings import HubSettings, Settings
from deskguard.wire.ulid import new_ulid
from rules_packs import entry, pack_file
from window_parts import Desk

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 60.0


def now() -> datetime:
    return datetime.now(UTC)


def a_help() -> Entry:
    at = now()
    return Entry({"v": 1, "id": new_ulid(at), "at": at.isoformat(), "kind": "help", "by": "button"})


def joined(hub: HubProgram, folder: Path) -> Membership:
    return joining.join(Settings(), folder, hub.url, hub.code())


def a_sender(folder: Path, member: Membership) -> tuple[Outbox, Sender]:
    box = Outbox.open(folder, Limits(10**8, 14), now())
    return box, Sender(box, Link(member.url, member.key), member.desk_id, now)


def drained(box: Outbox, sender: Sender) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while box.waiting:
        sender.step()
        assert time.monotonic() < until_s, sender.failing


def test_a_code_joins_once_and_the_key_is_the_desks_own(hub: HubProgram, tmp_path: Path) -> None:
    code = hub.code("window-9")
    member = joining.join(Settings(), tmp_path / "desk", hub.url, code)
    assert member.window_id == "window-9"
    assert membership.read(tmp_path / "desk") == member
    with pytest.raises(DeskguardError) as caught:
        joining.join(Settings(), tmp_path / "other", hub.url, code)
    assert caught.value.code == "hub-refused"
    assert membership.read(tmp_path / "other") is None


def test_nothing_is_lost_or_doubled_when_the_hall_is_killed_again_and_again(
    any_hub: HubProgram, tmp_path: Path
) -> None:
    hub = any_hub
    folder = tmp_path / "desk"
    box, sender = a_sender(folder, joined(hub, folder))
    put = 0
    for turn in range(6):
        box.put([a_help() for _ in range(700)], utc_text(now()))
        put += 700
        sender.start() if turn == 0 else sender.nudge()
        # At some moment of the sending, which is a different one each time.
        time.sleep(secrets.randbelow(150) / 1000)
        hub.kill()
        hub.start()
    until_s = time.monotonic() + 2 * PATIENCE_S
    while box.waiting:
        assert time.monotonic() < until_s, sender.failing
        time.sleep(0.05)
    sender.stop()
    assert hub.ask("SELECT COUNT(*), COUNT(DISTINCT event_id), MAX(seq) FROM hub_events") == [(put, put, put)]
    assert hub.ask(
        "SELECT SUM(count) FROM hub_sums WHERE part = 'kind' AND span = 'day' AND window_id = ''"
    ) == [(put,)]
    in_order = hub.ask("SELECT seq FROM hub_events ORDER BY position")
    assert [one[0] for one in in_order] == list(range(1, put + 1))
    box.close()


def test_an_answer_that_was_lost_changes_nothing(hub: HubProgram, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    member = joined(hub, folder)
    box, sender = a_sender(folder, member)
    box.put([a_help() for _ in range(10)], utc_text(now()))
    box.close()
    whole = (folder / "outbox.sqlite3").read_bytes()
    box, sender = a_sender(folder, member)
    drained(box, sender)
    box.close()
    # As if the desk had been killed after sending and before it noted the answer.
    for left in folder.glob("outbox.sqlite3*"):
        left.unlink()
    (folder / "outbox.sqlite3").write_bytes(whole)
    box, sender = a_sender(folder, member)
    assert box.waiting == 10
    drained(box, sender)
    box.put([a_help()], utc_text(now()))
    drained(box, sender)
    box.close()
    assert hub.ask("SELECT COUNT(*), MAX(seq) FROM hub_events") == [(11, 11)]


def test_a_revoked_key_stops_the_sending_and_keeps_everything(hub: HubProgram, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    member = joined(hub, folder)
    box, sender = a_sender(folder, member)
    box.put([a_help()], utc_text(now()))
    with hub.store() as store, store.writing() as connection:
        assert desk_keys.revoke(connection, member.desk_id, now())
    assert not sender.step()
    assert sender.failing == "hub-refused"
    assert box.waiting == 1
    box.close()


def test_an_event_the_hall_refuses_does_not_hold_up_the_others(hub: HubProgram, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    box, sender = a_sender(folder, joined(hub, folder))
    box.put([a_help(), Entry({"v": 1, "kind": "of-a-newer-desk", "id": "x"}), a_help()], utc_text(now()))
    drained(box, sender)
    assert [one["refused"] for one in box.sent()] == [None, "unknown-kind", None]
    assert hub.ask("SELECT seq FROM hub_events ORDER BY position") == [(1,), (3,)]
    box.close()


class _Between(BaseHTTPRequestHandler):
    """A proxy in front of a hall that it does not understand."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(400)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>400 Bad Request</h1>")

    def log_message(self, *_: object) -> None:
        """Nothing on the console of the tests."""


def test_what_a_proxy_says_of_them_gives_no_reports_up(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Between) as between:
        threading.Thread(target=between.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{between.server_address[1]}"
        box, sender = a_sender(tmp_path, Membership(url=url, desk_id="d1", window_id="w1", key="k" * 20))
        box.put([a_help(), a_help()], utc_text(now()))
        for _ in range(5):
            assert not sender.step()
        assert sender.failing == "hub-strange"
        assert (box.waiting, box.lost) == (2, 0)
        box.close()
        between.shutdown()


def test_a_hub_that_is_away_costs_patience_only(tmp_path: Path) -> None:
    member = Membership(url="http://127.0.0.1:9", desk_id="d1", window_id="w1", key="k" * 20)
    box, sender = a_sender(tmp_path, member)
    box.put([a_help()], utc_text(now()))
    assert not sender.step()
    assert sender.failing == "hub-unreachable"
    assert box.waiting == 1
    assert not sender.reaches_somebody
    box.close()


def test_a_reporter_tells_what_its_desk_goes_through(hub: HubProgram, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    joined(hub, folder)
    reporter = open_reporter(HubSettings(), folder, now)
    assert reporter is not None
    reporter.start(lambda _sample: utc_text(now()))
    reporter.hear("rules", {"sha256": "ab" * 32})
    reporter.hear("state", {"state": "listening"})
    reporter.hear("pause_reason", {"reason": "private"})
    reporter.hear("state", {"state": "paused"})
    reporter.hear("state", {"state": "paused"})
    figures = {"heard_s": 1.0, "speech_s": 0.5, "lost_s": 0.0, "backlog_s": 0.0, "rtf": 0.1}
    reporter.hear("health", {**figures, "windows_skipped": 0, "notes": []})
    reporter.hear("help", {"by": "button", "at_utc": "", "is_reached": False})
    reporter.hear("card", {"heard": "不该离开的话"})
    reporter.hear("state", {"state": "stopped"})
    reporter.stop()
    kinds = [one[0] for one in hub.ask("SELECT kind FROM hub_events ORDER BY position")]
    assert kinds == ["desk", "state", "state", "health", "help", "state", "desk"]
    bodies = " ".join(one[0] for one in hub.ask("SELECT body FROM hub_events"))
    assert '"reason":"private"' in bodies
    assert "不该" not in bodies
    box = sqlite3.connect(folder / "outbox.sqlite3")
    assert box.execute("SELECT COUNT(*) FROM queue").fetchone() == (0,)
    box.close()


def test_a_full_disk_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=8m") as disk:
        hub = HubProgram(disk / "hub")
        with running(hub):
            folder = tmp_path / "desk"
            box, sender = a_sender(folder, joined(hub, folder))
            box.put([a_help() for _ in range(50)], utc_text(now()))
            fill(disk / "ballast")
            assert not sender.step()
            assert sender.failing == "hub-busy"
            assert box.waiting == 50
            (disk / "ballast").unlink()
            drained(box, sender)
            assert hub.ask("SELECT COUNT(*), COUNT(DISTINCT event_id) FROM hub_events") == [(50, 50)]
            box.close()


def test_a_whole_window_tells_the_hall_what_it_may(hub: HubProgram, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    joined(hub, folder)
    (tmp_path / "rules").mkdir()
    pack = pack_file(tmp_path / "rules", entry("我不知道", "T01"))
    reporter = open_reporter(HubSettings(hits="at-once"), folder, now)
    desk = Desk(folder, [pack], reporter=reporter)
    desk.hears("这个政策，我不知道")
    desk.page.until("health")  # read at the first tick, and a desk may be over before it
    desk.page.press("pause", reason="away")
    desk.page.press("help")
    desk.end()
    found = hub.ask("SELECT kind, body FROM hub_events ORDER BY position")
    kinds = [kind for kind, _ in found]
    assert {"desk", "state", "health", "hit", "help"} <= set(kinds)
    assert kinds[-1] == "desk"
    assert "知道" not in " ".join(body for _, body in found)
    sent = Outbox.open(folder, Limits(10**8, 14), now())
    assert sorted(one["event"]["kind"] for one in sent.sent()) == sorted(kinds)
    sent.close()
