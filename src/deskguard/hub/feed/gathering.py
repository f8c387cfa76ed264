"""Batches that arrive at the same time, into the store together: one commit for all of them.

A commit that reaches the disk costs milliseconds, whatever is in it. Whoever brings a batch waits until it is
kept; meanwhile others come, and the next commit takes all that wait. Batches are tried one by one when they
fail together, so that nobody's mistake is another's.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.hub.feed.intake import Taken, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.hub.feed.intake import Arrived
    from deskguard.hub.store.opening import HubStore

MOST_TOGETHER = 32

Promise = Future[Taken]


class Gathering:
    """A thread that keeps what was brought to it."""

    def __init__(self, store: HubStore, told: Callable[[], None]) -> None:
        """`told` is called after each commit."""
        self._store = store
        self._told = told
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Arrived, Promise]] = deque()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def bring(self, arrived: Arrived) -> Promise:
        """What will have become of a batch; set once it is on disk."""
        promise: Promise = Future()
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self._thread.start()
            self._waiting.append((arrived, promise))
            self._changed.notify()
        return promise

    def stop(self) -> None:
        """Keep what was brought, and end."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(10.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_ending)
                most = min(len(self._waiting), MOST_TOGETHER)
                several = [self._waiting.popleft() for _ in range(most)]
            if not several:
                return
            self._keep(several)
            self._told()

    def _keep(self, several: list[tuple[Arrived, Promise]]) -> None:
        # A sender that hung up waits no more, and its batch comes again. From here on nobody can call it off: a
        # promise that is kept and called off at once would end this thread, and with it the intake.
        several = [one for one in several if one[1].running() or one[1].set_running_or_notify_cancel()]
        if not several:
            return
        try:
            taken = take(self._store, [arrived for arrived, _ in several])
        except Exception as error:
            # Of a full disk all must hear; of a mistake of ours, the one that met it.
            if len(several) == 1 or isinstance(error, DeskguardError):
                for _, promise in several:
                    promise.set_exception(error)
                return
            for one in several:
                self._keep([one])
            return
        for (_, promise), found in zip(several, taken, strict=True):
            promise.set_result(found)
