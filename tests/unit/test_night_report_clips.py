"""Clips hold the place with its margin, are silent where personal data is spoken, and are the same again."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from deskguard.errors import DeskguardError
from deskguard.hearing.media import read_recording
from deskguard.hearing.media_out import write_opus
from deskguard.night.report.clips import (
    FADE_SAMPLES,
    MARGIN_SAMPLES,
    MOST_SAMPLES,
    PAD_SAMPLES,
    Cut,
    cut,
    personal_spans,
    silenced,
)
from deskguard.values import SAMPLE_RATE_HZ, Passage, Pcm
from hearing_values import tone

if TYPE_CHECKING:
    from pathlib import Path

SECOND = SAMPLE_RATE_HZ
# Opus delays what it codes by its lookahead; players take that off again, to a frame or so.
SLACK = SECOND // 50


def heard(path: Path) -> Pcm:
    return np.concatenate([one.pcm for one in read_recording(path)], axis=1)[0]


def recording(path: Path, *seconds_hz: tuple[float, float], channels: int = 1) -> Path:
    """A recording of tones one after the other, on the first channel; the others are silent."""
    first = np.concatenate([tone(length, hz) for length, hz in seconds_hz])
    pcm = np.zeros((channels, first.size), np.float32)
    pcm[0] = first
    soundfile.write(path, pcm.T, SAMPLE_RATE_HZ)
    return path


def strongest_hz(pcm: Pcm) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(pcm * np.hanning(pcm.size)))) * SAMPLE_RATE_HZ / pcm.size)


def loudness(pcm: Pcm) -> float:
    return float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2)))


def test_a_clip_holds_the_place_with_its_margin(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.wav", (10, 300), (1, 900), (10, 500))
    found = cut(source, [Cut(finding_id="f1", start_sample=10 * SECOND, end_sample=11 * SECOND)], tmp_path)
    clip = found["f1"]
    assert (clip.start_sample, clip.end_sample) == (8 * SECOND, 13 * SECOND)
    assert clip.path == "clips/f1.ogg"
    pcm = heard(tmp_path / clip.path)
    assert abs(len(pcm) - 5 * SECOND) <= 2 * SLACK
    assert strongest_hz(pcm[:SECOND]) == pytest.approx(300, abs=5)
    middle = pcm[2 * SECOND + 2 * SLACK : 3 * SECOND - 2 * SLACK]
    assert strongest_hz(middle) == pytest.approx(900, abs=5)
    assert strongest_hz(pcm[4 * SECOND :]) == pytest.approx(500, abs=5)


def test_channels_are_mixed_to_their_mean(tmp_path: Path) -> None:
    alone = recording(tmp_path / "a.wav", (4, 400))
    beside = recording(tmp_path / "b.wav", (4, 400), channels=2)
    wanted = [Cut(finding_id="f1", start_sample=0, end_sample=4 * SECOND)]
    one = heard(tmp_path / "a" / cut(alone, wanted, tmp_path / "a")["f1"].path)
    other = heard(tmp_path / "b" / cut(beside, wanted, tmp_path / "b")["f1"].path)
    assert loudness(other) == pytest.approx(loudness(one) / 2, rel=0.05)


def test_a_clip_ends_with_the_recording_and_is_never_too_long(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.wav", (45, 300))
    wanted = [
        Cut(finding_id="first", start_sample=SECOND, end_sample=2 * SECOND),
        Cut(finding_id="long", start_sample=5 * SECOND, end_sample=44 * SECOND),
        Cut(finding_id="last", start_sample=44 * SECOND, end_sample=45 * SECOND),
        Cut(finding_id="beyond", start_sample=60 * SECOND, end_sample=61 * SECOND),
    ]
    found = cut(source, wanted, tmp_path)
    assert set(found) == {"first", "long", "last"}
    assert found["first"].start_sample == 0
    long = found["long"]
    assert (long.start_sample, long.end_sample) == (3 * SECOND, 3 * SECOND + MOST_SAMPLES)
    assert (found["last"].start_sample, found["last"].end_sample) == (42 * SECOND, 45 * SECOND)
    assert {one.name for one in (tmp_path / "clips").iterdir()} == {"first.ogg", "long.ogg", "last.ogg"}


def test_personal_data_is_silent_and_the_rest_is_not(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.wav", (12, 440))
    silence = ((4 * SECOND, 5 * SECOND), (11 * SECOND, 12 * SECOND))
    wanted = Cut(finding_id="f1", start_sample=4 * SECOND, end_sample=6 * SECOND, silence=silence)
    clip = cut(source, [wanted], tmp_path)["f1"]
    pcm = heard(tmp_path / clip.path)
    start = 4 * SECOND - clip.start_sample
    within = pcm[start + SLACK : start + SECOND - SLACK]
    assert loudness(within) < 1e-3
    assert loudness(pcm[: start - 2 * SLACK]) > 0.05
    assert loudness(pcm[start + SECOND + 2 * SLACK :]) > 0.05


def test_silence_is_total_and_its_edges_are_soft() -> None:
    pcm = silenced(np.ones(4000, np.float32), 10_000, [(11_000, 12_000), (13_900, 20_000)])
    assert not pcm[1000:2000].any() and not pcm[3900:].any()
    assert (pcm[: 1000 - FADE_SAMPLES] == 1).all() and (
        pcm[2000 + FADE_SAMPLES : 3900 - FADE_SAMPLES] == 1
    ).all()
    assert np.abs(np.diff(pcm)).max() <= 1.01 / FADE_SAMPLES


def test_spans_of_personal_data_are_those_of_redaction_with_room_around() -> None:
    text = "电话13800138000，邮箱a@b.cn，三号窗口"
    step = 3200
    spans = tuple((at * step, (at + 1) * step) for at in range(len(text)))
    number, mail = text.index("1"), text.index("a@")
    assert personal_spans(Passage(text=text, spans=spans)) == [
        (number * step - PAD_SAMPLES, (number + 11) * step + PAD_SAMPLES),
        (mail * step - PAD_SAMPLES, (mail + 6) * step + PAD_SAMPLES),
    ]
    # At the very beginning, and two that run into each other.
    close = tuple((at * 100, (at + 1) * 100) for at in range(len(text)))
    assert personal_spans(Passage(text=text, spans=close)) == [(0, (mail + 6) * 100 + PAD_SAMPLES)]
    assert personal_spans(Passage(text="三号", spans=((0, 9), (9, 20)))) == []


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    source = recording(tmp_path / "a.wav", (8, 300))
    wanted = [Cut(finding_id="f1", start_sample=3 * SECOND, end_sample=4 * SECOND)]
    for name in ("one", "two"):
        cut(source, wanted, tmp_path / name)
    one, two = ((tmp_path / name / "clips" / "f1.ogg").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one[:4] == b"OggS"
    # 24 kbit a second, 5 s.
    assert 5_000 < len(one) < 30_000


def test_a_recording_that_breaks_off_gives_the_clips_before_the_break(tmp_path: Path) -> None:
    whole = recording(tmp_path / "whole.wav", (20, 300)).read_bytes()
    source = tmp_path / "a.wav"
    source.write_bytes(whole[: len(whole) // 2])
    wanted = [
        Cut(finding_id="before", start_sample=2 * SECOND, end_sample=3 * SECOND),
        Cut(finding_id="across", start_sample=9 * SECOND, end_sample=15 * SECOND),
        Cut(finding_id="after", start_sample=18 * SECOND, end_sample=19 * SECOND),
    ]
    found = cut(source, wanted, tmp_path)
    assert set(found) == {"before", "across"}
    assert found["across"].end_sample == pytest.approx(10 * SECOND, abs=100)


def test_a_recording_that_is_none_is_an_error(tmp_path: Path) -> None:
    wanted = [Cut(finding_id="f1", start_sample=0, end_sample=9)]
    with pytest.raises(DeskguardError) as caught:
        cut(tmp_path / "none.wav", wanted, tmp_path)
    assert caught.value.code == "file-missing"
    assert cut(tmp_path / "none.wav", [], tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "clips").write_text("a file is in the way", encoding="utf-8")
    source = recording(tmp_path / "a.wav", (3, 300))
    with pytest.raises(DeskguardError) as caught:
        cut(source, [Cut(finding_id="f1", start_sample=0, end_sample=9)], tmp_path)
    assert caught.value.code == "unwritable"


def test_only_open_clips_lie_in_memory(tmp_path: Path) -> None:
    """Twenty minutes with a clip at either end: as floats all of it would be 77 MB."""
    source = tmp_path / "a.flac"
    minute = (tone(60, 300) * 32767).astype(np.int16)
    with soundfile.SoundFile(source, "w", SAMPLE_RATE_HZ, 1) as file:
        for _ in range(20):
            file.write(minute)
    wanted = [
        Cut(finding_id="f1", start_sample=0, end_sample=SECOND),
        Cut(finding_id="f2", start_sample=1190 * SECOND, end_sample=1191 * SECOND),
    ]
    tracemalloc.start()
    try:
        found = cut(source, wanted, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(found) == {"f1", "f2"}
    assert peak < 10_000_000


def test_nothing_and_too_much_can_be_encoded(tmp_path: Path) -> None:
    write_opus(tmp_path / "short.ogg", np.zeros(1, np.float32))
    assert heard(tmp_path / "short.ogg").size > 0
    write_opus(tmp_path / "loud.ogg", np.full(SECOND, 9, np.float32))
    assert np.isfinite(heard(tmp_path / "loud.ogg")).all()


def test_margins_are_what_the_page_says() -> None:
    assert (MARGIN_SAMPLES, MOST_SAMPLES) == (2 * SECOND, 30 * SECOND)
