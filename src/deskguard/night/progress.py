"""How far a night has got: a bar with rate and time left on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.scoring.words import Words

_LINE_EVERY_S = 30.0


class Progress:
    """Counts bytes, whose number is known before anything has been read; tells hours of audio an hour."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._begun_s = 0.0
        self._told_s = 0.0
        self._total = 0
        self._bytes = 0
        self._samples = 0
        self._files = 0
        self._left_out = 0
        self._bars: Any = None
        self._task: Any = None

    @contextmanager
    def shown(self, total_bytes: int) -> Iterator[None]:
        """Show it until the block ends."""
        self._total = total_bytes
        self._begun_s = self._told_s = time.monotonic()
        if not sys.stderr.isatty():
            yield
            self._line()
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), TimeRemainingColumn())
        with Bars(*columns, console=Console(stderr=True)) as self._bars:
            self._task = self._bars.add_task(self._text(), total=total_bytes)
            yield

    def advance(self, size: int, audio_samples: int, left_out: int) -> None:
        """One more recording is done."""
        self._files += 1
        self._bytes += size
        self._samples += audio_samples
        self._left_out = left_out
        if self._bars is not None:
            self._bars.update(self._task, completed=self._bytes, description=self._text())
        elif time.monotonic() - self._told_s >= _LINE_EVERY_S:
            self._line()

    @property
    def hours_per_hour(self) -> float:
        """Audio examined for each unit of time so far."""
        passed_s = max(time.monotonic() - self._begun_s, 1e-3)
        return self._samples / SAMPLE_RATE_HZ / passed_s

    @property
    def left_s(self) -> float | None:
        """Seconds to the end at the pace so far; None before anything is done."""
        if not self._bytes:
            return None
        passed_s = time.monotonic() - self._begun_s
        return round(passed_s * (self._total - self._bytes) / self._bytes, 1)

    def _text(self) -> str:
        return self._words(
            "progress", files=self._files, hours=f"{self.hours_per_hour:.1f}", left_out=self._left_out
        )

    def _line(self) -> None:
        self._told_s = time.monotonic()
        share = 100 * self._bytes / self._total if self._total else 100.0
        left = f"{(self.left_s or 0.0) / 60:.0f}"
        sys.stderr.write(f"{share:.0f} %  {self._text()}  {self._words('time_left', minutes=left)}\n")
        sys.stderr.flush()
