"""The installed command on rule packs: every action of `deskguard rules`, its output and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from golden_recordings import FOLDER
from rules_packs import entry, pack_file

COMMAND = Path(sys.executable).with_name("deskguard")
LITERAL, INNOCENT = FOLDER / "t01_literal.flac", FOLDER / "ok_t02_question.flac"


def run(
    *arguments: str | Path, status: int = 0, cwd: Path | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """`deskguard rules ...`, which must end with `status` and never with a traceback."""
    done = subprocess.run(
        [str(COMMAND), "rules", *map(str, arguments)],
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
        cwd=cwd,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stdout + done.stderr
    if status == 2:
        assert done.stdout == ""
        assert done.stderr.startswith("deskguard: ")
        assert " Fix: " in done.stderr
    return done


def tables(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Standard output as JSON, which it must be to the last line."""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["v"] for one in found} <= {1}
    return found


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    """A folder with settings whose live rules are in `live`, and a draft of one rule."""
    (tmp_path / "deskguard.toml").write_text(
        f"[rules]\npacks = [{json.dumps(str(tmp_path / 'live'))}]\n", encoding="utf-8"
    )
    (tmp_path / "draft").mkdir()
    pack_file(
        tmp_path / "draft",
        entry("我不知道", "P1", say=["我咋知道"], examples=["我不知道"], counter_examples=["您知不知道"]),
    )
    return tmp_path


def test_list_and_show_and_check_tell_what_is_in_force() -> None:
    assert any(line.startswith("T01 ") for line in run("list", "--pack", "s003").stdout.splitlines())
    listed = tables(run("list", "--json"))
    assert {one["type"] for one in listed} == {"rule", "act"}
    assert {"T01", "T15", "C01", "K.bye"} <= {one["id"] for one in listed}
    assert "除非" in run("show", "T02").stdout
    assert "Unless" in run("show", "t02", "--language", "en").stdout
    (one,) = tables(run("show", "T01", "--json"))
    assert one["clauses"][0]["clause"] == "s000.6.2.1"
    assert "sha256" in run("check").stdout.splitlines()[-1]


def test_try_tells_what_fires_what_nearly_did_and_why(tmp_path: Path) -> None:
    found = tables(run("try", "客：什么时候好？", "员：我不知道。", "--json"))
    raised = [one for one in found if one["type"] == "place" and one["outcome"] == "raised"]
    assert ("T01", 1) in [(one["rule_id"], one["line"]) for one in raised]
    innocent = run("try", "您知不知道要带什么")
    assert "会提示" not in innocent.stdout
    talk = tmp_path / "talk.txt"
    talk.write_text("客：你们说不归我管\n", encoding="utf-8")
    assert "群众说的" in run("try", talk).stdout
    assert "the visitor's words" in run("try", "-", "--language", "en", given="visitor: 不归我管\n").stdout
    shown = run("try", "我不知道，你去问别人")
    everything = run("try", "--all", "我不知道，你去问别人")
    assert len(everything.stdout) > len(shown.stdout)
    assert "--all" in shown.stdout


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_try_hears_recordings_with_times_and_figures() -> None:
    found = tables(run("try", LITERAL, "--roles", "staff", "--json"))
    (place,) = [one for one in found if one.get("outcome") == "raised" and one["rule_id"] == "T01"]
    assert place["file"] == str(LITERAL)
    assert place["role"] == "staff"
    assert 0 < place["start_s"] < place["end_s"] < 10
    assert 0.3 < place["confidence"] <= 1
    assert place["tier"] in ("characters", "sound", "near")
    visitor = tables(run("try", LITERAL, "--roles", "visitor", "--json"))
    assert "raised" not in {one.get("outcome") for one in visitor}
    assert "visitor" in {one.get("outcome") for one in visitor}


def test_test_runs_the_examples_of_all_bundled_rules() -> None:
    done = run("test")
    assert "不对的 0 句" in done.stdout
    summary = tables(run("test", "--rule", "T01", "--json"))[-1]
    assert summary["examples"] >= 10
    assert summary["failed"] == 0


