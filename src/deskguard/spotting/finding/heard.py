"""A passage to all that spotting asks about it: sounds, fillers, numbers, pauses, ends of words and clauses.

Made once for each passage; what costs something is worked out when it is first asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deskguard.language.fillers import filler_groups
from deskguard.language.syllables import second_syllables, syllables, usual_syllables
from deskguard.language.text import normalise, simplify
from deskguard.language.words import PARTICLES, clause_edges, word_edges
from deskguard.rules.spelling import NUMBER_DIGITS
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.values import Passage

MOST_FILLERS = 2
"""Fillers and repeats that may stand inside one piece of a phrase."""

# What may stand right before an answer; 这个我不清楚 answers, 照片不清楚 describes a copy.
_ANSWERERS = (
    "我",
    "我们",
    "我也",
    "我们也",
    "我可",
    "我真",
    "我还",
    "这",
    "这个",
    "这事",
    "这事儿",
    "那",
    "那个",
)
_CLAUSE_TAIL = PARTICLES | {"了", "的"}
_NUMERAL = "[\\d零〇一二三四五六七八九幺]"
# Whisper writes a number in groups: 138-0000-1234, 一三八，零零零零.
_NUMBER = re.compile(f"{_NUMERAL}(?:[ ，,、-]?{_NUMERAL})*[xX]?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies in the normalised characters, and whether every character is the pack's."""

    start: int
    end: int
    exact: bool

    def holds(self, other: Place) -> bool:
        return self.start <= other.start and other.end <= self.end

    def shares(self, other: Place) -> int:
        """How many characters both cover."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))


class Heard:
    """One passage, normalised; positions count in its normalised characters."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.text = normalise(passage.text)
        self.sounds = syllables(self.text)
        self.fillers = filler_groups(self.text)
        """For each character, the number of its filler or repeat; 0 for words."""

    @cached_property
    def usual(self) -> tuple[int, ...]:
        """The syllables as they are read out of context."""
        return usual_syllables(self.text.chars)

    @cached_property
    def second(self) -> tuple[int, ...]:
        """Second readings of polyphones; 0 where there is none."""
        return second_syllables(self.text.chars)

    @cached_property
    def edges(self) -> frozenset[int]:
        """Where words start or end in what was heard."""
        return word_edges(self.text)

    @cached_property
    def surface(self) -> str:
        """The text in Simplified script, each character in its place."""
        return simplify(self.passage.text)

    def numbers(self) -> list[Place]:
        """Numbers that were spoken digit by digit, as telephone and identity numbers are."""
        fewest, most = NUMBER_DIGITS
        starts, ends = self.text.origin, self.text.ends
        found = []
        for run in _NUMBER.finditer(self.surface):
            if fewest <= sum(char.isalnum() for char in run.group()) <= most:
                inside = [
                    at for at, start in enumerate(starts) if run.start() <= start and ends[at] <= run.end()
                ]
                found.append(Place(inside[0], inside[-1] + 1, exact=True))
        return found

    def has_few_fillers(self, start: int, end: int) -> bool:
        return len(set(self.fillers[start:end]) - {0}) <= MOST_FILLERS

    def pause_s(self, end: int, start: int) -> float:
        """From the end of the character before `end` to the beginning of the one at `start`."""
        spans = self.passage.spans
        before = spans[self.text.ends[end - 1] - 1][1]
        return (spans[self.text.origin[start]][0] - before) / SAMPLE_RATE_HZ

    def breaks_in(self, place: Place) -> list[int]:
        return [at for at in self.text.breaks if place.start < at < place.end]

    def pauses_in(self, place: Place) -> bool:
        """Whether a pause stands inside that is not a filler's own."""
        return any(not self.fillers[at - 1] and not self.fillers[at] for at in self.breaks_in(place))

    def ends_clause(self, end: int) -> bool:
        """Whether nothing but particles follows before the next pause."""
        chars = self.text.chars
        while end < len(chars) and end not in self.text.breaks and chars[end] in _CLAUSE_TAIL:
            end += 1
        return end == len(chars) or end in self.text.breaks

    def answers(self, start: int) -> bool:
        """Whether what begins at `start` begins its clause, or follows who answers."""
        clause = max((at for at in (0, *self.text.breaks) if at <= start), default=0)
        before = self.text.chars[clause:start]
        return not before or before.endswith(_ANSWERERS)

    def cuts_words(self, place: Place) -> bool:
        """Whether the place starts or ends inside a word of what was heard."""
        return place.start not in self.edges or place.end not in self.edges

    def cuts_meant_words(self, place: Place, meant: str) -> bool:
        """The same with what was meant written in the place: misheard text has no words to rely on."""
        before = max((at for at in self.text.breaks if at <= place.start), default=0)
        after = min((at for at in self.text.breaks if at >= place.end), default=len(self.text.chars))
        start = place.start - before
        clause = self.text.chars[before : place.start] + meant + self.text.chars[place.end : after]
        edges = clause_edges(clause)
        return start not in edges or start + len(meant) not in edges
