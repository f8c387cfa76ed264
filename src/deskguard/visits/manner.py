"""Final hypotheses of both sides and passing time in, manner out: measured, beside the bound it passed.

Everything is a number in the field's units and has to do with one visit; no mood is guessed at. Speech outside
visits teaches what is normal and is otherwise nobody's business. Who spoke must be known: an utterance of an
unknown speaker may be a reply and is never held against anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.values import Manner
from deskguard.visits.manner_finding import rounded
from deskguard.visits.manner_floor import FloorWatch
from deskguard.visits.manner_levels import LevelWatch
from deskguard.visits.manner_normal import Habit, Normal
from deskguard.visits.manner_turn import turn_of
from deskguard.visits.manner_waits import ChatWatch, QuestionWatch, SilenceWatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.settings import MannerSettings
    from deskguard.values import Courtesy, Hypothesis, Visit
    from deskguard.visits.manner_book import MannerBook
    from deskguard.visits.manner_finding import Measured
    from deskguard.visits.manner_turn import Turn

__all__ = ["MannerOfVisit", "MannerWatch", "Normal"]
_ELDERLY = frozenset({"louder", "slower"})
_WAIT_SCENE = "wait"
_VISITOR_LEAST = 3
"""Utterances of a visitor before their own level counts: visits are short."""


class MannerWatch:
    """Watches how things are said at one window; bounded memory, whatever the length of the day."""

    def __init__(self, book: MannerBook, settings: MannerSettings, normal: Normal, run_id: str) -> None:
        self._book = book
        self._run_id = run_id
        self._always_right = _ELDERLY if settings.profile == "elderly" else frozenset()
        self._staff = Habit(normal)
        self._levels = LevelWatch(settings, self._staff)
        self._questions = QuestionWatch(settings)
        self._silence = SilenceWatch(settings)
        self._chat = ChatWatch(settings)
        self._settings = settings
        self._visit: Visit | None = None
        self._now = 0
        self._is_present = False
        self._meet(None)

    def begin(self, visit: Visit) -> MannerOfVisit:
        """The same watch for one visit: what `reception` asks for when a visit begins."""
        self._turn_to(visit)
        return MannerOfVisit(self, visit)

    def feed(self, said: Hypothesis, visit: Visit | None) -> list[Manner]:
        """Take a final hypothesis and the visit it belongs to, if any."""
        found = self._turn_to(visit)
        turn = turn_of(said, self._book)
        if turn is None:
            return found
        self._now = max(self._now, turn.end_sample)
        if self._visit is None:
            if turn.role == "staff":
                self._levels.learn(turn)
            return found
        self._excuses |= turn.excuses
        self._is_present = self._is_present or turn.role == "visitor"
        measured = self._waits(turn)
        if turn.role != "unknown":
            if turn.role == "visitor":
                self._learn_visitor(turn)
            measured += self._floor.hear(turn)
        if turn.role == "staff":
            measured += self._levels.hear(turn, self._excuses)
        return found + self._told(measured)

    def note(self, act: Courtesy) -> None:
        """Take an act of courtesy that was said: after 请稍候 a silence is no surprise."""
        if act.state == "said" and act.scene == _WAIT_SCENE:
            self._silence.announce()

    def tick(self, now_sample: int, visit: Visit | None) -> list[Manner]:
        """Audio time has come to here."""
        found = self._turn_to(visit)
        self._now = max(self._now, now_sample)
        if self._visit is None:
            return found
        measured = self._unanswered(self._questions.tick(self._now))
        return found + self._told([*measured, *self._new_silence(self._silence.tick(self._now, self._visit))])

    def finish(self) -> list[Manner]:
        """The stream is over: a question that still waits has waited until now."""
        return self._told(self._questions.finish(self._now))

    def _turn_to(self, visit: Visit | None) -> list[Manner]:
        """Go over to another visit; what was left open in the one before ends with it."""
        before = self._visit
        if visit is not None and before is not None and visit.visit_id == before.visit_id:
            self._visit = visit
            return []
        if visit is before:
            return []
        found = [] if before is None else self._told(self._questions.finish(self._end_of(before)))
        self._visit = visit
        self._meet(visit)
        return found

    def _end_of(self, visit: Visit) -> int:
        """Where a visit's silence ends that nobody watches any more."""
        return visit.end_sample if visit.end_sample is not None else min(self._now, self._last_sample)

    def _meet(self, visit: Visit | None) -> None:
        """Nothing is known of a new visitor yet."""
        self._visitor = Habit(Normal(), _VISITOR_LEAST)
        self._floor = FloorWatch(self._settings, self._staff, self._visitor)
        self._excuses: frozenset[str] = self._always_right
        self._is_present = visit is not None and visit.begun_by == "queue"
        self._unanswered_sample = -1
        self._last_sample = 0 if visit is None else visit.start_sample
        self._chat.forget()
        self._silence.begin(self._last_sample)

    def _waits(self, turn: Turn) -> list[Measured]:
        self._last_sample = max(self._last_sample, turn.end_sample)
        measured = self._unanswered(self._questions.hear(turn))
        silence = self._new_silence(self._silence.hear(turn, is_present=self._is_present))
        return [*measured, *silence, *self._chat.hear(turn, is_present=self._is_present)]

    def _unanswered(self, measured: list[Measured]) -> list[Measured]:
        self._unanswered_sample = max([self._unanswered_sample, *(one.start_sample for one in measured)])
        return measured

    def _new_silence(self, measured: list[Measured]) -> list[Measured]:
        """Without the silence after a question that was told as unanswered: that is one thing, not two."""
        return [one for one in measured if self._unanswered_sample < one.start_sample]

    def _learn_visitor(self, turn: Turn) -> None:
        over = self._visitor.over_lu(turn)
        if over is None or over < self._settings.loud_lu / 2:
            self._visitor.learn(turn)

    def _told(self, measured: Iterable[Measured]) -> list[Manner]:
        """Findings of the kinds in force, with their ids and clauses."""
        return [
            self._manner(rounded(one), self._visit.visit_id)
            for one in measured
            if self._visit is not None and one.kind in self._book.rules
        ]

    def _manner(self, one: Measured, visit_id: str) -> Manner:
        return Manner(
            manner_id=f"{self._run_id}-{one.kind}-{one.start_sample}",
            visit_id=visit_id,
            kind=one.kind,
            start_sample=one.start_sample,
            end_sample=one.end_sample,
            value=one.value,
            expected=one.expected,
            unit=one.unit,
            role=one.role,
            clauses=self._book.rules[one.kind].clauses,
            why=one.why,
        )


class MannerOfVisit:
    """A watch that knows which visit goes on."""

    def __init__(self, watch: MannerWatch, visit: Visit) -> None:
        self._watch = watch
        self._visit = visit

    def feed(self, said: Hypothesis) -> list[Manner]:
        """Take the next final utterance of the visit."""
        return self._watch.feed(said, self._visit)

    def tick(self, now_sample: int) -> list[Manner]:
        """Audio time has come to here."""
        return self._watch.tick(now_sample, self._visit)

    def finish(self) -> list[Manner]:
        """The visit is over."""
        return self._watch.finish()
