"""sense.npz to a model: how likely a sentence is a breach, and of which kind.

Written by bench/fit_sense.py from the sentences in fixtures/scripts/sense. Two linear models over the same
pieces: the first column says how likely a sentence is a breach at all, the others which of the described bans
it breaks, if it is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from deskguard.language.pieces import is_sound
from deskguard.language.weighing import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deskguard.language.weighing import PieceWeights

FILE = "sense.npz"
_CUES = 2
"""Pieces that a trace names."""


@dataclass(frozen=True, slots=True)
class Sense:
    """What a sentence is, by its wording as a whole."""

    breach: float
    """Probability of a breach, 0-1, were half of all sentences breaches and the others just as hard to tell."""
    kinds: Mapping[str, float]
    """Of a breach: the probability of each kind; together 1."""
    cues: tuple[str, ...]
    """Syllables that spoke most for a breach, the strongest first."""


class SenseModel:
    """The weights with their meaning; pure."""

    def __init__(self, weights: PieceWeights, *, kinds: Sequence[str], scale: float) -> None:
        """`scale` calibrates the breach."""
        self._weights = weights
        self.kinds = tuple(kinds)
        self._scale = scale

    def of(self, chars: str) -> Sense:
        """What normalised characters are."""
        weighed = self._weights.of(chars)
        scores = weighed.scores
        shares = np.exp(scores[1:] - scores[1:].max())
        shares /= shares.sum()
        sounds = sorted(
            (
                (float(row[0]), name)
                for name, row in zip(weighed.pieces, weighed.rows, strict=True)
                if is_sound(name)
            ),
            reverse=True,
        )
        return Sense(
            breach=1 / (1 + math.exp(-self._scale * float(scores[0]))),
            kinds=dict(zip(self.kinds, map(float, shares), strict=True)),
            cues=tuple(name[2:] for weight, name in sounds[:_CUES] if weight > 0),
        )


def model_of(data: bytes) -> tuple[SenseModel, dict[str, Any]]:
    """A fit, and what is said about it: `kinds`, `scale`, and where it comes from."""
    weights, about = unpacked(data)
    return SenseModel(weights, kinds=about["kinds"], scale=about["scale"]), about


@lru_cache(maxsize=1)
def fitted() -> SenseModel:
    """The weights that come with deskguard."""
    return model_of(files("deskguard.spotting.sense").joinpath(FILE).read_bytes())[0]
