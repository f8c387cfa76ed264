"""Rule packs (*.toml) to one frozen rule set: strict, and every mistake of every file in one message.

A pack is one written standard. The same phrase id in two packs is one rule with a clause of each, all their
spellings and the higher severity. Frames, bans and acts that every standard may use lie in config/language, and
are always read. config/standards/README.md tells supervisors what a pack may say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.rules.checking import Table, mistakes_between, mistakes_in
from deskguard.rules.courtesy_checking import act_mistakes_between, act_mistakes_in
from deskguard.rules.merging import merge
from deskguard.rules.ruleset import Frame, PackInfo, Rule, RuleSet, Variant, Where
from deskguard.rules.schema import BanEntry, DescribedEntry, PackFile, PackHeader, PhraseEntry, SharedFile
from deskguard.settings import describe, read_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BanEntry",
    "DescribedEntry",
    "Frame",
    "PackFile",
    "PackHeader",
    "PackInfo",
    "PhraseEntry",
    "Rule",
    "RuleSet",
    "SharedFile",
    "Variant",
    "Where",
    "load_packs",
    "rule_files",
]
_File = TypeVar("_File", PackFile, SharedFile)


@dataclass(frozen=True, slots=True)
class _Mistake:
    text: str
    code: str = "bad-rules"


def load_packs(paths: Sequence[Path], only: Sequence[str] = (), language: Path | None = None) -> RuleSet:
    """Rules of files and folders of *.toml, of the bundled standards without any, kept to the ids in `only`.

    `language` is the folder of shared frames, bans and acts, else the bundled one; it may be empty or missing.
    Raises one DeskguardError that lists every mistake of every file.
    """
    mistakes: list[_Mistake] = []
    tables: dict[Path, Table] = {}
    common = [_read(path, SharedFile, tables, mistakes) for path in _shared_files(language)]
    packs: dict[str, tuple[Path, PackFile]] = {}
    for path in _files(paths or [bundled("config/standards")], mistakes):
        pack = _read(path, PackFile, tables, mistakes)
        if pack is None:
            continue
        if pack.pack.id in packs:
            other = packs[pack.pack.id][0]
            mistakes.append(
                _Mistake(f'{path}, [pack]: id "{pack.pack.id}" is also that of {other}; give each its own.')
            )
            continue
        packs[pack.pack.id] = (path, pack)
    # A file that cannot be read may hold what others name.
    if all(one.code == "bad-rules" for one in mistakes):
        mistakes.extend(map(_Mistake, [*mistakes_between(tables), *act_mistakes_between(tables)]))
    if not mistakes:
        mistakes.extend(
            _Mistake(f'No rule pack has the id "{one}"; there are {", ".join(sorted(packs))}.')
            for one in only
            if one not in packs
        )
    if mistakes:
        raise _error(mistakes)
    kept = [packs[one] for one in sorted(packs) if not only or one in only]
    return merge(kept, [one for one in common if one is not None])


def rule_files(paths: Sequence[Path], language: Path | None = None) -> list[Path]:
    """The *.toml files that `load_packs` would read, those that can be listed at all."""
    return [*_shared_files(language), *_files(paths or [bundled("config/standards")], [])]


def _shared_files(language: Path | None) -> list[Path]:
    try:
        return sorted((language or bundled("config/language")).glob("*.toml"))
    except OSError:
        return []


def _files(paths: Sequence[Path], mistakes: list[_Mistake]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        try:
            inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        except OSError as error:
            mistakes.append(
                _Mistake(f"Folder {path} cannot be read: {error.strerror or error}.", "file-unreadable")
            )
            continue
        if not inside:
            mistakes.append(_Mistake(f"Folder {path} holds no rule pack (*.toml); put one there.", "no-rules"))
        found.update(dict.fromkeys(inside))
    return list(found)


def _read(path: Path, model: type[_File], tables: dict[Path, Table], mistakes: list[_Mistake]) -> _File | None:
    """One checked file, or None after adding its mistakes; its raw table goes to `tables`."""
    try:
        table = read_toml(path, "Rule pack")
    except DeskguardError as error:
        mistakes.append(_Mistake(str(error), error.code))
        return None
    tables[path] = table
    file: _File | None = None
    found: list[_Mistake] = []
    try:
        file = model.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        found = [
            _Mistake(f"{path}, {describe(one, model, _place(table, one['loc']))}") for one in error.errors()
        ]
    found.extend(_Mistake(f"{path}, {text}") for text in mistakes_in(table))
    found.extend(_Mistake(f"{path}, {text}") for text in act_mistakes_in(table))
    mistakes.extend(found)
    return None if found else file


def _place(table: Table, loc: tuple[int | str, ...]) -> str:
    """A validation place in a supervisor's words: phrase 7 ("T07"), severity."""
    if len(loc) < 2 or not isinstance(loc[1], int):
        return ".".join(map(str, loc))
    entry = table[str(loc[0])][loc[1]] if isinstance(table.get(str(loc[0])), list) else {}
    name = entry.get("id") if isinstance(entry, dict) else None
    place = f"{loc[0]} {loc[1] + 1}" + (f' ("{name}")' if isinstance(name, str) else "")
    rest = ", ".join(f"item {part + 1}" if isinstance(part, int) else part for part in loc[2:])
    return f"{place}, {rest}" if rest else place


def _error(mistakes: Sequence[_Mistake]) -> DeskguardError:
    codes = {mistake.code for mistake in mistakes}
    listed = "\n".join(f"  - {mistake.text}" for mistake in mistakes)
    many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "1 mistake"
    return DeskguardError(
        f"Rule packs hold {many}:\n{listed}\n",
        "mend them and run: deskguard rules check",
        codes.pop() if len(codes) == 1 else "bad-rules",
    )
