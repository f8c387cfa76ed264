"""How much a hall takes in, and how soon its dashboards show it.

python bench/hub_feed.py intake [--db sqlite|postgresql] [--seconds 20] [--senders 8] python bench/hub_feed.py
live [--desks 1000] [--dashboards 100] [--minutes 10] [--db ...]

`intake` sends batches of 50 as fast as the hall takes them, from a process of its own, to the real server in
another: events per second, and that each one is in the store once. `live` has every desk tell one event in 5 s
and every dashboard follow the wall: from the sending of an event to its arrival at a dashboard, and the
server's memory. PostgreSQL is started in a folder of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "e2e")]

from deskguard.hub.accounts import desk_keys, passwords, people, sessions  # noqa: E402
from deskguard.hub.opened import opened_store  # noqa: E402
from deskguard.hub.options import HubOptions  # noqa: E402
from deskguard.wire.batch import Head, pack  # noqa: E402
from deskguard.wire.ulid import new_ulid  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVE = """
import socket, sys
from datetime import UTC, datetime
from pathlib import Path
import uvicorn
from deskguard.hub.app import build_app
from deskguard.hub.opened import opened_store, state_of
from deskguard.hub.options import HubOptions
data, db, word = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
options = HubOptions(data=data, db=db, password_file=Path(word) if word else None)
with opened_store(options) as store:
    app = build_app(state_of(store, data, options, lambda: datetime.now(UTC)))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_keep_alive=75)).run(sockets=[listener])
