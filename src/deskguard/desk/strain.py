"""Health readings in, whether this computer keeps up out.

Skipped live steps are no loss (a newer window replaced them), but when most are skipped hints come late, and
the clerk should know why.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskguard.values import Health

_SPAN_NS = 30 * 1_000_000_000
_LEAST_WINDOWS = 20
"""Fewer windows than this say nothing: somebody spoke for two seconds."""
_MOST_SKIPPED_RATIO = 0.67
_MOST_BACKLOG_S = 5.0


class Strain:
    """Looks back over the last half minute of readings."""

    def __init__(self) -> None:
        self._readings: deque[tuple[int, int, int]] = deque()
        self.is_slow = False

    def feed(self, health: Health, now_ns: int) -> None:
        """Take a reading; `now_ns` is monotonic."""
        self._readings.append((now_ns, health.steps, health.windows_skipped))
        while self._readings[0][0] < now_ns - _SPAN_NS:
            self._readings.popleft()
        _, steps, skipped = self._readings[0]
        taken, missed = health.steps - steps, health.windows_skipped - skipped
        is_behind = taken + missed >= _LEAST_WINDOWS and missed > _MOST_SKIPPED_RATIO * (taken + missed)
        self.is_slow = is_behind or health.backlog_s > _MOST_BACKLOG_S
