"""Words judged as if heard: what is raised, what nearly was and why, what two rule sets make of it."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from deskguard.authoring import comparing, packfiles
from deskguard.authoring.listing import everything, find_rule, of_pack, rule_lines, rule_table
from deskguard.authoring.trials import places
from deskguard.authoring.trials.examples import failures, told
from deskguard.authoring.trials.judging import Judge
from deskguard.authoring.trials.talk import Line, read_talk, scene, spoken
from deskguard.authoring.words import Words
from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from deskguard.spotting.finding import fit, forms, nearly
from rules_packs import HEADER, entry, pack_file

ZH, EN = Words("zh-CN"), Words("en")
KNOWING = """
[[phrase]]
id = "P1"
phrase = "我不知道"
clause = "1.1"
quote = "quoted"
severity = "low"
say = ["我咋知道"]
except = ["我不知道不要紧"]
unless = ["要是~", { say = ["@help"], where = "after", next_turns = 1 }]
soften = ["对不起，~"]
advice = "say this"
examples = ["我不知道。", "我咋知道啊"]
counter_examples = ["要是我不知道，我会问", { text = "我不知道", role = "visitor" }]

[[frame]]
id = "help"
title = "帮忙"
say = ["我帮您问", "@more"]

[[frame]]
id = "more"
title = "还有"
say = ["我去查"]
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return pack_file(tmp_path, KNOWING)


@pytest.fixture
def judge(pack: Path) -> Judge:
    return Judge(load_packs([pack]))


# ---- words as a conversation ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("不知道", [("staff", "不知道")]),
        ("员：好\n客: 谢谢\n\n", [("staff", "好"), ("visitor", "谢谢")]),
        ("staff: a\nVisitor：b", [("staff", "a"), ("visitor", "b")]),
        ("工作人员：c\n群众:d", [("staff", "c"), ("visitor", "d")]),
        ("  客 ： 为什么：不行 ", [("visitor", "为什么：不行")]),
        ("员：\n", []),
        ("客人：你好", [("staff", "客人：你好")]),
        ("", []),
    ],
)  # fmt: skip
def test_lines_say_who_speaks(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(line.role, line.text) for line in read_talk(text)] == expected


def test_made_up_times_go_on_and_leave_nothing_open() -> None:
    said = spoken(read_talk("员：好，的\n客：谢谢"))
    ends = [one for passage in (said[0].passage, said[1].passage) for span in passage.spans for one in span]
    assert ends == sorted(ends)
    around = scene(said, 0)
    assert around.is_closed
    assert around.after == (said[1],)
    assert around.heard_until_sample > said[1].end_sample


# ---- judging ----


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("我不知道。", ["raised"]),
        ("对不起，我不知道。", ["softened"]),
        ("要是我不知道，我会问", ["innocent"]),
        ("客：我不知道", ["visitor"]),
        ("我不知道不要紧", ["excused"]),
        ("员：我不知道。\n员：我去查。", ["innocent"]),
        ("您好，请坐", []),
    ],
)
def test_what_becomes_of_a_place(judge: Judge, text: str, outcomes: list[str]) -> None:
    judged = [one for one in judge.talk(read_talk(text)) if one.candidate.tier == "characters"]
    assert [one.outcome for one in judged] == outcomes
    assert all(one.why for one in judged)
    assert judge.raises(read_talk(text), "P1") == ("raised" in outcomes)


def test_what_only_sounds_nearly_so_is_never_raised_by_words(judge: Judge) -> None:
    judged = judge.talk(read_talk("我不自道"))
    assert [(one.rule_id, one.candidate.tier, one.outcome) for one in judged] == [("P1", "near", "near")]
    assert not judge.raises(read_talk("我不自道"), "P1")


