"""Sheets of typed columns to one .xlsx file, as an office would lay them out; the only home of openpyxl here.

The file is written row by row, so a hundred thousand findings do not fill the memory, and equal content gives
equal bytes. Text stays text, also where it looks like a formula; nothing is calculated, so totals are what
they were reckoned to be.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["text", "wrap", "count", "points", "signed", "hours", "number", "share", "day", "clock"]
"""How the values of a column are shown."""
_FORMATS: dict[Kind, str] = {
    "text": "@",
    "wrap": "@",
    "count": "#,##0",
    "points": "0.00",
    "signed": "+0.00;-0.00;0.00",
    "hours": "#,##0.00",
    "number": "0.00",
    "share": "0.0%",
    "day": "yyyy-mm-dd",
    "clock": "[h]:mm:ss",
}
MOST_ROWS = 1_000_000
"""A sheet ends at row 1,048,576."""
_MOST_LINKS = 60_000
"""Excel opens no sheet with more than 65,530."""
_MOST_CHARACTERS = 32_767
_STAMP = (1980, 1, 1, 0, 0, 0)
# What XML 1.0 cannot hold, and halves of characters.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_INK, _HEAD, _BAND, _LINE = "1F2A2E", "1F4E5F", "E8EFF1", "C5D0D4"


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its heading; `width` in characters of the font, of which a Chinese one takes two."""

    title: str
    width: float
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Link:
    """Text that opens a file beside the workbook."""

    text: str
    target: str


Value = str | int | float | date | Link | None
"""What a cell holds."""

_A4, _A3 = 9, 8
_A4_WIDTH = 230
"""Characters that a sheet of A4 holds, fitted to its width, for who reads it without a glass."""
_LINE_POINTS = 15.0
_MOST_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A table of a sheet."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    title: str = ""
    totals: Sequence[Value] = ()
    """One more row, marked as the sum; empty: none."""
    strong: frozenset[int] = frozenset()
    """Rows that are sums of those before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A line chart of columns of a block over its first column."""

    block: int
    title: str
    x_title: str
    y_title: str
    columns: Sequence[int]
    """From 0; the first is the line, others go along dashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: a title, lines of text, tables below one another, charts beside them."""

    name: str
    title: str
    notes: Sequence[str] = ()
    blocks: Sequence[Block] = ()
    plots: Sequence[Plot] = ()
    frozen_columns: int = 0
    """How many stay while one scrolls to the right."""


