"""A table on disk, CSV or XLSX, to rows of text by their headings; values as people see them in the cells.

CSV is read as UTF-8, else as GB 18030, which spreadsheets of Chinese offices write; commas, semicolons and tabs
separate. Of a workbook the first sheet counts. Empty rows are left out.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

MOST_BYTES = 200_000_000
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    number: int
    """As a spreadsheet counts: the headings are in row 1."""
    cells: Mapping[str, str]
    """Text by heading, without blanks around; headings of empty columns are left out."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its headings."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """The table of a file; raises DeskguardError for one that is missing, unreadable or no table."""
    if not path.is_file():
        raise DeskguardError(
            f"Table {path} does not exist.", "give the path of an existing file.", "file-missing"
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DeskguardError(
                f"Table {path} is larger than {MOST_BYTES:,} bytes.", "split it into parts.", "bad-table"
            )
        lines = _workbook(path) if path.suffix.lower() in _WORKBOOKS else _csv(path)
    except OSError as error:
        raise DeskguardError(
            f"Table {path} cannot be read: {error.strerror or error}.",
            "check the path and its permissions.",
            "file-unreadable",
        ) from None
    return _table(path, lines)


def _csv(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise DeskguardError(
                f"Table {path} is neither UTF-8 nor GB 18030.", "save it again as UTF-8.", "bad-encoding"
            ) from None
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    try:
        return [
            list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        ]
    except csv.Error as error:
        raise DeskguardError(
            f"Table {path} is no CSV: {error}.", "save it again as CSV, or as .xlsx.", "bad-table"
        ) from None


def _workbook(path: Path) -> list[list[str]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise DeskguardError(
                    f"Table {path} unpacks to more than {MOST_BYTES:,} bytes.", "split it.", "bad-table"
                )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            return [[_shown(cell) for cell in row] for row in book.worksheets[0].iter_rows()]
        finally:
            book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, SyntaxError):
        raise DeskguardError(
            f"Table {path} is no .xlsx workbook.", "save it again as .xlsx, or as CSV.", "bad-table"
        ) from None


def _shown(cell: Any) -> str:
    """A cell as people see it: days without a time, months without a day, whole numbers without a point."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        if "d" not in str(cell.number_format).lower():
            # Whoever types 2026-11 into a spreadsheet gets the first of that month, shown without its day.
            return f"{value.year}-{value.month:02}"
        is_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if is_day else value.isoformat(timespec="seconds")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _table(path: Path, lines: Sequence[Sequence[str]]) -> Table:
    numbered = [(number, [cell.strip() for cell in row]) for number, row in enumerate(lines, 1)]
    filled = [(number, row) for number, row in numbered if any(row)]
    if not filled:
        raise DeskguardError(
            f"Table {path} is empty.",
            "write headings into the first row and a row for each entry.",
            "bad-table",
        )
    headings = filled[0][1]
    named = [one for one in headings if one]
    if twice := sorted({one for one in named if named.count(one) > 1}):
        raise DeskguardError(
            f'Table {path} has the heading "{twice[0][:64]}" twice.', "rename or delete one.", "bad-table"
        )
    rows = tuple(Row(number, _cells(headings, row)) for number, row in filled[1:])
    return Table(tuple(named), rows)


def _cells(headings: Iterable[str], row: Sequence[str]) -> dict[str, str]:
    return {name: row[at] if at < len(row) else "" for at, name in enumerate(headings) if name}
