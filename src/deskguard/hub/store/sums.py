"""Sums by day that change by addition alone, laid out so that a question about months reads few rows.

A row says how often something happened: in one part of what is counted (by rule, by scene and so on), of a
kind, under a key. It stands four times: at its window and for the whole hall (window ""), for its day and for
the week of it, from Monday on. A question about the hall reads the hall's rows, and one about 92 days reads
twelve weeks and the days at both ends. Whole numbers only, totals in thousandths: what was added can be taken
away again, in any order, and nothing stays behind.

Who adds or takes away does it in the transaction that changes what is counted, and holds the turn (`hold`), so
that no two wait for each other's rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from deskguard.hub.store.recordset import insert, recordset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection

HALL = ""
"""Stands for all windows together; no window has this name."""
THOUSAND = 1000
"""Totals are kept in thousandths."""
_ROWS = 5000
"""In one statement."""
_COLUMNS = "part TEXT, window_id TEXT, span TEXT, day TEXT, kind TEXT, key TEXT, count BIGINT, total BIGINT"
_KEY = "part, window_id, span, day, kind, key"
_MORE = (
    f"ON CONFLICT ({_KEY}) DO UPDATE"
    " SET count = hub_sums.count + excluded.count, total = hub_sums.total + excluded.total"
)
SUMS: tuple[Mapping[str, tuple[str, ...]], ...] = (
    {
        # The row itself lies in the order of its key: what a question reads lies together.
        "sqlite": (
            f"""CREATE TABLE hub_sums (
                part TEXT NOT NULL, window_id TEXT NOT NULL, span TEXT NOT NULL, day TEXT NOT NULL,
                kind TEXT NOT NULL, key TEXT NOT NULL, count INTEGER NOT NULL, total INTEGER NOT NULL,
                PRIMARY KEY ({_KEY})
            ) WITHOUT ROWID""",
        ),
        # Room in each page, so that a sum that grows stays where it is and the index is left alone.
        "postgresql": (
            f"""CREATE TABLE hub_sums (
                part TEXT COLLATE "C" NOT NULL, window_id TEXT COLLATE "C" NOT NULL,
                span TEXT COLLATE "C" NOT NULL, day TEXT COLLATE "C" NOT NULL,
                kind TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL,
                count BIGINT NOT NULL, total BIGINT NOT NULL, PRIMARY KEY ({_KEY})
            ) WITH (fillfactor = 80)""",
        ),
    },
)

By = Literal["key", "window", "day"]
"""What tells the lines of an answer apart."""
_NAMES: dict[By, str] = {"key": "key", "window": "window_id", "day": "day"}


class Cell(NamedTuple):
    """What one sum is about."""

    part: str
    window_id: str
    day: str
    kind: str
    key: str = ""


Pile = dict[Cell, list[int]]
"""What is to be added: how often, and a total in thousandths."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer."""

    name: str
    kind: str
    count: int
    total: int
    """Thousandths."""


def put(pile: Pile, cell: Cell, count: int = 1, total: int = 0) -> None:
    """Lay something on a pile."""
    lies = pile.setdefault(cell, [0, 0])
    lies[0] += count
    lies[1] += total


def taken(pile: Pile) -> Pile:
    """The same to be taken away."""
    return {cell: [-count, -total] for cell, (count, total) in pile.items()}


