"""One recording examined in this process, and what a worker does with a run, without any cluster."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from deskguard import __version__
from deskguard.errors import DeskguardError
from deskguard.night import at_worker
from deskguard.night.at_worker import Run
from deskguard.night.sending import FileChangedError, pieces, sent_name
from deskguard.night.trying import failure, renamed
from deskguard.night.workers import here, local
from deskguard.rules.pack import RuleSet
from night_parts import Obedient, a_job, a_setup


@pytest.fixture
def run(standards: RuleSet, tmp_path: Path) -> Run:
    """A run that this process was told of."""
    told = Run(name=tmp_path.name, version=__version__, what=pickle.dumps((Obedient.load, a_setup(standards))))
    at_worker.begin(told, str(tmp_path))
    return told


def test_here_one_comes_after_the_other_and_a_failure_is_an_outcome(tmp_path: Path, standards: RuleSet) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    jobs = [a_job(tmp_path / "a.wav"), a_job(tmp_path / "b.wav", "raise"), a_job(tmp_path / "c.wav")]
    outcomes = list(here(jobs, Obedient(a_setup(standards))))
    assert [one.job for one in outcomes] == jobs
    assert [one.examined is None for one in outcomes] == [False, True, False]
    (why,) = outcomes[1].not_analysed
    assert (why.reason, why.path, why.window_id) == ("gave-up", str(tmp_path / "b.wav"), "1")
    assert all(one.worker for one in outcomes)


def test_a_failure_is_told_by_kind_and_place_and_never_by_its_text() -> None:
    try:
        raise ValueError("what was said")
    except ValueError as error:
        told = failure(error)
    assert told.startswith("ValueError at test_night_worker_parts.py:")
    assert "said" not in told
    assert failure(DeskguardError("A.", "b.", "c")) == "A. Fix: b."
    assert failure(ValueError("x")) == "ValueError"


def test_no_processes_is_a_mistake(standards: RuleSet) -> None:
    with pytest.raises(DeskguardError, match="give 1 or more"):
        next(local([], a_setup(standards), 0, Obedient.load))


def test_a_worker_examines_the_file_at_its_path_if_it_is_the_same(run: Run, tmp_path: Path) -> None:
    job = a_job(tmp_path / "a.wav")
    answer = at_worker.examine(run.name, job, "", checks=True)
    assert answer.kind == "outcome"
    assert answer.outcome is not None
    assert answer.outcome.job == job
    for other in (replace(job, size=1), replace(job, recording=replace(job.recording, sha256="0" * 64))):
        assert at_worker.examine(run.name, other, "", checks=True).kind == "blind"
    Path(job.recording.path).unlink()
    assert at_worker.examine(run.name, job, "", checks=True).kind == "blind"


def test_a_recording_that_was_sent_is_private_and_gone_afterwards(run: Run, tmp_path: Path) -> None:
    job = a_job(tmp_path / "a.wav")
    name = sent_name(1, 1, job.recording.path)
    for number, piece in enumerate(pieces(job, piece_bytes=3)):
        at_worker.receive(run.name, name, piece, is_first=number == 0)
    (folder,) = tmp_path.glob("deskguard-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    Path(job.recording.path).unlink()
    outcome = at_worker.examine(run.name, job, name, checks=True).outcome
    assert outcome is not None
    assert outcome.examined is not None
    assert outcome.job == job
    assert outcome.examined.recording == job.recording
    assert {one.recording.path for one in outcome.examined.findings} == {job.recording.path}
    assert list(folder.iterdir()) == []
    at_worker.end(run.name)
    assert not folder.exists()
    assert at_worker.examine(run.name, job, "", checks=False).kind == "failed"


def test_another_path_in_an_outcome_is_replaced_wherever_it_stands(tmp_path: Path, standards: RuleSet) -> None:
    job = a_job(tmp_path / "a.wav")
    copy = replace(job, recording=replace(job.recording, path="/tmp/copy.wav"))
    (bad,) = here([replace(copy, recording=replace(copy.recording, path=job.recording.path))], Obedient(None))  # type: ignore[arg-type]
    assert bad.not_analysed
    assert "copy.wav" not in repr(renamed(replace(bad, job=copy), job))
    (good,) = here([job], Obedient(a_setup(standards)))
    assert renamed(good, job).examined is not None


def test_a_worker_of_another_version_says_so(run: Run, tmp_path: Path) -> None:
    other = replace(run, name="other", version="0.0.1")
    at_worker.begin(other, str(tmp_path))
    answer = at_worker.examine("other", a_job(tmp_path / "a.wav"), "", checks=False)
    assert answer.kind == "unusable"
    assert "deskguard 0.0.1" in answer.detail
    assert answer.detail.endswith("\nversion-differs")
    at_worker.end("other")


def test_a_model_that_fails_to_load_is_told_in_three_parts(tmp_path: Path, standards: RuleSet) -> None:
    run = Run(name="r", version=__version__, what=pickle.dumps((Obedient.refuse, a_setup(standards))))
    at_worker.begin(run, str(tmp_path))
    answer = at_worker.examine("r", a_job(tmp_path / "a.wav"), "", checks=False)
    assert answer.detail.split("\n") == ["There is no model base.", "fetch it.", "model-missing"]
    at_worker.begin(replace(run, what=b"not a pickle"), str(tmp_path))
    answer = at_worker.examine("r", a_job(tmp_path / "a.wav"), "", checks=False)
    assert (answer.kind, answer.detail.rpartition("\n")[2]) == ("unusable", "worker-unusable")
    at_worker.end("r")


def test_a_file_that_changed_is_noticed_when_it_is_sent(tmp_path: Path) -> None:
    job = a_job(tmp_path / "a.wav")
    assert b"".join(pieces(job, 5)) == (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_text("other", encoding="utf-8")
    with pytest.raises(FileChangedError):
        list(pieces(job))


def test_what_is_sent_keeps_its_ending_and_nothing_else_of_its_name() -> None:
    assert sent_name(7, 2, "窗口/张三.m4a") == "7-2.m4a"
    assert sent_name(7, 2, "noending") == "7-2"
    assert sent_name(7, 2, "a.录音") == "7-2"
