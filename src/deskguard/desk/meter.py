"""Chunks in, level readings out: about eight a second, for the staff page's meter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.values import AudioChunk

_EVERY_SAMPLES = SAMPLE_RATE_HZ // 8
_FLOOR_DBFS = -100.0


class LevelMeter:
    """RMS level of the first channel in dBFS."""

    def __init__(self, publish: Callable[[str, dict[str, Any]], None]) -> None:
        self._publish = publish
        self._energy = 0.0
        self._samples = 0
        self._has_speech = False

    def feed(self, chunk: AudioChunk, is_speech: bool) -> None:
        pcm = chunk.pcm[0]
        self._energy += float(np.dot(pcm, pcm))
        self._samples += pcm.size
        self._has_speech = self._has_speech or is_speech
        if self._samples < _EVERY_SAMPLES:
            return
        mean = self._energy / self._samples
        dbfs = 10 * np.log10(mean) if mean > 0 else _FLOOR_DBFS
        self._publish("level", {"dbfs": round(max(_FLOOR_DBFS, float(dbfs)), 1), "speech": self._has_speech})
        self._energy, self._samples, self._has_speech = 0.0, 0, False
