"""A place to the hall's store: the hall's tables and the night's, in one SQLite file or PostgreSQL database.

On SQLite there is one writer at a time: writers of this process wait for each other by a lock, which costs
nothing, and for other processes by the file's own. What was committed survives a power cut (synchronous FULL),
because a desk forgets what the hall has acknowledged.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal, cast

import sqlalchemy as sa
from sqlalchemy import event

from deskguard.errors import DeskguardError
from deskguard.hub.feed.counting import count_anew
from deskguard.hub.store import tables
from deskguard.scoring.store import NightStore
from deskguard.scoring.store_engine import explained, for_reading, open_engine, shown_place

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

FILE_NAME = "hub.sqlite3"
CONNECTIONS = 60
"""More than the server has threads: a request never waits for a connection."""
_AUDIT_KEY = "hub_audit_key"
_KEY_MARK = "audit_key_mark"


class HubStore:
    """One open database; safe to use from several threads and, on PostgreSQL, from several processes."""

    def __init__(self, engine: Engine, audit_key: bytes) -> None:
        self._engine = engine.execution_options(**{_AUDIT_KEY: audit_key})
        self._reader = for_reading(self._engine)
        self.dialect = cast('Literal["sqlite", "postgresql"]', engine.dialect.name)
        self.place = shown_place(engine)
        """Where it lies, in words."""
        self.night = NightStore(engine)
        """The night's results, in the same database."""
        self._turn = threading.RLock() if self.dialect == "sqlite" else nullcontext()

    @classmethod
    def open(cls, place: str, data: Path, password: str | None = None, *, create: bool = True) -> HubStore:
        """The store at a place, made or brought up to date; `data` holds its secrets. Raises DeskguardError."""
        engine = open_engine(place, password, create=create, connections=CONNECTIONS)
        try:
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _be_durable)
                engine.dispose()
            key = secret(data, "audit.key")
            with explained(shown_place(engine)), engine.begin() as connection:
                _refuse_newer(connection, shown_place(engine))
                if tables.SUMS_STEP in tables.migrate(connection):
                    count_anew(connection)
                _refuse_other_key(connection, shown_place(engine), key)
            return cls(engine, key)
        except BaseException:
            engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Questions that all see one moment; writers are not kept waiting."""
        with explained(self.place), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, kept when the block ends and undone when it raises."""
        with self._turn, explained(self.place), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections; the store can be used no more."""
        self._engine.dispose()


def audit_key(connection: Connection) -> bytes:
    """The key of the audit log's chain, which does not lie in the database."""
    key: bytes = connection.get_execution_options()[_AUDIT_KEY]
    return key


def secret(data: Path, name: str, size: int = 32) -> bytes:
    """A random secret in a private file of the data folder, made when it is first asked for."""
    path = data / name
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Whole or not at all: another process may start at the same moment.
            fresh = data / f".{name}.{secrets.token_hex(8)}"
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(size))
            try:
                path.hardlink_to(fresh)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        found = path.read_bytes()
    except OSError as error:
        raise DeskguardError(
            f"The hall's secret {path} cannot be read or made: {error.strerror or error}.",
            "name a folder that this user may write to with --data.",
            "hub-data-unusable",
        ) from None
    if len(found) != size:
        raise DeskguardError(
            f"The hall's secret {path} holds {len(found)} bytes instead of {size}.",
            "put it back from a backup of the data folder.",
            "hub-secret-damaged",
        )
    return found


def digest(text: str) -> str:
    """What is kept of a random secret, so that whoever reads the database cannot use it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _be_durable(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous = FULL").fetchall()


def _refuse_other_key(connection: Connection, shown: str, key: bytes) -> None:
    """Keep to the first key that the database was opened with: two would break the audit log's chain."""
    mark = hmac.new(key, b"deskguard hall", hashlib.sha256).hexdigest()
    put = sa.text("INSERT INTO hub_settings VALUES (:name, :mark) ON CONFLICT (name) DO NOTHING")
    connection.execute(put, {"name": _KEY_MARK, "mark": mark})
    found = connection.execute(
        sa.text("SELECT value FROM hub_settings WHERE name = :name"), {"name": _KEY_MARK}
    ).scalar_one()
    if not hmac.compare_digest(str(found), mark):
        raise DeskguardError(
            f"The data folder is not the one that belongs to the hall in {shown}: audit.key in it is another.",
            "name the folder that belongs to it with --data, the same for every process; or put audit.key back"
            " from a backup.",
            "hub-other-data",
        )


def _refuse_newer(connection: Connection, shown: str) -> None:
    if unknown := tables.unknown_steps(connection):
        raise DeskguardError(
            f"Store {shown} was written by a newer deskguard: it has the step {unknown[-1]}, this program "
            f"knows up to {tables.STEPS[-1][0]}.",
            "update deskguard, or name another store.",
            "store-newer",
        )
