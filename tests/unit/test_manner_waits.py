"""Questions without reply, silence while somebody waits, and private talk."""

from __future__ import annotations

import pytest

from deskguard.values import Courtesy, Visit
from manner_talk import Talk, a_visit, at

QUESTION = "我要带什么材料"
CHAT = "昨天晚上那个电视剧你看了没有后来他们两个人又和好了真是没意思"
QUEUED: Visit = a_visit(begun_by="queue", ticket="A12")


def test_a_question_without_a_word_for_eight_seconds_is_unanswered() -> None:
    talk = Talk().visitor(0.0, QUESTION, 1.5).visitor(6.0, "你好，我要带什么", 1.5).until(30.0)
    (one,) = talk.told
    assert (one.kind, one.expected, one.unit, one.start_sample) == ("unanswered", 8.0, "s", at(1.5))
    assert any(ref.clause == "s000.2.4.2" for ref in one.clauses)


def test_a_late_reply_tells_how_long_it_took() -> None:
    talk = Talk().visitor(0.0, QUESTION, 1.5).staff(13.5, "身份证就行")
    (one,) = talk.told
    assert one.value == 12.0


@pytest.mark.parametrize("start_s", [1.3, 3.0, 9.0])
def test_a_reply_in_time_is_one(start_s: float) -> None:
    assert Talk().visitor(0.0, QUESTION, 1.5).staff(start_s, "身份证就行").until(60.0).over().told == []


def test_a_long_reply_that_is_still_being_said_is_waited_for() -> None:
    talk = Talk().visitor(0.0, QUESTION, 1.5).until(15.0)
    assert talk.staff(3.0, "您要带的材料有这么几样" * 5, 11.9).until(60.0).told == []


def test_a_reply_begun_before_the_question_was_over_is_one_when_it_arrives_first() -> None:
    talk = Talk().staff(1.0, "身份证就行", 1.5).visitor(0.0, QUESTION, 1.5)
    assert [one for one in talk.until(60.0).over().told if one.kind == "unanswered"] == []


def test_words_of_an_unknown_speaker_may_be_the_reply() -> None:
    assert Talk().visitor(0.0, QUESTION, 1.5).unknown(4.0, "身份证就行").until(60.0).told == []


def test_the_visitors_own_speech_is_not_waiting() -> None:
    talk = Talk().visitor(0.0, QUESTION, 1.5).visitor(2.0, "我上回来的时候你们同事说", 10.0)
    assert talk.staff(13.0, "身份证就行").told == []


def test_a_hum_answers_yes_or_no_and_nothing_else() -> None:
    assert Talk().visitor(0.0, "这样可以吗", 1.0).staff(2.0, "嗯").until(60.0).told == []
    assert Talk().visitor(0.0, QUESTION, 1.5).staff(2.5, "嗯").until(60.0).kinds == ["unanswered"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "这个能办吗",
            "在哪儿交钱",
            "几点下班",
            "这是为什么呢",
            "要多少钱",
            "行不行啊",
            "办没办好",
            "你们管不管这事",
        ),
        *("怎么填", "是到二楼么", "我的办好了没有", "这张表有没有样子", "可以代办？"),
    ],
)
def test_what_is_asked_wants_a_word(text: str) -> None:
    assert Talk().visitor(0.0, text, 1.5).until(30.0).kinds == ["unanswered"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "我没什么事",
            "我没有带",
            "好几个人都说行",
            "那么我先回去",
            "怎么都行",
            "我还等着呢",
            "谢谢你",
            "这么回事",
        ),
        *("要么我明天来", "不用了", "我不要了", "哪怕等一天也行"),
    ],
)
def test_what_is_not_asked_wants_none(text: str) -> None:
    assert Talk().visitor(0.0, text, 1.5).until(30.0).over().told == []


def test_a_doubtful_reading_is_no_question() -> None:
    assert Talk().visitor(0.0, QUESTION, 1.5, sure=-1.3).until(60.0).told == []


def test_questions_of_staff_and_of_unknown_speakers_are_nobodys_fault() -> None:
    assert Talk().staff(0.0, QUESTION).unknown(5.0, QUESTION).until(60.0).over().told == []


def test_a_question_that_ends_a_visit_was_asked_to_the_end_of_it() -> None:
    talk = Talk().visitor(0.0, QUESTION, 1.5)
    talk.visit = a_visit("v2", 4.0)
    assert talk.visitor(4.0, "你好").until(60.0).told == []