def test_test_ends_with_one_when_an_example_fails(hall: Path) -> None:
    pack_file(hall / "draft", entry("我不知道", "P1", examples=["今天天气不错"]))
    done = run("test", hall / "draft", status=1)
    assert "✗ P1" in done.stdout
    assert "今天天气不错" in done.stdout


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_test_listens_to_recordings(tmp_path: Path) -> None:
    for path, manifest in ((LITERAL, 'rule = "T01"\n'), (INNOCENT, "rule = []\n")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / path.with_suffix(".toml").name).write_text(manifest, encoding="utf-8")
    done = tables(run("test", "--speech", tmp_path, "--rule", "T01", "--json"))
    heard = [one for one in done if one["type"] == "recording"]
    assert [(Path(one["file"]).name, one["is_good"]) for one in heard] == [(LITERAL.name, True)]
    (tmp_path / "t01_literal.toml").write_text("rule = []\n")
    done_badly = run("test", "--speech", tmp_path / "t01_literal.toml", status=1)
    assert f"✗ {tmp_path / LITERAL.name}：不该提示 T01" in done_badly.stdout


def test_a_spreadsheet_goes_out_and_comes_back(hall: Path) -> None:
    book = hall / "规则.xlsx"
    run("export", book, "--rules", hall / "draft")
    opened = openpyxl.load_workbook(book)
    assert opened.sheetnames[0] == "规则包"
    opened["说法"].append(["test", "P1", "忌语", "我哪知道"])
    opened.save(book)
    done = run("import", book)
    assert str(hall / "规则.draft" / "test.toml") in done.stdout
    assert "我哪知道" in run("show", "P1", "--rules", hall / "规则.draft").stdout
    run("export", book, "--rules", hall / "draft", status=2)
    run("export", book, "--rules", hall / "draft", "--language", "en", "--force")
    assert openpyxl.load_workbook(book).sheetnames[0] == "packs"
    run("import", book, "--to", hall / "again")
    same = run("diff", hall / "draft", hall / "again")
    assert "没有区别" in same.stdout


def test_diff_tells_rules_and_what_they_change(hall: Path) -> None:
    (hall / "new").mkdir()
    pack_file(hall / "new", entry("我不知道", "P1", soften=["~，我去问"]), entry("没时间", "P2"))
    talk = hall / "talk.txt"
    talk.write_text("员：我不知道，我去问。没时间。\n", encoding="utf-8")
    done = run("diff", hall / "draft", hall / "new", "--text", talk, "--json", status=1)
    found = tables(done)
    assert ("spelling", "我咋知道", None) in [
        (one["what"], one["before"], one["after"]) for one in found if one["type"] == "change"
    ]
    assert [
        (one["rule_id"], one["before"], one["after"]) for one in found if one["type"] == "alert-change"
    ] == [
        ("P1", "raised", "softened"),
        ("P2", None, "raised"),
    ]
    run("diff", hall / "draft", hall / "draft", "--text", talk)


@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_diff_judges_stored_audio_by_both(hall: Path) -> None:
    (hall / "new").mkdir()
    pack_file(hall / "new", entry("没时间", "P2"))
    done = run("diff", hall / "draft", hall / "new", "--audio", LITERAL, "--json", status=1)
    (change,) = [one for one in tables(done) if one["type"] == "alert-change"]
    assert (change["rule_id"], change["before"], change["after"]) == ("P1", "raised", None)
    assert change["file"] == str(LITERAL)


def test_publish_versions_and_back(hall: Path) -> None:
    config = ("--config", hall / "deskguard.toml")
    first = run("publish", hall / "draft", *config, "--author", "张三", "--note", "第一版")
    assert "已发布" in first.stdout
    pack_file(hall / "draft", entry("没时间", "P2", examples=["没时间"]))
    run("publish", hall / "draft", *config, "--author", "李四", "--note", "第二版")
    versions = tables(run("versions", *config, "--json"))
    assert [(one["author"], one["note"], one["is_live"]) for one in versions] == [
        ("张三", "第一版", False),
        ("李四", "第二版", True),
    ]
    assert versions[0]["published"][:4].isdecimal()
    run("diff", versions[0]["version"][:12], hall / "live", *config, status=1)
    back = run("publish", versions[0]["version"][:12], *config, "--note", "退回")
    assert versions[0]["version"] in back.stdout
    assert "我不知道" in run("list", *config).stdout
    listed = run("versions", *config).stdout.splitlines()
    assert listed[1].startswith(f"* {versions[0]['version'][:12]}")
    assert "退回" in listed[1]


def test_a_draft_whose_examples_fail_is_not_published(hall: Path) -> None:
    run("publish", hall / "draft", "--to", hall / "live")
    before = {path: path.read_bytes() for path in (hall / "live").rglob("*") if path.is_file()}
    pack_file(hall / "draft", entry("我不知道", "P1", counter_examples=["我不知道"]))
    done = run("publish", hall / "draft", "--to", hall / "live", status=1)
    assert "没有发布" in done.stdout
    assert {path: path.read_bytes() for path in (hall / "live").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--pack", "s009"], "没有编号是“s009”的规则包"),
        (["list", "--rules", "none.toml"], "none.toml"),
        (["show", "T99"], "没有编号是“T99”的规则"),
        (["show", "T99", "--language", "en"], 'No rule has the id "T99"'),
        (["check", "none.toml"], "none.toml"),
        (["test", "none"], "none"),
        (["test", "draft", "--rule", "P9"], "是不是“P1”"),
        (["test", "draft", "--speech", "none"], "没有 none"),
        (["test", "draft", "--speech", "draft"], "没有带同名"),
        (["try", "none.wav"], "没有文件 none.wav"),
        (["try", "notes.flac", "--roles", "clerk.rttm"], "clerk.rttm"),
        (["try", " "], "没有可以试的话"),
        (["import", "none.xlsx"], "没有电子表格 none.xlsx"),
        (["import", "deskguard.toml"], "不是 .xlsx 电子表格"),
        (["import", "draft"], "没有电子表格 draft"),
        (["export", "x.csv", "--rules", "draft"], "不是以 .xlsx 结尾"),
        (["export", "deskguard.toml/x.xlsx", "--rules", "draft"], "写不了"),
        (["diff", "draft", "none"], "“none”既不是文件、文件夹，也不是"),
        (["diff", "draft", "draft", "--audio", "none.wav"], "none.wav"),
        (["diff", "draft", "draft", "--text", "none.txt"], "没有文件 none.txt"),
        (["publish", "none", "--to", "live"], "“none”既不是文件、文件夹，也不是"),
        (["publish", "abcdef01", "--to", "live"], "“abcdef01”"),
        (["publish", "draft"], "不知道发布到哪里"),
        (["publish", "draft", "--to", "deskguard.toml"], "写不了"),
        (["versions"], "不知道发布到哪里"),
        (["list", "--language", "fr"], "invalid choice: 'fr'"),
        (["publish"], "required: DRAFT"),
    ],
)
def test_what_can_be_mended_is_status_two(hall: Path, arguments: list[str], said: str) -> None:
    (hall / "notes.flac").write_bytes(b"not a recording")
    before = sorted(hall.rglob("*"))
    done = run(*arguments, status=2, cwd=hall)
    assert said in done.stderr
    assert sorted(hall.rglob("*")) == before


def test_a_spreadsheet_with_mistakes_writes_nothing(hall: Path) -> None:
    book = hall / "x.xlsx"
    run("export", book, "--rules", hall / "draft")
    opened = openpyxl.load_workbook(book)
    opened["忌语"]["F2"] = "很重"
    opened["说法"]["B2"] = "P7"
    opened.save(book)
    said = run("import", book, status=2).stderr
    assert "工作表“忌语”第 2 行 F (严重程度) 列：写的是“很重”，应该是轻、中、重" in said
    assert not (hall / "x.draft").exists()
