"""The turns of a visit in, for each how much its voice is one that was not heard in the visit before out.

A visitor who comes a few seconds after the last one, with no farewell and no greeting between them, is told
apart by nothing but the voice. On four days of synthetic voices turns of the same visitor came to -1.9 to -4.4
beside all before them, those of another one to 6 to 9.5 (2026-11-30).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.hearing.roles.partition import Floats, Weighing

_LEAST_S = 0.8
"""Speech of a turn in which another voice is looked for."""
_MOST = 6.0
"""The most that the voice may say for a newcomer, or against one."""


@dataclass(frozen=True, slots=True)
class Sides:
    """(n,) each: whose turns are known."""

    visitors: npt.NDArray[np.bool_]
    clerks: npt.NDArray[np.bool_]


def newcomers(
    voices: Floats, seconds: Floats, utterances: Sequence[int], sides: Sides, weighing: Weighing
) -> list[float]:
    """Log-odds of each turn, within +-6; 0 for the clerk's, for short ones and for the first visitor's.

    It must be unlike all visitors' turns before it together, and like none of them.
    """
    scatter = np.array([weighing.scatter_of(float(one)) for one in seconds])
    found = []
    for at, utterance_id in enumerate(utterances):
        before = [one for one in range(at) if sides.visitors[one] and utterances[one] != utterance_id]
        if not before or sides.clerks[at] or seconds[at] < _LEAST_S:
            found.append(0.0)
            continue
        centre = voices[before].mean(axis=0)
        expected = scatter[at] + scatter[before].mean() / len(before)
        together = _unlike(voices[at], centre, expected, weighing)
        each = min(_unlike(voices[at], voices[one], scatter[at] + scatter[one], weighing) for one in before)
        # Each pair alone says less, and of many pairs one is always rather alike.
        odds = together if each > 0 else min(together, each)
        found.append(float(np.clip(odds, -_MOST, _MOST)))
    return found


def _unlike(voice: Floats, other: Floats, within: float, weighing: Weighing) -> float:
    """ln P(two voices) / P(one); `within` is the squared distance that is expected of one."""
    between = within + 2 * weighing.spread
    squared = float(((voice - other) ** 2).sum())
    return weighing.freedom / 2 * (squared / within - squared / between - float(np.log(between / within)))
