"""The recordings under fixtures/audio are complete, described and unchanged."""

from __future__ import annotations

import hashlib
import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from fixtures import sounds

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
MAIN, CHECK = "", "check"
NAMES = sorted(
    {
        str(Path(folder) / path.stem)
        for folder in (MAIN, CHECK)
        for path in (FOLDER / folder).iterdir()
        if path.suffix in (".flac", ".toml")
    }
)
"""Of recordings, with the folder in fixtures/audio."""
RULES = [f"T{number:02}" for number in range(1, 16)]
BANS = [f"C{number:02}" for number in range(1, 11)]
CONDITIONS = {
    "clean", "silence", "noise", "noisy", "clipped", "quiet", "telephone", "stereo", "edge", "long",
    "conversation", "room",
}  # fmt: skip
RECORDING = {
    "name": str, "condition": str, "note": str, "innocent": bool, "sample_rate_hz": int, "channels": int,
    "duration_s": float, "sha256": str, "made_by": str, "licence": str, "credit": str,
}  # fmt: skip
TURN = {
    "speaker": str, "text": str, "voice": str, "speed": float, "pitch_semitones": float,
    "start_s": float, "end_s": float,
}  # fmt: skip
PLACE = {
    "turn": int,
    "speaker": str,
    "rule_id": str,
    "phrase": str,
    "start_s": float,
    "end_s": float,
    "place": str,
}
EXPECT = PLACE | {"form": str, "also": list}
TRAP = PLACE | {"why": str}
OPTIONAL = {"snr_db", "direct_db", "decay_s"}
"""Noise and room, where there are any; numbers."""
WHY = {
    "other_meaning",
    "customer_side",
    "about_customer",
    "same_characters",
    "near_sound",
    "prescribed_wording",
    "has_way_forward",
}


