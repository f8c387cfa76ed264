"""What processes gain at night.

    python bench/workers.py [--recordings 12] [--seconds 60]

Recordings are made of the fixtures' conversations, each with noise of its own, so that none is a duplicate.
One worker and two examine the same ones; their findings must be the same.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import wave
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, heading, save
from deskguard.desk import compose
from deskguard.hearing.media import read_recording
from deskguard.night import workers
from deskguard.night.examiner import Examiner
from deskguard.night.jobs import Job, Setup
from deskguard.night.options import night_settings
from deskguard.scoring.values import Recording
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Pcm

FIXTURES = ROOT / "fixtures" / "audio"


def main() -> None:
    arguments = _arguments()
    print(heading("base int8, one thread a worker"))
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "workers": of_workers(Path(folder) / "long", arguments.recordings, arguments.seconds),
        }
    print(json.dumps(figures, indent=1))
    save("workers", figures)


def of_workers(folder: Path, count: int, seconds: float) -> dict[str, float | bool]:
    """Audio examined for each unit of time by one worker and by two, loading left out."""
    parts = [pcm_of(one) for one in sorted(FIXTURES.glob("conv_*.flac"))]
    paths = [made(folder / f"{at:03}.wav", parts, at, seconds) for at in range(count)]
    settings = night_settings(Settings(), None, is_single=False)
    setup = Setup(settings=settings, rules=compose.load_rules(settings), model="base", settings_sha256="bench")
    jobs = [job_of(path) for path in paths]
    rates: dict[int, float] = {}
    found: dict[int, list[str]] = {}
    for n in (1, 2):
        results = workers.local(jobs, setup, n, Examiner.load)
        outcomes = [next(results) for _ in range(n)]
        # From when every worker has its model.
        begun = time.perf_counter()
        rest = list(results)
        audio_s = sum(one.spent.audio_samples for one in rest) / SAMPLE_RATE_HZ
        rates[n] = audio_s / (time.perf_counter() - begun)
        found[n] = sorted(repr(one.examined) for one in [*outcomes, *rest])
    return {
        "one": round(rates[1], 2),
        "two": round(rates[2], 2),
        "ratio": round(rates[2] / rates[1], 2),
        "alike": found[1] == found[2],
    }


def pcm_of(path: Path) -> Pcm:
    return np.concatenate([chunk.pcm[0] for chunk in read_recording(path)])


def made(path: Path, parts: list[Pcm], seed: int, least_s: float) -> Path:
    """A recording of its own, at least so long."""
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    chosen = [chance.choice(parts)]
    while sum(one.size for one in chosen) < least_s * SAMPLE_RATE_HZ:
        chosen.append(chance.choice(parts))
    pcm = np.concatenate(chosen)
    pcm = pcm + noise.standard_normal(pcm.size) * 1e-4
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def job_of(path: Path) -> Job:
    recording = Recording(
        sha256=path.stem.rjust(64, "0"), path=str(path), window_id="7", day=date(2026, 11, 20)
    )
    return Job(recording=recording, size=path.stat().st_size)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recordings", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=60.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
