"""A passage as patterns of a context see it: characters, sound, pauses, and where words begin.

Whisper misspells the context of a phrase as it misspells the phrase, so pieces of two syllables and more are
also found by their sound. A piece must begin where a word does: 申请 holds no 请, 主要是 no 要是.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from deskguard.language.syllables import syllables
from deskguard.language.text import Normalised, normalise
from deskguard.language.words import word_edges
from deskguard.rules.pattern import NUMBER_SLACK
from deskguard.values import SAMPLE_RATE_HZ, Passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.pattern import Gap

PRONOUNS = frozenset("你我他她它们咱这那个儿")
HESITATIONS = frozenset("嗯呃额啊呀哎诶唉哦噢喔唔呢嘛吧")
_ADVERBS = frozenset("也都还真就可又再才的")
LIGHT_SYLLABLES = 2
"""How many syllables that add nothing may stand between neighbours: 要是我真不知道."""
_NUMERALS = frozenset("零一二两三四五六七八九十百千万幺")
_SENTENCE_ENDS = frozenset("。．？！?!")
_MAX_PAUSE_S = 1.2
"""The longest silence inside a pattern: a hesitation, not another thought."""
_SURE_SYLLABLES = 4
"""Pieces from this length on need not begin where a word does."""
_LAST_CODE = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal characters of a pattern, and their sound when there is enough of it."""

    chars: str
    sound: str
    """One character for each syllable; empty for a piece of one syllable."""

    @classmethod
    def of(cls, chars: str) -> Piece:
        return cls(chars, _sound(normalise(chars)) if len(chars) > 1 else "")


@dataclass(frozen=True, slots=True)
class _Words:
    """What a text is, wherever it was said."""

    normalised: Normalised
    sound: str
    sentences: frozenset[int]
    """Those breaks that end a sentence."""
    grams: frozenset[str]
    """Characters, and neighbours by characters and by sound; the empty one, too."""