def hold(connection: Connection) -> None:
    """Wait until nobody else changes sums; the turn ends with the transaction. Intake has it by its numbers."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT value FROM hub_sequence WHERE name = 'events' FOR UPDATE"))


def add(connection: Connection, pile: Pile) -> None:
    """Add a pile to what is there; sums that come to nothing go."""
    rows = _rows(pile)
    for first in range(0, len(rows), _ROWS):
        few = rows[first : first + _ROWS]
        insert(connection, "hub_sums", _COLUMNS, few, _MORE)
        if fewer := [row for row in few if row[-2] < 0]:
            _clear(connection, fewer)


def names(connection: Connection, part: str) -> list[str]:
    """All windows of which a part has anything, in their order."""
    # From one name to the next by the key: all rows would have to be looked at otherwise.
    following = "SELECT MIN(window_id) FROM hub_sums WHERE part = :part AND window_id >"
    question = sa.text(
        f"WITH RECURSIVE found (name) AS ({following} :hall UNION ALL"
        f" SELECT ({following} found.name) FROM found WHERE found.name IS NOT NULL)"
        " SELECT name FROM found WHERE name IS NOT NULL"
    )
    return [str(name) for (name,) in connection.execute(question, {"part": part, "hall": HALL})]


def ask(
    connection: Connection, part: str, by: By, days: tuple[date, date], windows: Sequence[str] | None = None
) -> list[Line]:
    """The sums of some days, both ends included, by one thing and kind; of all windows or the named ones."""
    if windows is None:
        windows = names(connection, part) if by == "window" else [HALL]
    spans = [("day", *days)] if by == "day" else list(covered(*days))
    if not windows or not spans:
        return []
    values: dict[str, Any] = {"part": part, "windows": list(windows)}
    pieces = []
    for number, (span, first, last) in enumerate(spans):
        values |= {f"first{number}": first.isoformat(), f"last{number}": last.isoformat()}
        pieces.append(
            f"SELECT {_NAMES[by]} AS name, kind, SUM(count) AS count, SUM(total) AS total FROM hub_sums"
            f" WHERE part = :part AND window_id IN :windows AND span = '{span}'"
            f" AND day >= :first{number} AND day <= :last{number} GROUP BY {_NAMES[by]}, kind"
        )
    question = sa.text(
        f"SELECT name, kind, SUM(count), SUM(total) FROM ({' UNION ALL '.join(pieces)}) AS several"
        " GROUP BY name, kind"
    ).bindparams(sa.bindparam("windows", expanding=True))
    return [
        Line(str(name), str(kind), int(count), int(total))
        for name, kind, count, total in connection.execute(question, values)
    ]


def covered(first: date, last: date) -> Iterator[tuple[str, date, date]]:
    """Some days as whole weeks, told by their Mondays, and the days before and after them."""
    monday = first + timedelta(days=-first.weekday() % 7)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    if monday > sunday:
        if first <= last:
            yield "day", first, last
        return
    yield "week", monday, sunday - timedelta(days=6)
    if first < monday:
        yield "day", first, monday - timedelta(days=1)
    if sunday < last:
        yield "day", sunday + timedelta(days=1), last


def _rows(pile: Pile) -> list[tuple[Any, ...]]:
    """The rows of a pile, each key once, in the order of keys; without what comes to nothing by itself."""
    rows: dict[tuple[str, ...], list[int]] = {}
    for (part, window, day, kind, key), (count, total) in pile.items():
        monday = _monday(day)
        for place in (
            (part, window, "day", day, kind, key),
            (part, window, "week", monday, kind, key),
            (part, HALL, "day", day, kind, key),
            (part, HALL, "week", monday, kind, key),
        ):
            lies = rows.get(place)
            if lies is None:
                rows[place] = [count, total]
            else:
                lies[0] += count
                lies[1] += total
    return sorted((*place, *lies) for place, lies in rows.items() if lies != [0, 0])


def _clear(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Take away those of the rows that came to nothing."""
    if connection.dialect.name == "sqlite":
        places = " AND ".join(f"{name} = ?" for name in _KEY.split(", "))
        connection.exec_driver_sql(
            f"DELETE FROM hub_sums WHERE {places} AND count <= 0", [row[:6] for row in rows]
        )
        return
    picked = _COLUMNS.replace("TEXT", 'TEXT COLLATE "C"')
    told = [dict(zip(_KEY.split(", "), row[:6], strict=True)) for row in rows]
    connection.execute(
        sa.text(
            f"DELETE FROM hub_sums WHERE count <= 0 AND ({_KEY}) IN"
            f" (SELECT {_KEY} FROM {recordset(connection, picked)})"
        ),
        {"rows": json.dumps(told)},
    )


@lru_cache(maxsize=1024)
def _monday(day: str) -> str:
    """The first day of the week of a day."""
    found = date.fromisoformat(day)
    return (found - timedelta(days=found.weekday())).isoformat()
