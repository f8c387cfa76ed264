"""Sentences weighed as a whole: what is weighed, what is named, and that the file keeps what was fitted."""

from __future__ import annotations

import numpy as np
import pytest

from deskguard.desk import compose
from deskguard.language.pieces import is_sound, pieces
from deskguard.language.sentences import joined, stretches
from deskguard.language.text import normalise
from deskguard.language.weighing import PieceWeights, packed
from deskguard.settings import Settings
from deskguard.spotting.sense.finder import SenseFinder
from deskguard.spotting.sense.weights import SenseModel, fitted, model_of
from deskguard.values import Candidate, Passage


def passage(text: str) -> Passage:
    return Passage(text=text, spans=tuple((at * 4000, at * 4000 + 4000) for at in range(len(text))))


def of_sentence(text: str) -> list[str]:
    plain = normalise(text)
    return [plain.chars[start:end] for start, end in stretches(plain, text)]


def test_a_short_text_is_weighed_as_a_whole_and_by_its_sentences() -> None:
    assert of_sentence("您先坐。这点事都办不明白？") == [
        "您先坐".replace("您", "你"),
        "你先坐这点事都办不明白",
        "这点事都办不明白",
    ]


def test_a_text_without_full_stops_is_one_sentence() -> None:
    assert of_sentence("这个表，您填一下") == ["这个表你填一下"]


def test_what_is_too_short_says_nothing() -> None:
    assert of_sentence("好的") == []


def test_a_long_text_is_cut_at_pauses_and_nothing_of_it_is_left_out() -> None:
    text = "，".join(["这一份材料要盖三个章才能交上来"] * 8)
    plain = normalise(text)
    found = stretches(plain, text)
    assert all(end - start <= 40 for start, end in found)
    assert {at for start, end in found for at in range(start, end)} == set(range(len(plain.chars)))


def test_pieces_hold_characters_syllables_and_pairs_with_a_gap() -> None:
    found = pieces("傻不傻")
    assert {"傻", "傻不傻", "^傻", "s sha bu", "傻_傻"} <= found
    assert [one for one in found if is_sound(one)] == [one for one in found if one.startswith("s ")]


def test_a_packed_fit_is_the_same_to_an_eighth_bit() -> None:
    weights = np.array([[1.0, -0.5, 0.25], [-1.0, 0.5, 0.0]], np.float32)
    about = {"kinds": ["mockery", "threat"], "scale": 2.0, "set": "a test"}
    data = packed(["傻", "好"], weights, intercepts=np.array([0.1, 0, 0], np.float32), about=about)
    model, told = model_of(data)
    assert told == about
    exact = PieceWeights(
        ["傻", "好"],
        weights,
        steps=np.ones(3, np.float32),
        intercepts=np.array([0.1, 0, 0], np.float32),
    )
    plain = SenseModel(exact, kinds=["mockery", "threat"], scale=2.0)
    for text in ("傻", "好", "傻好", "别的"):
        assert model.of(text).breach == pytest.approx(plain.of(text).breach, abs=0.01)
        assert model.of(text).kinds == pytest.approx(plain.of(text).kinds, abs=0.01)


def test_what_a_list_holds_is_not_told_twice() -> None:
    finder = SenseFinder(compose.load_rules(Settings()), fitted())
    text = "你是不是脑子进水了，连这个都看不懂"
    found = finder.find(passage(text))
    assert found, "the sentence is meant to be one that the fit knows"
    one = found[0]
    assert (one.tier, text[one.start_char : one.end_char]) == ("sense", text)
    listed = Candidate(rule_id="C03", variant="脑子进水", start_char=4, end_char=8, tier="characters")
    assert finder.find(passage(text), [listed]) == []


def test_rules_without_described_bans_have_no_sense() -> None:
    rules = compose.load_rules(Settings())
    phrases = {name: rule for name, rule in rules.rules.items() if rule.kind == "phrase"}
    few = type(rules)(rules=phrases, sha256="", packs=())
    assert SenseFinder(few, fitted()).find(passage("你是不是脑子进水了，连这个都看不懂")) == []


def test_nothing_is_told_of_an_empty_text() -> None:
    finder = SenseFinder(compose.load_rules(Settings()), fitted())
    assert finder.find(Passage(text="", spans=())) == []
    assert finder.find(passage("。。。")) == []


def test_utterances_are_joined_as_one_reads_them() -> None:
    assert joined(["是建设银行的。", "好", "签好了", "请您稍候！"]) == "是建设银行的。好，签好了，请您稍候！"
    assert joined([]) == ""
