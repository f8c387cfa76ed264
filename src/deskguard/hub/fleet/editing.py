"""A version of the rules as tables to look at and to change, and changed tables as the files of a new version.

The tables are those of the spreadsheet, so what can be edited there can be edited here, and a mistake is told
with its sheet, row and column. Rows have the numbers they have in a spreadsheet: 1 is the headings.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.hub.fleet import library
from deskguard.wire.events import Strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deskguard.authoring.sheets.workbook import Sheet
    from deskguard.authoring.words import Words

MOST_ROWS = 100
"""On one page; the rest is found by the filter."""
_MOST_CHANGES = 20_000
_NAME = Path("rules.xlsx")
_Cell = Annotated[str, Field(max_length=4000)]
_Row = Annotated[int, Field(ge=2, le=100_000)]


class Changes(Strict):
    """What somebody did to one table."""

    cells: Annotated[dict[str, _Cell], Field(max_length=_MOST_CHANGES)]
    """Row and column, "7.2" (columns from 0) → the new text."""
    removed: Annotated[tuple[_Row, ...], Field(max_length=_MOST_CHANGES)]
    added: Annotated[tuple[tuple[_Cell, ...], ...], Field(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Column:
    """A column to edit."""

    title: str
    choices: tuple[str, ...]
    """What it may hold; empty: anything."""


@dataclass(frozen=True, slots=True)
class Table:
    """A part of a sheet for one page."""

    name: str
    """Key of the layout."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Number and texts of each row."""
    matching: int
    """How many rows the filter leaves; no more than MOST_ROWS of them are here."""


def sheet_names() -> tuple[str, ...]:
    """Keys of the sheets, in their order."""
    from deskguard.authoring.sheets.sheets import LAYOUT

    return tuple(LAYOUT)


def table(files: Mapping[str, bytes], name: str, wanted: str, words: Words) -> Table:
    """The rows of a sheet that hold what is wanted in a cell; raises DeskguardError for an unknown sheet."""
    names = sheet_names()
    if name not in names:
        raise DeskguardError(
            f'There is no table "{name[:40]}".', f"choose {', '.join(names)}.", "unknown-table"
        )
    sheet = _sheets(files, words)[names.index(name)]
    choices = {one.column: one.values for one in sheet.choices}
    columns = tuple(Column(str(head), choices.get(at, ())) for at, head in enumerate(sheet.rows[0]))
    texts = [(number, tuple(map(_shown, row))) for number, row in enumerate(sheet.rows[1:], 2)]
    needle = wanted.strip().casefold()
    kept = [one for one in texts if not needle or any(needle in cell.casefold() for cell in one[1])]
    return Table(name, sheet.title, columns, tuple(kept[:MOST_ROWS]), len(kept))


def read_changes(text: str) -> Changes:
    """What the page sends; raises DeskguardError (`bad-changes`)."""
    try:
        return Changes.model_validate_json(text)
    except ValidationError:
        raise DeskguardError(
            "What was changed in the table cannot be read.", "load the page again.", "bad-changes"
        ) from None


def edited(files: Mapping[str, bytes], name: str, changes: Changes, words: Words) -> dict[str, bytes]:
    """The files with a table changed; raises DeskguardError with every mistake.

    Files that mean the same as before stay as they were, comments and all.
    """
    from deskguard.authoring.sheets.spreadsheet import packs_of

    sheets = list(_sheets(files, words))
    at = sheet_names().index(name)
    sheets[at] = _changed(sheets[at], changes)
    return _kept_where_same(files, packs_of(sheets, _NAME, words), words)


def file_of(files: Mapping[str, bytes], rule_id: str) -> str:
    """The file with the entry of a rule; empty where none of these has one: it is a rule of all packs."""
    packs = library.packs_of(files)
    return next((path.name for path, _ in packs.entries(rule_id) if path.name in files), "")


def with_counter_examples(
    files: Mapping[str, bytes], several: Iterable[tuple[str, str]], words: Words
) -> dict[str, bytes]:
    """The files with more counter-examples, each a rule and words of staff; raises DeskguardError."""
    from deskguard.authoring.sheets.sheets import LAYOUT

    added = []
    for rule_id, text in several:
        file = file_of(files, rule_id)
        if not file:
            raise DeskguardError(
                f'No pack of this version has a rule "{rule_id[:64]}" of its own.',
                "leave its counter-examples out, or give it an entry in one of the packs first.",
                "not-in-pack",
            )
        row = {"file": Path(file).stem, "id": rule_id, "list": words("value.counter_examples"), "text": text}
        added.append(tuple(row.get(column.key, "") for column in LAYOUT["examples"]))
    return edited(files, "examples", Changes(cells={}, removed=(), added=tuple(added)), words)


def as_workbook(files: Mapping[str, bytes], words: Words) -> bytes:
    """A version as a spreadsheet."""
    from deskguard.authoring.sheets.workbook import write_workbook

    with tempfile.TemporaryDirectory(prefix="deskguard-") as folder:
        path = Path(folder) / _NAME
        write_workbook(path, _sheets(files, words), words)
        return path.read_bytes()


def of_workbook(content: bytes, files: Mapping[str, bytes], words: Words) -> dict[str, bytes]:
    """The files of a spreadsheet made from those of a version; raises DeskguardError with every mistake."""
    from deskguard.authoring.sheets.spreadsheet import packs_of
    from deskguard.authoring.sheets.workbook import read_workbook

    with tempfile.TemporaryDirectory(prefix="deskguard-") as folder:
        path = Path(folder) / _NAME
        path.write_bytes(content)
        try:
            made = packs_of(read_workbook(path, words), _NAME, words)
        except DeskguardError as error:
            problem = error.problem.replace(f"{folder}/", "")
            raise DeskguardError(problem, error.remedy, error.code) from None
    return _kept_where_same(files, made, words)


def _sheets(files: Mapping[str, bytes], words: Words) -> list[Sheet]:
    from deskguard.authoring.sheets.spreadsheet import sheets_of

    return sheets_of(library.packs_of(files), words)


def _changed(sheet: Sheet, changes: Changes) -> Sheet:
    from dataclasses import replace

    width = len(sheet.rows[0])
    body: dict[int, list[Any]] = {number: list(row) for number, row in enumerate(sheet.rows[1:], 2)}
    for place, text in changes.cells.items():
        row, _, column = place.partition(".")
        if not (row.isdecimal() and column.isdecimal() and int(row) in body and int(column) < width):
            raise DeskguardError("A changed cell is not in the table.", "load the page again.", "bad-changes")
        body[int(row)][int(column)] = _read(text)
    kept = [tuple(row) for number, row in body.items() if number not in changes.removed]
    added = [tuple(map(_read, row)) for row in changes.added if any(cell.strip() for cell in row)]
    if any(len(row) != width for row in added):
        raise DeskguardError("An added row has not the table's width.", "load the page again.", "bad-changes")
    return replace(sheet, rows=(sheet.rows[0], *kept, *added))


def _kept_where_same(before: Mapping[str, bytes], after: Mapping[str, bytes], words: Words) -> dict[str, bytes]:
    """A file that was only written anew stays as it was: its comments would be lost for nothing."""
    from deskguard.authoring.sheets.spreadsheet import packs_of

    plain = packs_of(_sheets(before, words), _NAME, words)
    return {
        name: before[name] if plain.get(name) == content and name in before else content
        for name, content in after.items()
    }


def _shown(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _read(text: str) -> str | None:
    return text if text.strip() else None
