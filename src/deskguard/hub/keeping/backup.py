"""The whole hall to one file, from one moment of the database, while it goes on working.

A gzipped tar: `manifest.json` first, then each table as lines of JSON, then the files of the data folder but
for the database itself. It holds every secret of the hall and is readable by its user alone. Left out are
sessions, because people log in again, and sums, because they are made anew. The same file goes back into SQLite
and PostgreSQL alike.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard import __version__
from deskguard.errors import DeskguardError
from deskguard.hub.store import tables
from deskguard.hub.store.times import utc_text
from deskguard.scoring import store_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.store.opening import HubStore

FORMAT = 1
LEFT_OUT = frozenset(
    {
        "hub_migrations",
        "night_migrations",
        "hub_sessions",
        "hub_presence",
        "hub_sums",
        "hub_sheets",
        "hub_counts",
    }
)
"""The last is of older backups."""
_ROWS = 2000


def write(store: HubStore, data: Path, file: Path, at: datetime) -> dict[str, int]:
    """Write the backup, whole or not at all; gives the rows of each table. Raises DeskguardError."""
    try:
        with tempfile.TemporaryDirectory(prefix=".deskguard-backup-", dir=file.parent) as scratch:
            half = Path(scratch) / "half"
            half.touch(mode=0o600)
            with store.reading() as connection, tarfile.open(half, "w:gz") as archive:
                rows = _write_tables(connection, archive, Path(scratch), at)
                for path in _files(data):
                    archive.add(path, f"data/{path.relative_to(data).as_posix()}", recursive=False)
            half.replace(file)
    except OSError as error:
        raise DeskguardError(
            f"The backup {file} cannot be written: {error.strerror or error}.",
            "name a file in a folder with enough space that this user may write to.",
            "backup-unwritable",
        ) from None
    return rows


def table_names(connection: Connection) -> list[str]:
    """The tables of hall and night, those that others refer to first."""
    found = sa.inspect(connection).get_sorted_table_and_fkc_names()
    named = [str(name) for name, _ in found if name is not None]
    return [name for name in named if name.startswith(("hub_", "night_")) and name not in LEFT_OUT]


def _write_tables(
    connection: Connection, archive: tarfile.TarFile, scratch: Path, at: datetime
) -> dict[str, int]:
    counts: dict[str, int] = {}
    parts: list[tuple[str, Path]] = []
    for name in table_names(connection):
        path = scratch / name
        with path.open("w", encoding="utf-8") as file:
            counts[name] = _write_rows(connection, name, file)
        parts.append((name, path))
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "at_utc": utc_text(at),
        "steps": tables.applied(connection),
        "night_steps": store_tables.applied(connection),
        "rows": counts,
    }
    _add(archive, "manifest.json", json.dumps(manifest, indent=1).encode())
    for name, path in parts:
        archive.add(path, f"tables/{name}.jsonl")
        path.unlink()
    return counts


def _write_rows(connection: Connection, name: str, file: IO[str]) -> int:
    rows = connection.execution_options(yield_per=_ROWS).execute(sa.text(f"SELECT * FROM {name}"))
    count = 0
    for row in rows:
        file.write(json.dumps(dict(row._mapping), ensure_ascii=False) + "\n")
        count += 1
    return count


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _files(data: Path) -> Iterator[Path]:
    """The files of the data folder that are not the database's own."""
    for folder, _, names in os.walk(data):
        for name in sorted(names):
            path = Path(folder) / name
            if ".sqlite3" not in name and not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def manifest_of(archive: tarfile.TarFile, file: Path) -> dict[str, Any]:
    """The manifest of a backup; raises DeskguardError for a file that is none."""
    try:
        entry = archive.next()
        inside = None if entry is None or entry.name != "manifest.json" else archive.extractfile(entry)
        found = json.loads(inside.read()) if inside is not None else None
    except (tarfile.TarError, ValueError, OSError, EOFError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DeskguardError(
            f"{file} is no backup of a hall.", "name a file that deskguard hub backup wrote.", "not-a-backup"
        )
    return found
