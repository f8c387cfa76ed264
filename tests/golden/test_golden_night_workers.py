"""The real model in processes of its own: the same examinations, to the byte, as one process gives."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from deskguard.night.examiner import Examiner
from deskguard.night.jobs import Job, Outcome, Setup
from deskguard.night.options import night_settings, settings_sha256
from deskguard.night.workers import here, local
from deskguard.rules.pack import RuleSet
from deskguard.scoring.values import Recording
from deskguard.settings import Settings

AUDIO = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
NAMES = ("conv_closing_time", "t03_plain", "hall_noise", "ok_t01_near_sound", "ok_t03_helps", "ok_t04_mine")

pytestmark = pytest.mark.model


def a_job(path: Path) -> Job:
    content = path.read_bytes()
    recording = Recording(
        sha256=hashlib.sha256(content).hexdigest(), path=str(path), window_id="1", day=date(2026, 11, 21)
    )
    return Job(recording=recording, size=len(content))


def told(outcomes: list[Outcome]) -> list[str]:
    """What each came to, in order of their names, without what it cost and who did it."""
    by_name = sorted(outcomes, key=lambda one: one.job.recording.path)
    return [
        json.dumps([asdict(one)["examined"], asdict(one)["not_analysed"]], default=str, sort_keys=True)
        for one in by_name
    ]


@pytest.mark.usefixtures("model_folder")
def test_two_processes_give_to_the_byte_what_one_gives(standards: RuleSet) -> None:
    settings = night_settings(Settings(), None, is_single=False)
    setup = Setup(settings=settings, rules=standards, model="base", settings_sha256=settings_sha256(settings))
    jobs = [a_job(path) for name in NAMES if (path := AUDIO / f"{name}.flac").is_file()]
    assert len(jobs) >= 5
    one = list(here(jobs, Examiner.load(setup)))
    two = list(local(jobs, setup, 2, Examiner.load))
    assert told(two) == told(one)
    assert len({outcome.worker for outcome in two}) == 2
    assert any(outcome.examined and outcome.examined.findings for outcome in two)
