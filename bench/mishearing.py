"""Written sentences in, what a recogniser may make of them out: other characters that sound alike.

Of what Whisper gets wrong most sounds right (it writes other characters for the same syllables), some sounds
nearly right, and some is left out; the shares here are that order of frequency, not a measurement of one set.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from deskguard.language.syllables import syllable_names, usual_syllables

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEARLY, _DROPPED = 0.2, 0.1
"""Of the wrong characters: nearly alike, left out; the others sound the same."""
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("l", "n"), ("r", "n"), ("f", "h"))


class Mishearing:
    """Characters by sound, the common ones more often; `texts` say which are common."""

    def __init__(self, texts: Iterable[str], seed: int) -> None:
        counts = Counter(char for text in texts for char in text if "一" <= char <= "龥")
        self._alike: dict[str, list[tuple[str, int]]] = {}
        self._nearly: dict[str, list[tuple[str, int]]] = {}
        for char, count in sorted(counts.items()):
            self._alike.setdefault(_sound(char), []).append((char, count))
            self._nearly.setdefault(_merged(_sound(char)), []).append((char, count))
        self._chance = random.Random(seed)

    def of(self, text: str, share: float) -> str:
        """The text with such a share of its characters misheard."""
        return "".join(self._one(char) if self._chance.random() < share else char for char in text)

    def _one(self, char: str) -> str:
        if not "一" <= char <= "龥":
            return char
        how = self._chance.random()
        if how < _DROPPED:
            return ""
        sound = _sound(char)
        several = self._nearly.get(_merged(sound)) if how < _DROPPED + _NEARLY else self._alike.get(sound)
        others = [one for one in several or () if one[0] != char]
        if not others:
            return char
        return self._chance.choices([one for one, _ in others], [count for _, count in others])[0]


def _sound(char: str) -> str:
    names = syllable_names()
    (one,) = usual_syllables(char)
    return names[one] if one < len(names) else char


def _merged(sound: str) -> str:
    for one, other in _MERGED:
        sound = sound.replace(one, other)
    return sound
