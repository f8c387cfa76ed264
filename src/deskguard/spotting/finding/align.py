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
_MANY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Phrases as columns of equal height; what lies beyond a phrase's length is never looked at."""

    sounds: Ints
    """(syllables, phrases): columns of `Text.costs`."""
    lengths: Ints
    dropped: Ints
    """(syllables, phrases): the cost of not hearing this one."""
    gaps: Ints
    """(syllables, phrases): how many syllables may stand after this one for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The costs of one text."""

    costs: Ints
    """(syllables, sounds): hearing this syllable for that sound."""
    added: Ints
    """(syllables,): this syllable standing inside a phrase that does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Which phrase is laid where: its first syllable at `starts` or up to its width after, and so on for each.

    Every syllable up to `starts` + length + the greatest width lies inside the text.
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
    chosen, starts, widths = windows.phrases[order], windows.starts[order], windows.widths[order]
    lengths = phrases.lengths[chosen]
    alive = np.searchsorted(-lengths, -np.arange(lengths[0] + 2), side="left").tolist()
    # Costs are counted less what all syllables so far would cost as added ones: so an added one costs nothing.
    costs = ((text.costs - text.added[:, None]) << _BITS).ravel()
    added = np.concatenate(([0], np.cumsum(text.added))).astype(np.int32) << _BITS
    strays = np.arange(widths.max(), dtype=np.int32)[:, None]
    outside = np.where(strays < widths, 0, OUTSIDE * WIDEST << _BITS).astype(np.int32)
    places = starts + strays
    cells = places * text.costs.shape[1]
    # A cost and a start in one integer: the smaller wins, and among equal costs the later start.
    row = outside + (WIDEST - strays) - added.take(places)
    best, ends = np.zeros((2, len(chosen)), dtype=np.int32)
    for at in range(int(lengths[0])):
        now, later = alive[at], alive[at + 1]
        some = chosen[:now]
        sounds = phrases.sounds[at].take(some) + at * text.costs.shape[1]
        below = row[:, :now] + costs.take(cells[:, :now] + sounds)
        np.minimum(below[:-1], row[1:, :now] + (phrases.dropped[at].take(some) << _BITS), out=below[:-1])
        if later < now:
            ended = below[:, later:] + outside[:, later:now] + added.take(places[:, later:now] + at + 1)
            ends[later:now] = ended.argmin(axis=0) + at + 1
            best[later:now] = ended.min(axis=0)
        row = _running_minimum(below[:, :later])
        _open_gaps(row, phrases.gaps[at].take(some[:later]), added, places[:, :later] + at + 1)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    begun = starts + WIDEST - (best & WIDEST)
    return Laid(costs=(best >> _BITS)[back], starts=begun[back], ends=(starts + ends)[back])


def _running_minimum(row: Ints) -> Ints:
    """Each value or a smaller one above it."""
    if row.shape[1] < _MANY:
        return np.minimum.accumulate(row, axis=0)
    # By doubling: for many columns numpy's own way takes three times as long.
    step = 1
    while step < len(row):
        np.minimum(row[step:], row[:-step], out=row[step:])
        step *= 2
    return row


def _open_gaps(row: Ints, gaps: Ints, added: Ints, places: Ints) -> None:
    """Let so many syllables of the text pass for nothing, as the spellings have gaps here."""
    for gap in set(gaps.tolist()) - {0}:
        has_gap = np.flatnonzero(gaps == gap)
        before = added.take(places[:, has_gap])
        part = row[:, has_gap] + before
        reached = 0
        while reached < gap:
            step = min(reached + 1, gap - reached)
            np.minimum(part[step:], part[:-step] + (step * GAP_COST << _BITS), out=part[step:])
            reached += step
        row[:, has_gap] = part - before


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
    # Before the phrase's first syllable nothing is free: the stretch is all of the text there is.
    row = [0]
    for cost in added:
        row.append(row[-1] + cost)
    moves = [[(0, 1)] * len(row)]
    last, skips = row, [[0] * len(row)]
    for at, drop in enumerate(dropped):
        left = last[0] + drop
        row, back = [left], [(1, 0)]
        for to, cost in enumerate(costs[at]):
            both, over, along = last[to] + cost, last[to + 1] + drop, left + added[to]
            if both <= over and both <= along:
                left, move = both, (1, 1)
            elif over <= along:
                left, move = over, (1, 0)
            else:
                left, move = along, (0, 1)
            row.append(left)
            back.append(move)
        last, skipped = _with_gap(row, gaps[at]) if gaps[at] else (row, skips[0])
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
