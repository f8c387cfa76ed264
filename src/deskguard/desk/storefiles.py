"""A folder to an open, locked, up-to-date SQLite file; every way that can fail becomes a DeskguardError.

The lock is the operating system's, on a file of its own: it dies with the process that holds it, also at
kill -9. Who holds it is written beside it, for the message only, and is never trusted.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deskguard.desk import migrations
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import BaseFileLock

BUSY_TIMEOUT_MS = 2000
LOCK_NAME = "desk.lock"
OWNER_NAME = "desk.owner.json"
# Below this an input/output error is most likely a full disk: SQLite reports some of those as such.
NEARLY_FULL_BYTES = 256 * 1024


class DeskLock:
    """The right to write one desk's store."""

    def __init__(self, lock: BaseFileLock, owner: Path) -> None:
        self._lock = lock
        self._owner = owner

    def name_owner(self, window_id: str) -> None:
        """Write down who holds the desk; a help for messages, so a failure to write is no failure."""
        try:
            self._owner.write_text(json.dumps({"pid": os.getpid(), "window": window_id}), encoding="utf-8")
        except OSError:
            return

    def release(self) -> None:
        """Give the desk free."""
        self._lock.release()


def take(folder: Path, window_id: str) -> DeskLock:
    """Make the folder and lock it; raises DeskguardError when that cannot be or another process has it."""
    from filelock import FileLock, Timeout

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        # Not per thread: the store is opened in one and closed in another.
        lock = FileLock(folder / LOCK_NAME, timeout=0, thread_local=False)
        lock.acquire()
    except Timeout:
        raise DeskguardError(
            f"The desk's data folder {folder} is in use by another deskguard ({_owner(folder)}).",
            "stop that one, or give this one its own [store] folder.",
            "desk-in-use",
        ) from None
    except OSError as error:
        raise _folder_error(folder, error) from None
    desk_lock = DeskLock(lock, folder / OWNER_NAME)
    desk_lock.name_owner(window_id)
    return desk_lock


def connect(path: Path) -> sqlite3.Connection:
    """Open a store for writing and bring its tables up to date; raises DeskguardError."""
    with explained(path):
        _keep_private(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a store for reading only; raises DeskguardError when it is missing or of another version."""
    if not path.is_file():
        raise DeskguardError(
            f"There is no store at {path}.",
            "run deskguard listen once, or mend [store] folder.",
            "store-missing",
        )
    with explained(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            _refuse_newer(connection, path)
            if len(migrations.applied(connection)) < len(migrations.MIGRATIONS):
                raise DeskguardError(
                    f"Store {path} is of an older version.", "run deskguard listen once.", "store-older"
                )
        except BaseException:
            connection.close()
            raise
    return connection


def _keep_private(path: Path) -> None:
    """Make the store the user's alone, also in a folder others may enter; SQLite's side files follow it."""
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
    except OSError:
        # Somebody else's file, or a read-only disk: opening it will say so.
        return


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """The pragmas of a writer, then the missing migrations."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _refuse_newer(connection, path)
    # Only before the first table does this take effect; it lets retention shrink the file.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    # With a write-ahead log NORMAL loses nothing when the program dies, only when the power does.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    # Sorting stays in memory: a full disk must not break reading.
    connection.execute("PRAGMA temp_store = MEMORY")
    migrations.migrate(connection)


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    unknown = migrations.unknown_steps(connection)
    if unknown:
        raise DeskguardError(
            f"Store {path} was written by a newer deskguard: it has the step {unknown[-1]}, this program knows "
            f"up to {migrations.MIGRATIONS[-1][0]}.",
            "update deskguard, or move the file away to start an empty store.",
            "store-newer",
        )


def failure_code(error: sqlite3.Error, folder: Path) -> str | None:
    """What around us made SQLite fail, as a word for the health line; None when it was our own mistake."""
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return "disk-full"
    if primary in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return "disk-full" if _free_bytes(folder) < NEARLY_FULL_BYTES else "disk-error"
    return {
        sqlite3.SQLITE_BUSY: "store-locked",
        sqlite3.SQLITE_LOCKED: "store-locked",
        sqlite3.SQLITE_READONLY: "store-read-only",
        sqlite3.SQLITE_PERM: "store-read-only",
        sqlite3.SQLITE_CORRUPT: "store-damaged",
        sqlite3.SQLITE_NOTADB: "not-a-store",
        sqlite3.SQLITE_PROTOCOL: "store-locked",
        sqlite3.SQLITE_NOMEM: "memory-full",
    }.get(primary)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's failures to open or read `path` into a DeskguardError; our own mistakes pass unchanged."""
    try:
        yield
    except sqlite3.Error as error:
        code = failure_code(error, path.parent)
        if code is None:
            raise
        problem, remedy = _EXPLANATIONS.get(code, ("cannot be read or written", "check the disk"))
        raise DeskguardError(f"Store {path} {problem} ({error}).", f"{remedy}.", code) from None


_EXPLANATIONS = {
    "disk-full": (
        "cannot be written: the disk is full",
        "free some space, or move [store] folder to another disk",
    ),
    "disk-error": (
        "cannot be opened or written",
        "check the disk, and that the path is a file in a writable folder",
    ),
    "store-locked": (
        "is locked by another program",
        "close what has it open (a database viewer, a backup) and start again",
    ),
    "store-read-only": (
        "may not be written",
        "give this user the right to write the file and its folder, or change [store] folder",
    ),
    "store-damaged": (
        "is damaged",
        "move the file away (keep it for repair) and start again with an empty store",
    ),
    "not-a-store": ("is not a SQLite file", "move the file away, or change [store] folder, and start again"),
}


def _folder_error(folder: Path, error: OSError) -> DeskguardError:
    """Why a data folder cannot be used."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DeskguardError(
            f"Data folder {folder} cannot be written: the disk is full.",
            "free some space, or move [store] folder to another disk.",
            "disk-full",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DeskguardError(
            f"Data folder {folder} cannot be written: {error.strerror}.",
            "give this user the right to write there, or name another [store] folder.",
            "folder-read-only",
        )
    return DeskguardError(
        f"Data folder {folder} cannot be used: {error.strerror or error}.",
        "name a folder that exists or can be made in [store] folder.",
        "folder-unusable",
    )


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _owner(folder: Path) -> str:
    """Who holds the desk, as far as is known."""
    try:
        owner = json.loads((folder / OWNER_NAME).read_text(encoding="utf-8"))
        pid, window = int(owner["pid"]), str(owner["window"])
    except (OSError, ValueError, KeyError, TypeError):
        return "process unknown"
    return f'process {pid}, window "{window}"' if window else f"process {pid}"
