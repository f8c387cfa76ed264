"""What the watchers of manner hand to `manner`: a measured value, not yet with an id and clauses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.values import Role

if TYPE_CHECKING:
    from deskguard.values import MannerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Something about manner that passed its bound; with the same kind and start it is the same finding."""

    kind: MannerKind
    start_sample: int
    end_sample: int
    value: float
    expected: float
    unit: str
    why: tuple[str, ...]
    role: Role = "staff"


def rounded(measured: Measured) -> Measured:
    """Values as they are told: two decimals are more than anybody can hear."""
    return replace(measured, value=round(measured.value, 2), expected=round(measured.expected, 2))
