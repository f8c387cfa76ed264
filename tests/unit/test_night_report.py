"""The reports of a night say the same, to the hundredth, in the same order, and run nothing that was heard."""

from __future__ import annotations

import csv
import json
import random
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import openpyxl
import pytest

from deskguard.desk.trace import rendered
from deskguard.errors import DeskguardError
from deskguard.i18n import catalogue
from deskguard.night.report import page_parts, plots
from deskguard.night.report.figures import figures_of, natural
from deskguard.night.report.files import replaced, write_text
from deskguard.night.report.lines import reason_text
from deskguard.night.report.write import WRITERS, write_reports
from deskguard.night.told import Clip, Told
from deskguard.scoring.imported import Imports
from deskguard.scoring.policy import Policy
from deskguard.scoring.results import Night
from deskguard.scoring.score_values import Withheld
from deskguard.scoring.values import NotAnalysed, Recording
from deskguard.scoring.words import Words
from night_report_values import FORMULA, NASTY, RECORDINGS, the_findings, the_told
from scoring_values import GRADES, a_card, a_finding, a_section, an_item, figure

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
Rows = list[tuple[Any, ...]]


class Reports:
    """The reports of a folder, read back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scores = self._json("scores.json")
        self.page = (folder / "report.html").read_text(encoding="utf-8")
        self.findings = [json.loads(one) for one in self.text("findings.jsonl").splitlines()]
        with (folder / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
            self.table = list(csv.DictReader(file))
        self.book = openpyxl.load_workbook(folder / "report.xlsx")

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def _json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text(name))
        return found

    @property
    def page_data(self) -> dict[str, Any]:
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.page, re.DOTALL)
        assert found is not None
        data: dict[str, Any] = json.loads(found[1])
        return data

    def of(self, by: str, per: str) -> list[dict[str, Any]]:
        return [one for one in self.scores["scores"] if (one["by"], one["per"]) == (by, per)]

    def rows(self, sheet: str) -> Rows:
        return [tuple(row) for row in self.book[sheet].iter_rows(values_only=True)]

    def tables(self, sheet: str, first: str) -> list[list[dict[str, Any]]]:
        """The tables of a sheet whose first heading is `first`, as dicts; the sum is the last row."""
        found: list[list[dict[str, Any]]] = []
        headings: tuple[Any, ...] | None = None
        for row in self.rows(sheet):
            if headings is None and row[0] == first and row[1] is not None:
                headings = row
                found.append([])
            elif headings is not None and any(value is not None for value in row[1:]):
                found[-1].append(_named(headings, row))
            else:
                headings = None
        return found


def _named(headings: tuple[Any, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    """By heading; of several alike the first."""
    named: dict[str, Any] = {}
    for heading, value in zip(headings, row, strict=True):
        named.setdefault(heading, value)
    return named


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folder = tmp_path_factory.mktemp("reports")
    clip = folder / "clips" / "f.ogg"
    clip.parent.mkdir()
    clip.write_bytes(b"OggS" + bytes(range(200)))
    first = the_findings()[0].finding_id
    clips = {first: Clip(path="clips/f.ogg", start_sample=0, end_sample=80_000)}
    write_reports(the_told(folder, clips=clips), folder)
    return Reports(folder)


def exact(values: Any) -> Decimal:
    """Sums of what spreadsheets hold as floats; to the hundredth they are exact."""
    return sum((Decimal(repr(float(one))) for one in values if one is not None), Decimal(0))


def bytes_of(told: Told, folder: Path) -> dict[str, bytes]:
    write_reports(told, folder)
    return {name: (folder / name).read_bytes() for name in WRITERS}


def test_everything_of_the_contract_is_written(reports: Reports) -> None:
    there = {one.name for one in reports.folder.iterdir()}
    assert there >= {
        *("report.xlsx", "report.html", "findings.jsonl", "findings.csv", "transcripts.jsonl"),
        *("not_analysed.csv", "summary.json", "scores.json"),
    }
    assert [name for name in there if name.endswith(".new")] == []
    wanted = {
        *("recording", "window", "visit", "clause", "rule_id", "kind", "role", "start_s", "end_s", "points"),
        *("confidence", "status", "needs_person", "evidence", "rules_sha256", "clip"),
    }
    assert all(wanted <= set(one) for one in reports.findings)
    assert wanted <= set(reports.table[0])
    assert json.loads(reports.text("summary.json"))["recordings"] == len(RECORDINGS)
    # Whoever waits for the summary finds the others.
    assert list(WRITERS)[-1] == "summary.json"


def test_totals_are_the_same_in_every_report(reports: Reports) -> None:
    totals = reports.scores["totals"]
    assert totals == reports.page_data["totals"]
    counted = [one for one in reports.table if one["counts"] == "true"]
    waiting = [one for one in reports.table if one["waiting"]]
    assert (len(reports.table), len(counted), len(waiting)) == (
        totals["findings"],
        totals["counted"],
        totals["waiting"],
    )
    assert totals["findings"] > 100 and totals["counted"] > 20 and totals["waiting"] > 20
    points = sum((Decimal(one["points"]) for one in counted), Decimal(0))
    assert points == Decimal(str(totals["points_each"])) != 0
    [evidence] = reports.tables("证据", "编号")
    sums = evidence.pop()
    assert exact(one["计入分值"] for one in evidence) == exact([sums["计入分值"]]) == points
    assert (len(evidence), len([one for one in evidence if one["计分情况"] == "计分"])) == (
        totals["findings"],
        totals["counted"],
    )
    told = f"听出 {totals['findings']} 条：计分 {totals['counted']} 条，等人确认 {totals['waiting']} 条"
    assert sums["计分情况"] == told
    assert re.findall(r'data-tile="(?:counted|waiting)">.*?<b>(\d+)</b>', reports.page, re.DOTALL) == [
        str(totals["counted"]),
        str(totals["waiting"]),
    ]
    codes = re.findall(r'class="entry entry-(\w+)"', reports.page)
    assert (codes.count("counted"), codes.count("waiting")) == (totals["counted"], totals["waiting"])


@pytest.mark.parametrize("by", ["hall", "window", "clerk"])
@pytest.mark.parametrize("per", ["day", "week", "month", "year"])
def test_counts_of_any_roll_up_add_up_to_the_totals(reports: Reports, by: str, per: str) -> None:
    totals, scores = reports.scores["totals"], reports.of(by, per)
    for key in ("recordings", "visits"):
        assert sum(one[key] for one in scores) == totals[key]
    for key in ("audio_s", "staff_s", "silent_s", "not_analysed_s"):
        assert sum(one[key] for one in scores) == pytest.approx(totals[key], abs=1e-6)
    assert sum(one["findings"]["counted"] for one in scores) == totals["counted"]
    assert sum(one["findings"]["by_person"] for one in scores) == totals["by_person"]
    assert sum(one["findings"]["waiting"] for one in scores) == totals["waiting"]
    assert sum(one["rates"]["per_visit"]["count"] for one in scores) == totals["against"]


def test_every_score_is_the_sum_of_its_parts(reports: Reports) -> None:
    for score in reports.scores["scores"]:
        for key in ("counted", "if_confirmed"):
            sections = [one["points"][key] for one in score["sections"]]
            assert exact([score["base"], *sections, score["lift"][key]]) == exact([score["points"][key]])
            for section in score["sections"]:
                parts = [
                    section["full"],
                    section["lift"][key],
                    *(one["points"][key] for one in section["items"]),
                ]
                assert exact(parts) == exact([section["earned"][key]])


def test_the_summary_of_the_workbook_has_the_scores_and_exact_sums(reports: Reports) -> None:
    totals = reports.scores["totals"]
    for by, heading in (("window", "窗口"), ("clerk", "人员"), ("hall", "全厅")):
        [table] = reports.tables("汇总", heading)
        sums, rows = table.pop(), table
        scores = reports.of(by, "month")
        assert len(rows) == len(scores) > 1
        for row, score in zip(rows, scores, strict=True):
            assert (row["周期"], row["接待数"], row["得分"], row["若全部确认"], row["满分"]) == (
                score["period"],
                score["visits"],
                score["points"]["counted"],
                score["points"]["if_confirmed"],
                score["full"],
            )
            assert (row["计分条数"], row["等人确认"]) == (
                score["findings"]["counted"],
                score["findings"]["waiting"],
            )
            assert row["每百次接待"] == pytest.approx(score["rates"]["per_visit"]["value"] * 100, abs=1e-3)
            assert row["样本"] == ("样本小" if score["is_small_sample"] else "够")
            assert row["等级"] == score["grade"]
        for key, name in (("recordings", "录音数"), ("visits", "接待数"), ("counted", "计分条数")):
            assert sums[name] == totals[key] == sum(row[name] for row in rows)
        assert sums["录音（小时）"] == pytest.approx(totals["audio_s"] / 3600)
    assert any(score["is_small_sample"] for score in reports.of("window", "month"))


def points_add_up(reports: Reports) -> list[dict[str, Any]]:
    """The lines of the sheet of items, once each score is known to be their sum."""
    [rows] = reports.tables("项目", "类别")
    scores = [one for by in ("hall", "window", "clerk") for one in reports.of(by, "month")]
    parts: list[dict[str, Any]] = []
    seen = 0
    for row in rows:
        if row["得分"] is None:
            parts.append(row)
            continue
        score = scores[seen]
        assert (
            exact(one["加减分"] for one in parts) == exact([row["得分"]]) == exact([score["points"]["counted"]])
        )
        confirmed = exact(one["若全部确认的加减分"] for one in parts)
        assert confirmed == exact([score["points"]["if_confirmed"]])
        parts, seen = [], seen + 1
    assert (parts, seen) == ([], len(scores))
    return rows


def test_points_of_items_add_up_to_each_score(reports: Reports) -> None:
    rows = points_add_up(reports)
    assert any("已封顶" in (row["备注"] or "") for row in rows)
    assert any("没有人统计过" in (row["备注"] or "") for row in rows)


def test_the_page_shows_the_halls_items_and_every_window(reports: Reports) -> None:
    score = reports.of("hall", "month")[-1]
    whole = re.search(r'<tr class="sum">(.*?)</tr>', reports.page, re.DOTALL)
    assert whole is not None
    assert f"{score['points']['counted']:.2f}" in whole[1]
    shown = re.findall(r'<p class="score"><b>([-\d.]+)</b>', reports.page)
    newest = [reports.of(by, "month") for by in ("window", "clerk")]
    last = [{one["subject"]: one for one in scores}.values() for scores in newest]
    assert [float(one) for one in shown] == [one["points"]["counted"] for scores in last for one in scores]


def test_findings_stand_in_order_of_path_place_and_rule(reports: Reports) -> None:
    places = [(one["recording"], one["start_s"], one["rule_id"]) for one in reports.findings]
    assert places == sorted(places)
    assert [one["finding_id"] for one in reports.findings] == [one["finding_id"] for one in reports.table]
    assert re.findall(r'id="f-(\w+)"', reports.page) == [one["finding_id"] for one in reports.findings]


def test_equal_input_in_any_order_gives_equal_bytes(tmp_path: Path) -> None:
    told = the_told(tmp_path)
    first = bytes_of(told, tmp_path / "one")
    night = told.night
    shuffled = [list(one) for one in (night.parts, night.findings, told.not_analysed)]
    for one in shuffled:
        random.Random(3).shuffle(one)  # noqa: S311
    parts, findings, absent = shuffled
    mixed = replace(
        told,
        night=replace(night, parts=tuple(parts), findings=tuple(findings)),
        not_analysed=tuple(absent),
        spoken={key: tuple(reversed(told.spoken[key])) for key in reversed(told.spoken)},
    )
    second = bytes_of(mixed, tmp_path / "two")
    assert [name for name in first if first[name] != second[name]] == []
    assert bytes_of(told, tmp_path / "three") == first


def test_transcripts_are_lines_by_recording_and_time(reports: Reports) -> None:
    lines = [json.loads(one) for one in reports.text("transcripts.jsonl").split("\n") if one]
    assert all(list(one) == ["recording", "start_s", "end_s", "role", "text"] for one in lines)
    assert [(one["recording"], one["start_s"]) for one in lines] == [
        (RECORDINGS[0].path, 0.0),
        (RECORDINGS[3].path, 1.0),
        (RECORDINGS[3].path, 2.0),
    ]
    assert lines[2]["text"] == NASTY


def test_what_was_not_analysed_has_its_reason_in_every_report(reports: Reports) -> None:
    with (reports.folder / "not_analysed.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(one["path"], one["reason"], one["reason_text"]) for one in rows] == [
        ("'=a.txt", "a-new-reason", "a-new-reason"),
        ("w2/b.wav", "truncated", "录音中途断了"),
    ]
    [table] = reports.tables("未分析", "文件")
    assert [(one["文件"], one["原因"]) for one in table] == [
        ("=a.txt", "a-new-reason"),
        ("w2/b.wav", "录音中途断了"),
    ]
    [times] = reports.tables("未分析", "窗口")
    sums = times.pop()
    for name in ("录音（小时）", "说话（小时）", "安静（小时）", "未分析（小时）"):
        assert sum(one[name] for one in times) == pytest.approx(sums[name])
    assert sums["未分析（小时）"] == pytest.approx(reports.scores["totals"]["not_analysed_s"] / 3600)
    assert "录音中途断了" in reports.page


def test_nothing_that_was_heard_becomes_markup(reports: Reports) -> None:
    assert len(re.findall(r"<script\b", reports.page)) == 3
    assert "<img" not in reports.page.split('<script type="application/json"')[0]
    assert "&lt;/script&gt;&lt;script&gt;window.harmed=1" in reports.page
    assert "<" not in re.search(r'id="data">(.*?)</script>', reports.page, re.DOTALL)[1]  # type: ignore[index]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', reports.page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1] and "unsafe" not in policy[1]
    # The one link is to nothing.
    assert re.findall(r"(?:src|href)=\"(?!#|data:)([^\"]*)\"", reports.page) == []


def test_nothing_is_calculated_by_a_spreadsheet(reports: Reports) -> None:
    for sheet in reports.book:
        assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type in "fe"] == []
    assert any(FORMULA in row for row in reports.rows("证据"))
    with (reports.folder / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    risky = [one for one in cells if one.startswith(("=", "+", "-", "@"))]
    assert [one for one in risky if not re.fullmatch(r"-\d+(\.\d+)?", one)] == []
    assert {f"'{FORMULA}", "'+1-2"} <= set(cells)
    raw = (reports.folder / "findings.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")


def test_the_workbook_is_laid_out_for_an_office(reports: Reports) -> None:
    assert reports.book.sheetnames == ["汇总", "项目", "证据", "未分析", "趋势", "说明"]
    for sheet in reports.book:
        assert sheet.freeze_panes is not None
        assert sheet.auto_filter.ref
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows
        assert all(one.width > 4 for one in sheet.column_dimensions.values())
        # The first row below the frozen ones is the first of the table.
        head = int(re.findall(r"\d+", sheet.freeze_panes)[0]) - 1
        assert sheet.auto_filter.ref.startswith(f"A{head}:")
        assert all(cell.value is not None for cell in sheet[head] if cell.has_style)
        # Titles and long texts are not cut off where a program does not fit rows by itself.
        assert sheet.row_dimensions[head].height >= 30
        assert sheet.page_margins.footer < sheet.page_margins.bottom
    charts = reports.book["趋势"]._charts
    assert [type(one).__name__ for one in charts] == ["LineChart"] * 3
    assert all(len(one.series) == 3 for one in charts)
    evidence = reports.book["证据"]
    linked = [cell for row in evidence.iter_rows() for cell in row if cell.hyperlink]
    assert [(cell.value, cell.hyperlink.target) for cell in linked] == [("听片段", "clips/f.ogg")]
    formats = {cell.value: evidence.cell(5, cell.column).number_format for cell in evidence[3]}
    assert (formats["日期"], formats["开始"], formats["计入分值"]) == (
        "yyyy-mm-dd",
        "[h]:mm:ss",
        "+0.00;-0.00;0.00",
    )


def test_the_trend_has_days_weeks_and_months(reports: Reports) -> None:
    tables = reports.tables("趋势", "周期")
    assert [len(one) for one in tables] == [len(reports.of("hall", per)) for per in ("day", "week", "month")]
    assert [one["周期"] for one in tables[2]] == ["2026-10", "2026-11"]
    drawn = {one["id"]: one for one in reports.page_data["plots"]}
    assert set(drawn) == {"windows", "trend-day", "trend-week", "trend-month", "items", "time"}
    assert [row[0] for row in drawn["windows"]["rows"]] == ["（不详）", "w1", "w2", "w10"]
    for row, score in zip(drawn["trend-day"]["rows"], reports.of("hall", "day"), strict=True):
        assert row[1] == pytest.approx(score["rates"]["per_visit"]["value"] * 100, abs=0.01)
        assert row[4] == score["rates"]["per_visit"]["count"]


def test_a_plot_of_too_many_windows_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "MOST_BARS", 3)
    write_reports(the_told(tmp_path), tmp_path)
    reports = Reports(tmp_path)
    drawn = {one["id"]: one for one in reports.page_data["plots"]}
    assert [row[0] for row in drawn["windows"]["rows"]] == ["（不详）", "w1", "w2"]
    assert len(drawn["time"]["rows"]) == 3
    assert reports.page.count("（只画前 3 个，全部 4 个在 report.xlsx 里）</span>") == 2


def test_one_day_is_no_trend_on_the_page_and_a_point_in_the_workbook(tmp_path: Path) -> None:
    told = the_told(tmp_path)
    night = replace(told.night, parts=told.night.parts[:1], findings=told.night.findings[:1])
    write_reports(replace(told, night=night), tmp_path)
    reports = Reports(tmp_path)
    assert {one["id"] for one in reports.page_data["plots"]} == {"windows", "items", "time"}
    assert [len(one) for one in reports.tables("趋势", "周期")] == [1, 1, 1]
    assert len(reports.book["趋势"]._charts) == 3


def test_clips_are_inside_the_page_until_they_are_too_much(
    reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reports.page.count("<audio") == 1
    assert 'src="data:audio/ogg;base64,T2dnU' in reports.page
    assert "media-src data:;" in reports.page
    monkeypatch.setattr(page_parts, "MOST_EMBEDDED_BYTES", 150)
    (tmp_path / "clips").mkdir()
    found = the_findings()[:4]
    clips: dict[str, Clip] = {}
    for at, one in enumerate(found):
        clips[one.finding_id] = Clip(path=f"clips/{at} #.ogg", start_sample=0, end_sample=1)
        (tmp_path / clips[one.finding_id].path).write_bytes(bytes(100))
    # A clip that somebody has deleted has no player.
    (tmp_path / clips[found[3].finding_id].path).unlink()
    write_reports(the_told(tmp_path, clips=clips), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<audio") == 3
    assert page.count('src="data:audio/ogg') == 1
    assert page.count('<a href="clips/') == 2 and "%20%23.ogg" in page
    assert "media-src data: &#39;self&#39; file:;" in page


def test_a_page_of_too_many_findings_has_those_that_matter_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_parts, "MOST_SHOWN", 90)
    told = the_told(tmp_path)
    write_reports(told, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    totals = figures_of(told).totals
    codes = re.findall(r'class="entry entry-(\w+)"', page)
    assert len(codes) == 90
    assert codes.count("counted") + codes.count("waiting") == totals.counted + totals.waiting < 90
    assert f"只列前 90 条；全部 {totals.findings} 条" in page


def test_english_reports_have_no_chinese_of_ours(tmp_path: Path) -> None:
    told = replace(the_told(tmp_path, language="en"), night=Night(parts=the_told(tmp_path).night.parts))
    write_reports(told, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    body = page.split("<body>")[1].split('<script type="application/json"')[0]
    grades = [one.name for one in told.card.grades]
    for grade in sorted(grades, key=len, reverse=True):
        body = body.replace(grade, "")
    assert [one for one in body if "\u4e00" <= one <= "\u9fff"] == []
    assert 'lang="en"' in page
    assert "Nothing was found." in page
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert book.sheetnames == ["Summary", "Items", "Evidence", "Not analysed", "Trend", "Explanation"]


def test_a_night_of_nothing_can_be_told(tmp_path: Path) -> None:
    told = replace(the_told(tmp_path), night=Night(), not_analysed=(), spoken={}, summary={})
    write_reports(told, tmp_path)
    reports = Reports(tmp_path)
    assert (reports.findings, reports.table, reports.scores["scores"]) == ([], [], [])
    assert "没有听出任何问题。" in reports.page and "全部录音都分析了。" in reports.page
    assert reports.text("findings.csv").startswith("\ufeffrecording,window,visit,clause,rule_id,")


@pytest.mark.parametrize("ranks", [False, True])
def test_places_are_told_only_where_people_are_ranked(tmp_path: Path, ranks: bool) -> None:
    write_reports(the_told(tmp_path, ranks=ranks), tmp_path)
    reports = Reports(tmp_path)
    assert ("名次" in reports.rows("汇总")[4]) == ranks
    assert any(one["place"] for one in reports.of("window", "month")) == ranks
    assert bool(re.search(r'class="chip">\s*名次', reports.page)) == ranks


def test_a_weighted_card_and_a_missing_rating_add_up(tmp_path: Path) -> None:
    rated = a_section(section_id="visitors", points=None, weight=figure(30), rating='"stars"')
    stars = '[[rating]]\nid = "stars"\nname = "stars"\nlowest = 1.0\nhighest = 5.0\n'
    weighted = a_section(an_item("any", 7.77, cap=figure(40)), points=None, weight=figure(70))
    card = a_card(tmp_path, weighted, rated, stars, GRADES)
    night = the_told(tmp_path).night
    told = replace(the_told(tmp_path), card=card, night=replace(night, imports=Imports()))
    write_reports(told, tmp_path)
    reports = Reports(tmp_path)
    rows = points_add_up(reports)
    assert {"按比重折算", "还没有读入评价，不得分"} <= {row["项目"] for row in rows}
    assert "评价没有读入，没有等级" in reports.page


def test_a_card_with_blanks_writes_nothing(tmp_path: Path) -> None:
    told = the_told(tmp_path)
    section = told.card.sections[0]
    blank = replace(section.items[0].each, amount=None, blank="n", quote="扣____分")
    items = (replace(section.items[0], each=blank), *section.items[1:])
    card = replace(told.card, sections=(replace(section, items=items),))
    with pytest.raises(DeskguardError) as caught:
        write_reports(replace(told, card=card), tmp_path / "out")
    assert caught.value.code == "card-blank"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(DeskguardError, match="out") as caught:
        write_reports(the_told(tmp_path), tmp_path / "out")
    assert caught.value.code == "unwritable"


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, ["before"])
    with pytest.raises(ValueError, match="half"), replaced(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise ValueError("half")
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_names_of_files_that_are_no_text_do_not_stop_the_reports(tmp_path: Path) -> None:
    told = the_told(tmp_path)
    strange = replace(RECORDINGS[0], path="w1/\udcff\x01.wav", sha256="f" * 64)
    finding = a_finding(recording=strange, evidence="\x00\x1b[31m\ud800")
    night = replace(told.night, findings=(finding,), parts=((strange, told.night.parts[0][1]),))
    absent = (NotAnalysed(path="\udcfe.wav", reason="unreadable"),)
    write_reports(replace(told, night=night, not_analysed=absent), tmp_path)
    reports = Reports(tmp_path)
    assert reports.findings[0]["recording"] == "w1/\udcff\x01.wav"
    assert "\ufffd" in reports.tables("证据", "编号")[0][0]["说的话（已遮盖）"]


def test_names_are_sorted_as_people_do() -> None:
    names = ["w10", "w2", "10号", "9号", "", "a", "w2b"]
    assert sorted(names, key=natural) == ["", "9号", "10号", "a", "w2", "w2b", "w10"]


def described_kinds() -> set[str]:
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "config").rglob("*.toml"))
    return set(re.findall(r"^\[\[ban\]\](?:\n(?!\[\[).*)*?\nkind *= *\"([a-z-]+)\"", texts, re.MULTILINE))


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_code_of_a_report_has_words(language: str) -> None:
    texts = catalogue.load(language)
    kinds = {"phrase", "courtesy-missing", "courtesy-said", "manner", *described_kinds()}
    assert len(kinds) > 8
    wanted = {f"night.report.kind.{one}" for one in kinds}
    wanted |= {f"night.report.withheld.{one}" for one in get_args(Withheld)}
    assert wanted - set(texts) == set()
    assert reason_text("no-such-reason", Words(language)) == "no-such-reason"


def test_why_is_told_in_the_readers_words(tmp_path: Path) -> None:
    texts: Mapping[str, str] = catalogue.load("zh-CN")
    line = "characters, 4 syllables"
    told = the_told(tmp_path)
    night = replace(told.night, findings=(a_finding(recording=RECORDINGS[0], why=(line,)),))
    write_reports(replace(told, night=night), tmp_path)
    assert rendered(line, texts) != line
    assert rendered(line, texts) in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_small_sample_is_said_to_be_one(tmp_path: Path) -> None:
    told = the_told(tmp_path)
    write_reports(replace(told, policy=Policy(small_visits=10_000)), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count('class="chip chip-small"') == page.count('class="person"') > 5


def test_a_recording_is_where_the_told_says(reports: Reports) -> None:
    known: set[Recording] = set(RECORDINGS)
    assert {one["recording"] for one in reports.findings} == {one.path for one in known}
