"""Audio, monotonic and wall time, each in terms of another."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deskguard.desk.run_clock import RunClock
from deskguard.values import SAMPLE_RATE_HZ
from hearing_values import chunk, silence

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Wall:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._began_ns = time.monotonic_ns()

    def __call__(self) -> datetime:
        return NOON + self.ahead + timedelta(microseconds=(time.monotonic_ns() - self._began_ns) / 1000)


@pytest.fixture
def clock() -> RunClock:
    """A run that has heard 100 s until now."""
    one = RunClock(Wall())
    one.hear(replace(chunk(silence(1.0), 99 * SAMPLE_RATE_HZ), captured_ns=time.monotonic_ns()))
    return one


def test_a_sample_and_its_time_lead_to_one_another(clock: RunClock) -> None:
    sample = 40 * SAMPLE_RATE_HZ
    found = clock.sample_at(datetime.fromisoformat(clock.utc_of(sample)))
    # Times are kept to the microsecond.
    assert abs(found - sample) <= 1


def test_a_sample_was_heard_as_long_ago_as_its_distance_from_the_newest(clock: RunClock) -> None:
    newest, earlier = (datetime.fromisoformat(clock.utc_of(one * SAMPLE_RATE_HZ)) for one in (100, 40))
    assert (newest - earlier).total_seconds() == pytest.approx(60, abs=1e-5)


def test_now_is_after_the_newest_audio(clock: RunClock) -> None:
    assert clock.sample_at(None) >= 100 * SAMPLE_RATE_HZ


def test_what_was_before_the_run_lies_before_its_first_sample(clock: RunClock) -> None:
    assert clock.sample_at(NOON - timedelta(hours=1)) < 0


def test_a_wall_clock_that_is_set_is_followed_and_one_that_drifts_is_not() -> None:
    wall = Wall()
    clock = RunClock(wall)
    wall.ahead = timedelta(seconds=3)
    assert clock.follow_wall() is None
    wall.ahead = timedelta(hours=5)
    assert clock.follow_wall() == pytest.approx(5 * 3600, abs=1)
    assert clock.follow_wall() is None
    assert abs(datetime.fromisoformat(clock.utc()) - wall()) < timedelta(seconds=1)
