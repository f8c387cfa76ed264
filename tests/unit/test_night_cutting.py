"""Clips that are cut while others are examined are those that the reports look for."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deskguard.night.cutting import Cutting
from deskguard.night.telling import clips_of, texts_of
from deskguard.scoring.store import NightStore
from deskguard.scoring.values import Examined, Exposure, NightRun
from deskguard.values import SAMPLE_RATE_HZ
from scoring_values import a_finding, a_recording, an_examination

NOON, LATER = "2026-11-25T12:00:00+08:00", "2026-11-26T12:00:00+08:00"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    pcm = np.random.default_rng(1).standard_normal(9 * SAMPLE_RATE_HZ) * 3000
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm.astype("<i2").tobytes())
    return tmp_path / "a.wav"


def examined_of(sound: Path, start_s: float, **changed: str) -> Examined:
    recording = replace(a_recording(), path=str(sound), duration_samples=9 * SAMPLE_RATE_HZ)
    start = round(start_s * SAMPLE_RATE_HZ)
    found = replace(
        a_finding("T03", 0), recording=recording, start_sample=start, end_sample=start + SAMPLE_RATE_HZ
    )
    examination = replace(an_examination(), recording=recording, **changed)
    return Examined(examination=examination, exposure=Exposure(), findings=(found,))


def test_the_report_finds_its_clips_cut_and_no_other(tmp_path: Path, sound: Path) -> None:
    store = NightStore.open(str(tmp_path / "night.sqlite3"))
    store.begin_run(NightRun(run_id="1", started_utc=NOON, rules_sha256="r", model="base"))
    out = tmp_path / "out"
    first = examined_of(sound, 3.0)
    store.save_examined(first, "1", NOON)
    # Another model hears it a little later under a name of its own: it keeps the name it had.
    second = examined_of(sound, 3.1, model="small")
    second = replace(second, findings=(replace(second.findings[0], finding_id="0" * 20),))
    store.save_examined(second, "1", LATER)
    cutting = Cutting(store, out)
    cutting.take(second)
    cutting.finish()
    there = sorted(one.name for one in (out / "clips").iterdir())
    written = (out / "clips" / there[0]).stat().st_mtime_ns
    night = store.night()
    clips = clips_of(night, texts_of(store, night), out)
    assert [Path(one.path).name for one in clips.values()] == there
    assert (out / "clips" / there[0]).stat().st_mtime_ns == written
    assert there == [f"{first.findings[0].finding_id}.ogg"]
    store.close()


def test_a_recording_that_has_gone_is_no_trouble_here(tmp_path: Path, sound: Path) -> None:
    store = NightStore.open(str(tmp_path / "night.sqlite3"))
    store.begin_run(NightRun(run_id="1", started_utc=NOON, rules_sha256="r", model="base"))
    examined = examined_of(sound, 3.0)
    store.save_examined(examined, "1", NOON)
    sound.unlink()
    cutting = Cutting(store, tmp_path / "out")
    cutting.take(examined)
    cutting.finish()
    assert not (tmp_path / "out").exists()
    store.close()
