"""One microphone's chunks in; out its samples at any place of the newest seconds, and what of them is missing.

Positions are those of the microphone's own chunks. Where its chunks leave out samples, silence stands in.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm

if TYPE_CHECKING:
    from collections.abc import Iterator

NS_PER_SAMPLE = 1_000_000_000 // SAMPLE_RATE_HZ
_DELAY_SAMPLES = 10 * SAMPLE_RATE_HZ
"""Of so much audio the least delayed chunk counts: a chunk may come late, never early."""


class Track:
    """What one microphone delivered, as far as it is still needed."""

    def __init__(self) -> None:
        self._stretches: deque[tuple[int, Pcm]] = deque()
        """Unbroken samples with the place of the first."""
        self._last_ns = 0
        self._least_delay_ns: int | None = None
        self._delay_from = 0
        self.end = 0
        """Where its samples end so far."""
        self.first: tuple[int, int] | None = None
        """Place of its very first sample, and when it was captured; 0: nobody knows."""
        self.delay_ns: int | None = None
        """How far capture times run behind the samples, the least of some seconds; None before that."""
        self.newest_delay_ns: int | None = None
        """The same of the newest chunk alone."""

    def feed(self, chunk: AudioChunk) -> None:
        """Take the next chunk; several channels of one device are mixed."""
        pcm = chunk.pcm[0] if chunk.pcm.shape[0] == 1 else chunk.pcm.mean(axis=0)
        clean = np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0).astype(np.float32)
        if self._stretches and chunk.start_sample == self.end:
            start, before = self._stretches.pop()
            self._stretches.append((start, np.concatenate([before, clean])))
        else:
            self._stretches.append((chunk.start_sample, clean))
        if self.first is None:
            first_ns = chunk.captured_ns - pcm.size * NS_PER_SAMPLE if chunk.captured_ns else 0
            self.first = (chunk.start_sample, first_ns)
            self._delay_from = chunk.start_sample
        self.end = chunk.end_sample
        self._time(chunk)

    @property
    def start(self) -> int:
        """Where what is kept begins."""
        return self._stretches[0][0] if self._stretches else self.end

    def read(self, start: int, end: int) -> Pcm:
        """The samples from here to there; silence where there are none."""
        pcm = np.zeros(end - start, np.float32)
        for first, samples in self._stretches:
            begin, stop = max(start, first), min(end, first + samples.size)
            if begin < stop:
                pcm[begin - start : stop - start] = samples[begin - first : stop - first]
        return pcm

    def missing(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches from here to there of which nothing was heard."""
        place = start
        for first, samples in self._stretches:
            if place < first:
                yield place, min(first, end)
            place = max(place, first + samples.size)
            if place >= end:
                return
        yield place, end

    def next_sample(self, place: int) -> int | None:
        """The first place from there on that was heard; None while there is none."""
        later = (max(place, first) for first, samples in self._stretches if place < first + samples.size)
        return next(later, None)

    def forget_before(self, place: int) -> None:
        """Nobody will ask for what came before; the newest stretch stays, if only its place."""
        while len(self._stretches) > 1 and self._stretches[1][0] <= place:
            self._stretches.popleft()
        if self._stretches:
            first, samples = self._stretches[0]
            cut = min(max(0, place - first), samples.size)
            self._stretches[0] = (first + cut, samples[cut:].copy())

    def forget(self) -> None:
        """Nobody will ask for anything so far."""
        self._stretches.clear()

    def captured_ns(self, place: int) -> int:
        """When that sample was captured; 0 when nobody knows."""
        return self._last_ns - (self.end - place) * NS_PER_SAMPLE if self._last_ns else 0

    def _time(self, chunk: AudioChunk) -> None:
        self._last_ns = chunk.captured_ns
        if not chunk.captured_ns:
            return
        delay_ns = self.newest_delay_ns = chunk.captured_ns - chunk.end_sample * NS_PER_SAMPLE
        least = self._least_delay_ns
        self._least_delay_ns = delay_ns if least is None else min(least, delay_ns)
        if chunk.end_sample - self._delay_from >= _DELAY_SAMPLES:
            self.delay_ns, self._least_delay_ns = self._least_delay_ns, None
            self._delay_from = chunk.end_sample
