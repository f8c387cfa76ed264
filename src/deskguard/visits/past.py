"""Visits that are over, and what a queue event that comes after its time makes of them.

Told in time, a call would have begun a visit there and ended the one before. What was said cannot be told anew,
but whose visit it was can: a visit belongs to the ticket that was called last before it began. So each ticket
that is called has one visit, in whatever order and how late events come: one that was found by listening, a
part of one that two tickets share, or one of which nothing is known but that it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.visits.steps import Amended, Missed

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.values import QueueEvent
    from deskguard.visits.steps import Step

_MOST_REMEMBERED = 64
"""Visits of some hours; an event from before the oldest of them changes nothing."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """A visit as its neighbours see it."""

    number: int
    """Counts the visits of a stream in the order in which they are told."""
    start_sample: int
    ticket: str = ""
    called_sample: int | None = None
    """Where its ticket was called: not after its beginning."""
    end_sample: int | None = None
    """None while it goes on."""
    until_sample: int | None = None
    """So far its ticket had the window: further than its end where another one was called instead."""
    is_open: bool = False
    """Nobody told where it ended, and nothing that was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A ticket that was called, as far as that is known."""

    ticket: str
    at_sample: int
    closed_sample: int | None

    def end(self, limit_sample: int) -> int:
        """Where its visit ended, of which nothing else is known."""
        closed = self.at_sample if self.closed_sample is None else self.closed_sample
        return max(self.at_sample, min(closed, limit_sample))


class Past:
    """The visits of one stream that are over, in the order of their beginnings."""

    def __init__(self, last_before: Callable[[int, int, int], int], patience_samples: int) -> None:
        """`last_before` tells where the last speech of a visit with this beginning ends before a place, or the
        third place where that is forgotten; `patience_samples`: how long nobody need speak after a call."""
        self._last_before = last_before
        self._patience = patience_samples
        self._over: list[Entry] = []
        self._count = 0

    def next_number(self) -> int:
        """The number of the visit that is told next."""
        self._count += 1
        return self._count

    def add(self, entry: Entry) -> None:
        """A visit is over."""
        self._over.append(entry)
        self._over.sort(key=lambda one: (one.start_sample, one.number))
        del self._over[:-_MOST_REMEMBERED]

    def knows(self, event: QueueEvent) -> bool:
        """Whether the ticket has had its visit, or the call is of longer ago than anything that is known."""
        oldest = self._over[0].start_sample if len(self._over) == _MOST_REMEMBERED else None
        if oldest is not None and event.at_sample < oldest:
            return True
        return any(
            one.ticket == event.ticket and event.at_sample <= max(one.until_sample or 0, one.end_sample or 0)
            for one in self._over
        )

    def is_later(self, at_sample: int) -> bool:
        """Whether a visit that is over began after a place."""
        return bool(self._over) and self._over[-1].start_sample > at_sample

    def give_way(self, at_sample: int) -> list[Step]:
        """Another visit begins at a place: the one that lies over it ends before."""
        return [self._cut(one, at_sample) for one in self._around(at_sample)]

    def called(self, call: Call, closed_of: Callable[[str], int | None], present: Entry | None) -> list[Step]:
        """A ticket was called before the newest visit began; `present` goes on."""
        for one in self._around(call.at_sample):
            end = one.end_sample or call.at_sample
            is_open, one.is_open = one.is_open, False
            limit = end if call.closed_sample is None else min(end, call.closed_sample)
            return [self._cut(one, call.at_sample), self._missed(call, limit, is_open=is_open)]
        after = self._after(call.at_sample, present)
        if after is None or not self._belongs(after, call):
            limit = call.at_sample if after is None else after.start_sample
            is_open = call.closed_sample is None
            return [self._missed(call, call.end(limit), is_open=is_open)]
        ticket, called = after.ticket, after.called_sample
        steps: list[Step] = [self._name(after, call.ticket, call.at_sample)]
        if ticket and called is not None:
            # It had the name of a ticket that was called even earlier, for want of this call.
            other = Call(ticket=ticket, at_sample=called, closed_sample=closed_of(ticket))
            steps.append(self._missed(other, other.end(call.at_sample), is_open=other.closed_sample is None))
        return steps

    def closed(self, event: QueueEvent, present: Entry | None) -> list[Step]:
        """A ticket was closed of which the visit is over, or has not begun before that."""
        entries = [*self._over, *([present] if present is not None else [])]
        one = next((one for one in reversed(entries) if one.ticket == event.ticket), None)
        if one is None:
            return []
        called = one.called_sample
        if called is not None and called <= event.at_sample < one.start_sample:
            # Not this visit's after all.
            call = Call(ticket=event.ticket, at_sample=called, closed_sample=event.at_sample)
            return [
                self._name(one, "", None),
                self._missed(call, call.end(event.at_sample), is_open=False),
            ]
        if not one.is_open or one.end_sample is None or event.at_sample <= one.end_sample:
            return []
        after = self._after(one.start_sample, present)
        limit = event.at_sample if after is None else min(event.at_sample, after.start_sample)
        one.is_open = False
        return [self._end(one, limit)] if limit > one.end_sample else []

    def _around(self, at_sample: int) -> list[Entry]:
        """The visit that began before a place and ended after it."""
        return [one for one in self._over if one.start_sample < at_sample < (one.end_sample or 0)][-1:]

    def _after(self, at_sample: int, present: Entry | None) -> Entry | None:
        entries = [*self._over, *([present] if present is not None else [])]
        return next((one for one in entries if one.start_sample > at_sample), None)

    def _belongs(self, after: Entry, call: Call) -> bool:
        """Whether a visit would have been this ticket's, had the call been told in time."""
        if after.ticket and (after.called_sample is None or after.called_sample >= call.at_sample):
            return False
        if call.closed_sample is not None and call.closed_sample <= after.start_sample:
            return False
        return after.start_sample - call.at_sample <= self._patience

    def _cut(self, one: Entry, at_sample: int) -> Amended:
        one.until_sample = at_sample
        return self._end(one, self._last_before(one.start_sample, at_sample, at_sample))

    def _end(self, one: Entry, end_sample: int) -> Amended:
        one.end_sample = end_sample
        return Amended(one.number, one.ticket, one.end_sample)

    def _name(self, one: Entry, ticket: str, called_sample: int | None) -> Amended:
        one.ticket, one.called_sample = ticket, called_sample
        return Amended(one.number, ticket, one.end_sample)

    def _missed(self, call: Call, end_sample: int, *, is_open: bool) -> Missed:
        number = self.next_number()
        self.add(
            Entry(
                number=number,
                start_sample=call.at_sample,
                ticket=call.ticket,
                called_sample=call.at_sample,
                end_sample=end_sample,
                is_open=is_open,
            )
        )
        return Missed(number, call.at_sample, end_sample, call.ticket)
