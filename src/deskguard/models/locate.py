"""A model's name or path in, a folder that can be loaded out; and `verify`, which reads every byte."""

from __future__ import annotations

import difflib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.models.catalogue import Catalogue, Model, english_only, load_catalogue
from deskguard.models.folder import (
    FileCheck,
    check_custom,
    check_file,
    check_sizes,
    check_whisper,
    edition_of,
    missing_files,
)
from deskguard.models.progress import meter

if TYPE_CHECKING:
    from deskguard.models.progress import Progress


def locate(name_or_path: str, folder: Path, catalogue: Catalogue | None = None) -> Path:
    """The folder of a model that is complete and, as far as sizes tell, undamaged.

    A name means `folder`/name; anything with a separator is a path. Raises DeskguardError for a model that is
    missing, incomplete, damaged, English-only, or no Whisper model at all.
    """
    catalogue = catalogue or load_catalogue()
    if is_path(name_or_path):
        return _locate_path(Path(name_or_path).expanduser())
    model = catalogue.find(name_or_path)
    if model is None:
        return _locate_imported(name_or_path, folder, catalogue)
    if model.kind != "whisper":
        raise DeskguardError(
            f'Model "{model.name}" does not recognise speech.',
            f"name one of {', '.join(catalogue.names())}.",
            "wrong-model-kind",
        )
    path = folder / model.name
    if not path.is_dir():
        raise DeskguardError(
            f'Model "{model.name}" is not in {folder}.',
            f"run deskguard models get {model.name}, or deskguard models import PATH from a USB stick.",
            "model-missing",
        )
    check_sizes(model, path)
    check_whisper(path)
    return path


def is_path(name_or_path: str) -> bool:
    """Whether the setting names a folder and not a model: it has a separator or starts with a dot or tilde."""
    return "/" in name_or_path or "\\" in name_or_path or name_or_path.startswith((".", "~"))


def installed(folder: Path) -> list[str]:
    """The names under which complete Whisper models lie in `folder`."""
    if not folder.is_dir():
        return []
    found = (one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    return sorted(one.name for one in found if not missing_files(one))


def verify(
    name: str | None,
    folder: Path,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
) -> list[FileCheck]:
    """Hash every file of a model, with None of all that are here; raises DeskguardError for a missing one."""
    catalogue = catalogue or load_catalogue()
    if name is not None:
        return _verify_one(name, folder, catalogue, progress)
    names = [*installed(folder), *catalogue.names("vad")]
    return [check for one in names for check in _verify_one(one, folder, catalogue, progress)]


def verify_model(model: Model, path: Path, progress: Progress | None = None) -> list[FileCheck]:
    """Hash every file of the edition of a known model that `path` holds."""
    edition = edition_of(model, path)
    advance = meter(f"checking {model.name}", edition.size, progress)
    return [check_file(model.name, path, entry, advance) for entry in edition.files]


def package_folder(package: str) -> Path | None:
    """A folder inside an installed Python package, found without importing it."""
    top, _, rest = package.partition("/")
    spec = find_spec(top)
    return Path(spec.origin).parent / rest if spec is not None and spec.origin else None


def _locate_path(path: Path) -> Path:
    """A folder given by its path: any CTranslate2 Whisper model will do."""
    if not path.is_dir():
        raise DeskguardError(
            f"Model folder {path} {'is a file' if path.exists() else 'does not exist'}.",
            'give the path of a CTranslate2 Whisper folder, or a name such as "base".',
            "model-missing",
        )
    check_whisper(path)
    return path


def _locate_imported(name: str, folder: Path, catalogue: Catalogue) -> Path:
    """A model that was imported under a name of its own."""
    if (folder / name).is_dir() and not name.startswith("."):
        check_whisper(folder / name)
        return folder / name
    if name.endswith(".en"):
        raise english_only(f'Model "{name}"')
    known = sorted({*catalogue.names(), *installed(folder)})
    close = difflib.get_close_matches(name, known, n=1)
    raise DeskguardError(
        f'Model "{name}" is neither in the catalogue nor in {folder}; known are {", ".join(known)}.',
        f'did you mean "{close[0]}"?' if close else "name one of these, or the path of a CTranslate2 folder.",
        "unknown-model",
    )


def _verify_one(name: str, folder: Path, catalogue: Catalogue, progress: Progress | None) -> list[FileCheck]:
    model = catalogue.find(name)
    if model is None:
        path = locate(name, folder, catalogue)
        size = sum(one.stat().st_size for one in path.iterdir() if one.is_file())
        return check_custom(name, path, meter(f"checking {name}", size, progress))
    path = _home(model, folder)
    if not path.is_dir():
        raise DeskguardError(
            f'Model "{name}" is not in {folder}.', f"run deskguard models get {name}.", "model-missing"
        )
    return verify_model(model, path, progress)


def _home(model: Model, folder: Path) -> Path:
    """Where a known model lies: in the models folder, or inside the package it comes with."""
    package = model.editions[0].package
    if not package:
        return folder / model.name
    found = package_folder(package)
    if found is None:
        raise DeskguardError(
            f'Model "{model.name}" comes with the package {package.partition("/")[0]}, which is not installed.',
            "install deskguard again.",
            "package-missing",
        )
    return found
