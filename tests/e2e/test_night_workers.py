"""Recordings examined by real Dask processes: what comes back when they live, die, or differ in their key."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.night.cluster_key import make_key
from deskguard.night.jobs import Job, Outcome, Setup
from deskguard.night.workers import ClusterOptions, cluster, here, local
from deskguard.rules.pack import RuleSet
from night_parts import Obedient, a_job, a_setup, jobs_in, wait_until
from night_programs import Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes as Linux does")


@pytest.fixture(scope="module")
def setup(standards: RuleSet) -> Setup:
    return a_setup(standards)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Program]]:
    """Starts programs, each in a folder of its own; those that still run are stopped."""
    started: list[Program] = []

    def start(*arguments: str | Path) -> Program:
        home = tmp_path_factory.mktemp("program")
        started.append(Program(*arguments, cwd=home, log=home / "log.txt"))
        return started[-1]

    yield start
    for one in reversed(started):
        if one.process.poll() is None:
            one.stop()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "hall.pem"
    make_key(path)
    return path


@pytest.fixture(scope="module")
def hall(programs: Callable[..., Program], key: Path) -> ClusterOptions:
    """A scheduler and a worker of two processes that know one key."""
    scheduler = programs("scheduler", "--host", "127.0.0.1", "--port", "0", "--key", key)
    address = scheduler.says("ready at").rpartition(" ")[2]
    programs("worker", address, "--key", key, "--threads", "2", "--resources", "GPU=1").says("Connected")
    return ClusterOptions(address=address, key=key, reconnect_s=5.0, workers_s=30.0)


def names(outcomes: list[Outcome]) -> list[str]:
    return sorted(Path(one.job.recording.path).name for one in outcomes)


def gather(outcomes: Iterator[Outcome]) -> tuple[list[Outcome], Callable[[], list[Outcome]]]:
    """Outcomes as they come, from a thread, and how to wait for the last."""
    came: list[Outcome] = []
    pool = ThreadPoolExecutor(1)

    def work() -> list[Outcome]:
        came.extend(outcomes)  # extends as it goes
        return came

    future = pool.submit(work)
    return came, lambda: future.result(120)


def test_two_processes_load_once_and_give_what_one_gives(tmp_path: Path, setup: Setup) -> None:
    jobs = jobs_in(tmp_path / "recordings", 12, "sleep=0.05")
    loaded = tmp_path / "loaded"
    loaded.mkdir()
    told = replace(setup, model=str(loaded))
    outcomes = list(local(iter(jobs), told, 2, Obedient.load))
    alone = list(here(jobs, Obedient(told)))
    assert [one.examined for one in sorted(outcomes, key=_path)] == [one.examined for one in alone]
    assert len(list(loaded.iterdir())) == 2
    assert {one.worker.rpartition(":")[2] for one in outcomes} == {
        one.name.rpartition("-")[2] for one in loaded.iterdir()
    }


def _path(outcome: Outcome) -> str:
    return outcome.job.recording.path


def test_a_killed_worker_costs_one_retry_and_a_poison_takes_nobody_along(tmp_path: Path, setup: Setup) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    go = tmp_path / "go"
    slow = a_job(tmp_path / "slow.wav", f"note={notes} await={go}")
    poison = a_job(tmp_path / "poison.wav", f"note={notes} die-unless={tmp_path / 'never'}")
    bad = a_job(tmp_path / "bad.wav", f"note={notes} raise")
    others = jobs_in(tmp_path / "recordings", 16, f"note={notes}")
    _, last = gather(local([slow, *others[:8], poison, bad, *others[8:]], setup, 2, Obedient.load))
    wait_until(lambda: list(notes.glob("slow.wav-*")))
    os.kill(int(next(notes.glob("slow.wav-*")).name.rpartition("-")[2]), signal.SIGKILL)
    go.touch()
    outcomes = last()
    assert names(outcomes) == names([Outcome(job=job) for job in [slow, poison, bad, *others]])
    given_up = {Path(_path(one)).name: one.not_analysed[0] for one in outcomes if one.not_analysed}
    assert set(given_up) == {"poison.wav", "bad.wav"}
    assert {one.reason for one in given_up.values()} == {"gave-up"}
    assert given_up["poison.wav"].detail == "the process that was at it died; 3 tries"
    assert given_up["bad.wav"].detail.startswith("ValueError at night_parts.py:")
    assert "what was said" not in given_up["bad.wav"].detail
    assert len(list(notes.glob("poison.wav-*"))) == 3
    # Whoever was beside it was examined once.
    assert all(len(list(notes.glob(f"{Path(_path(one)).name}-*"))) <= 2 for one in outcomes if one.examined)
    assert len(list(notes.glob("slow.wav-*"))) == 2


def test_a_recording_on_which_workers_hang_is_given_up_and_the_others_are_examined(
    tmp_path: Path, standards: RuleSet
) -> None:
    hanging = a_job(tmp_path / "hanging.wav", "sleep=3600")
    others = jobs_in(tmp_path / "recordings", 4)
    # So long no examination of the others takes, three times over, however busy the machine is.
    setup = a_setup(standards, hang_s=4.0)
    outcomes = list(local([hanging, *others], setup, 1, Obedient.load))
    assert names(outcomes) == names([Outcome(job=job) for job in [hanging, *others]])
    given_up = [one for one in outcomes if one.examined is None]
    assert names(given_up) == ["hanging.wav"]
    assert given_up[0].not_analysed[0].reason == "gave-up"


def test_a_model_that_cannot_be_loaded_is_told_as_it_is(tmp_path: Path, setup: Setup) -> None:
    with pytest.raises(DeskguardError, match=r"There is no model base\. Fix: fetch it\.") as caught:
        list(local(jobs_in(tmp_path / "recordings", 3), setup, 1, Obedient.refuse))
    assert caught.value.code == "model-missing"


def test_a_cluster_examines_by_shared_path(tmp_path: Path, setup: Setup, hall: ClusterOptions) -> None:
    jobs = jobs_in(tmp_path / "recordings", 10)
    outcomes = list(cluster(iter(jobs), setup, replace(hall, resources={"GPU": 1}), Obedient.load))
    assert names(outcomes) == names([Outcome(job=job) for job in jobs])
    assert all(one.examined for one in outcomes)


def test_recordings_a_worker_does_not_see_are_sent(
    tmp_path: Path, setup: Setup, hall: ClusterOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    notes = tmp_path / "notes"
    notes.mkdir()
    jobs = jobs_in(Path("recordings"), 4, f"note={notes}")
    changed = a_job(Path("changed.wav"))
    Path("changed.wav").write_text("other", encoding="utf-8")
    large = a_job(Path("large.wav"))
    large = replace(large, size=large.size + 10**6)
    options = replace(hall, most_sent_bytes=10**6)
    outcomes = list(cluster([*jobs, changed, large], setup, options, Obedient.load))
    assert names(outcomes) == names([Outcome(job=job) for job in [*jobs, changed, large]])
    reasons = {_path(one): one.not_analysed[0].reason for one in outcomes if one.not_analysed}
    assert reasons == {"changed.wav": "changed", "large.wav": "out-of-reach"}
    examined = {_path(one): one.examined for one in outcomes if one.examined}
    assert set(examined) == {job.recording.path for job in jobs}
    assert all(one is not None and one.recording.path == path for path, one in examined.items())
    # They were examined under another name, with the same ending.
    assert {note.name.rpartition("-")[0] for note in notes.iterdir()}.isdisjoint(names(outcomes))


def test_another_key_is_refused(
    tmp_path: Path, setup: Setup, hall: ClusterOptions, programs: Callable[..., Program]
) -> None:
    other = tmp_path / "other.pem"
    make_key(other)
    worker = programs("worker", hall.address, "--key", other)
    with pytest.raises(DeskguardError, match=r"cannot be reached") as caught:
        list(cluster([], setup, replace(hall, key=other, reconnect_s=2.0), Obedient.load))
    assert caught.value.code == "cluster-unreachable"
    worker.says("Cannot join")
    assert worker.stop() == 0


def test_a_lost_scheduler_is_told_after_what_came_before(
    tmp_path: Path, setup: Setup, programs: Callable[..., Program], key: Path
) -> None:
    scheduler = programs("scheduler", "--host", "127.0.0.1", "--port", "0", "--key", key)
    address = scheduler.says("ready at").rpartition(" ")[2]
    worker = programs("worker", address, "--key", key)
    worker.says("Connected")
    quick = a_job(tmp_path / "quick.wav")
    slow = a_job(tmp_path / "slow.wav", f"await={tmp_path / 'go'}")
    options = ClusterOptions(address=address, key=key, reconnect_s=2.0)
    came, last = gather(cluster([quick, slow], setup, options, Obedient.load))
    wait_until(lambda: came)
    scheduler.kill()
    with pytest.raises(DeskguardError, match="start again: what is finished is kept") as caught:
        last()
    assert caught.value.code == "scheduler-lost"
    assert names(came) == ["quick.wav"]
    (tmp_path / "go").touch()
    worker.says("Lost")
    assert worker.stop() == 0


def test_a_run_goes_on_with_a_scheduler_that_comes_back(
    tmp_path: Path, setup: Setup, programs: Callable[..., Program], key: Path
) -> None:
    scheduler = programs("scheduler", "--host", "127.0.0.1", "--port", "0", "--key", key)
    address = scheduler.says("ready at").rpartition(" ")[2]
    worker = programs("worker", address, "--key", key)
    worker.says("Connected")
    go = tmp_path / "go"
    jobs: list[Job] = [a_job(tmp_path / "first.wav"), *jobs_in(tmp_path / "recordings", 4, f"await={go}")]
    options = ClusterOptions(address=address, key=key, reconnect_s=60.0)
    came, last = gather(cluster(jobs, setup, options, Obedient.load))
    wait_until(lambda: came)
    scheduler.kill()
    go.touch()
    port = address.rpartition(":")[2]
    programs("scheduler", "--host", "127.0.0.1", "--port", port, "--key", key).says("ready at")
    assert names(last()) == names([Outcome(job=job) for job in jobs])
