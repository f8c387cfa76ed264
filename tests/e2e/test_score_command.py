"""`deskguard score` as it is installed: real recordings and reports; killed, started again, given nonsense."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from deskguard.scoring.card_choice import CardChoice
from deskguard.scoring.card_files import card_tables, find_card
from deskguard.scoring.store import keep_choice
from deskguard.scoring.store_engine import open_engine
from golden_recordings import FOLDER

pytestmark = pytest.mark.model
COMMAND = [sys.executable, "-m", "deskguard", "score"]
NEEDED = {
    *("recording", "window", "visit", "clause", "rule_id", "kind", "role", "start_s", "end_s", "points"),
    *("confidence", "status", "needs_person", "evidence", "rules_sha256"),
}
SUMMARY = {
    *("recordings", "audio_s", "speech_s", "wall_s", "cpu_s", "peak_rss_mb", "stages_s", "model"),
    *("rules_sha256", "workers"),
}


def score(*arguments: str | Path, timeout_s: float = 280) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def comparable(folder: Path) -> list[str]:
    """The findings of a run without what differs between runs by its nature."""
    found = [{**one, "due_utc": None} for one in lines(folder / "findings.jsonl")]
    return sorted(json.dumps(one, ensure_ascii=False) for one in found)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two windows, two days, and things that are no recordings to score."""
    folder = tmp_path_factory.mktemp("hall")
    for window, day, name in (
        ("1", "2026-11-19", "conv_pushed_around"),
        ("1", "2026-11-20", "t01_literal"),
        ("2", "2026-11-20", "t03_literal"),
        ("2", "2026-11-20", "silence_zero"),
    ):
        (folder / window / day).mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER / f"{name}.flac", folder / window / day / f"{name}.flac")
    shutil.copy(FOLDER / "t03_literal.flac", folder / "2" / "2026-11-20" / "twice.flac")
    (folder / "2" / "2026-11-20" / "letter.wav").write_text("尊敬的领导")
    (folder / "2" / "2026-11-20" / "notes.txt").write_text("午饭后请假")
    return folder


