"""sense.npz to weights: how much each piece speaks for a breach, and for which kind of one.

Written by bench/fit_sense.py from the sentences in fixtures/scripts/sense. Two linear models over the same
pieces: the first says how likely a sentence is a breach at all, the second which of the described bans it
breaks, if it is one. Eight bits a weight, because twelve thousand sentences do not tell more.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from deskguard.spotting.sense.pieces import is_sound, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILE = "sense.npz"
_LEVELS = 127
_CUES = 2
"""Pieces that a trace names."""
Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8] | Floats


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
    """The weights; pure, 2.5 ms a sentence."""

    def __init__(  # noqa: PLR0913 - what a file holds
        self,
        names: Iterable[str],
        weights: Levels,
        *,
        steps: Floats,
        intercepts: Floats,
        kinds: Sequence[str],
        scale: float,
    ) -> None:
        """`weights`: a row a piece in units of `steps`, first the breach, then one column a kind; `scale`
        calibrates the breach.

        Pieces are kept as 64-bit hashes: a dictionary of a third of a million names takes 50 MB at each window.
        """
        hashes = np.fromiter(map(hash, names), np.int64)
        self._place = np.argsort(hashes)
        self._hashes = hashes[self._place]
        self._weights = weights
        self._steps = steps
        self._intercepts = intercepts
        self.kinds = tuple(kinds)
        self._scale = scale

    def of(self, chars: str) -> Sense:
        """What normalised characters are."""
        said = sorted(pieces(chars))
        asked = np.fromiter(map(hash, said), np.int64, len(said))
        found = np.searchsorted(self._hashes, asked)
        is_known = found < self._hashes.size
        is_known[is_known] = self._hashes[found[is_known]] == asked[is_known]
        known = [name for name, is_there in zip(said, is_known, strict=True) if is_there]
        rows = self._weights[self._place[found[is_known]]] * self._steps
        scores = self._intercepts + rows.sum(axis=0, dtype=np.float64)
        shares = np.exp(scores[1:] - scores[1:].max())
        shares /= shares.sum()
        sounds = sorted(
            ((float(row[0]), name) for name, row in zip(known, rows, strict=True) if is_sound(name)),
            reverse=True,
        )
        return Sense(
            breach=1 / (1 + math.exp(-self._scale * float(scores[0]))),
            kinds=dict(zip(self.kinds, map(float, shares), strict=True)),
            cues=tuple(name[2:] for weight, name in sounds[:_CUES] if weight > 0),
        )


def packed(names: Sequence[str], weights: Floats, *, intercepts: Floats, about: Mapping[str, Any]) -> bytes:
    """The file of a fit; `about` needs `kinds` and `scale`, the rest says where it comes from."""
    steps = np.abs(weights).max(axis=0) / _LEVELS
    levels = np.rint(weights / np.where(steps, steps, 1)).astype(np.int8)
    out = io.BytesIO()
    text = np.frombuffer("\n".join(names).encode(), np.uint8)
    note = np.frombuffer(json.dumps(about, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
    np.savez_compressed(
        out, names=text, levels=levels, steps=steps.astype(np.float32), intercepts=intercepts, about=note
    )
    return out.getvalue()


def unpacked(data: bytes) -> tuple[SenseModel, dict[str, Any]]:
    """A fit, and what is said about it."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        about = json.loads(bytes(file["about"]))
        model = SenseModel(
            bytes(file["names"]).decode().split("\n"),
            file["levels"],
            steps=file["steps"].astype(np.float32),
            intercepts=file["intercepts"].astype(np.float32),
            kinds=about["kinds"],
            scale=about["scale"],
        )
    return model, about


@lru_cache(maxsize=1)
def fitted() -> SenseModel:
    """The weights that come with deskguard."""
    return unpacked(files("deskguard.spotting.sense").joinpath(FILE).read_bytes())[0]
