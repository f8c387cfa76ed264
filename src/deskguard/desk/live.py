"""A stream of chunks through the threads of a desk: capture, endpointing, understanding.

    source thread --ChunkQueue--> ear thread --WindowQueue--> the caller's thread

A thread that fails reports, stops the others, and the failure is raised in the caller's thread.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from deskguard.desk.alerts import Moment
from deskguard.desk.queues import ChunkQueue, WindowQueue
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deskguard.desk.mind import Mind, Outcome
    from deskguard.hearing.roles.sides import Endpointing
    from deskguard.settings import QueueSettings


class LiveRun:
    """One stream at its own pace."""

    def __init__(
        self,
        endpointer: Endpointing,
        mind: Mind,
        queues: QueueSettings,
        *,
        pace: Callable[[Iterable[AudioChunk]], Iterator[AudioChunk]] = iter,
        watch: Callable[[AudioChunk, bool], None] | None = None,
    ) -> None:
        """`pace` may hold chunks back; `watch` sees each chunk and whether it held speech (the level meter)."""
        self._endpointer = endpointer
        self._mind = mind
        self._pace = pace
        self._watch = watch
        self._chunks = ChunkQueue(queues.capture_s)
        self._windows = WindowQueue(queues.final_s)
        self._failure: BaseException | None = None
        self._anchor = (0, time.monotonic_ns())
        self._read_to = 0
        """How far the stream has been heard and its windows handed over."""
        self.heard_samples = 0

    @property
    def skipped(self) -> int:
        return self._windows.skipped

    @property
    def lost_samples(self) -> int:
        return self._chunks.lost_samples

    @property
    def speech_samples(self) -> int:
        return self._endpointer.speech_samples

    @property
    def backlog_samples(self) -> int:
        return self._chunks.waiting_samples + self._windows.waiting_samples

    def run(self, chunks: Iterable[AudioChunk]) -> Iterator[Outcome]:
        """Outcomes as they come; ends when the stream does, or when the caller stops asking."""
        threads = [
            threading.Thread(target=self._guarded, args=(self._capture, chunks), name="capture", daemon=True),
            threading.Thread(target=self._guarded, args=(self._listen, None), name="ear", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            while not self._windows.is_done:
                window = self._windows.take(timeout_s=0.5)
                if window is not None:
                    yield from self._mind.feed(window, self._now)
                else:
                    yield from self._mind.tick(self._read_to)
            if self._failure is not None:
                raise self._failure
            yield from self._mind.finish(self._now)
        finally:
            self._chunks.close()
            self._windows.close()

    def _guarded(
        self, work: Callable[[Iterable[AudioChunk] | None], None], chunks: Iterable[AudioChunk] | None
    ) -> None:
        try:
            work(chunks)
        except BaseException as error:
            self._failure = self._failure or error
        finally:
            self._chunks.close()
            if work == self._listen:
                self._windows.close()

    def _capture(self, chunks: Iterable[AudioChunk] | None) -> None:
        for chunk in self._pace(chunks or ()):
            if not self._chunks.put(chunk):
                return

    def _listen(self, _: Iterable[AudioChunk] | None) -> None:
        while not self._chunks.is_done:
            chunk = self._chunks.take(timeout_s=0.5)
            if chunk is None:
                continue
            self.heard_samples += chunk.pcm.shape[1]
            self._anchor = (chunk.end_sample, chunk.captured_ns or time.monotonic_ns())
            for window in self._endpointer.feed(chunk):
                self._windows.put(window)
            self._read_to = chunk.end_sample
            if self._watch is not None:
                self._watch(chunk, self._endpointer.is_speech)
        for window in self._endpointer.finish():
            self._windows.put(window)

    def _now(self) -> Moment:
        """The moment on both clocks, from the newest chunk whose capture time is known."""
        sample, at_ns = self._anchor
        now_ns = time.monotonic_ns()
        return Moment(sample + (now_ns - at_ns) * SAMPLE_RATE_HZ // 1_000_000_000, now_ns)
