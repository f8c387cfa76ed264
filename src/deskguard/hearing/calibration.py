"""Recordings of a quiet room, of the clerk and of somebody at the visitor's place in, measured values out.

Levels are RMS in dBFS. How far a voice stands above the room, and how far it falls within a tenth of a second,
say how well a microphone stands: echo fills the gaps between syllables. The fall is that of the quickest
twentieth of speech, 250 to 1000 Hz. Over 6 sentences a time, 8 times, with 20 to 30 dB of noise (recorded
halls and offices) it is 25 to 36 dB without echo, 16.6 to 18.4 where the direct sound is 8 dB over an echo of
0.5 s, 12.8 to 13.9 where it lies 2 dB under it; an echo of 0.3 s adds 3 to 5, one of 0.8 s takes off 2 to 3
(2026-11-29). So it is no ratio of direct sound to echo; it is what that ratio and the length of the echo do to
speech together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from deskguard.hearing.roles.layout import LayoutWatch
from deskguard.hearing.roles.levels import Levels
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import SAMPLE_RATE_HZ, Pcm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deskguard.hearing.roles.layout import Plan

Numbers = npt.NDArray[np.float64]

SPEECH_FROM = 0.5
LEAST_SEPARATION_DB = 2.0
"""Below it role by level is chance: 1 dB apart, no utterance was decided; 3 dB apart all were, with the gain
known, and 0.83 with it 4 dB wrong (bench)."""
CLIPPED_FROM = 0.99
_SILENT_DBFS = -80.0
"""Below the noise of any microphone and room."""
_LINES_HZ = 50.0, 60.0
_HARMONICS = 6
_LINE_HALF_WIDTH_HZ = 1.5
_AUDIBLE_HZ = 20.0, 8000.0
_FALL_BANDS_HZ = (250.0, 500.0), (500.0, 1000.0)
_FALL_HOP, _FALL_HOPS, _FALL_TOP_DB, _FALL_PERCENTILE = 256, 6, 15.0, 95.0
"""Six hops are 96 ms; only what begins within 15 dB of the loudest counts."""
_FALL_LEAST_SNR_DB = 20.0
"""With more noise it is the noise that ends the fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSound:
    """One microphone while nobody speaks."""

    floor_dbfs: float
    """The median of its frames: a door that slams is no noise floor."""
    hum_dbfs: float
    """Of the mains and its overtones, the louder of 50 and 60 Hz."""
    hum_ratio: float
    """Its share of all the power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSound:
    """One microphone while somebody reads."""

    speech_s: float
    level_dbfs: float
    """Of its frames with speech, without the room's."""
    snr_db: float
    """Over the room."""
    clipped_ratio: float
    """Of its samples with speech."""
    fall_db: float | None
    """How far the voice falls within 0.1 s; None where noise would hide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """How two microphones hear two places: differences of the first over the second, dB."""

    clerk_db: float
    visitor_db: float

    @property
    def gain_difference_db(self) -> float:
        """How much louder the first records what is equally near to both."""
        return (self.clerk_db + self.visitor_db) / 2

    @property
    def separation_db(self) -> float:
        """How far each place lies from the middle between both."""
        return abs(self.clerk_db - self.visitor_db) / 2

    @property
    def is_separable(self) -> bool:
        """Whether levels can tell who speaks."""
        return self.separation_db >= LEAST_SEPARATION_DB

    @property
    def is_first_the_clerks(self) -> bool:
        return self.clerk_db >= self.visitor_db


def channel_plan(pcm: Pcm) -> Plan:
    """What two channels are: two microphones, one, or one of them dead."""
    watch = LayoutWatch()
    for frame in _frames(pcm):
        watch.feed(frame)
    return watch.plan


def is_silent(pcm: Pcm) -> bool:
    """Whether a channel gives nothing that a microphone would give."""
    return pcm.size == 0 or _dbfs(float(np.mean(np.square(pcm, dtype=np.float64)))) < _SILENT_DBFS


def room_sound(pcm: Pcm) -> RoomSound:
    """One channel of a room in which nobody speaks, a second at least."""
    powers = _powers(pcm)
    size = SAMPLE_RATE_HZ
    pieces = pcm[: pcm.size // size * size].reshape(-1, size).astype(np.float64) * np.hanning(size)
    spectrum = np.mean(np.abs(np.fft.rfft(pieces, axis=1)) ** 2, axis=0)
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ).astype(np.float64)
    is_audible = (frequencies >= _AUDIBLE_HZ[0]) & (frequencies < _AUDIBLE_HZ[1])
    total = float(spectrum[is_audible].sum()) or 1.0
    hum = max(float(spectrum[_on_lines(frequencies, line_hz)].sum()) for line_hz in _LINES_HZ)
    power = float(np.mean(np.square(pcm, dtype=np.float64)))
    return RoomSound(
        floor_dbfs=_dbfs(float(np.median(powers))),
        hum_dbfs=_dbfs(power * hum / total),
        hum_ratio=hum / total,
    )


def speech_frames(pcm: Pcm, probability: Callable[[Pcm], float]) -> npt.NDArray[np.bool_]:
    """Of one channel, which whole frames of 512 samples hold speech."""
    whole = pcm[: pcm.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return np.array([probability(frame) >= SPEECH_FROM for frame in whole], dtype=bool)


def voice_sound(pcm: Pcm, has_speech: npt.NDArray[np.bool_], room: RoomSound) -> VoiceSound:
    """One channel of somebody who reads; `has_speech` of its frames must hold somewhere."""
    powers = _powers(pcm)[: has_speech.size][has_speech]
    floor = 10 ** (room.floor_dbfs / 10)
    level_dbfs = _dbfs(max(float(np.mean(powers)) - floor, 1e-12))
    snr_db = level_dbfs - room.floor_dbfs
    spoken = pcm[: has_speech.size * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)[has_speech]
    return VoiceSound(
        speech_s=float(has_speech.sum()) * FRAME_SAMPLES / SAMPLE_RATE_HZ,
        level_dbfs=level_dbfs,
        snr_db=snr_db,
        clipped_ratio=float(np.mean(np.abs(spoken) >= CLIPPED_FROM)),
        fall_db=_fall_db(pcm) if snr_db >= _FALL_LEAST_SNR_DB else None,
    )


def level_difference_db(parts: Sequence[tuple[Pcm, npt.NDArray[np.bool_]]]) -> float | None:
    """How much louder the first of two channels is where there is speech; None where that cannot be told.

    `parts` are stretches of both channels with the frames of speech in them, the room's own first: what is
    heard while nobody speaks is taken off.
    """
    levels = Levels()
    told: list[float] = []
    for pcm, has_speech in parts:
        for frame, is_speech in zip(_frames(pcm), has_speech, strict=False):
            one = levels.feed(frame)
            if is_speech and one.is_clear:
                told.append(one.difference_db)
    return float(np.median(told)) if told else None


def _frames(pcm: Pcm) -> Sequence[Pcm]:
    return [pcm[:, at : at + FRAME_SAMPLES] for at in range(0, pcm.shape[1] - FRAME_SAMPLES + 1, FRAME_SAMPLES)]


def _powers(pcm: Pcm) -> Numbers:
    whole = pcm[: pcm.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES).astype(np.float64)
    powers: Numbers = np.mean(whole**2, axis=1)
    return powers


def _on_lines(frequencies: Numbers, line_hz: float) -> npt.NDArray[np.bool_]:
    nearest = np.clip(np.round(frequencies / line_hz), 1, _HARMONICS) * line_hz
    return np.abs(frequencies - nearest) <= _LINE_HALF_WIDTH_HZ


def _fall_db(pcm: Pcm) -> float:
    size, hop = FRAME_SAMPLES, _FALL_HOP
    count = (pcm.size - size) // hop
    pieces = np.stack([pcm[at * hop : at * hop + size] for at in range(count)]) * np.hanning(size)
    spectrum = np.abs(np.fft.rfft(pieces, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    falls = []
    for low, high in _FALL_BANDS_HZ:
        band = (frequencies >= low) & (frequencies < high)
        levels = 10 * np.log10(spectrum[:, band].sum(axis=1) + 1e-12)
        before, after = levels[:-_FALL_HOPS], levels[_FALL_HOPS:]
        is_loud = before > np.percentile(levels, 90) - _FALL_TOP_DB
        falls.append(np.percentile((before - after)[is_loud], _FALL_PERCENTILE))
    return float(np.mean(falls))


def _dbfs(power: float) -> float:
    """A mean square relative to full scale; silence is -120."""
    return 10 * float(np.log10(max(power, 1e-12)))
