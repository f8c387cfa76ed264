"""Phrases that were misheard, fillers inside them, numbers, and what is said of places that do not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.spotting.finding.spot import Spotter
from deskguard.values import Candidate
from rules_packs import entry, only, passage, rule_set


@pytest.fixture
def spot(tmp_path: Path):
    def build(*entries: str) -> Spotter:
        return Spotter(rule_set(tmp_path, *entries))

    return build


def heard(candidates: list[Candidate], text: str) -> list[tuple[str, str]]:
    return [(one.tier, text[one.start_char : one.end_char]) for one in candidates]


@pytest.mark.parametrize(
    ("phrase", "text", "words"),
    [
        ("别磨蹭了", "你别木曾了快点", "别木曾了"),
        ("刚才不是说了吗", "刚在不是说的吗", "刚在不是说"),
        ("刚才不是说了吗", "刚才不说了吗", "刚才不说了"),
        ("别啰里啰嗦", "哎呀别落里路所了", "别落里路所"),
        ("有牌子，自己看", "那边有派子，你自己干", "有派子，你自己干"),
        ("这不归我管", "这不规我光", "这不规我光"),
        ("没时间", "现在梅思间", "梅思间"),
    ],
)
def test_a_misheard_phrase_is_near(spot, phrase: str, text: str, words: str) -> None:
    one = only([one for one in spot(entry(phrase)).find(passage(text)) if one.tier == "near"])
    assert text[one.start_char : one.end_char] == words
    assert 0 < one.distance <= 0.34


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("没空", "梅工"),
        ("没时间", "没事的"),
        ("不归我管", "这归我管"),
        ("和我没关系", "没关系的"),
        ("谁知道呢", "谁知道办这个要排队"),
        ("有牌子，自己看", "请您自己看一下"),
        ("这不是我的事", "这是我的事"),
    ],
)
def test_what_differs_too_much_is_not(spot, phrase: str, text: str) -> None:
    assert spot(entry(phrase)).find(passage(text)) == []


def test_a_rule_found_exactly_is_not_near_in_the_same_place(spot) -> None:
    text = "我不知道，你去问"
    found = spot(entry("我不知道", say=["我不知道你去问谁"])).find(passage(text))
    assert heard(found, text) == [("characters", "我不知道")]


def test_a_misheard_phrase_is_whole_words_as_it_was_meant(spot) -> None:
    text = "烧罗所以后再说"
    assert heard(spot(entry("少啰嗦")).find(passage(text)), text) == [("near", "烧罗所")]
    assert spot(entry("不知道")).find(passage("您知补之道")) == []


def test_at_most_six_near_candidates_best_first(spot) -> None:
    phrases = [f"{first}不归我管" for first in "这车社则册色知桌"]
    found = spot(*(entry(one, f"P{at}") for at, one in enumerate(phrases))).find(passage("这不规我光"))
    assert [one.tier for one in found] == ["near"] * 6
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    assert found[0].variant == "这不归我管"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("这个不归嗯我管", "不归嗯我管"),
        ("不归那个，我管", "不归那个，我管"),
        ("不归不归我管", "不归我管"),
        ("不归归我管", "不归归我管"),
    ],
)
def test_fillers_and_repeats_may_stand_inside(spot, text: str, words: str) -> None:
    assert heard(spot(entry("不归我管")).find(passage(text)), text) == [("characters", words)]


@pytest.mark.parametrize("text", ["不嗯归那个我呃管", "快嗯点"])
def test_more_than_two_fillers_or_a_short_phrase_are_too_much(spot, text: str) -> None:
    assert spot(entry("不归我管"), entry("快点", "P2")).find(passage(text)) == []


def test_polyphones_are_heard_in_either_reading(spot) -> None:
    spotter = spot(entry("银行关门了"), entry("这个我不了解", "P2"))
    assert only(spotter.find(passage("银航关门了"))).tier == "sound"
    assert only(spotter.find(passage("银，行关门了"))).tier == "characters"
    assert only(spotter.find(passage("这个我不料解"))).tier == "sound"
    assert only(spotter.find(passage("这个我不乐解"))).tier == "sound"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("他的电话是13800001234", "电话是13800001234"),
        ("他的电话是 138-0000-1234。", "电话是 138-0000-1234"),
        ("电话是呃一三八，零零零零，幺二三四", "电话是呃一三八，零零零零，幺二三四"),
        ("电话是八三三三二二一", "电话是八三三三二二一"),
        ("电话是12345", ""),
        ("电话是多少", ""),
    ],
)
def test_a_number_slot_holds_seven_to_eighteen_numerals(spot, text: str, words: str) -> None:
    found = spot(entry("电话是{号码}")).find(passage(text))
    assert [text[one.start_char : one.end_char] for one in found] == ([words] if words else [])


@pytest.mark.parametrize(
    ("phrase", "text", "wording"),
    [
        ("没时间", "没时间", ""),
        ("没时间", "梅時間", "没时间"),
        ("有牌子，自己看", "有派子，您自己干", "有牌子，您自己看"),
        ("不归我管", "不规嗯我管", "不归嗯我管"),
        ("跟您说几遍了", "跟您硕几变了", "跟您说几遍了"),
        ("刚才不是说了吗", "刚才不说了吗", "刚才不是说了"),
    ],
)
def test_the_wording_is_the_spelling_with_what_was_heard_in_its_gaps(
    spot, phrase: str, text: str, wording: str
) -> None:
    assert only(spot(entry(phrase)).find(passage(text))).wording == wording


def test_a_near_phrase_without_its_end_waits_for_it(spot) -> None:
    spotter = spot(entry("都跟你说几遍了还问"))
    assert only(spotter.find(passage("都跟你说几变了还"))).is_open
    assert not only(spotter.find(passage("都跟你说几变了还问"))).is_open


@pytest.mark.parametrize(
    ("keys", "text", "reason"),
    [
        ({"except_": ["没时间限制"]}, "没时间限制", "inside the longer wording 没时间限制"),
        ({}, "没，时间", "a pause stands inside"),
    ],
)
def test_places_that_do_not_count_say_why(spot, keys: dict[str, object], text: str, reason: str) -> None:
    spotter = spot(entry("没时间", **keys))
    assert spotter.find(passage(text)) == []
    assert reason in [one.excused for one in spotter.find(passage(text), with_excused=True)]


def test_a_negation_that_was_heard_is_not_taken_for_another_word(spot) -> None:
    spotter = spot(entry("我确实不知道"))
    assert only(spotter.find(passage("我去实不知道"))).tier == "near"
    assert spotter.find(passage("我不是不知道")) == []
    (one,) = spotter.find(passage("我不是不知道"), with_excused=True)
    assert one.excused == "a negation of its own was heard"


def test_a_cut_word_is_missed_by_name(spot) -> None:
    one = only(spot(entry("不知道")).find(passage("您知不知道"), with_excused=True))
    assert one.excused == "cuts a word"


def test_a_clause_end_is_missed_by_name(spot) -> None:
    spotter = spot(entry("没时间", clause_end_only=["没空"]))
    assert only(spotter.find(passage("没空给你办"), with_excused=True)).excused == "not at a clause's end"


def test_what_is_a_little_too_far_is_a_near_miss(spot) -> None:
    text = "你看步动国发"
    spotter = spot(entry("你听不懂人话吗"))
    assert spotter.find(passage(text)) == []
    one = only(spotter.find(passage(text), with_excused=True))
    assert one.excused.startswith("farther than allowed: 0.")
    assert one.tier == "near"


def test_a_misheard_innocent_wording_excuses_what_is_like_it(spot) -> None:
    spotter = spot(entry("还要我说几遍", except_=["还要我说几遍呢您好辛苦"]))
    assert spotter.find(passage("还要我所几变呢您好新苦")) == []
    assert spotter.find(passage("还要我所几变呢")) != []


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("告诉你…你怎么还", "刚刚才告诉你"),
        ("不知道，自个儿问去", "问我我也不知道"),
        ("不归我们管，你打电话", "这事儿不归我们管"),
    ],
)
def test_a_phrase_that_runs_out_of_text_lies_inside_it(spot, phrase: str, text: str) -> None:
    for one in spot(entry(phrase)).find(passage(text), with_excused=True):
        assert 0 <= one.start_char < one.end_char <= len(text)
