"""Phrases and windows of a text to the cheapest way to lay each phrase into its window, all at once.

Edit distance with its own cost for each pair of sounds, each dropped and each added syllable, and with free
stretches where a spelling has a gap. Where in its window a phrase begins costs nothing. One numpy row of all
windows for each syllable of the phrases, along the diagonal: in a loop over windows each would cost what a
hundred cost together. Costs are integers, hundredths of a syllable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Ints = npt.NDArray[np.int32]

WHOLE = 100
"""The cost of a syllable that is simply another."""
GAP_COST = 1
"""For each syllable in a gap, so that the tightest way wins."""
WIDEST = 127
"""How far a way may stray from its window's start: the start must fit beside the cost in one integer."""
OUTSIDE = 4 * WHOLE
"""The cost of what lies outside the text or the window: more than any other way."""
_BITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Phrases as rows of equal width; what lies beyond a phrase's length is never looked at."""

    sounds: Ints
    """(phrases, syllables): rows of `Text.costs`."""
    lengths: Ints
    dropped: Ints
    """(phrases, syllables): the cost of not hearing this one."""
    gaps: Ints
    """(phrases, syllables): how many syllables may stand after this one for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The costs of one text; columns are its syllables."""

    costs: Ints
    """(sounds, syllables): hearing this syllable for that sound."""
    added: Ints
    """(syllables,): this syllable standing inside a phrase that does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Which phrase is laid where: its first syllable at `starts` or up to its width after, and so on for each.

    Every column up to `starts` + length + the greatest width lies inside the text.
    """

    phrases: Ints
    starts: Ints
    widths: Ints
    """How far a way may stray, in syllables, gaps and all; at most WIDEST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """For each window the cheapest way: its cost, and where it lies in the text."""

    costs: Ints
    starts: Ints
    ends: Ints


def lay(phrases: Phrases, text: Text, windows: Windows) -> Laid:
    """The cheapest way for each window; among equals the shortest, then the first."""
    # Longest first: the windows that are still being filled are always the first ones.
    order = np.argsort(-phrases.lengths[windows.phrases], kind="stable")
    chosen, starts = windows.phrases[order], windows.starts[order]
    lengths = phrases.lengths[chosen]
    alive = np.searchsorted(-lengths, -np.arange(lengths[0] + 2), side="left").tolist()
    sounds, dropped, gaps = (
        np.ascontiguousarray(table[chosen].T) for table in (phrases.sounds, phrases.dropped, phrases.gaps)
    )
    dropped <<= _BITS
    sounds *= text.costs.shape[1]
    costs = text.costs.ravel() << _BITS
    added = np.concatenate(([0], np.cumsum(text.added))).astype(np.int32) << _BITS
    widths = windows.widths[order]
    strays = np.arange(widths.max(), dtype=np.int32)[:, None]
    outside = np.where(strays < widths, 0, OUTSIDE << _BITS).astype(np.int32)
    is_mixed = bool(outside.any())
    columns = starts + strays
    # A cost and a start in one integer: the smaller wins, and among equal costs the later start.
    row = np.broadcast_to(WIDEST - strays, columns.shape)
    best, ends = np.zeros((2, len(chosen)), dtype=np.int32)
    for at in range(int(lengths[0])):
        now, later = alive[at], alive[at + 1]
        below = row[:, :now] + costs.take(columns[:, :now] + (sounds[at, :now] + at))
        np.minimum(below[:-1], row[1:, :now] + dropped[at, :now], out=below[:-1])
        if is_mixed:
            below += outside[:, :now]
        if later < now:
            ended = below[:, later:]
            ends[later:now] = ended.argmin(axis=0) + at + 1
            best[later:now] = ended.min(axis=0)
        row = _stretched(below[:, :later], added.take(columns[:, :later] + (at + 1)), gaps[at, :later])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    begun = starts + WIDEST - (best & WIDEST)
    return Laid(costs=(best >> _BITS)[back], starts=begun[back], ends=(starts + ends)[back])


def _stretched(row: Ints, before: Ints, gaps: Ints) -> Ints:
    """The row after syllables that the phrase does not have: at their cost, or for nothing in a gap.

    `before` is what all syllables before each place would cost.
    """
    row -= before
    np.minimum.accumulate(row, axis=0, out=row)
    row += before
    for gap in set(gaps[gaps > 0].tolist()):
        has_gap = gaps == gap
        part = row[:, has_gap]
        reached = 0
        while reached < gap:
            step = min(reached + 1, gap - reached)
            np.minimum(part[step:], part[:-step] + (step * GAP_COST << _BITS), out=part[step:])
            reached += step
        row[:, has_gap] = part
    return row


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way: a syllable of the phrase, one of the text, or one of each."""

    phrase: int | None
    text: int | None
    in_gap: bool = False


def way(
    costs: Sequence[Sequence[int]], dropped: Sequence[int], gaps: Sequence[int], added: Sequence[int]
) -> list[Step]:
    """The cheapest way to lay all of a phrase along all of a stretch of text; `costs` is (phrase, text)."""
    columns = len(added)
    last: list[int] = []
    moves: list[list[tuple[int, int]]] = []
    skips: list[list[int]] = []
    for at in range(len(dropped) + 1):
        row, back = [0] * (columns + 1), [(0, 0)] * (columns + 1)
        for to in range(columns + 1):
            ways = []
            if at and to:
                ways.append((last[to - 1] + costs[at - 1][to - 1], (1, 1)))
            if at:
                ways.append((last[to] + dropped[at - 1], (1, 0)))
            if to:
                ways.append((row[to - 1] + added[to - 1], (0, 1)))
            if ways:
                row[to], back[to] = min(ways)
        last, skipped = _with_gap(row, gaps[at - 1] if at else 0)
        moves.append(back)
        skips.append(skipped)
    return _walked(moves, skips)


def cost_of(step: Step, costs: Sequence[Sequence[int]], dropped: Sequence[int], added: Sequence[int]) -> int:
    """What one step of a way costs."""
    if step.in_gap:
        return GAP_COST
    if step.phrase is None:
        return added[step.text] if step.text is not None else 0
    return dropped[step.phrase] if step.text is None else costs[step.phrase][step.text]


def _with_gap(row: list[int], gap: int) -> tuple[list[int], list[int]]:
    """The costs once a gap may stand here, and how wide it is at each place."""
    wide, widths = list(row), [0] * len(row)
    for to in range(len(row)):
        for width in range(1, min(gap, to) + 1):
            if row[to - width] + width * GAP_COST < wide[to]:
                wide[to], widths[to] = row[to - width] + width * GAP_COST, width
    return wide, widths


def _walked(moves: list[list[tuple[int, int]]], skips: list[list[int]]) -> list[Step]:
    """The steps that led to the last corner, first one first."""
    steps: list[Step] = []
    at, to = len(moves) - 1, len(moves[0]) - 1
    may_skip = True
    while at or to:
        if may_skip and (width := skips[at][to]):
            steps += [Step(None, to - 1 - back, in_gap=True) for back in range(width)]
            to -= width
            may_skip = False
            continue
        phrase, text = moves[at][to]
        steps.append(Step(at - 1 if phrase else None, to - 1 if text else None))
        at, to = at - phrase, to - text
        # A gap opens once at each place of the phrase.
        may_skip = bool(phrase)
    return steps[::-1]
