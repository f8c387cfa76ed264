"""Pairs of neighbouring syllables to the spellings that hold such a pair, whatever is confused within a class.

A spelling of n syllables keeps a pair intact unless every second syllable of it changes its class, and then it
is too far from the text to count. All seeds are equally long, so one sorted table of pairs does in two look-ups
what an automaton would do in a loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deskguard.language.sounds import sound_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.spotting.finding.align import Ints
    from deskguard.spotting.finding.heard import Heard


class Seeds:
    """Which spellings hold which pairs; a spelling is a list of pieces, each a run of syllables."""

    def __init__(self, spellings: Iterable[Sequence[Sequence[int]]]) -> None:
        self._classes = sound_classes()
        self._count = max(self._classes) + 1
        table = np.array(list(self._pairs(spellings)), dtype=np.int32).reshape(-1, 3)
        table = table[np.argsort(table[:, 0], kind="stable")]
        self._rows, self._offsets = table[:, 1].copy(), table[:, 2].copy()
        self._first = np.searchsorted(table[:, 0], np.arange(self._count**2 + 1))

    def found(self, heard: Heard) -> tuple[Ints, Ints, Ints]:
        """The spellings that share a pair with a passage, where in the spelling, and where in the passage.

        The passage is read in context and out of it, with its fillers and without.
        """
        everything = tuple(range(len(heard.sounds)))
        readings = {(heard.sounds, everything), (heard.usual, everything)}
        if any(heard.fillers):
            kept = tuple(at for at in everything if not heard.fillers[at])
            readings |= {(tuple(sounds[at] for at in kept), kept) for sounds, _ in readings}
        codes, places = np.concatenate(
            [np.zeros((2, 0), dtype=np.int64), *(self._codes(*reading) for reading in readings)], axis=1
        )
        first = self._first[codes]
        counts = self._first[codes + 1] - first
        ends = np.cumsum(counts)
        at = np.repeat(first - ends + counts, counts) + np.arange(counts.sum())
        return self._rows[at], self._offsets[at], np.repeat(places, counts).astype(np.int32)

    def _codes(self, sounds: Sequence[int], places: Sequence[int]) -> Ints:
        """The pairs of one reading and where in the passage each begins, (2, pairs)."""
        known = len(self._classes)
        row = np.array([self._classes[sound] if sound < known else 0 for sound in sounds], dtype=np.int64)
        is_sound = (row[:-1] > 0) & (row[1:] > 0)
        pairs = np.stack((row[:-1] * self._count + row[1:], np.array(places[:-1], dtype=np.int64)))
        return pairs[:, is_sound]

    def _pairs(self, spellings: Iterable[Sequence[Sequence[int]]]) -> Iterator[tuple[int, int, int]]:
        known = len(self._classes)
        for number, pieces in enumerate(spellings):
            begin = 0
            for piece in pieces:
                classes = [self._classes[sound] if sound < known else 0 for sound in piece]
                for at in range(len(classes) - 1):
                    if classes[at] and classes[at + 1]:
                        yield classes[at] * self._count + classes[at + 1], number, begin + at
                begin += len(piece)
