"""Day and night agree: the same recordings with the same model, live and read in batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deskguard.desk import compose
from deskguard.desk.mind import Beside, Mind
from deskguard.desk.modelled import ModelledRun
from deskguard.hearing.media import read_recording
from deskguard.night.examiner import Examiner
from deskguard.night.gathering import Gathering
from deskguard.night.jobs import Job, Outcome, Setup
from deskguard.scoring.values import Finding, Recording
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.values import SAMPLE_RATE_HZ
from golden_recordings import FOLDER

if TYPE_CHECKING:
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings

pytestmark = pytest.mark.model
CONVERSATIONS = ("conv_closing_time", "conv_pushed_around")


def a_setup(settings: Settings, rules: RuleSet) -> Setup:
    return Setup(settings=settings, rules=rules, model="base", settings_sha256="")


def a_job(path: Path) -> Job:
    recording = Recording(sha256="a" * 64, path=str(path), window_id="7", day=date(2026, 11, 20))
    return Job(recording=recording)


@pytest.fixture(scope="module")
def examiner(recogniser: Recogniser, standards: RuleSet) -> Examiner:
    from deskguard.settings import Settings

    return Examiner(a_setup(Settings(), standards), recogniser)


def by_day(path: Path, settings: Settings, rules: RuleSet, recogniser: Recogniser) -> Gathering:
    """The recording through a desk that reads partial texts, too, and takes no time for it."""
    beside = Beside(casting=compose.new_casting(settings), rulebook=Rulebook.of(rules, settings.spotting))
    mind = Mind(recogniser, rules, settings, "day", beside)
    run = ModelledRun(compose.new_endpointer(settings), mind, 1e9, compute_ns=lambda: 0)
    found = Gathering()
    for outcome in run.run(read_recording(path)):
        found.take(outcome)
    return found


def alike(one: Finding, other: Finding) -> bool:
    """The same thing at the same place: live texts place words up to half a second aside."""
    what = (one.kind, one.rule_id, one.role) == (other.kind, other.rule_id, other.role)
    return what and abs(one.start_sample - other.start_sample) < SAMPLE_RATE_HZ


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_day_and_night_find_the_same(
    name: str, settings: Settings, standards: RuleSet, recogniser: Recogniser, examiner: Examiner
) -> None:
    path = FOLDER / f"{name}.flac"
    outcome = examiner.examine(a_job(path))
    assert outcome.examined is not None
    night = outcome.examined
    day = by_day(path, settings, standards, recogniser).examined(night.examination, standards.rules)
    assert [one.text for one in night.spoken] == [one.text for one in day.spoken]
    assert [one.role for one in night.spoken] == [one.role for one in day.spoken]
    unmatched = list(day.findings)
    for one in night.findings:
        twin = next((other for other in unmatched if alike(one, other)), None)
        assert twin is not None, f"by night only: {one.kind} {one.rule_id} at {one.start_sample}"
        unmatched.remove(twin)
    assert [(one.kind, one.rule_id, one.start_sample) for one in unmatched] == []
    assert night.exposure == replace(day.exposure, audio_samples=night.exposure.audio_samples)


def test_windows_read_in_batches_have_the_texts_they_have_alone(
    settings: Settings, recogniser: Recogniser
) -> None:
    windows = []
    for name in CONVERSATIONS[:2]:
        endpointer = compose.new_plain_endpointer(settings)
        found = [one for chunk in read_recording(FOLDER / f"{name}.flac") for one in endpointer.feed(chunk)]
        windows += [one for one in [*found, *endpointer.finish()] if one.is_final]
    alone = [recogniser.decode(one).text for one in windows]
    recogniser.read_ahead(windows)
    assert [recogniser.decode(one).text for one in windows] == alone


def reasons(outcome: Outcome) -> list[str]:
    return [one.reason for one in outcome.not_analysed]


def test_digital_silence_is_listed_and_scores_nothing(examiner: Examiner) -> None:
    outcome = examiner.examine(a_job(FOLDER / "silence_zero.flac"))
    assert outcome.examined is None
    assert reasons(outcome) == ["too-quiet"]


def test_a_quiet_hour_is_examined_and_said_to_be_without_a_word(examiner: Examiner, tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.01, 20 * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ)
    outcome = examiner.examine(a_job(path))
    assert outcome.examined is not None
    assert reasons(outcome) == ["no-speech"]
    assert outcome.examined.exposure.silent_samples == 20 * SAMPLE_RATE_HZ
    assert outcome.examined.findings == ()


def test_a_recording_that_breaks_off_is_scored_up_to_there(examiner: Examiner, tmp_path: Path) -> None:
    import soundfile

    pcm, rate = soundfile.read(FOLDER / "demo_counter.flac")
    whole = tmp_path / "whole.wav"
    soundfile.write(whole, pcm[: 30 * rate], rate)
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    outcome = examiner.examine(a_job(cut))
    assert outcome.examined is not None
    assert reasons(outcome) == ["truncated"]
    assert outcome.examined.recording.duration_samples == pytest.approx(20 * SAMPLE_RATE_HZ, rel=0.01)


def test_what_is_no_sound_is_refused_and_the_next_one_goes_on(examiner: Examiner, tmp_path: Path) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("尊敬的领导")
    assert reasons(examiner.examine(a_job(path))) == ["not-audio"]
    assert examiner.examine(a_job(FOLDER / "t01_literal.flac")).examined is not None


def two_sides(path: Path) -> None:
    """A conversation as two microphones record it, 12 dB apart."""
    import tomllib

    import numpy as np
    import soundfile

    name = "conv_pushed_around"
    pcm, rate = soundfile.read(FOLDER / f"{name}.flac", dtype="float32")
    near = np.full(pcm.size, 0.25, np.float32)
    for turn in tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))["turn"]:
        span = slice(int(turn["start_s"] * rate), int(turn["end_s"] * rate))
        near[span] = 1.0 if turn["speaker"] == "staff" else 0.25
    soundfile.write(path, np.stack([pcm * near, pcm * (1.25 - near)], axis=1), rate)


def test_the_settings_of_a_job_turn_its_channels_round(examiner: Examiner, tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    two_sides(path)
    usual = examiner.examine(a_job(path))
    turned = examiner.examine(replace(a_job(path), channels="visitor,staff"))
    assert usual.examined is not None
    assert turned.examined is not None
    assert usual.examined.recording.roles == ("staff", "visitor")
    assert turned.examined.recording.roles == ("visitor", "staff")
    said = {one.rule_id for one in usual.examined.findings if one.kind == "phrase" and one.role == "staff"}
    assert {"T04", "T06"} <= said
    assert usual.examined.exposure.staff_samples > usual.examined.exposure.unknown_samples
