"""Rule packs (*.toml) to one frozen rule set: strict, and every mistake of every file in one message.

A pack is one written standard. The same phrase id in two packs is one rule with a clause of each, all their
spellings and the higher severity. config/standards/README.md tells supervisors what a pack may say.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.rules.spelling import SpellingError, parse
from deskguard.settings import Section, describe, read_toml
from deskguard.values import ClauseRef, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Where = Literal["anywhere", "answer", "clause-end"]
_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_SPELLED = ("phrase", "say", "answer_only", "clause_end_only", "except")
_SHOWN = 30


class PackHeader(Section):
    """Which standard a file holds."""

    id: _Id
    title: _Text
    version: str = "1"
    source: str = ""
    """Where the text of the standard comes from."""
    sector: str = ""
    language: str = "zh-CN"


class PhraseEntry(Section):
    """A phrase that must not be said, and what to say instead."""

    id: _Id
    phrase: str
    """The standard's wording; a spelling itself."""
    clause: _Text
    quote: _Text
    severity: Severity
    say: tuple[str, ...] = ()
    """More spellings."""
    answer_only: tuple[str, ...] = ()
    """Spellings that count only as an answer: at the start of a clause or after 我 or 这个, and ending it."""
    clause_end_only: tuple[str, ...] = ()
    """Spellings that count only at the end of a clause."""
    except_: tuple[str, ...] = Field(default=(), alias="except")
    """Longer innocent wordings."""
    advice: _Text
    advice_source: str = ""
    cooldown_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None
    whole_words: bool | None = None
    """Whether a hit must start and end where words do; unset means for spellings up to three syllables."""


class DescribedEntry(Section):
    """A ban that the standard describes without giving words; listed, but not listened for."""

    id: _Id
    clause: _Text
    quote: _Text


