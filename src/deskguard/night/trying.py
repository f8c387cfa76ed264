"""One recording examined, whatever comes: an outcome, or in a few words why there is none."""

from __future__ import annotations

import os
import socket
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deskguard.errors import DeskguardError
from deskguard.night.jobs import Outcome
from deskguard.scoring.values import NotAnalysed

if TYPE_CHECKING:
    from deskguard.night.jobs import Job

GAVE_UP = "gave-up"
CHANGED = "changed"
OUT_OF_REACH = "out-of-reach"
UNREADABLE = "unreadable"
"""Why workers have no examination of a recording: it failed too often, its file is not what it was when it was
listed, no worker sees it and it is too large to send, it cannot be read to be sent."""


class Examines(Protocol):
    """Whoever can examine a recording; that one cannot be examined is an outcome as well."""

    def examine(self, job: Job) -> Outcome:
        """Everything about it."""


def attempt(job: Job, examiner: Examines) -> Outcome | str:
    """The outcome with the name of this process in it, or how the examination failed."""
    try:
        outcome = examiner.examine(job)
    except Exception as error:
        return failure(error)
    return outcome if outcome.worker else replace(outcome, worker=this_process())


def this_process() -> str:
    """Host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def failure(error: Exception) -> str:
    """What went wrong, and where; never the error's own text, in which there may be words that were said."""
    if isinstance(error, DeskguardError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def without(job: Job, reason: str, detail: str, worker: str = "") -> Outcome:
    """The outcome of a recording that could not be examined."""
    recording = job.recording
    why = NotAnalysed(
        path=recording.path, reason=reason, detail=detail, window_id=recording.window_id, day=recording.day
    )
    return Outcome(job=job, not_analysed=(why,), worker=worker)


def renamed(outcome: Outcome, job: Job) -> Outcome:
    """The outcome of a copy, as of the recording itself: with its path in every place."""
    path = job.recording.path
    examined = outcome.examined
    if examined is not None:
        examination = examined.examination
        examined = replace(
            examined,
            examination=replace(examination, recording=replace(examination.recording, path=path)),
            findings=tuple(
                replace(one, recording=replace(one.recording, path=path)) for one in examined.findings
            ),
        )
    left_out = tuple(replace(one, path=path) for one in outcome.not_analysed)
    return replace(outcome, job=job, examined=examined, not_analysed=left_out)
