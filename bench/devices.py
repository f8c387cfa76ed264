"""Two sound cards with clocks of their own: how far apart they stay, whether roles hold, what it costs.

    python bench/devices.py [--minutes 60] [--ppm 200,100,-100] [--late 0.3] [--no-roles]

An hour at a counter is made of the clips of the fixtures: turns of two speakers with pauses and quiet minutes,
each nearer to its own microphone by 12 dB, in a room with an echo of 0.5 s whose direct sound is 8 dB over it
at the near microphone, noise of each microphone's own 15 dB below. The second card's clock runs fast or slow
and its blocks come late, by jitter of some 5 ms and by `--late` for good. Figures are the distance between
what is laid together and what belongs together, the share of utterances with the right role (levels and voice
activity, no Whisper), with the two cards joined and without joining them, and the CPU of joining.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, Clip, fixture_clips, heading, percentiles, save
from deskguard.desk import compose
from deskguard.hearing.media import CHUNK_SAMPLES, read_recording
from deskguard.hearing.pair.pairing import Pairing, Side
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm, SpeechWindow

_APART_DB, _SNR_DB = 12.0, 15.0
_ECHO_DB, _ECHO_S = 8.0, 0.5
_JITTER_S = 0.005
_SETTLING_S = 60.0
_FARTHER_SAMPLES = 47
"""1 m more to the other microphone."""
_BEGAN_NS = 1_000_000_000
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """Who speaks from here to there."""

    role: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Card:
    """The second sound card."""

    ppm: float
    late_s: float

    def place(self, moment_s: float) -> float:
        return moment_s * SAMPLE_RATE_HZ * (1 + self.ppm * 1e-6)

    def moments_s(self, first: int, count: int) -> Numbers:
        return np.arange(first, first + count) / (SAMPLE_RATE_HZ * (1 + self.ppm * 1e-6))


def counter(clips: list[Clip], minutes: float) -> tuple[Pcm, list[Turn]]:
    """(2, samples) of a third speech, and who speaks when."""
    rng = np.random.default_rng(20261129)
    pcm = np.zeros((2, round(minutes * 60 * SAMPLE_RATE_HZ)), np.float32)
    echo = _echo(rng)
    turns: list[Turn] = []
    place, side = SAMPLE_RATE_HZ, 0
    while True:
        clip = clips[rng.integers(len(clips))]
        voice = _mono(clip.file)
        begin_s, end_s = clip.speakers[0][1:]
        if place + voice.size + _FARTHER_SAMPLES >= pcm.shape[1]:
            break
        wet = _convolved(voice.astype(np.float64), echo)
        pcm[side, place : place + voice.size] += wet
        far = slice(place + _FARTHER_SAMPLES, place + voice.size + _FARTHER_SAMPLES)
        pcm[1 - side, far] += wet * 10 ** (-_APART_DB / 20)
        at_s = place / SAMPLE_RATE_HZ
        turns.append(Turn(("staff", "visitor")[side], at_s + begin_s, at_s + end_s))
        # Ten turns of a talk, then a quiet stretch.
        pause_s = rng.uniform(0.3, 1.5) if len(turns) % 10 else rng.uniform(20, 80)
        place += voice.size + round(pause_s * SAMPLE_RATE_HZ)
        side = 1 - side if rng.random() < 0.8 else side
    level = float(np.sqrt(np.mean(pcm[0][np.abs(pcm[0]) > 0.01] ** 2)))
    pcm += rng.standard_normal(pcm.shape, dtype=np.float32) * np.float32(level * 10 ** (-_SNR_DB / 20))
    return pcm, turns


def _echo(rng: np.random.Generator) -> Numbers:
    length = round(_ECHO_S * SAMPLE_RATE_HZ)
    late = rng.standard_normal(length) * 10 ** (-3.0 * np.arange(length) / length)
    late[: SAMPLE_RATE_HZ // 200] = 0.0
    late *= 10 ** (-_ECHO_DB / 20) / np.sqrt(np.sum(late**2))
    late[0] = 1.0
    return late


def _convolved(voice: Numbers, echo: Numbers) -> Numbers:
    size = voice.size + echo.size
    return np.fft.irfft(np.fft.rfft(voice, size) * np.fft.rfft(echo, size), size)[: voice.size]


def _mono(path: Path) -> Pcm:
    return np.concatenate([chunk.pcm[0] for chunk in read_recording(path)])


def fed(pcm: Pcm, card: Card) -> Iterator[tuple[Side, AudioChunk]]:
    """What both cards deliver, in the order of capture."""
    rng = np.random.default_rng(7)
    second = 0
    for first in range(0, pcm.shape[1] - 2 * CHUNK_SAMPLES, CHUNK_SAMPLES):
        end = first + CHUNK_SAMPLES
        yield 0, _chunk(first, pcm[:1, first:end], end / SAMPLE_RATE_HZ, rng)
        while card.moments_s(second + CHUNK_SAMPLES, 1)[0] <= end / SAMPLE_RATE_HZ:
            moments = card.moments_s(second, CHUNK_SAMPLES)
            sound = _between(pcm[1], moments * SAMPLE_RATE_HZ)
            yield 1, _chunk(second, sound[None], float(moments[-1]) + card.late_s, rng)
            second += CHUNK_SAMPLES


def _chunk(start: int, pcm: Pcm, moment_s: float, rng: np.random.Generator) -> AudioChunk:
    captured_ns = _BEGAN_NS + round((moment_s + rng.exponential(_JITTER_S)) * 1e9)
    return AudioChunk(start_sample=start, pcm=pcm, captured_ns=captured_ns)


def _between(sound: Pcm, places: Numbers) -> Pcm:
    whole = np.clip(np.floor(places).astype(int), 1, sound.size - 3)
    part = places - whole
    a, b, c, d = (sound[whole + step].astype(np.float64) for step in (-1, 0, 1, 2))
    bent = b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))
    return bent.astype(np.float32)


@dataclass(slots=True)
class Joined:
    """What came of an hour."""

    errors_s: list[float]
    cpu_s: float = 0.0


def joined(pcm: Pcm, card: Card, result: Joined) -> Iterator[AudioChunk]:
    pairing = Pairing()
    for side, chunk in fed(pcm, card):
        begun = time.process_time()
        out = pairing.feed(side, chunk)
        result.cpu_s += time.process_time() - begun
        for one in out:
            wanted = card.place(one.end_sample / SAMPLE_RATE_HZ)
            error = (one.end_sample + pairing.offset_samples - wanted) / SAMPLE_RATE_HZ
            if one.end_sample > _SETTLING_S * SAMPLE_RATE_HZ:
                result.errors_s.append(abs(error))
            yield one


def unjoined(pcm: Pcm, card: Card) -> Iterator[AudioChunk]:
    """Both laid together sample by sample from the clocks' first word on, as if one card had made them."""
    held: tuple[list[Pcm], list[Pcm]] = ([], [])
    late = round(card.late_s * SAMPLE_RATE_HZ)
    held[1].append(np.zeros(late, np.float32))
    place = 0
    for side, chunk in fed(pcm, card):
        held[side].append(chunk.pcm[0])
        both = [np.concatenate(one) for one in held]
        size = min(one.size for one in both) // CHUNK_SAMPLES * CHUNK_SAMPLES
        if size:
            yield AudioChunk(start_sample=place, pcm=np.stack([one[:size] for one in both]))
            place += size
            for one, rest in zip(held, both, strict=True):
                one[:] = [rest[size:]]


