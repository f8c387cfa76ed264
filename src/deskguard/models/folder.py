"""A folder in, what it holds as a model out: complete, multilingual, of the right size, of the right hash.

Sizes are checked at every start, which costs nothing; hashes when files arrive and on `verify`, since reading
145 MB takes a second. A truncated or exchanged file shows in its size nearly always, a flipped bit only in the
hash.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deskguard.errors import DeskguardError
from deskguard.models.catalogue import Edition, FileEntry, Model, english_only

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.models.progress import Advance

# 51,865 tokens and more are multilingual; the English-only models have 51,864.
MULTILINGUAL_TOKENS = 51_865
# What CTranslate2 writes at the start of a Whisper model's file, after the format's version and a length.
SPEC_NAME = b"WhisperSpec\x00"
NEEDED = ("model.bin", "config.json", "tokenizer.json")
VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
# What may travel with a model; anything else in a folder or archive is left where it is.
KNOWN_FILES = frozenset((*NEEDED, *VOCABULARIES, "preprocessor_config.json"))
READ_BYTES = 1 << 20

Sha = Literal["ok", "wrong", "not pinned", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """What `verify` found of one file."""

    model: str
    file: str
    size: int
    """Bytes found; 0 when missing."""
    expected_size: int | None
    sha: Sha
    found_sha256: str = ""
    expected_sha256: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.sha in ("ok", "not pinned") and self.expected_size in (None, self.size)


def hash_file(path: Path, advance: Advance | None = None) -> str:
    """The sha256 of a file; `advance` is called with the bytes read since the last call."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
            if advance is not None:
                advance(len(block))
    return digest.hexdigest()


def missing_files(path: Path) -> list[str]:
    """The files that a CTranslate2 Whisper folder needs and this one lacks."""
    missing = [name for name in NEEDED if not (path / name).is_file()]
    if not any((path / name).is_file() for name in VOCABULARIES):
        missing.append("vocabulary.txt (or vocabulary.json)")
    return missing


def check_whisper(path: Path) -> None:
    """Raise DeskguardError unless `path` is a complete multilingual CTranslate2 Whisper folder."""
    if path.name.endswith(".en"):
        raise english_only(f"Model folder {path}")
    missing = missing_files(path)
    if missing:
        raise DeskguardError(
            f"Folder {path} is not a CTranslate2 Whisper model: {', '.join(missing)} not found in it.",
            "give the folder that holds these files, or run deskguard models get base.",
            "model-incomplete",
        )
    try:
        with (path / "model.bin").open("rb") as file:
            start = file.read(64)
        tokens = _count_tokens(path)
    except OSError as error:
        raise DeskguardError(
            f"Model folder {path} cannot be read: {error.strerror or error}.",
            "check the disk and the permissions of the folder.",
            "model-unreadable",
        ) from None
    if SPEC_NAME not in start:
        raise DeskguardError(
            f"{path / 'model.bin'} is not a Whisper model in CTranslate2's format.",
            "convert it with ct2-transformers-converter, or run deskguard models get base.",
            "wrong-model-kind",
        )
    if tokens < MULTILINGUAL_TOKENS:
        raise english_only(
            f"Model folder {path} ({tokens} tokens, multilingual ones have {MULTILINGUAL_TOKENS})"
        )


def edition_of(model: Model, path: Path) -> Edition:
    """The edition a folder holds: that of which most files have the right size, the first of equals."""

    def fitting(edition: Edition) -> int:
        return sum(_size(path / one.name) == one.size for one in edition.files)

    return max(model.editions, key=fitting)


def check_sizes(model: Model, path: Path) -> None:
    """Raise DeskguardError when a file of a known model is missing or not as long as it should be."""
    for entry in edition_of(model, path).files:
        size = _size(path / entry.name)
        if size != entry.size:
            found = "is missing" if size is None else f"has {size} bytes"
            raise DeskguardError(
                f"Model {model.name}: {path / entry.name} {found}, expected {entry.size} bytes.",
                f"run deskguard models get {model.name} to fetch it again.",
                "model-damaged",
            )


def check_file(model: str, path: Path, entry: FileEntry, advance: Advance | None) -> FileCheck:
    """Hash one file and compare."""
    size = _size(path / entry.name)
    if size is None:
        return FileCheck(model=model, file=entry.name, size=0, expected_size=entry.size, sha="missing")
    found = hash_file(path / entry.name, advance)
    sha: Sha = "not pinned" if entry.sha256 is None else "ok" if found == entry.sha256 else "wrong"
    return FileCheck(
        model=model,
        file=entry.name,
        size=size,
        expected_size=entry.size,
        sha=sha,
        found_sha256=found,
        expected_sha256=entry.sha256 or "",
    )


def check_custom(name: str, path: Path, advance: Advance | None) -> list[FileCheck]:
    """What a model that is not in the catalogue holds: hashes to note down, none to compare with."""
    return [
        FileCheck(
            model=name,
            file=file.name,
            size=file.stat().st_size,
            expected_size=None,
            sha="not pinned",
            found_sha256=hash_file(file, advance),
        )
        for file in sorted(path.iterdir())
        if file.name in KNOWN_FILES and file.is_file()
    ]


def refuse_wrong(checks: list[FileCheck], what: str) -> None:
    """Raise DeskguardError for the first file that is not what the catalogue says."""
    for one in checks:
        if one.is_good:
            continue
        if one.sha == "wrong" and one.size == one.expected_size:
            found = f"has sha256 {one.found_sha256}, expected {one.expected_sha256}"
        else:
            found = f"has {one.size} bytes, expected {one.expected_size}"
        raise DeskguardError(
            f"{what}: {one.file} {found}; it was not installed.",
            "take it from another source; do not use this one.",
            "model-wrong-hash",
        )


def _count_tokens(path: Path) -> int:
    text_list = path / "vocabulary.txt"
    if text_list.is_file():
        return text_list.read_bytes().rstrip(b"\n").count(b"\n") + 1
    try:
        return len(json.loads((path / "vocabulary.json").read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise DeskguardError(
            f"{path / 'vocabulary.json'} is not a JSON list of tokens.",
            "copy the model folder again from where it came.",
            "model-damaged",
        ) from None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
