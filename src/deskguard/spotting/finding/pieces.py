"""Literal pieces of spellings to the places where a passage holds them, by characters and by sound.

Two Aho-Corasick automata, one over characters and one over syllables, find every piece of every spelling in one
walk each, so 10,000 phrases cost what ten do. Where there are fillers the text is walked again without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.language.syllables import clause_syllables, usual_syllables
from deskguard.rules.spelling import GAP_S, NUMBER
from deskguard.spotting.finding.heard import Heard, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SHORTEST_FILLED = 3
"""Syllables that a piece must have for fillers to stand inside it: 快嗯点 is too little to go by."""

Occurrences = dict[int, set[Place]]
"""For each piece, where it stands."""


class PieceIndex:
    """Pieces by number; all are added before the first passage is searched."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self.numbers = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
        self._lengths = [len(piece) for piece in self.numbers]
        literal = [(piece, number) for piece, number in self.numbers.items() if piece != NUMBER]
        self._literal = len(literal)
        self._by_characters = _automaton(literal, is_text=True)
        sounds = [(clause_syllables(piece), number) for piece, number in literal]
        sounds += [(usual_syllables(piece), number) for piece, number in literal]
        self._by_sound = _automaton(sounds, is_text=False)

    def occurrences(self, heard: Heard) -> Occurrences:
        """Where each piece stands, as a whole and with fillers inside."""
        found: dict[int, dict[tuple[int, int], bool]] = {}
        kept = range(len(heard.text.chars))
        self._walk(heard, kept, found)
        if any(heard.fillers):
            self._walk(heard, [at for at in kept if not heard.fillers[at]], found)
        places = {
            number: {Place(start, end, exact) for (start, end), exact in spans.items()}
            for number, spans in found.items()
        }
        if NUMBER in self.numbers and (numbers := heard.numbers()):
            places[self.numbers[NUMBER]] = set(numbers)
        return places

    def _walk(self, heard: Heard, kept: Sequence[int], found: dict[int, dict[tuple[int, int], bool]]) -> None:
        """Add the occurrences in the characters at `kept`; those in the pack's own characters last."""
        if not kept or not self._literal:
            return
        readings = {tuple(sounds[at] for at in kept) for sounds in (heard.sounds, heard.usual)}
        chars = "".join(heard.text.chars[at] for at in kept)
        walks = [(self._by_sound.iter(reading), False) for reading in readings]
        for walk, exact in (*walks, (self._by_characters.iter(chars), True)):
            for last, numbers in walk:
                for number in numbers:
                    length = self._lengths[number]
                    start, end = kept[last + 1 - length], kept[last] + 1
                    if end - start == length or (
                        length >= _SHORTEST_FILLED and heard.has_few_fillers(start, end)
                    ):
                        found.setdefault(number, {})[start, end] = exact


def joined(
    heard: Heard, occurrences: Mapping[int, set[Place]], pieces: Sequence[int], gaps: Sequence[int]
) -> set[Place]:
    """Every way the pieces stand in order with gaps no wider than allowed, in syllables and in time."""
    ways = occurrences.get(pieces[0], set())
    for number, gap in zip(pieces[1:], gaps, strict=True):
        nexts = occurrences.get(number, ())
        ways = {
            Place(way.start, after.end, way.exact and after.exact)
            for way in ways
            for after in nexts
            if 0 <= after.start - way.end <= gap and heard.pause_s(way.end, after.start) <= GAP_S
        }
    return ways


def _automaton(keys: Iterable[tuple[Any, int]], *, is_text: bool) -> Any:
    """An automaton from key to the numbers of the pieces that have it."""
    import ahocorasick

    kind = ahocorasick.KEY_STRING if is_text else ahocorasick.KEY_SEQUENCE
    automaton = ahocorasick.Automaton(ahocorasick.STORE_ANY, kind)
    numbers: dict[Any, set[int]] = {}
    for key, number in keys:
        numbers.setdefault(key, set()).add(number)
    for key, pieces in numbers.items():
        automaton.add_word(key, tuple(sorted(pieces)))
    automaton.make_automaton()
    return automaton
