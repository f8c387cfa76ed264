"""Judged findings and what there was to find them in, to counts and rates by day, window, rule and the like.

What counts is what scorecards count: one for the same words, and nothing that a person has rejected. A rate is
for each visit and carries its interval, so that a quiet window is not taken for a good one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Literal

from deskguard.scoring.rates import Rate, rate, share_interval
from deskguard.scoring.review import FALLS
from deskguard.scoring.values import MANNER, MISSING, SAID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from deskguard.hub.reviewing.results import Looked
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.tally import Part
    from deskguard.scoring.values import Finding

Dimension = Literal["day", "window", "rule", "standard", "scene"]
_FEWEST = 2
"""Values from which quartiles are told."""


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


@dataclass(frozen=True, slots=True)
class Spread:
    """The measured values of one kind of manner."""

    kind: str
    unit: str
    values: tuple[float, ...]
    """Sorted."""
    quartiles: tuple[float, float, float]
    expected: float


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


def against(one: Judged) -> bool:
    """Words against a rule that count by the card."""
    return one.counts and one.finding.is_spoken and one.item is not None and not one.item.gives


def rows(looked: Looked, dimension: Dimension) -> list[Row]:
    """The rows of a dimension, the busiest first; days in their order."""
    key = _KEYS[dimension]
    grouped: dict[str, list[Judged]] = {}
    for one in looked.found:
        if name := key(one.finding):
            grouped.setdefault(name, []).append(one)
    visits = _visits(looked.night.parts, dimension)
    every = sum(exposure.visits for _, exposure in looked.night.parts)
    if dimension in ("day", "window"):
        for name in visits:
            grouped.setdefault(name, [])
    # Rules, standards and scenes are looked for in every visit.
    rest = 0 if dimension in ("day", "window") else every
    made = [
        row(name, _title(dimension, name, found), found, visits.get(name, rest), looked.due)
        for name, found in grouped.items()
    ]
    if dimension == "day":
        return sorted(made, key=lambda one: one.key)
    return sorted(made, key=lambda one: (-one.phrases.count, -one.manner.count, one.key))


def whole(looked: Looked) -> Row:
    """All of it in one row."""
    visits = sum(exposure.visits for _, exposure in looked.night.parts)
    return row("", "", looked.found, visits, looked.due)


def row(key: str, title: str, found: Sequence[Judged], visits: int, due: frozenset[str]) -> Row:
    """What is told of some findings in so many visits."""
    manner = [one for one in found if one.finding.kind == MANNER and _holds(one)]
    return Row(
        key=key,
        title=title,
        phrases=rate(sum(against(one) for one in found), visits, "visit"),
        waiting=sum(one.waiting is not None for one in found),
        courtesy=share(found, due),
        manner=rate(len(manner), visits, "visit"),
    )


def share(found: Iterable[Judged], due: frozenset[str]) -> Share:
    """Courtesies said, of those said and missing; only acts that something asks for."""
    states = Counter(
        one.finding.kind
        for one in found
        if one.finding.kind in (SAID, MISSING) and one.finding.rule_id in due and _holds(one)
    )
    times = states[SAID] + states[MISSING]
    return Share(states[SAID], times, *share_interval(states[SAID], times))


def by_severity(looked: Looked) -> dict[str, dict[str, int]]:
    """For each day with anything in it, how many words against a rule there were by severity."""
    days: dict[str, dict[str, int]] = {
        recording.day.isoformat(): {"low": 0, "medium": 0, "high": 0} for recording, _ in looked.night.parts
    }
    for one in looked.found:
        if against(one) and one.finding.severity:
            day = days.setdefault(one.finding.recording.day.isoformat(), {"low": 0, "medium": 0, "high": 0})
            day[one.finding.severity] += 1
    return dict(sorted(days.items()))


def spreads(found: Iterable[Judged]) -> list[Spread]:
    """How far measured values passed their bounds, by kind of manner."""
    grouped: dict[str, list[Finding]] = {}
    for one in found:
        if one.finding.kind == MANNER and one.finding.value is not None and _holds(one):
            grouped.setdefault(one.finding.title, []).append(one.finding)
    return [_spread(kind, listed) for kind, listed in sorted(grouped.items())]


def top(found: Iterable[Judged], many: int = 12) -> list[tuple[str, str, int]]:
    """The rules whose words were said most: id, wording, how often."""
    counted = Counter((one.finding.rule_id, one.finding.title) for one in found if against(one))
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(rule_id, title, n) for (rule_id, title), n in ranked[:many]]


def change(before: Looked, after: Looked) -> list[Change]:
    """What changed from some days to others."""
    first, second = (whole(one) for one in (before, after))
    return [
        Change("phrases", first.phrases, second.phrases),
        Change("courtesy", first.courtesy, second.courtesy),
        Change("manner", first.manner, second.manner),
    ]


def _spread(kind: str, listed: Sequence[Finding]) -> Spread:
    values = sorted(one.value for one in listed if one.value is not None)
    low, middle, high = quantiles(values, n=4) if len(values) >= _FEWEST else [values[0]] * 3
    return Spread(kind, listed[0].unit, tuple(values), (low, middle, high), listed[0].expected or 0.0)


def _holds(one: Judged) -> bool:
    return one.standing.state not in FALLS and one.finding.role != "visitor"


def _visits(parts: Iterable[Part], dimension: Dimension) -> dict[str, int]:
    found: Counter[str] = Counter()
    for recording, exposure in parts:
        if dimension == "day":
            found[recording.day.isoformat()] += exposure.visits
        elif dimension == "window":
            found[recording.window_id] += exposure.visits
    return dict(found)


def _scene(finding: Finding) -> str:
    """Acts are named after their scene: K.greet.hello."""
    parts = finding.rule_id.split(".")
    return parts[1] if finding.kind in (SAID, MISSING) and len(parts) > 1 else ""


def _standard(finding: Finding) -> str:
    return finding.clauses[0].standard if finding.clauses else ""


def _title(dimension: Dimension, key: str, found: Sequence[Judged]) -> str:
    if dimension == "rule" and found:
        return found[0].finding.title
    if dimension == "standard" and found and found[0].finding.clauses:
        return found[0].finding.clauses[0].title
    return key


_KEYS: dict[Dimension, Callable[[Finding], str]] = {
    "day": lambda one: one.recording.day.isoformat(),
    "window": lambda one: one.recording.window_id,
    "rule": lambda one: one.rule_id,
    "standard": _standard,
    "scene": _scene,
}


def key_of(dimension: Dimension) -> Callable[[Finding], str]:
    """What tells rows of a dimension apart."""
    return _KEYS[dimension]
