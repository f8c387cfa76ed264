"""What the pipeline says, fanned out to the tabs that show it; publishing never waits for a reader.

Each reader has a short queue of its own. When it is full the oldest event of that reader is dropped and the
next one it gets carries `"gap": true`, upon which the page asks for everything again. Levels come eight times a
second and only the newest matters, so a waiting level is replaced and that is no gap.

A new tab needs the whole picture at once: the feed keeps the latest of each lasting kind and the card that is
up. Limits: events are not kept for readers that are away; nothing here survives a restart.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LASTING = ("desk", "state", "level", "health", "rules", "fleet", "pause_reason", "visit", "day", "help")
"""Kinds whose latest payload is part of the snapshot."""
# Browsers open six connections to a host at most: with six tabs streaming, no button would work any more.
MAX_READERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One thing to tell the page; `payload` holds plain JSON values only."""

    kind: str
    payload: dict[str, Any]
    gap: bool = False
    """Events before this one were dropped for this reader."""

    def body(self) -> dict[str, Any]:
        return {**self.payload, "gap": True} if self.gap else self.payload


class Reader:
    """The waiting events of one tab; offered to from any thread, read in one event loop."""

    def __init__(self, lock: threading.Lock, depth: int) -> None:
        self._lock = lock
        self._depth = depth
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[FeedEvent] = deque()
        self._wake = asyncio.Event()
        self._woken = False
        self._gap = False
        self._ended = False

    def offer(self, event: FeedEvent) -> None:
        """Queue an event; the caller holds the lock."""
        if event.kind == "level":
            self._waiting = deque(one for one in self._waiting if one.kind != "level")
        if len(self._waiting) >= self._depth:
            self._waiting.popleft()
            self._gap = True
        self._waiting.append(event)
        self._ring()

    def end(self) -> None:
        """Let the reader finish what is queued and stop; the caller holds the lock."""
        self._ended = True
        self._ring()

    async def take(self, timeout_s: float) -> FeedEvent | None:
        """The next event, or a `ping` after `timeout_s` without one; None when the feed has hung up."""
        while True:
            with self._lock:
                if self._waiting:
                    event, gap = self._waiting.popleft(), self._gap
                    self._gap = False
                    return replace(event, gap=True) if gap else event
                if self._ended:
                    return None
                self._wake.clear()
                self._woken = False
            try:
                await asyncio.wait_for(self._wake.wait(), timeout_s)
            except TimeoutError:
                return FeedEvent(kind="ping", payload={})

    def _ring(self) -> None:
        if self._woken:
            return
        self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            # The server's loop has closed under this reader: nobody is left to read.
            self._ended = True


class Feed:
    """Fan-out from the pipeline's threads to the readers, and the latest state for whoever comes next."""

    def __init__(
        self,
        now_ns: Callable[[], int] = time.monotonic_ns,
        depth: int = 64,
        also: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        """`now_ns` is monotonic and only measures how long a card has been up; `depth` is events per reader;
        `also` hears everything that is published and must not wait."""
        self._also = also
        self._now_ns = now_ns
        self._depth = depth
        self._lock = threading.Lock()
        self._readers: list[Reader] = []
        self._latest: dict[str, dict[str, Any]] = {}
        self._card: dict[str, Any] | None = None
        self._card_since_ns = 0

    def publish(self, kind: str, payload: dict[str, Any]) -> None:
        """Tell every reader; never blocks. Raises TypeError for a payload that is not plain JSON."""
        plain = _plain(payload)
        if self._also is not None:
            self._also(kind, plain)
        with self._lock:
            if kind in LASTING:
                self._latest[kind] = plain
            elif kind == "card":
                plain = self._put_up(plain)
            elif kind == "card_gone" and self._card and self._card["hit_id"] == plain["hit_id"]:
                self._card = None
            event = FeedEvent(kind=kind, payload=plain)
            for reader in self._readers:
                reader.offer(event)

    def snapshot(self) -> dict[str, Any]:
        """The latest of every lasting kind, and `card`: the one that is up (with `left_s`) or None."""
        with self._lock:
            return self._snapshot()

    def subscribe(self) -> Reader:
        """A reader whose first event is `snapshot`; call it in the loop that reads, and `leave` at the end.

        The oldest reader is told `retired` and ended when there would be more than MAX_READERS.
        """
        reader = Reader(self._lock, self._depth)
        with self._lock:
            reader.offer(FeedEvent(kind="snapshot", payload=self._snapshot()))
            self._readers.append(reader)
            if len(self._readers) > MAX_READERS:
                oldest = self._readers.pop(0)
                oldest.offer(FeedEvent(kind="retired", payload={}))
                oldest.end()
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader; harmless if it is forgotten already."""
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)

    @property
    def reader_count(self) -> int:
        with self._lock:
            return len(self._readers)

    def hang_up(self) -> None:
        """End all present readers, so that a server with open streams can stop; new ones may subscribe."""
        with self._lock:
            for reader in self._readers:
                reader.end()
            self._readers.clear()

    def _put_up(self, card: dict[str, Any]) -> dict[str, Any]:
        """Note the card that is up; a later state of the same hit keeps the time that is left."""
        if self._card is None or self._card["hit_id"] != card["hit_id"]:
            self._card_since_ns = self._now_ns()
        self._card = None if card.get("state") == "withdrawn" else card
        return {**card, "left_s": self._left_s(card)}

    def _left_s(self, card: dict[str, Any]) -> float:
        return float(max(0.0, card["show_s"] - (self._now_ns() - self._card_since_ns) / 1e9))

    def _snapshot(self) -> dict[str, Any]:
        card = None
        if self._card is not None and (left_s := self._left_s(self._card)) > 0:
            card = {**self._card, "left_s": left_s}
        return {**{kind: self._latest.get(kind) for kind in LASTING}, "card": card}


def _plain(value: Any) -> Any:
    """A copy made of JSON values; infinities and NaN (the level of digital silence) become None."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"the feed carries plain JSON values, not {type(value).__name__}")
