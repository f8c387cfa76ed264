"""A pattern of a condition, as a supervisor writes it, to what stands before and after the phrase.

`要是~` is 要是 right before the phrase, `请…~` 请 up to eight syllables before it, `我帮您问` stands by itself.
Written like a spelling: … or a {slot} is other words, a comma a pause; no regular expressions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from deskguard.language.text import normalise
from deskguard.rules.spelling import PAUSE_SYLLABLES, SLOT_SYLLABLES, SpellingError

NUMBER_SYLLABLES = (7, 18)
"""How many numerals stand where a pattern has {号码}: a telephone number to an identity number."""
NUMBER_SLACK = 2
"""How many other syllables may stand among them or beside them."""
NUMBER_SLOT = "{号码}"
_PHRASE = re.compile(r"[~～]")
_TOKEN = re.compile(r"(?P<slot>\{[^{}]*\}|…+|⋯+|\.{3,})|(?P<pause>[，,。．.、；;：:！!？?]+)")
_PROGRAMMED = re.compile(r"[\\^$*|\[\]+]|\.\?|\(\?")


@dataclass(frozen=True, slots=True)
class Gap:
    """What may stand between two neighbours."""

    most: int
    """Syllables; 0 between neighbours that touch."""
    least: int = 0
    is_number: bool = False
    """A number spoken digit by digit, with a hesitation at most."""
    crosses_sentence: bool = False
    """A full stop may stand in it: the pattern has a pause there."""


TOUCHING = Gap(0)
_SLOT = Gap(SLOT_SYLLABLES)
_PAUSE = Gap(PAUSE_SYLLABLES, crosses_sentence=True)
_NUMBER = Gap(NUMBER_SYLLABLES[1] + NUMBER_SLACK, NUMBER_SYLLABLES[0], is_number=True)


@dataclass(frozen=True, slots=True)
class Chain:
    """Literal pieces in order, and the gap after each; the last gap leads to the phrase, or to nothing.

    A number is a gap between two pieces, which are empty where nothing is written beside it.
    """

    pieces: tuple[str, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One pattern; without the phrase in it, all of it is `before`."""

    text: str
    before: Chain
    after: Chain
    """Its gaps stand before each piece: the first leads from the phrase."""
    has_phrase: bool


@lru_cache(maxsize=8192)
def read_pattern(text: str) -> Pattern:
    """The parts of a pattern; raises SpellingError for one that holds nearly always, or never."""
    if _PROGRAMMED.search(text):
        raise SpellingError(
            "looks like a regular expression, and those are not supported; write the words as they are spoken,"
            " with ~ for the phrase and … where other words may stand."
        )
    rest = _TOKEN.sub("", text)
    if "{" in rest or "}" in rest:
        raise SpellingError("has a brace without its partner; write a slot as {部门}.")
    if "@" in text:
        raise SpellingError('has an @ among words; write a frame by itself, as "@id".')
    parts = _PHRASE.split(text)
    if len(parts) > 2:
        raise SpellingError("has ~ twice; it stands for the phrase, so write it once.")
    _, pieces, gaps = _chain(parts[0])
    has_phrase = len(parts) == 2
    if not has_phrase:
        _refuse_vague(pieces, gaps[:-1])
        return Pattern(
            text=text, before=Chain(pieces, (*gaps[:-1], TOUCHING)), after=Chain((), ()), has_phrase=False
        )
    first, later, after_gaps = _chain(parts[1])
    if not pieces and not later:
        raise SpellingError(
            "has no words beside ~; it would always hold. Write what is said around the phrase."
        )
    return Pattern(
        text=text,
        before=Chain(pieces, gaps),
        after=Chain(later, (first, *after_gaps[:-1]) if later else ()),
        has_phrase=True,
    )


def _chain(text: str) -> tuple[Gap, tuple[str, ...], tuple[Gap, ...]]:
    """The gap before the first piece, the pieces, and the gap after each."""
    lead = TOUCHING
    pieces: list[str] = []
    gaps: list[Gap] = []

    def widen(gap: Gap) -> None:
        nonlocal lead
        if pieces:
            gaps[-1] = _wider(gaps[-1], gap)
        else:
            lead = _wider(lead, gap)

    def add(chars: str) -> None:
        if pieces and gaps[-1] == TOUCHING:
            pieces[-1] += chars
            return
        pieces.append(chars)
        gaps.append(TOUCHING)

    at = 0
    for token in _TOKEN.finditer(text):
        if chars := normalise(text[at : token.start()]).chars:
            add(chars)
        if token["slot"] == NUMBER_SLOT:
            add("")
            gaps[-1] = _NUMBER
            add("")
        else:
            widen(_PAUSE if token["pause"] else _SLOT)
        at = token.end()
    if chars := normalise(text[at:]).chars:
        add(chars)
    return lead, tuple(pieces), tuple(gaps)


def _wider(one: Gap, other: Gap) -> Gap:
    """Two marks side by side: the wider, with the freedom of both."""
    return Gap(max(one.most, other.most), crosses_sentence=one.crosses_sentence or other.crosses_sentence)


def _refuse_vague(pieces: tuple[str, ...], inner: tuple[Gap, ...]) -> None:
    """Raise SpellingError when a pattern that stands by itself could be anywhere."""
    total = sum(map(len, pieces))
    if not pieces:
        raise SpellingError("has no words; it would always hold.")
    if any(gap.is_number for gap in inner):
        return
    if total < 2 or (inner and total < 3):
        raise SpellingError(
            "is too short to stand by itself; write ~ where the phrase comes, or at least two syllables"
            " (three around a gap)."
        )
