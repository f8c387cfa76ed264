"""Normalised characters to toneless syllables as small integers, one for each character; and their tones apart.

Whisper mishears by sound and keeps the syllable: 知到 for 知道. Polyphones are read in the context of their
clause, which misheard neighbours may mislead, so a character's readings out of context can be had as well. A
Latin letter is its own syllable, so names and codes compare letter by letter.

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
    second: Mapping[str, int]
    """How polyphones are read next to usually."""
    tones: Mapping[str, int]
    """Of the usual readings, 1 to 4."""
    names: tuple[str, ...]
    """Each id's letters; ids begin at 1."""


def syllables(text: Normalised) -> tuple[int, ...]:
    """One syllable id for each character of `text`; ids are equal when the syllables are, in this process."""
    read: list[int] = []
    for start, end in text.clauses():
        read.extend(clause_syllables(text.chars[start:end]))
    return tuple(read)


def usual_syllables(chars: str) -> tuple[int, ...]:
    """The syllables of normalised characters, each read as it usually is, whatever stands beside it."""
    usual = _loaded().usual
    return tuple(usual.get(char, _LETTERS_FROM + ord(char)) for char in chars)


def second_syllables(chars: str) -> tuple[int, ...]:
    """The second readings of polyphones, 0 for characters that have one reading only."""
    second = _loaded().second
    return tuple(second.get(char, 0) for char in chars)


def usual_tones(chars: str) -> tuple[int, ...]:
    """The tones, 1 to 4, of normalised characters as usually read; 0 for the neutral one, and for none."""
    tones = _loaded().tones
    return tuple(tones.get(char, 0) for char in chars)


def syllable_names() -> tuple[str, ...]:
    """The toneless letters of each syllable id, ü as v; nothing at 0. Letters' own ids are far above."""
    return _loaded().names


@lru_cache(maxsize=1024)
def clause_syllables(chars: str) -> tuple[int, ...]:
    """The same for one clause: the longest known phrase first, else the usual reading of the character."""
    tables = _loaded()
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


def _loaded() -> _Tables:
    with _loading:  # loading empties pypinyin's tables, so it must happen once
        return _tables()


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    from pypinyin import constants, phrases_dict, pinyin_dict

    ids: dict[str, int] = {}

    def number(reading: str) -> int:
        return ids.setdefault(_plain(reading), len(ids) + 1)

    usual: dict[str, int] = {}
    second: dict[str, int] = {}
    tones: dict[str, int] = {}
    for code, listed in constants.PINYIN_DICT.items():
        first, *more = (number(reading) for reading in listed.split(","))
        usual[chr(code)] = first
        if tone := _tone(listed.split(",", 1)[0]):
            tones[chr(code)] = tone
        if others := [one for one in more if one != first]:
            second[chr(code)] = others[0]
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
    return _Tables(usual, phrases, second, tones, ("", *ids))


@lru_cache(maxsize=2048)
def _plain(syllable: str) -> str:
    """A syllable without its tone; ü is v."""
    letters = unicodedata.normalize("NFD", syllable.replace("ê", "e")).replace("u\u0308", "v")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_TONE_MARKS = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}


def _tone(syllable: str) -> int:
    """The tone that a syllable is written with, 0 for none."""
    marks = (_TONE_MARKS.get(letter, 0) for letter in unicodedata.normalize("NFD", syllable.replace("ê", "e")))
    return next((tone for tone in marks if tone), 0)
