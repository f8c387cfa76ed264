"""One server at a time on a SQLite file; a second one is told to take PostgreSQL.

Commands such as `hub enrol` write beside a server safely: the file's own lock has them take turns. Servers of
one hall must also hear of each other's news at once, and on one disk nothing is won by a second one. The lock
is the operating system's, on a file of its own: it dies with the process that holds it, also at kill -9.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.hub.store.opening import HubStore

_SUFFIX = ".server.lock"


@contextmanager
def only_server(store: HubStore) -> Iterator[None]:
    """Be the only server of a store that is a file; raises DeskguardError (`hub-in-use`) where there is one."""
    if store.dialect != "sqlite":
        yield
        return
    from filelock import FileLock, Timeout

    file = Path(store.place).resolve()
    lock = FileLock(file.with_name(f"{file.name}{_SUFFIX}"), timeout=0, thread_local=False, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise DeskguardError(
            f"Another server of the hall is at work on {file}.",
            "stop that one first; several at once need PostgreSQL: --db postgresql://user@host/database.",
            "hub-in-use",
        ) from None
    except OSError as error:
        raise DeskguardError(
            f"The folder of {file} cannot be written: {error.strerror or error}.",
            "give this user the right to write there, or name another place with --db.",
            "hub-data-unusable",
        ) from None
    try:
        yield
    finally:
        lock.release()
