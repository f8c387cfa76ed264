"""Findings of a recording examined again to the names they had: what is found again is the same finding.

With the same rules and model the names agree by themselves. Another model places the same words some hundredths
of a second apart; a decision that a person made about them must not be lost by that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deskguard.scoring.values import Finding

_MOST_OF = 0.5
_NEAR_SAMPLES = SAMPLE_RATE_HZ // 2
"""By how much both edges may be off: what is missing has hardly any length of its own."""


def recognised(found: Sequence[Finding], known: Iterable[Finding]) -> list[Finding]:
    """The findings, each with the name of the known one that it is, if it is one.

    The same rule and kind in mostly the same place; the nearest go first, and each known one is one at most.
    """
    free = {one.finding_id: one for one in known}
    named: dict[int, str] = {}
    for at, one in enumerate(found):
        if one.finding_id in free:
            named[at] = one.finding_id
            del free[one.finding_id]
    pairs = sorted(
        (_distance(one, old), at, old.finding_id)
        for at, one in enumerate(found)
        if at not in named
        for old in free.values()
        if (old.rule_id, old.kind) == (one.rule_id, one.kind) and _is_same_place(one, old)
    )
    for _, at, name in pairs:
        if at not in named and name in free:
            named[at] = name
            del free[name]
    return [replace(one, finding_id=named[at]) if at in named else one for at, one in enumerate(found)]


def _distance(one: Finding, other: Finding) -> int:
    return abs(one.start_sample - other.start_sample) + abs(one.end_sample - other.end_sample)


def _is_same_place(one: Finding, other: Finding) -> bool:
    shared = min(one.end_sample, other.end_sample) - max(one.start_sample, other.start_sample)
    longer = max(one.end_sample - one.start_sample, other.end_sample - other.start_sample)
    edges = abs(one.start_sample - other.start_sample), abs(one.end_sample - other.end_sample)
    return (shared > 0 and shared >= _MOST_OF * longer) or max(edges) <= _NEAR_SAMPLES
