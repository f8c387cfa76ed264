"""Occurrences and exposures to tallies, day by day, which add up to those of weeks, months and years.

A tally holds counts only. Points come later, from the counts of a whole period: caps and rates are for the
period, so adding up points day by day would be wrong, adding up counts is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from deskguard.scoring.periods import period_of
from deskguard.scoring.values import Exposure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from deskguard.scoring.card_schema import Unit
    from deskguard.scoring.periods import Per, Period
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.values import Recording

By = Literal["hall", "window", "clerk"]
"""Whose score: all together, each window's, each clerk's."""
Part = tuple["Recording", Exposure]
"""An examined recording and what there was in it."""


class Happened(Protocol):
    """What a tally asks of an occurrence: itself, or what was kept of it."""

    @property
    def item_id(self) -> str:
        """The item of the card it falls under."""

    @property
    def finding_id(self) -> str:
        """Of the finding that decides."""

    @property
    def visit_id(self) -> str:
        """Empty: outside of any visit."""

    @property
    def recording(self) -> Recording:
        """Where it was found."""

    @property
    def is_counted(self) -> bool:
        """Whether it counts without anybody's word."""

    @property
    def source(self) -> Literal["machine", "person"]:
        """Who says that it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How often an item happened, in what it counts."""

    counted: int = 0
    if_confirmed: int = 0
    """With everything that waits for a person."""
    findings: tuple[str, ...] = ()
    """Ids of those behind `counted`; of findings on the same words the one that decides."""
    by_person: tuple[str, ...] = ()
    """Those of `findings` that a person has confirmed; the others the machine alone says."""
    waiting: tuple[str, ...] = ()
    """Ids of those that wait."""

    def __add__(self, other: Units) -> Units:
        return Units(
            counted=self.counted + other.counted,
            if_confirmed=self.if_confirmed + other.if_confirmed,
            findings=self.findings + other.findings,
            by_person=self.by_person + other.by_person,
            waiting=self.waiting + other.waiting,
        )


NOTHING = Units()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was found, and in how much, for somebody over some days."""

    exposure: Exposure = field(default_factory=Exposure)
    recordings: int = 0
    windows: frozenset[str] = frozenset()
    """Where it was."""
    items: Mapping[str, Units] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        names = dict.fromkeys([*self.items, *other.items])
        return Tally(
            exposure=self.exposure + other.exposure,
            recordings=self.recordings + other.recordings,
            windows=self.windows | other.windows,
            items={name: self.units(name) + other.units(name) for name in names},
        )

    def units(self, item_id: str) -> Units:
        """The units of an item, none when it never happened."""
        return self.items.get(item_id, NOTHING)


def subject_of(recording: Recording, by: By) -> str:
    """Whose recording it is; all are the hall's, whose name is empty, and so is that of a clerk not told."""
    return {"hall": "", "window": recording.window_id, "clerk": recording.clerk_id}[by]


def day_tallies(
    parts: Iterable[Part], happened: Iterable[Happened], card: Scorecard, by: By
) -> dict[tuple[str, date], Tally]:
    """The tally of everybody's every day."""
    per_item: dict[str, Unit] = {item.item_id: item.per for _, item in card.items()}
    of_day: dict[tuple[str, date], dict[str, list[Happened]]] = {}
    for one in happened:
        recording = one.recording
        items = of_day.setdefault((subject_of(recording, by), recording.day), {})
        items.setdefault(one.item_id, []).append(one)
    found = {
        key: Tally(
            items={name: _units(listed, per_item[name]) for name, listed in items.items()},
            windows=frozenset(one.recording.window_id for listed in items.values() for one in listed),
        )
        for key, items in of_day.items()
    }
    listened: dict[tuple[str, date], list[Part]] = {}
    for part in parts:
        listened.setdefault((subject_of(part[0], by), part[0].day), []).append(part)
    for key, several in listened.items():
        found[key] = found.get(key, Tally()) + _heard(several)
    return dict(sorted(found.items()))


def rolled_up(tallies: Mapping[tuple[str, date], Tally], per: Per) -> dict[tuple[str, Period], Tally]:
    """Tallies of days to those of the periods they lie in: nothing but sums."""
    grouped: dict[tuple[str, Period], list[Tally]] = {}
    for (subject, day), tally in tallies.items():
        grouped.setdefault((subject, period_of(day, per)), []).append(tally)
    return {key: together(several) for key, several in grouped.items()}


def together(tallies: Sequence[Tally]) -> Tally:
    """The sum of tallies, halves first: adding one by one would copy what is there again and again."""
    if len(tallies) <= 1:
        return tallies[0] if tallies else Tally()
    middle = len(tallies) // 2
    return together(tallies[:middle]) + together(tallies[middle:])


def _heard(parts: Sequence[Part]) -> Tally:
    exposure = Exposure()
    for _, one in parts:
        exposure += one
    windows = frozenset(recording.window_id for recording, _ in parts)
    return Tally(exposure=exposure, recordings=len(parts), windows=windows)


def _units(happened: Sequence[Happened], per: Unit) -> Units:
    """One day's occurrences of an item in its own units."""
    counted = [one for one in happened if one.is_counted]
    return Units(
        counted=_number(counted, per),
        if_confirmed=_number(happened, per),
        findings=tuple(one.finding_id for one in counted),
        by_person=tuple(one.finding_id for one in counted if one.source == "person"),
        waiting=tuple(one.finding_id for one in happened if not one.is_counted),
    )


def _number(happened: Sequence[Happened], per: Unit) -> int:
    if per == "day":
        return min(1, len(happened))
    if per != "visit":
        return len(happened)
    # What lies in no visit is one of its own.
    return len({(one.recording.sha256, one.visit_id or f"-{one.finding_id}") for one in happened})
