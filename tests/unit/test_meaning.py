"""What a phrase means where it stands: each way of being innocent, and what is still guilty beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from meaning_scenes import Bench, said, samples, scene, talk

FRAMES = """
[[frame]]
id = "question"
title = "问"
say = ["~吗", "是不是~", "为什么…~"]
[[frame]]
id = "condition"
title = "假设"
say = ["要是~", "如果…~", "~…的话"]
[[frame]]
id = "quotation"
title = "提到"
say = ["@quotes", "不能说~", "跟我说~", "说…没关系"]
[[frame]]
id = "subject"
title = "说的不是自己"
say = ["您~", "他们~", "他说~"]
[[frame]]
id = "excuse"
title = "全部"
say = ["@question", "@condition", "@quotation", "@subject", "不是~"]
[[frame]]
id = "way-forward"
title = "出路"
say = ["我帮您", "我…问一下", "您到…窗口", "请您到"]
"""


@pytest.fixture
def unknowing(tmp_path: Path) -> Bench:
    """不知道 and all the frames."""
    return Bench(tmp_path, "不知道", FRAMES, unless=["@excuse"])


@pytest.fixture
def refusal(tmp_path: Path) -> Bench:
    """不能办, innocent when a way forward is given in time."""
    forward = {"say": ["@way-forward"], "where": "turn", "next_turns": 1, "next_s": 8}
    return Bench(tmp_path, "不能办", FRAMES, unless=["不是~", "@question", forward])


@pytest.mark.parametrize(
    "text",
    [
        "您知道不知道这件事",
        "是不是不知道啊",
        "您不知道吗",
        "为什么大家都不知道",
        "您要是不知道怎么填，我来教您",
        "要是真的不知道",
        "要是您不知道",
        "如果您那边的同事不知道",
        "如果您那边，不知道",
        "不知道怎么填的话我教您",
        "我们规定不能说“不知道”",
        "我们规定不能说不知道",
        "您跟我说不知道也没关系",
        "他说：“不知道”",
        "說「不知道」的人",
        "他们也不知道",
        "他们都不知道",
        "不是不知道",
        "您不知道",
    ],
)
def test_a_context_makes_it_innocent(unknowing: Bench, text: str) -> None:
    verdict = unknowing.judge(text)
    assert verdict.ruling == "innocent", verdict.why
    assert not verdict.is_open
    assert verdict.why[-1].endswith(": holds") or "holds in" in verdict.why[-1]


@pytest.mark.parametrize(
    "text",
    [
        "不知道",
        "这个不知道",
        "主要是不知道",
        "您问我，不知道",
        "如果那样我也没办法。不知道",
        "不知道。您有材料吗",
        "您说呢？不知道",
        "要是您昨天来就好了，不知道",
        "不知道不知道，我说了不知道",
        "您这个不知道",
    ],
)
def test_what_only_stands_nearby_is_no_excuse(unknowing: Bench, text: str) -> None:
    verdict = unknowing.judge(text)
    assert verdict.ruling == "guilty", verdict.why


def test_the_trace_names_condition_frame_and_pattern(unknowing: Bench) -> None:
    assert unknowing.judge("不能说不知道").why == ("unless @excuse (不能说~): holds",)
    assert unknowing.judge("不知道").why == ("unless: none of 1 holds",)


def test_a_misspelt_context_is_heard_by_its_sound(unknowing: Bench) -> None:
    assert unknowing.ruling("药是不知道") == "innocent"
    assert unknowing.ruling("入果那边不知道") == "innocent"
    assert unknowing.ruling("不知道妈") == "guilty", "one syllable is compared by its character"


@pytest.mark.parametrize(
    ("text", "ruling"),
    [
        ("不是不能办", "innocent"),
        ("能不能办", "innocent"),
        ("不能办吗", "innocent"),
        ("不能办", "guilty"),
        ("这儿不能办，您到八号窗口", "innocent"),
        ("您到一楼窗口吧，这儿不能办", "innocent"),
        ("不能办，走吧", "guilty"),
    ],
)
def test_a_refusal_without_a_way_forward_is_guilty(refusal: Bench, text: str, ruling: str) -> None:
    assert refusal.ruling(text) == ruling


def test_the_next_turn_may_give_the_way_forward(refusal: Bench) -> None:
    lines = talk("客：几楼", "员：不能办", "客：那怎么办", "员：我帮您问一下")
    assert refusal.judge_in(lines, 1).ruling == "innocent"
    waiting = refusal.judge_in(lines[:3], 1)
    assert (waiting.ruling, waiting.is_open) == ("guilty", False)
    assert waiting.revisable_until_sample == lines[1].end_sample + samples(8)


def test_the_turn_after_the_next_is_too_late(refusal: Bench) -> None:
    lines = talk("员：不能办", "客：啊", "员：走吧", "客：啊", "员：我帮您", pause_s=0.3)
    assert refusal.judge_in(lines, 0).ruling == "guilty"
    assert refusal.judge_in(lines[:3], 0).revisable_until_sample is not None
    assert refusal.judge_in(lines, 0).revisable_until_sample is None


def test_after_its_seconds_a_way_forward_does_not_count(refusal: Bench) -> None:
    lines = talk("员：不能办", "客：那怎么办", "员：我帮您问一下", pause_s=4.0)
    verdict = refusal.judge_in(lines, 0)
    assert verdict.ruling == "guilty"
    assert verdict.revisable_until_sample is None


def test_the_visitor_cannot_give_the_way_forward(refusal: Bench) -> None:
    lines = talk("员：不能办", "客：我帮您问一下")
    assert refusal.judge_in(lines, 0).ruling == "guilty"


def test_when_nobody_knows_who_speaks_anybody_may(refusal: Bench) -> None:
    lines = (said("不能办", 0.0, "unknown"), said("我帮您问一下", 4.5, "unknown"))
    assert refusal.judge_in(lines, 0).ruling == "innocent"


def test_utterances_of_one_speaker_are_one_turn(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不能办", FRAMES, unless=["@way-forward"])
    near = (said("请您到一楼", 0.0), said("不能办", 3.0))
    assert bench.judge_in(near, 1).ruling == "innocent"
    between = (near[0], said("好", 1.5, "visitor"), near[1])
    assert bench.judge_in(between, 2).ruling == "guilty"
    far = (said("请您到一楼", 0.0, "unknown"), said("不能办", 6.0, "unknown"))
    assert bench.judge_in(far, 1).ruling == "guilty"


def test_a_quick_exchange_of_unknown_speakers_is_not_one_turn(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不能办", FRAMES, unless=["@way-forward"])
    asked = [said("请您到一楼", 0.0, "unknown")]
    asked += [said("那个多少钱来着", 1.5 * count, "unknown") for count in range(1, 9)]
    lines = (*asked, said("不能办", 13.5, "unknown"))
    assert bench.judge_in(lines, 9).ruling == "guilty"
    assert bench.judge_in((asked[0], said("不能办", 1.5, "unknown")), 1).ruling == "innocent"


def test_what_the_utterance_repeats_of_the_one_before_counts_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不能办", unless=[{"say": ["这里…这里"], "where": "turn"}])
    lines = (said("在这里", 0.0), said("这里，不能办", 0.2))
    assert bench.judge_in(lines, 1).ruling == "guilty"


def test_a_pattern_may_reach_over_a_short_silence_between_utterances(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "自己看", unless=["请…~"])
    assert bench.judge_in((said("请您那边", 0.0), said("自己看", 1.6)), 1).ruling == "innocent"
    assert bench.judge_in((said("请您那边", 0.0), said("自己看", 3.6)), 1).ruling == "guilty"


@pytest.mark.parametrize(
    ("text", "ruling"),
    [
        ("请您自己看一遍，核对一下", "innocent"),
        ("请您到那边，自己看", "innocent"),
        ("请您到那边。自己看", "guilty"),
        ("自己看一下，核对姓名", "innocent"),
        ("申请材料自己看", "guilty"),
        ("墙上有，自己看", "guilty"),
        ("你自己看", "guilty"),
        ("请你自己看", "innocent"),
    ],
)
def test_politeness_frames(tmp_path: Path, text: str, ruling: str) -> None:
    bench = Bench(tmp_path, "自己看", say=["你自己看"], unless=["请你~", "请…~", "~…核对"])
    assert bench.ruling(text) == ruling


def test_a_word_inside_the_phrase_can_be_asked_for(tmp_path: Path) -> None:
    polite = {"say": ["请您"], "where": "within"}
    bench = Bench(tmp_path, "有牌子，自己看", unless=[polite])
    assert bench.ruling("有牌子，请您自己看") == "innocent"
    assert bench.ruling("请您坐，有牌子，自己看") == "guilty"


def test_prescribed_wording_is_innocent(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "已下班", unless=["对不起…~…请您"])
    assert bench.ruling("对不起，现在已下班，请您在规定时间来") == "innocent"
    assert bench.ruling("已下班，请您在规定时间来") == "guilty"
    assert bench.ruling("对不起，现在已下班") == "guilty"


def test_the_subject_may_be_somebody_else(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不归我管", say=["不归他们管"], unless=["他们说~", "这项~"])
    assert bench.ruling("他们说不归他们管") == "innocent"
    assert bench.ruling("不归我管") == "guilty"
    assert bench.ruling("归不归我管") == "innocent"


@pytest.mark.parametrize(
    ("where", "text", "ruling"),
    [
        ("clause", "抱歉不能办", "innocent"),
        ("clause", "抱歉，不能办", "guilty"),
        ("utterance", "抱歉。不能办", "innocent"),
        ("before", "抱歉，不能办", "innocent"),
        ("before", "不能办，抱歉", "guilty"),
        ("after", "不能办，抱歉", "innocent"),
        ("after", "抱歉，不能办", "guilty"),
        ("turn", "抱歉，不能办", "innocent"),
    ],
)
def test_where_a_pattern_may_stand(tmp_path: Path, where: str, text: str, ruling: str) -> None:
    bench = Bench(tmp_path, "不能办", unless=[{"say": ["抱歉"], "where": where}])
    assert bench.ruling(text) == ruling


def test_a_clause_holds_a_pattern_around_the_phrase_only_without_a_pause(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不能办", unless=[{"say": ["今天…~"], "where": "clause"}])
    assert bench.ruling("今天这个不能办") == "innocent"
    assert bench.ruling("今天，这个不能办") == "guilty"


def test_earlier_turns_count_when_asked_for(tmp_path: Path) -> None:
    asked = {"say": ["能不能办"], "last_turns": 1, "by": "visitor"}
    bench = Bench(tmp_path, "不能办", only_if=[asked])
    lines = talk("客：这个能不能办", "员：我看看", "员：不能办")
    assert bench.judge_in(lines, 2).ruling == "guilty"
    assert bench.judge_in(talk("客：您好", "员：不能办"), 1).ruling == "innocent"
    late = (said("这个能不能办", 0.0, "visitor"), said("不能办", 40.0))
    assert bench.judge_in(late, 1).ruling == "innocent"


def test_a_number_may_be_asked_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "你的电话", only_if=["~…{号码}"])
    assert bench.ruling("你的电话是13800138000") == "guilty"
    assert bench.ruling("你的电话是幺三八") == "innocent"


def test_only_if_needs_one_of_its_conditions(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "等通知", only_if=["就~", "你~"])
    assert bench.ruling("你就等通知") == "guilty"
    innocent = bench.judge("短信等通知")
    assert (innocent.ruling, innocent.why) == ("innocent", ("only_if: none of 2 holds",))


def test_soften_keeps_a_remark(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不知道", unless=["他~"], soften=["抱歉"])
    softened = bench.judge("抱歉，这个不知道")
    assert softened.ruling == "softened"
    assert softened.why[-1] == "soften 抱歉: holds in this turn"
    assert bench.ruling("抱歉，他不知道") == "innocent"


def test_a_marked_variant_is_named_in_the_trace(tmp_path: Path) -> None:
    dialect = '[[phrase.dialect]]\nregion = "西南"\nsay = ["晓不得"]\n'
    bench = Bench(tmp_path, "不知道", dialect)
    assert bench.judge("晓不得").why == ("variant marked 西南", "no condition")
    assert bench.judge("不知道").why == ("no condition",)


class TestWaiting:
    """What has not been said yet may change a verdict; the live desk waits a moment, the rest is revised."""

    def test_at_the_end_of_unfinished_words_it_waits(self, unknowing: Bench) -> None:
        verdict = unknowing.judge("不知道", is_closed=False)
        assert (verdict.ruling, verdict.is_open) == ("guilty", True)
        assert verdict.until_sample is not None
        assert verdict.until_sample <= samples(0.6 + 0.9)

    def test_a_pause_ends_the_waiting(self, unknowing: Bench) -> None:
        assert not unknowing.judge("不知道", is_closed=True).is_open

    def test_the_seconds_end_the_waiting(self, unknowing: Bench) -> None:
        utterance = said("不知道")
        until = unknowing.judge("不知道", is_closed=False).until_sample
        assert until is not None
        for heard, is_open in ((until - 1, True), (until, False)):
            late = unknowing.meaning.judge(
                unknowing.candidate("不知道"),
                type(scene(utterance))(said=utterance, heard_until_sample=heard),
            )
            assert late.is_open == is_open

    def test_begun_words_are_waited_for_and_others_are_not(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, "没时间", unless=["~过来"])
        assert bench.judge("没时间", is_closed=False).is_open
        assert bench.judge("没时间过", is_closed=False).is_open
        assert not bench.judge("没时间管", is_closed=False).is_open
        assert bench.judge("没时间过来", is_closed=False).ruling == "innocent"

    def test_conditions_before_the_phrase_are_not_waited_for(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, "没时间", unless=["要是~", {"say": ["抱歉"], "where": "before"}])
        verdict = bench.judge("没时间", is_closed=False)
        assert (verdict.is_open, verdict.revisable_until_sample) == (False, None)

    def test_without_conditions_nothing_is_waited_for(self, tmp_path: Path) -> None:
        verdict = Bench(tmp_path, "没时间").judge("没时间", is_closed=False)
        assert (verdict.is_open, verdict.revisable_until_sample) == (False, None)

    def test_an_innocent_verdict_waits_for_what_would_make_it_guilty(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, "等通知", only_if=["~吧"])
        assert bench.judge("等通知", is_closed=False).is_open
        assert bench.judge("等通知", is_closed=False).ruling == "innocent"
        assert bench.ruling("等通知吧") == "guilty"

    def test_the_rest_of_the_turn_may_still_revise(self, refusal: Bench) -> None:
        verdict = refusal.judge("不能办")
        assert not verdict.is_open
        assert verdict.revisable_until_sample == samples(0.6 + 8)


def test_no_transcript_text_is_in_the_trace(unknowing: Bench) -> None:
    secret = "张三丰"
    for text in (f"{secret}不知道", f"要是{secret}不知道", f"如果{secret}不知道"):
        assert secret not in "".join(unknowing.judge(text).why)
