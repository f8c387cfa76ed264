"""The words of a visit, one after the other, to the parts it consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.values import SceneSpan

if TYPE_CHECKING:
    from deskguard.rules.courtesy import CourtesyBook
    from deskguard.visits.acts import Words

_NO_SCENE = frozenset(("any", "thanks", "apology", "praise"))
"""Courtesy that belongs to whatever is going on, and is no part of a visit by itself."""
_MOST_SPANS = 200
"""A visit of hours keeps its newest parts."""


class Scenes:
    """The parts of one visit so far."""

    def __init__(self, book: CourtesyBook) -> None:
        self._scene_of = {act.act_id: act.scene for act in book.acts}
        self._spans: list[SceneSpan] = []

    def hear(self, words: Words) -> bool:
        """Take the next words; whether there is a new part, or an old one has become another."""
        before = [one.scene for one in self._spans]
        for scene, start in self._named(words):
            self._enter(scene, start, words.end_sample)
        if self._spans:
            # Words without a scene of their own go on with the present one.
            self._enter(self._spans[-1].scene, words.start_sample, words.end_sample)
        return before != [one.scene for one in self._spans]

    def spans(self) -> tuple[SceneSpan, ...]:
        return tuple(self._spans)

    def _named(self, words: Words) -> list[tuple[str, int]]:
        """The scenes that the words name, in order, each once, and where each begins."""
        found = [
            (one.start_sample, self._scene_of[one.name])
            for one in words.acts
            if not one.is_part and self._scene_of[one.name] not in _NO_SCENE
        ]
        found += [(one.start_sample, one.name) for one in words.scenes]
        first: dict[str, int] = {}
        for start, scene in sorted(found):
            first.setdefault(scene, start)
        return list(first.items())

    def _enter(self, scene: str, start: int, end: int) -> None:
        last = self._spans[-1] if self._spans else None
        if last is not None and last.scene == scene:
            self._spans[-1] = SceneSpan(
                scene=scene, start_sample=last.start_sample, end_sample=max(last.end_sample, end)
            )
            return
        if last is not None and last.end_sample > start:
            self._spans[-1] = SceneSpan(scene=last.scene, start_sample=last.start_sample, end_sample=start)
        self._spans.append(SceneSpan(scene=scene, start_sample=start, end_sample=end))
        del self._spans[:-_MOST_SPANS]