def test_the_end_of_the_stream_ends_a_wait() -> None:
    assert Talk().visitor(0.0, QUESTION, 1.5).until(11.5).over().kinds == ["unanswered"]
    assert Talk().visitor(0.0, QUESTION, 1.5).until(6.0).over().told == []


# Silence


def test_a_wait_without_a_word_is_told_when_somebody_speaks_again() -> None:
    talk = Talk().visitor(0.0, "我来交材料", 1.0).staff(2.0, "给我吧", 1.0).until(40.0)
    assert talk.told == []
    (one,) = talk.staff(53.0, "签个字").told
    assert (one.kind, one.value, one.expected) == ("long-silence", 50.0, 40.0)
    assert (one.start_sample, one.end_sample) == (at(3.0), at(53.0))


@pytest.mark.parametrize("notice", ["您稍等", "请稍候", "我帮您查一下，马上就好"])
def test_a_wait_that_was_announced_may_be_longer(notice: str) -> None:
    talk = Talk().visitor(0.0, "我来交材料", 1.0).staff(2.0, notice, 1.0)
    assert talk.staff(100.0, "签个字").told == []


def test_an_act_of_courtesy_may_announce_it_too() -> None:
    talk = Talk().visitor(0.0, "我来交材料", 1.0).staff(2.0, "坐那边就行", 1.0)
    talk.watch.note(
        Courtesy(
            courtesy_id="c1",
            visit_id="v1",
            act_id="K.wait.notice",
            name="",
            scene="wait",
            state="said",
            start_sample=at(2.0),
            end_sample=at(3.0),
        )
    )
    assert talk.staff(100.0, "签个字").told == []


def test_even_an_announced_wait_has_an_end() -> None:
    talk = Talk().visitor(0.0, "我来交材料", 1.0).staff(2.0, "您稍等", 1.0).staff(200.0, "签个字")
    assert [(one.kind, one.expected) for one in talk.told] == [("long-silence", 160.0)]


def test_a_visitor_who_talks_all_the_time_does_not_wait() -> None:
    talk = Talk().visitor(0.0, "我来交材料", 1.0).staff(2.0, "给我吧", 1.0)
    for start in range(4, 50, 5):
        talk.visitor(float(start), "我跟你说一下我的情况是这样的", 4.5)
    assert talk.staff(53.0, "签个字").told == []


def test_nobody_waits_who_was_never_heard() -> None:
    assert Talk().staff(0.0, "给我吧", 1.0).staff(60.0, "签个字").told == []


def test_an_open_ticket_shows_that_somebody_waits() -> None:
    talk = Talk(visit=QUEUED).staff(2.0, "给我吧", 1.0).until(50.0)
    assert talk.told == []
    talk.until(60.0).until(70.0)
    assert talk.kinds == ["long-silence"]
    talk.staff(83.0, "签个字")
    (one,) = talk.newest.values()
    assert one.value == 80.0


def test_a_question_without_reply_is_not_a_silence_as_well() -> None:
    assert Talk().visitor(0.0, QUESTION, 1.5).until(40.0).staff(60.0, "身份证就行").kinds == ["unanswered"]


# Private talk


def chat(talk: Talk, until_s: float, start_s: float = 10.0, **turns: str) -> Talk:
    start = start_s
    while start + 6.0 <= until_s:
        talk.staff(start, turns.get("text", CHAT))
        start += 7.0
    return talk


def arrived(**settings: object) -> Talk:
    return Talk(**settings).visitor(0.0, "我来交材料", 1.0)  # type: ignore[arg-type]


def test_two_minutes_about_nothing_while_a_visitor_waits_are_private_talk() -> None:
    assert chat(arrived(), 125.0).told == []
    talk = chat(arrived(), 150.0)
    assert set(talk.kinds) == {"private-chat"}
    (one,) = talk.newest.values()
    assert one.value >= one.expected == 120.0
    assert "for a person to decide" in one.why


@pytest.mark.parametrize(
    "text", ["您把这个再给我看一下刚才那张不太清楚我再对一遍", "这个材料要先登记然后系统里才能打印出来盖章"]
)
def test_talk_of_business_or_to_the_visitor_is_none(text: str) -> None:
    assert chat(arrived(), 200.0, text=text).told == []


def test_a_visitor_who_speaks_is_not_left_waiting() -> None:
    talk = arrived()
    chat(talk, 90.0)
    talk.visitor(91.0, "哦", 1.0)
    assert chat(talk, 180.0, start_s=93.0).told == []


def test_nobody_waits_nobody_minds() -> None:
    assert chat(Talk(), 300.0).told == []
    assert chat(Talk(visit=None), 300.0).told == []
