"""A sentence in, the pieces that it is weighed by out: characters, syllables, and pairs that stand apart.

Characters say what is meant, syllables survive a recogniser that writes other characters for the same sounds,
and pairs with a gap hold what a word in between tears apart. Begin and end count as a piece, since 你行啊 by
itself is another thing than 你行啊 in a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.language.syllables import clause_syllables, syllable_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BEGIN, END = "^", "$"
_CHARACTERS = (1, 2, 3, 4)
_SYLLABLES = (2, 3)
_APART = range(2, 6)
"""How far apart the two of a pair stand."""


def pieces(chars: str) -> set[str]:
    """The pieces of normalised characters; each is there once, however often it is said."""
    bounded = [BEGIN, *chars, END]
    names = syllable_names()
    sounds = [names[one] if one < len(names) else chr(0xFFFD) for one in clause_syllables(chars)]
    found = {"".join(one) for one in _runs(bounded, _CHARACTERS)}
    found.update(f"s {' '.join(one)}" for one in _runs([BEGIN, *sounds, END], _SYLLABLES))
    found.update(
        f"{bounded[at]}_{bounded[at + gap]}" for gap in _APART for at in range(max(0, len(bounded) - gap))
    )
    return found


def is_sound(piece: str) -> bool:
    """Whether a piece is of syllables: what a trace may show without showing what was said."""
    return piece.startswith("s ")


def _runs(sequence: Sequence[str], lengths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    for length in lengths:
        for at in range(len(sequence) - length + 1):
            yield tuple(sequence[at : at + length])
