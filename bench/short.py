"""What a thousand short recordings cost beside hearing them.

    python bench/short.py --background TABLE [--recordings 1000] [--phrases 0.05] [--no-clips] [--profile FILE]

Each recording is a sentence of the table of 3 to 8 s, no two alike to the byte: gain and beginning differ. A
share of them, `--phrases`, are phrases of the fixtures, so that there is something to find and to cut out. All
that `deskguard score` does is done and counted, from the settings to the written reports.

Overhead is the wall time outside of hearing, divided by that of hearing. Hearing is what any such program has
to do: voice activity (stage `endpoint`), Whisper (`recognise`), second looks, voices and rules (`understand`).
So opening and decoding of files, hashes, loading of model and rules, the store, clips and reports are overhead.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import random
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, background_clips, heading, save
from deskguard.hearing.media import read_recording
from deskguard.night.options import Options
from deskguard.night.progress import Progress
from deskguard.night.run import Ready, run
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Pcm

HEARING = ("endpoint", "recognise", "understand")


def main() -> None:
    arguments = _arguments()
    print(heading("base int8, settings of the night"))
    with tempfile.TemporaryDirectory() as folder:
        hall = Path(folder) / "hall"
        audio_s = make_hall(hall, arguments.background, arguments.recordings, arguments.phrases)
        profile = cProfile.Profile() if arguments.profile else None
        if profile:
            profile.enable()
        figures = scored(hall, Path(folder) / "out", has_clips=not arguments.no_clips)
        if profile:
            profile.disable()
            profile.dump_stats(arguments.profile)
    figures["audio_s"] = round(audio_s, 1)
    print(json.dumps(figures, indent=1))
    save("short", figures)


def make_hall(folder: Path, table: Path, count: int, phrases: float) -> float:
    """Write the recordings; the seconds they hold."""
    chance = random.Random(20261130)
    sentences = [one.file for one in background_clips(table) if "aishell" in str(one.file)]
    pcms = [pcm for one in sentences if 3 <= (pcm := _pcm(one)).size / SAMPLE_RATE_HZ <= 8]
    found = [_pcm(one) for one in sorted(FIXTURES.glob("t*_literal.flac"))]
    audio_s = 0.0
    for at in range(count):
        pcm = chance.choice(found if chance.random() < phrases else pcms)
        pcm = np.concatenate([np.zeros(chance.randrange(1600), np.float32), pcm * chance.uniform(0.8, 1.0)])
        _write(folder / str(1 + at % 10) / "2026-11-29" / f"{at:04}.wav", pcm)
        audio_s += pcm.size / SAMPLE_RATE_HZ
    return audio_s


def scored(hall: Path, out: Path, *, has_clips: bool) -> dict[str, float]:
    """The whole of `score`, and where its time went."""
    settings = Settings()
    scoring = settings.scoring.model_copy(update={"clips": has_clips})
    begun = time.perf_counter()
    ready = Ready.of(
        Options(paths=(hall,), out=out), settings.model_copy(update={"scoring": scoring}), None, "zh-CN"
    )
    _, summary = run(ready, Progress(ready.words))
    wall_s = time.perf_counter() - begun
    heard_s = sum(summary["stages_s"].get(name, 0.0) for name in HEARING)
    findings = (out / "findings.jsonl").read_text("utf-8").splitlines()
    return {
        "recordings": summary["recordings"],
        "not_analysed": summary["not_analysed"],
        "with_findings": len({json.loads(line)["recording"] for line in findings}),
        "clips": len(list((out / "clips").glob("*.ogg"))) if has_clips else 0,
        "wall_s": round(wall_s, 1),
        "hearing_s": round(heard_s, 1),
        "overhead": round((wall_s - heard_s) / heard_s, 4),
        "overhead_ms_each": round(1000 * (wall_s - heard_s) / summary["recordings"], 1),
        **{f"stage_{name}_s": value for name, value in summary["stages_s"].items()},
    }


def _pcm(path: Path) -> Pcm:
    return np.concatenate([chunk.pcm[0] for chunk in read_recording(path)])


def _write(path: Path, pcm: Pcm) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--background", type=Path, required=True, help="table of recordings (TSV)")
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--phrases", type=float, default=0.05, help="share with something to find")
    parser.add_argument("--no-clips", action="store_true")
    parser.add_argument("--profile", type=Path, help="where cProfile's figures go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
