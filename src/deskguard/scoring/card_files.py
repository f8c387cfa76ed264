"""Scorecard files (*.toml) to scorecards: strict, every mistake of a file in one message.

A card lies in config/scorecards or where the settings say. A file with `fills` writes values into the blanks of
another card and names the windows of its sections.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.scoring.card_building import build
from deskguard.scoring.card_checking import mistakes_in
from deskguard.scoring.card_filling import fill, mistakes_in_fill, mistakes_once_filled
from deskguard.scoring.card_schema import CardFile, FillFile
from deskguard.settings import Section, describe, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deskguard.scoring.scorecard import Scorecard

_File = TypeVar("_File", bound=Section)
_WHAT = "Scorecard"


def find_card(name: str, places: Sequence[Path] = ()) -> Scorecard:
    """The card of that name, of `places` (files or folders) first, then of those that come with deskguard.

    Raises DeskguardError for an unknown name, listing what there is, and for every mistake in the card's file.
    """
    known = _by_id(card_files(places))
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        raise DeskguardError(
            f'There is no scorecard "{name[:64]}"; there are {", ".join(sorted(known))}.',
            f'write "{close[0]}".' if close else "name one of these, or put yours where [scoring] cards says.",
            "unknown-card",
        )
    return load_card(known[name], places)


def card_files(places: Sequence[Path] = ()) -> list[Path]:
    """The files of all cards, those of `places` first; raises DeskguardError for a place that is missing."""
    found: dict[Path, None] = {}
    for place in [*places, bundled("config/scorecards")]:
        if not place.exists():
            raise DeskguardError(
                f"{place}, where scorecards should be, does not exist.", "mend [scoring] cards.", "file-missing"
            )
        found.update(dict.fromkeys(sorted(place.glob("*.toml")) if place.is_dir() else [place]))
    return list(found)


def load_card(path: Path, places: Sequence[Path] = ()) -> Scorecard:
    """The card of a file; raises one DeskguardError that lists every mistake in it."""
    table = read_toml(path, _WHAT)
    header = table.get("card")
    if isinstance(header, dict) and "fills" in header:
        file = _read(path, table, FillFile, ())
        return _with_fill(path, table, file, load_card(_filled_by(path, file, places), places))
    return _plain(path, table)


def card_tables(path: Path, places: Sequence[Path] = ()) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The tables behind a file: those of the card, and of the file itself if it only fills that card."""
    table = read_toml(path, _WHAT)
    header = table.get("card")
    if not (isinstance(header, dict) and "fills" in header):
        return table, None
    return read_toml(_filled_by(path, _read(path, table, FillFile, ()), places), _WHAT), table


def card_of_tables(name: str, table: Mapping[str, Any], fill: Mapping[str, Any] | None = None) -> Scorecard:
    """The card of such tables; `name` stands for the file in messages. Raises DeskguardError as `load_card`."""
    path = Path(name)
    card = _plain(path, dict(table))
    if fill is None:
        return card
    return _with_fill(path, dict(fill), _read(path, dict(fill), FillFile, ()), card)


def _plain(path: Path, table: dict[str, Any]) -> Scorecard:
    return build(_read(path, table, CardFile, mistakes_in(table)), path, _sha256(table))


def _filled_by(path: Path, file: FillFile, places: Sequence[Path]) -> Path:
    """The file of the card that a file fills."""
    known = _by_id(one for one in card_files(places) if one.absolute() != path.absolute())
    wanted = file.card.fills
    if wanted not in known:
        close = difflib.get_close_matches(wanted, known, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(sorted(known))}."
        raise _error(path, [f'card, fills: is "{wanted}"; no other card has that id, {hint}'])
    table_of_other = read_toml(known[wanted], _WHAT).get("card")
    if isinstance(table_of_other, dict) and "fills" in table_of_other:
        raise _error(path, [f'card, fills: "{wanted}" is itself a filled card; name the one with the blanks.'])
    return known[wanted]


def _with_fill(path: Path, table: dict[str, Any], file: FillFile, card: Scorecard) -> Scorecard:
    """The card with the values and windows of a file in place."""
    if mistakes := list(mistakes_in_fill(file, card)):
        raise _error(path, mistakes)
    whole = fill(card, file)
    if mistakes := list(mistakes_once_filled(whole)):
        raise _error(path, mistakes)
    return replace(whole, file=str(path), sha256=_sha256({"of": card.sha256, "with": table}))


def _read(path: Path, table: dict[str, Any], model: type[_File], others: Iterable[str]) -> _File:
    """The checked file; raises DeskguardError with the schema's mistakes and `others`."""
    mistakes: list[str] = []
    file: _File | None = None
    try:
        file = model.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        mistakes = [describe(one, model, _place(table, one["loc"])) for one in error.errors()]
    mistakes += others
    if mistakes or file is None:
        raise _error(path, mistakes)
    return file


def _error(path: Path, mistakes: Sequence[str]) -> DeskguardError:
    listed = "\n".join(f"  - {one}" for one in mistakes)
    many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "1 mistake"
    return DeskguardError(
        f"{_WHAT} {path} holds {many}:\n{listed}\n",
        "mend them and run: deskguard scorecards check FILE",
        "bad-card",
    )


def _place(table: Mapping[str, Any], loc: Sequence[int | str]) -> str:
    """A validation place in a reader's words: section 2 ("tone"), item 1 ("loud"), takes, value."""
    parts: list[str] = []
    at: Any = table
    for part in loc:
        try:
            at = at[part]
        except (KeyError, IndexError, TypeError):
            at = None
        if isinstance(part, int) and parts:
            name = at.get("id", at.get("name")) if isinstance(at, dict) else None
            parts[-1] += f" {part + 1}" + (f' ("{name}")' if isinstance(name, str) else "")
        else:
            parts.append(str(part))
    return ", ".join(parts)


def _by_id(paths: Iterable[Path]) -> dict[str, Path]:
    known: dict[str, Path] = {}
    for path in paths:
        known.setdefault(_id_of(path), path)
    return known


def _id_of(path: Path) -> str:
    """The id that a file gives itself, else its name; what is wrong with the file is told when it is loaded."""
    try:
        header = read_toml(path, _WHAT).get("card")
    except DeskguardError:
        return path.stem
    name = header.get("id") if isinstance(header, dict) else None
    return name if isinstance(name, str) else path.stem


def _sha256(table: Mapping[str, Any]) -> str:
    text = json.dumps(table, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
