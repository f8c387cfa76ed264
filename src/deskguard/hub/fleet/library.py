"""Versions of the rules: made of files, a spreadsheet or an edited table, loaded, and compared.

A version that does not load is never kept: whoever makes it is told every mistake instead.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard import __version__
from deskguard.errors import DeskguardError
from deskguard.hub.fleet import rows
from deskguard.hub.fleet.rows import Version
from deskguard.resources import bundled
from deskguard.wire.release import files_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection

    from deskguard.authoring.packfiles import Packs
    from deskguard.rules.ruleset import RuleSet

_KEPT_LOADED = 6
"""Rule sets in memory: the one looked at, the one in force, and a few more."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from."""

    author: str
    note: str
    made_utc: str
    parent: str = ""


@contextmanager
def on_disk(files: Mapping[str, bytes]) -> Iterator[Path]:
    """The files in a folder of their own, for what wants paths; messages name the files without the folder."""
    folder = Path(tempfile.mkdtemp(prefix="deskguard-"))
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        yield folder
    except DeskguardError as error:
        problem = error.problem.replace(f"{folder}/", "").replace(f" {folder}", "")
        raise DeskguardError(problem, error.remedy, error.code) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(connection: Connection, files: Mapping[str, bytes], origin: Origin) -> Version:
    """Keep a version, if its packs load; the one that is there when the same files were kept before."""
    rules = loaded(files)
    made = Version(
        version=files_sha256(files),
        rules_sha256=rules.sha256,
        rules=len(rules.rules),
        packs=tuple(one.pack_id for one in rules.packs),
        parent=origin.parent,
        author=origin.author,
        note=origin.note,
        made_utc=origin.made_utc,
    )
    if rows.keep_version(connection, made, files):
        return made
    return rows.version(connection, made.version) or made


def keep_bundled(connection: Connection, made_utc: str) -> Version:
    """The rules that come with this deskguard, as a version to begin with."""
    files = {path.name: path.read_bytes() for path in sorted(bundled("config/standards").glob("*.toml"))}
    known = rows.version(connection, files_sha256(files))
    return known or keep(connection, files, Origin(f"deskguard {__version__}", "", made_utc))


def files_of(connection: Connection, version: str) -> dict[str, bytes]:
    """The packs of a version; raises DeskguardError (`unknown-version`)."""
    found = rows.files(connection, version)
    if found is None:
        raise unknown(version)
    return found


def unknown(version: str) -> DeskguardError:
    """There is no such version."""
    return DeskguardError(
        f"There is no version {version[:64]} of the rules.", "choose one of the list.", "unknown-version"
    )


def loaded(files: Mapping[str, bytes]) -> RuleSet:
    """The rules of files; raises DeskguardError with every mistake. Those asked for last stay in memory."""
    return _loaded(tuple(sorted(files.items())))


def packs_of(files: Mapping[str, bytes]) -> Packs:
    """The rules with their files entry by entry."""
    return _packs_of(tuple(sorted(files.items())))


@lru_cache(maxsize=_KEPT_LOADED)
def _packs_of(files: tuple[tuple[str, bytes], ...]) -> Packs:
    from deskguard.authoring import packfiles

    with on_disk(dict(files)) as folder:
        return packfiles.load([folder])


@lru_cache(maxsize=_KEPT_LOADED)
def _loaded(files: tuple[tuple[str, bytes], ...]) -> RuleSet:
    from deskguard.rules.pack import load_packs
    from deskguard.spotting.finding.spot import Spotter
    from deskguard.spotting.meaning.judge import Meaning

    with on_disk(dict(files)) as folder:
        rules = load_packs([folder])
    # Whatever only the engine could find wrong would be found here.
    Spotter(rules)
    Meaning(rules)
    return rules
