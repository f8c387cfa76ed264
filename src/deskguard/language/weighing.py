"""Normalised characters in, scores out: how much the pieces of a sentence speak for each of some meanings.

Linear models fitted in bench/ on thousands of written sentences; one file each. Eight bits a weight, because
so many sentences do not tell more.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from deskguard.language.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LEVELS = 127
Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8] | Floats


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the pieces of a sentence sum up to."""

    scores: npt.NDArray[np.float64]
    """One for each meaning."""
    pieces: tuple[str, ...]
    """Those of the sentence that are known, sorted."""
    rows: Floats
    """What each of them gave."""


class PieceWeights:
    """The weights of all known pieces; pure, 2.5 ms a sentence."""

    def __init__(self, names: Iterable[str], weights: Levels, *, steps: Floats, intercepts: Floats) -> None:
        """`weights`: a row a piece in units of `steps`, a column a meaning.

        Pieces are kept as 64-bit hashes: a dictionary of a third of a million names takes 50 MB at each window.
        """
        hashes = np.fromiter(map(hash, names), np.int64)
        self._place = np.argsort(hashes)
        self._hashes = hashes[self._place]
        self._weights = weights
        self._steps = steps
        self._intercepts = intercepts

    def of(self, chars: str) -> Weighed:
        """What normalised characters sum up to."""
        said = sorted(pieces(chars))
        asked = np.fromiter(map(hash, said), np.int64, len(said))
        found = np.searchsorted(self._hashes, asked)
        is_known = found < self._hashes.size
        is_known[is_known] = self._hashes[found[is_known]] == asked[is_known]
        known = tuple(name for name, is_there in zip(said, is_known, strict=True) if is_there)
        rows = (self._weights[self._place[found[is_known]]] * self._steps).astype(np.float32)
        return Weighed(self._intercepts + rows.sum(axis=0, dtype=np.float64), known, rows)


def packed(names: Sequence[str], weights: Floats, *, intercepts: Floats, about: Mapping[str, Any]) -> bytes:
    """The file of a fit; `about` says what its columns are and where it comes from."""
    steps = np.abs(weights).max(axis=0) / _LEVELS
    levels = np.rint(weights / np.where(steps, steps, 1)).astype(np.int8)
    out = io.BytesIO()
    text = np.frombuffer("\n".join(names).encode(), np.uint8)
    note = np.frombuffer(json.dumps(about, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
    np.savez_compressed(
        out, names=text, levels=levels, steps=steps.astype(np.float32), intercepts=intercepts, about=note
    )
    return out.getvalue()


def unpacked(data: bytes) -> tuple[PieceWeights, dict[str, Any]]:
    """A fit, and what is said about it."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        about: dict[str, Any] = json.loads(bytes(file["about"]))
        weights = PieceWeights(
            bytes(file["names"]).decode().split("\n"),
            file["levels"],
            steps=file["steps"].astype(np.float32),
            intercepts=file["intercepts"].astype(np.float32),
        )
    return weights, about
