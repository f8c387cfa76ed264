"""config/manner.toml: the clauses behind each kind of manner, and the words that judging it must know.

A kind is in force when a loaded standard asks for it. Words are compared as all text is, after normalising.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import ValidationError

from deskguard.errors import DeskguardError
from deskguard.language.text import normalise
from deskguard.resources import bundled
from deskguard.settings import Section, describe, read_toml
from deskguard.values import ClauseRef, MannerKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from deskguard.rules.ruleset import PackInfo


class _Clause(Section):
    standard: str
    clause: str
    quote: str


class _Kind(Section):
    kind: MannerKind
    name: str
    advice: str
    clauses: tuple[_Clause, ...]


class MannerWords(Section):
    """Lists of words; the file says beside each what it is for."""

    hums: tuple[str, ...]
    addressing: tuple[str, ...]
    back_channels: tuple[str, ...]
    question_endings: tuple[str, ...]
    questions: tuple[str, ...]
    no_questions: tuple[str, ...]
    business: tuple[str, ...]
    wait_notices: tuple[str, ...]
    louder: tuple[str, ...]
    slower: tuple[str, ...]
    elderly: tuple[str, ...]


class _MannerFile(Section):
    manner: tuple[_Kind, ...]
    words: MannerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class MannerRule:
    """One kind of manner as the standards in force ask for it."""

    kind: MannerKind
    name: str
    """Short, for screens."""
    advice: str
    """What would help, for the screen."""
    clauses: tuple[ClauseRef, ...]
    """Of the standards in force; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MannerBook:
    """The kinds in force, and the words, normalised."""

    rules: Mapping[MannerKind, MannerRule]
    words: MannerWords

    def without(self, off: Collection[str]) -> MannerBook:
        """The book of a window that has switched kinds off, each as "manner." and its name."""
        kept = {kind: rule for kind, rule in self.rules.items() if f"manner.{kind}" not in off}
        return replace(self, rules=kept)


def load_manner(packs: Sequence[PackInfo], path: Path | None = None) -> MannerBook:
    """The book of a file, else of the bundled one; raises DeskguardError with every mistake in it.

    Only clauses of `packs` are kept, and a kind without any left is not in force.
    """
    return _book(_known(path or bundled("config/manner.toml")), tuple(packs))


@lru_cache(maxsize=4)
def _book(file: _MannerFile, packs: tuple[PackInfo, ...]) -> MannerBook:
    """Made once for a file and packs: 3 ms, and a night of short recordings asks for every one."""
    titles = {pack.pack_id: pack.title for pack in packs}
    rules: dict[MannerKind, MannerRule] = {}
    for entry in file.manner:
        clauses = tuple(
            ClauseRef(standard=one.standard, title=titles[one.standard], clause=one.clause, quote=one.quote)
            for one in entry.clauses
            if one.standard in titles
        )
        if clauses:
            rules[entry.kind] = MannerRule(
                kind=entry.kind, name=entry.name, advice=entry.advice, clauses=clauses
            )
    return MannerBook(rules=rules, words=_normalised(file.words))


def _known(path: Path) -> _MannerFile:
    """What the file says now; read anew only when it was written to: a night asks for every recording."""
    try:
        stat = path.stat()
    except OSError:
        return _read(path)
    return _read_at(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4)
def _read_at(path: Path, size: int, modified_ns: int) -> _MannerFile:
    del size, modified_ns
    return _read(path)


def _read(path: Path) -> _MannerFile:
    table = read_toml(path, "Manner file")
    try:
        return _MannerFile.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        mistakes = " ".join(describe(one, _MannerFile) for one in error.errors())
        raise DeskguardError(f"Manner file {path}: {mistakes}", "mend these.", "bad-manner") from None


def _normalised(words: MannerWords) -> MannerWords:
    lists = {
        name: tuple(dict.fromkeys(chars for word in listed if (chars := normalise(word).chars)))
        for name, listed in words
    }
    return MannerWords(**lists)
