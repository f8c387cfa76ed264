"""What is to be told to the hall, on disk until it has arrived: a SQLite file of its own beside the desk's
store.

What may only be told later is held without a number, and can still be taken back; when its time comes it moves
to the queue and gets one. Numbers rise and are never used twice, so the hub knows what it has. The queue is
bounded in bytes and days: what has to go is counted, and the count travels with every batch. What was sent
stays for a while, so that the clerk can read exactly that.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskguard.desk import storefiles
from deskguard.wire.ulid import new_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

FILE_NAME = "outbox.sqlite3"
_TABLES = """
    CREATE TABLE IF NOT EXISTS held (
        position INTEGER PRIMARY KEY, due_utc TEXT NOT NULL, name TEXT UNIQUE, body TEXT NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS held_by_time ON held (due_utc);
    CREATE TABLE IF NOT EXISTS queue (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, put_utc TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS sent (
        seq INTEGER PRIMARY KEY, sent_utc TEXT NOT NULL, body TEXT NOT NULL, refused TEXT) STRICT;
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and for how long."""

    most_bytes: int
    keep_days: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to tell: `body` is an event without its number."""

    body: dict[str, Any]
    due_utc: str = ""
    """UTC text from which on it may be told; empty: at once."""
    name: str = ""
    """While it is held, another entry of this name takes its place."""


class Outbox:
    """One desk's outbox; safe to call from several threads."""

    def __init__(self, connection: sqlite3.Connection, path: Path, limits: Limits, now: datetime) -> None:
        self._connection = connection
        self._path = path
        self._limits = limits
        self._guard = threading.RLock()
        with self._write():
            put = "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO NOTHING"
            connection.executemany(put, [("stream", new_ulid(now)), ("lost", "0")])
        self.stream = self._fact("stream")
        """Whose numbers `seq` are."""
        self._bytes = int(self._one("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM queue"))

    @classmethod
    def open(cls, folder: Path, limits: Limits, now: datetime) -> Outbox:
        """The outbox in a desk's data folder, made when needed; raises DeskguardError."""
        path = folder / FILE_NAME
        with storefiles.explained(path):
            try:
                path.touch(mode=0o600)
                path.chmod(0o600)
            except OSError:
                pass  # opening it will say why
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                connection.execute(f"PRAGMA busy_timeout = {storefiles.BUSY_TIMEOUT_MS}")
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
                # On disk before it can be sent: a number that a power cut took back would be used again.
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON").fetchall()
                connection.executescript(_TABLES)
                return cls(connection, path, limits, now)
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        with self._guard:
            self._connection.close()

    @property
    def lost(self) -> int:
        """Entries that had to go before they were sent, since the stream began."""
        return int(self._fact("lost"))

    @property
    def waiting(self) -> int:
        """Entries that could be sent now."""
        return int(self._one("SELECT COUNT(*) FROM queue"))

    def put(self, entries: Sequence[Entry], now_utc: str, lost: int = 0) -> None:
        """Keep entries in their order, in one transaction; raises DeskguardError when the disk fails.

        `lost` of them never came so far, and are counted with those that had to go.
        """
        with self._write():
            self._count_lost(lost)
            for entry in entries:
                text = json.dumps(entry.body, separators=(",", ":"))
                if entry.due_utc > now_utc:
                    self._hold(entry, text)
                else:
                    self._queue(text, now_utc)
            self._make_room()

    def take_back(self, name: str) -> bool:
        """Forget what is held under a name; False when nothing is, because it never was or is on its way."""
        with self._write():
            return self._connection.execute("DELETE FROM held WHERE name = ?", (name,)).rowcount > 0

    def release(self, now_utc: str) -> int:
        """Queue what was held until now; returns how many."""
        with self._write():
            due = self._connection.execute(
                "DELETE FROM held WHERE due_utc <= ? RETURNING position, body", (now_utc,)
            ).fetchall()
            for _, text in sorted(due):
                self._queue(text, now_utc)
            self._make_room()
        return len(due)

    def first(self, most: int, most_bytes: int) -> list[tuple[int, str]]:
        """The oldest entries of the queue as (seq, event as JSON), at least one if there is any."""
        with self._guard, storefiles.explained(self._path):
            rows = self._connection.execute(
                "SELECT seq, body FROM queue ORDER BY seq LIMIT ?", (most,)
            ).fetchall()
        found: list[tuple[int, str]] = []
        size = 0
        for seq, text in rows:
            whole = f'{{"seq":{seq},{text[1:]}'
            size += len(whole)
            if found and size > most_bytes:
                break
            found.append((int(seq), whole))
        return found

    def settle(self, upto: int, refused: Sequence[tuple[int, str]], sent_utc: str) -> None:
        """The hub has everything up to a number, but what it refused for good."""
        codes = dict(refused)
        with self._write():
            gone = self._connection.execute(
                "DELETE FROM queue WHERE seq <= ? RETURNING seq, body", (upto,)
            ).fetchall()
            rows = [(seq, sent_utc, text, codes.get(seq)) for seq, text in gone]
            self._connection.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)", rows)
            self._bytes -= sum(len(text) for _, text in gone)

    def give_up_first(self) -> None:
        """The oldest entry cannot be sent at all: it goes, and is counted."""
        with self._write():
            self._drop("seq = (SELECT MIN(seq) FROM queue)", ())

    def forget_before(self, oldest_utc: str) -> None:
        """Forget what was sent before, and what has waited since before: that is counted."""
        with self._write():
            self._connection.execute("DELETE FROM sent WHERE sent_utc < ?", (oldest_utc,))
            self._drop("put_utc < ?", (oldest_utc,))

    def sent(self, most: int = 200) -> list[dict[str, Any]]:
        """What was sent, newest first: each event as it went, when, and whether the hub refused it."""
        with self._guard, storefiles.explained(self._path):
            rows = self._connection.execute(
                "SELECT seq, sent_utc, body, refused FROM sent ORDER BY seq DESC LIMIT ?", (most,)
            ).fetchall()
        return [
            {"sent_utc": sent, "refused": refused, "event": {"seq": seq, **json.loads(text)}}
            for seq, sent, text, refused in rows
        ]

    def _hold(self, entry: Entry, text: str) -> None:
        self._connection.execute(
            "INSERT INTO held (due_utc, name, body) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET body = excluded.body",
            (entry.due_utc, entry.name or None, text),
        )

    def _queue(self, text: str, now_utc: str) -> None:
        self._connection.execute("INSERT INTO queue (put_utc, body) VALUES (?, ?)", (now_utc, text))
        self._bytes += len(text)

    def _make_room(self) -> None:
        """A tenth at once, so that a full outbox does not pay for every entry."""
        while self._bytes > self._limits.most_bytes:
            tenth = max(1, int(self._one("SELECT COUNT(*) FROM queue")) // 10)
            self._drop("seq IN (SELECT seq FROM queue ORDER BY seq LIMIT ?)", (tenth,))

    def _drop(self, which: str, values: tuple[str | int, ...]) -> None:
        gone = self._connection.execute(
            f"DELETE FROM queue WHERE {which} RETURNING LENGTH(body)",  # noqa: S608  our own conditions
            values,
        ).fetchall()
        self._bytes -= sum(length for (length,) in gone)
        self._count_lost(len(gone))

    def _count_lost(self, many: int) -> None:
        self._connection.execute(
            "UPDATE facts SET value = CAST(value AS INTEGER) + ? WHERE name = 'lost'", (many,)
        )

    def _fact(self, name: str) -> str:
        return str(self._one("SELECT value FROM facts WHERE name = ?", (name,)))

    def _one(self, sql: str, values: tuple[str, ...] = ()) -> Any:
        with self._guard, storefiles.explained(self._path):
            return self._connection.execute(sql, values).fetchone()[0]

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One transaction; what it counted in memory is undone with it."""
        with self._guard, storefiles.explained(self._path):
            before = getattr(self, "_bytes", 0)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._bytes = before
                # A full disk may already have rolled it back.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
