"""Packs as spreadsheets: nothing is lost, every mistake is told with its cell, and then nothing is written."""

from __future__ import annotations

import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from deskguard.authoring import packfiles
from deskguard.authoring.sheets.sheets import CONDITIONS, EXAMPLES, LAYOUT, SPELLINGS
from deskguard.authoring.sheets.spreadsheet import export_packs, import_workbook, read_spreadsheet
from deskguard.authoring.sheets.workbook import MOST_CELL_CHARACTERS, Sheet, read_workbook, write_workbook
from deskguard.authoring.words import Words
from deskguard.errors import DeskguardError
from deskguard.rules.schema import (
    BanEntry,
    Condition,
    DescribedEntry,
    FrameEntry,
    PackHeader,
    PhraseEntry,
)
from deskguard.settings import read_toml
from rules_packs import entry, pack_file

A_DATE = datetime(2026, 11, 21, tzinfo=UTC).replace(tzinfo=None)
ZH, EN = Words("zh-CN"), Words("en")


def test_every_key_of_a_pack_has_a_column() -> None:
    """A key that is added to packs must not be lost on the way through a spreadsheet."""
    columns = {sheet: {one.key for one in LAYOUT[sheet]} for sheet in LAYOUT}

    def keys(model: Any) -> set[str]:
        return {one.alias or name for name, one in model.model_fields.items()}

    lists = {*SPELLINGS, *CONDITIONS, *EXAMPLES}
    assert keys(PackHeader) == columns["packs"] - {"file"}
    assert keys(PhraseEntry) - lists == columns["rules"] - {"file"}
    assert keys(BanEntry) - lists == columns["bans"] - {"file"}
    assert keys(DescribedEntry) == columns["described"] - {"file"}
    assert keys(FrameEntry) - {"say"} == columns["frames"] - {"file", "pattern"}
    assert keys(Condition) - {"say"} == columns["conditions"] - {"file", "id", "list", "pattern", "group"}


def test_what_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    write_workbook(path, [Sheet(title="s", rows=(("a",), ("=1+1",), ("-3",), ("=cmd|'/c x'!A1",)))], EN)
    cells = [cell.data_type for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row]
    assert cells == ["s"] * 4
    # One that a person typed is the text that was typed.
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["A2"] = "=A1&A3"
    book.save(path)
    assert read_workbook(path, EN)[0].rows == (("a",), ("=A1&A3",), ("-3",), ("=cmd|'/c x'!A1",))


