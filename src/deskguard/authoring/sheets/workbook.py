"""Spreadsheets (.xlsx) to sheets of plain values and back; the only module that knows openpyxl.

Whatever stands in a cell comes back as it went in: text that looks like a formula stays text and nothing is
ever calculated, characters that XML cannot hold travel in the escapes that spreadsheets use (_x000D_), and
empty text is told from an empty cell. Comments, colours and formulas of a sheet are not kept.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError  # what openpyxl lets through

from deskguard.authoring.files import replaced
from deskguard.authoring.words import complaint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.authoring.words import Words
    from deskguard.errors import DeskguardError

Value = str | int | float | bool | None
"""What a cell may hold; anything else (a date) comes as `Strange`."""

MOST_UNPACKED_BYTES = 200_000_000
MOST_CELL_CHARACTERS = 32_767
"""The format's own limit; openpyxl would cut silently."""
_EMPTY_TEXT = '""'
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What XML 1.0 cannot hold or would change, and what would be read as an escape.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_BROKEN = (
    AttributeError, EOFError, IndexError, KeyError, NotImplementedError, ParseError, RuntimeError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Strange:
    """A value that no column takes: a date, an error of a formula."""

    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A column that offers a list to pick from."""

    column: int
    """From 0."""
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet; the first row holds the headings."""

    title: str
    rows: tuple[tuple[Value | Strange, ...], ...]
    choices: tuple[Choice, ...] = ()
    """Written, not read."""


def read_workbook(path: Path, words: Words) -> list[Sheet]:
    """Every sheet with its cells; raises DeskguardError for a file that is missing or no spreadsheet."""
    import openpyxl

    _refuse_other_files(path, words)
    try:
        with warnings.catch_warnings():
            # It warns of drop-down lists and styles it does not know, which do not matter here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, keep_links=False)
            return [
                Sheet(title=sheet.title, rows=tuple(tuple(map(_read, row)) for row in sheet.iter_rows()))
                for sheet in book.worksheets
            ]
    except OSError as error:
        raise complaint(
            words, "xlsx_unreadable", "file-unreadable", path=path, why=error.strerror or error
        ) from None
    except _BROKEN:
        raise _broken(path, words) from None


def write_workbook(path: Path, sheets: Sequence[Sheet], words: Words) -> None:
    """Write the sheets over `path` whole or not at all; raises DeskguardError when that cannot be."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.title), sheet, path, words)
    with replaced(path, words) as temporary:
        book.save(temporary)


def column_name(column: int) -> str:
    """The letters of a column counted from 0: 0 is A, 27 is AB."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _refuse_other_files(path: Path, words: Words) -> None:
    """Raise for what openpyxl would choke on in its own words, or unpack without end."""
    if not path.is_file():
        raise complaint(words, "xlsx_missing", "file-missing", path=path)
    try:
        with zipfile.ZipFile(path) as packed:
            names = {one.filename for one in packed.infolist()}
            size = sum(one.file_size for one in packed.infolist())
    except OSError as error:
        raise complaint(
            words, "xlsx_unreadable", "file-unreadable", path=path, why=error.strerror or error
        ) from None
    except _BROKEN:
        raise _broken(path, words) from None
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise _broken(path, words)
    if size > MOST_UNPACKED_BYTES:
        raise complaint(words, "xlsx_too_large", "bad-xlsx", path=path, size=size, most=MOST_UNPACKED_BYTES)


def _broken(path: Path, words: Words) -> DeskguardError:
    return complaint(words, "xlsx_broken", "bad-xlsx", path=path)


def _read(cell: Any) -> Value | Strange:
    value = cell.value
    if cell.data_type == "f":
        # An array formula is an object; every formula is kept as the text that was typed.
        value = getattr(value, "text", value)
        return value if isinstance(value, str) else Strange("=")
    if cell.data_type == "e":
        return Strange(str(value))
    if isinstance(value, str):
        if value == _EMPTY_TEXT:
            return ""
        return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), value) if value.strip() else None
    if value is None or isinstance(value, bool | int | float):
        return value
    return Strange(str(value))


def _write_sheet(sheet: Any, content: Sheet, path: Path, words: Words) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    wrapped, bold = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
    for at, row in enumerate(content.rows, 1):
        for across, value in enumerate(row, 1):
            if value is None or isinstance(value, Strange):
                continue
            if isinstance(value, float) and float(f"{value:.15g}") != value:
                # Spreadsheets keep 15 digits of a number.
                value = repr(value)  # noqa: PLW2901
            cell = sheet.cell(at, across)
            if isinstance(value, str):
                text = _escaped(value)
                if len(text) > MOST_CELL_CHARACTERS:
                    raise complaint(
                        words, "xlsx_cell_too_long", "bad-xlsx", path=path, sheet=content.title, row=at,
                        most=MOST_CELL_CHARACTERS,
                    )  # fmt: skip
                cell.value = text
                cell.data_type = "s"
                # As text, also after somebody has edited the cell: 3-1 is no date, =A1 no formula.
                cell.number_format = "@"
                cell.quotePrefix = text.startswith(("=", "'"))
            else:
                cell.value = value
            cell.alignment = wrapped
            if at == 1:
                cell.font = bold
    for across in range(len(content.rows[0])):
        letters = column_name(across)
        longest = max((_width(row[across]) for row in content.rows if across < len(row)), default=0)
        sheet.column_dimensions[letters].width = min(60, max(10, longest + 2))
    for choice in content.choices:
        listed = DataValidation(type="list", formula1=f'"{",".join(choice.values)}"', allow_blank=True)
        listed.add(f"{column_name(choice.column)}2:{column_name(choice.column)}5000")
        sheet.add_data_validation(listed)
    sheet.freeze_panes = "A2"


def _escaped(text: str) -> str:
    if not text:
        return _EMPTY_TEXT
    if text == _EMPTY_TEXT:
        return '_x0022_"'
    if not text.strip():
        return "".join(f"_x{ord(one):04X}_" for one in text)
    return _UNSAFE.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def _width(value: Value | Strange) -> int:
    """Columns a value needs; a Chinese character takes two."""
    lines = str(value if value is not None else "").splitlines() or [""]
    return max(sum(2 if ord(one) > 0x2E80 else 1 for one in line) for line in lines)
