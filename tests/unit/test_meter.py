"""Levels for the staff page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deskguard.desk.meter import LevelMeter
from deskguard.values import AudioChunk, Pcm
from hearing_values import chunked, silence, tone


def levels(pcm: Pcm, *, size: int = 800, speech_from: int | None = None) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []

    def publish(kind: str, payload: dict[str, Any]) -> None:
        assert kind == "level"
        told.append(payload)

    meter = LevelMeter(publish)
    for one in chunked(pcm, size):
        meter.feed(one, speech_from is not None and one.start_sample >= speech_from)
    return told


@pytest.mark.parametrize(("peak", "dbfs"), [(1.0, -3.0), (0.5, -9.0), (0.01, -43.0)])
def test_a_tone_has_its_rms_level(peak: float, dbfs: float) -> None:
    told = levels(tone(1.0, peak=peak))
    assert [one["dbfs"] for one in told] == pytest.approx([dbfs] * len(told), abs=0.1)


def test_digital_silence_is_the_floor() -> None:
    assert levels(silence(0.5))[0] == {"dbfs": -100.0, "speech": False}


def test_broken_samples_are_no_reading_that_breaks_the_page() -> None:
    pcm = tone(0.5).copy()
    pcm[10] = np.nan
    told = levels(pcm)
    assert told[0]["dbfs"] == -100.0
    assert told[1]["dbfs"] == pytest.approx(-9.0, abs=0.1)


@pytest.mark.parametrize("size", [160, 800, 2000])
def test_there_are_about_eight_readings_a_second(size: int) -> None:
    assert len(levels(tone(10.0), size=size)) == pytest.approx(80, abs=16)


def test_a_reading_tells_whether_any_of_it_was_speech() -> None:
    readings = [one["speech"] for one in levels(tone(1.0), speech_from=8000)]
    first = readings.index(True)
    assert readings == [False] * first + [True] * (len(readings) - first)
    # Half a second is the fourth of 2,400 samples each.
    assert first == 3


def test_only_the_first_channel_is_measured() -> None:
    told: list[dict[str, Any]] = []
    meter = LevelMeter(lambda _kind, payload: told.append(payload))
    meter.feed(AudioChunk(start_sample=0, pcm=np.stack([silence(0.2), tone(0.2)])), False)
    assert told == [{"dbfs": -100.0, "speech": False}]


def test_a_chunk_without_samples_is_no_reading() -> None:
    told: list[dict[str, Any]] = []
    LevelMeter(lambda _kind, payload: told.append(payload)).feed(chunked(silence(0.1))[0], False)
    LevelMeter(lambda _kind, payload: told.append(payload)).feed(
        AudioChunk(start_sample=0, pcm=np.zeros((1, 0), np.float32), is_break=True), False
    )
    assert told == []
