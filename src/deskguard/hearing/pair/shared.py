"""Two microphones' sound in, how far one lies behind the other out: by what both hear, phase only (GCC-PHAT).

Whoever speaks is heard by both, nearer and farther. Cross-correlation with all frequencies at equal strength
has one sharp peak where the two agree, echo or not; what each hears alone, its noise and its hum, has none.
Stretches of two seconds are looked at, one each second.
"""

from __future__ import annotations

from collections import deque
from statistics import mean

import numpy as np
import numpy.typing as npt

from deskguard.values import SAMPLE_RATE_HZ, Pcm

BLOCK_SAMPLES = 512
_STRETCH_BLOCKS, _HOP_BLOCKS = 62, 31
HALF_STRETCH = _STRETCH_BLOCKS // 2 * BLOCK_SAMPLES
_TRANSFORM = 40_960
"""At least a stretch and the farthest lag: nothing wraps round."""
FARTHEST_SAMPLES = int(0.55 * SAMPLE_RATE_HZ)
_LOWEST_HZ, _HIGHEST_HZ = 200.0, 4000.0
_LEAST_PEAK = 7.0
"""Standard deviations of the correlation. Conversations of the fixtures in six made-up rooms, 187 stretches
each: peaks at a wrong place had at most 7.4 with 15 and with 5 dB of noise, 8.7 in a hall of 0.8 s echo; right
ones 8 to 30 (median, 2026-11-29). What passes by chance is held back by the agreement of neighbours."""
_LEAST_SWING = 4.0
"""6 dB between the loudest and the softest block of a stretch: nobody speaks in less."""


class SharedSound:
    """Blocks of two channels in, offsets out, one a second where both hear the same voice."""

    def __init__(self) -> None:
        band = np.fft.rfftfreq(_TRANSFORM, 1 / SAMPLE_RATE_HZ)
        self._is_outside = (band < _LOWEST_HZ) | (band > _HIGHEST_HZ)
        self._blocks: deque[tuple[Pcm, int]] = deque(maxlen=_STRETCH_BLOCKS)
        self._since = 0

    def forget(self) -> None:
        """What comes does not go on from what was."""
        self._blocks.clear()
        self._since = 0

    def feed(self, block: Pcm, offset: int) -> int | None:
        """Take (2, 512) samples laid together at `offset`; the offset that the newest stretch asks for.

        It is meant for the middle of the stretch, `HALF_STRETCH` before its end.
        """
        self._blocks.append((block, offset))
        self._since += 1
        if self._since < _HOP_BLOCKS or len(self._blocks) < _STRETCH_BLOCKS:
            return None
        self._since = 0
        pcm = np.concatenate([one for one, _ in self._blocks], axis=1).astype(np.float64)
        if not _is_lively(pcm):
            return None
        lag = self._lag(pcm)
        return None if lag is None else round(mean(at for _, at in self._blocks)) + lag

    def _lag(self, pcm: npt.NDArray[np.float64]) -> int | None:
        first, second = np.fft.rfft(pcm, _TRANSFORM, axis=1)
        cross = np.conj(first) * second
        cross /= np.abs(cross) + 1e-20
        cross[self._is_outside] = 0
        around = np.fft.irfft(cross, _TRANSFORM)
        # A microphone may be wired the other way round: the peak is then negative.
        near = np.abs(np.concatenate([around[-FARTHEST_SAMPLES:], around[: FARTHEST_SAMPLES + 1]]))
        place = int(np.argmax(near))
        is_clear = near[place] > _LEAST_PEAK * float(np.sqrt(np.mean(near**2)))
        return place - FARTHEST_SAMPLES if is_clear else None


def _is_lively(pcm: npt.NDArray[np.float64]) -> bool:
    """Whether each channel has louder and softer moments, as speech does and a steady room does not."""
    powers = np.mean(pcm.reshape(2, -1, BLOCK_SAMPLES) ** 2, axis=2)
    return bool(np.all(powers.max(axis=1) > _LEAST_SWING * powers.min(axis=1)))
