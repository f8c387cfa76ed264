"""Whether a recording can be examined at all: its level, and the language that is spoken in it.

What cannot be is listed with the reason; scored as if nothing had been said, it would be praise for a dead
microphone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from deskguard.errors import DeskguardError
from deskguard.values import SAMPLE_RATE_HZ, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deskguard.values import AudioChunk, SpeechWindow

_QUIET_DBFS = -60.0
"""The loudest second of a recording with nobody in it, or of a microphone that is off, stays below; speech at a
far microphone does not: at 3 m in a quiet hall its seconds reach -45 dBFS (fixtures, far microphone)."""
_LEAST_SPEECH = 10 * SAMPLE_RATE_HZ
"""Speech needed to tell a language: Whisper's guess on few short words, or on a babble, says little."""
_MOST_SPEECH = 60 * SAMPLE_RATE_HZ
_LEAST_OWN = 0.3
"""Probability of Mandarin (or another Chinese), averaged over the windows, that is enough."""
_LEAST_OTHER = 0.5
"""That of another language which is needed to leave a recording out."""
_OWN = ("zh", "yue")


class Level:
    """The loudest second of a recording."""

    def __init__(self) -> None:
        self._power = 0.0
        self._samples = 0
        self.loudest = 0.0
        """Mean power, 1 is full scale."""

    def feed(self, chunk: AudioChunk) -> None:
        """Take what comes next; of several channels the loudest counts."""
        size = chunk.pcm.shape[1]
        if size:
            self._power += float(np.mean(np.square(chunk.pcm, dtype=np.float64), axis=1).max()) * size
            self._samples += size
        if self._samples >= SAMPLE_RATE_HZ:
            self._close()

    def finish(self) -> None:
        """The recording is over."""
        if self._samples:
            self._close()

    @property
    def dbfs(self) -> float:
        """Of the loudest second; -200 for digital silence."""
        return 10 * math.log10(max(self.loudest, 1e-20))

    @property
    def is_too_quiet(self) -> bool:
        return self.dbfs < _QUIET_DBFS

    def _close(self) -> None:
        self.loudest = max(self.loudest, self._power / self._samples)
        self._power, self._samples = 0.0, 0


class Language:
    """Refuses a recording in which no Chinese is spoken, once enough has been heard to tell."""

    def __init__(self, listen: Callable[[list[SpeechWindow]], Mapping[str, float]]) -> None:
        """`listen` gives the probability of each language, averaged over windows."""
        self._listen = listen
        self._is_known = False
        self._heard: list[SpeechWindow] = []
        self._samples = 0

    def check(self, windows: list[SpeechWindow]) -> None:
        """Take the next windows; raises DeskguardError ("wrong-language")."""
        if self._is_known:
            return
        for window in windows:
            if self._samples < _MOST_SPEECH:
                self._heard.append(window)
                self._samples += window.voiced_samples
        if self._samples < _LEAST_SPEECH:
            return
        longest = sorted(self._heard, key=lambda one: -one.voiced_samples)[:8]
        self._is_known, self._heard = True, []
        shares = self._listen(longest)
        likely = max(shares, key=lambda one: shares[one])
        if sum(shares.get(one, 0.0) for one in _OWN) >= _LEAST_OWN or shares[likely] < _LEAST_OTHER:
            return
        raise DeskguardError(
            f"The language spoken is probably {likely} ({shares[likely]:.2f}), not Mandarin: judged by "
            f"{seconds(sum(one.voiced_samples for one in longest)):.0f} s of speech.",
            "leave it out, or have it judged by a person.",
            "wrong-language",
        )
