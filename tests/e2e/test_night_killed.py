"""Twenty times somebody is killed while a cluster works: no recording is lost, and none comes twice."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from deskguard.night.cluster_key import make_key
from deskguard.night.workers import ClusterOptions, cluster
from deskguard.rules.pack import RuleSet
from night_parts import Obedient, a_setup, jobs_in, wait_until
from night_programs import Program

KILLS = 20
EVERY = 8
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="kills processes as Linux does"),
]


@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path, standards: RuleSet) -> None:
    chance = random.Random(5)  # noqa: S311
    key = tmp_path / "hall.pem"
    make_key(key)

    def start(*arguments: str | Path) -> Program:
        home = tmp_path / f"program-{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        return Program(*arguments, "--key", key, cwd=home, log=home / "log.txt")

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    address = scheduler.says("ready at").rpartition(" ")[2]
    worker = start("worker", address, "--threads", "2")
    jobs = jobs_in(tmp_path / "recordings", EVERY * (KILLS + 1), "sleep=0.05")
    came: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    try:
        options = ClusterOptions(address=address, key=key, reconnect_s=60.0)
        for outcome in cluster(iter(jobs), a_setup(standards), options, Obedient.load):
            came[outcome.job.recording.path] += 1
            assert outcome.examined is not None
            if came.total() % EVERY or killed.total() == KILLS:
                continue
            if chance.random() < 0.25:
                scheduler.kill()
                scheduler = start("scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])
                killed["scheduler"] += 1
            else:
                wait_until(lambda: processes(worker))
                chance.choice(processes(worker)).kill()
                killed["worker"] += 1
    finally:
        assert worker.stop() == 0
        assert scheduler.stop() == 0
    assert came == {job.recording.path: 1 for job in jobs}
    assert killed.total() == KILLS
    assert len(killed) == 2


def processes(worker: Program) -> list[psutil.Process]:
    """Those that examine, without the one that watches them."""
    return [
        one for one in psutil.Process(worker.process.pid).children() if "spawn_main" in " ".join(one.cmdline())
    ]
