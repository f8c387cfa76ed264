"""Events to sums by day: what each kind of event adds to, and how all of it is reckoned anew.

part      key                             kinds
kind      -                               all that are counted
hour      00 to 23, by the window's clock all
rule      rule                            hit, hit-withdrawn, false-alarm
standard  of the hit's first clause       hit, hit-withdrawn
severity  low, medium, high               hit, hit-withdrawn
scene     scene                           hit, hit-withdrawn, courtesy-said, courtesy-missing
act       act of courtesy                 courtesy-said, courtesy-missing
channel   counter, phone-in, phone-out    visit
manner    kind:unit:value                 manner

Totals are of confidences for hits, and of lengths in seconds for visits, which are counted when they are over.
A measured value is kept to two digits, so that a season's distribution is made of some dozens of rows.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from deskguard.hub.store import sums
from deskguard.hub.store.sums import THOUSAND, Cell, Pile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy.engine import Connection

    Fields = Mapping[str, Any]

PARTS = ("kind", "hour", "rule", "standard", "severity", "scene", "act", "channel", "manner")
_AT_ONCE = 10_000
"""Events that are read at once when all are counted anew."""
_MOST_CELLS = 200_000
"""Sums that are held in memory then: some 60 MB."""


class Where(NamedTuple):
    """The hour and the window that something is counted for."""

    day: str
    hour: int
    window_id: str


class What(NamedTuple):
    """What an event adds to: a kind, a total in thousandths, and the keys of parts."""

    kind: str
    total: int = 0
    keys: tuple[tuple[str, str], ...] = ()


def counted(kind: str, fields: Fields) -> What | None:
    """What an event adds to, by its fields as they are or as JSON has them; None for what is only shown."""
    reckon = _RECKONED.get(kind)
    return None if reckon is None else reckon(fields)


def piled(several: Iterable[tuple[Where, str, Fields]]) -> Pile:
    """What some events add up to: where, kind and fields of each."""
    alike: dict[tuple[Where, str, tuple[tuple[str, str], ...]], list[int]] = {}
    for where, kind, fields in several:
        what = counted(kind, fields)
        if what is not None:
            lies = alike.setdefault((where, what.kind, what.keys), [0, 0])
            lies[0] += 1
            lies[1] += what.total
    pile: Pile = {}
    for ((day, hour, window), kind, keys), (count, total) in alike.items():
        for part, key in (("kind", ""), ("hour", f"{hour:02}"), *keys):
            sums.put(pile, Cell(part, window, day, kind, key), count, total)
    return pile


def count_anew(connection: Connection) -> None:
    """Make the sums of all events that are kept, whatever is there; at ten million it takes minutes."""
    connection.execute(
        sa.text("DELETE FROM hub_sums WHERE part IN :parts").bindparams(sa.bindparam("parts", expanding=True)),
        {"parts": list(PARTS)},
    )
    question = sa.text(
        "SELECT position, window_id, kind, day, hour, at_utc, body FROM hub_events"
        " WHERE position > :position ORDER BY position LIMIT :most"
    )
    position, pile = 0, Pile()
    while rows := connection.execute(question, {"position": position, "most": _AT_ONCE}).all():
        position = rows[-1].position
        for cell, (count, total) in piled(_told(row) for row in rows).items():
            sums.put(pile, cell, count, total)
        if len(pile) > _MOST_CELLS:
            sums.add(connection, pile)
            pile = {}
    sums.add(connection, pile)


def forget(connection: Connection, before_utc: str, after: int, most: int) -> tuple[int, int]:
    """Delete events received before a moment, and take them out of the sums.

    Of the next `most` events after a position; gives how many went, and the position to go on from: 0 when the
    rest is newer.
    """
    sums.hold(connection)
    window = "SELECT {} FROM hub_events WHERE position > :after ORDER BY position LIMIT :most"
    seen = connection.execute(
        sa.text(window.format("position, received_utc")), {"after": after, "most": most}
    ).all()
    if not any(row.received_utc < before_utc for row in seen):
        return 0, 0
    last = seen[-1].position
    gone = connection.execute(
        sa.text(
            "DELETE FROM hub_events WHERE position > :after AND position <= :last AND received_utc < :before"
            " RETURNING window_id, kind, day, hour, at_utc, body"
        ),
        {"after": after, "last": last, "before": before_utc},
    ).all()
    sums.add(connection, sums.taken(piled(_told(row) for row in gone)))
    return len(gone), last if len(seen) == most else 0


def _told(row: Any) -> tuple[Where, str, Fields]:
    """An event as it was kept."""
    # Events of before hours were kept fall on those of the hall's own clock.
    hour = datetime.fromisoformat(row.at_utc).astimezone().hour if row.hour is None else row.hour
    return Where(row.day, hour, row.window_id), row.kind, json.loads(row.body)


def _hit(fields: Fields) -> What:
    keys = [(part, fields[name]) for part, name in _OF_A_HIT if fields[name]]
    kind = "hit" if fields["state"] == "confirmed" else "hit-withdrawn"
    return What(kind, round(THOUSAND * fields["confidence"]), tuple(keys))


def _visit(fields: Fields) -> What | None:
    if fields["end"] is None:
        return None
    length_s = (_moment(fields["end"]) - _moment(fields["begin"])).total_seconds()
    return What("visit", max(0, round(THOUSAND * length_s)), (("channel", fields["channel"]),))


def _courtesy(fields: Fields) -> What:
    keys = (("act", fields["act_id"]), ("scene", fields["scene"]))
    return What(f"courtesy-{fields['state']}", 0, tuple(one for one in keys if one[1]))


def _manner(fields: Fields) -> What:
    return What("manner", 0, (("manner", f"{fields['manner']}:{fields['unit']}:{coarse(fields['value'])}"),))


def _state(fields: Fields) -> What | None:
    return What(fields["state"]) if fields["state"] in ("paused", "microphone-lost") else None


def coarse(value: float) -> str:
    """A measured value to two digits, as a key: 0.34, 5.2, 310."""
    # From -0.0 to 0, which is the same value.
    return f"{float(f'{value:.2g}') + 0.0:g}"


def _moment(told: datetime | str) -> datetime:
    return datetime.fromisoformat(told) if isinstance(told, str) else told


_OF_A_HIT = (("rule", "rule_id"), ("standard", "standard"), ("severity", "severity"), ("scene", "scene"))
_RECKONED: dict[str, Callable[[Fields], What | None]] = {
    "hit": _hit,
    "visit": _visit,
    "courtesy": _courtesy,
    "manner": _manner,
    "false-alarm": lambda fields: What("false-alarm", 0, (("rule", fields["rule_id"]),)),
    "help": lambda _: What("help"),
    "state": _state,
}
