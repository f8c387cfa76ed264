"""What a card says of somebody's time, as frozen values; points in hundredths.

Every total is the sum of its parts to the hundredth, `lift` included, so that outputs can be checked against
each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deskguard.scoring.periods import Period
    from deskguard.scoring.rates import Rate
    from deskguard.scoring.scorecard import CardSection, Item
    from deskguard.scoring.tally import By, Units
    from deskguard.scoring.values import Exposure

Withheld = Literal["card-has-no-grades", "shorter-than-card", "rating-missing"]
"""Why a score has no grade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Points as they count, and with everything that waits for a person."""

    counted: int
    if_confirmed: int

    def __add__(self, other: Amount) -> Amount:
        return Amount(counted=self.counted + other.counted, if_confirmed=self.if_confirmed + other.if_confirmed)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(counted=self.counted - other.counted, if_confirmed=self.if_confirmed - other.if_confirmed)

    @property
    def floored(self) -> Amount:
        """The same, not below 0."""
        return Amount(counted=max(0, self.counted), if_confirmed=max(0, self.if_confirmed))


def same(amount: int) -> Amount:
    """An amount that nobody has to confirm."""
    return Amount(counted=amount, if_confirmed=amount)


ZERO = same(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One line of a score."""

    item: Item
    units: Units
    people: int = 0
    """What people counted, beside the findings."""
    points: Amount
    """Below 0 where it takes some."""
    is_capped: bool = False
    """Without the cap it would be more, as it counts or if all were confirmed."""
    is_assessed: bool = True
    """False: only people can count it, and nobody has."""
    rate: Rate
    """Counted units for each visit, findings only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionScore:
    """A section: `earned` is `full`, the points of its items and `lift` together."""

    section: CardSection
    full: int
    items: tuple[ItemScore, ...] = ()
    lift: Amount = ZERO
    """What keeps it from falling below 0 or beyond its cap, turns a rating into points, or evens out the
    rounding of a mean."""
    earned: Amount
    points: Amount
    """What it adds to the total: `earned`, or its weighted part."""
    is_rated: bool = True
    """False: the rating it consists of has not been read in."""

    @property
    def worth(self) -> int:
        """What it adds to the total at best, bonuses aside."""
        return self.section.weight.hundredths if self.section.weight else self.full


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingScore:
    """What people think, told beside the points."""

    rating_id: str
    name: str
    mean: int | None
    """Hundredths; None: nothing was read in."""
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a score rests on."""

    exposure: Exposure
    recordings: int
    per_visit: Rate
    """Counted findings that take points."""
    per_speech_hour: Rate
    is_small: bool
    """Too little was heard to say much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a card says of somebody's period: `points` is `base`, the points of sections and `lift` together."""

    by: By
    subject: str
    """Window or clerk; empty for the hall, and for a clerk who was not told."""
    period: Period
    card_id: str
    base: int
    sections: tuple[SectionScore, ...]
    lift: Amount = ZERO
    points: Amount
    full: int
    grade: str | None = None
    grade_if_confirmed: str | None = None
    withheld: tuple[Withheld, ...] = ()
    """Why there is no grade."""
    passed: bool | None = None
    """None: the card has no rule for it, or the grade is withheld."""
    fatal_confirmed: int = 0
    fatal_waiting: int = 0
    ratings: tuple[RatingScore, ...] = ()
    basis: Basis
    parts: tuple[Score, ...] = ()
    """The periods of the card that this is the mean of."""
    place: int | None = None
    """Only where places are asked for."""

    @property
    def items(self) -> tuple[ItemScore, ...]:
        return tuple(item for section in self.sections for item in section.items)

    @property
    def by_person(self) -> int:
        """Findings that count because a person has confirmed them."""
        return sum(len(item.units.by_person) for item in self.items)

    @property
    def by_machine(self) -> int:
        """Findings that count by the machine's word alone."""
        return sum(len(item.units.findings) for item in self.items) - self.by_person

    @property
    def waiting(self) -> int:
        """Findings that wait for a person."""
        return sum(len(item.units.waiting) for item in self.items)
