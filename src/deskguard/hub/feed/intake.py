"""Batches of desks into the store: each event once, in the desk's order, counted in the same transaction.

What a desk says of itself is not believed: its id and window are those of its key. Its clock may be wrong: what
it says was "now" when it sent the batch tells by how much, and the times of its events are set right by that.
An event later than now is put to now. The answer is given after the commit, so what is acknowledged is on disk.

An event that came before is known by its number and its id: a desk whose disk was set back, to an older image
or by a power cut, uses numbers again for other events, and those are taken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.feed.counting import Where, piled
from deskguard.hub.store import settings, sums
from deskguard.hub.store.recordset import insert, recordset
from deskguard.hub.store.times import utc_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.accounts.desk_keys import DeskKey
    from deskguard.hub.store.opening import HubStore
    from deskguard.wire.batch import Batch
    from deskguard.wire.events import Event

SKEW_BORNE_S = 60.0
"""A clock that is wrong by less is left alone: the way of a batch takes time, too."""
MOST_EVENT_AGE = timedelta(days=400)

_COLUMNS = (
    "position BIGINT, desk_id TEXT, event_id TEXT, seq BIGINT, window_id TEXT, kind TEXT, at_utc TEXT,"
    " day TEXT, received_utc TEXT, body TEXT, hour INTEGER"
)
_APART = {"v", "id", "seq", "at", "kind"}
"""What of an event does not lie in its body."""
_STREAM = "desk_id TEXT, stream TEXT, last_seq INT8, lost INT8, refused INT8, skew_s FLOAT8, seen_utc TEXT"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    upto: int
    accepted: int
    repeated: int
    skew_s: float


@dataclass(frozen=True, slots=True)
class Arrived:
    """A batch, the desk whose key came with it, and when."""

    desk: DeskKey
    batch: Batch
    received: datetime

    @property
    def skew_s(self) -> float:
        """How far the desk's clock is ahead, seconds."""
        return (self.batch.head.sent - self.received).total_seconds()


class _Stream(NamedTuple):
    desk_id: str
    stream: str


@dataclass(frozen=True, slots=True)
class _Row:
    """An event of the batch of that number."""

    batch: int
    event: Event
    at: datetime
    where: Where


def check_desk(desk: DeskKey, batch: Batch) -> None:
    """Raise DeskguardError (`not-your-desk`) when a batch names another desk than its key does."""
    if batch.head.desk_id != desk.desk_id:
        raise DeskguardError(
            "The batch names another desk than the one whose key came with it.",
            "join the hub again on this computer: deskguard join URL CODE.",
            "not-your-desk",
        )


def take(store: HubStore, several: Sequence[Arrived]) -> list[Taken]:
    """Keep batches, all in one transaction, or none of them; raises DeskguardError."""
    with store.writing() as connection:
        before = _last(connection, several)
        came = _came_before(connection, several, before)
        last, rows = dict(before), list[_Row]()
        for number, one in enumerate(several):
            stream = _Stream(one.desk.desk_id, one.batch.head.stream)
            for event in one.batch.events:
                if (stream.desk_id, event.id) not in came:
                    came.add((stream.desk_id, event.id))
                    rows.append(_timed(number, event, one))
            numbers = [event.seq for event in one.batch.events]
            numbers += [event.seq for event in one.batch.refused if event.seq is not None]
            last[stream] = max([last[stream], *numbers])
        kept = _insert(connection, several, rows) if rows else []
        _note(connection, several, last)
    accepted = [0] * len(several)
    for row in kept:
        accepted[row.batch] += 1
    return [
        Taken(
            last[_Stream(one.desk.desk_id, one.batch.head.stream)],
            accepted[number],
            len(one.batch.events) - accepted[number],
            round(one.skew_s, 3),
        )
        for number, one in enumerate(several)
    ]


def _timed(number: int, event: Event, arrived: Arrived) -> _Row:
    """An event with its time set right, on the day that its window had then."""
    at, received = event.at, arrived.received
    if abs(arrived.skew_s) > SKEW_BORNE_S:
        at -= timedelta(seconds=arrived.skew_s)
    at = max(min(at, received), received - MOST_EVENT_AGE).astimezone(event.at.tzinfo)
    return _Row(number, event, at, Where(at.date().isoformat(), at.hour, arrived.desk.window_id))


