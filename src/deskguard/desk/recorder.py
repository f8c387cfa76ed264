"""A source of sound, a stretch at a time: between the stretches it goes on, and nobody keeps what it hears."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from deskguard.errors import DeskguardError
from deskguard.values import SAMPLE_RATE_HZ, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.desk.window import Source
    from deskguard.values import AudioChunk, Pcm

_PATIENCE_S = 15.0
"""How much longer than its sound a stretch may take: a device that was just opened is slow to begin."""
_MOST_LOST_S = 0.5
_TICK_S = 0.25


class Recorder:
    """Takes stretches of a source that runs in a thread of its own; use as a context."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._changed = threading.Condition()
        self._taken: list[AudioChunk] | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._listen, name="recorder", daemon=True)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._source.stop()
        self._thread.join(5.0)

    def take(self, duration_s: float, tell: Callable[[float], None]) -> Pcm:
        """So much sound from now on, (channels, samples); `tell` is told how much is still to come.

        Raises DeskguardError when a microphone is lost meanwhile or gives nothing.
        """
        wanted, until_s = round(duration_s * SAMPLE_RATE_HZ), time.monotonic() + duration_s + _PATIENCE_S
        taken: list[AudioChunk] = []
        with self._changed:
            self._taken = taken
            while (heard := sum(one.pcm.shape[1] for one in taken)) < wanted:
                self._check(taken, until_s)
                tell(seconds(wanted - heard))
                self._changed.wait(_TICK_S)
            self._check(taken, until_s)
            self._taken = None
        tell(0.0)
        return np.concatenate([one.pcm for one in taken], axis=1)[:, :wanted]

    def _check(self, taken: list[AudioChunk], until_s: float) -> None:
        if self._failure is not None:
            raise self._failure
        lost = sum(one.lost_before for one in taken[1:])
        if seconds(lost) > _MOST_LOST_S or any(one.missing for one in taken) or time.monotonic() > until_s:
            raise DeskguardError(
                "A microphone was lost, or gave no sound, while it was being measured.",
                "check its plug and run deskguard doctor, then do it again.",
                "microphone-lost",
            )

    def _listen(self) -> None:
        try:
            for chunk in self._source.chunks():
                with self._changed:
                    # Of two devices that are opened at once one begins first.
                    is_early = bool(chunk.missing) and not self._taken
                    if self._taken is not None and chunk.pcm.shape[1] and not is_early:
                        self._taken.append(chunk)
                        self._changed.notify()
        except BaseException as error:
            with self._changed:
                self._failure = error
                self._changed.notify()
