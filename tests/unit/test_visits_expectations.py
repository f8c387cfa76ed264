"""Courtesy in a visit: said, open, missing, and when a hint is of use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskguard.settings import VisitSettings
from deskguard.values import Courtesy
from visits_talk import Told, a_reception, samples, spoken_by, talk, told

HELLO, BYE = "员：您好，请问您办什么业务？", "员：请慢走，再见。"


def missing(*lines: str | float) -> set[str]:
    return told(talk(*lines)).acts("missing")


def history(findings: Told, act_id: str) -> list[tuple[str, bool]]:
    """The states of an expectation, in order."""
    return [
        (one.state, one.can_still_help)
        for one in findings.findings
        if isinstance(one, Courtesy) and one.act_id == act_id
    ]


def test_a_polite_visit_lacks_nothing() -> None:
    talked = told(talk(HELLO, "客：我想查一下。", "员：好的，请稍候。", "客：谢谢。", "员：不客气，请慢走。"))
    assert talked.acts("missing") == set()
    assert talked.acts("open") == set()
    assert {"hello", "ask", "wait", "welcome", "bye"} <= talked.acts("said")


def test_greeting_and_farewell_are_missing_where_there_are_none() -> None:
    assert missing("客：我想查一下。", "员：身份证。", "客：给你。", "员：行了。") == {"hello", "bye"}


def test_who_says_what_he_wants_need_not_be_asked() -> None:
    assert "ask" in missing("客：哎。", "员：嗯。", "客：这个。", "员：哦。")
    assert "ask" not in missing("客：我想查一下。", "员：嗯。", "客：这个。", "员：哦。")


def test_asking_what_for_does_for_a_greeting() -> None:
    talked = told(talk("员：您要办什么业务？", "客：查一下。", BYE))
    greeting = next(one for one in talked.courtesies if one.act_id == "hello")
    assert (greeting.state, greeting.why) == ("said", ("at the beginning of a visit", "ask does as well"))


def test_a_greeting_is_open_then_hinted_then_said_under_one_id() -> None:
    talked = told(talk("客：我想查一下。", "员：材料。", 14.0, "客：在这儿。", 10.0, "员：您好，请坐。"))
    assert history(talked, "hello") == [("open", False), ("open", True), ("said", False)]
    assert len([one for one in talked.courtesies if one.act_id == "hello"]) == 1


def test_a_greeting_that_comes_much_too_late_is_none() -> None:
    idle: tuple[str | float, ...] = ("员：看看。", "客：嗯。", 10.0) * 4
    assert "hello" in missing("客：我想查一下。", *idle, "员：您好，看好了。")


def test_the_hint_can_be_set_earlier() -> None:
    talked = told(
        talk("客：我想查一下。", "员：材料。"), settings=VisitSettings(greeting_within_s=5), until_s=13
    )
    assert history(talked, "hello")[:2] == [("open", False), ("open", True)]


def test_no_hint_is_given_before_its_time() -> None:
    reception = a_reception()
    for one in talk("客：我想查一下。"):
        reception.feed(one)
    assert reception.tick(samples(19)) == []
    assert [one.can_still_help for one in reception.tick(samples(21)) if isinstance(one, Courtesy)] == [True]
    assert reception.tick(samples(22)) == []


def test_an_act_that_is_switched_off_is_neither_missed_nor_noticed() -> None:
    settings = VisitSettings(off=("hello", "bye"))
    rude = told(talk("客：我想查一下。", "员：给。"), settings=settings)
    polite = told(talk(HELLO, "客：我想查一下。", BYE), settings=settings)
    assert rude.acts("missing") == set()
    assert {"hello", "bye"} & polite.acts("said") == set()


def test_farewell_counts_among_the_last_turns_only() -> None:
    idle = ("客：嗯。", 8.0, "员：看看。") * 4
    assert "bye" in missing("员：您好，请慢走，地滑。", *idle)
    assert "bye" not in missing(HELLO, "客：查一下。", BYE, "客：好。", "员：嗯。")


def test_the_expected_wording_and_the_clauses_go_along() -> None:
    one = next(one for one in told(talk("客：我想查。", "员：嗯。")).courtesies if one.act_id == "bye")
    assert (one.expected, one.clauses[0].clause, one.scene) == ("请慢走", "1", "farewell")


# After an occasion


def test_thanks_want_a_reply() -> None:
    assert "welcome" in missing(HELLO, "客：谢谢。", "员：嗯。", "客：走了。", BYE)
    assert "welcome" not in missing(HELLO, "客：谢谢。", "员：不客气。", BYE)


def test_thanks_after_the_farewell_want_none() -> None:
    assert missing(HELLO, "客：我想查。", BYE, "客：谢谢，再见。") == set()


def test_a_reply_that_comes_too_late_is_none() -> None:
    late = ("客：谢谢。", "员：嗯。", "客：那我走了。", 15.0, "员：不客气。")
    assert "welcome" in missing(HELLO, *late)


def test_a_failure_wants_an_apology_in_the_same_turn_or_the_next() -> None:
    assert "failure" in missing(
        HELLO, "客：我想查。", "员：系统坏了。", "客：哦。", "员：嗯。", 30.0, "客：走了。", "员：嗯。"
    )
    assert "failure" not in missing(HELLO, "客：我想查。", "员：对不起，系统坏了。", BYE)
    assert "failure" not in missing(HELLO, "客：我想查。", "员：系统坏了。", "客：啊？", "员：抱歉。", BYE)


def test_a_live_act_is_told_at_its_occasion() -> None:
    talked = told(talk(HELLO, "客：我想查。", "员：系统坏了。", 25.0, "员：请原谅。", BYE))
    assert history(talked, "failure") == [("open", False), ("open", True), ("said", False)]


def test_a_refusal_wants_a_reason() -> None:
    assert "reason" in missing(HELLO, "客：我想查。", "员：办不了。", "客：为什么？", "员：不能办。", BYE)
    assert "reason" not in missing(
        HELLO, "客：我想查。", "员：办不了。", "客：为什么？", "员：按规定要本人来。", BYE
    )


def test_one_more_paper_for_the_third_time_was_not_said_at_once() -> None:
    lines = [HELLO, "客：我想查。", "员：还要一份复印件。", "客：好。", "员：还缺一张照片。", "客：好。"]
    assert "once" not in missing(*lines, BYE)
    assert "once" in missing(*lines, "员：还要一份证明。", "客：又要？", BYE)
    assert "once" not in missing(*lines, "员：一共要三样，还要一份证明。", "客：好。", BYE)


def test_three_papers_in_one_turn_are_said_at_once() -> None:
    lines = ["员：还要一份复印件。", "员：还缺一张照片。", "员：还要一份证明。"]
    assert "once" not in missing(HELLO, "客：我想查。", *lines, "客：好。", BYE)


def test_a_call_wants_a_word_before_it() -> None:
    assert "call" in missing(HELLO, "客：我想查。", "员：喂，哪位？", "员：好，知道了。", BYE)
    before = ("员：对不起，我接一下电话。", "客：接吧。", "员：喂，哪位？")
    assert "call" not in missing(HELLO, "客：我想查。", *before, BYE)


def test_who_was_kept_waiting_is_told_so() -> None:
    lines = (HELLO, "客：我想查。", "员：请稍候。", 45.0)
    assert "back" in missing(*lines, "员：看好了。", "客：好。", BYE)
    assert "back" not in missing(*lines, "员：让您久等了，看好了。", "客：好。", BYE)
    assert "back" not in missing(*lines[:3], 12.0, "员：看好了。", "客：好。", BYE)


def test_one_act_is_missed_once_in_a_visit() -> None:
    talked = told(talk(HELLO, *["客：我想查。", "员：办不了。", "客：为什么？", "员：走吧。"] * 3))
    assert [one.act_id for one in talked.courtesies if one.state == "missing"].count("reason") == 1


def test_an_act_among_the_less_likely_texts_is_not_missed_and_not_counted() -> None:
    heard, meant = (
        talk("员：嗯好。", "客：我想查。", "员：请满周。"),
        talk("员：您好。", "客：我想查。", "员：请慢走。"),
    )
    stream = [replace(one, alternatives=(other.passage,)) for one, other in zip(heard, meant, strict=True)]
    assert told(heard).acts("missing") == {"hello", "bye"}
    assert told(stream).acts("missing") == set()
    assert "bye" not in told(stream).acts("said")


# Who spoke


@pytest.mark.parametrize("line", ["员：办不了。", "员：系统坏了。"])
def test_words_of_an_unknown_speaker_make_nothing_missing(line: str) -> None:
    stream = talk("客：我想查。", line, "客：啊？", "员：走吧。")
    assert told(spoken_by(stream, "unknown")).acts("missing") == set()


def test_words_of_an_unknown_speaker_may_be_the_act() -> None:
    stream = [*talk("某：您好。"), *talk("客：我想查。", "员：给。", at_s=8), *talk("某：请慢走。", at_s=20)]
    assert told(stream).acts("missing") == set()


def test_a_visitors_own_courtesy_is_not_staffs() -> None:
    assert missing("客：您好，我想查。", "员：给。", "客：再见。") == {"hello", "bye"}


def test_staff_who_is_not_heard_is_not_blamed() -> None:
    assert missing("客：我想查。", "客：有人吗？") == set()


def test_staff_who_speaks_alone_is_not_blamed_at_the_counter() -> None:
    assert missing("员：您好。", "员：嗯。", "员：系统坏了。") == set()


# On the telephone


def test_a_call_wants_a_name_and_a_farewell() -> None:
    assert missing("员：喂？", "客：我想查。", "员：没有。") == {"hello", "number", "hang-up", "bye"}
    opening = "员：您好，社保中心办事窗口，请讲。"
    assert missing(opening, "客：我想查。", "员：再见。") == set()


def test_where_only_staff_is_heard_each_pause_is_a_turn() -> None:
    idle = (5.0, "员：嗯。") * 6
    assert missing("员：您好，社保中心办事窗口，请讲。", *idle) == {"bye", "hang-up"}


# Good things


def test_good_words_are_counted_each_time() -> None:
    talked = told(talk(HELLO, "客：我想查。", "员：请稍候。", "客：好。", "员：请稍候。", BYE))
    said = [one.courtesy_id for one in talked.courtesies if one.act_id == "wait"]
    assert said == ["run-v1-wait-1", "run-v1-wait-2"]


def test_words_of_an_unknown_speaker_are_not_counted_as_good() -> None:
    stream = [*talk(HELLO, "客：我想查。"), *talk("某：请稍候。", at_s=15)]
    assert "wait" not in told(stream).acts("said")
