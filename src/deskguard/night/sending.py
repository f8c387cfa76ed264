"""A recording's file in pieces, for a worker that does not see it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.night.jobs import Job

PIECE_BYTES = 4 << 20


class FileChangedError(Exception):
    """It is not the file any more that was listed."""


def pieces(job: Job, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    """All of it; raises OSError, and FileChangedError at the end when it is another one by now."""
    digest = hashlib.sha256()
    with Path(job.recording.path).open("rb") as file:
        while piece := file.read(piece_bytes):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != job.recording.sha256:
        raise FileChangedError


def sent_name(number: int, turn: int, path: str) -> str:
    """What it is called beside the worker: the ending may tell a decoder what it is."""
    suffix = Path(path).suffix
    return f"{number}-{turn}{suffix if suffix.isascii() and len(suffix) <= 8 else ''}"
