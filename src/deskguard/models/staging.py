"""Files on their way in: written beside their place, checked there, and moved into it in one step.

A folder of weights is either whole or absent. What a killed run left behind is removed by the next one.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.models.folder import READ_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.models.progress import Advance

PREFIX = ".incoming-"
# Room for the file system's own bookkeeping.
SPARE_BYTES = 8_000_000
# What reading a pulled stick, a cut archive or a bad sector raises.
UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error)


@contextmanager
def staging(folder: Path, need_bytes: int) -> Iterator[Path]:
    """An empty folder beside the models, gone again when the block ends; raises DeskguardError without room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        free = shutil.disk_usage(folder).free
        if free < need_bytes + SPARE_BYTES:
            raise DeskguardError(
                f"Models folder {folder} has {free / 1e6:.0f} MB free, "
                f"{(need_bytes + SPARE_BYTES) / 1e6:.0f} MB are needed.",
                "free some space, or name another folder in [model] folder.",
                "disk-full",
            )
        room = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder))
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        yield room
    except OSError as error:
        raise cannot_write(folder, error) from None
    finally:
        shutil.rmtree(room, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what runs that were killed left behind; those still at work keep theirs."""
    for one in folder.glob(f"{PREFIX}*"):
        pid = one.name.removeprefix(PREFIX).partition("-")[0]
        if not (pid.isdigit() and _is_at_work(int(pid), one)):
            shutil.rmtree(one, ignore_errors=True)


def settle(ready: Path, target: Path) -> None:
    """Put a finished folder in its place, and what was there before out of it."""
    if target.exists():
        target.rename(ready.parent / f"{ready.name}-before")
    ready.rename(target)


def pour(source: IO[bytes], target: IO[bytes], limit: int, what: str, advance: Advance | None = None) -> int:
    """Copy a stream; returns the bytes copied, one more than `limit` when there would be more.

    Raises DeskguardError when `what` cannot be read to its end.
    """
    copied = 0
    while copied <= limit:
        try:
            block = source.read(min(READ_BYTES, limit + 1 - copied))
        except UNREADABLE as error:
            raise unreadable(what, error) from None
        if not block:
            break
        target.write(block)
        copied += len(block)
        if advance is not None:
            advance(len(block))
    return copied


def unreadable(what: str, error: Exception) -> DeskguardError:
    """Why a source of weights cannot be read."""
    return DeskguardError(
        f"{what} cannot be read to its end: {error}.",
        "plug the stick in again, or copy the file again from where it came.",
        "model-source-unreadable",
    )


def cannot_write(folder: Path, error: OSError) -> DeskguardError:
    """Why the models folder cannot be filled."""
    return DeskguardError(
        f"Models folder {folder} cannot be written: {error.strerror or error}.",
        "check its permissions and the space left, or name another in [model] folder.",
        "models-folder-unusable",
    )


def _is_at_work(pid: int, room: Path) -> bool:
    """Whether the process that made a room still runs; its number can have passed to a later one."""
    import psutil

    if pid == os.getpid():
        return False
    try:
        # A second of slack: file times and process times are rounded differently.
        return psutil.Process(pid).create_time() <= room.stat().st_mtime + 1.0
    except (psutil.Error, OSError):
        return False
