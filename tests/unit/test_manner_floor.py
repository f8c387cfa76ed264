"""Who cuts in on whom, and when an exchange heats up."""

from __future__ import annotations

import pytest

from deskguard.visits.manner import Normal
from manner_talk import NORMAL, Talk, a_visit

LONG = "我上个星期就来过一次他们说材料不够让我回去再准备"
CUT = "你这个情况我们是办不成的"


@pytest.mark.parametrize("staff_first", [True, False])
def test_staff_that_starts_early_and_goes_on_interrupts(staff_first: bool) -> None:
    talk = Talk()
    turns = [lambda: talk.visitor(0.0, LONG, 5.0), lambda: talk.staff(3.5, CUT, 2.5)]
    for turn in reversed(turns) if staff_first else turns:
        turn()
    (one,) = talk.told
    assert (one.kind, one.value, one.expected, one.unit) == ("interruption", 1.5, 0.5, "s")
    assert any(ref.clause == "s001.a16" for ref in one.clauses)


@pytest.mark.parametrize(
    ("start_s", "lasts_s", "interrupts"),
    [
        (4.4, 2.0, True),
        (4.6, 2.0, False),  # less than half a second before the end
        (3.0, 1.1, True),
        (3.0, 0.9, False),  # does not go on
        (0.3, 3.0, False),  # both began at once
        (5.3, 2.0, False),  # waits
    ],
)
def test_the_bounds_are_half_a_second_and_a_second(start_s: float, lasts_s: float, interrupts: bool) -> None:
    talk = Talk().visitor(0.0, LONG, 5.0).staff(start_s, CUT, lasts_s)
    assert (talk.kinds == ["interruption"]) is interrupts


@pytest.mark.parametrize(
    "text", ["嗯嗯", "好的好的", "对，是的", "哦，这样啊，我明白", "您继续，您请讲", "好，好，知道了"]
)
def test_back_channels_are_wanted(text: str) -> None:
    assert Talk().visitor(0.0, LONG, 5.0).staff(2.0, text, 1.5).told == []


def test_a_back_channel_before_the_own_words_does_not_count_as_cutting_in() -> None:
    polite = "嗯嗯好的对的是的我明白那您先坐"
    talk = Talk().visitor(0.0, LONG, 5.0).staff(3.5, polite, 3.0)
    assert talk.told == []


def test_a_visitor_who_cuts_in_on_staff_is_not_interrupted() -> None:
    talk = Talk().staff(0.0, "这个业务需要您提供三份材料第一份是", 4.0).visitor(3.0, LONG, 5.0)
    assert talk.staff(4.6, "第二份是户口本的复印件", 2.5).told == []


def test_a_visitors_back_channel_is_no_speech_to_interrupt() -> None:
    assert Talk().visitor(0.0, "嗯嗯嗯对对对", 3.0).staff(1.0, CUT, 3.0).told == []


def test_a_speech_cut_for_its_length_is_one_speech() -> None:
    talk = Talk().visitor(0.0, LONG, 12.0).visitor(12.0, LONG, 5.0)
    assert talk.staff(11.9, CUT, 3.0).kinds == ["interruption"]


def test_an_unknown_speaker_interrupts_nobody() -> None:
    assert Talk().visitor(0.0, LONG, 5.0).unknown(2.0, CUT, 3.0).told == []
    assert Talk().unknown(0.0, LONG, 5.0).staff(2.0, CUT, 3.0).told == []


def test_nobody_cuts_in_across_visits() -> None:
    talk = Talk().visitor(0.0, LONG, 5.0)
    talk.visit = a_visit("v2", 3.0)
    assert talk.staff(3.5, CUT, 3.0).told == []


def calm(talk: Talk) -> Talk:
    for number in range(4):
        talk.visitor(10.0 * number, "我想问一下这个怎么办理手续", 2.6)
        talk.staff(10.0 * number + 4.0, "您先填这张表然后去二楼", 2.2)
    return talk


def quarrel(talk: Talk, start_s: float = 60.0, *, staff: float = -19.0, visitor: float = -19.0) -> Talk:
    talk.visitor(start_s, "我都跑了三趟了你们就是这样办事的吗", 2.8, lufs=visitor)
    talk.staff(start_s + 1.5, "我跟您说了多少遍了材料不全就是不能办", 2.8, lufs=staff)
    talk.visitor(start_s + 3.5, "你什么态度我现在就要找你们领导来说", 2.8, lufs=visitor)
    return talk.staff(start_s + 5.5, "您找谁来都一样规定就是这么写的", 2.6, lufs=staff)


def test_a_heated_exchange_is_a_reason_to_offer_help_and_against_nobody() -> None:
    talk = quarrel(calm(Talk()))
    (one,) = [one for one in talk.newest.values() if one.kind == "heated"]
    assert one.role == "unknown"
    assert one.unit == "s"
    assert one.value >= one.expected
    assert any(ref.clause == "s000.2.6.4" for ref in one.clauses)


@pytest.mark.parametrize(("staff", "visitor"), [(-25.0, -19.0), (-19.0, -25.0), (-25.0, -25.0)])
def test_an_exchange_is_heated_only_when_both_are_loud(staff: float, visitor: float) -> None:
    assert "heated" not in quarrel(calm(Talk()), staff=staff, visitor=visitor).kinds


def test_loud_words_one_after_the_other_are_not_heated() -> None:
    talk = calm(Talk())
    for number in range(4):
        talk.visitor(60.0 + 6.0 * number, "我都跑了三趟了你们就是这样办事的吗", 2.8, lufs=-19.0)
        talk.staff(63.0 + 6.0 * number, "我跟您说了多少遍了材料不全就是不能办", 2.8, lufs=-19.0)
    assert "heated" not in talk.kinds


def test_a_visitor_who_comes_in_shouting_is_compared_with_the_clerk() -> None:
    assert "heated" in quarrel(Talk(NORMAL), 0.0).kinds
    assert "heated" not in quarrel(Talk(Normal()), 0.0).kinds
