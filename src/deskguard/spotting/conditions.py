"""Patterns of conditions and frames, compiled once and shared: ten thousand rules may name the same frame.

Most patterns hold nowhere in what was said. So each has a key, its longest piece, and only those whose key is
found are laid along the text at all: a thousand patterns are asked in 0.1 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.spotting.patterns import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deskguard.rules.ruleset import Frame


@dataclass(frozen=True, slots=True)
class Labelled:
    """A pattern with its name in traces: 要是~, or @condition (要是~)."""

    label: str
    wording: Wording | None
    """None for the built-in frame @quotes."""

    @property
    def key(self) -> tuple[str, str]:
        """Characters and sound of its longest piece: where neither is, the pattern does not hold."""
        steps = (*self.wording.before, *self.wording.after) if self.wording else ()
        piece = max((step.piece for step in steps), key=lambda one: len(one.chars), default=None)
        return (piece.chars, piece.sound or piece.chars) if piece else ("", "")


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns of which one is enough."""

    keyed: tuple[tuple[str, str, Labelled], ...]
    ahead: tuple[Wording, ...]
    """Those around the phrase that go on after it."""
    has_own_words: bool
    """Some pattern stands by itself."""

    @classmethod
    def of(cls, given: Iterable[Labelled]) -> Patterns:
        patterns = tuple(given)
        wordings = [one.wording for one in patterns if one.wording is not None]
        return cls(
            tuple((*one.key, one) for one in patterns),
            tuple(one for one in wordings if one.has_phrase and one.after),
            any(not one.has_phrase for one in wordings),
        )

    @classmethod
    def joined(cls, parts: Sequence[Patterns]) -> Patterns:
        if len(parts) == 1:
            return parts[0]
        return cls(
            tuple(one for part in parts for one in part.keyed),
            tuple(one for part in parts for one in part.ahead),
            any(part.has_own_words for part in parts),
        )

    def likely(self, heard: str, sound: str) -> list[Labelled]:
        """The patterns whose key is somewhere in what was said; the rest cannot hold."""
        return [one for key, by_sound, one in self.keyed if key in heard or by_sound in sound]


class PatternBook:
    """The frames of one rule set, compiled, and conditions compiled with them."""

    def __init__(self, frames: Mapping[str, Frame]) -> None:
        self._frames = frames
        self._wordings: dict[str, tuple[Wording | None, ...]] = {}
        self._compiled = {frame_id: Patterns.of(self._labelled(frame_id)) for frame_id in frames}

    def patterns(self, say: Sequence[str]) -> Patterns:
        """What a condition says; frames are looked up, not compiled again."""
        parts = [
            self._compiled.get(text[1:]) or Patterns.of(self._labelled(text[1:]))
            if text.startswith("@")
            else Patterns.of([Labelled(text, Wording.of(text))])
            for text in say
        ]
        return Patterns.joined(parts)

    def _labelled(self, frame_id: str) -> Iterator[Labelled]:
        for wording in self._flat(frame_id):
            name = f"@{frame_id}"
            told = wording.text if wording else "@quotes"
            yield Labelled(name if told == name else f"{name} ({told})", wording)

    def _flat(self, frame_id: str) -> tuple[Wording | None, ...]:
        """The patterns of a frame and of the frames in it; a frame that no file has is the built-in one."""
        if frame_id not in self._frames:
            return (None,)
        if frame_id not in self._wordings:
            self._wordings[frame_id] = tuple(
                one
                for text in self._frames[frame_id].say
                for one in (self._flat(text[1:]) if text.startswith("@") else (Wording.of(text),))
            )
        return self._wordings[frame_id]
