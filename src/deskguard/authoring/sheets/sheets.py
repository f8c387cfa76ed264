"""The sheets of a rules spreadsheet: which there are, their columns, and cells to typed rows and back.

Headings and fixed values are written in one language and understood in every language of the catalogue. Every
cell that cannot be understood is a mistake with its sheet, row and column; reading goes on behind it.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from deskguard.authoring.sheets.workbook import Choice, Sheet, Strange, Value, column_name
from deskguard.authoring.words import Words
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["text", "number", "integer", "yes-no", "choice"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key it has in a pack, and what its cells hold."""

    key: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    is_required: bool = False


def _must(key: str, choices: tuple[str, ...] = ()) -> Column:
    return Column(key, "choice" if choices else "text", choices, is_required=True)


_OF_RULE = (Column("file"), _must("id"))
_LISTENED = (
    _must("severity", ("low", "medium", "high")),
    _must("advice"),
    Column("advice_source"),
    Column("cooldown_s", "number"),
    Column("min_confidence", "number"),
    Column("whole_words", "yes-no"),
    Column("needs_person", "yes-no"),
    Column("masked", "yes-no"),
)
SPELLINGS = ("say", "answer_only", "clause_end_only", "dialect", "except")
CONDITIONS = ("unless", "only_if", "soften")
EXAMPLES = ("examples", "counter_examples")
LAYOUT: dict[str, tuple[Column, ...]] = {
    "packs": (
        _must("file"), _must("id"), _must("title"), Column("version"), Column("source"), Column("sector"),
        Column("language"),
    ),
    "rules": (*_OF_RULE, _must("phrase"), _must("clause"), _must("quote"), *_LISTENED),
    "bans": (*_OF_RULE, _must("kind"), _must("name"), *_LISTENED),
    "spellings": (
        *_OF_RULE, _must("list", SPELLINGS), _must("spelling"), Column("region"), Column("register"),
        Column("group"),
    ),
    "conditions": (
        *_OF_RULE, _must("list", CONDITIONS), _must("pattern"),
        Column("where", "choice", ("clause", "utterance", "turn", "before", "after", "within")),
        Column("by", "choice", ("same", "staff", "visitor", "anyone")),
        Column("next_turns", "integer"), Column("next_s", "number"), Column("last_turns", "integer"),
        Column("group"),
    ),
    "frames": (*_OF_RULE, Column("title"), Column("gives_way", "yes-no"), _must("pattern")),
    "examples": (
        *_OF_RULE, _must("list", EXAMPLES), Column("role", "choice", ("staff", "visitor")), _must("text"),
        Column("group"),
    ),
    "described": (*_OF_RULE, _must("clause"), _must("quote"), Column("ban"), Column("act")),
}  # fmt: skip
"""Sheet → columns, in the order they are written."""
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Place:
    """A cell, for messages."""

    sheet: str
    row: int
    column: str
    """Letters and heading; empty for the row as a whole."""

    def told(self, words: Words) -> str:
        if not self.row:
            return words("at_sheet", sheet=self.sheet)
        if not self.column:
            return words("at_row", sheet=self.sheet, row=self.row)
        return words("at_cell", sheet=self.sheet, row=self.row, column=self.column)


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings, by key; an empty cell has no key."""

    sheet: str
    """The title as the file has it."""
    number: int
    values: dict[str, str | float | bool]
    columns: dict[str, str]
    """Letters and heading of each key."""

    def text(self, key: str) -> str:
        return str(self.values.get(key, ""))

    def place(self, key: str = "") -> Place:
        return Place(self.sheet, self.number, self.columns.get(key, ""))


@dataclass(slots=True)
class Reading:
    """What was read, and what was wrong; a row with a mistake lacks the value that is wrong."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in LAYOUT})
    mistakes: list[str] = field(default_factory=list)


def written(name: str, rows: Iterable[dict[str, Value]], words: Words) -> Sheet:
    """A sheet of the layout with its headings, and lists to pick from."""
    columns = LAYOUT[name]
    heads = tuple(words(f"column.{one.key}") for one in columns)
    choices = [
        Choice(column=at, values=tuple(words(f"value.{each}") for each in one.choices or _YES_NO))
        for at, one in enumerate(columns)
        if one.kind in ("choice", "yes-no")
    ]
    body = tuple(tuple(_cell(one, row.get(one.key), words) for one in columns) for row in rows)
    return Sheet(title=words(f"sheet.{name}"), rows=(heads, *body), choices=tuple(choices))


def read(sheets: Sequence[Sheet], words: Words) -> Reading:
    """Typed rows of every sheet of the layout; sheets and columns of other names are mistakes."""
    reading = Reading()
    seen: dict[str, str] = {}
    for sheet in sheets:
        name = _named(sheet.title, {one: f"sheet.{one}" for one in LAYOUT})
        if name is None:
            at = Place(sheet.title, 0, "").told(words)
            hint = _hint(sheet.title, [words(f"sheet.{one}") for one in LAYOUT], words)
            reading.mistakes.append(words("mistake.unknown_sheet", at=at, hint=hint))
        elif name in seen:
            reading.mistakes.append(words("mistake.sheet_twice", sheet=sheet.title, other=seen[name]))
        else:
            seen[name] = sheet.title
            reading.rows[name] = list(_rows(name, sheet, reading, words))
    return reading


