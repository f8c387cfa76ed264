"""What the queue system told, put in order: each event once, and those that come too early kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.values import QueueEvent

_MOST_REMEMBERED = 256
"""Events of a few hours at one window."""
_USED_S = 3600.0
"""So long after its last event the queue system counts as out of use."""


class Tickets:
    """Events that wait, and those that were."""

    def __init__(self) -> None:
        self._seen: OrderedDict[QueueEvent, None] = OrderedDict()
        self._waiting: list[QueueEvent] = []
        self._closed: OrderedDict[str, int] = OrderedDict()
        self._last_sample: int | None = None

    def take(self, event: QueueEvent) -> bool:
        """Whether the event is new; then it waits until it is due."""
        if event in self._seen:
            return False
        self._seen[event] = None
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        self._last_sample = max(self._last_sample or 0, event.at_sample)
        if event.kind == "closed":
            self._closed[event.ticket] = event.at_sample
            self._closed.move_to_end(event.ticket)
            if len(self._closed) > _MOST_REMEMBERED:
                self._closed.popitem(last=False)
        self._waiting.append(event)
        # Of two at the same moment, the end of one visit comes before the beginning of the next.
        self._waiting.sort(key=lambda one: (one.at_sample, one.kind == "called"))
        return True

    def due(self, until_sample: int | None) -> list[QueueEvent]:
        """The events up to a place, in order; all of them for None."""
        count = sum(until_sample is None or one.at_sample <= until_sample for one in self._waiting)
        due, self._waiting = self._waiting[:count], self._waiting[count:]
        return due

    def closed_before(self, event: QueueEvent) -> int | None:
        """Where the ticket's visit was closed, if that was told before that it was called."""
        closed = self._closed.get(event.ticket)
        is_waiting = any(one.kind == "closed" and one.ticket == event.ticket for one in self._waiting)
        return closed if closed is not None and closed >= event.at_sample and not is_waiting else None

    def closed_after(self, ticket: str, at_sample: int) -> int | None:
        """Where a ticket that was called at a place was closed, as far as that has been told."""
        closed = self._closed.get(ticket)
        return closed if closed is not None and closed >= at_sample else None

    def is_used(self, now_sample: int) -> bool:
        """Whether there is a queue system at all."""
        last = self._last_sample
        return last is not None and now_sample - last < _USED_S * SAMPLE_RATE_HZ
