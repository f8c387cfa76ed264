"""The hall's and the desk's own programs, ended at any moment: what was acknowledged is there, and once."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest
from hall_server import HubProgram, running
from listening import CLERK_ONLY, Listening
from postgres_server import postgres_server
from reporting_desk import Reporting, now
from sound_server import sound_server, wait_until

from deskguard.desk.reporting import joining, membership
from deskguard.desk.reporting.link import Link
from deskguard.desk.reporting.outbox import FILE_NAME, Limits, Outbox
from deskguard.desk.reporting.sender import Sender
from deskguard.hub.audit.verify import verify
from deskguard.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.desk.reporting.membership import Membership

PATIENCE_S = 90.0
DESK = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from deskguard.desk.reporting import membership
from deskguard.desk.reporting.link import Link
from deskguard.desk.reporting.outbox import Entry, Limits, Outbox
from deskguard.desk.reporting.policy import utc_text
from deskguard.desk.reporting.sender import Sender
from deskguard.wire.ulid import new_ulid
def now():
    return datetime.now(UTC)
def an_event():
    at = now()
    return {"v": 1, "id": new_ulid(at), "at": at.isoformat(), "kind": "help", "by": "button"}
folder = Path(sys.argv[1])
member = membership.read(folder)
box = Outbox.open(folder, Limits(10**8, 14), now())
sender = Sender(box, Link(member.url, member.key), member.desk_id, now)
sender.start()
while True:
    events = [an_event() for _ in range(5)]
    box.put([Entry(one) for one in events], utc_text(now()))
    print("\\n".join(one["id"] for one in events), flush=True)
    sender.nudge()
    time.sleep(0.005)
"""

_COUNTED = "SELECT SUM(count) FROM hub_sums WHERE part = 'kind' AND window_id = '' AND span = 'day'"
"""All that happened, by the sums."""


def wait_for(what: str, holds: object, patience_s: float = PATIENCE_S) -> None:
    wait_until(what, holds, patience_s)


# ---- the database restarts ----


@pytest.mark.postgres
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_restarts_costs_patience_and_no_event(mode: str, tmp_path: Path) -> None:
    with postgres_server() as server:
        hub = HubProgram(tmp_path / "hub", *server.fresh(tmp_path))
        with running(hub):
            desks = [Reporting([hub], tmp_path / f"desk-{n}", f"window-{n}") for n in range(3)]
            for _ in range(3):
                counts = [len(one.acknowledged) for one in desks]
                wait_for(
                    "every desk goes on",
                    lambda counts=counts: all(
                        len(one.acknowledged) > count + 20 for one, count in zip(desks, counts, strict=True)
                    ),
                )
                server.stop(mode)
                told_503 = [one.statuses.count(503) for one in desks]
                wait_for(
                    "every desk is told to wait",
                    lambda before=told_503: all(
                        one.statuses.count(503) > count for one, count in zip(desks, before, strict=True)
                    ),
                )
                page = httpx.get(f"{hub.url}/login", headers={"accept": "text/html"}, trust_env=False)
                assert page.status_code == 503
                assert "暂时不能用" in page.text
                health = httpx.get(f"{hub.url}/healthz", trust_env=False)
                assert (health.status_code, health.json()["code"]) == (503, "store-unreachable")
                server.start()
            for one in desks:
                one.stop()
            assert {status for one in desks for status in one.statuses} == {200, 503}
            kept = hub.ask("SELECT desk_id, event_id, seq FROM hub_events ORDER BY position")
            for one in desks:
                mine = [(event, seq) for desk, event, seq in kept if desk == one.desk_id]
                assert mine == [(event, seq) for seq, event in enumerate(one.acknowledged, 1)]
            assert hub.ask(_COUNTED) == [(len(kept),)]
            with hub.store() as store, store.reading() as connection:
                verify(connection)
            # To be told to stop while the database was away is not the only way on: it goes on by itself.
            assert httpx.get(f"{hub.url}/login", trust_env=False).status_code in (200, 303)
            assert hub.stop() == 0
    logged = "".join(hub.logged)
    # A connection that died in use is logged by the pool; a route or a thread that stumbled would be ours.
    assert [
        one for one in ("Exception in ASGI application", "stumbled", "Exception in thread") if one in logged
    ] == []


# ---- the desk is killed ----


def joined(hub: HubProgram, folder: Path) -> Membership:
    return joining.join(Settings(), folder, hub.url, hub.code())


def killed_at_some_moment(folder: Path) -> list[str]:
    """Let a desk report for a moment and kill it; the events it has said are on its disk."""
    process = subprocess.Popen([sys.executable, "-c", DESK, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(secrets.randbelow(300) / 1000)
    process.kill()
    rest, _ = process.communicate(timeout=PATIENCE_S)
    # The last line may be the half of one.
    return re.findall(r"^(\w{26})\n", first + rest, re.MULTILINE)


def test_a_desk_that_is_killed_again_and_again_tells_everything_once(hub: HubProgram, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    member = joined(hub, folder)
    on_disk: list[str] = []
    for turn in range(8):
        if turn % 2:
            # Then nothing is sent, and all of it is outstanding when the desk is killed.
            hub.kill()
        on_disk += killed_at_some_moment(folder)
        if turn % 2:
            hub.start()
    box = Outbox.open(folder, Limits(10**8, 14), now())
    sender = Sender(box, Link(member.url, member.key), member.desk_id, now)
    sender.start()
    wait_for("everything is sent", lambda: not box.waiting)
    sender.stop()
    sent = [one["event"]["id"] for one in box.sent(10**6)][::-1]
    assert box.lost == 0
    box.close()
    kept = [str(one) for (one,) in hub.ask("SELECT event_id FROM hub_events ORDER BY position")]
    assert len(on_disk) > 40
    assert set(on_disk) <= set(kept)
    assert kept == sent
    assert len(set(kept)) == len(kept)
    assert hub.ask(_COUNTED) == [(len(kept),)]


def outbox(data: Path) -> list[tuple[int, str, str]]:
    """Number, id and kind of all that waits in a desk's outbox."""
    with closing(sqlite3.connect(data / FILE_NAME)) as found:
        rows = found.execute("SELECT seq, body FROM queue ORDER BY seq").fetchall()
    bodies = [(seq, json.loads(body)) for seq, body in rows]
    return [(seq, body["id"], body["kind"]) for seq, body in bodies]


@pytest.mark.sound_server
@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_a_window_that_is_killed_while_its_hall_is_away_tells_it_all_later(
    hub: HubProgram, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    joined(hub, data)
    hub.kill()
    settings = f"{CLERK_ONLY}[hub]\nhealth_every_s = 5\n"
    with sound_server(tmp_path) as sound:
        for turn in (1, 2):
            desk = Listening(sound.env, data, settings=settings)
            desk.wait_until_it_listens()
            for _ in range(3):
                desk.post("help")
            calls = 3 * turn
            wait_until(
                "the calls are on disk",
                lambda calls=calls: sum(kind == "help" for *_, kind in outbox(data)) == calls,
            )
            desk.kill()
        waiting = outbox(data)
        hub.start()
        desk = Listening(sound.env, data, settings=settings)
        desk.wait_until_it_listens()
        wait_until("everything is sent", lambda: not outbox(data), PATIENCE_S)
        assert desk.stop() == 0
    assert membership.read(data) is not None
    kept = hub.ask("SELECT seq, event_id, kind FROM hub_events ORDER BY position")
    assert kept[: len(waiting)] == waiting
    assert [seq for seq, *_ in kept] == list(range(1, len(kept) + 1))
    assert sum(kind == "help" for *_, kind in kept) == 6
