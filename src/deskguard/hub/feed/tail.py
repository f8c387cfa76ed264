"""New events from the store to this process's live board and readers, whichever process took them in.

It reads on from the last position it has seen: at once when this process took a batch, and some times a second
for the sake of the others. What it has seen it has seen in order, and after a restart it begins from the store.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.hub.feed import live, reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.hub.feed.broadcast import Broadcast
    from deskguard.hub.feed.live import LiveBoard
    from deskguard.hub.store.opening import HubStore

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
KNOW_EVERY = 20
"""Turns between two looks at which desks there are."""
_AT_ONCE = 1000


class Tail:
    """A thread that follows the store."""

    def __init__(self, store: HubStore, board: LiveBoard, broadcast: Broadcast) -> None:
        self._store = store
        self._board = board
        self._broadcast = broadcast
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed-tail", daemon=True)
        self.also: list[Callable[[], None]] = []
        """Called after new events were read; must not wait."""
        self.beside: list[Callable[[], None]] = []
        """Called at each turn; may ask the store."""

    def start(self) -> None:
        """Take the present state from the store, then follow it; raises DeskguardError."""
        with self._store.reading() as connection:
            self._broadcast.begin(reading.newest(connection))
            self._board.know(reading.windows(connection))
            self._board.feed(reading.latest_of_windows(connection, live.KINDS))
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def nudge(self) -> None:
        """There is something new."""
        self._wake.set()

    def look(self) -> int:
        """Read on once; how many events there were."""
        with self._store.reading() as connection:
            events = reading.after(connection, self._broadcast.position, _AT_ONCE)
        if events:
            self._board.feed(events)
            self._broadcast.publish(events)
            for one in self.also:
                one()
        return len(events)

    def _run(self) -> None:
        turns = 0
        failing = ""
        while not self._ended.is_set():
            self._wake.clear()
            try:
                while self.look() == _AT_ONCE:
                    pass
                if turns % KNOW_EVERY == 0:
                    with self._store.reading() as connection:
                        self._board.know(reading.windows(connection))
                for one in self.beside:
                    one()
                failing = ""
            except DeskguardError as error:
                if error.code != failing:
                    log.error("the feed cannot be read: %s", error.code)
                failing = error.code
            except Exception:
                # A mistake of ours must not leave every wall of the hall standing still.
                log.exception("the feed stumbled")
            turns += 1
            self._wake.wait(LOOK_EVERY_S)
