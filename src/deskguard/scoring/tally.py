"""Occurrences and exposures to tallies, day by day, which add up to those of weeks, months and years.

A tally holds counts only. Points come later, from the counts of a whole period: caps and rates are for the
period, so adding up points day by day would be wrong, adding up counts is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from deskguard.scoring.periods import period_of
from deskguard.scoring.values import Exposure, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from deskguard.scoring.card_schema import Unit
    from deskguard.scoring.occurrences import Occurrence
    from deskguard.scoring.periods import Per, Period
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.values import Recording

By = Literal["hall", "window", "clerk"]
"""Whose score: all together, each window's, each clerk's."""
Part = tuple["Recording", Exposure]
"""An examined recording and what there was in it."""


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


def alone(
    parts: Iterable[Part], happened: Iterable[Occurrence], card: Scorecard
) -> list[tuple[Recording, Tally]]:
    """The tally of every recording by itself: whoever keeps these need not look at its findings again."""
    per_item: dict[str, Unit] = {item.item_id: item.per for _, item in card.items()}
    recordings: dict[str, Recording] = {}
    of_recording: dict[str, dict[str, list[Occurrence]]] = {}
    for one in happened:
        recording = one.lead.recording
        recordings[recording.sha256] = recording
        items = of_recording.setdefault(recording.sha256, {})
        items.setdefault(one.item_id, []).append(one)
    exposures: dict[str, Exposure] = {}
    for recording, exposure in parts:
        recordings.setdefault(recording.sha256, recording)
        exposures[recording.sha256] = exposure
    return [
        (
            recording,
            Tally(
                exposure=exposures.get(sha256, Exposure()),
                recordings=int(sha256 in exposures),
                windows=frozenset({recording.window_id}),
                items={
                    name: _units(listed, per_item[name])
                    for name, listed in of_recording.get(sha256, {}).items()
                },
            ),
        )
        for sha256, recording in recordings.items()
    ]


def day_tallies(
    recordings: Iterable[tuple[Recording, Tally]], card: Scorecard, by: By
) -> dict[tuple[str, date], Tally]:
    """The tally of everybody's every day, by those of recordings."""
    once_a_day = [item.item_id for _, item in card.items() if item.per == "day"]
    grouped: dict[tuple[str, date], list[Tally]] = {}
    for recording, tally in recordings:
        grouped.setdefault((subject_of(recording, by), recording.day), []).append(tally)
    return {key: _of_a_day(together(several), once_a_day) for key, several in sorted(grouped.items())}


def rolled_up(tallies: Mapping[tuple[str, date], Tally], per: Per) -> dict[tuple[str, Period], Tally]:
    """Tallies of days to those of the periods they lie in: nothing but sums."""
    grouped: dict[tuple[str, Period], list[Tally]] = {}
    for (subject, day), tally in tallies.items():
        grouped.setdefault((subject, period_of(day, per)), []).append(tally)
    return {key: together(several) for key, several in grouped.items()}


def together(tallies: Sequence[Tally]) -> Tally:
    """The sum of tallies."""
    if len(tallies) <= 1:
        return tallies[0] if tallies else Tally()
    # Laid on one pile: adding one to the other would copy what is there again and again.
    piles: dict[str, _Pile] = {}
    for tally in tallies:
        for name, units in tally.items.items():
            piles.setdefault(name, _Pile()).lay(units)
    return Tally(
        exposure=total(one.exposure for one in tallies),
        recordings=sum(one.recordings for one in tallies),
        windows=frozenset().union(*(one.windows for one in tallies)),
        items={name: pile.whole() for name, pile in piles.items()},
    )


class _Pile:
    """Units that are being added up."""

    def __init__(self) -> None:
        self._counted = self._if_confirmed = 0
        self._findings: list[str] = []
        self._by_person: list[str] = []
        self._waiting: list[str] = []

    def lay(self, units: Units) -> None:
        self._counted += units.counted
        self._if_confirmed += units.if_confirmed
        self._findings += units.findings
        self._by_person += units.by_person
        self._waiting += units.waiting

    def whole(self) -> Units:
        return Units(
            counted=self._counted,
            if_confirmed=self._if_confirmed,
            findings=tuple(self._findings),
            by_person=tuple(self._by_person),
            waiting=tuple(self._waiting),
        )


def _of_a_day(tally: Tally, once_a_day: Sequence[str]) -> Tally:
    """The same where some items count once a day, however many recordings it has."""
    more = [name for name in once_a_day if tally.units(name).if_confirmed > 1]
    if not more:
        return tally
    capped = {
        name: replace(tally.items[name], counted=min(1, tally.items[name].counted), if_confirmed=1)
        for name in more
    }
    return replace(tally, items={**tally.items, **capped})


def _units(happened: Sequence[Occurrence], per: Unit) -> Units:
    """One recording's occurrences of an item in its own units."""
    counted = [one for one in happened if one.is_counted]
    return Units(
        counted=_number(counted, per),
        if_confirmed=_number(happened, per),
        findings=tuple(one.lead.finding_id for one in counted),
        by_person=tuple(one.lead.finding_id for one in counted if one.source == "person"),
        waiting=tuple(one.lead.finding_id for one in happened if not one.is_counted),
    )


def _number(happened: Sequence[Occurrence], per: Unit) -> int:
    if per == "day":
        return min(1, len(happened))
    if per != "visit":
        return len(happened)
    # What lies in no visit is one of its own.
    return len({one.lead.visit_id or f"-{one.lead.finding_id}" for one in happened})
