"""Small models for tests of the weights room: folders, wheels and a catalogue that fit together."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from pathlib import Path

from deskguard.models.catalogue import Carrier, Catalogue, Edition, FileEntry, Member, Model

TOKENS = 51_865


def weights(seed: int = 0, size: int = 5000) -> bytes:
    """The start of a CTranslate2 Whisper file, then filling."""
    name = b"WhisperSpec\x00"
    return struct.pack("<IH", 6, len(name)) + name + bytes((seed + place) % 251 for place in range(size))


def model_files(seed: int = 0, tokens: int = TOKENS) -> dict[str, bytes]:
    return {
        "model.bin": weights(seed),
        "config.json": b"{}",
        "tokenizer.json": b'{"model": {}}',
        "vocabulary.txt": b"t\n" * tokens,
    }


def write_model(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or model_files()).items():
        (folder / name).write_bytes(content)
    return folder


def wheel(folder: Path, project: str, members: dict[str, bytes]) -> Path:
    """A wheel that pip will download, with an __init__ that would tell on whoever imports it."""
    plain = project.replace("-", "_")
    info = f"{plain}-1.0.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plain}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{plain}/__init__.py", "raise SystemExit('a carrier was imported')\n")
        for name, content in members.items():
            archive.writestr(f"{plain}/data/{name}", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def carry(folder: Path, title: str, files: dict[str, bytes]) -> tuple[Carrier, Carrier]:
    """Two wheels that carry a model, its weights in two parts."""
    half = len(files["model.bin"]) // 2
    rest = {name: content for name, content in files.items() if name != "model.bin"}
    first = {"model.bin.part1": files["model.bin"][:half], **rest}
    second = {"model.bin.part2": files["model.bin"][half:]}
    one = wheel(folder, f"{title}-part1", first)
    two = wheel(folder, f"{title}-part2", second)
    return carrier(one, f"{title}-part1", list(first)), carrier(two, f"{title}-part2", list(second))


def carrier(path: Path, project: str, members: list[str]) -> Carrier:
    plain = project.replace("-", "_")
    content = path.read_bytes()
    return Carrier(
        project=project,
        version="1.0.0",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        members=tuple(
            Member(
                path=f"{plain}/data/{name}",
                file=name.removesuffix(".part1").removesuffix(".part2"),
                part=2 if name.endswith(".part2") else 1,
            )
            for name in members
        ),
    )


def entries(files: dict[str, bytes]) -> tuple[FileEntry, ...]:
    return tuple(
        FileEntry(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    )


def a_catalogue(*editions: Edition, name: str = "mini") -> Catalogue:
    model = Model(
        name=name, kind="whisper", title="for tests", licence="MIT", source="made here", editions=editions
    )
    return Catalogue(models=(model,))


def an_edition(files: dict[str, bytes], carriers: tuple[Carrier, ...] = (), name: str = "one") -> Edition:
    return Edition(name=name, files=entries(files), carriers=carriers)
