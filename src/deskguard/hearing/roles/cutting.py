"""One utterance's sound and text in, the places where its speaker may change out.

On a shared microphone an answer may come sooner than an utterance ends: 谢谢啊, and 0.2 s later 不客气. So what
lies between two short pauses is a stretch that may be of another voice; who speaks in it is decided elsewhere.
A pause within a sentence is only a candidate, and costs a vector of the voice on each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.values import Passage, Pcm

_FRAME_SAMPLES = 320
"""20 ms."""
_PAUSE_S = 0.12
"""The closure of a stop consonant takes up to 0.1 s."""
_QUIET_DB = 18.0
"""So far below the loud parts of the utterance, or nearer to the room than to them."""
_LEAST_S = 0.3
"""A stretch has a syllable or two at least."""
_MOST = 3
"""Cuts in an utterance: the longest pauses."""
_NEAR_S = 0.8
"""How far the border of a clause may be from a pause: characters within a segment are placed evenly. Where none
is so near, the text is cut at the character that is nearest."""
_CLAUSE = frozenset("，。？！、；,.?!; ")


@dataclass(frozen=True, slots=True)
class Cut:
    """A place between two stretches of an utterance."""

    at_sample: int
    """In its sound, from its beginning."""
    at_char: int
    """In its text: the first character behind it."""


def cuts(pcm: Pcm, passage: Passage, start_sample: int) -> tuple[Cut, ...]:
    """Where the speaker of an utterance may change; `start_sample` is where `pcm` begins in the stream."""
    found: list[Cut] = []
    for at in _pauses(pcm) if len(passage.text) > 1 else ():
        char = _char_at(passage, start_sample + at)
        if 0 < char < len(passage.text) and (not found or char > found[-1].at_char):
            found.append(Cut(at, char))
    return tuple(found)


def _char_at(passage: Passage, place: int) -> int:
    """The first character behind a place: of a clause that begins nearby, or the nearest."""
    text = passage.text

    def far(char: int) -> int:
        return abs(passage.spans[char][0] - place)

    clauses = [at for at in range(1, len(text)) if text[at - 1] in _CLAUSE and text[at] not in _CLAUSE]
    near = [at for at in clauses if far(at) <= _NEAR_S * SAMPLE_RATE_HZ]
    return min(near or range(1, len(text)), key=far)


def _pauses(pcm: Pcm) -> list[int]:
    """The middles of the longest short pauses, in order, each with enough speech on both sides."""
    count = pcm.size // _FRAME_SAMPLES
    least = round(_LEAST_S * SAMPLE_RATE_HZ / _FRAME_SAMPLES)
    if count < 2 * least:
        return []
    frames = np.nan_to_num(pcm[: count * _FRAME_SAMPLES]).reshape(count, _FRAME_SAMPLES)
    level = 10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + 1e-12)
    loud, room = np.percentile(level, 90), np.percentile(level, 3)
    quiet = level < max(loud - _QUIET_DB, min(room + 6.0, loud - 8.0))
    spoken = np.flatnonzero(~quiet)
    if spoken.size == 0:
        return []
    first, last = int(spoken[0]), int(spoken[-1]) + 1
    runs = [
        (stop - start, (start + stop) // 2)
        for start, stop in _runs(quiet[first:last], first)
        if (stop - start) * _FRAME_SAMPLES >= _PAUSE_S * SAMPLE_RATE_HZ
    ]
    kept: list[int] = []
    for _, middle in sorted(runs, reverse=True):
        if all(abs(middle - edge) >= least for edge in (first, last, *kept)) and len(kept) < _MOST:
            kept.append(middle)
    return [one * _FRAME_SAMPLES for one in sorted(kept)]


def _runs(quiet: npt.NDArray[np.bool_], first: int) -> list[tuple[int, int]]:
    """The quiet stretches, as frames from `first` on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
    return [(first + int(a), first + int(b)) for a, b in edges.reshape(-1, 2)]