def roles(chunks: Iterator[AudioChunk], turns: list[Turn]) -> tuple[int, int, int, int]:
    """Utterances, those with the right role, those of unknown role, visitors taken for the clerk."""
    sides = compose.new_endpointer(Settings())
    finals = [one for chunk in chunks for one in sides.feed(chunk) if one.is_final]
    finals += [one for one in sides.finish() if one.is_final]
    told = [(one.role, truth) for one in finals if (truth := _speaker(one, turns))]
    return (
        len(told),
        sum(role == truth for role, truth in told),
        sum(role == "unknown" for role, _ in told),
        sum(role == "staff" and truth == "visitor" for role, truth in told),
    )


def _speaker(window: SpeechWindow, turns: list[Turn]) -> str:
    """Who speaks most of a window; nobody where it lies on no turn."""
    start, end = window.start_sample / SAMPLE_RATE_HZ, window.speech_end_sample / SAMPLE_RATE_HZ
    shares = {"staff": 0.0, "visitor": 0.0}
    for turn in turns:
        shares[turn.role] += max(0.0, min(end, turn.end_s) - max(start, turn.start_s))
    best = max(shares, key=lambda one: shares[one])
    return best if shares[best] > 0 else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--ppm", default="200,100,-100", help="how fast the second card's clock runs")
    parser.add_argument("--late", type=float, default=0.3, help="seconds by which its blocks come late")
    parser.add_argument("--no-roles", action="store_true", help="offsets and CPU only")
    args = parser.parse_args()
    clips = [
        one for one in fixture_clips(FIXTURES, with_visitors=True) if len(one.speakers) == 1 and one.is_clean
    ]
    pcm, turns = counter(clips, args.minutes)
    speech_s = sum(one.end_s - one.start_s for one in turns)
    print(heading("none" if args.no_roles else "Silero VAD"))
    print(f"{args.minutes:.0f} min, {len(turns)} turns, {speech_s:.0f} s of speech")
    figures = {}
    for ppm in (float(one) for one in args.ppm.split(",")):
        figures[f"{ppm:+.0f}"] = measured(pcm, [] if args.no_roles else turns, Card(ppm, args.late))
    save("devices", figures)


def measured(pcm: Pcm, turns: list[Turn], card: Card) -> dict[str, float]:
    """Print and return the figures of one pair of cards; without turns no roles."""
    result = Joined([])
    chunks = joined(pcm, card, result)
    told = {"joined": roles(chunks, turns)} if turns else {"": (sum(1 for _ in chunks), 0, 0, 0)}
    errors_ms = [1000 * one for one in result.errors_s]
    cost_ms = 1000 * result.cpu_s / (pcm.shape[1] / SAMPLE_RATE_HZ)
    print(f"{card.ppm:+5.0f} ppm: offset {percentiles(errors_ms, 'ms')}; {cost_ms:.2f} ms of CPU a second")
    figures = {"p95_ms": float(np.percentile(errors_ms, 95)), "max_ms": max(errors_ms), "cost_ms": cost_ms}
    if turns:
        told["unjoined"] = roles(unjoined(pcm, card), turns)
        for name, (count, right, unknown, accused) in told.items():
            share = f"{right} of {count} right ({right / max(1, count):.3f}), {unknown} unknown"
            print(f"          {name:8} {share}, visitor as clerk {accused}")
            figures |= {f"{name}_right": right / max(1, count), f"{name}_accused": accused}
    return figures


if __name__ == "__main__":
    main()
