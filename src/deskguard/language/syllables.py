"""Normalised characters to toneless syllables as small integers, one for each character.

Whisper mishears by sound and keeps the syllable: 知到 for 知道. Polyphones are read in the context of their
clause. A Latin letter is its own syllable, so names and codes compare letter by letter.

pypinyin is read once and not called: of its 47,000 phrases only those 3,400 are kept in which a character is
not read as it usually is. A clause takes under 0.1 ms instead of 0.4, and 50 MB come back.
"""

from __future__ import annotations

import gc
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.language.text import Normalised

_LONGEST_PHRASE = 8
_LETTERS_FROM = 1_000_000
"""Ids from here on are characters that have no syllable, Latin letters above all."""
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Tables:
    """Syllable ids of pypinyin's readings."""

    usual: Mapping[str, int]
    """How a character is read when nothing says otherwise."""
    phrases: Mapping[str, tuple[int, ...]]
    """Phrases in which some character is read otherwise."""


def syllables(text: Normalised) -> tuple[int, ...]:
    """One syllable id for each character of `text`; ids are equal when the syllables are, in this process."""
    read: list[int] = []
    for start, end in text.clauses():
        read.extend(_clause(text.chars[start:end]))
    return tuple(read)


@lru_cache(maxsize=1024)
def _clause(chars: str) -> tuple[int, ...]:
    """Longest known phrase first, else the usual reading of the character."""
    with _loading:  # loading empties pypinyin's tables, so it must happen once
        tables = _tables()
    read: list[int] = []
    at = 0
    while at < len(chars):
        for length in range(min(_LONGEST_PHRASE, len(chars) - at), 1, -1):
            if known := tables.phrases.get(chars[at : at + length]):
                read.extend(known)
                at += length
                break
        else:
            read.append(tables.usual.get(chars[at], _LETTERS_FROM + ord(chars[at])))
            at += 1
    return tuple(read)


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    from pypinyin import constants, phrases_dict, pinyin_dict

    ids: dict[str, int] = {}

    def number(reading: str) -> int:
        return ids.setdefault(_plain(reading), len(ids) + 1)

    usual = {chr(code): number(read.split(",", 1)[0]) for code, read in constants.PINYIN_DICT.items()}
    phrases: dict[str, tuple[int, ...]] = {}
    for phrase, readings in constants.PHRASES_DICT.items():
        if len(phrase) == len(readings) <= _LONGEST_PHRASE:
            read = tuple(number(one[0]) for one in readings)
            if any(usual.get(char) != syllable for char, syllable in zip(phrase, read, strict=True)):
                phrases[phrase] = read
    # Nothing else uses pypinyin, and its tables take 60 MB.
    for table in (constants.PINYIN_DICT, constants.PHRASES_DICT):
        table.clear()
    phrases_dict.phrases_dict.clear()
    pinyin_dict.pinyin_dict.clear()
    gc.collect()
    return _Tables(usual, phrases)


@lru_cache(maxsize=2048)
def _plain(syllable: str) -> str:
    """A syllable without its tone; ü is v."""
    letters = unicodedata.normalize("NFD", syllable.replace("ê", "e")).replace("u\u0308", "v")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
