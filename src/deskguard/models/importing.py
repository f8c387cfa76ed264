"""A folder, stick, archive or pair of carrier wheels in, a verified model in the models folder out; no network.

A model of the catalogue is recognised by its hashes and held to them. Any other multilingual CTranslate2
Whisper model is accepted under a name of its own, with a note that nothing vouches for it. The source is only
read.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.models import fetch
from deskguard.models.catalogue import Catalogue, Edition, Model, load_catalogue
from deskguard.models.folder import KNOWN_FILES, check_whisper, hash_file, refuse_wrong
from deskguard.models.locate import verify_model
from deskguard.models.progress import meter
from deskguard.models.staging import UNREADABLE, pour, settle, staging, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deskguard.models.progress import Progress

# How deep below a stick's root a model folder may lie.
MAX_DEPTH = 3
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What `import_model` did."""

    name: str
    path: Path
    is_known: bool
    """Whether the hashes are those of the catalogue."""
    already_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Files of one model, wherever they are."""

    title: str
    """The folder's name, a guess at the model's."""
    sizes: dict[str, int]
    open: Callable[[str], IO[bytes]]


def import_model(
    path: Path,
    folder: Path,
    name: str | None = None,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
) -> Imported:
    """Copy a model from `path` into `folder`, checked; raises DeskguardError and leaves all as it was.

    `name` chooses among several, demands a model of the catalogue, or names one that is not in it.
    """
    path = path.expanduser()
    catalogue = catalogue or load_catalogue()
    if name is not None and not NAME.fullmatch(name):
        raise DeskguardError(
            f'"{name}" is not a name for a model.', "use letters, digits, dots and dashes.", "bad-model-name"
        )
    if not path.exists():
        raise DeskguardError(f"{path} does not exist.", "give the folder or file to import.", "file-missing")
    try:
        carried = _carried(path, name, catalogue) if path.is_dir() else None
        if carried is not None:
            return _import_carried(*carried, folder, progress)
        with ExitStack() as stack:
            source = _in_folder(path, name) if path.is_dir() else _in_archive(path, name, stack)
            return _import_source(source, folder, (name, catalogue), progress)
    except UNREADABLE as error:
        raise unreadable(str(path), error) from None


def _import_source(
    source: _Source, folder: Path, wanted: tuple[str | None, Catalogue], progress: Progress | None
) -> Imported:
    name, catalogue = wanted
    with staging(folder, sum(source.sizes.values())) as room:
        ready = room / "model"
        ready.mkdir()
        advance = meter("copying", sum(source.sizes.values()), progress)
        for file, size in source.sizes.items():
            with _opened(source, file) as incoming, (ready / file).open("wb") as out:
                pour(incoming, out, size, f"{source.title}: {file}", advance)
        known = catalogue.find(name) if name is not None else _recognise(catalogue, ready)
        title = name or (known.name if known is not None else source.title)
        if known is None and catalogue.find(title) is not None:
            # It calls itself after a model of the catalogue: it is that, or it is refused.
            known = catalogue.find(title)
        if known is not None:
            refuse_wrong(verify_model(known, ready, progress), f'"{known.name}" from {source.title}')
            keep = {one.name for edition in known.editions for one in edition.files}
            for extra in set(source.sizes) - keep:
                (ready / extra).unlink()
        return _accept(ready, folder, title, known is not None)


def _opened(source: _Source, file: str) -> IO[bytes]:
    """A file of the source; what cannot be opened there is not to be taken for a fault of our own folder."""
    try:
        return source.open(file)
    except UNREADABLE as error:
        raise unreadable(f"{source.title}: {file}", error) from None


def _accept(ready: Path, folder: Path, title: str, is_known: bool) -> Imported:
    """Move a copied model into its place."""
    check_whisper(ready)
    if title.endswith(".en") or not NAME.fullmatch(title):
        raise DeskguardError(
            f'"{title}" cannot be the name of a model.', "give one with --name.", "bad-model-name"
        )
    target = folder / title
    if target.exists():
        if _same(ready, target):
            return Imported(name=title, path=target, is_known=is_known, already_here=True)
        if not is_known:
            raise DeskguardError(
                f'There is another model named "{title}" in {folder}.',
                "give this one another name with --name, or delete that folder.",
                "model-name-taken",
            )
    settle(ready, target)
    return Imported(name=title, path=target, is_known=is_known)


def _recognise(catalogue: Catalogue, ready: Path) -> Model | None:
    """The model of the catalogue whose weights these are, by size and then hash."""
    size = (ready / "model.bin").stat().st_size
    for model in catalogue.models:
        for edition in model.editions:
            weights = next((one for one in edition.files if one.name == "model.bin"), None)
            if weights is None or weights.size != size:
                continue
            if weights.sha256 is None or hash_file(ready / "model.bin") == weights.sha256:
                return model
    return None


def _same(one: Path, other: Path) -> bool:
    """Whether two model folders hold the same files."""
    names = {file.name for file in one.iterdir()}
    there = {file.name for file in other.iterdir() if file.name in KNOWN_FILES}
    return names == there and all(hash_file(one / name) == hash_file(other / name) for name in names)


def _in_folder(path: Path, name: str | None) -> _Source:
    """The model in a folder, or in one a few levels below it, as on a stick."""
    homes = [one.parent for one in _walk(path, MAX_DEPTH) if one.name == "model.bin"]
    home = _only([str(one) for one in homes], name, path)
    files = {one.name: one.stat().st_size for one in Path(home).iterdir() if _is_wanted(one)}
    return _Source(
        title=Path(home).resolve().name, sizes=files, open=lambda file: (Path(home) / file).open("rb")
    )


def _in_archive(path: Path, name: str | None, stack: ExitStack) -> _Source:
    """The model in a zip or tar file; members are read by name, nothing is unpacked to where they say."""
    if zipfile.is_zipfile(path):
        archive = stack.enter_context(zipfile.ZipFile(path))
        members = {one.filename: one.file_size for one in archive.infolist() if not one.is_dir()}
        return _members(path, name, members, archive.open)
    if path.name.lower().endswith(ARCHIVES) and tarfile.is_tarfile(path):
        tar = stack.enter_context(tarfile.open(path))  # noqa: SIM115 -- the stack closes it
        sizes = {one.name: one.size for one in tar.getmembers() if one.isfile()}

        def read(member: str) -> IO[bytes]:
            found = tar.extractfile(member)
            if found is None:
                raise tarfile.ReadError(f"{member} is not a file")
            return found

        return _members(path, name, sizes, read)
    raise DeskguardError(
        f"{path} is neither a folder nor a readable archive ({', '.join(ARCHIVES)}).",
        "give the model's folder, or copy the archive again from where it came.",
        "model-source-unreadable",
    )


def _members(path: Path, name: str | None, sizes: dict[str, int], read: Callable[[str], IO[bytes]]) -> _Source:
    homes = [str(PurePosixPath(one).parent) for one in sizes if PurePosixPath(one).name == "model.bin"]
    home = PurePosixPath(_only(homes, name, path))
    inside = {
        PurePosixPath(one).name: one
        for one in sizes
        if PurePosixPath(one).parent == home and PurePosixPath(one).name in KNOWN_FILES
    }
    return _Source(
        title=home.name or path.name.partition(".")[0],
        sizes={file: sizes[member] for file, member in inside.items()},
        open=lambda file: read(inside[file]),
    )


def _only(homes: list[str], name: str | None, path: Path) -> str:
    """The one folder with weights; raises DeskguardError for none, or several without a fitting name."""
    if not homes:
        raise DeskguardError(
            f"No model.bin was found in {path}.",
            "give the folder that holds model.bin, config.json, tokenizer.json and vocabulary.txt.",
            "model-incomplete",
        )
    fitting = [one for one in homes if PurePosixPath(one.replace("\\", "/")).name == name]
    if len(homes) > 1 and len(fitting) != 1:
        raise DeskguardError(
            f"{path} holds {len(homes)} models: {', '.join(sorted(homes))}.",
            "give the folder of one of them.",
            "several-models",
        )
    return fitting[0] if fitting else homes[0]


def _carried(path: Path, name: str | None, catalogue: Catalogue) -> tuple[Model, Edition, list[Path]] | None:
    """The edition whose carrier wheels all lie in a folder, by size and hash; None when none does."""
    sizes = {one: one.stat().st_size for one in path.glob("*.whl")}
    for model in catalogue.models:
        for edition in model.editions if name in (None, model.name) else ():
            wheels = [
                wheel
                for carrier in edition.carriers
                for wheel, size in sizes.items()
                if size == carrier.size and hash_file(wheel) == carrier.sha256
            ]
            if wheels and len(wheels) == len(edition.carriers):
                return model, edition, wheels
    if sizes:
        raise DeskguardError(
            f"The {len(sizes)} wheel(s) in {path} are not those that carry a known model, or not all of them.",
            "copy the wheels again; models.toml lists their names, sizes and sha256.",
            "model-wrong-hash",
        )
    return None


def _import_carried(
    model: Model, edition: Edition, wheels: list[Path], folder: Path, progress: Progress | None
) -> Imported:
    with staging(folder, edition.size) as room:
        ready = room / model.name
        ready.mkdir()
        fetch.unpack(edition, wheels, ready, progress)
        refuse_wrong(verify_model(model, ready, progress), f'"{model.name}" from carrier wheels')
        return _accept(ready, folder, model.name, True)


def _walk(path: Path, depth: int) -> Iterator[Path]:
    """Files of a folder and of those below it, to a depth; links and hidden folders are not followed."""
    for one in sorted(path.iterdir()):
        if one.is_file():
            yield one
        elif depth > 0 and one.is_dir() and not one.is_symlink() and not one.name.startswith("."):
            yield from _walk(one, depth - 1)


def _is_wanted(path: Path) -> bool:
    return path.name in KNOWN_FILES and path.is_file()
