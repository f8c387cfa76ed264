"""All that a stream's final hypotheses, queue events and passing time tell about visits: the visits themselves,
the courtesies said and missing in them, and manner.

Pure: it reads no clock and keeps nothing of a visit that is over. A visit of hours keeps a bounded number of
words, acts and parts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deskguard.values import Courtesy, Manner, Visit
from deskguard.visits.acts import finder_of
from deskguard.visits.boundaries import Aside, Began, Boundaries, Ended, Said
from deskguard.visits.evidence import Kinds
from deskguard.visits.expectations import Expectations
from deskguard.visits.scenes import Scenes

if TYPE_CHECKING:
    from deskguard.rules.courtesy import CourtesyBook
    from deskguard.settings import VisitSettings
    from deskguard.values import Hypothesis, QueueEvent
    from deskguard.visits.acts import Words
    from deskguard.visits.boundaries import Step
    from deskguard.visits.manner import MannerWatch

Finding = Visit | Courtesy | Manner
"""Told again whenever it changes; the id stays."""


class Reception:
    """Visits of one stream, with what was said and missing in each; without `manner`, nothing of how."""

    def __init__(
        self,
        book: CourtesyBook,
        settings: VisitSettings,
        run_id: str,
        manner: MannerWatch | None = None,
    ) -> None:
        self._book = book
        self._settings = settings
        self._run_id = run_id
        self._manner = manner
        self._finder = finder_of(book)
        self._boundaries = Boundaries(settings, Kinds.of(book))
        self._count = 0
        self._going: _Going | None = None
        self._heard_id: int | None = None

    def feed(self, said: Hypothesis) -> list[Finding]:
        """Take an utterance of either side, in order of arrival; only final ones with words count."""
        if not said.is_final or not said.text.strip():
            return []
        return self._follow(self._boundaries.hear(self._finder.hear(said)))

    def queue(self, event: QueueEvent) -> list[Finding]:
        """Take what the queue system told."""
        return self._follow(self._boundaries.queue(event))

    def tick(self, now_sample: int) -> list[Finding]:
        """Audio time has come to here, with or without speech."""
        found = self._follow(self._boundaries.tick(now_sample))
        going = self._going
        found += going.expectations.tick(now_sample) if going else []
        return found + (self._manner.tick(now_sample, going.visit if going else None) if self._manner else [])

    def finish(self) -> list[Finding]:
        """The stream is over; what goes on ends with it."""
        found = self._follow(self._boundaries.finish())
        return found + (self._manner.finish() if self._manner else [])

    def _follow(self, steps: list[Step]) -> list[Finding]:
        found: list[Finding] = []
        for step in steps:
            if isinstance(step, Began):
                found += self._begin(step)
            elif isinstance(step, Aside):
                found += self._listen(step.words)
            elif self._going is not None and isinstance(step, Said):
                found += self._going.hear(step.words)
                found += self._listen(step.words)
            elif self._going is not None and isinstance(step, Ended):
                found += self._going.end(step)
                self._going = None
                found += self._manner.tick(step.end_sample, None) if self._manner else []
        self._note(found)
        return found

    def _begin(self, began: Began) -> list[Finding]:
        self._count += 1
        visit = Visit(
            visit_id=f"{self._run_id}-v{self._count}",
            channel=began.channel,
            start_sample=began.start_sample,
            begun_by=began.by,
            ticket=began.ticket,
        )
        self._going = _Going(visit, Expectations(self._book, self._settings, visit), Scenes(self._book))
        return [visit, *self._going.expectations.begin()]

    def _listen(self, words: Words) -> list[Manner]:
        """How it was said; an utterance that was cut in two is one sound."""
        if self._manner is None or words.said.utterance_id == self._heard_id:
            return []
        self._heard_id = words.said.utterance_id
        return self._manner.feed(words.said, self._going.visit if self._going else None)

    def _note(self, found: list[Finding]) -> None:
        """Tell manner what was said: after 请稍候 a silence is no surprise."""
        for one in found:
            if self._manner is not None and isinstance(one, Courtesy):
                self._manner.note(one)


class _Going:
    """The visit that goes on."""

    def __init__(self, visit: Visit, expectations: Expectations, scenes: Scenes) -> None:
        self.visit = visit
        self.expectations = expectations
        self._scenes = scenes

    def hear(self, words: Words) -> list[Finding]:
        found: list[Finding] = []
        if self._scenes.hear(words):
            self.visit = replace(self.visit, scenes=self._scenes.spans())
            found.append(self.visit)
        return [*found, *self.expectations.hear(words)]

    def end(self, ended: Ended) -> list[Finding]:
        clipped = tuple(
            replace(one, end_sample=min(one.end_sample, ended.end_sample))
            for one in self._scenes.spans()
            if one.start_sample < ended.end_sample
        )
        self.visit = replace(self.visit, end_sample=ended.end_sample, ended_by=ended.by, scenes=clipped)
        return [*self.expectations.end(), self.visit]
