"""The minute of a calibration, made of the recordings of the fixtures: a quiet room, two people who read."""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import golden_recordings
from deskguard.hearing.media import read_recording
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.values import Pcm

CLERK = ("t03_literal", "ok_t03_helps", "ok_t11_prescribed", "ok_t14_busy_polite", "t10_literal")
VISITOR = ("ok_t02_about_visitor", "ok_t05_asks_for", "ok_t12_hurries_self", "ok_t01_near_sound")
SECONDS = (3.0, 8.0, 8.0)
OPTION = "3,8,8"
"""The same for the command line."""


@cache
def _reading(names: tuple[str, ...], duration_s: float) -> Pcm:
    pcm = np.concatenate(
        [one.pcm[0] for name in names for one in read_recording(golden_recordings.load(name).path)]
    )
    return np.resize(pcm, round(duration_s * SAMPLE_RATE_HZ)).astype(np.float32)


def minute(
    *,
    apart_db: float = 10.0,
    gain_db: float = 0.0,
    room_rms: float = 0.0007,
    echo: tuple[float, float] | None = None,
) -> Pcm:
    """(2, samples): the clerk is `apart_db` nearer to the first, which records `gain_db` louder.

    `echo`: direct sound over it, dB, and how long it takes to fall by 60 dB, s.
    """
    rng = np.random.default_rng(8)
    room_s, clerk_s, visitor_s = SECONDS
    parts = [np.zeros((2, round(room_s * SAMPLE_RATE_HZ)))]
    for near, names, duration_s in ((0, CLERK, clerk_s), (1, VISITOR, visitor_s)):
        voice = _reading(names, duration_s).astype(np.float64)
        voice = voice if echo is None else _echoing(voice, *echo, rng)
        part = np.zeros((2, voice.size))
        part[near] = voice
        part[1 - near, 30:] = voice[:-30] * 10 ** (-apart_db / 20)
        parts.append(part)
    pcm = np.concatenate(parts, axis=1)
    pcm += rng.standard_normal(pcm.shape) * room_rms
    pcm[0] *= 10 ** (gain_db / 20)
    return pcm.clip(-1, 1).astype(np.float32)


def _echoing(
    voice: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    direct_db: float,
    fall_s: float,
    rng: np.random.Generator,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    length = round(fall_s * SAMPLE_RATE_HZ)
    late = rng.standard_normal(length) * 10 ** (-3.0 * np.arange(length) / length)
    late[: SAMPLE_RATE_HZ // 200] = 0.0
    late *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(late**2))
    late[0] = 1.0
    size = voice.size + length
    return np.fft.irfft(np.fft.rfft(voice, size) * np.fft.rfft(late, size), size)[: voice.size]


def written(pcm: Pcm, path: Path) -> Path:
    """The sound as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(pcm.shape[0])
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((pcm.T * 32767).astype("<i2").tobytes())
    return path
