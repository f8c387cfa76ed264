"""The installed command on recordings: the contract of `replay`, and what it does with bad files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from deskguard.hearing.media import read_recording
from golden_recordings import FOLDER
from rules_packs import entry, pack_file

COMMAND = Path(sys.executable).with_name("deskguard")
LITERAL = FOLDER / "t01_literal.flac"


def run(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)], input=given, capture_output=True, timeout=240, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["replay", "x.wav", "--pase"], "unrecognized arguments: --pase"),
        (["replay", "x.wav", "--config", "none.toml"], "Settings file none.toml does not exist"),
        (["rules", "check", "none.toml"], "none.toml"),
        (["replay", "x.wav", "--roles", "clerk"], "Roles file clerk does not exist"),
    ],
)
def test_what_a_user_can_mend_is_status_two_and_no_traceback(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"deskguard: ")
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom deskguard.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('numpy', 'pydantic', 'av', 'ctranslate2', 'starlette', 'jieba', 'rich')"
        " if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stderr.decode().strip() == "[]"


def test_mistakes_in_the_turns_are_told_before_anything_is_played(tmp_path: Path) -> None:
    turns = tmp_path / "talk.rttm"
    turns.write_text("SPEAKER talk 1 0.5 two <NA> <NA> boss <NA> <NA>\n", "utf-8")
    done = run("replay", tmp_path / "talk.wav", "--roles", turns)
    assert done.returncode == 2
    assert done.stdout == b""
    said = done.stderr.decode()
    assert f'{turns}, line 1: duration is "two", expected seconds above 0' in said
    assert f'{turns}, line 1: speaker is "boss", expected staff or visitor' in said
    assert "Fix: " in said
    assert "Traceback" not in said


ALERT = {
    "v": int, "type": str, "file": str, "rule_id": str, "kind": str, "phrase": str, "heard": str,
    "standard": str, "clause": str, "role": str, "severity": str, "confidence": float, "state": str,
    "hit_id": str, "start_s": float, "end_s": float, "raised_s": float, "advice": str,
}  # fmt: skip
TRANSCRIPT = {
    "v": int, "type": str, "file": str, "utterance_id": int, "start_s": float, "end_s": float, "text": str,
    "role": str, "role_confidence": float, "is_announcement": bool, "is_final": bool,
}  # fmt: skip
VISIT = {
    "v": int, "type": str, "file": str, "visit_id": str, "channel": str, "start_s": float, "begun_by": str,
    "ticket": str, "scenes": list,
}  # fmt: skip
COURTESY = {
    "v": int, "type": str, "file": str, "courtesy_id": str, "visit_id": str, "act_id": str, "name": str,
    "scene": str, "state": str, "start_s": float, "end_s": float, "expected": str, "can_still_help": bool,
    "clauses": list, "why": list,
}  # fmt: skip
SUMMARY = {
    "v": int, "type": str, "file": str, "audio_s": float, "speech_s": float, "cpu_s": float,
    "peak_rss_mb": float, "steps": int, "windows_skipped": int, "lost_s": float, "layout": str, "notes": list,
}  # fmt: skip
FIELDS = {"alert": ALERT, "transcript": TRANSCRIPT, "visit": VISIT, "courtesy": COURTESY, "summary": SUMMARY}


def json_lines(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """Standard output as JSON, which it must be to the last line."""
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def assert_fields(line: dict[str, Any], fields: dict[str, type]) -> None:
    assert {key: type(line[key]) for key in fields} == fields


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_replay_keeps_its_contract_and_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    letter, cut = tmp_path / "letter.wav", tmp_path / "cut.wav"
    letter.write_text("not a recording " * 50)
    pcm = np.concatenate([one.pcm[0] for one in read_recording(LITERAL)])
    soundfile.write(cut, pcm, 16_000, subtype="PCM_16")
    cut.write_bytes(cut.read_bytes()[:-8000])
    nobody_looks = tmp_path / "deskguard.toml"
    nobody_looks.write_text('[roles]\nmode = "none"\n')
    done = run("replay", letter, LITERAL, cut, tmp_path / "none.wav", "--jsonl", "--config", nobody_looks)
    assert done.returncode == 2
    said = done.stderr.decode().splitlines()
    assert len(said) == 3
    assert all(line.startswith("deskguard: ") for line in said)
    for path, line in zip((letter, cut, tmp_path / "none.wav"), said, strict=True):
        assert str(path) in line

    lines = json_lines(done)
    assert {line["v"] for line in lines} == {1}
    assert {line["type"] for line in lines} == {"alert", "transcript", "visit", "courtesy", "summary"}
    for path in (LITERAL, cut):
        own = [line for line in lines if line["file"] == str(path)]
        assert [line["type"] for line in own].count("summary") == 1
        assert own[-1]["type"] == "summary"
        for line in own:
            assert_fields(line, FIELDS[line["type"]])
        alerts = [line for line in own if line["type"] == "alert"]
        know = [line for line in alerts if line["rule_id"] == "T01"]
        assert know[-1]["state"] == "confirmed"
        # Cooldowns begin anew with each file.
        assert know[-1]["suppressed"] is None
        assert know[-1]["role"] == "unknown"
        for line in alerts:
            assert 0 <= line["start_s"] < line["end_s"] < line["raised_s"] < 10
            assert line["state"] in ("tentative", "confirmed", "withdrawn")
        summary = own[-1]
        assert 0 < summary["speech_s"] < summary["audio_s"]
        assert summary["lost_s"] == 0
        assert summary["steps"] > 0
        assert summary["cpu_s"] > 0
    audio_s = {line["file"]: line["audio_s"] for line in lines if line["type"] == "summary"}
    assert audio_s[str(LITERAL)] == pytest.approx(pcm.size / 16_000, abs=0.001)
    assert audio_s[str(cut)] == pytest.approx(pcm.size / 16_000 - 0.25, abs=0.001)


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_raw_audio_is_read_from_standard_input_and_shown_as_text() -> None:
    pcm = np.concatenate([one.pcm[0] for one in read_recording(LITERAL)])
    raw = (pcm * 32_767).astype("<i2").tobytes() + b"\x01"
    done = run("replay", "-", given=raw)
    assert done.returncode == 0
    assert done.stderr == b""
    lines = done.stdout.decode().splitlines()
    assert any(line.startswith("  ! ") and "T01" in line and "confirmed" in line for line in lines)
    assert any("我不知道" in line and not line.startswith("  !") for line in lines)
    assert lines[-1].startswith("-: audio_s ")


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_the_same_words_are_the_clerks_or_the_visitors_as_told(tmp_path: Path) -> None:
    turns = tmp_path / "both.rttm"
    turns.write_text("SPEAKER t01_literal 1 0.2 2.0 <NA> <NA> 客 <NA> <NA>\n", "utf-8")
    for roles, role, suppressed in (("staff", "staff", None), (turns, "visitor", "role-visitor")):
        done = run("replay", LITERAL, "--jsonl", "--roles", roles)
        assert done.returncode == 0
        lines = json_lines(done)
        assert {line["role"] for line in lines if line["type"] in ("alert", "transcript")} == {role}
        know = [line for line in lines if line.get("rule_id") == "T01"]
        assert (know[-1]["state"], know[-1]["suppressed"]) == ("confirmed", suppressed)


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_turns_of_another_recording_are_told_after_what_was_read(tmp_path: Path) -> None:
    turns = tmp_path / "long.rttm"
    turns.write_text("SPEAKER long 1 99.0 2.0 <NA> <NA> staff <NA> <NA>\n", "utf-8")
    done = run("replay", LITERAL, "--jsonl", "--roles", turns)
    assert done.returncode == 2
    assert json_lines(done)[-1]["type"] == "summary"
    assert "a turn begins at 99.00 s" in done.stderr.decode()


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_partials_and_rules_of_ones_own(tmp_path: Path) -> None:
    pack = pack_file(tmp_path, entry("这个政策", "P9"))
    done = run("replay", LITERAL, "--jsonl", "--partials", "--rules", pack)
    assert done.returncode == 0
    lines = json_lines(done)
    assert {line["rule_id"] for line in lines if line["type"] == "alert"} == {"P9"}
    finality = [line["is_final"] for line in lines if line["type"] == "transcript"]
    assert False in finality
    assert finality.count(True) == 1


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [str(COMMAND), "replay", str(LITERAL), str(LITERAL)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(240) == 0
    assert said == b""
