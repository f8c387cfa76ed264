"""Audio hours per hour at night, beside faster-whisper's own batched pipeline in the same run.

    python bench/throughput.py --background TABLE [--seconds 600] [--threads 2]

Sentences of the table's recordings are strung together with pauses of 0.4 to 3 s, as speech at a counter is.
All ways read the same audio in turn, with the same model, threads and allocator; each is run `--runs` times and
the best time counts. CER is over the whole text. `whole` is all that `score` does: who speaks, rules, visits,
manner. Beside the time that passes, the time of all cores is told: it says the same on a busy machine.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import background_clips, edit_distance, heading, save
from deskguard.desk import compose
from deskguard.desk.memory import keep_memory
from deskguard.hearing.media import read_recording
from deskguard.language.text import normalise
from deskguard.night.examiner import Examiner
from deskguard.night.jobs import Job, Setup
from deskguard.scoring.values import Recording
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Pcm, SpeechWindow

BATCHES = (4, 8, 16)
BARS = (0.0, -0.3, -0.5, -10.0)


def main() -> None:
    arguments = _arguments()
    settings = _settings(arguments.threads)
    pcm, reference = strung(arguments.background, arguments.seconds)
    audio_s = pcm.size / SAMPLE_RATE_HZ
    print(heading(settings.model.name))
    print(f"{audio_s:.0f} s of audio, {len(reference)} characters, {arguments.threads} threads, base int8")
    recogniser = compose.load_recogniser(settings)
    whisper = recogniser.whisper
    single = _settings(1)
    recogniser = compose.load_recogniser(single, arguments.threads)
    # As a night has it; the pipeline gains by it as well.
    keep_memory()
    rows: dict[str, dict[str, float]] = {}

    def measure(name: str, read: Callable[[], str]) -> None:
        taken, spent = [], []
        for _ in range(arguments.runs):
            begun, begun_cpu = time.perf_counter(), time.process_time()
            text = read()
            taken.append(time.perf_counter() - begun)
            spent.append(time.process_time() - begun_cpu)
        cer = edit_distance(reference, normalise(text).chars) / len(reference)
        rows[name] = {
            "times": round(audio_s / min(taken), 1),
            "cpu_s": round(min(spent), 1),
            "cer": round(cer, 4),
        }
        print(
            f"{name:28s} {audio_s / min(taken):6.1f} x   {min(spent):6.1f} s of cores   CER {cer:.4f}",
            flush=True,
        )

    for batch in BATCHES:
        measure(f"batched pipeline, {batch}", lambda batch=batch: _pipeline(whisper, pcm, batch))  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "strung.wav"
        _write(path, pcm)
        windows = _windows(path, settings)
        for bar in BARS:
            measure(f"windows, beam below {bar}", lambda bar=bar: _read(recogniser, path, settings, bar))  # type: ignore[misc]
        rules = compose.load_rules(settings)
        for bar in (0.0, arguments.bar):
            scoring = settings.scoring.model_copy(update={"beam_below": bar})
            own = settings.model_copy(update={"scoring": scoring})
            setup = Setup(settings=own, rules=rules, model="base", settings_sha256="bench")
            examiner = Examiner(setup, recogniser)
            measure(f"whole, beam below {bar}", lambda: _examine(examiner, path))  # noqa: B023
    pipelines = [rows[f"batched pipeline, {one}"] for one in BATCHES]
    best, least = max(one["times"] for one in pipelines), min(one["cpu_s"] for one in pipelines)
    for row in rows.values():
        row["ratio"] = round(row["times"] / best, 2)
        row["cpu_ratio"] = round(least / row["cpu_s"], 2)
    print("beside the best batch of the pipeline, by time and by cores:")
    print({name: (row["ratio"], row["cpu_ratio"]) for name, row in rows.items()})
    save("throughput", {"audio_s": audio_s, "windows": len(windows), "rows": rows})


def strung(table: Path, most_s: float) -> tuple[Pcm, str]:
    """Sentences with pauses between them, and what is said in all of them."""
    chance = random.Random(20261129)
    noise = np.random.default_rng(20261129)
    clips = [one for one in background_clips(table) if "aishell" in str(one.file)]
    chance.shuffle(clips)
    parts: list[Pcm] = []
    text, length = "", 0
    for clip in clips:
        own = np.concatenate([chunk.pcm[0] for chunk in read_recording(clip.file)])
        pause = noise.standard_normal(int(chance.uniform(0.4, 3.0) * SAMPLE_RATE_HZ)) * 3e-4
        parts += [own, pause.astype(np.float32)]
        length += own.size + pause.size
        text += normalise(clip.text).chars
        if length >= most_s * SAMPLE_RATE_HZ:
            break
    return np.concatenate(parts), text


def _pipeline(model: Any, pcm: Pcm, batch: int) -> str:
    from faster_whisper import BatchedInferencePipeline

    segments, _ = BatchedInferencePipeline(model).transcribe(pcm, language="zh", batch_size=batch, beam_size=1)
    return "".join(one.text for one in segments)


def _windows(path: Path, settings: Settings) -> list[SpeechWindow]:
    endpointer = compose.new_plain_endpointer(settings)
    found = [one for chunk in read_recording(path, SAMPLE_RATE_HZ) for one in endpointer.feed(chunk)]
    return [one for one in [*found, *endpointer.finish()] if one.is_final]


def _read(recogniser: Any, path: Path, settings: Settings, bar: float) -> str:
    windows = _windows(path, settings)
    text = ""
    for at in range(0, len(windows), 96):
        some = windows[at : at + 96]
        recogniser.read_ahead(some, bar)
        text += "".join(recogniser.decode(one).text for one in some)
    return text


def _examine(examiner: Examiner, path: Path) -> str:
    recording = Recording(sha256="0" * 64, path=str(path), window_id="w", day=date(2026, 11, 29))
    outcome = examiner.examine(Job(recording=recording))
    if outcome.examined is None:
        raise SystemExit(f"not examined: {outcome.not_analysed}")
    print("   stages", {name: round(value, 1) for name, value in outcome.spent.stages_s.items()})
    return "".join(one.text for one in outcome.examined.spoken)


def _settings(threads: int) -> Settings:
    settings = Settings()
    return settings.model_copy(update={"model": settings.model.model_copy(update={"threads": threads})})


def _write(path: Path, pcm: Pcm) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--background", type=Path, required=True, help="table of recordings (TSV)")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--bar", type=float, default=-0.3, help="of the second `whole`")
    return parser.parse_args()


if __name__ == "__main__":
    main()
