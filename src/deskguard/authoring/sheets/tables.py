"""Rule packs to the rows of a spreadsheet and back to tables, with the cell that each value came from.

One row a phrase: a spelling, a pattern, a line of an example each has a row of its own. Rows of one rule and
one list belong together only where they carry the same mark in the column "group": a condition of several
patterns, a conversation, dialect spellings kept apart.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from deskguard.authoring.sheets.sheets import CONDITIONS, EXAMPLES, LAYOUT, SPELLINGS, Reading, Row, written
from deskguard.rules.schema import PackFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deskguard.authoring.sheets.sheets import Place
    from deskguard.authoring.sheets.workbook import Sheet, Value
    from deskguard.authoring.words import Words

Table = dict[str, Any]
Path = tuple[Any, ...]
"""Keys and places in lists, from the table down."""
_LISTS = frozenset((*SPELLINGS, *CONDITIONS, *EXAMPLES))
_FIRST = ("id", "phrase", "kind", "name", "clause", "quote")
"""What an entry begins with."""
_CONDITION_KEYS = ("where", "by", "next_turns", "next_s", "last_turns")


def compact(pack: PackFile) -> Table:
    """A pack as a person would write it: no defaults, short forms of conditions and examples, whole numbers."""
    table: Table = pack.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for kind in ("phrase", "ban"):
        if kind in table:
            table[kind] = [{key: one[key] for key in (*_FIRST, *one) if key in one} for one in table[kind]]
    for entry in (*table.get("phrase", ()), *table.get("ban", ())):
        for key in CONDITIONS:
            if key in entry:
                entry[key] = [_short_condition(one) for one in entry[key]]
        for key in EXAMPLES:
            if key in entry:
                entry[key] = [one["text"] if set(one) == {"text"} else one for one in entry[key]]
    whole: Table = _whole(table)
    return whole


def to_sheets(packs: Mapping[str, PackFile], words: Words) -> list[Sheet]:
    """The sheets of packs by their file names without .toml."""
    rows: dict[str, list[dict[str, Value]]] = {name: [] for name in LAYOUT}
    for file, pack in packs.items():
        table = compact(pack)
        rows["packs"].append({"file": file, **table["pack"]})
        for sheet, key in (("rules", "phrase"), ("bans", "ban")):
            for entry in table.get(key, ()):
                plain = {name: value for name, value in entry.items() if name not in _LISTS}
                rows[sheet].append({"file": file, **plain})
                for name, row in _entry_rows(entry):
                    rows[name].append({"file": file, "id": entry["id"], **row})
        for frame in table.get("frame", ()):
            told = {name: value for name, value in frame.items() if name != "say"}
            rows["frames"].extend(
                {"file": file, **({"id": frame["id"]} if at else told), "pattern": text}
                for at, text in enumerate(frame["say"])
            )
        rows["described"].extend({"file": file, **one} for one in table.get("described", ()))
    return [written(name, rows[name], words) for name in LAYOUT]


@dataclass(slots=True)
class Gathered:
    """Tables by file name without .toml, and the cell behind each of their values."""

    tables: dict[str, Table] = field(default_factory=dict)
    places: dict[tuple[str, Path], Place] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def place(self, file: str, path: Path) -> Place | None:
        """The nearest cell to a value: its own, else that of what holds it."""
        for length in range(len(path), 0, -1):
            if (found := self.places.get((file, path[:length]))) is not None:
                return found
        return None


def gather(reading: Reading, words: Words) -> Gathered:
    """Tables of what was read without a mistake; rows that belong to nothing are mistakes."""
    return _Gatherer(reading, words).gathered


class _Gatherer:
    """Rows to tables, sheet by sheet."""

    def __init__(self, reading: Reading, words: Words) -> None:
        self._rows = reading.rows
        self._words = words
        self.gathered = Gathered()
        self._entries: dict[tuple[str, str], Path] = {}
        for row in self._rows["packs"]:
            self._pack(row)
        if not self._rows["packs"]:
            self._wrong("no_pack_rows", None, sheet=words("sheet.packs"))
            return
        for sheet, key in (("rules", "phrase"), ("bans", "ban")):
            for row in self._rows[sheet]:
                self._entry(row, sheet, key)
        self._frames()
        for row in self._rows["described"]:
            if file := self._file(row):
                self._append(file, "described", row, _values(row, "described"))
        self._children("spellings", self._spellings)
        self._children("conditions", self._conditions)
        self._children("examples", self._examples)

    def _wrong(self, key: str, place: Place | None, **values: object) -> None:
        at = place.told(self._words) if place else ""
        self.gathered.mistakes.append(self._words(f"mistake.{key}", at=at, **values))

    def _pack(self, row: Row) -> None:
        file = row.text("file").removesuffix(".toml")
        if not file or file != file.strip() or file.startswith(".") or set(file) & set('/\\:*?"<>|\0'):
            self._wrong("bad_file", row.place("file"), found=file[:40])
        elif file.casefold() in {one.casefold() for one in self.gathered.tables}:
            self._wrong("file_twice", row.place("file"), found=file)
        else:
            values = {key: value for key, value in row.values.items() if key != "file"}
            self.gathered.tables[file] = {"pack": values}
            self._note(file, ("pack",), row, values)

    def _file(self, row: Row) -> str | None:
        """The pack a row belongs to; with only one pack the column may be empty."""
        known = list(self.gathered.tables)
        given = row.text("file").removesuffix(".toml")
        if not given and len(known) == 1:
            return known[0]
        if given in self.gathered.tables:
            return given
        self._wrong("unknown_file", row.place("file"), found=given[:40], known=self._words.joined(known))
        return None

    def _entry(self, row: Row, sheet: str, key: str) -> None:
        file, rule_id = self._file(row), row.text("id")
        if file is None:
            return
        if (file, rule_id) in self._entries:
            self._wrong("id_twice", row.place("id"), found=rule_id[:64])
            return
        self._entries[file, rule_id] = self._append(file, key, row, _values(row, sheet))

    def _append(self, file: str, key: str, row: Row, values: Table) -> Path:
        entries: list[Table] = self.gathered.tables[file].setdefault(key, [])
        path = (key, len(entries))
        entries.append(values)
        self._note(file, path, row, values)
        return path

    def _note(self, file: str, path: Path, row: Row, keys: Iterable[str]) -> None:
        self.gathered.places[file, path] = row.place()
        for key in keys:
            self.gathered.places[file, (*path, key)] = row.place(key)

    def _frames(self) -> None:
        paths: dict[tuple[str, str], Path] = {}
        for row in self._rows["frames"]:
            file, frame_id = self._file(row), row.text("id")
            if file is None:
                continue
            if (file, frame_id) not in paths:
                empty = {"id": frame_id, "title": "", "say": []}
                paths[file, frame_id] = self._append(file, "frame", row, empty)
            path = paths[file, frame_id]
            frame = self.gathered.tables[file]["frame"][path[1]]
            title = row.text("title")
            if title and frame["title"] not in ("", title):
                self._wrong("two_titles", row.place("title"), found=title[:40], other=frame["title"][:40])
            frame["title"] = frame["title"] or title
            if row.values.get("gives_way"):
                frame["gives_way"] = True
            self._item(file, (*path, "say"), frame["say"], row.text("pattern"), row.place("pattern"))

    def _item(self, file: str, path: Path, items: list[Any], item: Any, place: Place) -> None:
        self.gathered.places[file, (*path, len(items))] = place
        items.append(item)

    def _children(self, sheet: str, add: Any) -> None:
        """Give the rows of each rule and list to `add`, in the order they stand."""
        owned: dict[tuple[str, str, str], list[Row]] = {}
        for row in self._rows[sheet]:
            file = self._file(row)
            if file is None:
                continue
            owner = (file, row.text("id"), row.text("list"))
            if owner[:2] not in self._entries:
                self._orphan(row, file)
                continue
            owned.setdefault(owner, []).append(row)
        for (file, rule_id, name), rows in owned.items():
            path = self._entries[file, rule_id]
            entry = self.gathered.tables[file][path[0]][path[1]]
            add(file, (*path, name), entry.setdefault(name, []), rows)

    def _orphan(self, row: Row, file: str) -> None:
        known = [rule_id for name, rule_id in self._entries if name == file]
        close = difflib.get_close_matches(row.text("id"), known, n=1, cutoff=0.3)
        hint = self._words("mistake.meant", close=close[0]) if close else ""
        self._wrong("unknown_rule", row.place("id"), found=row.text("id")[:64], file=file, hint=hint)

    def _spellings(self, file: str, path: Path, items: list[Any], rows: list[Row]) -> None:
        if path[-1] != "dialect":
            for row in rows:
                for key in ("region", "register", "group"):
                    if row.text(key):
                        self._wrong("only_dialect", row.place(key), value=self._words("value.dialect"))
                self._item(file, path, items, row.text("spelling"), row.place("spelling"))
            return
        for _, group in groupby(rows, key=lambda row: tuple(map(row.text, ("region", "register", "group")))):
            members = list(group)
            table = {key: members[0].text(key) for key in ("region", "register") if members[0].text(key)}
            self._group(file, path, items, members, (table, "say", "spelling"))

    def _conditions(self, file: str, path: Path, items: list[Any], rows: list[Row]) -> None:
        for members in _grouped(rows):
            table = {key: members[0].values[key] for key in _CONDITION_KEYS if key in members[0].values}
            for row in members[1:]:
                for key in _CONDITION_KEYS:
                    if key in row.values and row.values[key] != table.get(key):
                        self._wrong("group_differs", row.place(key), found=row.text(key)[:40])
            if len(members) == 1 and not table:
                self._item(file, path, items, members[0].text("pattern"), members[0].place("pattern"))
            else:
                self._group(file, path, items, members, (table, "say", "pattern"))

    def _examples(self, file: str, path: Path, items: list[Any], rows: list[Row]) -> None:
        for members in _grouped(rows):
            if members[0].text("group"):
                for row in members:
                    if row.text("role"):
                        self._wrong("role_in_turns", row.place("role"))
                self._group(file, path, items, members, ({}, "turns", "text"))
                continue
            row = members[0]
            role = row.text("role")
            self._item(
                file, path, items, {"text": row.text("text"), "role": role} if role else row.text("text"),
                row.place("text"),
            )  # fmt: skip

    def _group(
        self, file: str, path: Path, items: list[Any], rows: list[Row], shape: tuple[Table, str, str]
    ) -> None:
        """One table of several rows: its own keys, then a list of what stands in a column of each row."""
        table, key, column = shape
        own = (*path, len(items))
        self._note(file, own, rows[0], table)
        listed: list[str] = []
        for row in rows:
            self._item(file, (*own, key), listed, row.text(column), row.place(column))
        items.append({**table, key: listed})


def _values(row: Row, sheet: str) -> Table:
    """The row's own keys in the order of the layout."""
    keys = [one.key for one in LAYOUT[sheet] if one.key != "file"]
    return {key: row.values[key] for key in keys if key in row.values}


