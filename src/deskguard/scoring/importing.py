"""Tables of ratings and counts to what a card can use: a row for a window or clerk and a period.

Columns `window` or `clerk` (or both) and `period` say whose and when; every other column is a rating or an item
of the card, by its id or its name, or `people`: how many a row speaks for. An evaluation system that writes a
row for every visitor needs no other form. Every mistake of a table is told at once.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.scoring.imported import Counted, Imports, Rated
from deskguard.scoring.periods import parse_period
from deskguard.scoring.points import hundredths, points_text
from deskguard.scoring.scorecard import Rating
from deskguard.scoring.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.scoring.periods import Period
    from deskguard.scoring.scorecard import Item, Scorecard
    from deskguard.scoring.tables import Row, Table

_COLUMNS = {
    "window": ("window", "window_id", "窗口", "窗口号"),
    "clerk": ("clerk", "clerk_id", "工号", "人员", "工作人员"),
    "period": ("period", "month", "date", "时期", "月份", "日期", "年度"),
    "people": ("people", "人数"),
}
_MOST_LISTED = 20
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?")


def read_imports(path: Path, card: Scorecard) -> Imports:
    """The ratings and counts of a table; raises DeskguardError with every mistake in it."""
    table = read_table(path)
    mistakes: list[str] = []
    columns = _columns(table, card, mistakes)
    found = Imports() if mistakes else _read(table, columns, mistakes)
    if mistakes:
        listed = "\n".join(f"  - {one}" for one in mistakes[:_MOST_LISTED])
        more = f"\n  and {len(mistakes) - _MOST_LISTED} more" if len(mistakes) > _MOST_LISTED else ""
        many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "1 mistake"
        raise DeskguardError(
            f"Table {path} holds {many}:\n{listed}{more}\n", "mend them and read it in again.", "bad-table"
        )
    return found


_Columns = dict[str, "str | Rating | Item"]
"""What each heading is: one of _COLUMNS, a rating, or an item that people count."""


def _columns(table: Table, card: Scorecard, mistakes: list[str]) -> _Columns:
    meant: dict[str, str | Rating | Item] = {
        alias: name for name, aliases in _COLUMNS.items() for alias in aliases
    }
    for rating in card.ratings:
        meant[rating.rating_id] = meant[rating.name] = rating
    counted = [item for _, item in card.items() if item.people]
    for item in counted:
        meant.setdefault(item.item_id, item)
        meant.setdefault(item.name, item)
    found: _Columns = {}
    for heading in table.headings:
        if heading in meant:
            found[heading] = meant[heading]
            continue
        close = difflib.get_close_matches(heading, meant, n=1)
        hint = f'did you mean "{close[0]}"?' if close else _known(card, counted)
        mistakes.append(f'heading "{heading[:64]}" is nothing that "{card.card_id}" knows; {hint}')
    roles = [one for one in found.values() if isinstance(one, str)]
    if "period" not in roles:
        mistakes.append("there is no column period; add one with days, months or years, such as 2026-11.")
    if not {"window", "clerk"} & set(roles):
        mistakes.append("there is neither a column window nor one clerk; add one.")
    return found


def _known(card: Scorecard, counted: list[Item]) -> str:
    names = [one.rating_id for one in card.ratings] + [one.item_id for one in counted]
    return f"it has {', '.join(names)}." if names else "people count and rate nothing of it."


def _read(table: Table, columns: _Columns, mistakes: list[str]) -> Imports:
    ratings: list[Rated] = []
    counts: list[Counted] = []
    for row in table.rows:
        whose = _whose(row, columns, mistakes)
        for heading, what in columns.items():
            cell = row.cells[heading]
            if not cell or isinstance(what, str) or whose is None:
                continue
            if isinstance(what, Rating):
                ratings += _rated(row, whose, what, cell, mistakes)
            else:
                counts += _counted(row, whose, what, cell, mistakes)
    return Imports(ratings=tuple(ratings), counts=tuple(counts))


@dataclass(frozen=True, slots=True)
class _Whose:
    window: str
    clerk: str
    period: Period
    people: int


def _whose(row: Row, columns: _Columns, mistakes: list[str]) -> _Whose | None:
    """Whom and when a row is about; None after adding what is wrong with that."""
    told = {name: row.cells[heading] for heading, name in columns.items() if isinstance(name, str)}
    window, clerk = told.get("window", ""), told.get("clerk", "")
    before = len(mistakes)
    if not window and not clerk:
        mistakes.append(f"row {row.number}: names neither a window nor a clerk.")
    period = None
    try:
        period = parse_period(_plain(told["period"]))
    except ValueError:
        mistakes.append(
            f'row {row.number}: period is "{told["period"][:64]}"; write a day, a month or a year: 2026-11-21, '
            "2026-11, 2026."
        )
    people = told.get("people", "")
    if people and not (people.isdecimal() and people.isascii()):
        mistakes.append(f'row {row.number}: people is "{people[:64]}"; write a whole number.')
    if period is None or len(mistakes) > before:
        return None
    return _Whose(window, clerk, period, int(people) if people else 1)


def _plain(written: str) -> str:
    """2026/1/5 and 2026年1月 as 2026-01-05 and 2026-01; anything else as it is."""
    found = _DATE.fullmatch(written)
    return "-".join(part.zfill(2) for part in found.groups() if part) if found else written


def _rated(row: Row, whose: _Whose, rating: Rating, cell: str, mistakes: list[str]) -> Iterator[Rated]:
    value = rating.labels.get(cell)
    if value is None:
        try:
            value = hundredths(float(cell))
        except (ValueError, ArithmeticError):
            value = None
    if value is None or not rating.lowest <= value <= rating.highest:
        labels = f", or {', '.join(rating.labels)}" if rating.labels else ""
        mistakes.append(
            f'row {row.number}, {rating.name}: is "{cell[:64]}"; write a number from '
            f"{points_text(rating.lowest)} to {points_text(rating.highest)}, at most two decimals{labels}."
        )
        return
    yield Rated(
        rating_id=rating.rating_id,
        window_id=whose.window,
        clerk_id=whose.clerk,
        period=whose.period,
        value=value,
        count=whose.people,
    )


def _counted(row: Row, whose: _Whose, item: Item, cell: str, mistakes: list[str]) -> Iterator[Counted]:
    if not (cell.isdecimal() and cell.isascii()):
        mistakes.append(f'row {row.number}, {item.name}: is "{cell[:64]}"; write how often, as a whole number.')
        return
    yield Counted(
        item_id=item.item_id,
        window_id=whose.window,
        clerk_id=whose.clerk,
        period=whose.period,
        count=int(cell),
    )
