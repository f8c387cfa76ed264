"""What the schema cannot see of acts of courtesy: empty or vague words, expectations that cannot be met.

Works on raw tables beside rules/checking.py, so that all mistakes of all files are told at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.rules.checking import BUILT_IN_FRAMES, entries_of, there_are
from deskguard.rules.courtesy import spelled_out
from deskguard.rules.spelling import SpellingError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from deskguard.rules.checking import Table

_SHOWN = 30
_NEEDS_OCCASION = ("occasion", "protest", "occasion_by", "from_nth", "before_s")
_ACTS = ("satisfied_by", "gives_way_to")
_PATTERNS = ("occasion", "protest", "unless")


def act_mistakes_in(table: Table) -> Iterator[str]:
    """The mistakes in the acts of one file, each as a sentence that begins with its place."""
    ids: dict[str, str] = {}
    for place, entry in entries_of(table, "act"):
        name = str(entry.get("id", ""))
        if name in ids:
            yield f"{place}: id is also that of {ids[name]}; give each act its own id."
        ids.setdefault(name, place.split(" (", 1)[0])
        yield from _mistaken_words(place, entry)
        yield from _mistaken_clauses(place, entry)
        yield from _mistaken_expect(place, entry)


def act_mistakes_between(tables: Mapping[Path, Table]) -> Iterator[str]:
    """Mistakes that only all files together show."""
    frames = {
        str(entry.get("id")): _texts(entry.get("say"))
        for table in tables.values()
        for _, entry in entries_of(table, "frame")
    }
    acts: dict[str, Path] = {}
    for path, table in tables.items():
        for place, entry in entries_of(table, "act"):
            name = str(entry.get("id", ""))
            if acts.setdefault(name, path) != path:
                yield f"{path}, {place}: id is also that of an act of {acts[name]}; give each its own."
    for path, table in tables.items():
        for place, entry in entries_of(table, "act"):
            expect = entry.get("expect")
            if isinstance(expect, dict):
                told = [*_mistaken_frames(expect, frames), *_unknown_acts(entry, expect, acts)]
                yield from (f"{path}, {place}, expect, {one}" for one in told)
        for place, entry in entries_of(table, "described"):
            wanted = entry.get("act")
            if isinstance(wanted, str) and wanted not in acts:
                yield f'{path}, {place}, act is "{wanted}"; no act has that id, {there_are(wanted, acts)}'


def _mistaken_words(place: str, entry: Table) -> Iterator[str]:
    seen: dict[str, str] = {}
    for text in _texts(entry.get("say")):
        try:
            key = _key(text)
        except SpellingError as error:
            yield f'{place}, say: "{text[:_SHOWN]}" {error}'
            continue
        if key in seen:
            yield f'{place}, say: "{text[:_SHOWN]}" is the same as "{seen[key][:_SHOWN]}"; delete one.'
        seen.setdefault(key, text)
    given = _texts(entry.get("does_not_count"))
    for text in given:
        try:
            key = _key(text, shortest=1)
        except SpellingError as error:
            yield f'{place}, does_not_count: "{text[:_SHOWN]}" {error}'
            continue
        if key in seen:
            yield (
                f'{place}, does_not_count: "{text[:_SHOWN]}" is the same as "{seen[key][:_SHOWN]}" of say; a'
                " wording cannot be both, so delete one."
            )
    yield from _twice(f"{place}, does_not_count", given)


def _key(text: str, shortest: int = 2) -> str:
    """What makes two spellings the same; raises SpellingError for one that cannot be looked for."""
    if "~" in text or "～" in text or text.startswith("@"):
        raise SpellingError("has a ~ or an @, which mean nothing here; write only what is said.")
    if shortest == 1 and len(text.strip()) == 1:
        return text.strip()
    return parse(text).key


def _mistaken_clauses(place: str, entry: Table) -> Iterator[str]:
    seen: set[str] = set()
    clauses = entry.get("clause")
    for number, one in enumerate(clauses if isinstance(clauses, list) else (), 1):
        if not isinstance(one, dict):
            continue
        standard, clause = str(one.get("standard", "")), str(one.get("clause", ""))
        at = f"{place}, clause, item {number}"
        if not clause.startswith(f"{standard}."):
            yield f'{at}: clause is "{clause}"; write the number with its standard before it: "{standard}.…".'
        if clause in seen:
            yield f'{at}: clause "{clause}" is given twice; delete one.'
        seen.add(clause)


def _mistaken_expect(place: str, entry: Table) -> Iterator[str]:
    expect = entry.get("expect")
    if not isinstance(expect, dict):
        return
    at = f"{place}, expect"
    when = expect.get("when")
    if entry.get("requirement") == "recommended":
        yield f"{at}: the act is only recommended, so it is never missing; delete expect, or write required."
    if when == "after" and not expect.get("occasion"):
        yield f'{at}: when is "after" and there is no occasion; write after which words.'
    if when != "after":
        for key in _NEEDS_OCCASION:
            if key in expect:
                yield f'{at}: {key} is given and when is "{when}"; delete it, or write when = "after".'
    if expect.get("within_turns") == 0 and when != "after":
        yield f"{at}: within_turns is 0, so nothing could ever do; write at least 1."
    for key in _PATTERNS:
        texts = _texts(expect.get(key))
        yield from _twice(f"{at}, {key}", texts)
        yield from (f"{at}, {key}: {one}" for one in _vague(texts))
    for key in _ACTS:
        yield from _twice(f"{at}, {key}", _texts(expect.get(key)))


def _vague(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if text.startswith("@") or not text.strip():
            continue
        try:
            _key(text)
        except SpellingError as error:
            yield f'"{text[:_SHOWN]}" {error}'


def _mistaken_frames(expect: Table, frames: Mapping[str, list[str]]) -> Iterator[str]:
    """Frames that are not there, or whose patterns stand around a phrase: here there is none."""
    for key in _PATTERNS:
        for text in _texts(expect.get(key)):
            if not text.startswith("@"):
                continue
            name = text[1:]
            if name in BUILT_IN_FRAMES:
                yield f'{key}: "{text}" is built in for phrases and says nothing here; delete it.'
            elif name not in frames:
                yield f'{key}: "{text[:_SHOWN]}" names no frame; {there_are(name, frames)}'
            elif wrong := next(_vague(spelled_out([text], frames)), None):
                yield f'{key}: "{text}" cannot be used here: {wrong}'


def _unknown_acts(entry: Table, expect: Table, acts: Mapping[str, Path]) -> Iterator[str]:
    for key in _ACTS:
        for name in _texts(expect.get(key)):
            if name == entry.get("id"):
                yield f'{key}: "{name}" is the act itself; delete it.'
            elif name not in acts:
                yield f'{key}: "{name[:_SHOWN]}" is no act; {there_are(name, acts)}'


def _twice(place: str, texts: list[str]) -> Iterator[str]:
    for text in sorted({one for one in texts if texts.count(one) > 1}):
        yield f'{place}: "{text[:_SHOWN]}" is given twice; delete one.'


def _texts(given: object) -> list[str]:
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