def test_tables_carry_everything_and_lines_tell_it(judge: Judge) -> None:
    utterance, place = places.of_words(judge, read_talk("员：我不知道。"))
    assert utterance == {"v": 1, "type": "utterance", "line": 0, "role": "staff", "text": "我不知道。"}
    assert {key: place[key] for key in ("outcome", "rule_id", "heard", "tier", "start_char", "end_char")} == {
        "outcome": "raised", "rule_id": "P1", "heard": "我不知道", "tier": "characters", "start_char": 0,
        "end_char": 4,
    }  # fmt: skip
    assert places.readable(utterance, ZH) == ["员：我不知道。"]
    head = places.readable(place, ZH)[0]
    assert "! P1 我不知道  【会提示】“我不知道”" in head
    assert "[raised]" in places.readable(place, EN)[0]


def test_only_a_handful_of_faint_places_is_shown_and_the_rest_counted() -> None:
    def place(outcome: str, tier: str, distance: float) -> places.Table:
        return {"type": "place", "outcome": outcome, "tier": tier, "distance": distance}

    tables = [
        {"type": "utterance"},
        place("raised", "near", 0.3),
        place("excused", "characters", 0.0),
        *(place("excused", "near", 0.2) for _ in range(5)),
        place("near", "near", 0.29),
        {"type": "utterance"},
    ]
    shown = list(places.brief(tables))
    assert [one["type"] for one in shown] == ["utterance", *["place"] * 5, "more", "utterance"]
    assert shown[6]["n"] == 3


# ---- examples ----


def test_examples_that_hold_and_one_that_fails(tmp_path: Path, pack: Path) -> None:
    assert failures(load_packs([pack])) == []
    wrong = pack_file(
        tmp_path,
        entry("没时间", "P2", examples=["没有工夫"], counter_examples=["我没时间"], except_=["没时间限制"]),
        name="wrong.toml",
    )
    rules = load_packs([wrong])
    missed, raised = failures(rules)
    assert (missed.must_raise, raised.must_raise) == (True, False)
    assert told(missed, rules, ZH) == [
        "✗ P2 没时间：应该提示，却没有：员：没有工夫",
        "    没有一处像这条规则。",
    ]
    assert "会提示：“没时间”" in told(raised, rules, ZH)[1]


# ---- listing ----


def test_a_rule_is_shown_with_its_frames_spelled_out(pack: Path) -> None:
    packs = packfiles.load([pack])
    text = "\n".join(everything(packs.rules.rules["P1"], packs, ZH))
    for part in (
        "1.1  《Test standard》“quoted”",
        "我咋知道",
        "要是~",
        "@help  帮忙: 我帮您问、@more",
        "@more  还有: 我去查",
    ):
        assert part in text
    for part in ("到后面第 1 轮", "say this", "客：我不知道", str(pack), "版本 1"):
        assert part in text
    table = rule_table(packs.rules.rules["P1"], packs.rules)
    assert table["unless"][1]["patterns"] == ["我帮您问", "我去查"]
    assert table["spellings"][1] == {"text": "我咋知道", "where": "anywhere", "mark": ""}


def test_the_list_counts_what_is_in_force(pack: Path) -> None:
    rules = load_packs([pack])
    lines = rule_lines(of_pack(rules, "test", ZH), rules, ZH)
    assert lines[0] == "P1     我不知道  轻  1.1  说法 2 种，条件 3 条，例句 4 句"
    assert rules.sha256 in lines[-1]
    with pytest.raises(DeskguardError, match=r"没有编号是“tset”的规则包；是不是“test”"):
        of_pack(rules, "tset", ZH)


@pytest.mark.parametrize(
    ("given", "hint"), [("P2", "是不是“P1”？"), ("我不知道", "是不是“P1”？"), ("不沾边的", "有：P1")]
)
def test_an_unknown_rule_names_the_nearest(pack: Path, given: str, hint: str) -> None:
    rules = load_packs([pack])
    with pytest.raises(DeskguardError) as caught:
        find_rule(rules, given, ZH)
    assert hint in str(caught.value)
    assert find_rule(rules, " p1 ", ZH).rule_id == "P1"


