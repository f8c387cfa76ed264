"""Events out of the store, in the order in which they were taken, for whoever reads on from a position."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection

_FIELDS = "position, desk_id, event_id, seq, window_id, kind, at_utc, day, received_utc, body"


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it was kept."""

    position: int
    desk_id: str
    event_id: str
    seq: int
    window_id: str
    kind: str
    at_utc: str
    day: str
    received_utc: str
    body: str

    def told(self) -> dict[str, Any]:
        """As readers of the feed get it."""
        return {
            "position": self.position,
            "id": self.event_id,
            "kind": self.kind,
            "window_id": self.window_id,
            "desk_id": self.desk_id,
            "at": self.at_utc,
            "received": self.received_utc,
            "day": self.day,
            **json.loads(self.body),
        }


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which events are wanted; empty is all."""

    kinds: tuple[str, ...] = ()
    first_day: str = ""
    last_day: str = ""
    sees: Callable[[str], bool] = lambda _: True
    """Whether the reader may see a window."""


def after(connection: Connection, position: int, most: int, chosen: Chosen | None = None) -> list[Stored]:
    """The next events after a position, at most so many, those of windows the reader may not see left in."""
    chosen = chosen or Chosen()
    conditions, values = ["position > :position"], {"position": position, "most": most}
    named: dict[str, Any] = dict(values)
    if chosen.first_day:
        conditions.append("day >= :first")
        named["first"] = chosen.first_day
    if chosen.last_day:
        conditions.append("day <= :last")
        named["last"] = chosen.last_day
    text = f"SELECT {_FIELDS} FROM hub_events WHERE {' AND '.join(conditions)}"
    if chosen.kinds:
        statement = sa.text(f"{text} AND kind IN :kinds ORDER BY position LIMIT :most").bindparams(
            sa.bindparam("kinds", expanding=True)
        )
        named["kinds"] = list(chosen.kinds)
    else:
        statement = sa.text(f"{text} ORDER BY position LIMIT :most")
    return [Stored(*row) for row in connection.execute(statement, named)]


def newest(connection: Connection) -> int:
    """The position of the event that was taken last; 0 when none ever was."""
    question = sa.text("SELECT value FROM hub_sequence WHERE name = 'events'")
    return int(connection.execute(question).scalar_one())


def latest_of_windows(connection: Connection, kinds: Sequence[str]) -> list[Stored]:
    """The last event of each of these kinds at each window with a desk, in the order they were taken."""
    picks = " UNION ALL ".join(f"SELECT '{kind}' AS kind" for kind in kinds)
    question = sa.text(
        f"SELECT {_FIELDS} FROM hub_events WHERE position IN ("
        " SELECT (SELECT MAX(e.position) FROM hub_events e WHERE e.window_id = w.window_id AND e.kind = k.kind)"
        f" FROM (SELECT DISTINCT window_id FROM hub_desks WHERE revoked_utc IS NULL) w CROSS JOIN ({picks}) k"
        ") ORDER BY position"
    )
    return [Stored(*row) for row in connection.execute(question)]


def windows(connection: Connection) -> list[tuple[str, str]]:
    """(window, desk) of each desk that may report, the one enrolled last wins."""
    question = sa.text(
        "SELECT window_id, desk_id FROM hub_desks WHERE revoked_utc IS NULL ORDER BY enrolled_utc, desk_id"
    )
    return [(str(window), str(desk)) for window, desk in connection.execute(question)]
