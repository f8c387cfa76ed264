"""A finished utterance to how loud it was: momentary loudness by ITU-R BS.1770-5, and the level it held.

K-weighting is one multiplication in the frequency domain. The standard tabulates its two filters for 48 kHz and
asks other rates for the same frequency response; here that response is read off the tabulated coefficients at
each frequency up to 8 kHz, so nothing is designed anew and nothing is warped. Above 8 kHz there is no audio.

The level an utterance held is the gated mean power of the standard made robust. A cup put down for 0.25 s lifts
the plain mean of a sentence by 8 LU, and nobody raised their voice. So the relative gate hangs on a quantile of
the blocks instead of on their mean, and a block counts for at most `_CAP_LU` more than their median. For plain
speech that is the standard's number: off by 0.3 LU (standard deviation), 95 % within 0.8 LU, on 300 synthetic
sentences of 1.5-30 s; the cup lifts it by 3 LU in sentences over 3 s (2026-11-22).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from deskguard.values import SAMPLE_RATE_HZ, Pcm, Sound, SpeechWindow

BLOCK_SAMPLES = int(0.4 * SAMPLE_RATE_HZ)
"""A momentary block of BS.1770-5, Annex 1: 400 ms."""
HOP_SAMPLES = int(0.1 * SAMPLE_RATE_HZ)
"""Blocks overlap by 75 %."""
_OFFSET_LU = -0.691
"""BS.1770-5, Annex 1, equation 2."""
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
"""Below the level that `_GATE` of the blocks stay under."""
_GATE = 0.6
_CAP_LU = 6.0
_TABLE_RATE_HZ = 48_000
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
"""Numerator and denominator of the first filter, the head: BS.1770-5, Annex 1, table 1."""
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Of the second filter, RLB: table 2."""
_PAD_SAMPLES = int(0.25 * SAMPLE_RATE_HZ)
"""Silence behind the audio, in which the filters ring out: 60 time constants of the slower one."""
_ONSET_SAMPLES = 512
_ONSET_LU = -15.0
"""How far below its level speech may begin."""
_FLOOR = 0.1
"""The quantile of the levels in an utterance that is the room: a tenth of it is pauses and pre-roll."""

Levels = npt.NDArray[np.float64]


def measure(window: SpeechWindow) -> Sound:
    """How the utterance of a final window sounded; its beginning is found by level to some 50 ms."""
    weighted = k_weighted(window.pcm)
    blocks = _blocks(weighted)
    held = _held(blocks)
    start = window.start_sample + (0 if held is None else _onset(weighted, held))
    return Sound(
        start_sample=start,
        end_sample=window.speech_end_sample,
        voiced_samples=window.voiced_samples,
        loudness_lufs=held,
        levels_lufs=_by_second(blocks, window.start_sample, (start, window.speech_end_sample)),
    )


def sustained_lufs(pcm: Pcm) -> float | None:
    """The level that speech holds in mono audio, (samples,) at 16 kHz; None when nothing passes the gate."""
    return _held(_blocks(k_weighted(pcm)))


def momentary_lufs(pcm: Pcm) -> Levels:
    """Loudness of each 400 ms block, one every 100 ms, LUFS; audio shorter than a block is one by itself.

    Silence is -inf. Only whole blocks count, so what follows a block does not change it.
    """
    return _blocks(k_weighted(pcm))


def k_weighted(pcm: Pcm) -> Levels:
    """The audio through both filters of BS.1770-5, of the same length."""
    if pcm.size == 0:
        return np.zeros(0)
    size = 1 << (pcm.size + _PAD_SAMPLES - 1).bit_length()
    # NaN from a broken driver or file would spread over the whole utterance.
    clean = np.nan_to_num(np.asarray(pcm, np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
    weighted: Levels = np.fft.irfft(np.fft.rfft(clean, size) * _response(size), size)[: pcm.size]
    return weighted


@lru_cache(maxsize=8)
def _response(size: int) -> npt.NDArray[np.float64]:
    """Gain of K-weighting at the frequencies of a transform; without the phase, which no meter hears."""
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ) / _TABLE_RATE_HZ)
    gain = np.ones(turn.size)
    for above, below in (_SHELF, _HIGH_PASS):
        gain *= np.abs(np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn))
    return gain


def _blocks(weighted: Levels) -> Levels:
    if weighted.size == 0:
        return np.zeros(0)
    length = min(BLOCK_SAMPLES, weighted.size)
    energy = np.concatenate([[0.0], np.cumsum(weighted**2)])
    starts = np.arange(0, weighted.size - length + 1, HOP_SAMPLES)
    return _lufs((energy[starts + length] - energy[starts]) / length)


def _lufs(power: Levels) -> Levels:
    # Below -150 LUFS is the rounding of the transform.
    with np.errstate(divide="ignore"):
        return np.where(power > 1e-15, _OFFSET_LU + 10 * np.log10(power), -np.inf)


def _held(blocks: Levels) -> float | None:
    """Gated and capped mean power of the blocks; None when the absolute gate leaves none."""
    loud = blocks[blocks > _ABSOLUTE_GATE_LUFS]
    if loud.size == 0:
        return None
    speech = loud[loud > np.quantile(loud, _GATE) + _RELATIVE_GATE_LU]
    capped = np.minimum(speech, np.median(speech) + _CAP_LU)
    return float(10 * np.log10(np.mean(10 ** (capped / 10))))


def _by_second(blocks: Levels, start_sample: int, speech: tuple[int, int]) -> tuple[float | None, ...]:
    """Mean power of the blocks whose middles lie in each second of the speech, LUFS to 0.1; None: silence."""
    middles = start_sample + BLOCK_SAMPLES // 2 + HOP_SAMPLES * np.arange(blocks.size)
    first, last = speech[0] // SAMPLE_RATE_HZ, max(speech[0], speech[1] - 1) // SAMPLE_RATE_HZ
    inside = (speech[0] <= middles) & (middles < speech[1]) & (blocks > _ABSOLUTE_GATE_LUFS)
    found: list[float | None] = []
    for second in range(first, last + 1):
        there = blocks[inside & (middles // SAMPLE_RATE_HZ == second)]
        found.append(round(float(10 * np.log10(np.mean(10 ** (there / 10)))), 1) if there.size else None)
    return tuple(found)


def _onset(weighted: Levels, held: float) -> int:
    """Where speech begins: the first 32 ms near its level, and nearer to it than to the room's."""
    count = weighted.size // _ONSET_SAMPLES
    if count == 0:
        return 0
    levels = _lufs(np.mean(weighted[: count * _ONSET_SAMPLES].reshape(count, -1) ** 2, axis=1))
    room = max(float(np.quantile(levels, _FLOOR, method="lower")), _ABSOLUTE_GATE_LUFS)
    bound = max(held + _ONSET_LU, (held + min(room, held)) / 2)
    return int(np.argmax(levels >= bound)) * _ONSET_SAMPLES