def test_masked_words_cannot_be_read_on_a_screen(tmp_path: Path) -> None:
    rules = load_packs([pack_file(tmp_path, entry("混蛋东西", "P1", masked=True))])
    words = ZH.masking(rules)
    judge = Judge(rules)
    shown = [
        line
        for one in places.of_words(judge, read_talk("你个混蛋东西"))
        for line in places.readable(one, words)
    ]
    assert "混××西" not in "".join(shown)
    assert "混蛋" not in "".join(shown)
    assert "混×××" in shown[0]
    packs = packfiles.load([tmp_path])
    assert "混蛋" not in "".join(everything(rules.rules["P1"], packs, words))


def reasons() -> list[str]:
    """Every reason that spotting may give for a place that does not count, with some figure in it."""
    found = [value for name, value in vars(forms).items() if name.isupper() and isinstance(value, str)]
    for module in (forms, fit, nearly):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Return) and node.value is not None:
                found += [_filled(one) for one in ast.walk(node.value) if isinstance(one, ast.JoinedStr)]
                found += [_filled(node.value)] if isinstance(node.value, ast.Constant) else []
    return [one for one in found if " " in one]


def _filled(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_filled(one) for one in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "0.25"


def test_every_reason_is_told_in_the_readers_language() -> None:
    assert len(reasons()) > 8
    assert [one for one in reasons() if ZH.trace(one) == one] == []


# ---- comparing ----


def test_the_same_rules_do_not_differ(pack: Path) -> None:
    assert comparing.changes(load_packs([pack]), load_packs([pack])) == []


def test_every_difference_is_told(tmp_path: Path) -> None:
    def rules(name: str, *entries: str, header: str = HEADER) -> Path:
        (tmp_path / name).mkdir()
        return pack_file(tmp_path / name, *entries, header=header)

    before = load_packs(
        [rules("a", entry("我不知道", "P1", say=["我咋知道"], cooldown_s=60), entry("没时间", "P2"))]
    )
    after = load_packs(
        [
            rules(
                "b",
                entry("我不知道", "P1", say=["我哪知道"], unless=["要是~"], severity="high", needs_person=True),
                entry("快点快点", "P3"),
            )
        ]
    )
    lines = [comparing.readable(one, ZH) for one in comparing.changes(before, after)]
    assert lines == [
        "~ P1  严重程度：轻 → 重",
        "~ P1  间隔（秒）：60.0 → -",
        "~ P1  由人判断：否 → 是",
        "- P1  说法：我咋知道",
        "+ P1  说法：我哪知道",
        "+ P1  除非：要是~",
        "- P2  规则：没时间",
        "+ P3  规则：快点快点",
    ]
    renamed = load_packs([rules("c", entry("我不知道", "P1"), header=HEADER.replace("Test", "Best"))])
    same = load_packs([rules("d", entry("我不知道", "P1"))])
    # The title of a standard is shown with each clause, but changes nothing that is heard.
    assert [one["what"] for one in comparing.changes(same, renamed)] == ["other"]


def test_what_would_change_for_the_clerk(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    before = Judge(load_packs([pack_file(tmp_path, entry("我不知道", "P1"), entry("没时间", "P2"))]))
    after = Judge(
        load_packs(
            [pack_file(tmp_path / "b", entry("我不知道", "P1", soften=["~，我去问"]), entry("快点", "P3"))]
        )
    )
    lines = read_talk("员：我不知道，我去问。没时间\n客：快点！\n员：快点。我不知道")
    changes = comparing.alert_changes(places.of_words(before, lines), places.of_words(after, lines))
    assert [(one["line"], one["rule_id"], one["before"], one["after"]) for one in changes] == [
        (0, "P1", "raised", "softened"),
        (0, "P2", "raised", None),
        (2, "P3", None, "raised"),
    ]
    assert comparing.readable(changes[2], ZH) == "+ 第 3 句  P3 快点：没有 → 会提示  “快点”"


def test_lines_are_values() -> None:
    assert Line("staff", "a") == Line("staff", "a")
