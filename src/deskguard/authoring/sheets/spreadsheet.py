"""Rule packs to a spreadsheet that supervisors edit, and back to packs in a draft folder.

A round trip loses nothing but comments and layout: the packs mean the same afterwards. Whatever is wrong in a
spreadsheet is told with its sheet, row and column, everything at once, and then nothing is written.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from deskguard.authoring import files, packfiles
from deskguard.authoring.sheets import tables
from deskguard.authoring.sheets.sheets import read
from deskguard.authoring.sheets.toml import dumps
from deskguard.authoring.sheets.workbook import read_workbook, write_workbook
from deskguard.authoring.words import complaint
from deskguard.errors import DeskguardError
from deskguard.rules.checking import mistakes_in
from deskguard.rules.pack import load_packs
from deskguard.rules.schema import PackFile
from deskguard.settings import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.authoring.sheets.tables import Gathered, Table
    from deskguard.authoring.sheets.workbook import Sheet
    from deskguard.authoring.words import Words

_ENTRY = re.compile(r'(phrase|ban|frame) (\d+) \("[^"]*"\)(?:, (\w+)(?:, item (\d+))?(?:: "([^"]*)")?)?')


def export_packs(packs: packfiles.Packs, target: Path, words: Words, *, force: bool) -> list[str]:
    """Write packs as a spreadsheet; an existing file is replaced only with `force`."""
    if target.suffix.lower() != ".xlsx":
        raise complaint(words, "not_xlsx_name", "bad-name", path=target)
    if target.exists() and not force:
        raise complaint(words, "exists", "exists", path=target)
    sheets = sheets_of(packs, words)
    write_workbook(target, sheets, words)
    counts = words.joined([f"{one.title} {len(one.rows) - 1}" for one in sheets])
    return [words("exported", path=target, rows=counts), words("hash", sha256=packs.rules.sha256)]


def import_workbook(source: Path, draft: Path, live: Sequence[Path], words: Words, *, force: bool) -> list[str]:
    """Write the packs of a spreadsheet into a folder; what lies there or is live is replaced only by `force`.

    Raises DeskguardError with every mistake of the spreadsheet, and then writes nothing.
    """
    packs = packs_of(read_workbook(source, words), source, words)
    if not force:
        _refuse_live(draft, live, words)
        for name in packs:
            if (draft / name).exists():
                raise complaint(words, "draft_exists", "exists", path=draft / name)
    sha256 = _validated(packs, draft, words)
    for name, content in packs.items():
        files.write(draft / name, content, words)
    lines = [words("imported", path=draft / name) for name in packs]
    return [*lines, words("hash", sha256=sha256), words("import_next", draft=draft)]


def packs_of(sheets: Sequence[Sheet], source: Path, words: Words) -> dict[str, bytes]:
    """Pack files by name, each valid by itself; raises DeskguardError with every mistake, naming `source`."""
    gathered = _gathered(sheets, source, words)
    return {f"{name}.toml": _as_toml(table, source, words) for name, table in gathered.tables.items()}


def sheets_of(packs: packfiles.Packs, words: Words) -> list[Sheet]:
    """The sheets of packs; raises DeskguardError when two files have one name."""
    named: dict[str, PackFile] = {}
    origin: dict[str, Path] = {}
    for path, pack in packs.files.items():
        clash = next((one for one in named if one.casefold() == path.stem.casefold()), None)
        if clash is not None:
            raise complaint(words, "same_name", "same-name", path=path, other=origin[clash])
        named[path.stem], origin[path.stem] = pack, path
    return tables.to_sheets(named, words)


def read_spreadsheet(source: Path, words: Words) -> Gathered:
    """The pack tables of a spreadsheet, each valid by itself; raises DeskguardError with every mistake."""
    return _gathered(read_workbook(source, words), source, words)


def _gathered(sheets: Sequence[Sheet], source: Path, words: Words) -> Gathered:
    reading = read(sheets, words)
    if reading.mistakes:
        raise _mistaken(source, reading.mistakes, words)
    gathered = tables.gather(reading, words)
    mistakes = [*gathered.mistakes]
    for name, table in gathered.tables.items():
        mistakes.extend(_invalid(name, table, gathered, words))
    if mistakes:
        raise _mistaken(source, mistakes, words)
    return gathered


def _invalid(name: str, table: Table, gathered: Gathered, words: Words) -> Iterator[str]:
    """What the schema and the checks of packs find, told with the cell it stands in."""
    try:
        PackFile.model_validate_json(json.dumps(table))
    except ValidationError as error:
        for one in error.errors():
            place = gathered.place(name, one["loc"])
            yield describe(one, PackFile, place.told(words) if place else "")
    for text in mistakes_in(table):
        found = _ENTRY.match(text)
        place = gathered.place(name, _path(table, found)) if found else None
        yield words("mistake.in_pack", at=place.told(words) if place else name, text=text)


def _path(table: Table, found: re.Match[str]) -> tables.Path:
    """Where in the table a mistake is, as far as its sentence tells."""
    kind, number, key, item, text = found.groups()
    path: tables.Path = (kind, int(number) - 1)
    if key is None:
        return path
    if item is not None:
        return (*path, key, int(item) - 1)
    items = table[kind][int(number) - 1].get(key, ())
    texts = [one for one in items if isinstance(one, str)] if isinstance(items, list) else []
    # The last one: of two that are the same the second is the mistake.
    at = max((at for at, one in enumerate(texts) if text and one.startswith(text)), default=None)
    return (*path, key) if at is None else (*path, key, at)


def _as_toml(table: Table, source: Path, words: Words) -> bytes:
    pack = PackFile.model_validate_json(json.dumps(table))
    return dumps(tables.compact(pack), words("made_from", source=source.name)).encode()


def _refuse_live(draft: Path, live: Sequence[Path], words: Words) -> None:
    for path in live:
        if draft.resolve() in (path.resolve(), path.resolve().parent):
            raise complaint(words, "draft_is_live", "draft-is-live", path=draft)


def _validated(packs: dict[str, bytes], draft: Path, words: Words) -> str:
    """The hash of the packs as a whole, tried in a folder of their own; raises what keeps them from loading."""
    staging = Path(tempfile.mkdtemp(prefix="deskguard-"))
    try:
        for name, content in packs.items():
            (staging / name).write_bytes(content)
        return load_packs([staging]).sha256
    except DeskguardError as error:
        # The reader knows the folder asked for, not the one the packs were tried in.
        problem = error.problem.replace(str(staging), str(draft))
        raise DeskguardError(problem, words("error.xlsx_mistakes_fix"), error.code) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _mistaken(source: Path, mistakes: list[str], words: Words) -> DeskguardError:
    listed = "".join(f"\n  - {one}" for one in mistakes) + "\n"
    return complaint(words, "xlsx_mistakes", "bad-xlsx", path=source, n=len(mistakes), listed=listed)