@pytest.fixture(scope="module")
def scored(hall: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    out = tmp_path_factory.mktemp("reports")
    yield out, score(hall, "--out", out)


def test_a_folder_of_files_is_scored_with_no_settings_at_all(scored: tuple[Path, Any], hall: Path) -> None:
    out, ended = scored
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    found = lines(out / "findings.jsonl")
    assert all(set(one) >= NEEDED for one in found)
    phrases = {(one["window"], one["day"], one["rule_id"]) for one in found if one["kind"] == "phrase"}
    assert {("1", "2026-11-19", "T04"), ("1", "2026-11-20", "T01"), ("2", "2026-11-20", "T03")} <= phrases
    assert {one["recording"].startswith(str(hall)) for one in found} == {True}
    assert all(one["status"] == "proposed" for one in found)


def test_what_was_not_scored_is_listed_with_its_reason(scored: tuple[Path, Any]) -> None:
    out, _ = scored
    with (out / "not_analysed.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {(Path(row["path"]).name, row["reason"]) for row in csv.DictReader(file)}
    assert rows == {
        ("silence_zero.flac", "too-quiet"),
        ("letter.wav", "not-audio"),
        ("twice.flac", "duplicate"),
    }


def test_the_summary_says_how_much_how_long_and_with_what(scored: tuple[Path, Any]) -> None:
    out, _ = scored
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert set(summary) >= SUMMARY
    assert (summary["recordings"], summary["examined"], summary["not_analysed"]) == (6, 3, 2)
    assert summary["audio_s"] > summary["speech_s"] > 0
    assert set(summary["stages_s"]) == {"read", "endpoint", "recognise", "understand"}


def test_every_report_holds_the_same_findings(scored: tuple[Path, Any]) -> None:
    out, _ = scored
    found = lines(out / "findings.jsonl")
    book = openpyxl.load_workbook(out / "report.xlsx")
    ids = {one["finding_id"] for one in found}
    cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
    evidence = next(sheet for sheet in book if sheet.title == "证据")
    assert evidence.max_row - 1 >= len([one for one in found if one["kind"] != "courtesy-said"])
    page = (out / "report.html").read_text("utf-8")
    assert all(one in page or one[:12] in page for one in ids)
    assert cells
    clips = [one for one in found if one["clip"]]
    assert clips
    assert all((out / one["clip"]).is_file() for one in clips)
    texts = lines(out / "transcripts.jsonl")
    assert all(set(one) >= {"recording", "start_s", "end_s", "role", "text"} for one in texts)


def test_a_second_run_examines_nothing_again_and_says_the_same(scored: tuple[Path, Any], hall: Path) -> None:
    out, _ = scored
    before = comparable(out)
    assert score(hall, "--out", out).returncode == 3
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["examined"], summary["examined_before"]) == (0, 3)
    assert comparable(out) == before
    # Nothing was opened: too quiet and no sound are known to be so.
    assert summary["audio_s"] == 0
    with (out / "not_analysed.csv").open(encoding="utf-8-sig", newline="") as file:
        reasons = sorted(row["reason"] for row in csv.DictReader(file))
    assert reasons == ["duplicate", "not-audio", "too-quiet"]


def test_how_loud_and_fast_staff_spoke_is_kept_of_visits_and_of_nobody_else(scored: tuple[Path, Any]) -> None:
    out, _ = scored
    with closing(sqlite3.connect(out / "night.sqlite3")) as store:
        rows = store.execute(
            "SELECT s.role, s.curve, s.start_sample FROM night_spoken s"
            " JOIN night_examinations e ON e.examination_id = s.examination_id"
            " JOIN night_recordings r ON r.sha256 = e.recording_sha256 WHERE r.path LIKE '%pushed_around%'"
        ).fetchall()
    kept = [(json.loads(curve), start) for _, curve, start in rows if curve]
    assert kept and {role for role, curve, _ in rows if curve} == {"staff"}
    for curve, start in kept:
        assert 0 <= curve["first_s"] - start / 16_000 + 1 <= 3
        assert all(1 <= one <= 12 for one in curve["syllables_per_s"] if one is not None)


def test_the_card_chosen_in_the_store_is_used_unless_another_is_asked_for(
    scored: tuple[Path, Any], hall: Path, tmp_path: Path
) -> None:
    out = tmp_path / "reports"
    shutil.copytree(scored[0], out)
    engine = open_engine(str(out / "night.sqlite3"), None, create=False)
    table, fill = card_tables(Path(find_card("s004.d04").file))
    choice = CardChoice(
        serial=0, scope="", since=date(2026, 11, 1), card_id="s004.d04", title="x", table=table, fill=fill
    )
    with engine.begin() as connection:
        keep_choice(connection, choice)
    engine.dispose()
    ended = score(hall, "--out", out, "--language", "en")
    assert ended.returncode == 3, ended.stderr
    assert "chosen in the hall: s004.d04" in ended.stdout
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["scorecard"], summary["examined"]) == ("s004.d04", 0)
    assert score(hall, "--out", out, "--scorecard", "recommended").returncode == 3
    assert json.loads((out / "summary.json").read_text("utf-8"))["scorecard"] == "recommended"
    listed = subprocess.run(
        [*COMMAND[:3], "review", "list", "--all", "--json", "--store", out / "night.sqlite3"],
        capture_output=True, encoding="utf-8", check=True, timeout=120,
    )  # fmt: skip
    items = {json.loads(line)["item"] for line in listed.stdout.splitlines()} - {None}
    known = {item.item_id for _, item in find_card("s004.d04").items()}
    assert items and items <= known


def test_windows_and_days_can_be_chosen_and_only_those_are_told(scored: tuple[Path, Any], hall: Path) -> None:
    out, _ = scored
    ended = score(hall, "--out", out, "--windows", "1", "--since", "2026-11-20")
    assert ended.returncode == 0, ended.stderr
    assert {one["window"] for one in lines(out / "findings.jsonl")} == {"1"}
    assert {one["day"] for one in lines(out / "findings.jsonl")} == {"2026-11-20"}


