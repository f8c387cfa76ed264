"""A table that lists recordings, CSV or XLSX, to what each of them is; every mistake in it is told at once."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.scoring.tables import read_table

if TYPE_CHECKING:
    from deskguard.scoring.tables import Row

SUFFIXES = frozenset({".csv", ".xlsx", ".xlsm", ".tsv"})
_COLUMNS = {
    "file": ("file", "path", "recording", "文件", "录音", "录音文件"),
    "window": ("window", "window_id", "窗口", "窗口号"),
    "clerk": ("clerk", "clerk_id", "工号", "人员", "工作人员"),
    "start": ("start", "started_at", "time", "date", "开始时间", "日期", "时间"),
    "channels": ("channels", "roles", "声道", "声道角色"),
}
_CHANNELS = {
    "staff,visitor": "staff,visitor",
    "visitor,staff": "visitor,staff",
    "工作人员,群众": "staff,visitor",
    "群众,工作人员": "visitor,staff",
}
_MOST_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row."""

    path: Path
    window_id: str = ""
    clerk_id: str = ""
    day: date | None = None
    started_at: str = ""
    channels: str = ""


def read_manifest(path: Path) -> list[Entry]:
    """The recordings of a table; paths in it are relative to it. Raises DeskguardError with every mistake."""
    table = read_table(path)
    meant = {alias: name for name, aliases in _COLUMNS.items() for alias in aliases}
    columns: dict[str, str] = {}
    mistakes: list[str] = []
    for heading in table.headings:
        name = meant.get(heading.lower())
        if name is None:
            close = difflib.get_close_matches(heading.lower(), meant, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(_COLUMNS)}."
            mistakes.append(f'heading "{heading[:64]}" is not known; {hint}')
        elif name in columns:
            mistakes.append(f'heading "{heading[:64]}" says the same as "{columns[name][:64]}"; delete one.')
        else:
            columns[name] = heading
    if "file" not in columns:
        mistakes.append("there is no column file; add one with the path of each recording.")
    entries = [] if mistakes else [_entry(path, row, columns, mistakes) for row in table.rows]
    if not entries and not mistakes:
        mistakes.append("it lists no recording.")
    if mistakes:
        listed = "\n".join(f"  - {one}" for one in mistakes[:_MOST_LISTED])
        more = f"\n  and {len(mistakes) - _MOST_LISTED} more" if len(mistakes) > _MOST_LISTED else ""
        raise DeskguardError(
            f"List of recordings {path} has mistakes:\n{listed}{more}\n", "mend them.", "bad-manifest"
        )
    return entries


def _entry(path: Path, row: Row, columns: dict[str, str], mistakes: list[str]) -> Entry:
    told = {name: row.cells[heading] for name, heading in columns.items()}
    if not told["file"]:
        mistakes.append(f"row {row.number}: names no file.")
    start, channels = told.get("start", ""), told.get("channels", "").replace("，", ",").replace(" ", "")
    begun = _moment(start)
    if start and begun is None:
        mistakes.append(
            f'row {row.number}: start is "{start[:64]}"; write a day or a time such as 2026-11-21 09:00.'
        )
    if channels and channels.lower() not in _CHANNELS:
        mistakes.append(
            f'row {row.number}: channels is "{channels[:64]}"; write "staff,visitor" or "visitor,staff".'
        )
    return Entry(
        path=path.parent / told["file"].replace("\\", "/"),
        window_id=told.get("window", ""),
        clerk_id=told.get("clerk", ""),
        day=None if begun is None else begun.date(),
        started_at="" if begun is None or len(start) <= 10 else begun.isoformat(timespec="seconds"),
        channels=_CHANNELS.get(channels.lower(), ""),
    )


def _moment(written: str) -> datetime | None:
    plain = written.replace("/", "-").replace("年", "-").replace("月", "-").replace("日", "").strip()
    head, _, rest = plain.partition(" ")
    parts = head.split("-")
    if len(parts) == 3 and all(one.isdecimal() for one in parts):
        plain = "-".join(one.zfill(2) for one in parts) + (f" {rest}" if rest else "")
    plain = re.sub(r" (\d):", r" 0\1:", plain)
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return None
