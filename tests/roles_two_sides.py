"""Two people before two microphones, made of noise, for tests that need no recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from deskguard.hearing.roles.sides import TwoSided
from deskguard.settings import HearingSettings, RolesSettings
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm, SpeechWindow

VOICE_RMS, ROOM_RMS = 0.1, 0.002


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody speaks from here to there; channel 0 is nearer to side 0."""

    side: int
    start_s: float
    end_s: float


class LoudnessVad:
    """Speech is what is louder than the room: enough for voices made of noise."""

    def probability(self, frame: Pcm) -> float:
        return 0.9 if float(np.sqrt(np.mean(frame.astype(np.float64) ** 2))) > 3 * ROOM_RMS else 0.05

    def probabilities(self, samples: Pcm) -> list[float]:
        return [self.probability(frame) for frame in samples.reshape(-1, 512)]

    def reset(self) -> None:
        """Nothing is carried from frame to frame."""


def talk(
    turns: Sequence[Turn], *, apart_db: float = 12.0, gain_db: float = 0.0, room_rms: float = ROOM_RMS
) -> Pcm:
    """Two channels of a talk: each voice is `apart_db` weaker on the other's; the first is `gain_db` louder."""
    samples = round((max(one.end_s for one in turns) + 1.5) * SAMPLE_RATE_HZ)
    rng = np.random.default_rng(5)
    pcm = rng.standard_normal((2, samples)) * room_rms
    for turn in turns:
        begin, end = round(turn.start_s * SAMPLE_RATE_HZ), round(turn.end_s * SAMPLE_RATE_HZ)
        voice = rng.standard_normal(end - begin) * VOICE_RMS
        pcm[turn.side, begin:end] += voice
        pcm[1 - turn.side, begin:end] += np.roll(voice, 5) * 10 ** (-apart_db / 20)
    pcm[0] *= 10 ** (gain_db / 20)
    return pcm.clip(-1, 1).astype(np.float32)


def two_sided(roles: RolesSettings | None = None, hearing: HearingSettings | None = None) -> TwoSided:
    return TwoSided(hearing or HearingSettings(), roles or RolesSettings(), LoudnessVad)


def chunks_of(pcm: Pcm, places: Sequence[int] = ()) -> list[AudioChunk]:
    """The channels cut at `places`, or every 50 ms."""
    size = pcm.shape[1]
    edges = sorted({0, size, *(one for one in places or range(800, size, 800) if 0 < one < size)})
    return [AudioChunk(start_sample=begin, pcm=pcm[:, begin:end]) for begin, end in pairwise(edges)]


def heard_by(sided: TwoSided, chunks: Sequence[AudioChunk]) -> list[SpeechWindow]:
    return [window for one in chunks for window in sided.feed(one)] + sided.finish()


def finals(windows: Sequence[SpeechWindow]) -> list[SpeechWindow]:
    return [one for one in windows if one.is_final]


def roles_told(windows: Sequence[SpeechWindow]) -> list[str]:
    """The roles of the utterances in the order in which they begin."""
    return [one.role for one in sorted(finals(windows), key=lambda one: one.start_sample)]


ALTERNATELY = (Turn(0, 0.8, 2.3), Turn(1, 3.2, 5.0), Turn(0, 6.0, 7.6), Turn(1, 8.4, 9.6))
EACH_IN_TURN = ["staff", "visitor", "staff", "visitor"]
