"""Kill -9 at random of a worker, the scheduler or the command itself: is every recording scored, and once?

    python bench/kills.py [--kills 20] [--recordings 120] [--seed 5]

The real programs over real recordings: `deskguard cluster scheduler`, `cluster worker --threads 2`, and
`deskguard score --cluster`. Whoever is killed is started again, as systemd would; a worker's process is started
again by its own keeper. In the end the findings must be those of a run that nobody disturbed, and the store
must hold one examination of each recording.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, heading, save
from workers import made, pcm_of

KINDS = ("worker", "scheduler", "command")
PATIENCE_S = 180.0


def main() -> None:
    arguments = _arguments()
    print(heading("base int8, two workers of one thread"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [pcm_of(one) for one in sorted(FIXTURES.glob("t*_literal.flac"))]
        for at in range(arguments.recordings):
            made(folder / "hall" / "7" / "2026-11-20" / f"{at:04}.wav", [parts[at % len(parts)]], at, 0.0)
        hall = Hall(folder, arguments.seed)
        try:
            figures = hall.disturbed(arguments.kills)
            hall.start_command(folder / "whole")
            status = hall.command.wait(1800)
        finally:
            hall.stop()
        same = findings(folder / "out") == findings(folder / "whole")
        examined, recordings = stored(folder / "out")
    figures |= {
        "recordings": arguments.recordings,
        "recordings_examined": recordings,
        "examinations": examined,
        "findings_as_undisturbed": same and status == 0,
    }
    print(json.dumps(figures, indent=1))
    save("kills", figures)
    if not (same and status == 0 and examined == recordings == arguments.recordings):
        raise SystemExit("something was lost, or scored twice")


class Hall:
    """A scheduler, its workers and the command, each of which can be killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self._chance = random.Random(seed)
        self._logs = 0
        self.key = folder / "hall.pem"
        self._run("cluster", "key", self.key)
        self.address = ""
        self.start_scheduler("0")
        self.worker = self._start("cluster", "worker", self.address, "--threads", "2", "--key", self.key)
        self.start_command(folder / "out")

    def disturbed(self, kills: int) -> dict[str, object]:
        """Score while somebody is killed again and again; then let it end."""
        killed: Counter[str] = Counter()
        gone_on = 0
        while killed.total() < kills:
            self._work_on(self._chance.randrange(4))
            if self.command.poll() is not None:
                # All is scored already: examining it once more replaces what is stored.
                gone_on += 1
                self.start_command(self.folder / "out", "--force")
                continue
            kind = self._chance.choice(KINDS)
            if self._kill(kind):
                killed[kind] += 1
                print(f"{killed.total():3d} {kind}", flush=True)
        status = self.command.wait(1800)
        if status:
            self.start_command(self.folder / "out")
            status = self.command.wait(1800)
        return {"killed": dict(killed), "status": status, "begun_again_by_force": gone_on}

    def _work_on(self, recordings: int) -> None:
        """Until so many more are kept, and a little longer: in the midst of another; a minute at most."""
        deadline = time.monotonic() + 60.0
        wanted = kept(self.folder / "out") + recordings
        while kept(self.folder / "out") < wanted and time.monotonic() < deadline:
            if self.command.poll() is not None:
                return
            time.sleep(0.05)
        time.sleep(self._chance.uniform(0.0, 1.0))

    def _kill(self, kind: str) -> bool:
        if kind == "command":
            self.command.kill()
            self.command.wait()
            self.start_command(self.folder / "out")
        elif kind == "scheduler":
            self.scheduler.kill()
            self.scheduler.wait()
            self.start_scheduler(self.address.rpartition(":")[2])
        else:
            children = psutil.Process(self.worker.pid).children()
            working = [one for one in children if "spawn_main" in " ".join(one.cmdline())]
            if not working:
                return False
            self._chance.choice(working).kill()
        return True

    def start_scheduler(self, port: str) -> None:
        """Raises SystemExit when it does not come up."""
        place = ("--host", "127.0.0.1", "--port", port, "--key", self.key, "--language", "en")
        self.scheduler = self._start("cluster", "scheduler", *place)
        log = self.folder / f"{self._logs}.log"
        deadline = time.monotonic() + PATIENCE_S
        while "ready at" not in log.read_text():
            if time.monotonic() > deadline or self.scheduler.poll() is not None:
                raise SystemExit(f"no scheduler: {log.read_text()}")
            time.sleep(0.1)
        line = next(one for one in log.read_text().splitlines() if "ready at" in one)
        self.address = line.rpartition(" ")[2]

    def start_command(self, out: Path, *more: str) -> None:
        place = ("--out", out, "--cluster", self.address, "--key", self.key)
        self.command = self._start("score", self.folder / "hall", *place, *more)

    def stop(self) -> None:
        """End all of them, as a person would."""
        for one in (self.command, self.worker, self.scheduler):
            one.terminate()
        for one in (self.command, self.worker, self.scheduler):
            one.wait(60)

    def _start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        self._logs += 1
        with (self.folder / f"{self._logs}.log").open("w") as log:
            return subprocess.Popen(_command(*arguments), stdout=log, stderr=log, cwd=self.folder)

    def _run(self, *arguments: str | Path) -> None:
        subprocess.run(_command(*arguments), check=True, stdout=subprocess.DEVNULL)


def findings(out: Path) -> list[str]:
    """Those of a run, without what differs between runs by its nature."""
    rows = [json.loads(line) for line in (out / "findings.jsonl").read_text("utf-8").splitlines()]
    return sorted(json.dumps({**one, "due_utc": None}, ensure_ascii=False) for one in rows)


def stored(out: Path) -> tuple[int, int]:
    """How many examinations a store has, and of how many recordings."""
    with closing(sqlite3.connect(out / "night.sqlite3")) as store:
        question = "SELECT COUNT(*), COUNT(DISTINCT recording_sha256) FROM night_examinations"
        ((examined, recordings),) = store.execute(question).fetchall()
    return examined, recordings


def kept(out: Path) -> int:
    """How many examinations a store has now; none before there is one."""
    if not (out / "night.sqlite3").is_file():
        return 0
    with suppress(sqlite3.Error):
        return stored(out)[0]
    return 0


def _command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "deskguard", *map(str, arguments)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--recordings", type=int, default=120)
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
