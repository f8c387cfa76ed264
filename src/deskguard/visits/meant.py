"""meant.npz to meanings: what an utterance at a counter is, by its wording as a whole.

Whoever fulfils a duty in words of their own has fulfilled it, and whoever asks for yet another paper in words
that no list has, has asked for it. So beside the wordings of the courtesy file every utterance is weighed.
Written by bench/fit_meant.py from the utterances in fixtures/scripts/courtesy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from deskguard.language.sentences import stretches
from deskguard.language.text import normalise
from deskguard.language.weighing import unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.language.weighing import PieceWeights

FILE = "meant.npz"
FEWEST = 1
"""Characters: a 给 is a handing over."""
ACT, BY_STAFF, BY_VISITOR = "K.", "O.", "V."
"""How the names of meanings begin: acts of courtesy, what staff's words ask for, what a visitor's words are."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a stretch of a text is likely meant as."""

    name: str
    start_char: int
    end_char: int
    likelihood: float
    """0-1, in words that are spoken at a counter."""


class MeantModel:
    """The weights with their meanings; pure, 2.5 ms a sentence."""

    def __init__(
        self, weights: PieceWeights, *, labels: Sequence[str], scales: Sequence[float], shifts: Sequence[float]
    ) -> None:
        """`scales` and `shifts` calibrate the score of each label."""
        self._weights = weights
        self.labels = tuple(labels)
        self._scales, self._shifts = np.array(scales), np.array(shifts)

    def of(self, text: str, least: float) -> list[Meant]:
        """What a text is with at least such a likelihood, each meaning once, at its likeliest stretch."""
        plain = normalise(text)
        best: dict[str, Meant] = {}
        for start, end in stretches(plain, text, FEWEST):
            scores = self._weights.of(plain.chars[start:end]).scores
            likely = 1 / (1 + np.exp(-(self._scales * scores + self._shifts)))
            for at in np.flatnonzero(likely >= least):
                one = Meant(self.labels[at], plain.origin[start], plain.ends[end - 1], float(likely[at]))
                if one.name not in best or best[one.name].likelihood < one.likelihood:
                    best[one.name] = one
        return list(best.values())


@lru_cache(maxsize=1)
def fitted() -> MeantModel:
    """The weights that come with deskguard."""
    weights, about = unpacked(files(__package__).joinpath(FILE).read_bytes())
    return MeantModel(weights, labels=about["labels"], scales=about["scales"], shifts=about["shifts"])
