"""Where visits begin and end: by what is said, by silence, by the queue system."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskguard.settings import VisitSettings
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, QueueEvent, Stretch, Visit
from visits_talk import Told, said, samples, seconds, spoken_by, talk, told

POLITE = (
    "员：您好，请问您办什么业务？",
    "客：我想查一下公积金。",
    "员：查好了，请核对。",
    "客：好的。",
    "员：请慢走，再见。",
)
RUDE = ("客：同志，我想问一下落户。", "员：墙上写着呢。", "客：我看不懂。", "员：那我也没办法。")
DEAL = ("员：材料我看一下。", "客：都在这儿了。", "员：这里写一下日期。")


def called(ticket: str, at_s: float) -> QueueEvent:
    return QueueEvent(kind="called", ticket=ticket, at_sample=samples(at_s))


def closed(ticket: str, at_s: float) -> QueueEvent:
    return QueueEvent(kind="closed", ticket=ticket, at_sample=samples(at_s))


def spans_of(visits: list[Visit], ticket: str) -> list[tuple[float | None, float | None]]:
    return [(seconds(one.start_sample), seconds(one.end_sample)) for one in visits if one.ticket == ticket]


# By what is said


def test_a_visit_lies_between_its_first_and_its_last_word() -> None:
    stream = talk(*POLITE)
    visits = told(stream, until_s=200).visits
    assert [(one.start_sample, one.end_sample) for one in visits] == [
        (stream[0].start_sample, stream[-1].end_sample)
    ]
    assert (visits[0].begun_by, visits[0].ended_by) == ("greeting", "farewell")


def test_a_greeting_right_after_a_farewell_is_another_visitor() -> None:
    stream = talk(*POLITE, *POLITE)
    visits = told(stream).visits
    assert [one.start_sample for one in visits] == [stream[0].start_sample, stream[5].start_sample]
    assert visits[0].end_sample == stream[4].end_sample


def test_farewell_and_greeting_in_one_utterance_are_two_visits() -> None:
    stream = talk(*POLITE[:-1], "员：请慢走。您好，请问您办什么业务？", *POLITE[1:])
    visits = told(stream).visits
    border = stream[4].passage.spans[4][0]
    assert [one.start_sample for one in visits] == [stream[0].start_sample, border]
    assert visits[0].end_sample == border


def test_a_visit_without_farewell_ends_when_staff_greets_the_next() -> None:
    stream = talk(*RUDE, *POLITE)
    assert [one.start_sample for one in told(stream).visits] == [stream[0].start_sample, stream[4].start_sample]


def test_a_bare_greeting_waits_for_the_visitors_words() -> None:
    stream = talk(*RUDE, "员：您好。", "客：你好，我来办社保卡。", *DEAL)
    assert [one.start_sample for one in told(stream).visits] == [stream[0].start_sample, stream[4].start_sample]


def test_a_greeting_to_somebody_who_cuts_in_begins_no_visit() -> None:
    stream = talk(*POLITE[:2], "客：申请表在哪儿领？", "员：您好，等我回答完他的问题。", *DEAL)
    assert len(told(stream).visits) == 1


def test_both_greet_at_the_beginning_of_one_visit() -> None:
    stream = talk("客：你好。", "员：您好，请问您办什么业务？", "客：你好，我想问一下落户。", *DEAL)
    assert len(told(stream).visits) == 1


def test_silence_and_a_new_request_are_another_visitor() -> None:
    stream = talk(*RUDE, 9.0, "客：你好，我来办社保卡。", *DEAL)
    assert [one.start_sample for one in told(stream).visits] == [stream[0].start_sample, stream[4].start_sample]


@pytest.mark.parametrize("pause_s", [9.0, 30.0, 80.0])
def test_silence_alone_ends_nothing_that_goes_on(pause_s: float) -> None:
    assert len(told(talk(*RUDE, pause_s, *DEAL)).visits) == 1


def test_a_long_silence_ends_a_visit_at_its_last_word() -> None:
    stream = talk(*RUDE)
    visit = told(stream, until_s=3600).visits[0]
    assert (visit.end_sample, visit.ended_by) == (stream[-1].end_sample, "silence")


def test_who_was_asked_to_wait_may_wait_longer() -> None:
    assert len(told(talk(*RUDE, "员：请稍候。", 200.0, *DEAL)).visits) == 1


def test_the_silence_that_ends_a_visit_can_be_set() -> None:
    stream = talk(*RUDE, 30.0, *DEAL)
    assert len(told(stream, settings=VisitSettings(silence_s=25)).visits) == 2


def test_a_call_for_the_next_begins_the_visit_that_follows_at_once() -> None:
    stream = talk(*RUDE, "员：下一个！", "客：你好，我来办社保卡。", *DEAL)
    assert [one.start_sample for one in told(stream).visits] == [stream[0].start_sample, stream[4].start_sample]


def test_a_call_that_nobody_answers_ends_the_visit_and_begins_none() -> None:
    stream = talk(*RUDE, "员：下一个！", 12.0, "客：你好，我来办社保卡。", *DEAL)
    visits = told(stream).visits
    assert [one.start_sample for one in visits] == [stream[0].start_sample, stream[5].start_sample]
    assert (visits[0].end_sample, visits[0].ended_by) == (stream[4].end_sample, "next-visit")


def test_colleagues_among_themselves_are_no_visit() -> None:
    assert told(talk("员：中午吃什么？", "员：随便吧。", 30.0, "员：那就面条。")).visits == []


def test_a_last_thank_you_after_the_end_is_no_visit() -> None:
    assert len(told(talk(*POLITE, 22.0, "客：谢谢啊。"), until_s=120).visits) == 1


def test_who_speaks_need_not_be_known() -> None:
    stream = spoken_by(talk(*POLITE, *POLITE, 20.0, *RUDE), "unknown")
    assert [one.start_sample for one in told(stream).visits] == [stream[at].start_sample for at in (0, 5, 10)]


def test_nothing_said_is_no_visit() -> None:
    assert told([], until_s=3600).findings == ()


def test_an_utterance_without_words_is_none() -> None:
    assert told([said("员：。", 5.0), said("客： ", 9.0)]).findings == ()


# On the telephone


def test_a_call_is_known_by_how_it_opens() -> None:
    visits = told(
        talk("员：您好，社保中心办事窗口，请讲。", "客：我想问一下。", "员：您说。", "员：再见。")
    ).visits
    assert [one.channel for one in visits] == ["phone-in"]


def test_a_call_taken_at_the_counter_is_part_of_the_visit() -> None:
    stream = talk(*POLITE[:2], "员：喂，您好，社保中心办事窗口，请讲。", "员：好，知道了。", *DEAL)
    assert [one.channel for one in told(stream).visits] == ["counter"]


def test_a_telephone_desk_needs_no_opening_words() -> None:
    visits = told(talk("员：说。", "客：你好。"), settings=VisitSettings(channel="phone-in")).visits
    assert [one.channel for one in visits] == ["phone-in"]


# By the queue system


def test_a_ticket_begins_and_ends_a_visit() -> None:
    stream = talk(*POLITE)
    visits = told(stream, [(3, called("A1", 3)), (60, closed("A1", 60))], until_s=100).visits
    assert [(one.ticket, one.begun_by, one.ended_by) for one in visits] == [("A1", "queue", "queue")]
    assert told(stream, [(3, called("A1", 3)), (60, closed("A1", 60))], until_s=100).spans == [(3.0, 60.0)]


def test_nothing_that_is_said_divides_a_visit_with_a_ticket() -> None:
    stream = talk(*POLITE, *POLITE)
    assert len(told(stream, [(3, called("A1", 3))]).visits) == 1


def test_the_same_event_again_changes_nothing() -> None:
    events = [(3.0, called("A1", 3)), (4.0, called("A1", 3)), (9.0, called("A1", 8)), (60.0, closed("A1", 60))]
    again = [*events, (61.0, closed("A1", 60)), (80.0, called("A1", 3))]
    assert told(talk(*POLITE), again, until_s=100).visits == told(talk(*POLITE), events, until_s=100).visits


def test_a_ticket_that_is_called_while_another_is_open_closes_it() -> None:
    stream = talk(*POLITE, 5.0, *POLITE)
    border_s = stream[5].start_sample / 16_000 - 1
    visits = told(stream, [(3, called("A1", 3)), (border_s, called("A2", border_s))]).visits
    assert [(one.ticket, one.ended_by) for one in visits] == [("A1", "next-visit"), ("A2", "farewell")]
    assert visits[0].end_sample == stream[4].end_sample
    assert visits[1].start_sample == samples(border_s)


def test_a_farewell_after_the_button_belongs_to_the_visit_before() -> None:
    stream = talk(*POLITE)
    at_s = stream[-1].start_sample / 16_000 - 0.3
    assert (
        told(stream, [(3, called("A1", 3)), (at_s, closed("A1", at_s))], until_s=100).acts("missing") == set()
    )


def test_words_still_being_read_belong_to_the_ticket_they_were_said_in() -> None:
    # The next ticket is called as the last word ends; the recogniser tells that word half a second later.
    stream = talk(*POLITE)
    end_s = stream[-1].end_sample / 16_000 + 0.1
    both = told(stream, [(3, called("A1", 3)), (end_s, called("A2", end_s))], until_s=end_s + 20)
    assert [(one.act_id, one.visit_id) for one in both.courtesies if one.state == "missing"] == []


def test_a_late_call_moves_the_words_after_it() -> None:
    stream = talk(*POLITE, 6.0, *POLITE)
    border_s = stream[5].start_sample / 16_000 - 2
    visits = told(stream, [(3, called("A1", 3)), (border_s + 30, called("A2", border_s))], until_s=90).visits
    assert [seconds(one.start_sample) for one in visits] == [3.0, round(border_s, 2)]
    assert visits[0].end_sample == stream[4].end_sample


@pytest.mark.parametrize("is_closed_first", [False, True])
def test_a_ticket_told_after_its_time_has_a_visit_and_changes_no_other(is_closed_first: bool) -> None:
    stream = talk(*POLITE, at_s=50)
    late = [called("A0", 20), closed("A0", 30)][:: -1 if is_closed_first else 1]
    alone = told(stream, [(3.0, called("A1", 45))]).visits
    visits = told(stream, [(3.0, called("A1", 45)), (70.0, late[0]), (71.0, late[1])]).visits
    assert [one for one in visits if one.ticket == "A1"] == alone
    assert spans_of(visits, "A0") == [(20.0, 30.0)]


def test_nothing_is_missing_in_a_visit_of_which_nothing_was_heard() -> None:
    stream = talk(*POLITE, at_s=50)
    both = told(stream, [(3.0, called("A1", 45)), (70.0, called("A0", 20))])
    of = {one.visit_id for one in both.visits if one.ticket == "A0"}
    assert of
    assert not [one for one in both.courtesies if one.visit_id in of]


def test_two_tickets_told_after_one_long_visit_share_it() -> None:
    stream = talk(*RUDE, 2.0, *DEAL, at_s=12)
    border_s = seconds(stream[3].end_sample) + 0.5
    end_s = seconds(stream[-1].end_sample)
    late = [(200.0, called("A2", border_s)), (201.0, called("A1", 9))]
    visits = told(stream, late, until_s=300).visits
    assert spans_of(visits, "A1") == [(12.0, seconds(stream[3].end_sample))]
    assert spans_of(visits, "A2") == [(border_s, end_s)]


def test_a_visit_belongs_to_the_ticket_that_was_called_last_before_it() -> None:
    # The first ticket's visitor never came; both calls are told late, the earlier one first.
    stream = talk(*POLITE, at_s=60)
    late = [(90.0, called("A1", 3)), (91.0, called("A2", 55))]
    visits = told(stream, late, until_s=300).visits
    assert spans_of(visits, "A1") == [(3.0, 3.0)]
    assert spans_of(visits, "A2") == [(60.0, seconds(stream[-1].end_sample))]
    # Its close says as much as the other's call.
    visits = told(stream, [late[0], (91.0, closed("A1", 50)), (92.0, late[1][1])], until_s=300).visits
    assert spans_of(visits, "A1") == [(3.0, 50.0)]
    assert spans_of(visits, "A2") == [(60.0, seconds(stream[-1].end_sample))]


def test_a_visitor_who_is_called_again_after_the_end_has_another_visit() -> None:
    stream = talk(*POLITE, 20.0, *DEAL)
    again_s = seconds(stream[5].start_sample) - 2
    events = [(3, called("A1", 3)), (30, closed("A1", 17)), (again_s, called("A1", again_s))]
    assert [one.ticket for one in told(stream, events, until_s=200).visits] == ["A1", "A1"]


def test_a_call_told_after_the_first_words_of_its_visit_names_it() -> None:
    stream = talk(*POLITE, at_s=12)
    late = [(seconds(stream[2].end_sample) + 1, called("A1", 9))]
    visits = told(stream, [*late, (60.0, closed("A1", 55))], until_s=100).visits
    assert [(one.ticket, one.ended_by) for one in visits] == [("A1", "queue")]


def test_a_call_told_after_its_visit_names_it() -> None:
    stream = talk(*POLITE, 20.0, *POLITE, at_s=12)
    second_s = seconds(stream[5].start_sample)
    late = [(second_s, called("A2", second_s - 1)), (second_s + 3, called("A1", 9))]
    assert [one.ticket for one in told(stream, late, until_s=200).visits] == ["A1", "A2"]


def test_a_call_of_long_before_names_nobody() -> None:
    stream = talk(*POLITE, at_s=3000)
    visits = told(stream, [(seconds(stream[2].end_sample), called("A1", 9))], until_s=3100).visits
    assert [(one.ticket, seconds(one.start_sample)) for one in visits] == [("", 3000.0), ("A1", 9.0)]


@pytest.mark.parametrize("lines", [(), RUDE])
def test_closed_before_called_is_a_visit_all_the_same(lines: tuple[str, ...]) -> None:
    events = [(40.0, closed("A1", 38)), (41.0, called("A1", 9))]
    visits = told(talk(*lines), events, until_s=100).visits
    assert [(seconds(one.start_sample), seconds(one.end_sample)) for one in visits if one.ticket] == [
        (9.0, 38.0)
    ]


def test_a_ticket_that_is_never_closed_ends_at_silence() -> None:
    stream = talk(*RUDE)
    visit = told(stream, [(3, called("A1", 3))], until_s=3600).visits[0]
    assert (visit.ended_by, visit.end_sample) == ("silence", stream[-1].end_sample)


def test_closing_a_ticket_that_was_never_called_changes_nothing() -> None:
    stream = talk(*POLITE)
    assert told(stream, [(10, closed("B7", 10))]).spans == told(stream).spans


# By the voice


def by_voice(line: str, at_s: float, number: int, newcomer: float) -> Hypothesis:
    """Words of a visitor whose voice speaks so much for somebody new."""
    words = said(line, at_s, number)
    whole = Stretch(start_char=0, end_char=len(words.text), role=words.role, confidence=0.9, newcomer=newcomer)
    return replace(words, stretches=(whole,))


def after_a_visit(gap_s: float, newcomer: float, line: str = "客：我想办一张卡") -> Told:
    """A visit that nobody closes, and words after a silence."""
    stream = talk(*RUDE)
    at_s = (stream[-1].end_sample or 0) / SAMPLE_RATE_HZ + gap_s
    later = [by_voice(line, at_s, 9, newcomer), *talk("员：材料我看一下。", at_s=at_s + 3)]
    return told([*stream, *(replace(one, utterance_id=9 + at) for at, one in enumerate(later))])


def test_another_voice_with_a_request_is_another_visitor_though_nobody_took_leave() -> None:
    assert len(after_a_visit(4.5, 6.0).visits) == 2
    assert len(after_a_visit(4.5, 0.0).visits) == 1


def test_the_same_voice_goes_on_with_the_same_visit() -> None:
    assert len(after_a_visit(16.0, 0.0, "客：同志，我想问一下").visits) == 2
    assert len(after_a_visit(16.0, -4.0, "客：同志，我想问一下").visits) == 1


def test_a_companion_who_speaks_up_at_once_begins_no_visit() -> None:
    assert len(after_a_visit(0.8, 6.0).visits) == 1


def test_another_voice_alone_begins_no_visit() -> None:
    assert len(after_a_visit(3.0, 6.0, "客：对，是这样的").visits) == 1
