"""How a misheard spelling lies in the text, to whether enough of it was heard to ask the audio once more.

Distance alone would do for a hundred spellings; with thousands some spelling is always near, mostly one that
shares its 你, 这 and 了 with the text. So what fits is weighed by how much it says, and what makes a phrase a
reproach, its negation above all, must have been heard.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from deskguard.language.words import PARTICLES
from deskguard.rules.spelling import GAP_S
from deskguard.spotting.finding.align import WHOLE
from deskguard.spotting.finding.heard import MOST_FILLERS
from deskguard.spotting.finding.meant import wording
from deskguard.spotting.finding.near import NEGATIONS, most_distance, most_piece_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.spotting.finding.align import Step
    from deskguard.spotting.finding.forms import Form
    from deskguard.spotting.finding.heard import Heard
    from deskguard.spotting.finding.near import NearPlace

_LITTLE_SAID = PARTICLES | frozenset("的了着地得个就也还都你我这那是有一在给么")
_LITTLE = 0.5
"""What such a syllable says, next to any other."""
_LOST_BY_SOUND = 1.8
"""How much less a syllable fits for each whole it costs: half of that, and it speaks against the phrase."""
_ADDED = 0.7
_LEAST_FIT = 1.15
"""Fit over the root of what the spelling says. With 7,500 spellings: 0.016 candidates a sentence of 443 read
ones, 0.3 a turn at the counter, where much is nearly a phrase; distance alone had 0.61 and 3.3. Of phrases
with one syllable spoilt 0.91 remain, of 0.97; with two 0.80, of 0.91 (bench/spotting.py, 2026-11-21)."""
_PARTICLE_COST = 30
_NEGATION_COST = 60
_LONG = 7
"""Syllables from which a phrase is known by the rest of it, even without its negation."""
_PAUSE_COST = 30
"""Hundredths of a syllable for a pause where the spelling has none."""
_SYLLABLES_A_DROP = 4
"""Of so many syllables one may be missing altogether; what holds less is another, shorter phrase."""


class Fit:
    """One spelling in one place; positions of the steps count from the place's start."""

    def __init__(self, heard: Heard, form: Form, near: NearPlace, steps: Sequence[tuple[Step, int]]) -> None:
        self._heard = heard
        self._form = form
        self._near = near
        self._steps = steps
        self._chars = form.spelling.key

    @property
    def wording(self) -> str:
        return wording(self._heard, self._form.spelling, self._near.start, [step for step, _ in self._steps])

    @property
    def lacks_end(self) -> bool:
        """The last syllable has not been heard."""
        return bool(self._steps) and self._steps[-1][0].text is None

    @cached_property
    def distance(self) -> float:
        """Cost per syllable, misplaced pauses included."""
        return (self._near.cost + _PAUSE_COST * self._pauses()) / WHOLE / self._near.syllables

    def is_too_far(self) -> str:
        """The reason if it is, or nothing."""
        if self.distance <= most_distance(self._form.spelling) + 1e-9:
            return ""
        return f"farther than allowed: {self.distance:.2f} per syllable"

    def misses(self) -> str:
        """The first thing that is missing or too much, or nothing."""
        return self._half_said() or self._stretched() or self._piece_missing()

    def _pauses(self) -> int:
        """How many pauses were written where neither the spelling has a gap nor a filler stands."""
        pieces = self._form.spelling.pieces
        begins = {sum(map(len, pieces[:number])) for number in range(1, len(pieces))}
        return sum(
            self._near.start + step.text in self._heard.text.breaks
            for (before, _), (step, _) in pairwise(self._steps)
            if step.text is not None
            and step.phrase is not None
            and step.phrase not in begins
            and before.phrase is not None
        )

    def _half_said(self) -> str:
        """Whether too little of what carries meaning was heard."""
        costs = [0] * len(self._chars)
        for step, cost in self._steps:
            if step.phrase is not None:
                costs[step.phrase] = cost
        # A short phrase with its particle is another without it: 谁知道呢, 谁知道办这个要排队.
        if self._form.whole_words and self._chars[-1] in PARTICLES and costs[-1] > _PARTICLE_COST:
            return "its particle was not heard"
        negations = [cost for char, cost in zip(self._chars, costs, strict=True) if char in NEGATIONS]
        if len(self._chars) < _LONG and max(negations, default=0) > _NEGATION_COST:
            return "its negation was not heard"
        missing = sum(cost >= WHOLE // 2 for step, cost in self._steps if step.text is None)
        if missing > len(self._chars) // _SYLLABLES_A_DROP:
            return f"{missing} syllables were not heard"
        fit = self._fit()
        return f"too little of it fits: {fit:.2f}" if fit < _LEAST_FIT else ""

    def _fit(self) -> float:
        """What of the spelling was heard, by weight, less what speaks against it."""
        says = [_LITTLE if char in _LITTLE_SAID else 1.0 for char in self._chars]
        fit = 0.0
        for step, cost in self._steps:
            if step.phrase is not None:
                lost = 2.0 if step.text is None else _LOST_BY_SOUND * cost / WHOLE
                fit += says[step.phrase] * (1 - lost)
            elif step.text is not None and not step.in_gap:
                at = self._near.start + step.text
                is_little = self._heard.text.chars[at] in _LITTLE_SAID
                fit -= 0.0 if self._heard.fillers[at] else _ADDED * (_LITTLE if is_little else 1.0)
        return float(fit / sum(says) ** 0.5)

    def _stretched(self) -> str:
        """Whether what stands inside, fillers, words or silence, is too much for one phrase."""
        steps = [step for step, _ in self._steps]
        start = self._near.start
        fillers = {
            self._heard.fillers[start + step.text]
            for step in steps
            if step.text is not None and step.phrase is None and not step.in_gap
        }
        if len(fillers - {0}) > MOST_FILLERS:
            return f"more than {MOST_FILLERS} fillers inside"
        if any(
            one.in_gap != two.in_gap and (one if two.in_gap else two).phrase is None
            for one, two in pairwise(steps)
        ):
            return "a gap wider than allowed"
        heard = [start + step.text for step in steps if step.text is not None and not step.in_gap]
        if any(self._heard.pause_s(one + 1, two) > GAP_S for one, two in pairwise(heard)):
            return f"a pause of more than {GAP_S:.0f} s inside"
        return ""

    def _piece_missing(self) -> str:
        """Whether one piece between gaps fits so badly that only the others were said."""
        pieces = self._form.spelling.pieces
        if len(pieces) == 1:
            return ""
        costs = [0] * len(pieces)
        of_syllable = [number for number, piece in enumerate(pieces) for _ in piece]
        current = 0
        for step, cost in self._steps:
            if step.phrase is not None:
                current = of_syllable[step.phrase]
            if not step.in_gap:
                costs[current] += cost
        for piece, cost in zip(pieces, costs, strict=True):
            if cost > most_piece_cost(piece):
                return f"a part is farther than allowed: {cost / WHOLE / len(piece):.2f} per syllable"
        return ""
