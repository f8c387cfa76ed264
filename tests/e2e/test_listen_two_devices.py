"""The daemon before two sound cards: who speaks is found, one may be unplugged and plugged in again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from listening import Listening
from sound_server import SoundServer, two_sound_cards, wait_until

from deskguard.hearing.media import read_recording
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.values import Pcm

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
RETURN_S = 10.0
"""A lost device is looked for every half a second; the machine that runs the tests may be busy."""

pytestmark = [pytest.mark.sound_server, pytest.mark.model, pytest.mark.usefixtures("model_folder")]
Cards = tuple[SoundServer, SoundServer]


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[Cards]:
    with two_sound_cards(tmp_path) as both:
        yield both


@pytest.fixture
def desk(cards: Cards, tmp_path: Path) -> Iterator[Listening]:
    devices = ("--device", "staff", "--visitor-device", "visitor")
    listening = Listening(cards[0].env, tmp_path / "data", *devices, settings="")
    listening.wait_until_it_listens()
    listening.wait_until_it_hears()
    yield listening
    listening.kill()


@pytest.fixture
def talk(tmp_path: Path) -> tuple[Path, Path]:
    """What each microphone hears of a visitor who quotes a phrase and a clerk who says another."""
    pcm = np.concatenate([one.pcm for one in read_recording(FIXTURES / "t05_stereo_48k.flac")], axis=1)
    return written(pcm[0], tmp_path / "left.wav"), written(pcm[1], tmp_path / "right.wav")


def written(pcm: Pcm, path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    return path


def play(cards: Cards, talk: tuple[Path, Path]) -> None:
    """Each recording to its card, at once but for the players' own delay."""
    playing = [card.begin_to_play(one) for card, one in zip(cards, talk, strict=True)]
    assert [one.wait(60) for one in playing] == [0, 0]


def kept_hits(folder: Path) -> set[tuple[str, str]]:
    """Rule and role of every hit in the store so far."""
    with closing(sqlite3.connect(folder / "data" / "desk.sqlite3")) as store:
        return set(store.execute("SELECT rule_id, role FROM hits"))


def notes(desk: Listening) -> list[str]:
    found: list[str] = desk.get("snapshot")["health"]["notes"]
    return found


def test_of_two_devices_the_clerks_words_are_raised_and_the_visitors_are_not(
    cards: Cards, desk: Listening, talk: tuple[Path, Path]
) -> None:
    play(cards, talk)
    entry = desk.wait_for_entry("T05")
    assert entry["shown"]
    wait_until("it is confirmed", lambda: desk.wait_for_entry("T05")["state"] == "confirmed")
    # The visitor quotes 我不知道, which is T01.
    assert "T01" not in {one["rule_id"] for one in desk.today()}
    assert notes(desk) == []
    assert desk.stop() == 0


def test_one_device_is_unplugged_and_plugged_in_again_while_the_other_is_heard(
    cards: Cards, desk: Listening, talk: tuple[Path, Path], tmp_path: Path
) -> None:
    staff, visitor = cards
    visitor.kill()
    wait_until("the page is told", lambda: notes(desk) == ["visitor-microphone-lost"], RETURN_S)
    assert desk.state() == "listening"
    staff.play(FIXTURES / "t01_literal.flac")
    # On one microphone nobody knows yet whose the first voice is: kept, and no card.
    wait_until("it is kept", lambda: ("T01", "unknown") in kept_hits(tmp_path))
    assert desk.lost_s() > 1.0
    visitor.start()
    wait_until("it is taken up again", lambda: notes(desk) == [], RETURN_S)
    lost_s = desk.lost_s()
    play(cards, talk)
    assert desk.wait_for_entry("T05")["shown"]
    wait_until("it is confirmed", lambda: desk.wait_for_entry("T05")["state"] == "confirmed")
    assert ("T05", "staff") in kept_hits(tmp_path)
    assert "T01" not in {one["rule_id"] for one in desk.today()}
    assert desk.lost_s() - lost_s < 1.0
    assert any("note visitor-microphone-lost" in line for line in desk.logged)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--device", "staff", "--visitor-device", "staff"), "same device"),
        (("--device", "staff", "--visitor-device", "webcam"), "webcam"),
    ],
)
def test_devices_that_cannot_be_a_pair_are_refused(
    cards: Cards, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "deskguard",
            "listen",
            "--port",
            "0",
            "--data",
            str(tmp_path / "data"),
            *options,
        ],
        env=cards[0].env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Fix:" in answer.stderr
    assert "Traceback" not in answer.stderr
