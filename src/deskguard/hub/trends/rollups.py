"""What desks report, counted by the hour as it came in, to sums for any days: one statement a question.

These are hits as the desks had them, before any person looked: numbers of the day, for the hall's running. What
counts for anybody comes from the night (`counting`). Withdrawn hits and false alarms are told beside the hits.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.engine import Connection

Dimension = Literal["day", "hour", "window", "rule", "standard", "scene"]
_COLUMNS: dict[Dimension, str] = {
    "day": "day",
    "hour": "hour",
    "window": "window_id",
    "rule": "rule_id",
    "standard": "standard",
    "scene": "scene",
}
_KINDS: dict[Dimension, tuple[str, ...]] = {
    "day": (),
    "hour": (),
    "window": (),
    "rule": ("hit", "hit-withdrawn", "false-alarm"),
    "standard": ("hit", "hit-withdrawn"),
    "scene": ("hit", "courtesy-said", "courtesy-missing"),
}
"""Kinds that have the dimension at all; none named: all do."""
COUNTED = (
    "hit", "hit-withdrawn", "false-alarm", "visit", "courtesy-said", "courtesy-missing", "manner", "help",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sums:
    """What desks reported for one value of a dimension."""

    key: str
    counts: dict[str, int]
    visit_s: float
    """Length of all its visits together."""

    @property
    def hits(self) -> int:
        """Confirmed and not withdrawn later."""
        return max(0, self.counts.get("hit", 0) - self.counts.get("hit-withdrawn", 0))

    @property
    def visits(self) -> int:
        return self.counts.get("visit", 0)

    def told(self) -> dict[str, Any]:
        """For programs."""
        return {"key": self.key, "hits": self.hits, "visit_s": round(self.visit_s, 1), "counts": self.counts}


def sums(
    connection: Connection, by: Dimension, days: tuple[date, date], windows: Sequence[str] = ()
) -> list[Sums]:
    """The sums of each value of a dimension, in its order; `windows` are globs, none: all."""
    column = _COLUMNS[by]
    kinds = _KINDS[by] or COUNTED
    values: dict[str, Any] = {"first": days[0].isoformat(), "last": days[1].isoformat(), "kinds": list(kinds)}
    where = "day >= :first AND day <= :last AND kind IN :kinds"
    lists = ["kinds"]
    if windows:
        values["windows"] = _named(connection, windows)
        where += " AND window_id IN :windows"
        lists.append("windows")
        if not values["windows"]:
            return []
    question = sa.text(
        f"SELECT {column} AS key, kind, SUM(count) AS n, SUM(total) AS total FROM hub_counts"
        f" WHERE {where} GROUP BY {column}, kind"
    ).bindparams(*(sa.bindparam(name, expanding=True) for name in lists))
    found: dict[Any, dict[str, tuple[int, float]]] = {}
    for key, kind, n, total in connection.execute(question, values):
        if key != "" and key is not None:
            found.setdefault(key, {})[kind] = (int(n), float(total))
    return [
        Sums(
            str(key), {kind: n for kind, (n, _) in sorted(kinds_of.items())}, kinds_of.get("visit", (0, 0.0))[1]
        )
        for key, kinds_of in sorted(found.items())
    ]


def _named(connection: Connection, globs: Sequence[str]) -> list[str]:
    """The windows of the hall that globs mean."""
    known = connection.execute(sa.text("SELECT DISTINCT window_id FROM hub_desks"))
    return [name for (name,) in known if any(fnmatchcase(name, one) for one in globs)]
