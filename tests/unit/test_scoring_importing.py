"""Tables of ratings and counts: CSV and XLSX alike, in Chinese or English, every mistake at once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import openpyxl
import pytest

from deskguard.errors import DeskguardError
from deskguard.scoring.card_files import find_card
from deskguard.scoring.importing import read_imports
from deskguard.scoring.periods import parse_period
from deskguard.scoring.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

CARD = find_card("recommended")


def a_csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def an_xlsx(folder: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    path = folder / "table.xlsx"
    book.save(path)
    return path


def problem(path: Path) -> str:
    with pytest.raises(DeskguardError) as caught:
        read_imports(path, CARD)
    return caught.value.problem


def test_a_row_for_each_visitor_and_a_row_for_many_are_both_read(tmp_path: Path) -> None:
    text = "窗口,月份,群众评价（好差评）,人数\nw1,2026-11,非常满意,\nw1,2026-11,3.5,10\nw2,2026年1月,不满意,1\n"
    found = read_imports(a_csv(tmp_path, text), CARD)
    assert [(one.window_id, one.period.name, one.value, one.count) for one in found.ratings] == [
        ("w1", "2026-11", 500, 1),
        ("w1", "2026-11", 350, 10),
        ("w2", "2026-01", 200, 1),
    ]
    assert found.rated("visitor", parse_period("2026-11")) == (Fraction(4000, 11), 11)


def test_counts_of_items_are_read_by_id_or_name(tmp_path: Path) -> None:
    text = "clerk;period;commended;peer\nc1;2026-11-05;2;88\nc2;2026;;\n"
    found = read_imports(a_csv(tmp_path, text), CARD)
    assert [(one.item_id, one.clerk_id, one.count) for one in found.counts] == [("commended", "c1", 2)]
    assert [(one.rating_id, one.value) for one in found.ratings] == [("peer", 8_800)]


def test_a_workbook_is_read_as_people_see_it(tmp_path: Path) -> None:
    path = an_xlsx(
        tmp_path,
        ("窗口", "月份", "visitor"),
        ("w1", date(2026, 11, 1), 5),
        (7, date(2026, 11, 20), 4.5),
        (None, None, None),
    )
    sheet = openpyxl.load_workbook(path)
    sheet.worksheets[0]["B2"].number_format = "mmm-yy"
    sheet.save(path)
    found = read_imports(path, CARD)
    assert [(one.window_id, one.period.name, one.value) for one in found.ratings] == [
        ("w1", "2026-11", 500),
        ("7", "2026-11-20", 450),
    ]


def test_chinese_csv_of_spreadsheets_is_read(tmp_path: Path) -> None:
    path = a_csv(tmp_path, "窗口,月份,visitor\n一号窗口,2026/11,5\n", "gb18030")
    assert read_imports(path, CARD).ratings[0].window_id == "一号窗口"


def test_every_mistake_of_a_table_is_told(tmp_path: Path) -> None:
    rows = ["window,period,visitor,commended,people", "w1,soon,5,,", ",2026-11,5,,"]
    text = "\n".join([*rows, "w1,2026-11,6,x,many", "w1,2026-11,nan,1.5,"])
    found = problem(a_csv(tmp_path, text))
    for said in (
        'row 2: period is "soon"',
        "row 3: names neither",
        'row 4: people is "many"',
        'row 5, 群众评价（好差评）: is "nan"; write a number from 1 to 5',
        "非常满意",
        'row 5, 受到群众书面或当面表扬: is "1.5"',
    ):
        assert said in found


def test_headings_that_mean_nothing_are_told_with_the_nearest(tmp_path: Path) -> None:
    found = problem(a_csv(tmp_path, "window,period,visitors\nw1,2026,5\n"))
    assert 'did you mean "visitor"?' in found


def test_a_table_must_say_whose_and_when(tmp_path: Path) -> None:
    found = problem(a_csv(tmp_path, "visitor\n5\n"))
    assert "no column period" in found
    assert "neither a column window" in found


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.csv", None, "file-missing"),
        ("empty.csv", b"", "bad-table"),
        ("blank.csv", b"\n , \n", "bad-table"),
        ("twice.csv", b"a,a\n1,2\n", "bad-table"),
        ("quote.csv", b'a,b\n"x\n', "bad-table"),
        ("noise.csv", b"\xff\xfe\xfa\x81", "bad-encoding"),
        ("text.xlsx", b"a,b\n", "bad-table"),
        ("zip.xlsx", b"PK\x05\x06" + bytes(18), "bad-table"),
    ],
)
def test_what_is_no_table_is_a_readable_error(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeskguardError) as caught:
        read_table(path)
    assert caught.value.code == code


def test_rows_keep_the_numbers_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    table = read_table(a_csv(tmp_path, "a,b,\n1,2,3\n\n4\n"))
    assert table.headings == ("a", "b")
    assert [(row.number, dict(row.cells)) for row in table.rows] == [
        (2, {"a": "1", "b": "2"}),
        (4, {"a": "4", "b": ""}),
    ]
