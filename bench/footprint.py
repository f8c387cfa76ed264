"""Memory over a working day and CPU on silence, of a whole desk: pipeline, store and staff screen.

    python bench/footprint.py                    8 h of one-third speech, 12 times as fast as life (40 minutes)
    python bench/footprint.py --hours 1          a shorter day
    python bench/footprint.py --idle             CPU on silence and on room noise, at real pace (2 x 60 s)

The day is made of the fixtures in random order, each followed by twice its length of room noise. At such a pace
live steps are skipped and final ones are not: every utterance is read, spotted, decided and stored.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np

from common import FIXTURES, heading, save
from deskguard.desk import compose
from deskguard.desk.pacing import PacedRecording
from deskguard.desk.usage import cpu_s, peak_rss_mb, rss_mb
from deskguard.desk.window import Parts, Window, run_quietly
from deskguard.errors import DeskguardError
from deskguard.hearing.media import CHUNK_SAMPLES, read_recording
from deskguard.settings import ScreenSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOM_NOISE = 1e-3
"""-60 dBFS: a quiet office."""
_SAMPLE_EVERY_S = 600.0
_LOOK_EVERY_S = 5.0


def day(hours: float, watch: Callable[[float], None]) -> Iterator[AudioChunk]:
    """`hours` of audio, one third of it recordings; `watch` is told how many seconds have gone by."""
    rng = np.random.default_rng(11)
    files = sorted(FIXTURES.glob("*.flac"))
    position, end = 0, int(hours * 3600 * SAMPLE_RATE_HZ)
    while position < end:
        speech = _mono(files[rng.integers(len(files))])
        noise = (rng.standard_normal(2 * speech.size) * _ROOM_NOISE).astype(np.float32)
        pcm = np.concatenate([speech, noise])
        for start in range(0, pcm.size - CHUNK_SAMPLES, CHUNK_SAMPLES):
            yield AudioChunk(start_sample=position, pcm=pcm[None, start : start + CHUNK_SAMPLES])
            position += CHUNK_SAMPLES
            watch(position / SAMPLE_RATE_HZ)


def steady(level: float, duration_s: float) -> Iterator[AudioChunk]:
    """Noise of one level."""
    rng = np.random.default_rng(12)
    for start in range(0, int(duration_s * SAMPLE_RATE_HZ), CHUNK_SAMPLES):
        pcm = (rng.standard_normal((1, CHUNK_SAMPLES)) * level).astype(np.float32)
        yield AudioChunk(start_sample=start, pcm=pcm)


def _mono(file: Path) -> Pcm:
    blocks = []
    try:
        blocks += [chunk.pcm[0] for chunk in read_recording(file)]
    except DeskguardError as error:
        print(error)
    return np.concatenate(blocks)


def new_window(folder: Path) -> Window:
    settings = Settings(screen=ScreenSettings(port=0))
    rules = compose.load_rules(settings)
    return Window(
        Parts(
            settings=settings,
            recogniser=compose.load_recogniser(settings).warmed_up(settings.hearing.max_utterance_s),
            rules=replace(rules),
            rule_paths=compose.rule_paths(settings),
            data_folder=folder,
            device="bench",
        )
    )


def memory(hours: float, speed: float) -> None:
    curve: list[tuple[float, float]] = []
    readings: list[float] = []
    looked_s = 0.0

    def watch(at_s: float) -> None:
        nonlocal looked_s
        if at_s < looked_s + _LOOK_EVERY_S:
            return
        looked_s = at_s
        readings.append(rss_mb())
        if at_s >= (len(curve) + 1) * _SAMPLE_EVERY_S:
            # The lowest: at such a pace most readings fall into a step and count buffers that are gone a
            # moment later; what is never given back is in every reading.
            curve.append((at_s, min(readings)))
            middle, highest = statistics.median(readings), max(readings)
            kept = f"{at_s / 3600:5.2f} h  kept {curve[-1][1]:6.1f} MB"
            print(f"  {kept}, median {middle:6.1f}, most {highest:6.1f}", flush=True)
            readings.clear()

    with tempfile.TemporaryDirectory() as folder:
        window = new_window(Path(folder))
        source = PacedRecording(lambda: day(hours, watch), window.on_state, speed=speed)
        run_quietly(window.run(source))
        health = window.health
    # The first ten minutes begin before anything was heard: growth counts from the ten that follow.
    later = [mb for _, mb in curve[1:]]
    first = later[0] if later else 0.0
    growth = max(later, default=0.0) - first
    print(f"{health}")
    print(f"kept after the first 10 min {first:.1f} MB, growth of what is kept {growth:.1f} MB, ", end="")
    print(f"peak {peak_rss_mb():.1f} MB")
    save("footprint", {"curve": curve, "growth_mb": growth, "peak_mb": peak_rss_mb(), "speed": speed})


def idle(duration_s: float) -> None:
    for name, level in (("silence", 0.0), ("room noise, -60 dBFS", _ROOM_NOISE)):
        with tempfile.TemporaryDirectory() as folder:
            window = new_window(Path(folder))
            source = PacedRecording(lambda level=level: steady(level, duration_s), window.on_state)
            began, used = time.monotonic(), cpu_s()
            run_quietly(window.run(source))
            share = (cpu_s() - used) / (time.monotonic() - began)
            print(f"{name}: {100 * share:.2f} % of a core over {duration_s:.0f} s, RSS {rss_mb():.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--speed", type=float, default=12.0)
    parser.add_argument("--idle", action="store_true")
    parser.add_argument("--idle-seconds", type=float, default=60.0)
    options = parser.parse_args()
    print(heading("base int8, 1 thread"))
    if options.idle:
        idle(options.idle_seconds)
    else:
        memory(options.hours, options.speed)


if __name__ == "__main__":
    main()
