"""What people counted and rated, by window or clerk and period, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.scoring.periods import Period
    from deskguard.scoring.tally import By


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One row of a table of ratings."""

    rating_id: str
    window_id: str = ""
    clerk_id: str = ""
    period: Period
    value: int
    """Hundredths, on the scale of the card."""
    count: int = 1
    """How many people said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often people saw an item of the card."""

    item_id: str
    window_id: str = ""
    clerk_id: str = ""
    period: Period
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """All that was read in."""

    ratings: tuple[Rated, ...] = ()
    counts: tuple[Counted, ...] = ()

    def __add__(self, other: Imports) -> Imports:
        return Imports(ratings=self.ratings + other.ratings, counts=self.counts + other.counts)

    def of(self, subject: str, by: By) -> Imports:
        """What is about one window or clerk.

        For the hall, what is told by windows; by clerks where no window is named, so that nothing counts twice
        that is told both ways.
        """
        if by == "hall":
            told = {one.rating_id for one in self.ratings if one.window_id}
            told |= {one.item_id for one in self.counts if one.window_id}
            return Imports(
                ratings=tuple(one for one in self.ratings if one.window_id or one.rating_id not in told),
                counts=tuple(one for one in self.counts if one.window_id or one.item_id not in told),
            )
        key = f"{by}_id"
        return Imports(
            ratings=tuple(one for one in self.ratings if getattr(one, key) == subject),
            counts=tuple(one for one in self.counts if getattr(one, key) == subject),
        )

    def count(self, item_id: str, period: Period) -> int:
        """How often people saw an item in a period; rows for longer ones are not split up."""
        return sum(one.count for one in self.counts if one.item_id == item_id and period.holds(one.period))

    def is_counted(self, item_id: str, period: Period) -> bool:
        """Whether anybody has looked for an item in that period, be it without finding it."""
        return any(one.item_id == item_id and period.holds(one.period) for one in self.counts)

    def rated(self, rating_id: str, period: Period) -> tuple[Fraction, int] | None:
        """The mean of a rating in a period and how many gave it; else that of the shortest longer period."""
        rows = [one for one in self.ratings if one.rating_id == rating_id and one.count > 0]
        inside = [one for one in rows if period.holds(one.period)]
        if not inside:
            around = [one.period for one in rows if one.period.holds(period)]
            shortest = min(around, key=lambda one: one.last - one.first, default=None)
            inside = [one for one in rows if one.period == shortest]
        return _mean(inside) if inside else None


def _mean(rows: Sequence[Rated]) -> tuple[Fraction, int]:
    people = sum(one.count for one in rows)
    return Fraction(sum(one.value * one.count for one in rows), people), people
