"""The installed command measures a desk, from a recording and with two sound cards, and writes what was agreed
to."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import numpy as np
import pytest
from sound_server import SoundServer, two_sound_cards

from calibration_minute import OPTION, SECONDS, minute, written
from deskguard.settings import load_settings
from deskguard.values import SAMPLE_RATE_HZ

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("model_folder")]
OWN = """# our window
[roles]
mode = "auto"   # as it came
[alerts]
max_per_hour = 4
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "deskguard.toml"
    path.write_text(OWN, "utf-8")
    return path


def calibrate(*options: str, typed: str = "", home: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) if home is None else {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "deskguard", "calibrate", "--seconds", OPTION, *options],
        input=typed,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )


def test_a_recording_is_measured_and_written_once_agreed(own: Path, tmp_path: Path) -> None:
    recording = written(minute(gain_db=4.0), tmp_path / "minute.wav")
    options = ("--from", str(recording), "--config", str(own))
    refused = calibrate(*options, typed="n\n")
    assert refused.returncode == 0, refused.stderr
    assert "两支麦克风分得开" in refused.stdout
    assert "没有写入。" in refused.stdout
    assert own.read_text("utf-8") == OWN
    agreed = calibrate(*options, "--language", "en", typed="y\n")
    assert agreed.returncode == 0, agreed.stderr
    assert "the microphones are well apart" in agreed.stdout
    assert f"Written to {own}" in agreed.stdout
    settings = load_settings(own)
    assert settings.roles.gain_difference_db == pytest.approx(4.0, abs=0.6)
    assert settings.roles.channels == "staff,visitor"
    # The clips are at -26 dBFS of speech, 4 dB louder on the clerk's side.
    assert -26 < settings.manner.normal_lufs < -14
    assert 4.0 < settings.manner.normal_syllables_per_s < 7.0
    text = own.read_text("utf-8")
    assert text.startswith(OWN.split("[alerts]", maxsplit=1)[0].rstrip())
    assert "[alerts]\nmax_per_hour = 4\n" in text
    again = calibrate(*options, "--yes")
    assert "不用改" in again.stdout
    assert own.read_text("utf-8") == text


def test_one_microphone_is_measured_without_a_visitor_and_a_dry_run_writes_nothing(
    own: Path, tmp_path: Path
) -> None:
    recording = written(minute()[:1, : round(11.0 * SAMPLE_RATE_HZ)], tmp_path / "minute.wav")
    done = calibrate("--from", str(recording), "--config", str(own), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "normal_lufs = 0.0 → -" in done.stdout
    assert "gain_difference_db" not in done.stdout
    assert own.read_text("utf-8") == OWN


def test_without_settings_of_its_own_a_user_gets_a_file_with_these_keys(tmp_path: Path) -> None:
    recording = written(minute()[::-1], tmp_path / "minute.wav")
    done = calibrate("--from", str(recording), "--yes", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "顺序和设置里的相反" in done.stdout
    made = tomllib.loads((tmp_path / "deskguard" / "deskguard.toml").read_text("utf-8"))
    assert made["roles"]["channels"] == "visitor,staff"
    assert set(made) == {"roles", "manner"}


def bad_inputs(folder: Path) -> dict[str, Path]:
    pcm = minute()
    dead = pcm.copy()
    dead[1] = 0
    (folder / "text.wav").write_text("no sound at all")
    return {
        "要 19.0 秒": written(pcm[:, : 10 * SAMPLE_RATE_HZ], folder / "short.wav"),
        "完全没有声音": written(np.zeros_like(pcm), folder / "silence.wav"),
        "第 2 个）没有声音": written(dead, folder / "dead.wav"),
        "顶到上限": written((pcm * 12).clip(-1, 1), folder / "clipped.wav"),
        "cannot be read as sound": folder / "text.wav",
        "does not exist": folder / "nothing.wav",
    }


def test_recordings_that_say_nothing_are_refused_and_nothing_is_written(own: Path, tmp_path: Path) -> None:
    for said, recording in bad_inputs(tmp_path).items():
        done = calibrate("--from", str(recording), "--config", str(own), "--yes")
        assert done.returncode == 2, said
        assert said in done.stderr
        assert "Fix:" in done.stderr
        assert "Traceback" not in done.stderr
        assert own.read_text("utf-8") == OWN


def test_a_settings_file_that_cannot_be_written_is_told_before_anybody_reads(own: Path, tmp_path: Path) -> None:
    recording = written(minute(), tmp_path / "minute.wav")
    own.unlink()
    own.symlink_to(tmp_path / "minute.wav" / "deskguard.toml")
    done = calibrate("--from", str(recording), "--yes", "--config", str(own))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    folder = tmp_path / "home"
    folder.write_text("a file where the folder should be")
    done = calibrate("--from", str(recording), "--yes", home=folder)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "结果" not in done.stdout


@pytest.mark.parametrize("seconds", ["10,20", "1,20,20", "10,20,x", "10,20,inf", "10,20,9000"])
def test_lengths_that_make_no_sense_are_refused(seconds: str) -> None:
    done = calibrate("--seconds", seconds)
    assert done.returncode == 2
    assert "10,20,20" in done.stderr


@pytest.mark.sound_server
def test_two_sound_cards_are_measured_in_a_guided_minute(tmp_path: Path, own: Path) -> None:
    with two_sound_cards(tmp_path) as cards:
        pcm = minute(gain_db=-6.0)
        room, *_ = SECONDS
        readers = [
            written(pcm[side : side + 1, round(room * SAMPLE_RATE_HZ) :], tmp_path / f"{side}.wav")
            for side in (0, 1)
        ]
        done, printed = guided(cards, readers, own, "--device", "staff", "--visitor-device", "visitor")
    assert done == 0, printed
    settings = load_settings(own)
    assert settings.microphone.device == "staff"
    assert settings.microphone.visitor_device == "visitor"
    assert settings.roles.gain_difference_db == pytest.approx(-6.0, abs=1.5)
    assert settings.manner.normal_syllables_per_s > 3.0


@pytest.mark.sound_server
def test_a_device_whose_two_channels_are_one_microphone_needs_no_visitor(tmp_path: Path, own: Path) -> None:
    with two_sound_cards(tmp_path) as cards:
        room, *_ = SECONDS
        reader = written(minute()[:1, round(room * SAMPLE_RATE_HZ) :], tmp_path / "clerk.wav")
        done, printed = guided((cards[0],), [reader], own, "--device", "staff")
    assert done == 0, printed
    assert "Step 2" in printed
    assert "Step 3" not in printed
    settings = load_settings(own)
    assert settings.roles.gain_difference_db == 0.0
    assert settings.manner.normal_lufs < -10


def guided(cards: tuple[SoundServer, ...], readers: list[Path], own: Path, *devices: str) -> tuple[int, str]:
    """Run the command; all begin to read when it asks the clerk to. What it printed comes back."""
    told = ("--yes", "--config", str(own), "--language", "en", *devices)
    process = subprocess.Popen(
        [sys.executable, "-m", "deskguard", "calibrate", "--seconds", OPTION, *told],
        env=cards[0].env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    complaints: list[str] = []
    threading.Thread(target=lambda: complaints.extend(process.stderr or ()), daemon=True).start()
    printed, playing = [], []
    for line in process.stdout:
        printed.append(line)
        if line.startswith("Step 2"):
            playing = [card.begin_to_play(one) for card, one in zip(cards, readers, strict=True)]
    ended = process.wait(60)
    assert [one.wait(60) for one in playing] == [0] * len(cards), "".join(printed + complaints)
    return ended, "".join(printed + complaints)
