"""Patterns of a context, laid along what was said: they hold, could still hold, or do not.

A pattern with the phrase in it is laid from the phrase outwards, any other wherever its first piece stands. All
of it is compiled once for a set of rules; most patterns are refused by asking whether a piece is there at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deskguard.rules.pattern import TOUCHING, Chain, Gap, read_pattern
from deskguard.spotting.meaning.view import HESITATIONS, LIGHT_SYLLABLES, PRONOUNS, Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.spotting.meaning.view import View

Holding = Literal["holds", "could", "no"]
_TAIL = HESITATIONS | {"了", "的", "吗"}
_LEAST_PHRASE = 2
"""Syllables of the phrase that no pattern may take for itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of a pattern and the gap beside it."""

    piece: Piece
    gap: Gap
    lets_pronouns: bool = False
    """Pronouns may stand between it and a neighbour that it touches: 要是你不知道, but not 他们我不知道."""

    def spans(self, view: View, start: int, end: int, *, so_far: bool = False) -> bool:
        """Whether the gap may lie from `start` to `end`, or has got so far."""
        if self.gap == TOUCHING:
            return view.touches(start, end, pronouns=self.lets_pronouns)
        return view.fits(self.gap, start, end, so_far=so_far)

    @property
    def most(self) -> int:
        """The most syllables that may lie in the gap, with those that add nothing."""
        return self.gap.most or LIGHT_SYLLABLES


@dataclass(frozen=True, slots=True)
class Phrase:
    """Where the phrase stands in a view, and where it may be taken to begin and end.

    What was found as 你自己看 is 自己看 as well, so 请你~ holds beside it; likewise 了 and 啊 at its end.
    """

    start: int
    end: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def at(cls, view: View, start: int, end: int) -> Phrase:
        """The phrase from `start` to `end`, without the pronouns and particles it may go without."""
        starts, ends = [start], [end]
        while starts[-1] + _LEAST_PHRASE < end and view.chars[starts[-1]] in PRONOUNS:
            starts.append(starts[-1] + 1)
        while ends[-1] - _LEAST_PHRASE > starts[-1] and view.chars[ends[-1] - 1] in _TAIL:
            ends.append(ends[-1] - 1)
        return cls(start, end, tuple(starts[: LIGHT_SYLLABLES + 1]), tuple(ends[: LIGHT_SYLLABLES + 1]))


@dataclass(frozen=True, slots=True)
class Wording:
    """One pattern, ready to be laid along a view."""

    text: str
    has_phrase: bool
    before: tuple[Step, ...]
    """Last piece first, each with the gap that leads from it towards the phrase."""
    after: tuple[Step, ...]
    """First piece first, each with the gap that leads to it; the whole of a pattern without the phrase."""

    @classmethod
    def of(cls, text: str) -> Wording:
        """Compile a pattern; raises SpellingError as the loading of packs does."""
        pattern = read_pattern(text)
        if not pattern.has_phrase:
            chain = pattern.before
            return cls(text, False, (), _steps(Chain(chain.pieces, (TOUCHING, *chain.gaps[:-1]))))
        before = (
            Step(one.piece, one.gap, one.piece.chars[-1] not in PRONOUNS) for one in _steps(pattern.before)
        )
        return cls(text, True, tuple(before)[::-1], _steps(pattern.after))

    def beside(self, view: View, phrase: Phrase, *, grows: bool = False) -> Holding:
        """Whether the pattern stands around the phrase, or could if the text of the view `grows`."""
        if not all(view.holds(step.piece) for step in self.before):
            return "no"
        if self.before and not any(self._leads_to(view, at, phrase.start) for at in phrase.starts):
            return "no"
        if not self.after:
            return "holds"
        if all(view.holds(step.piece) for step in self.after) and any(
            stop > phrase.end for at in phrase.ends for stop in self._ways(view, 0, at)
        ):
            return "holds"
        is_near = len(view.chars) - phrase.ends[-1] < sum(one.most + len(one.piece.chars) for one in self.after)
        could = grows and is_near and any(self._could_follow(view, 0, at) for at in phrase.ends)
        return "could" if could else "no"

    def places(self, view: View, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where a pattern without the phrase stands in a stretch of the view."""
        if not all(view.holds(step.piece) for step in self.after):
            return
        first = self.after[0].piece
        for at in view.occurrences(first, start, end):
            for stop in self._ways(view, 1, at + len(first.chars)):
                if stop <= end:
                    yield at, stop

    def _leads_to(self, view: View, target: int, start: int) -> bool:
        """Whether the pieces before the phrase lead to `target`, each beginning before `start`."""
        ways = {target}
        for step in self.before:
            ways = {
                stop - len(step.piece.chars)
                for end in ways
                for stop in range(end, end - step.most - 1, -1)
                if view.stands(step.piece, stop - len(step.piece.chars))
                and step.spans(view, stop, end)
                and view.begins_word(step.piece, stop - len(step.piece.chars))
            }
            ways = {at for at in ways if at < start}
        return bool(ways)

    def _ways(self, view: View, number: int, at: int) -> set[int]:
        """Where the pieces from `number` on may end when the ones before them ended at `at`."""
        ways = {at}
        for step in self.after[number:]:
            ways = {
                start + len(step.piece.chars)
                for stop in ways
                for start in range(stop, stop + step.most + 1)
                if view.stands(step.piece, start)
                and step.spans(view, stop, start)
                and (step.gap == TOUCHING or step.piece.sound or view.begins_word(step.piece, start))
            }
        return ways

    def _could_follow(self, view: View, number: int, at: int) -> bool:
        """Whether the text ends before the pieces from `number` on do, and nothing in it forbids them."""
        step = self.after[number]
        last = len(view.chars)
        for start in range(at, min(at + step.most, last) + 1):
            if not step.spans(view, at, start, so_far=start == last):
                continue
            if start == last or last - start < len(step.piece.chars):
                if view.ends_with(step.piece, start):
                    return True
            elif (
                number + 1 < len(self.after)
                and view.stands(step.piece, start)
                and self._could_follow(view, number + 1, start + len(step.piece.chars))
            ):
                return True
        return False


def _steps(chain: Chain) -> tuple[Step, ...]:
    return tuple(Step(Piece.of(piece), gap) for piece, gap in zip(chain.pieces, chain.gaps, strict=True))
