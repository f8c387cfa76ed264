"""Text and bytes to files that are either whole or as they were: written beside, flushed, then renamed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; what is written there takes its place when the block ends well.

    Raises DeskguardError (code "unwritable") for whatever keeps the file from being written; `path` is then as
    it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise DeskguardError(
            f"{path} cannot be written: {error.strerror or error}.",
            "free some space, check who may write there, and close it where it is open.",
            "unwritable",
        ) from None


def write_text(path: Path, pieces: Iterable[str], *, mark: bool = False) -> None:
    """Write text as UTF-8, with a byte order mark if asked: without one, Excel takes it for something else."""
    # Names of files that are no text travel as escapes.
    with (
        replaced(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        if mark:
            file.write("\ufeff")
        file.writelines(pieces)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file over `path`, or leave it as it was."""
    with replaced(path) as temporary:
        temporary.write_bytes(content)
