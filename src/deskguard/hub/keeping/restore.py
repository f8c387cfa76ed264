"""A backup to a working hall in an empty place: every row, every secret, and the audit log checked at the end.

Nothing is written over: the database must be new or empty. Rows go in within one transaction, files of the data
folder before it, so that what is there after a failure is an empty hall that can be restored into again.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.audit.verify import Head, verify
from deskguard.hub.feed.counting import count_anew
from deskguard.hub.keeping.backup import LEFT_OUT, manifest_of, table_names
from deskguard.hub.store import tables
from deskguard.hub.store.opening import HubStore
from deskguard.scoring import store_tables

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ROWS = 2000
_TELL = ("hub_accounts", "hub_audit", "hub_desks", "night_recordings", "night_runs")
"""Tables of which none has a row in a new hall; some others begin with one."""


def restore(file: Path, place: str, data: Path, password: str | None = None) -> tuple[dict[str, int], Head]:
    """Bring a backup into an empty database and data folder; gives each table's rows and the audit log's head.

    Raises DeskguardError for what is no whole backup, and for a place that is not empty.
    """
    try:
        with tarfile.open(file, "r:gz") as archive:
            return _restore(archive, file, (place, data, password))
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _broken(file, str(error)[:100] or "it breaks off") from None
    except OSError as error:
        raise DeskguardError(
            f"The backup {file} cannot be read, or {data} not written: {error.strerror or error}.",
            "check both places and their permissions.",
            "file-unreadable",
        ) from None


def _restore(
    archive: tarfile.TarFile, file: Path, where: tuple[str, Path, str | None]
) -> tuple[dict[str, int], Head]:
    place, data, password = where
    manifest = manifest_of(archive, file)
    _refuse_newer(manifest, file)
    _refuse_used(data)
    # The secrets first: with them the store opens, and the chain is checked with the key that made it.
    for entry in archive:
        if entry.name.startswith("data/"):
            _write_file(archive, entry, data)
    store = HubStore.open(place, data, password)
    try:
        with store.writing() as connection:
            _refuse_full(connection, store.place)
            known = table_names(connection)
            rows = {}
            for entry in archive.getmembers():
                name = PurePosixPath(entry.name).stem
                inside = archive.extractfile(entry)
                if entry.name.startswith("tables/") and name in known and inside is not None:
                    rows[name] = _put_rows(connection, name, inside)
            if {name: count for name, count in rows.items() if count} != _wanted(manifest):
                raise _broken(file, "it does not hold all the rows that it says it has")
            count_anew(connection)
            return rows, verify(connection)
    finally:
        store.close()


def _wanted(manifest: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in manifest["rows"].items() if count and name not in LEFT_OUT}


def _put_rows(connection: Connection, name: str, file: IO[bytes]) -> int:
    if name not in _TELL:
        # What a new hall begins with: the backup has it as it became.
        connection.execute(sa.text(f"DELETE FROM {name}"))
    count, batch = 0, []
    for line in file:
        batch.append(json.loads(line))
        if len(batch) == _ROWS:
            _insert(connection, name, batch)
            count, batch = count + len(batch), []
    if batch:
        _insert(connection, name, batch)
    return count + len(batch)


def _insert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    named = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        # All rows as one value: by themselves, each takes its way to the server and back.
        whole = f"json_populate_recordset(NULL::{name}, CAST(:rows AS json))"
        put = f"INSERT INTO {name} ({named}) SELECT {named} FROM {whole}"
        connection.execute(sa.text(put), {"rows": json.dumps(rows)})
    else:
        put = f"INSERT INTO {name} ({named}) VALUES (:{', :'.join(columns)})"
        connection.execute(sa.text(put), rows)


def _write_file(archive: tarfile.TarFile, entry: tarfile.TarInfo, data: Path) -> None:
    relative = PurePosixPath(entry.name).relative_to("data")
    inside = archive.extractfile(entry) if entry.isfile() else None
    if inside is None or ".." in relative.parts or relative.is_absolute():
        return
    path = data.joinpath(*relative.parts)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(inside.read())


def _refuse_newer(manifest: dict[str, Any], file: Path) -> None:
    known = {name for name, _ in (*tables.STEPS, *store_tables.STEPS)}
    if unknown := [one for one in (*manifest["steps"], *manifest["night_steps"]) if one not in known]:
        raise DeskguardError(
            f"{file} was written by a newer deskguard ({manifest['version']}): it has the step {unknown[-1]}.",
            "update deskguard and start again.",
            "backup-newer",
        )


def _refuse_used(data: Path) -> None:
    if data.is_dir() and any(data.iterdir()):
        raise DeskguardError(
            f"The data folder {data} is not empty, and a restore writes nothing over.",
            "name a new folder with --data.",
            "restore-not-empty",
        )


def _refuse_full(connection: Connection, place: str) -> None:
    for name in _TELL:
        if connection.execute(sa.text(f"SELECT 1 FROM {name} LIMIT 1")).first() is not None:
            raise DeskguardError(
                f"{place} holds a hall already, and a restore writes nothing over.",
                "name a new file or an empty database with --db.",
                "restore-not-empty",
            )


def _broken(file: Path, why: str) -> DeskguardError:
    return DeskguardError(f"The backup {file} is damaged: {why}.", "take another one.", "backup-damaged")
