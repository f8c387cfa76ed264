"""Sums of judged findings and of what they were found in, to counts and rates by day, window, rule and so on.

What counts is what scorecards count: one for the same words, and nothing that a person has rejected. A rate is
for each visit and carries its interval, so that a quiet window is not taken for a good one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deskguard.hub.reviewing.sheets import APART, FOUND, SEVERITY, SPREAD
from deskguard.hub.trends.asking import Asked, lines
from deskguard.scoring.rates import Rate, rate, share_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from deskguard.hub.store.sums import By

Dimension = Literal["day", "window", "rule", "standard", "scene"]
_ASKED: dict[Dimension, tuple[str, By]] = {
    "day": (FOUND, "day"),
    "window": (FOUND, "window"),
    "rule": (f"{FOUND}-rule", "key"),
    "standard": (f"{FOUND}-standard", "key"),
    "scene": (f"{FOUND}-scene", "key"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """How often an act of courtesy was said of the times that asked for it."""

    said: int
    due: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        return self.said / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a dimension."""

    key: str
    title: str
    phrases: Rate
    """Words against a rule that count, each visit."""
    waiting: int
    """Findings that wait for a person, of all kinds."""
    courtesy: Share
    manner: Rate
    listed: int
    """Findings that the list behind it has."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The measured values of one kind of manner, to three digits."""

    kind: str
    unit: str
    count: int
    quartiles: tuple[float, float, float]
    expected: float
    """The bound that they passed; the middle one of several."""


@dataclass(frozen=True, slots=True)
class Change:
    """The same figure before and after a day."""

    name: Literal["phrases", "courtesy", "manner"]
    before: Rate | Share
    after: Rate | Share

    @property
    def is_clear(self) -> bool:
        """Whether the intervals lie apart: less is no evidence of a change."""
        one, two = self.before, self.after
        if None in (one.low, one.high, two.low, two.high, one.value, two.value):
            return False
        return bool(one.high < two.low or two.high < one.low)  # type: ignore[operator]


def rows(connection: Connection, by: Dimension, asked: Asked) -> list[Row]:
    """The rows of a dimension, the busiest first; days in their order."""
    part, how = _ASKED[by]
    found: dict[str, dict[str, int]] = {}
    titles: dict[str, str] = {}
    for line in lines(connection, part, how, asked, FOUND):
        # A rule whose wording was changed is still one.
        name, _, title = line.name.partition(APART)
        kinds = found.setdefault(name, {})
        kinds[line.kind] = kinds.get(line.kind, 0) + line.count
        titles[name] = max(titles.get(name, ""), title)
    # Rules, standards and scenes are looked for in every visit.
    every = None if by in ("day", "window") else _kinds(connection, asked).get("visits", 0)
    made = [_row(name, titles[name] or name, kinds, every) for name, kinds in found.items()]
    if by == "day":
        return sorted(made, key=lambda one: one.key)
    return sorted(made, key=lambda one: (-one.phrases.count, -one.manner.count, one.key))


def whole(connection: Connection, asked: Asked) -> Row:
    """All of it in one row."""
    return _row("", "", _kinds(connection, asked))


def share_of(said: int, missing: int) -> Share:
    """Courtesies said, of those said and missing."""
    return Share(said, said + missing, *share_interval(said, said + missing))


def by_severity(connection: Connection, asked: Asked) -> dict[str, dict[str, int]]:
    """For each day that was examined, how many words against a rule there were by severity."""
    days: dict[str, dict[str, int]] = {}
    for line in lines(connection, FOUND, "day", asked):
        days.setdefault(line.name, {"low": 0, "medium": 0, "high": 0})
    for line in lines(connection, SEVERITY, "day", asked, FOUND):
        days[line.name][line.kind] = line.count
    return dict(sorted(days.items()))


def spreads(connection: Connection, asked: Asked) -> list[Spread]:
    """How far measured values passed their bounds, by kind of manner."""
    values: dict[tuple[str, str], list[tuple[float, int]]] = {}
    bounds: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for line in lines(connection, SPREAD, "key", asked, FOUND):
        kind, unit, bound, value = line.name.split(APART)
        values.setdefault((kind, unit), []).append((float(value), line.count))
        bounds.setdefault((kind, unit), []).append((float(bound), line.count))
    return [
        Spread(kind, unit, total(found), quartiles(found), quartiles(bounds[kind, unit])[1])
        for (kind, unit), found in sorted(values.items())
    ]


def top(connection: Connection, asked: Asked, many: int = 12) -> list[tuple[str, str, int]]:
    """The rules whose words were said most: id, wording, how often."""
    said = [one for one in lines(connection, f"{FOUND}-rule", "key", asked, FOUND) if one.kind == "phrases"]
    ranked = sorted(said, key=lambda one: (-one.count, one.name))
    return [(*_parted(one.name), one.count) for one in ranked[:many]]


def change(before: Row, after: Row) -> list[Change]:
    """What changed from some days to others."""
    return [
        Change("phrases", before.phrases, after.phrases),
        Change("courtesy", before.courtesy, after.courtesy),
        Change("manner", before.manner, after.manner),
    ]


def total(found: Iterable[tuple[float, int]]) -> int:
    """How many values there are: each with how often."""
    return sum(many for _, many in found)


def quartiles(found: Sequence[tuple[float, int]]) -> tuple[float, float, float]:
    """The values that a quarter, half and three quarters are not above, each with how often; there is one."""
    ordered = sorted(found)
    many = total(ordered)
    low, middle, high = (_value_at(ordered, quarter * many / 4) for quarter in (1, 2, 3))
    return low, middle, high


def _value_at(ordered: Sequence[tuple[float, int]], place: float) -> float:
    reached = 0
    for value, many in ordered:
        reached += many
        if reached >= place:
            return value
    return ordered[-1][0]


def _kinds(connection: Connection, asked: Asked) -> dict[str, int]:
    return {line.kind: line.count for line in lines(connection, FOUND, "key", asked)}


def _row(key: str, title: str, kinds: Mapping[str, int], visits: int | None = None) -> Row:
    exposure = kinds.get("visits", 0) if visits is None else visits
    return Row(
        key=key,
        title=title,
        phrases=rate(kinds.get("phrases", 0), exposure, "visit"),
        waiting=kinds.get("waiting", 0),
        courtesy=share_of(kinds.get("said", 0), kinds.get("missing", 0)),
        manner=rate(kinds.get("manner", 0), exposure, "visit"),
        listed=kinds.get("listed", 0),
    )


def _parted(name: str) -> tuple[str, str]:
    key, _, title = name.partition(APART)
    return key, title