def manifest(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def assert_table(table: dict[str, Any], schema: dict[str, type]) -> None:
    assert {key: type(value) for key, value in table.items()} == schema


def manifests(folder: str | None = None) -> list[dict[str, Any]]:
    """All, or those of a folder of fixtures/audio."""
    return [manifest(name) for name in NAMES if folder is None or str(Path(name).parent) == (folder or ".")]


def test_there_are_enough_recordings() -> None:
    clips = [one for one in manifests(MAIN) if one["condition"] != "conversation"]
    talks = [one for one in manifests(MAIN) if one["condition"] == "conversation"]
    assert len(clips) >= 40
    assert len(talks) >= 4
    assert {one["condition"] for one in manifests()} == CONDITIONS


def test_every_recording_has_a_manifest_and_every_manifest_a_recording() -> None:
    for name in NAMES:
        assert (FOLDER / f"{name}.flac").is_file(), f"{name}.toml has no recording"
        assert (FOLDER / f"{name}.toml").is_file(), f"{name}.flac has no manifest"


def test_recordings_stay_small_enough_for_a_repository() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.flac")) < 40_000_000
    assert sum(path.stat().st_size for path in (FOLDER / CHECK).iterdir()) < 6_000_000


def test_every_rule_is_spoken_literally_and_as_a_variant_in_clean_sound() -> None:
    spoken = {
        (expect["rule_id"], expect["form"])
        for one in manifests(MAIN)
        if one["condition"] == "clean"
        for expect in one.get("expect", [])
    }
    literal, variant = ({rule for rule, form in spoken if form == kind} for kind in ("literal", "variant"))
    assert literal == set(RULES)
    assert variant == set(RULES)


def test_every_rule_has_an_innocent_look_alike() -> None:
    traps = {
        trap["rule_id"]
        for one in manifests(MAIN)
        if one["innocent"] and one["condition"] == "clean"
        for trap in one["trap"]
    }
    assert traps == set(RULES)


def test_recordings_to_check_against_cover_every_ban_and_every_hardship() -> None:
    spoken = {expect["rule_id"] for one in manifests(CHECK) for expect in one.get("expect", [])}
    assert set(BANS) <= spoken
    for condition in ("noisy", "room"):
        hard = [one for one in manifests(CHECK) if one["condition"] == condition]
        assert sum(not one["innocent"] for one in hard) >= 10
        assert any(one["innocent"] for one in hard)
    assert {one.get("direct_db") for one in manifests(CHECK)} == {None, 8.0, -2.0}


def test_voices_and_speeds_vary() -> None:
    turns = [turn for one in manifests() for turn in one.get("turn", [])]
    staff = {turn["voice"] for turn in turns if turn["speaker"] == "staff"}
    assert len(staff) >= 8
    assert min(turn["speed"] for turn in turns) <= 0.9
    assert max(turn["speed"] for turn in turns) >= 1.25


@pytest.mark.parametrize("name", NAMES)
def test_manifest_keeps_to_the_schema(name: str) -> None:
    one = manifest(name)
    turns, expects, traps = (one.pop(key, []) for key in ("turn", "expect", "trap"))
    assert_table({key: value for key, value in one.items() if key not in OPTIONAL}, RECORDING)
    assert all(isinstance(one.get(key, 0.0), float) for key in OPTIONAL)
    assert one["name"] == Path(name).name
    assert one["condition"] in CONDITIONS
    assert one["innocent"] is (not expects)
    for turn in turns:
        assert_table(turn, TURN)
        assert turn["speaker"] in ("staff", "visitor")
    for expect in expects:
        assert_table(expect, EXPECT)
        assert expect["speaker"] == "staff"
        assert expect["form"] in ("literal", "variant", "class")
        assert set(expect["also"]) <= set(RULES + BANS) - {expect["rule_id"]}
    for trap in traps:
        assert_table(trap, TRAP)
        assert trap["why"] in WHY


@pytest.mark.parametrize("name", NAMES)
def test_places_lie_where_they_are_said_to_lie(name: str) -> None:
    one = manifest(name)
    turns = one.get("turn", [])
    for before, after in itertools.pairwise(turns):
        assert before["end_s"] < after["start_s"]
    for turn in turns:
        assert 0 <= turn["start_s"] < turn["end_s"] <= one["duration_s"] + 0.001
    for said in (*one.get("expect", []), *one.get("trap", [])):
        turn = turns[said["turn"]]
        assert said["speaker"] == turn["speaker"]
        assert said["phrase"] in turn["text"]
        assert said["rule_id"] in RULES + BANS
        assert said["place"] in ("measured", "estimated")
        assert turn["start_s"] <= said["start_s"] < said["end_s"] <= turn["end_s"]


@pytest.mark.parametrize("name", NAMES)
def test_recording_is_the_one_described(name: str) -> None:
    one = manifest(name)
    path = FOLDER / f"{name}.flac"
    about = soundfile.info(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"]
    assert (about.samplerate, about.channels, about.subtype) == (
        one["sample_rate_hz"],
        one["channels"],
        "PCM_16",
    )
    assert about.frames / about.samplerate == pytest.approx(one["duration_s"], abs=0.001)


@pytest.mark.parametrize("name", NAMES)
def test_turns_are_louder_than_what_lies_between_them(name: str) -> None:
    one = manifest(name)
    if not one.get("turn"):
        return
    sound, rate = soundfile.read(FOLDER / f"{name}.flac", always_2d=True)
    is_turn = np.zeros(len(sound), dtype=bool)
    for turn in one["turn"]:
        is_turn[int(turn["start_s"] * rate) : int(turn["end_s"] * rate)] = True
    power = np.square(sound).max(axis=1)
    rest_power = power[~is_turn].mean() if (~is_turn).any() else 0.0
    # A far speaker's echo fills the silence after him.
    snr_db = min(one.get("snr_db", 20.0), one.get("direct_db", 20.0) + 8.0)
    assert power[is_turn].mean() > rest_power * 10 ** ((snr_db - 3) / 10)


def test_sound_without_speech_is_at_its_stated_level() -> None:
    silence, _ = soundfile.read(FOLDER / "silence_zero.flac")
    room, _ = soundfile.read(FOLDER / "silence_room.flac")
    assert not silence.any()
    assert 10 * np.log10(np.mean(np.square(room))) == pytest.approx(-60, abs=0.5)


def test_clipped_and_quiet_recordings_are_what_they_claim() -> None:
    clipped, _ = soundfile.read(FOLDER / "t06_clipped.flac")
    assert np.mean(np.abs(clipped) > 0.999) > 0.05
    quiet, rate = soundfile.read(FOLDER / "t04_quiet.flac")
    turn = manifest("t04_quiet")["turn"][0]
    speech = quiet[int(turn["start_s"] * rate) : int(turn["end_s"] * rate)]
    assert 10 * np.log10(np.mean(np.square(speech))) == pytest.approx(-45, abs=0.5)


def test_edge_recordings_have_no_silence_at_the_edge() -> None:
    start, end = manifest("t11_at_file_start"), manifest("t07_at_file_end")
    assert start["expect"][0]["start_s"] == 0.0
    assert end["expect"][-1]["end_s"] == pytest.approx(end["duration_s"], abs=0.001)


@pytest.mark.parametrize("name", ["t10_long_turn_middle", "t15_long_turn_seam"])
def test_long_turns_have_no_pause_that_would_end_them(name: str) -> None:
    sound, rate = soundfile.read(FOLDER / f"{name}.flac")
    turn = manifest(name)["turn"][0]
    assert turn["end_s"] - turn["start_s"] > 14.0
    speech = sound[int(turn["start_s"] * rate) : int(turn["end_s"] * rate)]
    loud = np.flatnonzero(np.abs(speech) > 0.01)
    assert np.diff(loud).max() / rate < 0.5


def test_demonstration_spreads_its_breaches() -> None:
    demo = manifest("demo_counter")
    assert 60 <= demo["duration_s"] <= 90
    places = [expect["end_s"] for expect in demo["expect"]]
    assert len({expect["rule_id"] for expect in demo["expect"]}) >= 3
    assert len(places) in (3, 4)
    assert np.diff(places).min() > 8.0


@pytest.mark.parametrize("direct_db", [8.0, -2.0])
def test_room_keeps_the_ratio_of_direct_sound_to_echo_and_dies_away(direct_db: float) -> None:
    click = np.zeros(sounds.RATE_HZ)
    click[0] = 1.0
    heard = sounds.in_room(click, direct_db, 0.5, np.random.default_rng(1))
    echo = np.square(heard[1:])
    assert heard[0] == pytest.approx(1.0)
    assert -10 * np.log10(echo.sum()) == pytest.approx(direct_db, abs=0.01)
    fifth = sounds.RATE_HZ // 10
    fall_db = 10 * np.log10(echo[:fifth].sum() / echo[3 * fifth : 4 * fifth].sum())
    assert fall_db == pytest.approx(36.0, abs=2.0)
