"""What tests of the night's workers share: recordings as small files, and examiners that do what these say."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deskguard.errors import DeskguardError
from deskguard.night.jobs import Job, Outcome, Setup
from deskguard.night.trying import without
from deskguard.rules.ruleset import RuleSet
from deskguard.scoring.values import Examination, Examined, Exposure, Recording
from deskguard.settings import ScoringSettings, Settings
from scoring_values import a_finding

PATIENCE_S = 60.0


def a_setup(rules: RuleSet, model: str = "base", hang_s: float = 600.0) -> Setup:
    settings = Settings(scoring=ScoringSettings(hang_s=hang_s))
    return Setup(settings=settings, rules=rules, model=model, settings_sha256="0" * 64)


def a_job(path: Path, what: str = "") -> Job:
    """A file that says what becomes of whoever examines it, as a job."""
    path.write_text(f"{what}\n{path.name}", encoding="utf-8")
    content = path.read_bytes()
    recording = Recording(
        sha256=hashlib.sha256(content).hexdigest(), path=str(path), window_id="1", day=date(2026, 11, 21)
    )
    return Job(recording=recording, size=len(content))


def jobs_in(folder: Path, n: int, what: str = "") -> list[Job]:
    folder.mkdir(exist_ok=True)
    return [a_job(folder / f"{number:03d}.wav", what) for number in range(n)]


@dataclass
class Obedient:
    """Examines a file by doing what it says; every word is one thing to do."""

    setup: Setup

    @classmethod
    def load(cls, setup: Setup) -> Obedient:
        if setup.model.startswith("/"):
            Path(setup.model, f"loaded-{os.getpid()}").touch()
        return cls(setup)

    @classmethod
    def refuse(cls, setup: Setup) -> Obedient:
        raise DeskguardError(f"There is no model {setup.model}.", "fetch it.", "model-missing")

    def examine(self, job: Job) -> Outcome:
        path = Path(job.recording.path)
        content = path.read_bytes()
        for word in content[:4096].decode(errors="replace").split("\n")[0].split():
            self._do(word, path)
        if hashlib.sha256(content).hexdigest() != job.recording.sha256:
            return without(job, "unreadable", "it is another file")
        examination = Examination(recording=job.recording, rules_sha256="r", model=self.setup.model)
        found = a_finding("T03", 0)
        return Outcome(
            job=job, examined=Examined(examination=examination, exposure=Exposure(), findings=(found,))
        )

    def _do(self, word: str, path: Path) -> None:
        what, _, value = word.partition("=")
        if what == "note":
            Path(value, f"{path.name}-{os.getpid()}").touch()
        elif what == "await":
            _wait_for(Path(value))
        elif what == "die-unless":
            if not Path(value).exists():
                os.kill(os.getpid(), signal.SIGKILL)
        elif what == "raise":
            raise ValueError("what was said")
        elif what == "sleep":
            time.sleep(float(value))


def _wait_for(path: Path) -> None:
    wait_until(path.exists)


def wait_until(is_so: object) -> None:
    """Until it is so; a test that waits for too long fails."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.02)
