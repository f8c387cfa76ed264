"""Whole conversations with their turns given: what the visitor says is never raised against the clerk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import golden_recordings
from deskguard.desk.replay import Replayer
from deskguard.desk.rttm import read_roles
from deskguard.settings import Settings

if TYPE_CHECKING:
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet

pytestmark = [pytest.mark.model, pytest.mark.slow]

CONVERSATIONS = [name for name in golden_recordings.names() if name.startswith("conv_")]
SLACK_S = 0.4
"""Whisper places words to some tenths of a second."""


def turns_of(name: str) -> list[dict[str, Any]]:
    import tomllib

    manifest = golden_recordings.FOLDER / f"{name}.toml"
    turns: list[dict[str, Any]] = tomllib.loads(manifest.read_text("utf-8"))["turn"]
    return turns


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_only_the_clerks_words_are_raised(
    name: str, recogniser: Recogniser, standards: RuleSet, tmp_path: Path
) -> None:
    turns = turns_of(name)
    rttm = tmp_path / f"{name}.rttm"
    rttm.write_text(
        "".join(
            f"SPEAKER {name} 1 {one['start_s']} {one['end_s'] - one['start_s']:.3f} "
            f"<NA> <NA> {one['speaker']} <NA> <NA>\n"
            for one in turns
        ),
        "utf-8",
    )
    recording = str(golden_recordings.FOLDER / f"{name}.flac")
    replayer = Replayer(
        Settings(), standards, recogniser, is_real_pace=False, roles=read_roles(str(rttm), [recording])
    )
    lines = list(replayer.lines(recording))

    def speaker(line: dict[str, Any]) -> set[str]:
        """Who speaks where a line lies, edges left out."""
        middle = (line["start_s"] + line["end_s"]) / 2
        return {one["speaker"] for one in turns if one["start_s"] - SLACK_S <= middle <= one["end_s"] + SLACK_S}

    texts = [line for line in lines if line["type"] == "transcript"]
    assert len(texts) >= len(turns) / 2
    for line in texts:
        assert line["role"] in speaker(line), json.dumps(line, ensure_ascii=False)
    for line in lines:
        if line["type"] == "alert" and line["role"] == "visitor":
            # What the text took back was never shown, whoever said it.
            taken_back = line["state"] == "withdrawn" and line["suppressed"] == "withdrawn"
            assert taken_back or line["suppressed"] == "role-visitor"
        if line["type"] == "alert" and line["suppressed"] is None:
            assert "staff" in speaker(line), json.dumps(line, ensure_ascii=False)
