"""What runs inside a worker process: it loads the model once, and examines what it is given.

A worker serves one run after the other. A recording's file is opened where it lies if it is the same one there;
else it is asked for, comes in pieces into a folder that only this user can read, and is deleted once examined.
The folder lies in the worker's own, which is removed with the worker, or after a crash by the next one.
"""

from __future__ import annotations

import hashlib
import pickle
import shutil
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deskguard import __version__
from deskguard.errors import DeskguardError
from deskguard.night.hanging import watched
from deskguard.night.jobs import Outcome
from deskguard.night.trying import attempt, failure, renamed

if TYPE_CHECKING:
    from deskguard.night.jobs import Job
    from deskguard.night.trying import Examines

_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a worker is told of a run before its first recording."""

    name: str
    version: str
    """Of the deskguard that asks."""
    what: bytes
    """How to load whoever examines, and with which setup: pickled, so that a worker of another version can say
    so instead of failing to read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker made of a recording."""

    kind: Literal["outcome", "failed", "blind", "unusable"]
    """Blind: its file is not the same here; unusable: this worker cannot examine anything."""
    outcome: Outcome | None = None
    detail: str = ""
    """How it failed, or the three parts of a DeskguardError, by line."""


class _Place:
    """This process's examiner and folder for one run."""

    def __init__(self, run: Run, folder: str) -> None:
        self._run = run
        self._within = folder
        self._examiner: Examines | None = None
        self.hang_s = 0.0
        """See the settings; known once the examiner is there."""
        # An examiner is not made for two at once, whatever threads a worker was given.
        self.lock = threading.Lock()
        self.folder: Path | None = None

    def examiner(self) -> Examines:
        """Loaded at the first call; raises DeskguardError when it cannot be."""
        if self._examiner is None:
            if self._run.version != __version__:
                raise DeskguardError(
                    f"This worker is deskguard {__version__}, and the run is of deskguard {self._run.version}.",
                    "install the same version on every computer.",
                    "version-differs",
                )
            _make_room(self)
            try:
                load, setup = pickle.loads(self._run.what)  # noqa: S301  whoever has the key may run anything
                self._examiner = load(setup)
                self.hang_s = setup.settings.scoring.hang_s
            except DeskguardError:
                raise
            except Exception as error:
                raise DeskguardError(
                    f"A worker cannot load what it examines with: {failure(error)}.",
                    "run deskguard doctor there.",
                    "worker-unusable",
                ) from error
        return self._examiner

    def unload(self) -> None:
        """Let go of the model, unless it is at work."""
        if self.lock.acquire(blocking=False):
            self._examiner = None
            self.lock.release()

    def path(self, name: str) -> Path:
        """Where a recording that is sent is put."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="deskguard-", dir=self._within))
        return self.folder / name


_places: dict[str, _Place] = {}


def _make_room(place: _Place) -> None:
    """One model in memory: a run whose main program was killed never says that it is over."""
    for other in list(_places.values()):
        if other is not place:
            other.unload()


def begin(run: Run, folder: str) -> None:
    """Get ready for a run; `folder` is the worker's own. Nothing is loaded yet."""
    _places[run.name] = _Place(run, folder)


def end(name: str) -> None:
    """Let go of everything of a run."""
    place = _places.pop(name, None)
    if place and place.folder:
        shutil.rmtree(place.folder, ignore_errors=True)


def receive(run: str, name: str, piece: bytes, *, is_first: bool) -> None:
    """Put one piece of a recording behind those before."""
    with _places[run].path(name).open("wb" if is_first else "ab") as file:
        file.write(piece)


def examine(run: str, job: Job, sent: str, *, checks: bool) -> Answer:
    """Examine a recording: the file that was sent under the name `sent`, or without one that of its path.

    With `checks` the file at its path must be the very same.
    """
    place = _places.get(run)
    if place is None:
        return Answer(kind="failed", detail="the worker was not told of the run")
    with place.lock:
        copy = place.path(sent) if sent else None
        try:
            if copy is None and checks and not _is_same(job):
                return Answer(kind="blind")
            return _answer(job, place, copy)
        finally:
            if copy is not None:
                with suppress(OSError):
                    copy.unlink()


def _answer(job: Job, place: _Place, copy: Path | None) -> Answer:
    try:
        examiner = place.examiner()
    except DeskguardError as error:
        return Answer(kind="unusable", detail=f"{error.problem}\n{error.remedy}\n{error.code}")
    here = job if copy is None else replace(job, recording=replace(job.recording, path=str(copy)))
    with watched(place.hang_s):
        outcome = attempt(here, examiner)
    if isinstance(outcome, str):
        return Answer(kind="failed", detail=outcome)
    return Answer(kind="outcome", outcome=outcome if copy is None else renamed(outcome, job))


def _is_same(job: Job) -> bool:
    """Whether the file at the job's path is the recording: by its size first, because that costs nothing."""
    path = Path(job.recording.path)
    try:
        if not path.is_file() or path.stat().st_size != job.size:
            return False
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_READ_BYTES):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest() == job.recording.sha256
