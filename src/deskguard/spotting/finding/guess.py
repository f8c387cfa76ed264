"""A short text that makes no sense, and the rules: which spellings may have been said instead?

Of a short utterance, alone and fast, Whisper base may get no two syllables right (太阳少炉爽 for 哎呀，少啰嗦):
no seed is left for near matching. So every spelling is laid against the whole text, and the best few are
candidates that only the second look can make credible: it finds the nonsense hardly likelier than a phrase that
was said, and much likelier than any other. Costly, so only for what is short, unsure and without another
candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from deskguard.language.sounds import sound_distances
from deskguard.language.syllables import syllables, usual_syllables
from deskguard.language.text import normalise
from deskguard.spotting.finding.forms import forms_of, misplaced
from deskguard.spotting.finding.heard import Heard, Place
from deskguard.values import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection

    from deskguard.rules.ruleset import RuleSet
    from deskguard.spotting.finding.forms import Form
    from deskguard.values import Passage

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int64]

_FEWEST, _MOST = 3, 9
"""Syllables of a spelling; longer ones leave a seed."""
MOST_SYLLABLES = 12
"""Of the text."""
_MOST_DISTANCE = 0.5
_ADDED, _DROPPED = 0.7, 0.8
_MOST_OF_A_RULE = 2
_FOR_LENGTH = 0.02
_MOST_DROPPED = 1
MOST_GUESSES = 6
_LAID = 400
"""Spellings aligned; the others have too few of their sounds anywhere in the text."""


@dataclass(frozen=True, slots=True)
class _Laid:
    """Where spellings lie best in a text, one each."""

    rows: Ints
    costs: Floats
    """Per syllable of the spelling."""
    starts: Ints
    ends: Ints


class Guesser:
    """Knows the sounds of one rule set's spellings."""

    def __init__(self, rules: RuleSet) -> None:
        self._forms = [
            form
            for rule in rules.rules.values()
            for form in forms_of(rule)
            if len(form.spelling.pieces) == 1 and _FEWEST <= form.spelling.syllables <= _MOST
        ]
        self._lengths = np.array([form.spelling.syllables for form in self._forms], dtype=np.int64)
        self._sounds = np.zeros((len(self._forms), _MOST), dtype=np.int64)
        for row, form in enumerate(self._forms):
            self._sounds[row, : self._lengths[row]] = usual_syllables(form.spelling.key)

    def guess(self, passage: Passage, but: Collection[str] = ()) -> list[Candidate]:
        """The spellings that sound most like the passage or part of it, best first, none of the rules `but`."""
        text = normalise(passage.text)
        if not self._forms or not 0 < len(text.chars) <= MOST_SYLLABLES:
            return []
        heard = Heard(passage)
        laid = self._lay(np.array(syllables(text), dtype=np.int64))
        found: list[Candidate] = []
        # Of two that are as near, the longer says more.
        for at in np.argsort(laid.costs - _FOR_LENGTH * self._lengths[laid.rows], kind="stable"):
            form = self._forms[laid.rows[at]]
            start, end = int(laid.starts[at]), int(laid.ends[at])
            own = sum(one.rule_id == form.rule_id for one in found)
            if len(found) == MOST_GUESSES:
                break
            if laid.costs[at] > _MOST_DISTANCE:
                continue
            # Whisper finds 不行不行 as likely as 不行: what is said twice must be heard twice.
            is_heard = end - start >= form.spelling.syllables - _MOST_DROPPED
            if own == _MOST_OF_A_RULE or form.rule_id in but or not is_heard:
                continue
            if misplaced(heard, form, Place(start, end, exact=False)):
                continue
            found.append(_candidate(form, float(laid.costs[at]), text.origin[start], text.ends[end - 1]))
        return found

    def _lay(self, heard: Ints) -> _Laid:
        """The cheapest way to find each of the likelier spellings anywhere in the text, by edit distance."""
        costs = _sound_costs(self._sounds, heard)
        inside = np.arange(_MOST) < self._lengths[:, None]
        least = np.where(inside, costs.min(axis=2).clip(max=_DROPPED), 0).sum(axis=1) / self._lengths
        rows = np.argsort(least, kind="stable")[:_LAID]
        costs, lengths = costs[rows], self._lengths[rows]
        before = np.zeros((len(rows), heard.size + 1), dtype=np.float32)
        starts = np.tile(np.arange(heard.size + 1), (len(rows), 1))
        best, best_starts, best_ends = (
            np.full(len(rows), np.inf, np.float32),
            *np.zeros((2, len(rows)), np.int64),
        )
        for syllable in range(_MOST):
            before, starts = _next_row(before, starts, costs[:, syllable])
            done = np.flatnonzero(lengths == syllable + 1)
            ends = before[done].argmin(axis=1)
            best[done], best_ends[done] = before[done, ends], ends
            best_starts[done] = starts[done, ends]
        return _Laid(rows, (best / lengths).astype(np.float32), best_starts, best_ends)


def _sound_costs(sounds: Ints, heard: Ints) -> Floats:
    """(spellings, syllables, text): how unlike they sound; letters are like themselves only."""
    distances = sound_distances()
    known = len(distances)
    table = np.ones((known + 1, heard.size), dtype=np.float32)
    is_known = heard < known
    table[:known, is_known] = distances[:, heard[is_known]]
    costs: Floats = table[np.minimum(sounds, known)]
    same = (sounds[:, :, None] == heard) & (sounds >= known)[:, :, None]
    return np.where(same, np.float32(0), costs)


def _next_row(before: Floats, starts: Ints, costs: Floats) -> tuple[Floats, Ints]:
    """One more syllable of each spelling: heard as one of the text's, not heard, or with others before it."""
    row, begun = before + np.float32(_DROPPED), starts.copy()
    as_heard = before[:, :-1] + costs
    better = as_heard < row[:, 1:]
    row[:, 1:] = np.where(better, as_heard, row[:, 1:])
    begun[:, 1:] = np.where(better, starts[:, :-1], begun[:, 1:])
    for at in range(1, row.shape[1]):
        added = row[:, at - 1] + np.float32(_ADDED)
        better = added < row[:, at]
        row[:, at] = np.where(better, added, row[:, at])
        begun[:, at] = np.where(better, begun[:, at - 1], begun[:, at])
    return row, begun


def _candidate(form: Form, distance: float, start_char: int, end_char: int) -> Candidate:
    return Candidate(
        rule_id=form.rule_id,
        variant=form.variant.text,
        start_char=start_char,
        end_char=end_char,
        tier="near",
        distance=round(distance, 3),
        syllables=form.spelling.syllables,
        wording=form.spelling.key,
    )
