"""Traces in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deskguard.desk.mind import Mind
from deskguard.desk.trace import in_every_language, rendered
from deskguard.i18n import catalogue
from deskguard.settings import Settings
from deskguard.values import Alert
from hearing_values import ScriptedRecogniser, a_window, moment, spoken
from rules_packs import entry, rule_set

ZH, EN = (catalogue.load(language) for language in ("zh-CN", "en"))

LINES = [
    (
        "best text, near, 4 syllables, 0.12 edits a syllable, second look -1.2 over 3 tokens, confidence 0.93",
        "出现在识别结果里，音相近，4 个音节，每个音节改动 0.12，再听一遍：-1.2（3 个单元），把握 0.93",
    ),
    ("variant marked 西南", "西南的说法"),
    ("question of the form A不A: holds", "“A不A”的问句，不算"),
    ("unless 要是~: holds", "有“要是~”，不算"),
    ("unless @condition (如果…~，就): holds", "有“如果…~，就”，不算"),
    ("unless @way (请到…): holds in a later turn", "有“请到…”，不算"),
    ("soften @way-forward (我帮您): holds in this turn", "有“我帮您”，从轻"),
    ("unless: none of 3 holds", "3 种例外都不符合"),
    ("only_if: none of 2 holds", "2 种前提都不符合，不算"),
    ("what comes next may change it", "后面的话还可能改变判断"),
    ("confirmed: in the final text", "确认：最后的识别结果里也有"),
    ("confirmed: seen again: best text, characters", "确认：又识别出一次"),
    ("withdrawn: innocent by what came after", "撤回：后面的话说明不算"),
]


@pytest.mark.parametrize(("line", "said"), LINES)
def test_lines_of_a_trace_have_words_in_both_languages(line: str, said: str) -> None:
    assert rendered(line, ZH) == said
    assert "{" not in rendered(line, EN)
    assert not set("，的在有不") & set(re.sub("“.*?”|A不A|西南", "", rendered(line, EN)))


@pytest.mark.parametrize("line", ["something new", "best text, something new", "", "unless"])
def test_a_line_of_an_unknown_shape_stays_as_it_is(line: str) -> None:
    assert rendered(line, ZH) == line


def test_lines_come_in_every_language_in_their_order() -> None:
    assert in_every_language(("characters", "new", "sound")) == {
        "zh-CN": ["字相同", "new", "音相同"],
        "en": ["same characters", "new", "same sound"],
    }


def test_what_the_tracker_writes_has_words(tmp_path: Path) -> None:
    """Every line of real traces, so that a change of their wording does not go unnoticed."""
    way = {"say": ["我帮您问"], "where": "after", "next_s": 8}
    rules = rule_set(tmp_path, entry("我不知道", "T01", unless=["要是~", way]))
    script = spoken("我不知道，我帮您问")
    mind = Mind(ScriptedRecogniser(script), rules, Settings(), "run")  # type: ignore[arg-type]
    windows = [
        a_window(samples=16_000),
        a_window(samples=20_000),
        a_window(samples=40_000, end_reason="silence"),
    ]
    outcomes = [one for window in windows for one in mind.feed(window, lambda: moment(2.5))]
    lines = {line for one in outcomes if isinstance(one, Alert) for line in one.hit.why}
    assert any(line.startswith("withdrawn") for line in lines)
    assert [line for line in lines if rendered(line, ZH) == line] == []