def _grouped(rows: list[Row]) -> Iterator[list[Row]]:
    """Neighbours with the same mark; a row without one stands alone."""
    for mark, group in groupby(rows, key=lambda row: row.text("group")):
        members = list(group)
        yield from [members] if mark else [[row] for row in members]


def _entry_rows(entry: Table) -> Iterator[tuple[str, dict[str, Value]]]:
    """The rows of an entry's lists, each with the sheet it belongs on."""
    for name in SPELLINGS:
        if name == "dialect":
            yield from (("spellings", row) for row in _dialect_rows(entry.get(name, ())))
        else:
            yield from (("spellings", {"list": name, "spelling": text}) for text in entry.get(name, ()))
    for name in CONDITIONS:
        for number, one in enumerate(entry.get(name, ()), 1):
            table: Table = {"say": [one]} if isinstance(one, str) else one
            mark = str(number) if len(table["say"]) > 1 else None
            for at, text in enumerate(table["say"]):
                keys: Table = {} if at else {key: table[key] for key in _CONDITION_KEYS if key in table}
                yield "conditions", {"list": name, "pattern": text, "group": mark, **keys}
    for name in EXAMPLES:
        for number, one in enumerate(entry.get(name, ()), 1):
            table = {"text": one} if isinstance(one, str) else one
            for text in table.get("turns", ()):
                yield "examples", {"list": name, "text": text, "group": str(number)}
            if "turns" not in table:
                yield "examples", {"list": name, "text": table.get("text", ""), "role": table.get("role")}


def _dialect_rows(tables: Iterable[Table]) -> Iterator[dict[str, Value]]:
    """Neighbouring tables with the same marks are told apart by a group."""
    last: tuple[str, str] | None = None
    group = 0
    for table in tables:
        marks = (table.get("region", ""), table.get("register", ""))
        group = group + 1 if marks == last else 0
        last = marks
        for text in table["say"]:
            yield {
                "list": "dialect", "spelling": text, "region": marks[0] or None, "register": marks[1] or None,
                "group": str(group) if group else None,
            }  # fmt: skip


def _short_condition(table: Table) -> Any:
    return table["say"][0] if set(table) == {"say"} and len(table["say"]) == 1 else table


def _whole(value: Any) -> Any:
    """60.0 is written 60."""
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
