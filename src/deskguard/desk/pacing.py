"""A recording made to arrive like a microphone's audio: each chunk when its last sample would be captured."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deskguard.values import AudioChunk


class PacedRecording:
    """A recording in a microphone's place: it arrives at real pace and can be paused, which drops audio."""

    def __init__(
        self,
        chunks: Callable[[], Iterable[AudioChunk]],
        on_state: Callable[[str], None],
        *,
        linger_s: float = 0.0,
        speed: float = 1.0,
    ) -> None:
        """`linger_s` of silence follow the recording, so that a page stays up to look at."""
        self._linger_s = linger_s
        self._pacer = Pacer(speed)
        self._chunks = chunks
        self._on_state = on_state
        self._is_paused = threading.Event()
        self._is_stopped = threading.Event()

    def pause(self) -> None:
        self._is_paused.set()
        self._on_state("paused")

    def resume(self) -> None:
        self._is_paused.clear()
        self._on_state("listening")

    def stop(self) -> None:
        self._is_stopped.set()

    def chunks(self) -> Iterator[AudioChunk]:
        """Chunks when they are due; what falls into a pause is not given, and the next one is a break."""
        self._on_state("listening")
        is_break = False
        for chunk in self._pacer.paced(self._chunks()):
            if self._is_stopped.is_set():
                return
            if self._is_paused.is_set():
                if not is_break:
                    # At once, so that what was said before the pause is read now.
                    yield replace(chunk, pcm=chunk.pcm[:, :0], is_break=True)
                is_break = True
                continue
            yield replace(chunk, is_break=is_break)
            is_break = False
        self._is_stopped.wait(self._linger_s)


class Pacer:
    """Holds chunks back until their time; `speed` 2 is twice as fast as life."""

    def __init__(self, speed: float = 1.0) -> None:
        self._ns_per_sample = 1e9 / SAMPLE_RATE_HZ / speed

    def paced(self, chunks: Iterable[AudioChunk]) -> Iterator[AudioChunk]:
        """The same chunks with `captured_ns` set to when they were due."""
        begun_ns = time.monotonic_ns()
        for chunk in chunks:
            due_ns = begun_ns + int(chunk.end_sample * self._ns_per_sample)
            wait_s = (due_ns - time.monotonic_ns()) / 1e9
            if wait_s > 0:
                time.sleep(wait_s)
            yield replace(chunk, captured_ns=due_ns)
