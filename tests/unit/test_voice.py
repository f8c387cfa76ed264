"""The front end of the voice encoder, the timbre beside it, and what happens to a damaged file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from deskguard import resources
from deskguard.errors import DeskguardError
from deskguard.hearing.roles import timbre as timbres
from deskguard.hearing.roles.voice import (
    BANDS_FILE,
    NETWORK_FILE,
    Embedder,
    periodic_hann,
    spoken,
    unit,
    window_starts,
)
from deskguard.values import Pcm

FOLDER = resources.bundled("models/roles")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(FOLDER)


def a_voice(pitch_hz: float, brightness: float, seconds: float = 2.0, seed: int = 0) -> Pcm:
    """A buzz with harmonics that fall off, and a little breath: pitch and colour known."""
    at = np.arange(int(16_000 * seconds)) / 16_000
    wobble = 0.02 * np.sin(2 * np.pi * 3 * at)
    harmonics = range(1, int(4000 / pitch_hz))
    sound = sum(np.sin(2 * np.pi * h * pitch_hz * (at + wobble / 30)) * h**-brightness for h in harmonics)
    breath = np.random.default_rng(seed).normal(0, 0.01, at.size)
    return (0.1 * sound + breath).astype(np.float32)


def test_the_voice_model_travels_with_deskguard_and_is_the_one_that_was_measured() -> None:
    assert {one.name for one in FOLDER.iterdir()} >= {NETWORK_FILE, BANDS_FILE, "NOTICE", "LICENSE"}
    Embedder(FOLDER)


def test_a_wheel_takes_the_voice_model_along() -> None:
    import tomllib

    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["models/roles"] == "deskguard/bundled/models/roles"


@pytest.mark.parametrize("name", [NETWORK_FILE, BANDS_FILE])
def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path, name: str) -> None:
    for file in (NETWORK_FILE, BANDS_FILE):
        shutil.copy(FOLDER / file, tmp_path / file)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DeskguardError) as caught:
        Embedder(tmp_path)
    assert caught.value.code == "voice-model-damaged"
    assert "install" in caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match=BANDS_FILE) as caught:
        Embedder(tmp_path)
    assert caught.value.code == "voice-model-missing"


def test_mel_bands_are_centred_frames_of_the_power_spectrum(embedder: Embedder) -> None:
    pcm = np.random.default_rng(1).normal(0, 0.1, 1600).astype(np.float32)
    bands = embedder.mel(pcm)
    assert bands.shape == (11, 40)
    # Frame 5 by the definition, in plain sums: 400 samples about sample 800.
    frame = pcm[600:1000] * periodic_hann(400)
    turn = np.exp(-2j * np.pi * np.outer(np.arange(201), np.arange(400)) / 400)
    power = np.abs(turn @ frame) ** 2
    assert bands[5] == pytest.approx(np.load(FOLDER / BANDS_FILE) @ power, rel=1e-4)


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [(0.5, [0]), (1.6, [0]), (1.9, [0]), (2.0, [0, 77]), (3.2, [0, 77, 154]), (3.6, [0, 77, 154, 231])],
)
def test_windows_follow_each_other_by_077_s_and_the_last_is_three_quarters_full(
    seconds: float, starts: list[int]
) -> None:
    assert window_starts(int(seconds * 16_000)) == starts


def test_a_vector_has_length_one_and_silence_none(embedder: Embedder) -> None:
    assert float(np.linalg.norm(embedder.embed(a_voice(120, 1.0)))) == pytest.approx(1.0, abs=1e-5)
    assert not embedder.embed(np.zeros(16_000, np.float32)).any()
    assert not unit(np.zeros(3, np.float32)).any()


def test_below_minus_30_dbfs_the_level_does_not_matter(embedder: Embedder) -> None:
    quiet = a_voice(120, 1.0) * np.float32(0.002)
    assert embedder.embed(quiet) @ embedder.embed(quiet * np.float32(0.25)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_broken_samples_do_not_reach_the_vector(embedder: Embedder, broken: float) -> None:
    pcm = a_voice(120, 1.0)
    pcm[100] = broken
    assert np.isfinite(embedder.voice(pcm)).all()


def test_silence_around_speech_is_cut_off() -> None:
    speech = a_voice(120, 1.0, 1.0)
    silence = np.full(16_000, 1e-4, np.float32)
    assert abs(spoken(np.concatenate([silence, speech, silence])).size - speech.size) <= 2 * 320
    assert spoken(silence[:100]).size == 100


@pytest.mark.parametrize("hz", [90.0, 130.0, 180.0, 240.0])
def test_timbre_knows_the_pitch(hz: float) -> None:
    log_pitch = timbres.timbre(a_voice(hz, 1.0))[-2] * 0.07
    assert np.exp(log_pitch) == pytest.approx(hz, rel=0.03)


def test_timbre_tells_bright_from_dark_at_the_same_pitch_and_any_level() -> None:
    dark, dark_again, bright = (
        timbres.timbre(one) for one in (a_voice(120, 1.5), 0.2 * a_voice(120, 1.5), a_voice(120, 0.5))
    )
    assert np.linalg.norm(dark - bright) > 5 * np.linalg.norm(dark - dark_again)


def test_timbre_of_silence_or_of_nothing_is_zero() -> None:
    assert not timbres.timbre(np.zeros(8000, np.float32)).any()
    assert not timbres.timbre(np.zeros(10, np.float32)).any()
