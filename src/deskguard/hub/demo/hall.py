"""A hall that does not exist: windows, clerks and their ways, days and visits of a month; made up, by a seed.

A training lies in the middle: from that day on those who were there are more polite. So the month has something
to see, and the comparison before and after something to find.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from deskguard.hub.demo.speaking import Clerk

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20261130
WINDOWS = tuple(f"demo-{number:02}" for number in range(1, 9))
TRAINED = WINDOWS[:5]
"""The windows whose clerks took part in the training."""
DAYS = 30
_FIRST_S, _LAST_S = 9 * 3600, 17 * 3600
_LONGEST_VISIT_S = 420


@dataclass(frozen=True, slots=True)
class Sitting:
    """One clerk at one window for one day."""

    window_id: str
    day: date
    clerk: Clerk
    starts_s: tuple[float, ...]
    """When visits begin, in seconds since the recording began at nine o'clock."""

    @property
    def sha256(self) -> str:
        """Stands in for the recording's: there is none."""
        return hashlib.sha256(f"demo {self.window_id} {self.day}".encode()).hexdigest()

    @property
    def length_s(self) -> float:
        return float(_LAST_S - _FIRST_S)


def days(today: date) -> list[date]:
    """The working days of the month before a day."""
    every = (today - timedelta(days=back) for back in range(DAYS, 0, -1))
    return [one for one in every if one.weekday() < 5]


def training_day(today: date) -> date:
    """The day of the training: two weeks ago, or the working day after."""
    return next(one for one in days(today) if one >= today - timedelta(days=15))


def sittings(today: date, visits_a_day: int) -> Iterator[Sitting]:
    """Who sat where on which day, and when somebody came."""
    clerks = _clerks()
    for day in days(today):
        for place, window in enumerate(WINDOWS):
            rng = random.Random(f"{SEED} {window} {day}")  # noqa: S311 - a demo must be the same each time
            # Most days their own window; now and then somebody stands in.
            clerk = clerks[place] if rng.random() < 0.85 else rng.choice(clerks[len(WINDOWS) :])
            if day >= training_day(today) and window in TRAINED:
                clerk = _trained(clerk)
            many = max(3, round(visits_a_day * rng.uniform(0.7, 1.3)))
            yield Sitting(window, day, clerk, _arrivals(many, rng))


def _arrivals(many: int, rng: random.Random) -> tuple[float, ...]:
    """Beginnings of visits, none before the one before can be over."""
    room = (_LAST_S - _FIRST_S) / many
    spread = max(0.0, room - _LONGEST_VISIT_S)
    return tuple(60 + number * room * 0.97 + rng.uniform(0, spread * 0.8) for number in range(many))


def _clerks() -> list[Clerk]:
    """Ten people: most of them good at it, two who are not."""
    rng = random.Random(SEED)  # noqa: S311 - as above
    made = []
    for number in range(1, 11):
        ease = rng.uniform(0.0, 1.0) if number not in (3, 6) else 1.9
        made.append(
            Clerk(
                clerk_id=f"demo-{100 + number}",
                greets=max(0.35, 0.97 - 0.11 * ease),
                says_bye=max(0.3, 0.96 - 0.11 * ease),
                explains=max(0.4, 0.95 - 0.2 * ease),
                breaches=0.012 + 0.03 * ease,
                interrupts=0.02 + 0.03 * ease,
                leaves_waiting=0.03 + 0.05 * ease,
                raises_voice=0.01 + 0.015 * ease,
                answers_late=0.03 + 0.04 * ease,
            )
        )
    return made


def _trained(clerk: Clerk) -> Clerk:
    return replace(
        clerk,
        greets=min(0.98, clerk.greets + 0.12),
        says_bye=min(0.97, clerk.says_bye + 0.16),
        explains=min(0.97, clerk.explains + 0.15),
        breaches=clerk.breaches * 0.45,
        leaves_waiting=clerk.leaves_waiting * 0.5,
        interrupts=clerk.interrupts * 0.6,
    )
