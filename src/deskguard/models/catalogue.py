"""models.toml to frozen values: which models there are, their files and hashes, and who carries them.

Strict like every file of deskguard's: an unknown key, a malformed hash or a carrier that leaves a file
incomplete is an error, since a catalogue that is guessed at verifies nothing.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from deskguard import resources
from deskguard.errors import DeskguardError
from deskguard.settings import Section, describe, read_toml

if TYPE_CHECKING:
    from pathlib import Path

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(gt=0)]
# No separators: a name is never a path that could lead elsewhere.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$")]


class FileEntry(Section):
    """One file of an edition."""

    name: FileName
    size: Bytes
    sha256: Sha256 | None = None
    """None: not pinned, only the size is checked."""


class Member(Section):
    """Where in a carrier's wheel a file, or one part of it, lies."""

    path: str
    file: FileName
    part: Annotated[int, Field(ge=1)]


class Carrier(Section):
    """A wheel that holds files of an edition as data."""

    project: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]+$")]
    size: Bytes
    sha256: Sha256
    members: tuple[Member, ...]


class Hub(Section):
    """A repository of the model hub at one revision."""

    repo: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Edition(Section):
    """One conversion of a model: files that belong together, and where to get them."""

    name: str
    note: str = ""
    files: Annotated[tuple[FileEntry, ...], Field(min_length=1)]
    carriers: tuple[Carrier, ...] = ()
    hub: Hub | None = None
    package: str = ""
    """The folder of an installed Python package that holds the files, e.g. "faster_whisper/assets"."""

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(one.size for one in self.files)

    @model_validator(mode="after")
    def _carriers_are_whole(self) -> Edition:
        if not self.carriers:
            return self
        parts: dict[str, list[int]] = {one.name: [] for one in self.files}
        for member in (member for carrier in self.carriers for member in carrier.members):
            if member.file not in parts:
                raise ValueError(f"carriers hold {member.file}, which is not a file of the edition")
            parts[member.file].append(member.part)
        for name, found in parts.items():
            if sorted(found) != list(range(1, len(found) + 1)) or not found:
                raise ValueError(
                    f"carriers hold parts {sorted(found)} of {name}, expected 1, 2, ... without gaps"
                )
        return self


class Model(Section):
    """One model of the catalogue."""

    name: FileName
    kind: Literal["whisper", "vad"]
    title: str
    licence: str
    source: str
    editions: Annotated[tuple[Edition, ...], Field(min_length=1)]


class Catalogue(Section):
    """All of models.toml."""

    models: tuple[Model, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Catalogue:
        names = [one.name for one in self.models]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"models listed twice: {', '.join(sorted(twice))}")
        return self

    def names(self, kind: str = "whisper") -> list[str]:
        """The names of all models of a kind."""
        return [one.name for one in self.models if one.kind == kind]

    def find(self, name: str) -> Model | None:
        """The model of that name, if the catalogue has one."""
        return next((one for one in self.models if one.name == name), None)

    def model(self, name: str) -> Model:
        """The model of that name; raises DeskguardError for an unknown or English-only one."""
        found = self.find(name)
        if found is not None:
            return found
        if name.endswith(".en"):
            raise english_only(f'Model "{name}"')
        close = difflib.get_close_matches(name, [one.name for one in self.models], n=1)
        raise DeskguardError(
            f'Model "{name}" is not in the catalogue; known are {", ".join(one.name for one in self.models)}.',
            f'did you mean "{close[0]}"?'
            if close
            else "name one of these, or the path of a CTranslate2 folder.",
            "unknown-model",
        )


def english_only(what: str) -> DeskguardError:
    """The error for a model that cannot hear Chinese."""
    return DeskguardError(
        f"{what} is English-only (.en); deskguard needs a multilingual Whisper model.",
        "use the model of the same size without .en, e.g. base.",
        "english-only-model",
    )


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue that comes with deskguard, or another; raises DeskguardError with every mistake in it."""
    path = path if path is not None else resources.bundled("models/models.toml")
    table = read_toml(path, "Model catalogue")
    try:
        return Catalogue.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        mistakes = " ".join(describe(one, Catalogue) for one in error.errors())
        raise DeskguardError(
            f"Model catalogue {path}: {mistakes}", "mend these, or install deskguard again.", "bad-catalogue"
        ) from None
