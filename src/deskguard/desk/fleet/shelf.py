"""What this desk has taken from its hub, in `fleet` of its data folder.

    fleet/state.json          number and hash of the rules and settings taken, and what was refused last
    fleet/rules/HASH/*.toml   the packs of the rules taken

state.json is replaced whole and names the folder, so a desk that is killed has either the old rules or the new.
A folder that does not hold what its hash says counts as not there: the release of the same number is taken
again. The numbers belong to one hub: with another hub's key everything begins anew.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from deskguard.wire.release import Held, file_bytes, files_sha256
from deskguard.wire.signing import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deskguard.wire.release import Kind, Release

FOLDER = "fleet"
STATE = "state.json"


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    serial: int = 0
    sha256: str = ""
    refused: int = 0
    reason: str = ""


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    v: int = Field(default=1, ge=1, le=1)
    key: str = ""
    rules: _Taken = _Taken()
    settings: _Taken = _Taken()
    values: dict[str, dict[str, Any]] = {}
    """The settings taken."""


class Shelf:
    """The folder of one desk; used by one thread at a time."""

    def __init__(self, data_folder: Path, public_key: str) -> None:
        self.folder = data_folder / FOLDER
        self._key = fingerprint(public_key)
        self._state = self._read()
        self._rules_home = self.rules_folder()

    def held(self, kind: Kind) -> Held:
        """What is had of a kind."""
        one = self._taken(kind)
        return Held(serial=one.serial, sha256=one.sha256, refused=one.refused, reason=one.reason)

    def has_whole(self, kind: Kind) -> bool:
        """Whether what was taken last is there to be used; false, too, where nothing was taken."""
        if kind == "settings":
            return bool(self._state.settings.sha256)
        return self.rules_folder() is not None

    def rules_folder(self) -> Path | None:
        """The folder of the rules taken, if it holds what it should."""
        sha256 = self._state.rules.sha256
        home = self.folder / "rules" / sha256
        return home if sha256 and _is_whole(home, sha256) else None

    def taken_rules(self) -> Path | None:
        """The same without looking at the disk: as it was at the start, or when rules were taken since."""
        return self._rules_home

    def try_taken(self, only: Sequence[str] = ()) -> None:
        """Load the rules taken, as the desk will; those that do not load are not used, and DeskguardError says
        why."""
        if self._rules_home is not None:
            try:
                load_packs([self._rules_home], only)
            except DeskguardError:
                self._rules_home = None
                raise

    def values(self) -> Mapping[str, Mapping[str, Any]]:
        """The settings taken, by table."""
        return self._state.values

    def put_rules(self, release: Release) -> Path:
        """Keep rules and make them those taken; raises DeskguardError (`unwritable`), and all is as before."""
        files = file_bytes(release)
        home = self.folder / "rules" / release.sha256
        # Those in force may just be read: they stay until the next ones are taken.
        kept = {release.sha256, self._state.rules.sha256}
        try:
            if not _is_whole(home, release.sha256):
                shutil.rmtree(home, ignore_errors=True)
                _write_folder(home, files)
            self._save("rules", _Taken(serial=release.serial, sha256=release.sha256))
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        self._rules_home = home
        for other in (self.folder / "rules").iterdir():
            if other.name not in kept:
                shutil.rmtree(other, ignore_errors=True)
        return home

    def put_settings(self, release: Release) -> None:
        """Keep settings and make them those taken; raises DeskguardError (`unwritable`)."""
        try:
            taken = _Taken(serial=release.serial, sha256=release.sha256)
            self._save("settings", taken, values=release.settings)
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def note_refused(self, kind: Kind, serial: int, reason: str) -> None:
        """Keep that a release was refused, so that the same one is not tried again; never raises."""
        one = self._taken(kind)
        try:
            self._save(kind, one.model_copy(update={"refused": serial, "reason": reason}))
        except OSError:
            # It is tried once more after the next start.
            self._state = self._state.model_copy(
                update={kind: one.model_copy(update={"refused": serial, "reason": reason})}
            )

    def _taken(self, kind: Kind) -> _Taken:
        return self._state.rules if kind == "rules" else self._state.settings

    def _save(self, kind: Kind, taken: _Taken, **more: Any) -> None:
        state = self._state.model_copy(update={"key": self._key, kind: taken, **more})
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.folder / f"{STATE}.{os.getpid()}.new"
        try:
            _write(fresh, state.model_dump_json().encode())
            fresh.replace(self.folder / STATE)
        finally:
            fresh.unlink(missing_ok=True)
        self._state = state

    def _read(self) -> _State:
        try:
            state = _State.model_validate_json((self.folder / STATE).read_bytes())
        except (OSError, ValidationError):
            return _State(key=self._key)
        return state if state.key == self._key else _State(key=self._key)


def _is_whole(home: Path, sha256: str) -> bool:
    try:
        return files_sha256({one.name: one.read_bytes() for one in home.glob("*.toml")}) == sha256
    except OSError:
        return False


def _write_folder(home: Path, files: Mapping[str, bytes]) -> None:
    """All of the files or no folder."""
    staging = home.with_name(f".{home.name}.{os.getpid()}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700, parents=True)
    try:
        for name, content in files.items():
            _write(staging / name, content)
        staging.replace(home)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _unwritable(folder: Path, error: OSError) -> DeskguardError:
    return DeskguardError(
        f"What the hub sent cannot be kept in {folder}: {error.strerror or error}.",
        "free some space, or give this user the right to write there.",
        "unwritable",
    )
