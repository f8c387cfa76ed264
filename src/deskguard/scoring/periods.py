"""Days to the weeks, months and years that they lie in, and back from how people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Per = Literal["day", "week", "month", "year"]
PERS: tuple[Per, ...] = ("day", "week", "month", "year")
"""From short to long."""
# Years that calendars reckon with: 9999-12 has no month after it.
_YEAR = re.compile(r"([12]\d{3})")
_MONTH = re.compile(r"([12]\d{3})-(\d{2})")
_WEEK = re.compile(r"([12]\d{3})-W(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of whole days with a name: 2026-11-21, 2026-W47, 2026-11, 2026."""

    first: date
    last: date
    """Included."""
    per: Per
    name: str

    def holds(self, other: Period) -> bool:
        """Whether all days of `other` lie in this one."""
        return self.first <= other.first and other.last <= self.last


def period_of(day: date, per: Per) -> Period:
    """The period of a kind that a day lies in; weeks are those of ISO 8601, Monday to Sunday."""
    if per == "day":
        return Period(day, day, per, day.isoformat())
    if per == "week":
        year, week, weekday = day.isocalendar()
        monday = day - timedelta(days=weekday - 1)
        return Period(monday, monday + timedelta(days=6), per, f"{year}-W{week:02}")
    if per == "month":
        first = day.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
        return Period(first, after - timedelta(days=1), per, f"{day.year}-{day.month:02}")
    return Period(date(day.year, 1, 1), date(day.year, 12, 31), per, str(day.year))


def parse_period(text: str) -> Period:
    """A period by its name; ValueError for what names none."""
    written = text.strip()
    if found := _YEAR.fullmatch(written):
        return period_of(date(int(found[1]), 1, 1), "year")
    if found := _WEEK.fullmatch(written):
        return period_of(date.fromisocalendar(int(found[1]), int(found[2]), 1), "week")
    if found := _MONTH.fullmatch(written):
        return period_of(date(int(found[1]), int(found[2]), 1), "month")
    return period_of(date.fromisoformat(written), "day")


def is_longer(per: Per, other: Per) -> bool:
    """Whether one kind of period is longer than another."""
    return PERS.index(per) > PERS.index(other)
