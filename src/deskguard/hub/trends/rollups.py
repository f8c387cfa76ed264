"""What desks report, out of its sums by day, to counts and rates of any days: one statement a question.

These are hits as the desks had them, before any person looked: numbers of the day, for the hall's running. What
counts for anybody comes from the night (`counting`). Withdrawn hits and false alarms are told beside the hits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from deskguard.hub.store.sums import THOUSAND
from deskguard.hub.trends.asking import Asked, lines
from deskguard.hub.trends.counting import Share, quartiles, share_of, total
from deskguard.scoring.rates import Rate, rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from deskguard.hub.store.sums import By, Line

Dimension = Literal["day", "hour", "window", "rule", "standard", "scene", "act"]
_ASKED: dict[Dimension, tuple[str, By]] = {
    "day": ("kind", "day"),
    "hour": ("hour", "key"),
    "window": ("kind", "window"),
    "rule": ("rule", "key"),
    "standard": ("standard", "key"),
    "scene": ("scene", "key"),
    "act": ("act", "key"),
}
"""Where each dimension is summed up, and what its values are."""
_HAVE_VISITS: frozenset[Dimension] = frozenset({"day", "hour", "window"})
"""The others are looked for in every visit."""
ALL = "kind"
"""The part in which every window stands that ever reported anything that is counted."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What desks reported for one value of a dimension."""

    key: str
    counts: dict[str, int]
    visit_s: float
    """Length of all its visits together."""
    exposure: int
    """Visits in which it could have been found."""

    @property
    def hits(self) -> int:
        """Confirmed and not withdrawn later."""
        return max(0, self.of("hit") - self.of("hit-withdrawn"))

    @property
    def visits(self) -> int:
        return self.of("visit")

    @property
    def minutes(self) -> float | None:
        """Mean length of a visit."""
        return self.visit_s / self.visits / 60 if self.visits else None

    @property
    def hit_rate(self) -> Rate:
        return rate(self.hits, self.exposure, "visit")

    @property
    def manner_rate(self) -> Rate:
        return rate(self.of("manner"), self.exposure, "visit")

    @property
    def missing_rate(self) -> float | None:
        """Acts of courtesy that were not said, each visit."""
        return self.of("courtesy-missing") / self.exposure if self.exposure else None

    @property
    def courtesy(self) -> Share:
        """Acts said, of those said and missing."""
        return share_of(self.of("courtesy-said"), self.of("courtesy-missing"))

    def of(self, kind: str) -> int:
        """How often something of a kind was reported."""
        return self.counts.get(kind, 0)

    def told(self) -> dict[str, Any]:
        """For programs; rates are for each visit, `low` and `high` the bounds of 95 %."""
        hits, courtesy = self.hit_rate, self.courtesy
        return {
            "key": self.key,
            "hits": self.hits,
            "visit_s": round(self.visit_s, 1),
            "counts": self.counts,
            "hit_rate": {"visits": self.exposure, **_rounded(hits.value, hits.low, hits.high)},
            "courtesy": {
                "said": courtesy.said,
                "due": courtesy.due,
                **_rounded(courtesy.value, courtesy.low, courtesy.high),
            },
        }


@dataclass(frozen=True, slots=True)
class Distribution:
    """The measured values of one kind of manner, each to two digits."""

    kind: str
    unit: str
    count: int
    quartiles: tuple[float, float, float]


def sums(connection: Connection, by: Dimension, asked: Asked) -> list[Sums]:
    """The sums of each value of a dimension, in its order."""
    part, how = _ASKED[by]
    every = 0 if by in _HAVE_VISITS else whole(connection, asked).visits
    names: dict[str, list[Line]] = {}
    for line in lines(connection, part, how, asked, ALL):
        names.setdefault(line.name, []).append(line)
    return [_sums(by, name, found, every) for name, found in sorted(names.items())]


def whole(connection: Connection, asked: Asked) -> Sums:
    """All of it in one."""
    return _sums("day", "", lines(connection, ALL, "key", asked), 0)


def distributions(connection: Connection, asked: Asked) -> list[Distribution]:
    """How far manner passed its bounds, by kind."""
    values: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for line in lines(connection, "manner", "key", asked, ALL):
        kind, unit, value = line.name.split(":")
        values.setdefault((kind, unit), []).append((float(value), line.count))
    return [
        Distribution(kind, unit, total(found), quartiles(found))
        for (kind, unit), found in sorted(values.items())
    ]


def _sums(by: Dimension, name: str, found: Sequence[Line], every: int) -> Sums:
    counts = {line.kind: line.count for line in sorted(found, key=lambda one: one.kind)}
    lengths = sum(line.total for line in found if line.kind == "visit")
    visits = counts.get("visit", 0) if by in _HAVE_VISITS else every
    # Hours as people write them: 9, not 09.
    return Sums(str(int(name)) if by == "hour" else name, counts, lengths / THOUSAND, visits)


def _rounded(value: float | None, low: float | None, high: float | None) -> dict[str, float | None]:
    named = {"value": value, "low": low, "high": high}
    return {name: None if one is None else round(one, 5) for name, one in named.items()}
