"""All that a stream's final hypotheses, queue events and passing time tell about visits: the visits themselves,
the courtesies said and missing in them, and manner.

Pure: it reads no clock and keeps nothing of a visit that is over. A visit of hours keeps a bounded number of
words, acts and parts.

Who spoke may be found out only after the words were heard (`recast`). So when a visit is over, its courtesies
are heard once more, from the beginning, with the speakers as they are known then: what is missing is judged by
these.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from deskguard.values import Courtesy, Manner, Visit
from deskguard.visits.acts import finder_of
from deskguard.visits.boundaries import Boundaries
from deskguard.visits.evidence import Kinds
from deskguard.visits.expectations import Expectations
from deskguard.visits.scenes import Scenes
from deskguard.visits.steps import Amended, Aside, Began, Ended, Missed, Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.rules.courtesy import CourtesyBook
    from deskguard.settings import VisitSettings
    from deskguard.values import Hypothesis, Labelled, QueueEvent, SceneSpan
    from deskguard.visits.acts import Words
    from deskguard.visits.manner import MannerWatch
    from deskguard.visits.steps import Step

_MOST_HEARD = 120
"""Words of a visit that are kept to be heard once more; and labels."""
_MOST_OVER = 64
"""Visits that may still be given another ticket or end."""
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
        self._finder = finder_of(book, own_words=settings.own_words)
        self._boundaries = Boundaries(settings, Kinds.of(book))
        self._going: _Going | None = None
        self._over: dict[int, Visit] = {}
        """The last visits that are over, by number."""
        self._heard_id: int | None = None
        self._labels: dict[int, Labelled] = {}
        """What was found out about speakers after their words were heard."""

    def feed(self, said: Hypothesis) -> list[Finding]:
        """Take an utterance of either side, in order of arrival; only final ones with words count."""
        if not said.is_final or not said.text.strip():
            return []
        found: list[Finding] = []
        for words in self._finder.turns(said):
            found += self._follow(self._boundaries.hear(words))
        return found

    def recast(self, label: Labelled) -> None:
        """It has been found out who spoke in an utterance; courtesy learns it at the end of the visit."""
        self._labels.pop(label.utterance_id, None)
        self._labels[label.utterance_id] = label
        while len(self._labels) > _MOST_HEARD:
            del self._labels[next(iter(self._labels))]

    def queue(self, event: QueueEvent) -> list[Finding]:
        """Take what the queue system told."""
        return self._follow(self._boundaries.queue(event))

    def tick(self, now_sample: int) -> list[Finding]:
        """Audio time has come to here, with or without speech."""
        found = self._follow(self._boundaries.tick(now_sample))
        going = self._going
        found += going.told(going.expectations.tick(now_sample)) if going else []
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
            elif isinstance(step, Amended):
                found += self._amend(step)
            elif isinstance(step, Missed):
                found.append(self._missed(step))
            elif self._going is not None and isinstance(step, Said):
                found += self._going.hear(step.words)
                found += self._listen(step.words)
            elif self._going is not None and isinstance(step, Ended):
                found += self._going.end(step, self._heard_again(self._going))
                self._remember(self._going.number, self._going.visit)
                self._going = None
                found += self._manner.tick(step.end_sample, None) if self._manner else []
        self._note(found)
        return found

    def _begin(self, began: Began) -> list[Finding]:
        visit = Visit(
            visit_id=self._id(began.number),
            channel=began.channel,
            start_sample=began.start_sample,
            begun_by=began.by,
            ticket=began.ticket,
        )
        expectations = Expectations(self._book, self._settings, visit)
        going = self._going = _Going(began.number, visit, expectations, Scenes(self._book))
        return [visit, *going.told(going.expectations.begin())]

    def _amend(self, step: Amended) -> list[Finding]:
        if self._going is not None and self._going.number == step.number:
            visit = self._going.visit = replace(self._going.visit, ticket=step.ticket)
            return [visit]
        over = self._over.get(step.number)
        if over is None:
            return []
        end = over.end_sample if step.end_sample is None else step.end_sample
        visit = replace(over, ticket=step.ticket, end_sample=end, scenes=_clipped(over.scenes, end or 0))
        self._remember(step.number, visit)
        return [visit]

    def _missed(self, step: Missed) -> Visit:
        """Nothing was heard in it as far as is known, so nothing is missing in it either."""
        visit = Visit(
            visit_id=self._id(step.number),
            channel="counter" if self._settings.channel == "auto" else self._settings.channel,
            start_sample=step.start_sample,
            end_sample=step.end_sample,
            begun_by="queue",
            ended_by="queue",
            ticket=step.ticket,
        )
        self._remember(step.number, visit)
        return visit

    def _id(self, number: int) -> str:
        return f"{self._run_id}-v{number}"

    def _remember(self, number: int, visit: Visit) -> None:
        self._over[number] = visit
        while len(self._over) > _MOST_OVER:
            del self._over[next(iter(self._over))]

    def _heard_again(self, going: _Going) -> list[Courtesy]:
        """The courtesies of a visit by its speakers as they are known now; nothing where that is no news."""
        if going.is_cut_short or not any(self._is_news(words) for words in going.heard):
            return []
        expectations = Expectations(self._book, self._settings, going.visit)
        found = expectations.begin()
        for words in self._by_label(going.heard):
            found += expectations.hear(words)
        going.expectations = expectations
        return found

    def _is_news(self, words: Words) -> bool:
        label = self._labels.get(words.said.utterance_id)
        if label is None:
            return False
        roles = [one.role for one in words.said.stretches]
        return label.role != words.said.role or [one.role for one in label.stretches] != roles

    def _by_label(self, heard: Iterable[Words]) -> Iterator[Words]:
        """The words once more, each utterance by its speakers; of one that two visits share, its part."""
        for utterance_id, group in groupby(heard, key=lambda one: one.said.utterance_id):
            parts = list(group)
            if not self._is_news(parts[0]):
                yield from parts
                continue
            said = self._labels[utterance_id].put_to(parts[0].said)
            start, end = parts[0].start_sample, parts[-1].end_sample
            for words in self._finder.turns(said):
                if words.start_sample < end and start < words.end_sample:
                    yield words.within(start, end)

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

    def __init__(self, number: int, visit: Visit, expectations: Expectations, scenes: Scenes) -> None:
        self.number = number
        self.visit = visit
        self.expectations = expectations
        self._scenes = scenes
        self.heard: list[Words] = []
        self.is_cut_short = False
        """It lasts so long that its words are not kept any more."""
        self._told: dict[str, Courtesy] = {}
        """The courtesies as they were told last."""

    def told(self, found: list[Courtesy]) -> list[Courtesy]:
        """Note what is told."""
        if not self.is_cut_short:
            self._told |= {one.courtesy_id: one for one in found}
        return found

    def hear(self, words: Words) -> list[Finding]:
        if len(self.heard) == _MOST_HEARD:
            self.is_cut_short = True
            self.heard.clear()
            self._told.clear()
        if not self.is_cut_short:
            self.heard.append(words)
        found: list[Finding] = []
        if self._scenes.hear(words):
            self.visit = replace(self.visit, scenes=self._scenes.spans())
            found.append(self.visit)
        return [*found, *self.told(self.expectations.hear(words))]

    def end(self, ended: Ended, again: list[Courtesy]) -> list[Finding]:
        """It is over; `again`: its courtesies as they were heard once more, of which only news is told."""
        clipped = _clipped(self._scenes.spans(), ended.end_sample)
        self.visit = replace(self.visit, end_sample=ended.end_sample, ended_by=ended.by, scenes=clipped)
        last = {one.courtesy_id: one for one in (*again, *self.expectations.end())}
        news = [one for one in last.values() if one.state != "open" and one != self._told.get(one.courtesy_id)]
        return [*news, self.visit]


def _clipped(scenes: Iterable[SceneSpan], end_sample: int) -> tuple[SceneSpan, ...]:
    """The parts of a visit that ends at a place."""
    return tuple(
        replace(one, end_sample=min(one.end_sample, end_sample))
        for one in scenes
        if one.start_sample < end_sample
    )
