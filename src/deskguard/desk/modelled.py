"""A recording run as fast as the machine allows, on a modelled clock.

The clock is the audio's own, advanced by the measured compute of each step: a window is ready when its last
chunk would have been captured, waits while the step before would still run, and may be replaced meanwhile, just
as in the threads of live listening. So `raised` means the same as at real pace.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from deskguard.desk.alerts import Moment
from deskguard.desk.queues import WindowQueue
from deskguard.values import SAMPLE_RATE_HZ, SpeechWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deskguard.desk.mind import Mind, Outcome
    from deskguard.hearing.roles.sides import Endpointing
    from deskguard.values import AudioChunk

_NS_PER_SAMPLE = 1_000_000_000 / SAMPLE_RATE_HZ


class ModelledRun:
    """One recording through endpointing and mind."""

    def __init__(
        self,
        endpointer: Endpointing,
        mind: Mind,
        final_bound_s: float,
        compute_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """`compute_ns` measures the compute of a step."""
        self._endpointer = endpointer
        self._mind = mind
        self._queue = WindowQueue(final_bound_s)
        self._compute_ns = compute_ns
        self._free_at = 0
        self._begun_ns: int | None = None
        self.heard_samples = 0
        self.lost_samples = 0

    @property
    def skipped(self) -> int:
        return self._queue.skipped

    @property
    def speech_samples(self) -> int:
        return self._endpointer.speech_samples

    def run(self, chunks: Iterable[AudioChunk]) -> Iterator[Outcome]:
        """Outcomes in the order in which a desk would show them."""
        for chunk in chunks:
            self.heard_samples += chunk.pcm.shape[1]
            self.lost_samples += chunk.lost_before
            for window in self._endpointer.feed(chunk):
                yield from self._offer(window, chunk.end_sample)
            yield from self._catch_up(chunk.end_sample)
            if not self._queue.has_waiting:
                yield from self._mind.tick(chunk.end_sample)
        for window in self._endpointer.finish():
            yield from self._offer(window, window.taken_sample)
        yield from self._catch_up(None)
        yield from self._mind.finish(self._now)

    def _offer(self, window: SpeechWindow, ready: int) -> Iterator[Outcome]:
        yield from self._catch_up(ready)
        self._free_at = max(self._free_at, ready) if not self._queue.has_waiting else self._free_at
        # A final window is never refused here: at the modelled pace nobody can be made to wait.
        self._queue.put(window, block=False)

    def _catch_up(self, until: int | None) -> Iterator[Outcome]:
        """Do the steps that would have begun before the stream got to `until`."""
        while self._queue.has_waiting and (until is None or self._free_at < until):
            window = self._queue.take()
            if window is None:
                return
            self._begun_ns = self._compute_ns()
            # Gathered first: the time of whoever takes the outcomes is not compute.
            outcomes = list(self._mind.feed(window, self._now))
            self._free_at = self._now().sample
            self._begun_ns = None
            yield from outcomes

    def _now(self) -> Moment:
        used_ns = 0 if self._begun_ns is None else self._compute_ns() - self._begun_ns
        sample = self._free_at + int(used_ns / _NS_PER_SAMPLE)
        return Moment(sample, int(sample * _NS_PER_SAMPLE))
