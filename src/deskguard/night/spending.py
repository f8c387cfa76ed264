"""What examining one recording costs: wall time by stage, CPU and memory; nothing is decided by it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from deskguard.desk.usage import cpu_s, peak_rss_mb
from deskguard.night.jobs import Spent

if TYPE_CHECKING:
    from collections.abc import Iterator

_One = TypeVar("_One")


class Stopwatch:
    """Begun when it is made."""

    def __init__(self) -> None:
        self._begun_s = time.perf_counter()
        self._begun_cpu_s = cpu_s()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a block to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._stages[name] = self._stages.get(name, 0.0) + time.perf_counter() - begun

    def each(self, name: str, source: Iterator[_One]) -> Iterator[_One]:
        """The same things, the time to get each of them counted to a stage."""
        while True:
            with self.stage(name):
                one = next(source, None)
            if one is None:
                return
            yield one

    def spent(self, audio_samples: int, speech_samples: int) -> Spent:
        """All of it so far."""
        return Spent(
            audio_samples=audio_samples,
            speech_samples=speech_samples,
            wall_s=time.perf_counter() - self._begun_s,
            cpu_s=cpu_s() - self._begun_cpu_s,
            peak_rss_mb=peak_rss_mb(),
            stages_s=dict(self._stages),
        )