# ---- mistakes ----


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A spreadsheet of one pack with two rules."""
    pack_file(
        tmp_path,
        entry("我不知道", "P1", say=["我哪知道", "我咋知道"], unless=["要是~"], examples=["我不知道。"]),
        entry("没时间", "P2", say=["没空"]),
    )
    path = tmp_path / "x.xlsx"
    export_packs(packfiles.load([tmp_path]), path, ZH, force=False)
    return path


def edited(path: Path, sheet: str, cell: str, value: object) -> Path:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path


def refused(path: Path, words: Words = ZH) -> str:
    with pytest.raises(DeskguardError) as caught:
        read_spreadsheet(path, words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "said"),
    [
        ("忌语", "F2", "重重", ["工作表“忌语”第 2 行 F (严重程度) 列", "“重重”", "轻、中、重"]),
        ("忌语", "F2", None, ["第 2 行 F (严重程度) 列：没有填"]),
        ("忌语", "I3", "一分钟", ["第 3 行 I (间隔（秒）) 列", "一分钟", "一个数"]),
        ("忌语", "I3", 99_999, ["第 3 行 I (间隔（秒）) 列", "99999", "86400"]),
        ("忌语", "K2", "maybe", ["第 2 行 K (完整的词) 列", "是、否"]),
        ("忌语", "B2", A_DATE, ["第 2 行 B (编号) 列", "2026-11-21"]),
        ("忌语", "B3", "P1", ["第 3 行 B (编号) 列", "“P1”出现了两次"]),
        ("忌语", "A2", "nope", ["第 2 行 A (文件) 列", "没有叫“nope”的规则包", "test"]),
        ("忌语", "D1", "条欸", ["工作表“忌语”第 1 行 D 列", "不认识标题“条欸”", "是不是“条款”？"]),
        ("忌语", "Z5", "x", ["第 1 行 Z 列", "没有标题"]),
        ("忌语", "C1", None, ["第 1 行 C 列", "没有标题"]),
        ("说法", "B2", "P9", ["工作表“说法”第 2 行 B (编号) 列", "没有编号“P9”", "是不是“P2”？"]),
        ("说法", "C2", "忌", ["第 2 行 C (用途) 列", "只作回答时"]),
        ("说法", "D3", "我[不]知道", ["第 3 行 D (说法) 列", "regular expression"]),
        ("说法", "D3", "我哪知道", ["第 3 行 D (说法) 列", "is the same as"]),
        ("说法", "E2", "西南", ["第 2 行 E (地区) 列", "方言或语体"]),
        ("条件", "D2", "~", ["第 2 行 D (句式) 列", "no words beside ~"]),
        ("条件", "G2", 1.5, ["第 2 行 G (后面几轮) 列", "整数"]),
        ("例句", "E2", "   ", ["第 2 行 E (话) 列", "没有填"]),
        ("规则包", "A2", "../x", ["第 2 行 A (文件) 列", "文件名"]),
        ("规则包", "B2", "有 空格", ["第 2 行 B (编号) 列"]),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_value_and_fix(
    book: Path, sheet: str, cell: str, value: object, said: list[str]
) -> None:
    told = refused(edited(book, sheet, cell, value))
    for part in said:
        assert part in told


def test_unknown_sheets_and_every_mistake_at_once(book: Path) -> None:
    edited(edited(book, "忌语", "F2", "重重"), "说法", "C2", "忌")
    opened = openpyxl.load_workbook(book)
    opened.create_sheet("句形")
    opened.save(book)
    told = refused(book)
    assert "3 处错误" in told
    assert "工作表“句形”：不认识这个工作表；是不是“句型”？" in told
    english = refused(book, EN)
    assert 'sheet "忌语", row 2, column F (严重程度): is "重重", expected one of low, medium, high' in english


def test_only_one_pack_needs_no_file_column(book: Path) -> None:
    edited(book, "说法", "A2", None)
    assert read_spreadsheet(book, ZH).tables["test"]["phrase"][0]["say"] == ["我哪知道", "我咋知道"]


def test_mistakes_between_packs_name_the_draft_not_where_they_were_tried(book: Path, tmp_path: Path) -> None:
    edited(book, "条件", "D2", "@nope")
    with pytest.raises(DeskguardError) as caught:
        import_workbook(book, tmp_path / "draft", [], ZH, force=False)
    assert str(tmp_path / "draft" / "test.toml") in str(caught.value)
    assert "names no frame" in str(caught.value)
    assert not (tmp_path / "draft").exists()


@pytest.mark.parametrize("content", [b"", b"not a spreadsheet", b"PK\x03\x04 broken"])
def test_what_is_no_spreadsheet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert "不是 .xlsx 电子表格，或者已经损坏" in refused(path)


def test_a_damaged_spreadsheet_never_is_a_traceback(book: Path) -> None:
    whole = book.read_bytes()
    for cut in range(0, len(whole), 301):
        book.write_bytes(whole[:cut])
        assert "损坏" in refused(book)
    for at in range(0, len(whole), 211):
        book.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read_spreadsheet(book, ZH)
        except DeskguardError as error:
            assert error.remedy


def test_another_zip_and_one_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("word/document.xml", "<x/>")
    assert "损坏" in refused(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<x/>")
        packed.writestr("xl/workbook.xml", b"")
    # The directory at the end says how large it will be; the offset of that is the format's.
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, raw.rindex(b"PK\x01\x02") + 24, 201_000_000)
    path.write_bytes(raw)
    assert "最多 200000000 字节" in refused(path)


def test_a_missing_spreadsheet_says_how_to_get_one(tmp_path: Path) -> None:
    assert "deskguard rules export" in refused(tmp_path / "none.xlsx")
    assert "没有电子表格" in refused(tmp_path)


def test_a_cell_that_is_too_long_is_refused_and_nothing_written(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("我不知道", quote="长" * (MOST_CELL_CHARACTERS + 1)))
    with pytest.raises(DeskguardError, match="第 2 行"):
        export_packs(packfiles.load([tmp_path]), tmp_path / "x.xlsx", ZH, force=False)
    assert not (tmp_path / "x.xlsx").exists()


def test_nothing_is_written_over_without_force(book: Path, tmp_path: Path) -> None:
    loaded = packfiles.load([tmp_path])
    before = book.read_bytes()
    with pytest.raises(DeskguardError, match="--force"):
        export_packs(loaded, book, ZH, force=False)
    assert book.read_bytes() == before
    with pytest.raises(DeskguardError, match="xlsx"):
        export_packs(loaded, tmp_path / "x.csv", ZH, force=True)
    export_packs(loaded, book, ZH, force=True)

    draft = tmp_path / "draft"
    import_workbook(book, draft, [], ZH, force=False)
    edited(book, "忌语", "F2", "重")
    kept = (draft / "test.toml").read_bytes()
    with pytest.raises(DeskguardError, match="已经存在"):
        import_workbook(book, draft, [], ZH, force=False)
    with pytest.raises(DeskguardError, match="正在使用"):
        import_workbook(book, tmp_path / "live", [tmp_path / "live"], ZH, force=False)
    assert (draft / "test.toml").read_bytes() == kept
    import_workbook(book, draft, [], ZH, force=True)
    assert read_toml(draft / "test.toml", "x")["phrase"][0]["severity"] == "high"


def test_a_place_that_cannot_be_written_is_an_error_with_a_fix(book: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DeskguardError, match="写不了"):
        import_workbook(book, tmp_path / "file" / "draft", [], ZH, force=False)
    with pytest.raises(DeskguardError, match="写不了"):
        export_packs(packfiles.load([tmp_path]), tmp_path / "file" / "y.xlsx", ZH, force=False)


def test_two_packs_of_one_file_name_cannot_share_a_spreadsheet(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        header = f'[pack]\nid = "{name}"\ntitle = "t"\n'
        pack_file(tmp_path / name, entry("我不知道"), header=header)
    loaded = packfiles.load([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(DeskguardError, match="文件名相同"):
        export_packs(loaded, tmp_path / "x.xlsx", ZH, force=False)
