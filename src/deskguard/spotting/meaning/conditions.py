"""Patterns of conditions and frames, compiled once and shared: ten thousand rules may name the same frame.

Most patterns hold nowhere in what was said. So they are filed by the beginning of a piece, and only those
found there are laid along the text at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.spotting.meaning.patterns import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

    from deskguard.rules.ruleset import Frame
    from deskguard.rules.schema import Condition

    _Written = tuple[Wording | None, bool]
    """A pattern of a frame, and whether the frame gives way."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A pattern with its name in traces: 要是~, or @condition (要是~)."""

    label: str
    wording: Wording | None
    """None for the built-in frame @quotes."""
    gives_way: bool = False
    """It is of a frame that excuses nothing where the surroundings almost surely lean to a breach."""

    def grams(self) -> set[str]:
        """What is surely in the text, by characters or by sound, where the pattern holds: the beginning of its
        longest piece."""
        steps = (*self.wording.before, *self.wording.after) if self.wording else ()
        piece = max((step.piece for step in steps), key=lambda one: len(one.chars), default=None)
        return {piece.chars[:2], piece.sound[:2] or piece.chars} if piece else {""}


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions of a rule of which one is enough, filed for asking all of their patterns at once."""

    patterns: tuple[tuple[Labelled, Condition], ...]
    by_gram: Mapping[str, tuple[int, ...]]
    """Numbers of the patterns that may hold where a text has the gram."""
    ahead: tuple[Wording, ...]
    """Those around the phrase that go on after it."""
    with_own_words: tuple[Condition, ...]
    """Conditions in which some pattern stands by itself."""

    @classmethod
    def of(cls, given: Sequence[tuple[Condition, Sequence[Labelled]]]) -> Conditions:
        patterns = [(one, condition) for condition, labelled in given for one in labelled]
        by_gram: dict[str, list[int]] = {}
        for number, (one, _) in enumerate(patterns):
            for gram in one.grams():
                by_gram.setdefault(gram, []).append(number)
        wordings = [one.wording for one, _ in patterns if one.wording is not None]
        return cls(
            tuple(patterns),
            {gram: tuple(numbers) for gram, numbers in by_gram.items()},
            tuple(one for one in wordings if one.has_phrase and one.after),
            tuple(
                condition
                for condition, labelled in given
                if any(one.wording is not None and not one.wording.has_phrase for one in labelled)
            ),
        )

    def likely(self, grams: Set[str]) -> list[tuple[Labelled, Condition]]:
        """The patterns that may hold in a text of these grams, in order; the rest cannot."""
        numbers = {number for gram in self.by_gram.keys() & grams for number in self.by_gram[gram]}
        return [self.patterns[number] for number in sorted(numbers)]


class PatternBook:
    """The frames of one rule set, compiled, and conditions compiled with them."""

    def __init__(self, frames: Mapping[str, Frame]) -> None:
        self._frames = frames
        self._wordings: dict[str, tuple[_Written, ...]] = {}
        self._compiled = {frame_id: tuple(self._labelled(frame_id)) for frame_id in frames}

    def conditions(self, given: Sequence[Condition]) -> Conditions:
        """What conditions say; frames are looked up, not compiled again."""
        return Conditions.of([(one, [*self._said(one.say)]) for one in given])

    def _said(self, say: Sequence[str]) -> Iterator[Labelled]:
        for text in say:
            if text.startswith("@"):
                yield from self._compiled.get(text[1:]) or self._labelled(text[1:])
            else:
                yield Labelled(text, Wording.of(text))

    def _labelled(self, frame_id: str) -> Iterator[Labelled]:
        for wording, gives_way in self._flat(frame_id):
            name = f"@{frame_id}"
            told = wording.text if wording else "@quotes"
            yield Labelled(name if told == name else f"{name} ({told})", wording, gives_way)

    def _flat(self, frame_id: str) -> tuple[_Written, ...]:
        """The patterns of a frame and of the frames in it; a frame that no file has is the built-in one."""
        if frame_id not in self._frames:
            return ((None, False),)
        if frame_id not in self._wordings:
            frame = self._frames[frame_id]
            self._wordings[frame_id] = tuple(
                one
                for text in frame.say
                for one in (
                    self._flat(text[1:]) if text.startswith("@") else ((Wording.of(text), frame.gives_way),)
                )
            )
        return self._wordings[frame_id]