def test_a_list_of_recordings_says_whose_they_are(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(
        f"文件,窗口,工号,开始时间\n{FOLDER / 't01_literal.flac'},9,007,2026-11-18 09:30\n", "utf-8"
    )
    assert score(table, "--out", tmp_path / "out").returncode == 0
    found = lines(tmp_path / "out" / "findings.jsonl")
    assert {(one["window"], one["clerk"], one["day"]) for one in found} == {("9", "007", "2026-11-18")}


def test_a_decision_changes_the_score_and_outlives_another_examination(tmp_path: Path) -> None:
    out, recording = tmp_path / "out", FOLDER / "t01_literal.flac"
    assert score(recording, "--out", out).returncode == 0
    (finding,) = [one for one in lines(out / "findings.jsonl") if one["rule_id"] == "T01"]
    review = [sys.executable, "-m", "deskguard", "review", "reject", finding["finding_id"]]
    store = ["--store", str(out / "night.sqlite3")]
    decided = subprocess.run(
        [*review, *store, "--why", "听错", "--by", "w"], capture_output=True, text=True, check=False
    )
    assert decided.returncode == 0, decided.stderr
    assert score(recording, "--out", out, "--force").returncode == 0
    (again,) = [one for one in lines(out / "findings.jsonl") if one["rule_id"] == "T01"]
    assert (again["finding_id"], again["status"], again["counts"]) == (finding["finding_id"], "rejected", False)


BAD = {
    "a path that is not there": (["nowhere"], "does not exist"),
    "a folder without recordings": (["{empty}"], "no recording"),
    "a card that is not there": (["{one}", "--scorecard", "nosuch"], "no scorecard"),
    "a card with blanks": (["{one}", "--scorecard", "s003.d12"], "blank"),
    "a standard that is not there": (["{one}", "--standard", "s999"], "s999"),
    "no recording of that day": (["{one}", "--since", "2036-01-01"], "leave all out"),
    "a list with a wrong heading": (["{list}"], "heading"),
    "ratings that are not there": (["{one}", "--ratings", "nowhere.csv"], "does not exist"),
    "no workers": (["{one}", "--local", "0"], "whole number"),
    "two ways at once": (["{one}", "--local", "2", "--cluster", "tcp://h:1"], "not allowed"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_a_user_must_mend_is_said_before_anything_is_done(case: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.csv").write_text("fiel,window\na.wav,1\n", "utf-8")
    places = {
        "{empty}": tmp_path / "empty",
        "{one}": FOLDER / "t01_literal.flac",
        "{list}": tmp_path / "list.csv",
    }
    arguments, said = BAD[case]
    ended = score(*[places.get(each, each) for each in arguments], "--out", tmp_path / "out")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    from deskguard.night.run_lock import run_lock

    with run_lock(tmp_path):
        ended = score(FOLDER / "t01_literal.flac", "--out", tmp_path)
    assert ended.returncode == 2
    assert "Another night" in ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills processes as Linux does")
def test_killed_again_and_again_nothing_is_lost_or_scored_twice(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("t01_literal", "t02_literal", "t03_literal", "t04_literal", "t05_literal", "t06_literal"):
        shutil.copy(FOLDER / f"{name}.flac", folder)
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert score(folder, "--out", whole).returncode == 0
    chance = random.Random(5)  # noqa: S311  when to kill is no secret
    for _ in range(4):
        running = subprocess.Popen(
            [*COMMAND, str(folder), "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(1.5, 7))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    assert score(folder, "--out", out).returncode == 0
    assert comparable(out) == comparable(whole)
    with closing(sqlite3.connect(out / "night.sqlite3")) as store:
        ((examined, recordings),) = store.execute(
            "SELECT COUNT(*), COUNT(DISTINCT recording_sha256) FROM night_examinations"
        ).fetchall()
    assert examined == recordings == 6
