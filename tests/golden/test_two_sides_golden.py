"""Two microphones before a conversation: every role right, the visitor never raised, nothing said twice."""

from __future__ import annotations

import difflib
import json
import tomllib
import wave
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import golden_recordings
from deskguard.desk.replay import Replayer
from deskguard.hearing.media import read_recording
from deskguard.language.text import normalise
from deskguard.settings import RolesSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet
    from deskguard.values import Pcm

pytestmark = [pytest.mark.model, pytest.mark.slow]

CONVERSATIONS = [name for name in golden_recordings.names() if name.startswith("conv_")]
SLACK_S = 0.4
"""Whisper places words to some tenths of a second."""
DELAY_SAMPLES = 8
"""17 cm more to the other microphone."""

Line = dict[str, Any]


def manifest(name: str) -> dict[str, Any]:
    return tomllib.loads((golden_recordings.FOLDER / f"{name}.toml").read_text("utf-8"))


def mono(name: str) -> Pcm:
    chunks = read_recording(golden_recordings.FOLDER / f"{name}.flac")
    return np.concatenate([one.pcm[0] for one in chunks])


def two_microphones(name: str, apart_db: float) -> Pcm:
    """A conversation as two microphones hear it: each nearer to one speaker, with noise of its own."""
    sound, turns = mono(name), manifest(name)["turn"]
    leak = 10 ** (-apart_db / 20)
    pcm = np.random.default_rng(4).standard_normal((2, sound.size)) * 0.0005
    edges = [0.0, *((a["end_s"] + b["start_s"]) / 2 for a, b in pairwise(turns)), 1e9]
    for turn, (start_s, end_s) in zip(turns, pairwise(edges), strict=True):
        near = 0 if turn["speaker"] == "staff" else 1
        begin, end = round(start_s * SAMPLE_RATE_HZ), min(sound.size, round(end_s * SAMPLE_RATE_HZ))
        pcm[near, begin:end] += sound[begin:end]
        late = min(sound.size, end + DELAY_SAMPLES)
        pcm[1 - near, begin + DELAY_SAMPLES : late] += leak * sound[begin : late - DELAY_SAMPLES]
    return pcm.clip(-1, 1).astype(np.float32)


def written(pcm: Pcm, path: Path) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(pcm.shape[0])
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((pcm.T * 32767).astype("<i2").tobytes())
    return str(path)


def speaker(line: Line, turns: list[Line]) -> set[str]:
    """Who speaks where a line lies, edges left out."""
    middle = (line["start_s"] + line["end_s"]) / 2
    return {one["speaker"] for one in turns if one["start_s"] - SLACK_S <= middle <= one["end_s"] + SLACK_S}


def lines_of(recording: str, recogniser: Recogniser, rules: RuleSet, roles: RolesSettings) -> list[Line]:
    replayer = Replayer(Settings(roles=roles), rules, recogniser, is_real_pace=False)
    return list(replayer.lines(recording))


def said_twice(texts: list[Line]) -> list[tuple[str, str]]:
    """Utterances of both sides that lie over the same time and read alike."""
    found = []
    for one in texts:
        for other in texts:
            is_at_once = one["start_s"] < other["end_s"] and other["start_s"] < one["end_s"]
            if one["role"] == "staff" and other["role"] != "staff" and is_at_once:
                first, second = (normalise(line["text"]).chars for line in (one, other))
                match = difflib.SequenceMatcher(None, first, second, autojunk=False).find_longest_match()
                if match.size >= 3:
                    found.append((one["text"], other["text"]))
    return found


