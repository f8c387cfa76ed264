"""Counts and exposures to rates with exact intervals, so that little evidence is not taken for much.

The interval is Garwood's for a Poisson count: F. Garwood, Fiducial limits for the Poisson distribution,
Biometrika 28 (1936), 437-442. It holds the true rate at least as often as it says, for small counts as well;
the table there is what the tests compare with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Literal

COVERS = 0.95
"""How often an interval holds the true rate, at least."""
_STEPS = 60
_NEGLIGIBLE = 1e-18
_CLOSE = 1e-10

Base = Literal["visit", "speech-hour"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something happened for so much exposure."""

    count: int
    exposure: float
    """Visits, or hours of staff's speech."""
    base: Base
    value: float | None
    """None where there was no exposure."""
    low: float | None
    high: float | None


def rate(count: int, exposure: float, base: Base) -> Rate:
    """The rate of a count, with its interval."""
    if exposure <= 0:
        return Rate(count=count, exposure=0.0, base=base, value=None, low=None, high=None)
    low, high = poisson_interval(count)
    return Rate(
        count=count,
        exposure=exposure,
        base=base,
        value=count / exposure,
        low=low / exposure,
        high=high / exposure,
    )


@lru_cache(maxsize=65_536)
def poisson_interval(count: int, covers: float = COVERS) -> tuple[float, float]:
    """The means that a Poisson count is in keeping with."""
    outside = (1 - covers) / 2
    low = 0.0 if count == 0 else _mean_where(count - 1, 1 - outside)
    return low, _mean_where(count, outside)


def share_interval(part: int, whole: int, z: float = 1.959964) -> tuple[float, float]:
    """The shares that `part` of `whole` is in keeping with; z is for 95 %.

    Wilson's score interval: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if whole == 0:
        return 0.0, 1.0
    share = part / whole
    middle = share + z * z / (2 * whole)
    half = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _mean_where(count: int, wanted: float) -> float:
    """The mean at which `count` or fewer has the probability `wanted`."""
    spread = 10.0 * sqrt(count + 1.0) + 20.0
    low, high = max(0.0, count - spread), count + spread
    mean = min(max(_guess(count, wanted), low), high)
    for _ in range(_STEPS):
        off = _probability_up_to(count, mean) - wanted
        # More is expected, so few become less likely.
        low, high = (mean, high) if off > 0 else (low, mean)
        # The slope is the probability of the count itself: by it three or four steps are enough.
        slope = exp(count * log(mean) - mean - lgamma(count + 1)) if mean > 0 else 1.0
        better = mean + off / slope if slope > 0 else low - 1
        better = better if low < better < high else (low + high) / 2
        if abs(better - mean) <= _CLOSE * mean:
            return better
        mean = better
    return mean


def _guess(count: int, wanted: float) -> float:
    """Nearly that mean: E. B. Wilson and M. M. Hilferty, The distribution of chi-square, Proceedings of the
    National Academy of Sciences 17 (1931), 684-688."""
    more = count + 1
    root = 1 - 1 / (9 * more) + NormalDist().inv_cdf(1 - wanted) / (3 * sqrt(more))
    return more * max(root, 0.0) ** 3


def _probability_up_to(count: int, mean: float) -> float:
    """Probability of `count` or fewer where `mean` are expected."""
    if mean <= 0:
        return 1.0
    # From the largest term outwards, until what comes is too small to matter; others would underflow.
    top = min(count, int(mean))
    largest = exp(top * log(mean) - mean - lgamma(top + 1))
    summed = term = largest
    for number in range(top, 0, -1):
        term *= number / mean
        summed += term
        if term < largest * _NEGLIGIBLE:
            break
    term = largest
    for number in range(top + 1, count + 1):
        term *= mean / number
        summed += term
        if term < largest * _NEGLIGIBLE:
            break
    return min(1.0, summed)
