"""Checked pack files to rules: one rule for each phrase id, and one for each ban that a clause names."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from deskguard.rules.courtesy import courtesy_book
from deskguard.rules.ruleset import Frame, PackInfo, Rule, RuleSet, Variant
from deskguard.rules.spelling import parse
from deskguard.values import ClauseRef, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from deskguard.rules.schema import BanEntry, DescribedEntry, PackFile, PackHeader, PhraseEntry, SharedFile

_T = TypeVar("_T")
_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


def merge(kept: Sequence[tuple[Path, PackFile]], shared: Sequence[SharedFile]) -> RuleSet:
    """The rules of packs in the order given, with the frames and bans of `shared` and of the packs, and
    the acts of `shared`."""
    packs = [pack for _, pack in kept]
    rules: dict[str, Rule] = {}
    for pack in packs:
        for entry in pack.phrase:
            rule = _phrase_rule(pack.pack, entry)
            rules[entry.id] = _joined(rules[entry.id], rule) if entry.id in rules else rule
    named = _clauses_of_bans(packs)
    files: list[SharedFile | PackFile] = [*shared, *packs]
    bans = sorted((ban for one in files for ban in one.ban), key=lambda ban: ban.id)
    rules.update({ban.id: _ban_rule(ban, named[ban.id]) for ban in bans if ban.id in named})
    frames = sorted((frame for one in files for frame in one.frame), key=lambda one: one.id)
    return RuleSet(
        rules=rules,
        sha256=_sha256(packs, shared),
        packs=tuple(_info(path, pack) for path, pack in kept),
        frames={
            one.id: Frame(frame_id=one.id, title=one.title, say=one.say, gives_way=one.gives_way)
            for one in frames
        },
        courtesy=courtesy_book((act for one in shared for act in one.act), packs, frames),
    )


def _clauses_of_bans(packs: Iterable[PackFile]) -> Mapping[str, tuple[ClauseRef, ...]]:
    """For each ban that is named, the clauses that name it."""
    named: dict[str, tuple[ClauseRef, ...]] = {}
    for pack in packs:
        for entry in pack.described:
            if entry.ban is not None:
                named[entry.ban] = (*named.get(entry.ban, ()), _clause(pack.pack, entry))
    return named


def _phrase_rule(header: PackHeader, entry: PhraseEntry) -> Rule:
    return _rule(entry, entry.phrase, (Variant(text=entry.phrase),), (_clause(header, entry),), "phrase")


def _ban_rule(entry: BanEntry, clauses: tuple[ClauseRef, ...]) -> Rule:
    return _rule(entry, entry.name, (), clauses, entry.kind)


def _rule(
    entry: PhraseEntry | BanEntry,
    name: str,
    first: tuple[Variant, ...],
    clauses: tuple[ClauseRef, ...],
    kind: str,
) -> Rule:
    return Rule(
        rule_id=entry.id,
        phrase=name,
        clauses=clauses,
        severity=entry.severity,
        cooldown_s=entry.cooldown_s,
        advice=entry.advice,
        variants=(*first, *_variants(entry)),
        innocent=entry.except_,
        whole_words=entry.whole_words,
        kind=kind,
        unless=entry.unless,
        only_if=entry.only_if,
        soften=entry.soften,
        needs_person=entry.needs_person,
        masked=entry.masked,
        min_confidence=entry.min_confidence,
        examples=entry.examples,
        counter_examples=entry.counter_examples,
    )


def _variants(entry: PhraseEntry | BanEntry) -> list[Variant]:
    variants = [Variant(text=text) for text in entry.say]
    variants += [Variant(text=text, where="answer") for text in entry.answer_only]
    variants += [Variant(text=text, where="clause-end") for text in entry.clause_end_only]
    return variants + [Variant(text=text, mark=one.mark) for one in entry.dialect for text in one.say]


def _clause(header: PackHeader, entry: PhraseEntry | DescribedEntry) -> ClauseRef:
    return ClauseRef(standard=header.id, title=header.title, clause=entry.clause, quote=entry.quote)


def _joined(first: Rule, second: Rule) -> Rule:
    """One rule of two packs: the first pack's words, both clauses, all spellings and conditions, the higher
    severity, the lower threshold."""
    known = {parse(variant.text).key for variant in first.variants}
    thresholds = [one for one in (first.min_confidence, second.min_confidence) if one is not None]
    return Rule(
        rule_id=first.rule_id,
        phrase=first.phrase,
        clauses=(*first.clauses, *second.clauses),
        severity=max(first.severity, second.severity, key=_SEVERITIES.index),
        cooldown_s=first.cooldown_s if first.cooldown_s is not None else second.cooldown_s,
        advice=first.advice,
        variants=(*first.variants, *(one for one in second.variants if parse(one.text).key not in known)),
        innocent=_united(first.innocent, second.innocent),
        whole_words=first.whole_words if first.whole_words is not None else second.whole_words,
        kind=first.kind,
        unless=_united(first.unless, second.unless),
        only_if=_united(first.only_if, second.only_if),
        soften=_united(first.soften, second.soften),
        needs_person=first.needs_person or second.needs_person,
        masked=first.masked or second.masked,
        min_confidence=min(thresholds, default=None),
        examples=_united(first.examples, second.examples),
        counter_examples=_united(first.counter_examples, second.counter_examples),
    )


def _united(first: tuple[_T, ...], second: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _info(path: Path, pack: PackFile) -> PackInfo:
    return PackInfo(
        pack_id=pack.pack.id,
        title=pack.pack.title,
        version=pack.pack.version,
        sector=pack.pack.sector,
        language=pack.pack.language,
        file=str(path),
        phrases=len(pack.phrase),
        spellings=sum(1 + len(_variants(entry)) for entry in pack.phrase),
        described=tuple(
            _clause(pack.pack, entry) for entry in pack.described if entry.ban is None and entry.act is None
        ),
        bans=tuple(sorted({entry.ban for entry in pack.described if entry.ban is not None})),
    )


def _sha256(packs: Iterable[PackFile], shared: Iterable[SharedFile]) -> str:
    """A digest of what the files say; comments, layout and the order of files and entries do not count."""
    tables = [pack.model_dump(mode="json", by_alias=True) for pack in packs]
    common = [one.model_dump(mode="json", by_alias=True) for one in shared]
    tables.append({key: [entry for one in common for entry in one[key]] for key in ("frame", "ban", "act")})
    for table in tables:
        for entries in table.values():
            if isinstance(entries, list):
                entries.sort(key=lambda entry: str(entry["id"]))
    return hashlib.sha256(json.dumps(tables, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
