"""One spelling of a phrase, as a supervisor writes it, to literal pieces with gaps between them.

A comma or full stop inside a spelling is a pause that a few words may fill; … or a {slot} is a longer one. A
slot at either end adds nothing, except {号码}: that is a number spoken digit by digit, and must be there. There
are no regular expressions: a spelling is read aloud, not programmed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from deskguard.language.text import normalise
from deskguard.language.words import PARTICLES

PAUSE_SYLLABLES = 4
"""Most syllables that may stand where a spelling has a comma."""
SLOT_SYLLABLES = 8
"""Most syllables that may stand where a spelling has … or a {slot}."""
GAP_S = 3.0
"""Longest time between two pieces."""

NUMBER = "\ue000"
"""The piece that stands for {号码}; no text holds this character."""
NUMBER_DIGITS = (7, 18)
"""Fewest and most numerals of a {号码}: a telephone number without its area, and an identity number."""

_NUMBER_SLOT = "{号码}"
_NUMBER_GAP = 2
"""Most syllables between a number and the words beside it: 电话是呃一三八…"""
_SLOT = re.compile(r"\{[^{}]*\}|…+|⋯+|\.{3,}")
_PAUSE = re.compile(r"[，,。．.、；;：:！!？?～~]+")
_PROGRAMMED = re.compile(r"[\\^$*|\[\]+]|\.\?|\(\?")
# Four syllables: 谁知道呢 without its particle is 谁知道, which anybody says about anything.
_CORE_SYLLABLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """Normalised pieces in order, and how many syllables may lie between neighbours."""

    text: str
    """As the pack has it."""
    pieces: tuple[str, ...]
    gaps: tuple[int, ...]
    """One less than pieces."""

    @property
    def syllables(self) -> int:
        return sum(NUMBER_DIGITS[0] if piece == NUMBER else len(piece) for piece in self.pieces)

    @property
    def key(self) -> str:
        """Equal for spellings that are the same but for pauses."""
        return "".join(self.pieces)


class SpellingError(Exception):
    """What is wrong with a spelling, as the end of a sentence, and what to write instead."""


@lru_cache(maxsize=32_768)
def parse(text: str) -> Spelling:
    """Pieces and gaps of a spelling; raises SpellingError for one that could match nearly anything."""
    if not text.strip():
        raise SpellingError("is empty; write the words, or delete the entry.")
    if _PROGRAMMED.search(text):
        raise SpellingError(
            "looks like a regular expression, and those are not supported; write the words as they are spoken,"
            " with … where other words may stand."
        )
    if "{" in _SLOT.sub("", text) or "}" in _SLOT.sub("", text):
        raise SpellingError("has a brace without its partner; write a slot as {部门}.")
    pieces: list[str] = []
    gaps: list[int] = []
    pending = 0
    for part, gap in _parts(text):
        chars = NUMBER if part == _NUMBER_SLOT else normalise(part).chars
        if chars:
            if pieces:
                gaps.append(pending)
            pieces.append(chars)
            pending = 0
        pending = max(pending, gap)
    _refuse_vague(pieces)
    return _closed(text, pieces, gaps)


def core(spelling: Spelling) -> Spelling | None:
    """The spelling without final particles, which Whisper drops; None when there is nothing to drop.

    Before a gap a particle may always go, since the gap allows it again; at the end only when enough is left.
    """
    pieces = [
        piece.rstrip("".join(PARTICLES)) or piece if at + 1 < len(spelling.pieces) else piece
        for at, piece in enumerate(spelling.pieces)
    ]
    last = pieces[-1].rstrip("".join(PARTICLES))
    if last and sum(map(len, pieces[:-1])) + len(last) >= _CORE_SYLLABLES:
        pieces[-1] = last
    if tuple(pieces) == spelling.pieces:
        return None
    return Spelling(text=spelling.text, pieces=tuple(pieces), gaps=spelling.gaps)


def _parts(text: str) -> list[tuple[str, int]]:
    """Literal stretches, each with the gap that follows it."""
    parts: list[tuple[str, int]] = []
    at = 0
    for slot in _SLOT.finditer(text):
        parts.extend(_paused(text[at : slot.start()]))
        is_number = slot.group() == _NUMBER_SLOT
        parts.append((_NUMBER_SLOT, 0) if is_number else ("", SLOT_SYLLABLES))
        at = slot.end()
    parts.extend(_paused(text[at:]))
    return parts


def _paused(text: str) -> list[tuple[str, int]]:
    """The same for a stretch without slots."""
    stretches = _PAUSE.split(text)
    return [(part, PAUSE_SYLLABLES if at + 1 < len(stretches) else 0) for at, part in enumerate(stretches)]


def _refuse_vague(pieces: list[str]) -> None:
    """Raise SpellingError when the literal part is too short to mean anything."""
    if not pieces:
        raise SpellingError("has no words outside its slots and punctuation; it would match everything.")
    if NUMBER in pieces:
        return
    total = sum(map(len, pieces))
    if total < 2:
        raise SpellingError(
            f"is one syllable ({pieces[0]}); it would match nearly everything: write at least two."
        )
    if len(pieces) > 1 and total < 3:
        raise SpellingError(
            "has two syllables and a gap; it would match nearly everything: write longer pieces."
        )


def _closed(text: str, pieces: list[str], gaps: list[int]) -> Spelling:
    """The spelling, with pieces that have no gap between them joined."""
    joined, kept = [pieces[0]], []
    for gap, piece in zip(gaps, pieces[1:], strict=True):
        if NUMBER in (piece, joined[-1]):
            joined.append(piece)
            kept.append(max(gap, _NUMBER_GAP))
        elif gap:
            joined.append(piece)
            kept.append(gap)
        else:
            joined[-1] += piece
    return Spelling(text=text, pieces=tuple(joined), gaps=tuple(kept))