def _last(connection: Connection, several: Sequence[Arrived]) -> dict[_Stream, int]:
    """The last number kept of each stream, which nobody else takes up until the transaction ends."""
    blank = {"last_seq": 0, "lost": 0, "refused": 0, "skew_s": 0.0}
    rows = [
        {
            "desk_id": one.desk.desk_id,
            "stream": one.batch.head.stream,
            **blank,
            "seen_utc": utc_text(one.received),
        }
        for one in several
    ]
    # In one order, so that no two processes wait for each other.
    rows.sort(key=lambda row: (row["desk_id"], row["stream"]))
    given = {"rows": json.dumps(rows)}
    table = recordset(connection, _STREAM)
    connection.execute(
        sa.text(
            f"INSERT INTO hub_streams SELECT * FROM {table} WHERE TRUE ON CONFLICT (desk_id, stream) DO NOTHING"
        ),
        given,
    )
    lock = " FOR UPDATE OF s" if connection.dialect.name == "postgresql" else ""
    found = connection.execute(
        sa.text(
            f"SELECT s.desk_id, s.stream, s.last_seq FROM hub_streams s JOIN {table}"
            f" ON s.desk_id = given.desk_id AND s.stream = given.stream ORDER BY s.desk_id, s.stream{lock}"
        ),
        given,
    )
    return {_Stream(desk, stream): int(last) for desk, stream, last in found}


def _came_before(
    connection: Connection, several: Sequence[Arrived], last: dict[_Stream, int]
) -> set[tuple[str, str]]:
    """(desk, event id) of all with a number that was used before which are in the store, or may have been."""
    again = [
        (one, event)
        for one in several
        for event in one.batch.events
        if event.seq <= last[_Stream(one.desk.desk_id, one.batch.head.stream)]
    ]
    if not again:
        return set()
    table = recordset(connection, "desk_id TEXT, event_id TEXT")
    rows = [{"desk_id": one.desk.desk_id, "event_id": event.id} for one, event in again]
    found = connection.execute(
        sa.text(
            f"SELECT e.desk_id, e.event_id FROM hub_events e JOIN {table}"
            " ON e.desk_id = given.desk_id AND e.event_id = given.event_id"
        ),
        {"rows": json.dumps(rows)},
    )
    came = {(str(desk), str(event)) for desk, event in found}
    # What is older than events are kept may be gone from the store, and would be counted twice.
    kept_for = timedelta(days=int(settings.get(connection, "events_days")))
    old = {(one.desk.desk_id, event.id) for one, event in again if one.received - event.at > kept_for}
    return came | old


def _insert(connection: Connection, several: Sequence[Arrived], rows: Sequence[_Row]) -> list[_Row]:
    """Put events and add them to the sums; gives those that were not there yet."""
    last = connection.execute(
        sa.text("UPDATE hub_sequence SET value = value + :n WHERE name = 'events' RETURNING value"),
        {"n": len(rows)},
    ).scalar_one()
    placed = dict(enumerate(rows, int(last) - len(rows) + 1))
    told = [
        (
            position,
            several[row.batch].desk.desk_id,
            row.event.id,
            row.event.seq,
            row.where.window_id,
            row.event.kind,
            utc_text(row.at),
            row.where.day,
            utc_text(several[row.batch].received),
            row.event.model_dump_json(exclude=_APART),
            row.where.hour,
        )
        for position, row in placed.items()
    ]
    put = insert(
        connection, "hub_events", _COLUMNS, told, "ON CONFLICT (desk_id, event_id) DO NOTHING", "position"
    )
    if put is None:
        # Nobody else puts events before this transaction ends: these numbers are its own.
        put = connection.execute(
            sa.text("SELECT position FROM hub_events WHERE position >= :first AND position <= :last"),
            {"first": told[0][0], "last": told[-1][0]},
        ).all()
    kept = [placed[int(position)] for (position,) in put]
    sums.add(connection, piled((row.where, row.event.kind, vars(row.event)) for row in kept))
    return kept


def _note(connection: Connection, several: Sequence[Arrived], last: dict[_Stream, int]) -> None:
    """How far each stream has come, and when its desk was heard last."""
    rows: dict[_Stream, dict[str, Any]] = {}
    for one in several:
        stream = _Stream(one.desk.desk_id, one.batch.head.stream)
        refused = len(one.batch.refused) + (rows[stream]["refused"] if stream in rows else 0)
        rows[stream] = {
            **stream._asdict(),
            "last_seq": last[stream],
            "lost": one.batch.head.lost,
            "refused": refused,
            "skew_s": one.skew_s,
            "seen_utc": utc_text(one.received),
        }
    given = {"rows": json.dumps(list(rows.values()))}
    table = recordset(connection, _STREAM)
    connection.execute(
        sa.text(
            "UPDATE hub_streams SET last_seq = given.last_seq, lost = given.lost, skew_s = given.skew_s,"
            f" refused = hub_streams.refused + given.refused, seen_utc = given.seen_utc FROM {table}"
            " WHERE hub_streams.desk_id = given.desk_id AND hub_streams.stream = given.stream"
        ),
        given,
    )
    connection.execute(
        sa.text(
            f"UPDATE hub_desks SET seen_utc = given.seen_utc FROM {table}"
            " WHERE hub_desks.desk_id = given.desk_id"
        ),
        given,
    )
