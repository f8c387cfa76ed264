"""Paths, folders and lists in, recordings to examine out; what is a recording no more than once is said so.

Files are listed at once and read later: their hash is taken one by one, while others are examined already.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol

from deskguard.errors import DeskguardError
from deskguard.night.jobs import Job
from deskguard.night.manifest import SUFFIXES, read_manifest
from deskguard.night.naming import plainly
from deskguard.scoring.values import NotAnalysed, Recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from deskguard.night.naming import Pattern

_ENDINGS = "wav wave flac mp3 m4a mp4 aac ogg oga opus amr awb 3gp wma webm mka aif aiff caf au"
SOUND = frozenset(f".{one}" for one in _ENDINGS.split())
"""Endings of files that are recordings when they lie in a folder; a file that is named is one in any case."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A recording that has not been opened yet."""

    path: Path
    name: str
    """As reports name it: as given, with forward slashes."""
    window_id: str
    clerk_id: str = ""
    day: date
    started_at: str = ""
    channels: str = ""
    size: int = 0
    modified_ns: int = 0


class Hashes(Protocol):
    """What is known of files that were read before."""

    def file_hash(self, path: str, size: int, modified_ns: int) -> str | None: ...

    def note_file(self, path: str, size: int, modified_ns: int, sha256: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which of the recordings are wanted."""

    windows: tuple[str, ...] = ()
    """Patterns; none: all."""
    since: date | None = None
    limit: int | None = None

    def of(self, listed: Iterable[Listed]) -> list[Listed]:
        """Those of them, in their order."""
        wanted = [one for one in listed if self.takes(one.window_id, one.day)]
        return wanted if self.limit is None else wanted[: self.limit]

    def takes(self, window_id: str, day: date) -> bool:
        """Whether a window and a day are wanted."""
        is_window = not self.windows or any(fnmatchcase(window_id, glob) for glob in self.windows)
        return is_window and (self.since is None or day >= self.since)


def listed(paths: Sequence[Path], pattern: Pattern) -> tuple[list[Listed], list[NotAnalysed]]:
    """Every recording once, in the order of their names, and what is missing; DeskguardError for bad paths."""
    found: dict[Path, Listed] = {}
    missing: list[NotAnalysed] = []
    for path in paths:
        if path.is_dir():
            several = [_of_file(one, one.relative_to(path), path, pattern) for one in _files(path)]
        elif not path.exists():
            raise DeskguardError(f"Recording {path} does not exist.", "check the path.", "file-missing")
        elif path.suffix.lower() in SUFFIXES:
            several, lost = _of_manifest(path, pattern)
            missing += lost
        else:
            parent = path.absolute().parent
            several = [_of_file(path, PurePath(path.name), parent, pattern)]
        for one in several:
            found.setdefault(one.path.absolute(), one)
    if not found and not missing:
        raise DeskguardError(
            f"There is no recording in {', '.join(str(one) for one in paths)}.",
            f"give files, or folders with files that end in {', '.join(sorted(SOUND)[:6])} and so on.",
            "no-recordings",
        )
    return sorted(found.values(), key=lambda one: one.name), missing


def jobs(wanted: Iterable[Listed], hashes: Hashes) -> Iterator[Job | NotAnalysed]:
    """Each recording with the hash of its content; not those unreadable or there twice."""
    known: dict[str, str] = {}
    for one in wanted:
        try:
            sha256 = _known_sha256(one, hashes)
        except OSError as error:
            yield left_out(one, "unreadable", error.strerror or str(error))
            continue
        if sha256 in known:
            yield left_out(one, "duplicate", known[sha256])
            continue
        known[sha256] = one.name
        recording = Recording(
            sha256=sha256,
            path=str(one.path.absolute()),
            window_id=one.window_id,
            clerk_id=one.clerk_id,
            day=one.day,
            started_at=one.started_at,
        )
        yield Job(recording=recording, channels=one.channels, size=one.size, modified_ns=one.modified_ns)


def left_out(one: Listed, reason: str, detail: str = "") -> NotAnalysed:
    """A recording that is not examined, and why."""
    return NotAnalysed(
        path=str(one.path.absolute()), reason=reason, detail=detail, window_id=one.window_id, day=one.day
    )


def _files(folder: Path) -> list[Path]:
    return sorted(
        one
        for one in folder.rglob("*")
        if one.suffix.lower() in SOUND
        and one.is_file()
        and not any(part.startswith(".") for part in one.relative_to(folder).parts)
    )


def _of_file(path: Path, relative: PurePath, folder: Path, pattern: Pattern) -> Listed:
    stat = path.stat()
    by_pattern = pattern.read(relative)
    plain = plainly(relative, folder.absolute().name)
    modified = datetime.fromtimestamp(stat.st_mtime).astimezone()
    day = by_pattern.day or plain.day or modified.date()
    begun = by_pattern.begun or plain.begun
    return Listed(
        path=path,
        name=path.as_posix(),
        window_id=by_pattern.window_id or plain.window_id or "window",
        clerk_id=by_pattern.clerk_id,
        day=day,
        started_at="" if begun is None else datetime.combine(day, begun).isoformat(timespec="seconds"),
        size=stat.st_size,
        modified_ns=stat.st_mtime_ns,
    )


def _of_manifest(path: Path, pattern: Pattern) -> tuple[list[Listed], list[NotAnalysed]]:
    found: list[Listed] = []
    missing: list[NotAnalysed] = []
    for entry in read_manifest(path):
        if not entry.path.is_file():
            lost = NotAnalysed(
                path=str(entry.path),
                reason="missing",
                detail=f"listed in {path}",
                window_id=entry.window_id,
                day=entry.day,
            )
            missing.append(lost)
            continue
        own = _of_file(entry.path, _below(entry.path, path.parent), path.parent, pattern)
        found.append(
            replace(
                own,
                window_id=entry.window_id or own.window_id,
                clerk_id=entry.clerk_id or own.clerk_id,
                day=entry.day or own.day,
                started_at=entry.started_at or ("" if entry.day else own.started_at),
                channels=entry.channels,
            )
        )
    return found, missing


def _below(path: Path, folder: Path) -> PurePath:
    try:
        return path.relative_to(folder)
    except ValueError:
        return PurePath(path.parent.name, path.name)


def _known_sha256(one: Listed, hashes: Hashes) -> str:
    """Read only where the file is new or has been written to."""
    place = str(one.path.absolute()), one.size, one.modified_ns
    known = hashes.file_hash(*place)
    if known is None:
        known = _sha256(one.path)
        hashes.note_file(*place, known)
    return known


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