@pytest.mark.parametrize(
    ("name", "apart_db"), [*((name, 12.0) for name in CONVERSATIONS), ("conv_closing_time", 6.0)]
)
def test_every_utterance_has_its_role_and_only_the_clerks_words_are_raised(
    name: str, apart_db: float, recogniser: Recogniser, standards: RuleSet, tmp_path: Path
) -> None:
    turns = manifest(name)["turn"]
    recording = written(two_microphones(name, apart_db), tmp_path / f"{name}.wav")
    lines = lines_of(recording, recogniser, standards, RolesSettings())
    assert lines[-1]["layout"] == "two-sides"
    texts = [line for line in lines if line["type"] == "transcript"]
    assert len(texts) >= len(turns) / 2
    for line in texts:
        assert line["role"] in speaker(line, turns), json.dumps(line, ensure_ascii=False)
        assert 0.5 < line["role_confidence"] < 1
    assert said_twice(texts) == []
    alerts = [line for line in lines if line["type"] == "alert"]
    for line in alerts:
        assert line["role"] in speaker(line, turns), json.dumps(line, ensure_ascii=False)
        assert line["role"] == "staff" or line["suppressed"] in ("role-visitor", "withdrawn")
    found = {line["rule_id"] for line in alerts if line["role"] == "staff" and line["state"] == "confirmed"}
    expected = {one["rule_id"] for one in manifest(name).get("expect", []) if one["form"] == "literal"}
    assert expected <= found


def test_the_clerk_is_heard_over_the_visitor_who_breaks_in(
    recogniser: Recogniser, standards: RuleSet, tmp_path: Path
) -> None:
    pcm = two_microphones("conv_closing_time", 12.0)
    late = pcm.shape[1]
    clerk, visitor = mono("t11_literal"), mono("ok_t08_reads_sign")
    begin = manifest("t11_literal")["turn"][0]["end_s"] - 0.6
    more = np.zeros((2, round((begin + 1.5) * SAMPLE_RATE_HZ) + visitor.size), np.float32)
    more[0, : clerk.size] += clerk
    more[1, : clerk.size] += clerk / 4
    at = round(begin * SAMPLE_RATE_HZ)
    more[1, at : at + visitor.size] += visitor
    more[0, at : at + visitor.size] += visitor / 4
    recording = written(np.concatenate([pcm, more], axis=1).clip(-1, 1), tmp_path / "both.wav")
    lines = lines_of(recording, recogniser, standards, RolesSettings())
    last = [line for line in lines[:-1] if line["start_s"] > late / SAMPLE_RATE_HZ - 0.2]
    texts = [line for line in last if line["type"] == "transcript"]
    assert {line["role"] for line in texts} == {"staff", "visitor"}
    assert said_twice(texts) == []
    raised = {line["rule_id"] for line in last if line["type"] == "alert" and line["state"] == "confirmed"}
    assert "T11" in raised


def test_two_real_channels_are_staff_left_and_turn_round_when_told(
    recogniser: Recogniser, standards: RuleSet
) -> None:
    recording = str(golden_recordings.FOLDER / "t05_stereo_48k.flac")
    lines = lines_of(recording, recogniser, standards, RolesSettings())
    assert [one["role"] for one in lines if one["type"] == "transcript"] == ["visitor", "staff"]
    shown = {one["rule_id"] for one in lines if one["type"] == "alert" and one["suppressed"] is None}
    assert "T05" in shown
    assert "T01" not in shown
    lines = lines_of(recording, recogniser, standards, RolesSettings(channels="visitor,staff"))
    assert [one["role"] for one in lines if one["type"] == "transcript"] == ["staff", "visitor"]


def test_a_copy_in_both_channels_reads_as_the_one_channel_does(
    recogniser: Recogniser, standards: RuleSet, tmp_path: Path
) -> None:
    sound = mono("t03_literal")
    single = written(sound[None], tmp_path / "one.wav")
    double = written(np.stack([sound, sound]), tmp_path / "two.wav")

    def told(recording: str) -> list[tuple[Any, ...]]:
        lines = lines_of(recording, recogniser, standards, RolesSettings())
        assert lines[-1]["layout"] == "one-microphone"
        return [(one["text"], one["role"]) for one in lines if one["type"] == "transcript"]

    assert told(single) == told(double)
