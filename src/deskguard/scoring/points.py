"""Points as whole hundredths, so that sums are exact and the same in every output."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

HUNDREDTHS = 100


def hundredths(points: float) -> int:
    """Points as written in a card to hundredths; ValueError for more than two decimals."""
    scaled = Decimal(str(points)) * HUNDREDTHS
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{points} has more than two decimals")
    return int(scaled)


def rounded(exact: Fraction) -> int:
    """To the nearest whole, halves away from zero as people round."""
    half = Fraction(1, 2)
    return int(exact + half) if exact >= 0 else -int(-exact + half)


def as_points(amount: int) -> Decimal:
    """Hundredths as the number of points that they are."""
    return Decimal(amount) / HUNDREDTHS


def points_text(amount: int) -> str:
    """Hundredths as text without idle zeros: -250 is "-2.5"."""
    text = f"{as_points(amount):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
