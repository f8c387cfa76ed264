"""One night at a time in a folder: the right to write its reports.

The lock is the operating system's, on a file of its own: it dies with the process that holds it, also at
kill -9, so there is nothing to clear away. Who holds it is written beside it, for the message only, and is
never trusted.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_NAME = ".night.lock"
OWNER_NAME = ".night.owner.json"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold a folder, made if need be; raises DeskguardError when another run has it, or nobody can."""
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError as error:
        raise DeskguardError(
            f"The night needs a package that is not installed: {error.name}.",
            'install the night extra: pip install "deskguard[night]"',
            "night-extra-missing",
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK_NAME, timeout=0, thread_local=False)
        lock.acquire()
    except Timeout:
        raise DeskguardError(
            f"Another night is at work in {folder} ({_owner(folder)}).",
            "wait until it is done, or give this one a folder of its own with --out.",
            "night-in-use",
        ) from None
    except OSError as error:
        raise DeskguardError(
            f"The folder {folder} cannot be used: {error.strerror or error}.",
            "give a folder that you may write to with --out.",
            "folder-unusable",
        ) from None
    try:
        _name_owner(folder)
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER_NAME).unlink(missing_ok=True)
        lock.release()


def _name_owner(folder: Path) -> None:
    """A help for messages, so that a failure to write is no failure."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):
        (folder / OWNER_NAME).write_text(json.dumps(told), encoding="utf-8")


def _owner(folder: Path) -> str:
    """Who holds it and since when, as far as is known."""
    try:
        told = json.loads((folder / OWNER_NAME).read_text(encoding="utf-8"))
        pid, host = int(told["pid"]), str(told["host"])
        since = datetime.fromisoformat(told["since"]).astimezone()
    except (OSError, ValueError, KeyError, TypeError):
        return "process unknown"
    return f"process {pid} on {host}, since {since:%Y-%m-%d %H:%M}"