class PackFile(Section):
    """All of one rule pack."""

    pack: PackHeader
    phrase: tuple[PhraseEntry, ...] = ()
    described: tuple[DescribedEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One spelling of a rule and where it counts."""

    text: str
    where: Where = "anywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A phrase with everything the desk needs to spot it and to explain it."""

    rule_id: str
    phrase: str
    clauses: tuple[ClauseRef, ...]
    severity: Severity
    cooldown_s: float | None
    advice: str
    variants: tuple[Variant, ...]
    innocent: tuple[str, ...] = ()
    whole_words: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackInfo:
    """A loaded pack, for `rules check` and for the screen."""

    pack_id: str
    title: str
    version: str
    sector: str
    language: str
    file: str
    phrases: int
    spellings: int
    described: tuple[ClauseRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules in force; equal content has an equal `sha256`, whatever the order of files and entries."""

    rules: Mapping[str, Rule]
    sha256: str
    packs: tuple[PackInfo, ...]


@dataclass(frozen=True, slots=True)
class _Mistake:
    text: str
    code: str = "bad-rules"


def load_packs(paths: Sequence[Path], only: Sequence[str] = ()) -> RuleSet:
    """Rules of files and folders of *.toml, of the bundled standards without any, kept to the ids in `only`.

    Raises one DeskguardError that lists every mistake of every file.
    """
    mistakes: list[_Mistake] = []
    packs: dict[str, tuple[Path, PackFile]] = {}
    for path in _files(paths or [bundled("config/standards")], mistakes):
        pack = _read(path, mistakes)
        if pack is None:
            continue
        if pack.pack.id in packs:
            other = packs[pack.pack.id][0]
            mistakes.append(
                _Mistake(f'{path}, [pack]: id "{pack.pack.id}" is also that of {other}; give each its own.')
            )
            continue
        packs[pack.pack.id] = (path, pack)
    if not mistakes:
        mistakes.extend(
            _Mistake(f'No rule pack has the id "{one}"; there are {", ".join(sorted(packs))}.')
            for one in only
            if one not in packs
        )
    if mistakes:
        raise _error(mistakes)
    kept = [packs[one] for one in sorted(packs) if not only or one in only]
    return RuleSet(
        rules=_merge([pack for _, pack in kept]), sha256=_sha256(kept), packs=tuple(map(_info, kept))
    )


def rule_files(paths: Sequence[Path]) -> list[Path]:
    """The *.toml files that `load_packs` would read, those that can be listed at all."""
    return _files(paths or [bundled("config/standards")], [])


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


def _read(path: Path, mistakes: list[_Mistake]) -> PackFile | None:
    """One checked pack, or None after adding its mistakes."""
    try:
        table = read_toml(path, "Rule pack")
    except DeskguardError as error:
        mistakes.append(_Mistake(str(error), error.code))
        return None
    pack: PackFile | None = None
    found: list[_Mistake] = []
    try:
        pack = PackFile.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        found = [
            _Mistake(f"{path}, {describe(one, PackFile, _place(table, one['loc']))}") for one in error.errors()
        ]
    found.extend(_Mistake(f"{path}, {text}") for text in _checked(table))
    mistakes.extend(found)
    return None if found else pack


def _place(table: dict[str, Any], loc: tuple[int | str, ...]) -> str:
    """A validation place in a supervisor's words: phrase 7 ("T07"), severity."""
    if len(loc) < 2 or not isinstance(loc[1], int):
        return ".".join(map(str, loc))
    entry = table[str(loc[0])][loc[1]] if isinstance(table.get(str(loc[0])), list) else {}
    name = entry.get("id") if isinstance(entry, dict) else None
    place = f"{loc[0]} {loc[1] + 1}" + (f' ("{name}")' if isinstance(name, str) else "")
    rest = ", ".join(f"item {part + 1}" if isinstance(part, int) else part for part in loc[2:])
    return f"{place}, {rest}" if rest else place


def _checked(table: dict[str, Any]) -> Iterator[str]:
    """What the schema cannot see: spellings that are empty, vague, programmed or given twice.

    Works on the raw table, so that these are found beside the schema's mistakes.
    """
    ids: dict[str, int] = {}
    seen: dict[str, str] = {}
    phrases = table.get("phrase")
    for number, entry in enumerate(phrases if isinstance(phrases, list) else (), 1):
        if not isinstance(entry, dict):
            continue
        rule_id = str(entry.get("id", ""))
        place = f'phrase {number} ("{rule_id}")'
        if rule_id in ids:
            yield f"{place}: id is also that of phrase {ids[rule_id]}; give each phrase its own id."
        ids.setdefault(rule_id, number)
        for key, text in _spelled(entry):
            try:
                spelling = parse(text)
            except SpellingError as error:
                yield f'{place}, {key}: "{text[:_SHOWN]}" {error}'
                continue
            known = seen.get(spelling.key)
            if key == "except":
                if known:
                    yield f'{place}, except: "{text}" is {known}; an exception must be longer.'
                continue
            if known:
                yield f'{place}, {key}: "{text}" is the same as {known}; delete one.'
            seen.setdefault(spelling.key, f'"{text}" of {place}, {key}')


def _spelled(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every spelling of a raw entry with its key; what is not text is the schema's to report."""
    for key in _SPELLED:
        texts = entry.get(key, ())
        for text in (texts,) if key == "phrase" else texts if isinstance(texts, list) else ():
            if isinstance(text, str):
                yield key, text


def _error(mistakes: Sequence[_Mistake]) -> DeskguardError:
    codes = {mistake.code for mistake in mistakes}
    listed = "\n".join(f"  - {mistake.text}" for mistake in mistakes)
    many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "1 mistake"
    return DeskguardError(
        f"Rule packs hold {many}:\n{listed}\n",
        "mend them and run: deskguard rules check",
        codes.pop() if len(codes) == 1 else "bad-rules",
    )


def _merge(packs: Sequence[PackFile]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for pack in packs:
        for entry in pack.phrase:
            rule = _rule(pack.pack, entry)
            rules[entry.id] = _joined(rules[entry.id], rule) if entry.id in rules else rule
    return rules


def _rule(header: PackHeader, entry: PhraseEntry) -> Rule:
    variants = [Variant(text=text) for text in (entry.phrase, *entry.say)]
    variants += [Variant(text=text, where="answer") for text in entry.answer_only]
    variants += [Variant(text=text, where="clause-end") for text in entry.clause_end_only]
    return Rule(
        rule_id=entry.id,
        phrase=entry.phrase,
        clauses=(_clause(header, entry),),
        severity=entry.severity,
        cooldown_s=entry.cooldown_s,
        advice=entry.advice,
        variants=tuple(variants),
        innocent=entry.except_,
        whole_words=entry.whole_words,
    )


def _clause(header: PackHeader, entry: PhraseEntry | DescribedEntry) -> ClauseRef:
    return ClauseRef(standard=header.id, title=header.title, clause=entry.clause, quote=entry.quote)


def _joined(first: Rule, second: Rule) -> Rule:
    """One rule of two packs: the first pack's words, both clauses, all spellings, the higher severity."""
    known = {parse(variant.text).key for variant in first.variants}
    return Rule(
        rule_id=first.rule_id,
        phrase=first.phrase,
        clauses=(*first.clauses, *second.clauses),
        severity=max(first.severity, second.severity, key=_SEVERITIES.index),
        cooldown_s=first.cooldown_s if first.cooldown_s is not None else second.cooldown_s,
        advice=first.advice,
        variants=(*first.variants, *(one for one in second.variants if parse(one.text).key not in known)),
        innocent=tuple(dict.fromkeys((*first.innocent, *second.innocent))),
        whole_words=first.whole_words if first.whole_words is not None else second.whole_words,
    )


def _info(kept: tuple[Path, PackFile]) -> PackInfo:
    path, pack = kept
    return PackInfo(
        pack_id=pack.pack.id,
        title=pack.pack.title,
        version=pack.pack.version,
        sector=pack.pack.sector,
        language=pack.pack.language,
        file=str(path),
        phrases=len(pack.phrase),
        spellings=sum(
            1 + len(entry.say) + len(entry.answer_only) + len(entry.clause_end_only) for entry in pack.phrase
        ),
        described=tuple(_clause(pack.pack, entry) for entry in pack.described),
    )


def _sha256(kept: Sequence[tuple[Path, PackFile]]) -> str:
    """A digest of what the packs say; comments, layout and the order of entries do not count."""
    tables = []
    for _, pack in kept:
        table = pack.model_dump(mode="json", by_alias=True)
        table["phrase"].sort(key=lambda entry: entry["id"])
        table["described"].sort(key=lambda entry: entry["id"])
        tables.append(table)
    return hashlib.sha256(json.dumps(tables, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
