"""Chunks in, the same with the speaker's role out: for recordings of which somebody told who spoke when.

An utterance has one role, so the stream breaks where the speaker changes: half way between two turns, or at the
start of the later one where they overlap. A speaker whose turn goes on behind another's has the word again when
the other ends. The places are samples of the recording, so they do not depend on how it was cut into chunks.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from deskguard.values import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.values import AudioChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenTurn:
    """One speaker from here to there, as somebody wrote it down; turns may overlap."""

    speaker: str
    role: Role
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From here to the next stretch one speaker has the word."""

    start_sample: int
    role: Role


def stretches(turns: Iterable[SpokenTurn]) -> tuple[Stretch, ...]:
    """Who has the word from where on; the first has it from the beginning, the last to the end."""
    held = _held(turns)
    found = [Stretch(start_sample=0, role=turn.role) for turn, _, _ in held[:1]]
    for (before, _, end), (after, start, _) in pairwise(held):
        if before.speaker != after.speaker:
            found.append(Stretch(start_sample=(end + start) // 2, role=after.role))
    return tuple(found)


def marked(chunks: Iterable[AudioChunk], given: Sequence[Stretch]) -> Iterator[AudioChunk]:
    """The chunks with their roles, cut where a stretch begins; the first chunk of each is a break."""
    starts = [one.start_sample for one in given]
    current: int | None = None
    for chunk in chunks:
        for piece in _pieces(chunk, starts):
            place = max(0, bisect_right(starts, piece.start_sample) - 1)
            is_change = current is not None and place != current
            current = place
            yield replace(piece, role=given[place].role, is_break=piece.is_break or is_change)


def _held(turns: Iterable[SpokenTurn]) -> list[tuple[SpokenTurn, int, int]]:
    """Who has the word, from and to where, in order: of those who speak at once the one who began last."""
    waiting = sorted(turns, key=lambda one: (one.start_sample, -one.end_sample), reverse=True)
    places = sorted({place for one in waiting for place in (one.start_sample, one.end_sample)})
    speaking: list[SpokenTurn] = []
    held: list[tuple[SpokenTurn, int, int]] = []
    for start, end in pairwise(places):
        while waiting and waiting[-1].start_sample <= start:
            speaking.append(waiting.pop())
        speaking = [one for one in speaking if one.end_sample > start]
        if speaking:
            held.append((speaking[-1], start, end))
    return held


def _pieces(chunk: AudioChunk, starts: Sequence[int]) -> Iterator[AudioChunk]:
    inside = [place for place in starts if chunk.start_sample < place < chunk.end_sample]
    for begin, end in pairwise([chunk.start_sample, *inside, chunk.end_sample]):
        pcm = chunk.pcm[:, begin - chunk.start_sample : end - chunk.start_sample]
        is_first = begin == chunk.start_sample
        yield replace(
            chunk,
            start_sample=begin,
            pcm=pcm,
            lost_before=chunk.lost_before if is_first else 0,
            is_break=chunk.is_break and is_first,
        )
