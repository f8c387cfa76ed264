"""Tokens with times in, characters with spans out.

A Whisper token may be several Chinese characters, one, or a part of one (tokens are byte sequences), so times
are carried over by counting bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TokenTime:
    """A token in the byte-level spelling of the vocabulary, and where it begins."""

    spelling: str
    start_sample: int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """One Whisper segment."""

    text: str
    tokens: tuple[int, ...]
    start_sample: int
    end_sample: int
    times: tuple[TokenTime, ...] = ()


def interpolated_spans(piece: Piece) -> list[Span]:
    """Spans that share the segment evenly; one per character of the text."""
    count = len(piece.text)
    length = piece.end_sample - piece.start_sample
    marks = [piece.start_sample + length * index // max(count, 1) for index in range(count + 1)]
    return list(pairwise(marks))


def character_spans(piece: Piece) -> list[Span]:
    """Spans from token times; evenly spread where the token bytes do not spell the text."""
    starts = _byte_starts(piece)
    if not starts:
        return interpolated_spans(piece)
    begins, at = [], 0
    for character in piece.text:
        begins.append(starts[at])
        at += len(character.encode())
    ends = [*begins[1:], max(piece.end_sample, begins[-1])]
    return [(begin, max(begin, end)) for begin, end in zip(begins, ends, strict=True)]


def _byte_starts(piece: Piece) -> list[int] | None:
    """The start of each byte of the text; None when tokens and text do not agree."""
    spelled, raw = [], b""
    last = piece.start_sample
    for token in piece.times:
        try:
            own = bytes(_byte_of()[letter] for letter in token.spelling)
        except KeyError:
            return None
        if token.start_sample is not None:
            last = max(last, token.start_sample)
        spelled += [(last, len(own))]
        raw += own
    if raw != piece.text.encode():
        return None
    marks = [begin for begin, _ in spelled] + [max(piece.end_sample, last)]
    starts: list[int] = []
    for index, (begin, count) in enumerate(spelled):
        # Bytes inside one token share its time evenly.
        starts += [begin + (marks[index + 1] - begin) * step // count for step in range(count)]
    return starts


@cache
def _byte_of() -> dict[str, int]:
    """Letters of GPT-2's byte-level vocabulary: printable bytes spell themselves, the rest begin at U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    return letters | {chr(256 + index): byte for index, byte in enumerate(others)}
