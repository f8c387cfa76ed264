"""Bytes to files that are either whole or as they were: written beside, flushed, then renamed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deskguard.authoring.words import complaint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.authoring.words import Words


@contextmanager
def replaced(path: Path, words: Words) -> Iterator[Path]:
    """A temporary path beside `path`; what is written there takes its place when the block ends well.

    Raises DeskguardError (code "unwritable") for whatever keeps the file from being written; `path` is then as
    it was.
    """
    # No .toml at the end: a desk that watches the folder must not read it.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            flush(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise complaint(words, "unwritable", "unwritable", path=path, why=error.strerror or error) from None


def write(path: Path, content: bytes, words: Words) -> None:
    """Write a whole file over `path`, or leave it as it was."""
    with replaced(path, words) as temporary:
        temporary.write_bytes(content)


def flush(path: Path) -> None:
    """Wait until the file's content is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
