"""Normalised characters to toneless syllables as small integers, one for each character.

Whisper mishears by sound and keeps the syllable: 知到 for 知道. Polyphones are read in the context of their
clause. A Latin letter is its own syllable, so names and codes compare letter by letter.

pypinyin is read once and not called: of its 47,000 phrases only those 3,400 are kept in which a character is
not read as it usually is. A clause takes under 0.1 ms instead of 0.4, and 50 MB come back.
"""

from __future__ import annotations

import gc
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.rules.text import Normalised

_LONGEST_PHRASE = 8
# Syllables that sound alike to a recogniser and are written differently only by convention.
_SPELT = {"n": "en", "ng": "en", "m": "mu", "hm": "heng", "hng": "heng"}
_ids: dict[str, int] = {}


def syllables(text: Normalised) -> tuple[int, ...]:
    """One syllable id for each character of `text`; ids are equal when the syllables are, in this process."""
    read: list[int] = []
    for start, end in text.clauses():
        read.extend(_clause(text.chars[start:end]))
    return tuple(read)


@lru_cache(maxsize=1024)
def _clause(chars: str) -> tuple[int, ...]:
    """Longest known phrase first, else the usual reading of the character."""
    readings, phrases = _tables()
    read: list[str] = []
    at = 0
    while at < len(chars):
        for length in range(min(_LONGEST_PHRASE, len(chars) - at), 1, -1):
            if known := phrases.get(chars[at : at + length]):
                read.extend(known)
                at += length
                break
        else:
            read.append(readings.get(chars[at], chars[at]))
            at += 1
    return tuple(_ids.setdefault(syllable, len(_ids) + 1) for syllable in read)


@lru_cache(maxsize=1)
def _tables() -> tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    """The usual reading of each character, and the phrases that are read otherwise."""
    from pypinyin import constants, phrases_dict, pinyin_dict

    readings = {chr(code): _plain(read.split(",", 1)[0]) for code, read in constants.PINYIN_DICT.items()}
    phrases: dict[str, tuple[str, ...]] = {}
    for phrase, syllable_lists in constants.PHRASES_DICT.items():
        if not len(phrase) == len(syllable_lists) <= _LONGEST_PHRASE:
            continue
        read = tuple(_plain(one[0]) for one in syllable_lists)
        if any(readings.get(char) != syllable for char, syllable in zip(phrase, read, strict=True)):
            phrases[phrase] = read
    # Nothing else uses pypinyin, and its tables take 60 MB.
    for table in (constants.PINYIN_DICT, constants.PHRASES_DICT):
        table.clear()
    phrases_dict.phrases_dict.clear()
    pinyin_dict.pinyin_dict.clear()
    gc.collect()
    return readings, phrases


@lru_cache(maxsize=2048)
def _plain(syllable: str) -> str:
    """A syllable without its tone; ü is v."""
    letters = unicodedata.normalize("NFD", syllable.replace("ê", "e")).replace("u\u0308", "v")
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _SPELT.get(bare, bare)
