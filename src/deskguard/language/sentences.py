"""A text in, the stretches of it that are weighed as a whole out; and several texts as one that is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.language.text import Normalised

_FEWEST, _MOST = 3, 40
"""Characters of a stretch that is weighed: fewer mostly say too little, and of more a part would be weighed
beside what has nothing to do with it."""
_STOPS = frozenset("。！？!?，,、；;：:…")
_ENDS = frozenset("。！？!?")
_MARKS = 2
"""Signs after a word in which the end of a sentence stands: ？” is two."""


def stretches(text: Normalised, surface: str, fewest: int = _FEWEST) -> list[tuple[int, int]]:
    """What is weighed of a text, as (start, end) in its normalised characters.

    All of it where it is short, and each of its sentences: clauses by themselves were weighed wrongly twice as
    often. What is long and has no full stop is cut at pauses, and at last anywhere.
    """
    found = {(0, len(text.chars))} if len(text.chars) <= _MOST else set()
    for start, end in _sentences(text, surface):
        found.update((at, min(at + _MOST, end)) for at in range(start, end, _MOST))
    return sorted(one for one in found if one[1] - one[0] >= fewest)


def _sentences(text: Normalised, surface: str) -> Iterator[tuple[int, int]]:
    """Where sentences lie; those that are too long end at the last pause before that."""
    begin = 0
    for start, end in text.clauses():
        if start > begin and end - begin > _MOST:
            yield begin, start
            begin = start
        marks = surface[text.ends[end - 1] : text.ends[end - 1] + _MARKS]
        if end == len(text.chars) or any(mark in _ENDS for mark in marks):
            yield begin, end
            begin = end


def joined(texts: Iterable[str]) -> str:
    """Utterances one after the other, with a pause where one does not end in a sign of its own."""
    found = ""
    for text in texts:
        found += ("，" if found and found[-1] not in _STOPS else "") + text
    return found