class View:
    """One passage, looked at by many patterns."""

    def __init__(self, passage: Passage) -> None:
        words = _words(passage.text)
        self._surface = passage.text
        self._spans = passage.spans
        self._text = words.normalised
        self.chars = words.normalised.chars
        self.sound = words.sound
        self.breaks = words.normalised.breaks
        self._sentences = words.sentences
        self.grams = words.grams

    def place(self, start_char: int, end_char: int) -> tuple[int, int]:
        """A stretch of the surface text in normalised characters."""
        origin = self._text.origin
        start = next((at for at, char in enumerate(origin) if char >= start_char), len(origin))
        end = next((at for at, char in enumerate(origin) if char >= end_char), len(origin))
        return start, max(start, end)

    def start_sample(self, at: int) -> int:
        return self._spans[self._text.origin[at]][0]

    def holds(self, piece: Piece) -> bool:
        """Whether the piece is anywhere at all; asks little of most patterns."""
        return piece.chars in self.chars or (piece.sound != "" and piece.sound in self.sound)

    def says(self, char: str, start: int, end: int) -> bool:
        """Whether a stretch has a character as it was written, before sameness: 您 is 你 everywhere else."""
        return start < end and char in self._surface[self._text.origin[start] : self._text.ends[end - 1]]

    def stands(self, piece: Piece, at: int) -> bool:
        """Whether the piece stands at a position, in its characters or by sound, with no pause in it."""
        end = at + len(piece.chars)
        if at < 0 or not (
            self.chars.startswith(piece.chars, at) or (piece.sound and self.sound.startswith(piece.sound, at))
        ):
            return False
        return not any(at < one < end for one in self.breaks)

    def ends_with(self, piece: Piece, at: int) -> bool:
        """Whether all that follows `at` begins the piece, so that it may yet be said."""
        if any(at < one for one in self._inner(self.breaks)):
            return False
        by_sound = piece.sound != "" and piece.sound.startswith(self.sound[at:])
        return by_sound or piece.chars.startswith(self.chars[at:])

    def begins_word(self, piece: Piece, at: int) -> bool:
        """Whether a word begins where the piece does, as heard or as meant."""
        if len(piece.chars) >= _SURE_SYLLABLES or at == 0 or at in self.breaks:
            return True
        if self.chars.startswith(piece.chars, at):
            return at in word_edges(self._text)
        end = at + len(piece.chars)
        return at in word_edges(replace(self._text, chars=self.chars[:at] + piece.chars + self.chars[end:]))

    def occurrences(self, piece: Piece, start: int, end: int) -> Iterator[int]:
        """Where a piece stands within a stretch."""
        for at in range(start, end - len(piece.chars) + 1):
            if self.stands(piece, at) and self.begins_word(piece, at):
                yield at

    def fits(self, gap: Gap, start: int, end: int, *, so_far: bool = False) -> bool:
        """Whether what lies between two neighbours is what a gap of some width allows.

        `so_far` asks whether it may become so. Punctuation at the end of the text never counts.
        """
        if end - start > gap.most or (end - start < gap.least and not so_far):
            return False
        if not gap.crosses_sentence and any(start <= one <= end for one in self._inner(self._sentences)):
            return False
        numerals = sum(char in _NUMERALS for char in self.chars[start:end]) if gap.is_number else 0
        if gap.is_number and (end - start - numerals > NUMBER_SLACK or (numerals < gap.least and not so_far)):
            return False
        return self.pause_s(start, end) <= _MAX_PAUSE_S

    def touches(self, start: int, end: int, *, pronouns: bool) -> bool:
        """Whether nothing, or only what adds nothing, lies between two neighbours."""
        if end - start > LIGHT_SYLLABLES or self.has_break(start, end):
            return False
        return all(
            char in HESITATIONS or char in _ADVERBS or (pronouns and char in PRONOUNS)
            for char in self.chars[start:end]
        )

    def has_break(self, start: int, end: int) -> bool:
        """Whether a pause is written from before `start` to before `end`, the end of the text aside."""
        return any(start <= one <= end for one in self._inner(self.breaks))

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """The stretch around a place up to the nearest pauses."""
        before = max((one for one in self.breaks if one <= start), default=0)
        after = min((one for one in self.breaks if one >= end), default=len(self.chars))
        return before, after

    def cut(self, start: int, end: int) -> Passage:
        """A stretch as a passage of its own."""
        first, last = self._text.origin[start], self._text.ends[end - 1]
        return Passage(text=self._surface[first:last], spans=self._spans[first:last])

    def _inner(self, breaks: frozenset[int]) -> Iterator[int]:
        return (one for one in breaks if one < len(self.chars))

    def pause_s(self, start: int, end: int) -> float:
        """The longest silence between the characters around a stretch."""
        if start == 0 or end >= len(self.chars):
            return 0.0
        return max(self._silence(at) for at in range(start, end + 1)) / SAMPLE_RATE_HZ

    def _silence(self, at: int) -> int:
        """Samples between the character at `at` and the one before it."""
        return self._spans[self._text.origin[at]][0] - self._spans[self._text.ends[at - 1] - 1][1]


def joined(passages: Sequence[Passage]) -> Passage:
    """Passages one after the other, with a comma where one ends; empty ones add nothing."""
    whole: Passage | None = None
    for one in passages:
        if not one.text:
            continue
        if whole is None:
            whole = one
            continue
        mark = (whole.spans[-1][1], max(whole.spans[-1][1], one.spans[0][0]))
        whole = Passage(text=f"{whole.text}，{one.text}", spans=(*whole.spans, mark, *one.spans))
    return whole or Passage(text="", spans=())


@lru_cache(maxsize=256)
def _words(text: str) -> _Words:
    normalised = normalise(text)
    sentences = frozenset(
        at
        for at in normalised.breaks
        if _SENTENCE_ENDS.intersection(text[normalised.ends[at - 1] : _origin(normalised, at, text)])
    )
    sound = _sound(normalised)
    neighbours = (*pairwise(normalised.chars), *pairwise(sound))
    return _Words(normalised, sound, sentences, frozenset(("", *normalised.chars, *map("".join, neighbours))))


def _origin(normalised: Normalised, at: int, text: str) -> int:
    return normalised.origin[at] if at < len(normalised.origin) else len(text)


def _sound(text: Normalised) -> str:
    """Syllable ids as characters, so that sound can be searched as quickly as text."""
    return "".join(chr(min(one, _LAST_CODE)) for one in syllables(text))
