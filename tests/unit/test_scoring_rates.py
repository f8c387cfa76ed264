"""Intervals: those of the published tables."""

from __future__ import annotations

import pytest

from deskguard.scoring.rates import poisson_interval, rate, share_interval

# Garwood 1936, and the same from chi-square quantiles: count, lower and upper limit of 95 %.
GARWOOD = [
    (0, 0.0, 3.689),
    (1, 0.0253, 5.572),
    (2, 0.242, 7.225),
    (5, 1.623, 11.668),
    (10, 4.795, 18.390),
    (20, 12.217, 30.888),
    (50, 37.111, 65.919),
    (100, 81.364, 121.627),
]


@pytest.mark.parametrize(("count", "low", "high"), GARWOOD)
def test_counts_have_the_published_limits(count: int, low: float, high: float) -> None:
    assert poisson_interval(count) == pytest.approx((low, high), abs=6e-4)


def test_large_counts_neither_underflow_nor_lose_their_limits() -> None:
    low, high = poisson_interval(200_000)
    assert low == pytest.approx(200_000 - 1.96 * 200_000**0.5, rel=1e-4)
    assert high == pytest.approx(200_000 + 1.96 * 200_000**0.5, rel=1e-4)


def test_a_rate_is_the_count_by_its_exposure() -> None:
    found = rate(5, 2.0, "speech-hour")
    assert (found.value, found.base) == (2.5, "speech-hour")
    assert (found.low, found.high) == pytest.approx((0.8117, 5.8342), abs=1e-3)


def test_without_exposure_there_is_no_rate() -> None:
    assert rate(0, 0.0, "visit").value is None


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_wilsons_limits(part: int, whole: int, low: float, high: float) -> None:
    assert share_interval(part, whole) == pytest.approx((low, high), abs=6e-5)


def test_of_nothing_any_share_is_possible() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)