def _rows(name: str, sheet: Sheet, reading: Reading, words: Words) -> Iterable[Row]:
    heads = _heads(name, sheet, reading, words)
    if heads is None:
        return
    columns = {key: f"{column_name(at)} ({sheet.rows[0][at]})" for at, (key, _) in heads.items()}
    for number, cells in enumerate(sheet.rows[1:], 2):
        if all(one is None for one in cells):
            continue
        row = Row(sheet.title, number, {}, columns)
        for at, (key, column) in heads.items():
            cell = cells[at] if at < len(cells) else None
            if cell is None:
                if column.is_required:
                    reading.mistakes.append(words("mistake.missing", at=row.place(key).told(words)))
                continue
            value = _value(column, cell)
            if value is None:
                reading.mistakes.append(_refused(column, cell, row.place(key), words))
            else:
                row.values[key] = value
        for at in range(len(sheet.rows[0]), len(cells)):
            if cells[at] is not None:
                beside = Place(sheet.title, number, column_name(at))
                reading.mistakes.append(words("mistake.beside", at=beside.told(words), found=_shown(cells[at])))
        yield row


def _heads(name: str, sheet: Sheet, reading: Reading, words: Words) -> dict[int, tuple[str, Column]] | None:
    """Columns by their place, or None after adding what is wrong with the headings."""
    columns = {one.key: one for one in LAYOUT[name]}
    heads: dict[int, tuple[str, Column]] = {}
    before = len(reading.mistakes)
    for at, head in enumerate(sheet.rows[0] if sheet.rows else ()):
        if head is None:
            if any(at < len(row) and row[at] is not None for row in sheet.rows):
                there = Place(sheet.title, 1, column_name(at))
                reading.mistakes.append(words("mistake.no_heading", at=there.told(words)))
            continue
        key = _named(str(head), {one: f"column.{one}" for one in columns})
        there = Place(sheet.title, 1, column_name(at))
        if key is None:
            hint = _hint(str(head), [words(f"column.{one}") for one in columns], words)
            reading.mistakes.append(
                words("mistake.unknown_column", at=there.told(words), found=_shown(head), hint=hint)
            )
        elif key in {one for one, _ in heads.values()}:
            reading.mistakes.append(words("mistake.column_twice", at=there.told(words), found=_shown(head)))
        else:
            heads[at] = (key, columns[key])
    found = {key for key, _ in heads.values()}
    has_rows = any(one is not None for row in sheet.rows[1:] for one in row)
    missing = [one.key for one in columns.values() if one.is_required and one.key not in found]
    if missing and has_rows:
        listed = words.joined([words(f"column.{one}") for one in missing])
        reading.mistakes.append(words("mistake.column_missing", sheet=sheet.title, missing=listed))
    return heads if len(reading.mistakes) == before else None


def _named(text: str, keys: dict[str, str]) -> str | None:
    """Which of the keys a heading or a value means, in any language; its own name counts, too."""
    wanted = text.strip().casefold()
    for own, key in keys.items():
        names = {own} | {catalogue.load(one)[f"rules.{key}"] for one in catalogue.LANGUAGES}
        if wanted in {name.casefold() for name in names}:
            return own
    return None


def _value(column: Column, cell: Value | Strange) -> str | float | bool | None:
    """The cell as its column means it; None when it cannot be."""
    if isinstance(cell, Strange):
        return None
    if column.kind == "text":
        return _as_text(cell)
    if column.kind in ("number", "integer"):
        return _as_number(cell, whole=column.kind == "integer")
    if column.kind == "yes-no":
        if isinstance(cell, bool):
            return cell
        named = _named(str(cell), {one: f"value.{one}" for one in _YES_NO})
        return None if named is None else _YES_NO[named]
    return _named(str(cell), {one: f"value.{one}" for one in column.choices})


def _as_text(cell: Value) -> str | None:
    """Spreadsheets make numbers of ids and versions: 110 and 1.0 are text again."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _as_number(cell: Value, *, whole: bool) -> float | None:
    if isinstance(cell, str):
        try:
            cell = float(cell.strip())
        except ValueError:
            return None
    if isinstance(cell, bool) or cell is None or not math.isfinite(cell):
        return None
    if float(cell).is_integer() and abs(cell) < 1e15:
        return int(cell)
    return None if whole else float(cell)


def _refused(column: Column, cell: Value | Strange, place: Place, words: Words) -> str:
    known = column.choices or (tuple(_YES_NO) if column.kind == "yes-no" else ())
    expected = words(f"expected.{column.kind}", known=words.joined([words(f"value.{one}") for one in known]))
    return words("mistake.bad_value", at=place.told(words), found=_shown(cell), expected=expected)


def _hint(found: str, known: list[str], words: Words) -> str:
    close = difflib.get_close_matches(found, known, n=1, cutoff=0.5)
    return (
        words("mistake.meant", close=close[0]) if close else words("mistake.known", known=words.joined(known))
    )


def _shown(cell: Value | Strange) -> str:
    text = cell.shown if isinstance(cell, Strange) else str(cell)
    return text if len(text) <= 40 else text[:40] + "…"


def _cell(column: Column, value: Value, words: Words) -> Value:
    if value is None or column.kind in ("number", "integer"):
        return value
    if column.kind == "yes-no":
        return words("value.yes" if value else "value.no")
    return words(f"value.{value}") if column.kind == "choice" else value
