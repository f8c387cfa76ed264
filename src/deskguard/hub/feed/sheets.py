"""Rows to a workbook; every text is a text, never a formula."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import IllegalCharacterError

if TYPE_CHECKING:
    from collections.abc import Iterable


def workbook_of(rows: Iterable[list[Any]]) -> bytes:
    """A workbook with one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("events")
    for row in rows:
        sheet.append([_cell(sheet, one) for one in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        cell = WriteOnlyCell(sheet, value)
    except IllegalCharacterError:
        cell = WriteOnlyCell(sheet, "".join(one for one in value if one.isprintable()))
    cell.data_type = "s"
    return cell
