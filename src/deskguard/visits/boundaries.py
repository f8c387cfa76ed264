"""Utterances, queue events and passing time in, visits out: began, said in it, ended.

The queue system decides where there is one: a ticket that is called begins a visit, and nothing that is said
divides it. Otherwise every utterance that could begin another visit is weighed (`evidence`): what was said
last, the silence, what is said now. In doubt it is held back until the next words or `_HOLD_S`. An end lies at
the last speech of the visit, wherever it was noticed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ
from deskguard.visits import evidence
from deskguard.visits.past import Call, Entry, Past
from deskguard.visits.steps import Aside, Began, Ended, Said
from deskguard.visits.tickets import Tickets

if TYPE_CHECKING:
    from deskguard.rules.courtesy import Channel
    from deskguard.settings import VisitSettings
    from deskguard.values import QueueEvent
    from deskguard.visits.acts import Words
    from deskguard.visits.evidence import Kinds
    from deskguard.visits.steps import BegunBy, EndedBy, Step

_HOLD_S = 6.0
"""How long words that may begin another visit wait for more."""
_MOST_HELD = 3
_NEXT_S = 5.0
"""Who calls the next visitor begins that visit only if it goes on so soon; otherwise nobody came."""
_STRAY_S = 60.0
"""How long after a visit a word of thanks or farewell still belongs to it."""
_STRAY_SYLLABLES = 8
_PATIENT = 4
"""How many times longer a silence may be after 请稍候, and in a visit with a ticket."""
_RING_S = 8.0
"""After such a silence nobody stands at the counter when the telephone rings."""
_SETTLE_S = 3.0
"""How long a queue event waits for words that were said before it and are still being read."""
_GRACE_S = 10.0
"""How long after its ticket was closed a visit still hears its last words."""
_UNREAD_S = 15.0
"""Speech that has begun and is not read yet may be so old: only after that is a silence surely one."""
_LAST_PARTS = 3
_LOG_PARTS, _LOG_S = 64, 180.0


@dataclass(slots=True, kw_only=True)
class _Present(Entry):
    """The visit that goes on."""

    channel: Channel
    last_sample: int
    """End of its last speech, or its start."""
    parts: int = 0
    recent: deque[Words] = field(default_factory=lambda: deque(maxlen=_LAST_PARTS))
    is_waiting: bool = False
    """The visitor was asked to wait, and staff has not spoken since."""
    is_greeted: bool = False
    closed_sample: int | None = None
    """The queue system said so; a farewell may still follow."""


class Boundaries:
    """Divides one stream into visits."""

    def __init__(self, settings: VisitSettings, kinds: Kinds) -> None:
        self._settings = settings
        self._kinds = kinds
        self._present: _Present | None = None
        self._held: list[Words] = []
        """Words that may begin another visit."""
        self._ended_sample = 0
        """Where the visit ended that ended last."""
        self._past = Past(self._last_before, _samples(settings.silence_s * _PATIENT))
        self._now = 0
        self._tickets = Tickets()
        self._log: deque[Words] = deque(maxlen=_LOG_PARTS)

    def hear(self, words: Words) -> list[Step]:
        """Take the words of one final utterance; what was said before it has been heard."""
        steps = self._pass_to(words.start_sample, is_spoken=True)
        self._now = max(self._now, words.end_sample)
        for part in self._parts(words):
            self._log.append(part)
            steps += self._place(part)
        return steps

    def queue(self, event: QueueEvent) -> list[Step]:
        """Take what the queue system told, at once or when the words before it have been read."""
        if not self._tickets.take(event):
            return []
        late = bool(self._log) and self._log[-1].start_sample >= event.at_sample
        return self._queued(late_only=True) if late else []

    def tick(self, now_sample: int) -> list[Step]:
        """Audio time has come to here."""
        return self._pass_to(now_sample, is_spoken=False)

    def finish(self) -> list[Step]:
        """The stream is over."""
        steps = self._queued(until=None)
        steps += self._let_go()
        if self._present is not None:
            by: EndedBy = "farewell" if self._closing() >= evidence.FAREWELL else "stream-end"
            steps.append(self._end(self._present.last_sample, by))
        return steps

    # Time

    def _pass_to(self, now_sample: int, *, is_spoken: bool) -> list[Step]:
        self._now = max(self._now, now_sample)
        # Words that begin after an event prove that those before it have been read.
        settled = now_sample if is_spoken else now_sample - _samples(_SETTLE_S)
        steps = self._queued(until=settled)
        now_sample -= 0 if is_spoken else _samples(_UNREAD_S)
        if self._held and now_sample - self._held[-1].end_sample > _samples(self._hold_s()):
            steps += self._let_go()
        present = self._present
        if present is None or self._held:
            return steps
        if present.closed_sample is not None:
            is_past = now_sample - present.closed_sample > _samples(_GRACE_S)
            return [*steps, self._end_closed(present, present.closed_sample)] if is_past else steps
        quiet = now_sample - present.last_sample
        has_closed = not present.ticket and self._closing() >= evidence.FAREWELL
        if has_closed and quiet >= _samples(self._settings.farewell_s):
            return [*steps, self._end(present.last_sample, "farewell")]
        patience = _PATIENT if present.ticket or present.is_waiting else 1
        if quiet >= _samples(self._settings.silence_s * patience):
            steps.append(self._end(present.last_sample, "silence"))
        return steps

    def _hold_s(self) -> float:
        return _NEXT_S if _only_calls(self._held) else _HOLD_S

    # Words

    def _parts(self, words: Words) -> tuple[Words, ...]:
        """An utterance that takes leave of one visitor and greets another is two."""
        if words.role == "visitor":
            return (words,)
        closed = min((one.end_sample for one in words.acts if one.name in self._kinds.closers), default=None)
        opened = [one.start_sample for one in words.acts if one.name in self._kinds.openers]
        opened += [one.start_sample for one in words.cues if one.name == "next"]
        after = [] if closed is None else [at for at in opened if at >= closed]
        return words.cut(min(after)) if after else (words,)

    def _place(self, part: Words) -> list[Step]:
        present = self._present
        steps: list[Step] = []
        if present is not None and present.closed_sample is not None and self._opens(part):
            steps, present = [self._end_closed(present, present.closed_sample)], None
        if present is not None and (present.ticket or part.end_sample <= present.start_sample):
            return [self._say(present, part)]
        if present is None:
            return steps + self._wait_idle(part)
        if self._held:
            self._held.append(part)
        elif self._could_begin(present, part):
            self._held = [part]
        else:
            return [self._say(present, part)]
        return self._weigh(present)

    def _could_begin(self, present: _Present, part: Words) -> bool:
        """Whether the words are worth waiting for more: after a farewell alone they are not."""
        gap = part.start_sample - present.last_sample
        is_quiet = evidence.silence(gap, is_waiting=present.is_waiting) > 0
        is_open = evidence.opening(self._kinds, [part]) > 0
        return (is_quiet or is_open) and self._weight([part]) >= evidence.DOUBTFUL

    def _weigh(self, present: _Present) -> list[Step]:
        """Decide on what is held, if that can be decided yet."""
        if self._weight(self._held) < evidence.ENOUGH:
            return self._let_go() if len(self._held) >= _MOST_HELD else []
        if _only_calls(self._held):
            return []
        held, self._held = self._held, []
        by: EndedBy = "farewell" if self._closing() >= evidence.FAREWELL else "next-visit"
        return [self._end(present.last_sample, by), *self._begin(held)]

    def _weight(self, held: list[Words]) -> float:
        """How much speaks for the held words being another visit."""
        if self._present is None:
            return 0.0
        gap = held[0].start_sample - self._present.last_sample
        closing = self._closing()
        opening = evidence.opening(self._kinds, held)
        calls = any(one.call for one in held) and all("next" not in one.cue_names() for one in held)
        rings = calls and self._present.channel == "counter"
        if rings and closing < evidence.LEAVES and gap < _samples(_RING_S):
            opening = 0.0  # the telephone rings while somebody stands at the counter
        quiet = evidence.silence(gap, is_waiting=self._present.is_waiting)
        young = evidence.youth(self._present.parts, gap, is_greeted=self._present.is_greeted)
        return quiet + closing + opening + evidence.newcomer(held, gap) - young

    def _closing(self) -> float:
        return evidence.closing(self._kinds, self._present.recent) if self._present else 0.0

    def _let_go(self) -> list[Step]:
        """No more follows soon: what is held belongs to the present visit, or to none."""
        held, self._held = self._held, []
        present = self._present
        if present is None:
            return [Aside(one) for one in held]
        is_over = bool(held) and _only_calls(held)
        steps: list[Step] = [self._say(present, one) for one in held]
        if is_over:
            steps.append(self._end(present.last_sample, "next-visit"))
        return steps

    def _say(self, present: _Present, part: Words) -> Said:
        present.last_sample = max(present.last_sample, part.end_sample)
        present.parts += 1
        present.recent.append(part)
        if part.role != "visitor":
            present.is_waiting = bool(part.names() & self._kinds.waiting)
            present.is_greeted = present.is_greeted or bool(part.names() & self._kinds.openers)
        return Said(part)

    # Beginning and end

    def _wait_idle(self, part: Words) -> list[Step]:
        """Nobody is there: does one come with these words?"""
        if self._is_stray(part):
            return [Aside(part)]
        steps: list[Step] = [Aside(one) for one in self._held[: 1 - _MOST_HELD]]
        self._held = [*self._held[1 - _MOST_HELD :], part]
        names = {name for one in self._held for name in one.names()}
        has_opener = bool(names & self._kinds.openers)
        has_visitor = any(one.role != "staff" for one in self._held)
        # With a queue system, what is said without a ticket is mostly talk among colleagues.
        is_visit = has_opener and has_visitor if self._tickets.is_used(self._now) else has_opener or has_visitor
        if not is_visit and not any(one.call for one in self._held):
            return steps
        held, self._held = self._held, []
        return steps + self._begin(held)

    def _opens(self, part: Words) -> bool:
        return bool(part.names() & self._kinds.openers) or "next" in part.cue_names()

    def _is_stray(self, part: Words) -> bool:
        is_late = part.start_sample - self._ended_sample < _samples(_STRAY_S) and self._ended_sample > 0
        is_farewell = bool(part.names() & self._kinds.closers) or bool(part.cue_names() & {"leaves", "thanks"})
        return is_late and is_farewell and not self._opens(part) and part.syllables <= _STRAY_SYLLABLES

    def _begin(self, held: list[Words]) -> list[Step]:
        has_opener = any(one.names() & self._kinds.openers for one in held)
        by: BegunBy = "greeting" if has_opener else "speech"
        start, channel = held[0].start_sample, self._channel(held)
        present = self._present = _Present(
            number=self._past.next_number(), start_sample=start, channel=channel, last_sample=start
        )
        return [Began(present.number, start, by, channel), *(self._say(present, one) for one in held)]

    def _channel(self, held: list[Words]) -> Channel:
        if self._settings.channel != "auto":
            return self._settings.channel
        return next((one.call for one in held if one.call), "counter")

    def _end(self, end_sample: int, by: EndedBy, until_sample: int | None = None) -> Ended:
        """The present visit is over; `until_sample`: its ticket had the window until another was called."""
        if (present := self._present) is not None:
            over = Entry(
                number=present.number,
                start_sample=present.start_sample,
                ticket=present.ticket,
                called_sample=present.called_sample,
                end_sample=end_sample,
                until_sample=until_sample,
            )
            self._past.add(over)
        self._present, self._ended_sample = None, end_sample
        return Ended(end_sample, by)

    # Queue

    def _queued(self, *, until: int | None = None, late_only: bool = False) -> list[Step]:
        """Act on the events up to a place, or on all; `late_only` on those before the newest words."""
        if late_only:
            until = self._log[-1].start_sample
        steps: list[Step] = []
        for event in self._tickets.due(until):
            steps += self._called(event) if event.kind == "called" else self._closed(event)
        return steps

    def _called(self, event: QueueEvent) -> list[Step]:
        at = event.at_sample
        if self._past.knows(event) or _is_of(self._present, event):
            return []
        if self._past.is_later(at) or (self._present is not None and at < self._present.start_sample):
            call = Call(
                ticket=event.ticket,
                at_sample=at,
                closed_sample=self._tickets.closed_after(event.ticket, at),
            )
            return self._past.called(call, lambda one: self._tickets.closed_after(one, 0), self._present)
        steps = self._let_go()
        present = self._present  # what was held may have ended it
        if present is not None:
            closed = present.closed_sample
            is_closed = closed is not None and closed <= at
            last = self._last_before(present.start_sample, at, max(present.start_sample, present.last_sample))
            last = max(last, closed or 0) if is_closed else last
            steps.append(self._end(last, "queue" if is_closed else "next-visit", at))
        steps += self._past.give_way(at)
        channel: Channel = "counter" if self._settings.channel == "auto" else self._settings.channel
        present = self._present = _Present(
            number=self._past.next_number(),
            start_sample=at,
            ticket=event.ticket,
            called_sample=at,
            channel=channel,
            last_sample=at,
        )
        steps.append(Began(present.number, at, "queue", channel, event.ticket))
        closed_sample = self._tickets.closed_before(event)
        if closed_sample is None:
            return steps + self._replay(event.at_sample)
        steps += [self._say(present, one) for one in self._logged(event.at_sample, closed_sample)]
        return [*steps, self._end(closed_sample, "queue"), *self._replay(closed_sample)]

    def _closed(self, event: QueueEvent) -> list[Step]:
        present = self._present
        if present is None or present.ticket != event.ticket or event.at_sample < present.start_sample:
            return self._past.closed(event, present)
        present.closed_sample = event.at_sample
        # Told late, words after it may have been taken for this visit's.
        later = self._logged(event.at_sample, self._now + 1)
        is_past = self._now - event.at_sample > _samples(_GRACE_S)
        opened = next((one.start_sample for one in later if self._opens(one)), None)
        if opened is None and not is_past:
            return []
        from_sample = event.at_sample + _samples(_GRACE_S) if opened is None else opened
        kept = [one.end_sample for one in later if one.start_sample < from_sample]
        present.last_sample = max(event.at_sample, *kept) if kept else event.at_sample
        return [self._end_closed(present, event.at_sample), *self._replay(from_sample)]

    def _end_closed(self, present: _Present, closed_sample: int) -> Ended:
        return self._end(max(present.last_sample, closed_sample), "queue")

    def _replay(self, from_sample: int) -> list[Step]:
        """Place the words once more that were said after a place; a late event changed whose they are."""
        steps: list[Step] = []
        for part in self._logged(from_sample, self._now + 1):
            steps += self._place(part)
        return steps

    def _logged(self, from_sample: int, until_sample: int) -> list[Words]:
        oldest = self._now - _samples(_LOG_S)
        return [one for one in self._log if max(oldest, from_sample) <= one.start_sample < until_sample]

    def _last_before(self, start_sample: int, at_sample: int, unknown_sample: int) -> int:
        """Where the last speech before a place ends, of a visit that began at another; `unknown_sample` where
        none is remembered."""
        ends = [one.end_sample for one in self._log if start_sample <= one.start_sample < at_sample]
        return min(at_sample, max(ends, default=unknown_sample))


def _is_of(present: Entry | None, event: QueueEvent) -> bool:
    """Whether the visit that goes on is the ticket's; once it was closed, it may be called again."""
    if not isinstance(present, _Present) or present.ticket != event.ticket:
        return False
    return present.closed_sample is None or event.at_sample <= present.closed_sample


def _only_calls(held: list[Words]) -> bool:
    """Whether all that was said is a call for the next visitor."""
    return all("next" in one.cue_names() and not one.acts for one in held)


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
