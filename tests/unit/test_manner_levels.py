"""Loud, fast and slow: against the clerk's own normal, sustained, and right where a visitor needs it."""

from __future__ import annotations

import pytest

from deskguard.visits.manner import Normal
from manner_talk import NORMAL, Talk, a_visit

LINE = "这张表请在右下角写上名字"
"""Twelve syllables."""
SHORT = "写在这里"


def lines(talk: Talk, count: int, *, start_s: float = 0.0, **changes: object) -> Talk:
    for number in range(count):
        talk.staff(start_s + 5.0 * number, LINE, **changes)
    return talk


def test_two_loud_utterances_in_a_row_are_a_raised_voice() -> None:
    talk = lines(Talk(), 2, lufs=-17.0)
    (one,) = talk.told
    assert (one.kind, one.value, one.expected, one.unit) == ("loud", 8.0, 6.0, "LU")
    assert (one.visit_id, one.role) == ("v1", "staff")
    assert any(ref.clause == "s001.a8.1" for ref in one.clauses)


def test_a_loud_stretch_that_goes_on_is_one_finding_told_again() -> None:
    talk = lines(Talk(), 4, lufs=-17.0)
    assert len(talk.told) == 3
    (one,) = talk.newest.values()
    assert one.start_sample == talk.told[0].start_sample
    assert one.end_sample > talk.told[0].end_sample


def test_one_short_loud_word_is_nothing_and_one_long_loud_speech_is_something() -> None:
    assert Talk().staff(0.0, LINE, 2.9, lufs=-15.0).told == []
    assert Talk().staff(0.0, LINE, 3.1, lufs=-15.0).kinds == ["loud"]


def test_an_ordinary_utterance_ends_a_loud_stretch() -> None:
    talk = Talk()
    for number, lufs in enumerate((-17.0, -25.0, -17.0, -24.0, -17.0)):
        talk.staff(5.0 * number, LINE, lufs=lufs)
    assert talk.told == []


def test_a_long_silence_ends_a_loud_stretch() -> None:
    talk = Talk().staff(0.0, LINE, lufs=-17.0).visitor(5.0, "我在写")
    assert talk.staff(38.0, LINE, lufs=-17.0).told == []


@pytest.mark.parametrize(("over", "told"), [(5.9, 0), (6.0, 1), (12.0, 1)])
def test_the_bound_is_in_lu_over_normal(over: float, told: int) -> None:
    assert len(lines(Talk(), 2, lufs=-25.0 + over).told) == told


def test_a_raised_and_slow_voice_is_right_for_those_who_hear_poorly() -> None:
    slow_and_loud = {"lasts_s": 6.0, "lufs": -12.0}
    assert {"loud", "slow"} == set(lines(Talk(), 3, **slow_and_loud).kinds)  # type: ignore[arg-type]
    assert lines(Talk(profile="elderly"), 3, **slow_and_loud).told == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "text"),
    [("visitor", "我听不清你大声点"), ("visitor", "我耳朵不好"), ("staff", "老人家您慢慢来")],
)
def test_a_visitor_who_hears_poorly_makes_a_raised_voice_right(role: str, text: str) -> None:
    talk = Talk()
    getattr(talk, role)(0.0, text)
    assert "loud" not in lines(talk, 3, start_s=5.0, lufs=-15.0).kinds


def test_who_asks_for_slow_speech_does_not_ask_for_a_loud_one() -> None:
    talk = Talk().visitor(0.0, "你说慢一点")
    assert set(lines(talk, 3, start_s=5.0, lasts_s=6.0, lufs=-15.0).kinds) == {"loud"}


def test_what_was_right_for_one_visitor_is_not_for_the_next() -> None:
    talk = Talk().visitor(0.0, "我听不清")
    lines(talk, 2, start_s=5.0, lufs=-15.0)
    talk.visit = a_visit("v2", 20.0)
    lines(talk, 2, start_s=20.0, lufs=-15.0)
    assert [one.visit_id for one in talk.told] == ["v2"]


def test_fast_speech_is_measured_in_syllables_of_voiced_time() -> None:
    talk = lines(Talk(), 2, lasts_s=1.5)
    (one,) = talk.told
    assert (one.kind, one.value, one.expected, one.unit) == ("fast", 8.0, 6.5, "syllables/s")


@pytest.mark.parametrize(
    ("text", "lasts_s"),
    [
        (SHORT, 0.5),  # fewer than eight syllables
        ("一三八零零一三八零零零", 1.2),  # a number that is dictated
        (LINE, 0.9),  # thirteen syllables a second: the text is not of this audio
    ],
)
def test_what_has_no_pace_is_not_fast(text: str, lasts_s: float) -> None:
    talk = Talk()
    for number in range(4):
        talk.staff(5.0 * number, text, lasts_s)
    assert talk.told == []


def test_a_doubtful_reading_has_no_pace() -> None:
    assert lines(Talk(), 3, lasts_s=1.5, sure=-1.2).told == []


def test_only_staff_is_judged() -> None:
    talk = Talk()
    for number in range(4):
        talk.visitor(10.0 * number, LINE, 1.5, lufs=-10.0)
        talk.unknown(10.0 * number + 5.0, LINE, 1.5, lufs=-10.0)
    assert talk.told == []


def test_nobody_is_judged_outside_a_visit() -> None:
    assert lines(Talk(visit=None), 4, lufs=-10.0).told == []


def test_without_calibration_the_normal_is_learned_and_the_first_words_are_judged_by_it() -> None:
    talk = lines(Talk(Normal()), 2, lufs=-17.0)
    assert talk.told == []
    lines(talk, 5, start_s=10.0, lufs=-25.0)
    (one,) = talk.newest.values()
    assert (one.kind, one.value, one.start_sample) == ("loud", 8.0, 0)


def test_a_loud_stretch_is_not_learned() -> None:
    talk = lines(Talk(Normal()), 6, lufs=-25.0)
    lines(talk, 30, start_s=30.0, lufs=-17.0)
    (one,) = talk.newest.values()
    assert one.value == 8.0


def test_a_normal_is_learned_from_the_quieter_half() -> None:
    talk = Talk(Normal())
    for number in range(8):
        talk.staff(5.0 * number, LINE, lufs=-16.0 if number % 4 else -25.0)
    assert set(talk.kinds) == {"loud"}
    assert talk.told[-1].value == 9.0


def test_a_clerk_who_always_speaks_up_has_that_for_a_normal() -> None:
    assert lines(Talk(Normal()), 30, lufs=-14.0).told == []
    assert "loud" in lines(Talk(NORMAL), 30, lufs=-14.0).kinds


def test_the_trace_holds_values_and_bounds_and_no_words() -> None:
    talk = lines(Talk(), 2, lufs=-17.0)
    (one,) = talk.told
    assert "normal -25.0 LUFS" in one.why
    assert "8.0 LU over 4.8 s of speech, bound 6.0" in one.why
    assert all(line.isascii() for line in one.why)


def test_pace_varies_more_than_level_and_needs_more_speech() -> None:
    assert Talk().staff(0.0, LINE * 3, 4.5).told == []
    assert Talk().staff(0.0, LINE * 4, 6.0).kinds == ["fast"]
    assert Talk().staff(0.0, LINE[:8], 1.0).staff(3.0, LINE[:8], 1.0).told == []
