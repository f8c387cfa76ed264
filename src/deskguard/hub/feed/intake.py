"""A batch of a desk into the store: each event once, in the desk's order, counted in the same transaction.

What a desk says of itself is not believed: its id and window are those of its key. Its clock may be wrong: what
it says was "now" when it sent the batch tells by how much, and the times of its events are set right by that.
An event later than now is put to now. The answer is given after the commit, so what is acknowledged is on disk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.feed.counting import Where, rolled_up
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
    " day TEXT, received_utc TEXT, body TEXT"
)
_COUNTED = (
    "day TEXT, hour INTEGER, window_id TEXT, kind TEXT, rule_id TEXT, standard TEXT, scene TEXT, severity TEXT,"
    " count BIGINT, total DOUBLE PRECISION"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    upto: int
    accepted: int
    repeated: int
    skew_s: float


@dataclass(frozen=True, slots=True)
class _Row:
    event: Event
    at: datetime
    where: Where


def take(store: HubStore, desk: DeskKey, batch: Batch, received: datetime) -> Taken:
    """Keep a batch; raises DeskguardError (`not-your-desk`) when it names another desk than its key does."""
    head = batch.head
    if head.desk_id != desk.desk_id:
        raise DeskguardError(
            "The batch names another desk than the one whose key came with it.",
            "join the hub again on this computer: deskguard join URL CODE.",
            "not-your-desk",
        )
    skew_s = (head.sent - received).total_seconds()
    numbers = [one.seq for one in batch.events] + [one.seq for one in batch.refused if one.seq is not None]
    with store.writing() as connection:
        last = _last(connection, desk.desk_id, head.stream, received)
        fresh = [one for one in batch.events if one.seq > last]
        rows = [_timed(one, desk.window_id, received, skew_s) for one in fresh]
        accepted = _insert(connection, desk, rows, received) if rows else 0
        upto = max([last, *numbers])
        _note(connection, desk.desk_id, batch, (upto, skew_s, received))
    return Taken(upto, accepted, len(batch.events) - accepted, round(skew_s, 3))


def _timed(event: Event, window_id: str, received: datetime, skew_s: float) -> _Row:
    """An event with its time set right, on the day that its window had then."""
    at = event.at
    if abs(skew_s) > SKEW_BORNE_S:
        at -= timedelta(seconds=skew_s)
    offset = event.at.tzinfo
    at = max(min(at, received), received - MOST_EVENT_AGE).astimezone(offset)
    return _Row(event, at, Where(at.date().isoformat(), at.hour, window_id))


def _last(connection: Connection, desk_id: str, stream: str, received: datetime) -> int:
    """The last number kept of a stream, which nobody else takes up until the end of the transaction."""
    key = {"desk": desk_id, "stream": stream, "at": utc_text(received)}
    connection.execute(
        sa.text(
            "INSERT INTO hub_streams VALUES (:desk, :stream, 0, 0, 0, 0, :at)"
            " ON CONFLICT (desk_id, stream) DO NOTHING"
        ),
        key,
    )
    lock = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    question = f"SELECT last_seq FROM hub_streams WHERE desk_id = :desk AND stream = :stream{lock}"
    return int(connection.execute(sa.text(question), key).scalar_one())


def _insert(connection: Connection, desk: DeskKey, rows: Sequence[_Row], received: datetime) -> int:
    """Put events and their counts; how many were not there yet."""
    last = connection.execute(
        sa.text("UPDATE hub_sequence SET value = value + :n WHERE name = 'events' RETURNING value"),
        {"n": len(rows)},
    ).scalar_one()
    first = int(last) - len(rows) + 1
    received_utc = utc_text(received)
    told = [
        {
            "position": position,
            "desk_id": desk.desk_id,
            "event_id": row.event.id,
            "seq": row.event.seq,
            "window_id": row.where.window_id,
            "kind": row.event.kind,
            "at_utc": utc_text(row.at),
            "day": row.where.day,
            "received_utc": received_utc,
            "body": row.event.model_dump_json(exclude={"v", "id", "seq", "at", "kind"}),
        }
        for position, row in enumerate(rows, first)
    ]
    put = connection.execute(
        sa.text(
            f"INSERT INTO hub_events SELECT * FROM {_recordset(connection, _COLUMNS)}"
            " ON CONFLICT (desk_id, event_id) DO NOTHING RETURNING position"
        ),
        {"rows": json.dumps(told)},
    )
    kept = {int(position) for (position,) in put}
    counts = rolled_up((row.where, row.event) for position, row in enumerate(rows, first) if position in kept)
    if counts:
        connection.execute(
            sa.text(
                f"INSERT INTO hub_counts SELECT * FROM {_recordset(connection, _COUNTED)}"
                " ON CONFLICT (day, hour, window_id, kind, rule_id, standard, scene, severity) DO UPDATE"
                " SET count = hub_counts.count + excluded.count, total = hub_counts.total + excluded.total"
            ),
            {"rows": json.dumps(counts)},
        )
    return len(kept)


def _recordset(connection: Connection, columns: str) -> str:
    """:rows, a JSON array of objects, as a table: one statement whatever their number."""
    if connection.dialect.name == "postgresql":
        return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS given ({columns}) WHERE TRUE"
    # SQLAlchemy would take $.name for a plain text, and so does SQLite.
    names = [one.split()[0] for one in columns.split(", ")]
    picked = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    return f"(SELECT {picked} FROM json_each(:rows)) WHERE TRUE"


def _note(connection: Connection, desk_id: str, batch: Batch, news: tuple[int, float, datetime]) -> None:
    """How far the stream has come, and when the desk was heard last."""
    upto, skew_s, received = news
    values: dict[str, Any] = {
        "desk": desk_id,
        "stream": batch.head.stream,
        "upto": upto,
        "lost": batch.head.lost,
        "refused": len(batch.refused),
        "skew": skew_s,
        "at": utc_text(received),
    }
    connection.execute(
        sa.text(
            "UPDATE hub_streams SET last_seq = :upto, lost = :lost, refused = refused + :refused,"
            " skew_s = :skew, seen_utc = :at WHERE desk_id = :desk AND stream = :stream"
        ),
        values,
    )
    connection.execute(
        sa.text("UPDATE hub_desks SET seen_utc = :at WHERE desk_id = :desk"),
        {"at": values["at"], "desk": desk_id},
    )
