"""What the schema of a pack cannot see: words that are empty, vague or given twice, names of nothing.

Works on raw tables, so that these mistakes are found beside those of the schema.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from deskguard.language.text import normalise
from deskguard.rules.pattern import read_pattern
from deskguard.rules.schema import SPEAKERS
from deskguard.rules.spelling import SpellingError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

BUILT_IN_FRAMES = frozenset({"quotes"})
"""Frames that no pattern can say; spotting/meaning/judge.py knows them."""
CONDITIONS = ("unless", "only_if", "soften")
_SPELLED = ("phrase", "say", "answer_only", "clause_end_only", "dialect", "except")
_SHOWN = 30
_MOST_LISTED = 12

Table = dict[str, Any]


def mistakes_in(table: Table) -> Iterator[str]:
    """The mistakes of one file, each as a sentence that begins with its place."""
    ids: dict[str, str] = {}
    seen: dict[str, str] = {}
    for kind in ("phrase", "ban"):
        for place, entry in entries_of(table, kind):
            name = str(entry.get("id", ""))
            if name in ids:
                yield f"{place}: id is also that of {ids[name]}; give each {kind} its own id."
            ids.setdefault(name, place.split(" (", 1)[0])
            yield from _mistaken_spellings(place, entry, seen)
            yield from _mistaken_conditions(place, entry)
            yield from _mistaken_dialects(place, entry)
            yield from _mistaken_examples(place, entry)
            if kind == "ban" and not any(entry.get(key) for key in _SPELLED):
                yield f"{place}: has no say; a ban has no wording of its own, so write at least one spelling."
    for place, entry in entries_of(table, "frame"):
        yield from _mistaken_patterns(f"{place}, say", _texts(entry.get("say")))


def mistakes_between(tables: Mapping[Path, Table]) -> Iterator[str]:
    """Mistakes that only all files together show: ids given twice, names of what is not there."""
    frames, bans, phrases = (dict(_owners(tables, kind)) for kind in ("frame", "ban", "phrase"))
    yield from _repeated(tables, "frame")
    yield from _repeated(tables, "ban")
    for path, place, entry in _everywhere(tables, "ban"):
        if (name := str(entry.get("id", ""))) in phrases and phrases[name][0] != path:
            other = phrases[name][0]
            yield f"{path}, {place}: id is also that of a phrase of {other}; give the ban its own id."
    for path, place, entry in _everywhere(tables, "frame"):
        if entry.get("id") in BUILT_IN_FRAMES:
            yield f"{path}, {place}: id is that of a frame that is built in; give it another."
        yield from (f"{path}, {place}, {one}" for one in _unknown("say", _texts(entry.get("say")), frames))
    for kind in ("phrase", "ban"):
        for path, place, entry in _everywhere(tables, kind):
            for key in CONDITIONS:
                for texts in _conditions(entry, key):
                    yield from (f"{path}, {place}, {one}" for one in _unknown(key, texts, frames))
    for path, place, entry in _everywhere(tables, "described"):
        ban = entry.get("ban")
        if isinstance(ban, str) and ban not in bans:
            yield f'{path}, {place}, ban is "{ban}"; no ban has that id, {there_are(ban, bans)}'
    yield from _circles(frames)


def entries_of(table: Table, kind: str) -> Iterator[tuple[str, Table]]:
    """The tables of a kind, each with its place in a supervisor's words; what is no table is the schema's."""
    entries = table.get(kind)
    for number, entry in enumerate(entries if isinstance(entries, list) else (), 1):
        if isinstance(entry, dict):
            yield f'{kind} {number} ("{entry.get("id", "")}")', entry


def _mistaken_spellings(place: str, entry: Table, seen: dict[str, str]) -> Iterator[str]:
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


def _spelled(entry: Table) -> Iterator[tuple[str, str]]:
    """Every spelling of a raw entry with its key; what is not text is the schema's to report."""
    for key in _SPELLED:
        texts = entry.get(key, ())
        if key == "phrase":
            texts = [texts]
        elif key == "dialect":
            tables = texts if isinstance(texts, list) else ()
            texts = [text for one in tables if isinstance(one, dict) for text in _texts(one.get("say"))]
        for text in _texts(texts):
            yield key, text


def _mistaken_conditions(place: str, entry: Table) -> Iterator[str]:
    for key in CONDITIONS:
        if entry.get(key) == []:
            yield f"{place}, {key} is empty; write a condition, or delete the key."
        given = list(_conditions(entry, key))
        for texts in given:
            yield from _mistaken_patterns(f"{place}, {key}", texts)
        plain = [one for one in entry.get(key, ()) if isinstance(one, str)] if given else []
        yield from _twice(f"{place}, {key}", plain)
        for one in entry.get(key, ()) if given else ():
            if isinstance(one, dict):
                yield from _idle_reach(f"{place}, {key}", one)


def _idle_reach(place: str, condition: Table) -> Iterator[str]:
    """A reach that does nothing, or contradicts another."""
    where = condition.get("where")
    for key in ("next_turns", "next_s"):
        if key in condition and where in ("before", "within"):
            yield f'{place}: where is "{where}" and {key} is given; what comes later is not there: delete one.'
    for key, found in (("next_turns", "after"), ("last_turns", "before")):
        if key in condition and where in ("clause", "utterance"):
            yield f'{place}: where is "{where}" and {key} is given; write where = "turn" or "{found}".'
    if "last_turns" in condition and where in ("after", "within"):
        yield f'{place}: where is "{where}" and last_turns is given; what came before is not there: delete one.'
    if condition.get("by") == "visitor" and not {"last_turns", "next_turns"} & set(condition):
        yield f'{place}: by is "visitor", whose words stand in other turns; add last_turns or next_turns.'


