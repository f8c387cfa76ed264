"""Which places of a passage are phrases of the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.spotting.finding.spot import Spotter
from deskguard.values import Passage
from rules_packs import entry, found, only, passage, rule_set


@pytest.fixture
def spot(tmp_path: Path):
    def build(*entries: str) -> Spotter:
        return Spotter(rule_set(tmp_path, *entries))

    return build


def test_a_phrase_is_found_by_its_characters(spot) -> None:
    text = "这事啊，沒時間！"
    one = only(spot(entry("没时间")).find(passage(text)))
    assert (one.rule_id, one.variant, one.tier, one.distance, one.syllables) == (
        "P1",
        "没时间",
        "characters",
        0.0,
        3,
    )
    assert text[one.start_char : one.end_char] == "沒時間"


def test_a_phrase_is_found_by_its_sound(spot) -> None:
    one = only(spot(entry("没看我正忙着")).find(passage("梅看我正忙这吧")))
    assert (one.tier, one.start_char, one.end_char) == ("sound", 0, 6)


def test_the_surface_span_covers_digits_and_punctuation(spot) -> None:
    text = "到 12 号窗 口去。"
    one = only(spot(entry("十二号窗口")).find(passage(text)))
    assert text[one.start_char : one.end_char] == "12 号窗 口"


def test_characters_beat_sound_on_the_same_span(spot) -> None:
    spotter = spot(entry("没看我正忙着", say=["梅看我正忙着"]))
    assert only(spotter.find(passage("梅看我正忙着"))).tier == "characters"


def test_the_longest_variant_wins(spot) -> None:
    spotter = spot(entry("没时间", say=["没时间跟你说", "我没时间"]))
    assert only(spotter.find(passage("我没时间跟你说"))).variant == "没时间跟你说"


def test_overlapping_phrases_of_different_rules_are_all_found(spot) -> None:
    spotter = spot(entry("我不知道"), entry("不知道", "P2"))
    assert found(spotter, "我不知道") == [("P1", "我不知道"), ("P2", "不知道")]


def test_a_phrase_said_twice_is_found_twice(spot) -> None:
    assert found(spot(entry("不知道")), "不知道不知道") == [("P1", "不知道"), ("P1", "不知道")]


def test_a_phrase_is_found_across_pause_and_filler(spot) -> None:
    text = "我不知道啊，那个，你去问保安"
    assert found(spot(entry("我不知道，你去问{谁}")), text) == [("P1", "我不知道啊，那个，你去问")]


@pytest.mark.parametrize(
    ("phrase", "filler", "is_found"),
    [
        ("有牌子，自己看", "", True),
        ("有牌子，自己看", "在那边你", True),
        ("有牌子，自己看", "在门口那边", False),
        ("有牌子…自己看", "在门口那边你就去", True),
        ("有牌子…自己看", "在门口那边你就过去", False),
        ("有牌子{哪里}自己看", "在门口那边", True),
    ],
)
def test_gaps_hold_so_many_syllables(spot, phrase: str, filler: str, is_found: bool) -> None:
    assert bool(found(spot(entry(phrase)), f"有牌子{filler}自己看")) is is_found


@pytest.mark.parametrize(("pause_s", "is_found"), [(2.9, True), (3.1, False)])
def test_gaps_last_at_most_three_seconds(spot, pause_s: float, is_found: bool) -> None:
    text = passage("有牌子自己看", pauses={3: pause_s})
    assert bool(spot(entry("有牌子，自己看")).find(text)) is is_found


@pytest.mark.parametrize("filler", ["你", "在那边你"])
def test_a_spelling_without_a_gap_holds_no_words(spot, filler: str) -> None:
    candidates = spot(entry("有牌子自己看")).find(passage(f"有牌子{filler}自己看"))
    assert [one for one in candidates if one.tier != "near"] == []


def test_pieces_keep_their_order_and_do_not_overlap(spot) -> None:
    spotter = spot(entry("不知道，知道了"))
    assert found(spotter, "知道了不知道") == []
    assert found(spotter, "不知道了") == []
    assert found(spotter, "不知道知道了") == [("P1", "不知道知道了")]


@pytest.mark.parametrize(
    ("phrase", "heard"),
    [
        ("没看我正忙着吧", "没看我正忙着"),
        ("没看我正忙着吧", "没看我正忙着吗"),
        ("都几点了，明天吧", "都几点了明天"),
        ("牌子上写着呢，自己看", "牌子上写着自己看"),
    ],
)
def test_final_particles_may_be_missing(spot, phrase: str, heard: str) -> None:
    assert found(spot(entry(phrase)), heard)


def test_a_short_spelling_keeps_its_particle(spot) -> None:
    spotter = spot(entry("谁知道呢"))
    assert found(spotter, "谁知道办这个要排队") == []
    assert found(spotter, "谁知道呢") == [("P1", "谁知道呢")]


@pytest.mark.parametrize(
    "text",
    [
        "您知不知道要带什么",
        "知道不知道",
        "今天知不知道",
        "能不能办您放心",
        "有没有时间",
        "领证每时间段放号",
        "没，时间到了",
    ],
)
def test_short_phrases_are_whole_words_said_in_one_breath(spot, text: str) -> None:
    assert (
        found(spot(entry("不知道"), entry("不能办", "P2"), entry("没时间", "P3"), entry("没有", "P4")), text)
        == []
    )


def test_a_misheard_phrase_is_cut_into_words_as_it_was_meant(spot) -> None:
    spotter = spot(entry("不知道"))
    assert found(spotter, "这我补知道") == [("P1", "补知道")]
    assert found(spotter, "您知不只道") == []


def test_whole_words_can_be_switched(spot) -> None:
    assert found(spot(entry("没空", whole_words=False)), "现在没空位")
    assert not found(spot(entry("有本事投诉", whole_words=True)), "没有本事投诉")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("不清楚。", True),
        ("我不清楚", True),
        ("这个不清楚啊，你问别人", True),
        ("我们也不清楚了", True),
        ("照片不清楚", False),
        ("我不清楚您说的是哪一个", False),
        ("您看，复印件不清楚", False),
    ],
)
def test_an_answer_stands_alone_or_after_its_speaker(spot, text: str, is_found: bool) -> None:
    assert bool(found(spot(entry("不晓得", answer_only=["不清楚"])), text)) is is_found


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("今天下午没空", True), ("现在没空啊，等着", True), ("没空给你办", False), ("没空位", False)],
)
def test_a_clause_end_is_a_pause_or_the_end(spot, text: str, is_found: bool) -> None:
    assert bool(found(spot(entry("没时间", clause_end_only=["没空"])), text)) is is_found


EXCEPTIONS = entry("自己看", say=["你自己看", "自己看去"], except_=["自己看得清", "我自己看", "请…自己看"])


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("自己看得清楚吗", []),
        ("您自己看得清楚吗", []),
        ("我自己看过了", []),
        ("我自已看过了", []),
        ("请您在这里自己看一下", []),
        ("自己看去", ["自己看去"]),
        ("请坐，自己看", ["自己看"]),
        ("你的申请自己看", ["自己看"]),
        ("我自己看过了，你自己看", ["你自己看"]),
    ],
)
def test_a_longer_innocent_wording_excuses_its_place_only(spot, text: str, heard: list[str]) -> None:
    assert [words for _, words in found(spot(EXCEPTIONS), text)] == heard


def test_an_exception_inside_a_longer_spelling_excuses_nothing(spot) -> None:
    spotter = spot(entry("自己看", say=["叫我自己看去吧你"], except_=["我自己看"]))
    assert found(spotter, "叫我自己看去吧你") == [("P1", "叫我自己看去吧你")]


def test_what_merely_sounds_the_same_excuses_only_where_it_is_written(spot) -> None:
    spotter = spot(entry("我不管", except_=["我不关"]))
    assert found(spotter, "我不关") == []
    assert found(spotter, "我不管") == [("P1", "我不管")]


def test_an_exception_may_cross_a_pause_where_it_has_one(spot) -> None:
    spotter = spot(entry("下班了，明天再来", except_=["下班了，我明天再来"]))
    assert found(spotter, "快下班了？不行我明天再来") == []
    assert found(spotter, "下班了，明天再来") == [("P1", "下班了，明天再来")]


def test_nothing_is_found_in_nothing(spot) -> None:
    assert spot(entry("没时间")).find(Passage(text="", spans=())) == []
    assert found(spot(entry("没时间")), "……") == []
    assert found(spot('[[described]]\nid = "d"\nclause = "1"\nquote = "q"\n'), "没时间") == []
