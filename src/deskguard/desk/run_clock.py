"""The clocks of a run, each read in terms of another: audio samples, monotonic time, the wall clock.

The wall clock is asked once when the run begins; from then on monotonic time carries it, until somebody sets
it. A sample is placed by the newest audio: right for a source whose samples go on while it is paused, as a
microphone's do; a recording's that was paused meanwhile are placed too late.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deskguard.values import AudioChunk

JUMP_S = 5.0
"""The wall clock is off by so much only when somebody set it."""


class RunClock:
    """Safe to ask from any thread."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        """`wall` tells the time of day in UTC."""
        self._wall = wall
        self._began = (time.monotonic_ns(), wall())
        self._heard = (0, self._began[0])
        """The end of the newest audio and its monotonic time."""

    def hear(self, chunk: AudioChunk) -> None:
        """Take the newest audio."""
        self._heard = (chunk.end_sample, chunk.captured_ns or time.monotonic_ns())

    def follow_wall(self) -> float | None:
        """Go on from the wall clock's new time if it was set; returns by how many seconds, else None."""
        now_ns, wall = time.monotonic_ns(), self._wall()
        jump_s = (wall - self.utc_at(now_ns)).total_seconds()
        if abs(jump_s) <= JUMP_S:
            return None
        self._began = (now_ns, wall)
        return jump_s

    def utc(self) -> str:
        """Now, as ISO 8601."""
        return self.utc_at(time.monotonic_ns()).isoformat()

    def utc_at(self, at_ns: int) -> datetime:
        """When a monotonic time is or was."""
        began_ns, began = self._began
        return began + timedelta(microseconds=(at_ns - began_ns) / 1000)

    def utc_of(self, sample: int) -> str:
        """When a sample was heard, as ISO 8601."""
        heard, at_ns = self._heard
        return self.utc_at(at_ns + round((sample - heard) * 1e9 / SAMPLE_RATE_HZ)).isoformat()

    def sample_at(self, moment: datetime | None) -> int:
        """Where a time of the wall clock lies on the audio axis, negative before the run; None is now."""
        heard, at_ns = self._heard
        if moment is None:
            passed_s = (time.monotonic_ns() - at_ns) / 1e9
        else:
            passed_s = (moment - self.utc_at(at_ns)).total_seconds()
        return heard + round(passed_s * SAMPLE_RATE_HZ)
