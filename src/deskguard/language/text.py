"""Text as written to characters as compared: the one definition of sameness for rules, recogniser and metrics.

Two texts are the same when their normalised characters are equal: width, case, Traditional or Simplified, 您 or
你, 3 or 三 and punctuation do not matter. Every character keeps its place in the text it came from, so that a
match can be shown as it was heard, and every dropped punctuation mark leaves a break, so that a clause still
has an end. 二 and 两 stay different words.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMERALS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
# OpenCC leaves these variants alone; in Whisper's Traditional output they stand for the common character.
_VARIANTS = {"瞭": "了", "著": "着", "妳": "你"}
_KEPT_VARIANTS = (
    *("瞭望", "著名", "著作", "著称", "著述", "著者", "名著", "显著", "顯著", "土著", "原著", "专著"),
    *("專著", "论著", "論著", "编著", "編著", "巨著", "遗著", "遺著", "拙著", "昭著", "卓著"),
)
# OpenCC converts these only inside a word: 瞭解 → 了解.
_IN_WORDS = frozenset("沈牴瞭藉衹覆")
_QUOTES = frozenset("“”‘’\"'「」『』《》〈〉")
"""Marks that a sentence runs on through."""
_SAME = {"您": "你", "〇": "零"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """Comparable characters, and where each came from."""

    chars: str
    origin: tuple[int, ...]
    """For each character, where its surface text starts."""
    ends: tuple[int, ...]
    """For each character, the position after its surface text."""
    breaks: frozenset[int]
    """Positions in `chars` before which a pause was written, by punctuation (not quotation marks) or space;
    len(chars) when the text ends with one."""

    def clauses(self) -> list[tuple[int, int]]:
        """Stretches of `chars` between breaks, as (start, end)."""
        cuts = sorted({0, len(self.chars), *self.breaks})
        return [(start, end) for start, end in pairwise(cuts) if end > start]


@lru_cache(maxsize=512)
def normalise(text: str) -> Normalised:
    """Comparable characters of `text`; normalising them again changes nothing."""
    chars, origin, ends, breaks = _fold(text)
    while not _is_stable(chars):
        # Dropped punctuation can bring together a word that converts differently: settle on what is stable.
        again, inner, inner_ends, _ = _fold(chars)
        if again == chars:
            break
        origin, ends = [origin[at] for at in inner], [ends[at - 1] for at in inner_ends]
        breaks = {_moved(at, inner) for at in breaks}
        chars = again
    return Normalised(chars=chars, origin=tuple(origin), ends=tuple(ends), breaks=frozenset(breaks))


def _is_stable(chars: str) -> bool:
    """Whether folding would surely leave characters as they are."""
    return all(
        _stays(char) and char.isalnum() and not char.isdecimal() and _plain(char) == char for char in chars
    )


@lru_cache(maxsize=512)
def simplify(text: str) -> str:
    """`text` in Simplified script, for display; punctuation and length stay as they are."""
    if all(map(_stays, text)):
        return text  # most text is Simplified already, and OpenCC takes 30 µs to find nothing to do
    whole: str = _to_simplified()(text)
    if len(whole) != len(text):
        each = [_to_simplified()(char) for char in text]
        whole = "".join(new if len(new) == 1 else old for new, old in zip(each, text, strict=True))
    if not any(char in _VARIANTS for char in whole):
        return whole
    return "".join(_VARIANTS.get(char, char) if not _kept(whole, at) else char for at, char in enumerate(whole))


@lru_cache(maxsize=4096)
def _stays(char: str) -> bool:
    """Whether a character is the same in Simplified script wherever it stands."""
    return char not in _IN_WORDS and char not in _VARIANTS and _to_simplified()(char) == char


def _kept(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to a word that is written with it."""
    return text[at : at + 2] in _KEPT_VARIANTS or text[max(at - 1, 0) : at + 1] in _KEPT_VARIANTS


def _fold(text: str) -> tuple[str, list[int], list[int], set[int]]:
    """One pass: script, width, case, numerals; punctuation becomes breaks."""
    plain: list[str] = []
    places: list[int] = []
    for at, char in enumerate(simplify(text)):
        for one in _plain(char):
            plain.append(one)
            places.append(at)
    chars: list[str] = []
    origin: list[int] = []
    ends: list[int] = []
    breaks: set[int] = set()
    at = 0
    while at < len(plain):
        stop = at + 1
        if plain[at].isdecimal():
            while stop < len(plain) and plain[stop].isdecimal():
                stop += 1
            spoken = _numeral("".join(plain[at:stop]))
            chars.extend(spoken)
            span = places[at:stop]
            origin.extend(span[min(index, len(span) - 1)] for index in range(len(spoken)))
            ends.extend(span[min(index, len(span) - 1)] + 1 for index in range(len(spoken) - 1))
            ends.append(span[-1] + 1)
        elif plain[at].isalnum():
            chars.append(plain[at])
            origin.append(places[at])
            ends.append(places[at] + 1)
        elif chars and plain[at] not in _QUOTES:
            breaks.add(len(chars))
        at = stop
    return "".join(chars), origin, ends, breaks


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """One character in common width and small letters; mostly itself."""
    return "".join(_SAME.get(one, one) for one in unicodedata.normalize("NFKC", char).lower())


def _numeral(digits: str) -> str:
    """Digits as they are read: a quantity up to four digits, otherwise one by one."""
    values = [unicodedata.decimal(digit) for digit in digits]
    if len(values) > 4 or (values[0] == 0 and len(values) > 1):
        return "".join(_NUMERALS[value] for value in values)
    if values == [0]:
        return "零"
    read: list[str] = []
    for index, value in enumerate(values):
        power = len(values) - 1 - index
        if value:
            read.append(_NUMERALS[value] + _UNITS[power])
        elif read and read[-1] != "零" and any(values[index:]):
            read.append("零")
    number = "".join(read)
    return number.removeprefix("一") if number.startswith("一十") else number


def _moved(at: int, inner: list[int]) -> int:
    """Where a break before character `at` lies after another pass kept the characters `inner`."""
    return next((new for new, old in enumerate(inner) if old >= at), len(inner))


@lru_cache(maxsize=1)
def _to_simplified() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert
