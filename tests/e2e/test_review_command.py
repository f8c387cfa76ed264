"""The installed `deskguard review` and `deskguard scorecards`: every action, its output and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deskguard.resources import bundled
from deskguard.scoring.lines import finding_line, judged
from deskguard.scoring.store import NightStore
from deskguard.scoring.values import Examined
from scoring_values import (
    HEADER,
    a_finding,
    a_recording,
    a_section,
    an_examination,
    an_exposure,
    an_item,
    card_file,
    manner,
    missing,
)

COMMAND = Path(sys.executable).with_name("deskguard")
SURE = a_finding("T03", 0)
DOUBTFUL = a_finding(
    "T02", 99_000, confidence=0.4, severity="low", title="不知道", evidence="您要是不知道怎么填，我来"
)
INSULT = a_finding("C03", 200_000, kind="insult", title="侮辱辱骂粗口")
OTHERS = (missing("K.bye", 300_000, title="走有送声"), manner("loud", 400_000, title="loud", clauses=()))


def run(*arguments: str | Path, status: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command that must end with `status` and never with a traceback."""
    done = subprocess.run(
        [str(COMMAND), *map(str, arguments)],
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
        assert len(done.stderr.split(" Fix: ")) == 2
    return done


def tables(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Standard output as JSON, which it must be to the last line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    """A folder with settings and a store of one night."""
    place = tmp_path / "night.sqlite3"
    settings = f"[scoring]\nstore = {json.dumps(str(place))}\ncards = [{json.dumps(str(tmp_path / 'cards'))}]\n"
    (tmp_path / "deskguard.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "cards").mkdir()
    store = NightStore.open(str(place))
    whole = Examined(
        examination=an_examination(), exposure=an_exposure(), findings=(SURE, DOUBTFUL, INSULT, *OTHERS)
    )
    store.save_examined(whole, "run-1", "2026-11-24T02:00:00+08:00")
    other = a_recording("r2", window="w2", clerk="")
    store.save_examined(
        replace(whole, examination=an_examination(other), findings=()), "run-1", "2026-11-24T02:00:00+08:00"
    )
    store.close()
    return tmp_path


def review(hall: Path, *arguments: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    return run("review", *arguments, "--config", hall / "deskguard.toml", status=status)


def states(hall: Path) -> dict[str, str]:
    return {one["finding_id"]: one["status"] for one in tables(review(hall, "list", "--all", "--json"))}


def test_list_shows_what_waits_for_a_person(hall: Path) -> None:
    shown = review(hall, "list").stdout
    assert [line.split()[0] for line in shown.splitlines()[:-1]] == [
        DOUBTFUL.finding_id[:10],
        INSULT.finding_id[:10],
    ]
    assert "把握不够" in shown
    assert "一票否决" in shown
    # Words are for whoever looks at one finding, not for a list.
    assert "怎么填" not in shown
    assert "not sure enough" in review(hall, "list", "--language", "en").stdout
    assert len(tables(review(hall, "list", "--all", "--json"))) == 5


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--rules", "C*"), 1),
        (("--windows", "w2"), 0),
        (("--clerks", "c1"), 5),
        (("--since", "2026-11-24"), 0),
        (("--until", "2026-11-23"), 5),
        (("--state", "proposed"), 5),
        (("--state", "confirmed"), 0),
    ],
)
def test_list_takes_what_is_wanted(hall: Path, options: tuple[str, ...], count: int) -> None:
    every = () if "--state" in options else ("--all",)
    assert len(tables(review(hall, "list", *every, *options, "--json"))) == count


def test_show_tells_everything_that_a_decision_needs(hall: Path) -> None:
    shown = review(hall, "show", DOUBTFUL.finding_id[:8]).stdout
    for part in (
        "怎么填",
        "0:00:06-0:00:07",
        "s003.d17.4.1",
        "0.40",
        "“不知道”“不能办”一类的话",
        "tier characters",
    ):
        assert part in shown
    (line,) = tables(review(hall, "show", DOUBTFUL.finding_id, "--json"))
    assert (line["points"], line["counts"], line["waiting"], line["item"]) == (
        -1,
        False,
        "low-confidence",
        "light",
    )
    assert "音量" in review(hall, "show", OTHERS[1].finding_id).stdout


def test_a_finding_goes_its_way_to_the_end(hall: Path) -> None:
    name = DOUBTFUL.finding_id
    assert "已确认" in review(hall, "confirm", name[:6], "--by", "li").stdout
    review(hall, "acknowledge", name, "--by", "c1")
    assert "申诉中" in review(hall, "appeal", name, "--by", "c1", "--why", "是说客户").stdout
    assert "改判" in review(hall, "overturn", name, "--by", "wang", "--why", "说的是客户").stdout
    shown = review(hall, "show", name).stdout
    assert [part in shown for part in ("li", "c1", "wang", "是说客户", "说的是客户")] == [True] * 5
    assert states(hall)[name] == "overturned"
    made = tomllib.loads(review(hall, "counter-examples").stdout)
    assert made["counter_examples"] == [DOUBTFUL.evidence]
    (found,) = tables(review(hall, "agreement", "--json"))
    assert (found["decided"], found["right"], found["agreed"], found["kappa"]) == (1, 0, 1, None)
    assert "T02" in review(hall, "agreement").stdout


def test_reject_and_uphold_and_agreement_in_words(hall: Path) -> None:
    review(hall, "reject", INSULT.finding_id, "--by", "li", "--why", "没有说")
    review(hall, "appeal", SURE.finding_id, "--by", "c1", "--why", "没有说")
    assert "Under appeal".lower() in review(hall, "list", "--language", "en").stdout.lower()
    review(hall, "uphold", SURE.finding_id, "--by", "li", "--why", "说了")
    shown = review(hall, "agreement", "--language", "en").stdout
    assert "2 decided by people, 1 of them right" in shown
    assert review(hall, "counter-examples").stdout.startswith("#")
    rejected = tomllib.loads(review(hall, "counter-examples", "--rejected", "--rules", "C*").stdout)
    assert rejected["counter_examples"] == [INSULT.evidence]


def test_what_may_not_be_done_is_one_message_and_changes_nothing(hall: Path) -> None:
    name = SURE.finding_id
    before = states(hall)
    for arguments, code in (
        (("confirm", "0123456789"), "no finding"),
        (("confirm", "xyz"), "no finding"),
        (("uphold", name, "--by", "li", "--why", "x"), "cannot uphold"),
        (("reject", name, "--by", "li"), "wants a reason"),
        (("reject", name, "--by", "c1", "--why", "x"), "is about c1"),
        (("confirm", name, "--by", " "), "Nobody is named"),
        (("list", "--state", "guilty"), "is no state"),
        (("show", ""), "no finding"),
    ):
        assert code in review(hall, *arguments, status=2).stderr
    assert states(hall) == before


def test_the_second_reviewer_is_another(hall: Path) -> None:
    name = SURE.finding_id
    review(hall, "confirm", name, "--by", "li")
    review(hall, "appeal", name, "--by", "c1", "--why", "x")
    assert "has decided" in review(hall, "overturn", name, "--by", "li", "--why", "x", status=2).stderr
    assert states(hall)[name] == "appealed"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere.sqlite3", "no store at"),
        ("mysql://a:secret@b/c", "no place for a store"),
        ("postgresql://a:secret@127.0.0.1:1/c", "cannot be reached"),
    ],
)
def test_a_wrong_store_is_one_message(hall: Path, place: str, said: str) -> None:
    where = str(hall / place) if "://" not in place else place
    done = review(hall, "list", "--store", where, status=2)
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert not (hall / "nowhere.sqlite3").exists()


def test_a_store_of_a_newer_version_is_refused(hall: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(hall / "night.sqlite3")
    connection.execute("INSERT INTO night_migrations VALUES ('0099-later', 98)")
    connection.commit()
    connection.close()
    assert "newer deskguard" in review(hall, "list", status=2).stderr


def test_lines_of_the_command_are_those_of_the_library(hall: Path) -> None:
    from deskguard.scoring.card_files import find_card
    from deskguard.scoring.policy import Policy

    store = NightStore.open(str(hall / "night.sqlite3"))
    expected = [finding_line(one) for one in judged(store.night(), find_card("recommended"), Policy())]
    store.close()
    assert tables(review(hall, "list", "--all", "--json")) == expected
    assert {one["counts"] for one in expected} == {True, False}


def test_scorecards_are_listed_with_those_of_the_office(hall: Path) -> None:
    own = HEADER.replace('id = "test"', 'id = "ours"')
    card_file(hall / "cards", a_section(an_item("a", 1)), header=own, name="ours")
    shown = run("scorecards", "list", "--config", hall / "deskguard.toml").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["ours", "*", "s003.d12", "s004.d04"]
    assert "14" in shown[2]
    assert "14 blanks" in run("scorecards", "list", "--language", "en").stdout


def test_show_tells_every_figure_with_its_source() -> None:
    shown = run("scorecards", "show", "s004.d04").stdout
    assert shown.count("违反一次扣2分") >= 4
    assert "投诉纠纷责任在医 务人员者扣5分" in shown
    assert "ours:" in run("scorecards", "show", "recommended", "--language", "en").stdout
    blank = run("scorecards", "show", "s003.d12").stdout
    assert "base = ____" in blank


def test_check_says_what_is_wrong_or_still_blank(tmp_path: Path) -> None:
    for path in sorted(bundled("config/scorecards").glob("*.toml")):
        assert "没有错误" in run("scorecards", "check", path).stdout
    bad = card_file(tmp_path, a_section(an_item("a", 0.125), an_item("a", 1)))
    done = run("scorecards", "check", bad, status=2)
    assert "2 mistakes" in done.stderr
    idle = card_file(tmp_path, a_section(an_item("a", 1, select='{rules = ["T99"]}')))
    assert '"T99" is nothing in force' in run("scorecards", "check", idle, status=2).stderr
    assert "does not exist" in run("scorecards", "check", tmp_path / "none.toml", status=2).stderr


def test_an_unknown_card_names_the_nearest() -> None:
    assert 'write "recommended"' in run("scorecards", "show", "recomended", status=2).stderr


def test_a_card_with_blanks_is_refused_where_it_would_be_used(hall: Path) -> None:
    settings = hall / "deskguard.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + 'card = "s003.d12"\n', encoding="utf-8")
    error = review(hall, "list", status=2).stderr
    assert "base (card, base): 设定基础分数____分" in error


@pytest.mark.parametrize("option", [("--since", "soon"), ("--until", "2026-13-01")])
def test_a_wrong_day_is_said(hall: Path, option: tuple[str, str]) -> None:
    assert "is not a day" in review(hall, "list", *option, status=2).stderr
