"""The feed of one process: the live board, the ring of new events, and the threads behind them."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.hub.audit import log as audit
from deskguard.hub.feed.broadcast import Broadcast
from deskguard.hub.feed.delivering import Delivery
from deskguard.hub.feed.gathering import Gathering
from deskguard.hub.feed.live import LiveBoard
from deskguard.hub.feed.presence import Presence
from deskguard.hub.feed.tail import Tail

if TYPE_CHECKING:
    from datetime import datetime

    from deskguard.hub.accounts.people import Person
    from deskguard.hub.state import HubState

_NOTED_EVERY = timedelta(hours=1)


class Feeding:
    """Made once for an application; begins with the first request that needs it, or when the server starts."""

    def __init__(self, state: HubState) -> None:
        self.state = state
        self.board = LiveBoard(state.now)
        self.broadcast = Broadcast()
        self.tail = Tail(state.store, self.board, self.broadcast)
        self.gathering = Gathering(state.store, self.tail.nudge)
        self.delivery = Delivery(state.store, state.now)
        self.tail.also.append(self.delivery.nudge)
        self.presence = Presence(state.store, state.now, lambda: self.broadcast.readers)
        self.tail.beside.append(self.presence.turn)
        self._guard = threading.Lock()
        self._is_running = False
        self.is_ending = False
        """The server stops: streams must end, or it would wait for them."""
        self._noted: dict[tuple[str, str], datetime] = {}

    @property
    def watching(self) -> int:
        """How many look on, here and at the other processes."""
        return self.broadcast.readers + self.presence.elsewhere

    def start(self) -> None:
        """Begin, unless it runs; raises DeskguardError."""
        with self._guard:
            if not self._is_running:
                self.tail.start()
                self.delivery.start()
                self._is_running = True

    def stop(self) -> None:
        """End threads and streams."""
        self.is_ending = True
        self.gathering.stop()
        with self._guard:
            if self._is_running:
                self.tail.stop()
                self.delivery.stop()
                with suppress(DeskguardError):
                    self.presence.leave()

    def note_view(self, person: Person, action: str) -> None:
        """Write down that somebody reads, once an hour for each person and thing: clients ask every second."""
        now = self.state.now()
        key = (person.account_id, action)
        last = self._noted.get(key)
        if last is not None and timedelta() <= now - last < _NOTED_EVERY:
            return
        with self.state.store.writing() as connection:
            audit.record(connection, at=now, who=person.account_id, action=action)
        self._noted[key] = now