def book_bytes(sheets: Sequence[Sheet], title: str, footer: str) -> bytes:
    """The workbook as a file; equal sheets give equal bytes."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    book.properties.title = _text(title)
    book.properties.creator = "deskguard"
    _add_styles(book)
    for sheet in sheets:
        _Writer(book, sheet, footer).write()
    raw = io.BytesIO()
    book.save(raw)
    return _without_times(raw.getvalue())


class _Writer:
    """Writes one sheet from top to bottom."""

    def __init__(self, book: Any, sheet: Sheet, footer: str) -> None:
        from openpyxl.cell import WriteOnlyCell

        self._sheet = sheet
        self._ws = book.create_sheet(sheet.name)
        self._row = 0
        self._links = 0
        self._firsts: list[tuple[int, int]] = []
        self._looks: dict[str, Any] = {}
        self._new: Any = WriteOnlyCell
        self._set_up(footer)

    def write(self) -> None:
        sheet = self._sheet
        self._line(sheet.title, "title")
        for note in sheet.notes:
            self._line(note, "note")
        for block in sheet.blocks:
            if self._firsts:
                self._append([])
            self._block(block)
        # A sheet has one filter: its first table's, without the sums below.
        if self._firsts and self._firsts[0][1]:
            head, rows = self._firsts[0]
            last = _letters(len(sheet.blocks[0].columns) - 1)
            self._ws.auto_filter.ref = f"A{head}:{last}{head + rows}"
        beside = max((len(block.columns) for block in sheet.blocks), default=0)
        for at, plot in enumerate(sheet.plots):
            self._plot(plot, f"{_letters(beside + 1)}{3 + at * 19}")

    def _set_up(self, footer: str) -> None:
        """Everything that stands before the rows in the file."""
        from openpyxl.worksheet.properties import PageSetupProperties

        ws, sheet = self._ws, self._sheet
        head = 1 + len(sheet.notes) + 1 + bool(sheet.blocks and sheet.blocks[0].title)
        ws.sheet_view.showGridLines = False
        ws.sheet_view.zoomScale = 100
        if sheet.blocks:
            ws.freeze_panes = f"{_letters(sheet.frozen_columns)}{head + 1}"
            ws.print_title_rows = f"{head}:{head}"
        widths: dict[int, float] = {}
        for block in sheet.blocks:
            for at, column in enumerate(block.columns):
                widths[at] = max(widths.get(at, 0), column.width)
        for at, width in widths.items():
            ws.column_dimensions[_letters(at)].width = width
        if not sheet.blocks:
            ws.column_dimensions["A"].width = 120
        ws.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        ws.page_setup.orientation = "landscape"
        ws.page_setup.paperSize = _A3 if sum(widths.values()) > _A4_WIDTH else _A4
        ws.page_setup.fitToWidth = 1
        ws.page_setup.fitToHeight = 0
        ws.page_margins.left = ws.page_margins.right = 0.4
        ws.page_margins.top, ws.page_margins.bottom, ws.page_margins.footer = 0.6, 0.75, 0.35
        ws.oddFooter.left.text = _text(footer).replace("&", "&&")
        ws.oddFooter.right.text = "&P / &N"

    def _block(self, block: Block) -> None:
        if block.title:
            self._line(block.title, "block")
        titles = [column.title for column in block.columns]
        self._lift(max(2, _lines(titles, [column.width for column in block.columns])))
        self._append([self._cell(title, "head") for title in titles])
        rows = block.rows[:MOST_ROWS]
        self._firsts.append((self._row, len(rows)))
        wrapped = [(at, one.width) for at, one in enumerate(block.columns) if one.kind == "wrap"]
        for at, row in enumerate(rows):
            self._lift(_lines([row[column] for column, _ in wrapped], [width for _, width in wrapped]))
            self._append(self._cells(block.columns, row, "sum." if at in block.strong else ""))
        if block.totals:
            self._append(self._cells(block.columns, block.totals, "sum."))

    def _lift(self, lines: int) -> None:
        """Make the next row high enough: not every program does so by itself."""
        if lines > 1:
            self._ws.row_dimensions[self._row + 1].height = min(lines, _MOST_LINES) * _LINE_POINTS

    def _cells(self, columns: Sequence[Column], row: Sequence[Value], prefix: str) -> list[Any]:
        return [self._cell(value, f"{prefix}{column.kind}") for column, value in zip(columns, row, strict=True)]

    def _cell(self, value: Value, style: str) -> Any:
        cell = self._new(self._ws)
        shown = value.text if isinstance(value, Link) else value
        cell.value = _text(shown) if isinstance(shown, str) else shown
        if isinstance(shown, str):
            # Also where it looks like a formula.
            cell.data_type = "s"
        if isinstance(value, Link) and self._links < _MOST_LINKS:
            self._links += 1
            cell.hyperlink = value.target
            style = "link"
        cell._style = self._look(style)
        return cell

    def _look(self, style: str) -> Any:
        """What openpyxl keeps of a named style in a cell; a look-up by name for each took most of the time."""
        if style not in self._looks:
            cell = self._new(self._ws)
            cell.style = f"d.{style}"
            self._looks[style] = cell._style
        return self._looks[style]

    def _line(self, text: str, style: str) -> None:
        self._append([self._cell(text, style)])

    def _append(self, cells: Iterable[Any]) -> None:
        self._ws.append(list(cells))
        self._row += 1

    def _plot(self, plot: Plot, anchor: str) -> None:
        from openpyxl.chart import LineChart, Reference

        head, rows = self._firsts[plot.block]
        if not rows:
            return
        chart: Any = LineChart()
        chart.title = _text(plot.title)
        chart.style = 2
        chart.height, chart.width = 9, 20
        chart.x_axis.title, chart.y_axis.title = plot.x_title, plot.y_title
        # Where nothing is said, newer Excels hide both axes and lay the titles over the lines.
        chart.x_axis.delete = chart.y_axis.delete = False
        for one in (chart, chart.x_axis, chart.y_axis):
            one.title.overlay = False
        chart.legend.overlay = False
        chart.y_axis.scaling.min = 0
        chart.y_axis.number_format = "0.0"
        chart.legend.position = "b"
        for at in plot.columns:
            chart.add_data(
                Reference(self._ws, min_col=at + 1, min_row=head, max_row=head + rows), titles_from_data=True
            )
        chart.set_categories(Reference(self._ws, min_col=1, min_row=head + 1, max_row=head + rows))
        for at, series in enumerate(chart.series):
            line = series.graphicalProperties.line
            line.solidFill = "0072B2" if at == 0 else "8A9BA3"
            line.width = 28_000 if at == 0 else 12_000
            if at:
                line.dashStyle = "dash"
            series.marker.symbol = "circle" if at == 0 else "none"
            series.marker.size = 6
            series.smooth = False
        self._ws.add_chart(chart, anchor)


def _add_styles(book: Any) -> None:
    """A named style for every kind of cell: looked up by name, cells cost little."""
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side

    thin = Side(style="thin", color=_LINE)
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    font = "Microsoft YaHei"

    def add(name: str, **parts: Any) -> None:
        book.add_named_style(NamedStyle(name=f"d.{name}", **parts))

    add("title", font=Font(name=font, size=16, bold=True, color=_HEAD))
    add("note", font=Font(name=font, size=10, color="51606A"))
    add("block", font=Font(name=font, size=12, bold=True, color=_HEAD))
    add(
        "head",
        font=Font(name=font, size=10, bold=True, color="FFFFFF"),
        fill=PatternFill("solid", fgColor=_HEAD),
        border=box,
        alignment=Alignment(wrap_text=True, vertical="center", horizontal="center"),
    )
    link = Font(name=font, size=10, color="0563C1", underline="single")
    add("link", font=link, border=box, alignment=Alignment(vertical="top"))
    thick = Border(left=thin, right=thin, top=Side(style="medium", color=_HEAD), bottom=thin)
    for kind, number_format in _FORMATS.items():
        lie = Alignment(
            vertical="top",
            wrap_text=kind == "wrap",
            horizontal="left" if kind in ("text", "wrap") else "right",
            # Beside a number that ends at the border, text that begins there reads as one with it.
            indent=1 if kind in ("text", "wrap") else 0,
        )
        add(
            kind,
            font=Font(name=font, size=10, color=_INK),
            border=box,
            alignment=lie,
            number_format=number_format,
        )
        add(
            f"sum.{kind}",
            font=Font(name=font, size=10, bold=True, color=_INK),
            border=thick,
            fill=PatternFill("solid", fgColor=_BAND),
            alignment=lie,
            number_format=number_format,
        )


def _text(text: str) -> str:
    """Text that a cell can hold."""
    return _UNSAFE.sub("\ufffd", text)[:_MOST_CHARACTERS]


def _letters(column: int) -> str:
    """The letters of a column counted from 0."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _without_times(raw: bytes) -> bytes:
    """The file without the moment it was written at."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            content = old.read(one)
            if one.filename == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            info = zipfile.ZipInfo(one.filename, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, content)
    return packed.getvalue()


def _lines(texts: Sequence[Value], widths: Sequence[float]) -> int:
    """How many lines the longest of some wrapped cells takes; Chinese characters are two Latin ones wide."""
    needed = [1]
    for text, width in zip(texts, widths, strict=True):
        shown = text.text if isinstance(text, Link) else text
        if isinstance(shown, str):
            wide = sum(1 if one < "\u2e80" else 2 for one in shown)
            needed.append(math.ceil(wide / max(1.0, width - 2)))
    return max(needed)
