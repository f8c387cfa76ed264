"""The newest events in memory, for as many readers as there are: one ring, each reader has a place in it.

Publishing costs the same however many read. A reader that falls behind the ring has lost events; it is told how
many, and can read them from the store.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.hub.feed.reading import Stored

MOST = 5000


@dataclass(frozen=True, slots=True)
class Fresh:
    """Events after a reader's place, and how far it has come."""

    events: tuple[Stored, ...]
    position: int
    is_complete: bool
    """False: events between the reader's place and the first of these are in the store only."""


class Broadcast:
    """Safe to use from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._guard = threading.Lock()
        self._ring: deque[Stored] = deque(maxlen=most)
        self._since = 0
        self.position = 0
        """Of the newest event that was published."""
        self.readers = 0
        self.lost = 0
        """Times that a reader fell behind and had to read from the store."""

    def begin(self, position: int) -> None:
        """The first event will come after this position."""
        self._since = self.position = position

    def publish(self, events: Iterable[Stored]) -> None:
        """Tell readers of events, in order."""
        with self._guard:
            for event in events:
                if len(self._ring) == self._ring.maxlen:
                    self._since = self._ring[0].position
                self._ring.append(event)
                self.position = event.position

    def since(self, position: int, most: int = 1000) -> Fresh:
        """What came after a position, at most so many."""
        with self._guard:
            if position < self._since:
                self.lost += 1
                return Fresh((), position, False)
            found: list[Stored] = []
            for event in reversed(self._ring):
                if event.position <= position:
                    break
                found.append(event)
        events = tuple(found[::-1][:most])
        return Fresh(events, events[-1].position if events else position, True)

    def joined(self, change: int) -> None:
        """A reader has come (1) or gone (-1)."""
        with self._guard:
            self.readers += change
