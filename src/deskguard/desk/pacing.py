"""A recording made to arrive like a microphone's audio: each chunk when its last sample would be captured."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.values import AudioChunk


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