def _conditions(entry: Table, key: str) -> Iterator[list[str]]:
    """The patterns of each condition under a key."""
    conditions = entry.get(key)
    for one in conditions if isinstance(conditions, list) else ():
        if isinstance(one, str):
            yield [one]
        elif isinstance(one, dict):
            yield _texts(one.get("say"))


def _mistaken_patterns(place: str, texts: list[str]) -> Iterator[str]:
    for text in texts:
        if text.startswith("@") or not text.strip():
            continue
        try:
            read_pattern(text)
        except SpellingError as error:
            yield f'{place}: "{text[:_SHOWN]}" {error}'
    if len(texts) > 1:
        yield from _twice(place, texts)


def _twice(place: str, texts: list[str]) -> Iterator[str]:
    for text in sorted({one for one in texts if texts.count(one) > 1}):
        yield f'{place}: "{text[:_SHOWN]}" is given twice; delete one.'


def _mistaken_dialects(place: str, entry: Table) -> Iterator[str]:
    dialects = entry.get("dialect")
    for one in dialects if isinstance(dialects, list) else ():
        if isinstance(one, dict) and bool(one.get("region")) == bool(one.get("register")):
            yield (
                f"{place}, dialect: wants either region or register; write where people say it (region) or in"
                " which manner (register)."
            )


def _mistaken_examples(place: str, entry: Table) -> Iterator[str]:
    seen: dict[tuple[str, ...], str] = {}
    for key in ("examples", "counter_examples"):
        given = entry.get(key)
        for number, one in enumerate(given if isinstance(given, list) else (), 1):
            at = f"{place}, {key}, item {number}"
            table = one if isinstance(one, dict) else {"text": one}
            turns, text = table.get("turns"), table.get("text")
            if bool(turns) == bool(text):
                yield f"{at}: wants either text or turns; write what is said."
                continue
            lines = _texts(turns) if turns else _texts([text])
            for line in lines if turns else ():
                if line[:1] not in SPEAKERS or line[1:2] not in ("：", ":") or not line[2:].strip():
                    yield f'{at}: "{line[:_SHOWN]}" does not begin with 员： or 客：; write who says what.'
            told = (str(table.get("role", "staff")), *(normalise(line).chars for line in lines))
            if told in seen:
                yield f"{at}: is the same as {seen[told]}; delete one."
            seen.setdefault(told, f"{key}, item {number}")


def _texts(given: object) -> list[str]:
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _everywhere(tables: Mapping[Path, Table], kind: str) -> Iterator[tuple[Path, str, Table]]:
    for path, table in tables.items():
        for place, entry in entries_of(table, kind):
            yield path, place, entry


def _owners(tables: Mapping[Path, Table], kind: str) -> Iterator[tuple[str, tuple[Path, Table]]]:
    for path, _, entry in _everywhere(tables, kind):
        if isinstance(entry.get("id"), str):
            yield entry["id"], (path, entry)


def _repeated(tables: Mapping[Path, Table], kind: str) -> Iterator[str]:
    """Ids of frames or bans that two places have; within a file a ban's id is checked with the phrases'."""
    first: dict[str, Path] = {}
    for path, place, entry in _everywhere(tables, kind):
        name = str(entry.get("id", ""))
        if name in first and (kind == "frame" or first[name] != path):
            yield f"{path}, {place}: id is also that of a {kind} of {first[name]}; give each its own."
        first.setdefault(name, path)


def _unknown(key: str, texts: list[str], frames: Iterable[str]) -> Iterator[str]:
    known = {*frames, *BUILT_IN_FRAMES}
    for text in texts:
        if text.startswith("@") and text[1:] not in known:
            yield f'{key}: "{text[:_SHOWN]}" names no frame; {there_are(text[1:], known)}'


def there_are(name: str, known: Iterable[str]) -> str:
    """The nearest of known names, or those there are: the end of a sentence about one that is not."""
    close = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)[:_MOST_LISTED]) or "none"
    return f'did you mean "{close[0]}"?' if close else f"there are {listed}."


def _circles(frames: Mapping[str, tuple[Path, Table]]) -> Iterator[str]:
    """Frames that lead back to themselves, each circle once."""
    told: set[str] = set()
    for start in sorted(frames):
        trail = _circle(start, frames)
        if trail and not told & set(trail):
            told.update(trail)
            path = frames[start][0]
            yield f'{path}, frame "{start}": {" → ".join("@" + one for one in trail)} is a circle; break it.'


def _circle(start: str, frames: Mapping[str, tuple[Path, Table]]) -> list[str]:
    """The way from a frame back to itself, or nothing."""
    waiting = [[start]]
    seen: set[str] = set()
    while waiting:
        trail = waiting.pop()
        for text in _texts(frames[trail[-1]][1].get("say")):
            name = text[1:] if text.startswith("@") else ""
            if name == start:
                return [*trail, start]
            if name in frames and name not in seen:
                seen.add(name)
                waiting.append([*trail, name])
    return []
