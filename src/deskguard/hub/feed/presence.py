"""How many look on at the other processes of this hall, so that a desk hears whether a call for help is seen.

Each process tells the others through the database, and only while somebody looks on at it. On SQLite there are
no others.
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.hub.store.times import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deskguard.hub.store.opening import HubStore

LOOK_EVERY_S = 2.0
TOLD_EVERY_S = 15.0
GONE_AFTER = timedelta(minutes=1)
"""A process that was killed does not say that nobody looks on any more."""
PRESENCE = (
    """CREATE TABLE hub_presence (
        process_id TEXT PRIMARY KEY, readers INTEGER NOT NULL, seen_utc TEXT NOT NULL
    )""",
)


class Presence:
    """One process among those of a hall; used by one thread at a time."""

    def __init__(self, store: HubStore, now: Callable[[], datetime], readers: Callable[[], int]) -> None:
        """`readers` tells how many look on here."""
        self._store = store
        self._now = now
        self._readers = readers
        self._id = secrets.token_hex(8)
        self._told = 0
        self._told_s = self._looked_s = float("-inf")
        self.elsewhere = 0
        """How many look on at the others."""

    def turn(self) -> None:
        """Tell and ask, when it is time; raises DeskguardError."""
        if self._store.dialect == "sqlite":
            return
        now_s, readers = time.monotonic(), self._readers()
        if readers != self._told or (readers and now_s - self._told_s >= TOLD_EVERY_S):
            self._tell(readers)
            self._told, self._told_s = readers, now_s
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            question = sa.text(
                "SELECT COALESCE(SUM(readers), 0) FROM hub_presence"
                " WHERE process_id <> :id AND seen_utc > :since"
            )
            values = {"id": self._id, "since": utc_text(self._now() - GONE_AFTER)}
            with self._store.reading() as connection:
                self.elsewhere = int(connection.execute(question, values).scalar_one())

    def leave(self) -> None:
        """Nobody looks on here any more; raises DeskguardError."""
        if self._told:
            self._tell(0)
            self._told = 0

    def _tell(self, readers: int) -> None:
        at = self._now()
        values = {"id": self._id, "readers": readers, "at": utc_text(at), "gone": utc_text(at - GONE_AFTER)}
        put = (
            "INSERT INTO hub_presence VALUES (:id, :readers, :at) ON CONFLICT (process_id) DO UPDATE"
            " SET readers = excluded.readers, seen_utc = excluded.seen_utc"
        )
        with self._store.writing() as connection:
            connection.execute(
                sa.text(put if readers else "DELETE FROM hub_presence WHERE process_id = :id"), values
            )
            connection.execute(sa.text("DELETE FROM hub_presence WHERE seen_utc < :gone"), values)
