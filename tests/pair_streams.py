"""Two microphones with clocks of their own before two voices made of noise, as the chunks each delivers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from deskguard.hearing.pair.pairing import Pairing, Side
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm

BEGAN_NS = 5_000_000_000
NS_PER_SAMPLE = 1_000_000_000 // SAMPLE_RATE_HZ
Fed = tuple[Side, AudioChunk | None]
"""What one microphone tells: a chunk, or None that it has gone."""


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card: how fast its clock runs, when it began, how late its blocks come."""

    ppm: float = 0.0
    begins_s: float = 0.0
    late_s: float = 0.0

    def moment_s(self, place: float) -> float:
        """When it took that sample."""
        return self.begins_s + place / (SAMPLE_RATE_HZ * (1 + self.ppm * 1e-6))

    def place(self, moment_s: float) -> float:
        return (moment_s - self.begins_s) * SAMPLE_RATE_HZ * (1 + self.ppm * 1e-6)


def room(duration_s: float, *, apart_db: float = 12.0, seed: int = 3) -> Pcm:
    """Two voices in turn, each nearer to one microphone, with pauses and each microphone's own noise."""
    rng = np.random.default_rng(seed)
    samples = round(duration_s * SAMPLE_RATE_HZ)
    pcm = rng.standard_normal((2, samples)) * 0.003
    place, side = SAMPLE_RATE_HZ // 2, 0
    while place < samples:
        end = min(samples, place + round(rng.uniform(1.0, 3.0) * SAMPLE_RATE_HZ))
        voice = rng.standard_normal(end - place) * 0.1
        voice *= 0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(end - place) / SAMPLE_RATE_HZ)
        pcm[side, place:end] += voice
        # 1 m farther to the other.
        pcm[1 - side, place + 47 : end] += voice[: max(0, end - place - 47)] * 10 ** (-apart_db / 20)
        place, side = end + round(rng.uniform(0.3, 1.0) * SAMPLE_RATE_HZ), 1 - side
    return pcm.astype(np.float32)


def recorded(sound: Pcm, card: Card) -> Pcm:
    """What a card makes of one channel of the room, from when it begins to the end."""
    count = int(card.place((sound.size - 4) / SAMPLE_RATE_HZ))
    at = np.array([card.moment_s(0), card.moment_s(1)]) * SAMPLE_RATE_HZ
    return _between(sound, at[0] + (at[1] - at[0]) * np.arange(count))


def _between(sound: Pcm, places: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Pcm:
    whole = np.clip(np.floor(places).astype(int), 1, sound.size - 3)
    part = places - whole
    a, b, c, d = (sound[whole + step].astype(np.float64) for step in (-1, 0, 1, 2))
    bent = b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))
    return bent.astype(np.float32)


def delivered(
    pcm: Pcm, card: Card | None = None, cuts: Iterable[int] = (), holes: Sequence[tuple[int, int]] = ()
) -> list[AudioChunk]:
    """The samples as chunks cut at `cuts` (every 50 ms by default), without those in `holes`."""
    card = card or Card()
    cuts = list(cuts) or list(range(800, pcm.size, 800))
    edges = sorted(
        {0, pcm.size, *(one for one in cuts if 0 < one < pcm.size), *(one for hole in holes for one in hole)}
    )
    chunks: list[AudioChunk] = []
    end_before = 0
    for begin, end in pairwise(edges):
        if any(first <= begin and end <= last for first, last in holes):
            continue
        captured_ns = BEGAN_NS + round((card.moment_s(end) + card.late_s) * 1e9)
        chunks.append(
            AudioChunk(
                start_sample=begin,
                pcm=pcm[None, begin:end],
                lost_before=begin - end_before,
                captured_ns=captured_ns,
            )
        )
        end_before = end
    return chunks


def in_turn(first: Sequence[AudioChunk], second: Sequence[AudioChunk]) -> list[Fed]:
    """The chunks of both in the order in which they were captured."""
    fed: list[Fed] = [(0, one) for one in first]
    fed += [(1, one) for one in second]
    return sorted(fed, key=lambda one: one[1].captured_ns if one[1] is not None else 0)


def joined(fed: Iterable[Fed], pairing: Pairing | None = None) -> list[AudioChunk]:
    """All that comes out."""
    pairing = pairing or Pairing()
    out: list[AudioChunk] = []
    for side, chunk in fed:
        out += pairing.lose(side) if chunk is None else pairing.feed(side, chunk)
    return out + pairing.finish()


def sound_of(chunks: Sequence[AudioChunk]) -> Pcm:
    """The joined samples from 0 on, silence where both are lost."""
    pcm = np.zeros((2, chunks[-1].end_sample), np.float32)
    for one in chunks:
        pcm[:, one.start_sample : one.end_sample] = one.pcm
    return pcm


def whole(chunk: AudioChunk) -> tuple[object, ...]:
    """All of a chunk in a form that can be compared."""
    bare = replace(chunk, pcm=chunk.pcm[:, :0])
    return (
        bare.start_sample,
        bare.lost_before,
        bare.is_break,
        bare.missing,
        bare.captured_ns,
        chunk.pcm.tobytes(),
    )