"""


class Hub:
    """A server in a process of its own."""

    def __init__(self, options: HubOptions, process: subprocess.Popen[str], port: int) -> None:
        self.options, self.process = options, process
        self.url = f"http://127.0.0.1:{port}"

    def desks(self, count: int) -> list[tuple[str, str]]:
        """So many desks that have joined: id and key of each."""
        at = datetime.now(UTC)
        found = []
        with opened_store(self.options) as store, store.writing() as connection:
            for place in range(count):
                code = desk_keys.new_code(connection, f"window-{place:04d}", "bench", at)
                joined = desk_keys.enrol(connection, code, at)
                assert joined is not None
                found.append((joined.desk.desk_id, joined.key))
        return found

    def cookie(self) -> str:
        """The session of a supervisor."""
        at = datetime.now(UTC)
        new = people.NewAccount(
            name=f"s{secrets.token_hex(4)}",
            role="supervisor",
            password="long enough for it",  # noqa: S106  of a bench
            windows=(),
            clerk_id="",
            must_change=False,
        )
        with opened_store(self.options) as store, store.writing() as connection:
            account = people.make(connection, new, at, passwords.hashed("long enough for it"))
            begun: Any = sessions.begin(connection, account, at)
        return begun if isinstance(begun, str) else str(begun.token)

    def ask(self, question: str) -> Any:
        with opened_store(self.options) as store, store.reading() as connection:
            return connection.execute(sa.text(question)).one()


@contextmanager
def a_hub(kind: str) -> Iterator[Hub]:
    """A hall with an empty store."""
    with tempfile.TemporaryDirectory(prefix="deskguard-bench-") as folder:
        data = Path(folder) / "hub"
        data.mkdir()
        if kind == "sqlite":
            yield from _served(HubOptions(data=data))
            return
        from postgres_server import PASSWORD, postgres_server

        with postgres_server() as server:
            word = Path(folder) / "word"
            word.write_text(PASSWORD, encoding="utf-8")
            yield from _served(HubOptions(data=data, db=server.create("bench"), password_file=word))


def _served(options: HubOptions) -> Iterator[Hub]:
    arguments = [str(options.data), options.db, str(options.password_file or "")]
    command = [sys.executable, "-c", SERVE, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Hub(options, process, int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(30)


def an_event(seq: int, kind: int = 0) -> str:
    """One event of a mixed day; `visit_id` tells when it was made."""
    at = datetime.now(UTC)
    base: dict[str, Any] = {"v": 1, "id": new_ulid(at), "seq": seq, "at": at.isoformat()}
    several: tuple[dict[str, Any], ...] = (
        {"kind": "help", "by": "button"},
        {"kind": "courtesy", "act_id": "K.greet.hello", "state": "said", "scene": "greet", "visit_id": "v1"},
        {
            **{"kind": "hit", "hit_id": "run-1", "rule_id": "T01", "standard": "s000", "severity": "high"},
            **{"clauses": [{"standard": "s000", "clause": "s000.1.2"}], "state": "confirmed"},
            **{"confidence": 0.9, "shown": True},
        },
        {
            **{"kind": "health", "heard_s": 1.0, "speech_s": 0.5, "lost_s": 0.0, "backlog_s": 0.0, "rtf": 0.1},
            **{"skipped": 0, "notes": []},
        },
    )
    return json.dumps({**base, **several[kind % len(several)]})


async def _send_until(hub: Hub, desk: tuple[str, str], until_s: float, took_s: list[float]) -> int:
    desk_id, key = desk
    stream, seq = new_ulid(datetime.now(UTC)), 0
    headers = {"authorization": f"Bearer {key}", "content-encoding": "gzip", "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=hub.url, trust_env=False, timeout=60) as client:
        while time.monotonic() < until_s:
            head = Head(desk_id=desk_id, stream=stream, sent=datetime.now(UTC))
            body = pack(head, [an_event(seq + one, seq + one) for one in range(1, 51)])
            begun_s = time.monotonic()
            answer = await client.post("/api/v1/events", content=body, headers=headers)
            if answer.status_code == 503:
                await asyncio.sleep(0.05)
                continue
            assert answer.json()["upto"] == seq + 50, answer.text
            took_s.append(time.monotonic() - begun_s)
            seq += 50
    return seq


def intake(arguments: argparse.Namespace) -> None:
    """Batches of 50 as fast as they go."""
    with a_hub(arguments.db) as hub:
        desks = hub.desks(arguments.senders)

        async def all_of_them() -> tuple[int, list[float], float]:
            took_s: list[float] = []
            begun_s = time.monotonic()
            until_s = begun_s + arguments.seconds
            sent = await asyncio.gather(*(_send_until(hub, one, until_s, took_s) for one in desks))
            return sum(sent), took_s, time.monotonic() - begun_s

        sent, took_s, lasted_s = asyncio.run(all_of_them())
        kept, once = hub.ask("SELECT COUNT(*), COUNT(DISTINCT event_id) FROM hub_events")
        took_s.sort()
        print(f"{arguments.db}: {sent / lasted_s:.0f} events/s in batches of 50, {arguments.senders} senders")
        print(f"batch p50 {1000 * at(took_s, 0.5):.0f} ms, p95 {1000 * at(took_s, 0.95):.0f} ms")
        used = psutil.Process(hub.process.pid).cpu_times()
        print(f"server's own CPU {1e6 * (used.user + used.system) / max(1, sent):.0f} us an event")
        print(f"sent {sent}, kept {kept}, of these different {once}")
        assert sent == kept == once


def at(values: list[float], share: float) -> float:
    """A quantile of sorted values."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Live:
    """Desks that tell one event in 5 s, dashboards that follow."""

    def __init__(self, hub: Hub, until_s: float) -> None:
        self._hub = hub
        self._until_s = until_s
        self._sent_s: dict[str, float] = {}
        """By window: when the newest event was sent that no dashboard has shown yet."""
        self.took_s: list[float] = []
        self.sent = self.turned_away = 0

    async def desk(self, place: int, desk: tuple[str, str]) -> None:
        desk_id, key = desk
        stream, seq = new_ulid(datetime.now(UTC)), 0
        await asyncio.sleep(5 * place / 1000 % 5)
        reader, writer = await self._connected()
        while time.monotonic() < self._until_s:
            begun_s = time.monotonic()
            seq += 1
            self._sent_s[f"window-{place:04d}"] = begun_s
            head = Head(desk_id=desk_id, stream=stream, sent=datetime.now(UTC))
            body = pack(head, [an_event(seq, 3)])
            while await _posted(reader, writer, key, body) == 503:
                self.turned_away += 1
                await asyncio.sleep(0.2)
            self.sent += 1
            await asyncio.sleep(max(0.0, begun_s + 5 - time.monotonic()))
        writer.close()

    async def dashboard(self, cookie: str, place: int) -> None:
        await asyncio.sleep(place / 50)
        reader, writer = await self._connected()
        asked = f"GET /wall/stream HTTP/1.1\r\nhost: hub\r\ncookie: {sessions.COOKIE}={cookie}\r\n\r\n"
        writer.write(asked.encode())
        status = await reader.readline()
        assert b" 200 " in status, status
        begun_s = time.monotonic()
        seen: dict[str, float] = {}
        while time.monotonic() < self._until_s and (line := await reader.readline()):
            # Only some read what they get: a hundred browsers do not share two cores with the server.
            if place % 10 or not line.startswith(b"data:"):
                continue
            now_s = time.monotonic()
            for tile in json.loads(line[5:])["tiles"]:
                sent_s = self._sent_s.get(tile["window"], 0.0)
                if sent_s > begun_s and seen.get(tile["window"]) != sent_s:
                    seen[tile["window"]] = sent_s
                    self.took_s.append(now_s - sent_s)
        writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", int(self._hub.url.rpartition(":")[2]), limit=2**22)


async def _posted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str, body: bytes) -> int:
    """The status of a batch that was posted; by hand: a client library would be what is measured."""
    head = f"POST /api/v1/events HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {key}\r\n"
    head += f"content-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    status = int((await reader.readline()).split()[1])
    length = 0
    while (line := await reader.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    await reader.readexactly(length)
    return status


def live(arguments: argparse.Namespace) -> None:
    """Many desks and dashboards for a while."""
    with a_hub(arguments.db) as hub:
        desks = hub.desks(arguments.desks)
        cookie = hub.cookie()
        server = psutil.Process(hub.process.pid)
        memory: list[int] = []

        async def all_of_them() -> Live:
            made = Live(hub, time.monotonic() + 60 * arguments.minutes)
            jobs = [asyncio.create_task(made.dashboard(cookie, one)) for one in range(arguments.dashboards)]
            jobs += [asyncio.create_task(made.desk(*one)) for one in enumerate(desks)]
            while not all(one.done() for one in jobs[arguments.dashboards :]):
                memory.append(server.memory_info().rss)
                await asyncio.sleep(5)
            for one in jobs:
                one.cancel()
            for one in await asyncio.gather(*jobs, return_exceptions=True):
                # A dashboard that ended before its time says why.
                if isinstance(one, Exception):
                    raise one
            return made

        made = asyncio.run(all_of_them())
        took_s = sorted(made.took_s)
        cpu_s = server.cpu_times()
        print(
            f"{arguments.db}: {arguments.desks} desks, {arguments.dashboards} dashboards, {arguments.minutes} m"
        )
        print(
            f"event to dashboard p50 {at(took_s, 0.5):.2f} s, p95 {at(took_s, 0.95):.2f} s, p99 "
            f"{at(took_s, 0.99):.2f} s ({len(took_s)} seen by every tenth), turned away {made.turned_away}"
        )
        quarter = max(1, len(memory) // 4)
        early, late = sum(memory[quarter : 2 * quarter]) / quarter, sum(memory[-quarter:]) / quarter
        print(
            f"server's memory {early / 2**20:.0f} MB in the second quarter, {late / 2**20:.0f} MB in the last"
        )
        print(f"server's CPU {cpu_s.user + cpu_s.system:.0f} s")
        (kept,) = hub.ask("SELECT COUNT(*) FROM hub_events")
        print(f"sent {made.sent}, kept {kept}")
        assert made.sent == kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(required=True)
    one = actions.add_parser("intake")
    one.add_argument("--seconds", type=float, default=20)
    one.add_argument("--senders", type=int, default=8)
    one.set_defaults(run=intake)
    other = actions.add_parser("live")
    other.add_argument("--desks", type=int, default=1000)
    other.add_argument("--dashboards", type=int, default=100)
    other.add_argument("--minutes", type=float, default=10)
    other.set_defaults(run=live)
    for action in (one, other):
        action.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
