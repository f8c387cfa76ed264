"""What is found in a final utterance: acts, occasions, cues."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskguard.values import Stretch
from deskguard.visits.acts import ActFinder, Words
from visits_talk import BOOK, said, samples

FINDER = ActFinder(BOOK)


def hear(line: str) -> Words:
    return FINDER.hear(said(line, 2.0))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("员：您好，请坐。", "hello"),
        ("员：妳好", "hello"),
        ("员：请稍后，材料我看一下。", "wait"),
        ("员：在见", "bye"),
        ("员：请慢揍", "bye"),
        ("某：请慢走", "bye"),
    ],
)
def test_an_act_is_found_by_characters_and_by_sound(line: str, name: str) -> None:
    assert name in hear(line).names()


@pytest.mark.parametrize(
    "line",
    [
        "员：慢走不送",
        "员：您好好想想",
        "员：喂",
        "员：下一个",
        "员：请将身份证给我",
        "客：您好",
        "客：再见",
        "员：嗯",
    ],
)
def test_what_only_resembles_an_act_does_not_count(line: str) -> None:
    assert hear(line).names() == set()


def test_an_act_lies_where_it_was_said() -> None:
    found = next(one for one in hear("员：好了，请收好").acts if one.name == "hand")
    assert (found.start_sample, found.end_sample) == (samples(2.0 + 3 * 0.22), samples(2.0 + 6 * 0.22))


def test_the_longer_act_of_a_scene_takes_the_shorter_for_its_part() -> None:
    acts = {one.name: one.is_part for one in hear("员：对不起，我接一下电话，请稍候。").acts}
    assert acts == {"call": False, "wait": True, "sorry": False}


def test_an_occasion_is_made_by_its_own_speaker_only() -> None:
    names = {role: {one.name for one in hear(f"{role}：系统坏了").occasions} for role in "员客某"}
    assert names == {"员": {"failure"}, "客": set(), "某": set()}


def test_words_that_excuse_make_no_occasion() -> None:
    assert hear("员：上次系统坏了，现在恢复了").occasions == ()


def test_a_visitors_cue_is_none_of_staff() -> None:
    assert hear("客：同志，我想问一下").cue_names() == {"greets", "asks"}
    assert hear("员：同志，我想问一下").cue_names() == set()


def test_a_greeting_cue_counts_where_an_utterance_begins() -> None:
    assert "greets" not in hear("客：上次那个同志让我来的").cue_names()


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("员：您好，政务中心社保窗口，请讲。", "phone-in"),
        ("员：喂，哪位？", "phone-in"),
        ("员：您好，请问您去哪个窗口？", None),
        ("员：您好，请问您办什么业务？", None),
        ("某：您好，政务中心社保窗口，请讲。", None),
    ],
)
def test_a_call_opens_with_where_one_is(line: str, call: str | None) -> None:
    assert hear(line).call == call


def test_an_utterance_can_be_cut_between_two_acts() -> None:
    words = hear("员：请慢走。您好，请问您办什么业务？")
    at = next(one.start_sample for one in words.acts if one.name == "hello")
    first, second = words.cut(at)
    assert first.names() == {"bye"}
    assert second.names() == {"hello", "ask"}
    assert (first.end_sample, second.start_sample) == (at, at)
    assert first.syllables + second.syllables == words.syllables


def test_an_utterance_without_words_is_silent() -> None:
    words = FINDER.hear(said("员：。", 2.0))
    assert (words.acts, words.occasions, words.cues, words.syllables) == ((), (), (), 0)


def test_what_two_people_say_in_one_utterance_is_heard_apart() -> None:
    both = replace(
        said("某：谢谢，不客气，慢走", 2.0),
        stretches=(
            Stretch(start_char=0, end_char=3, role="visitor", confidence=0.9),
            Stretch(start_char=3, end_char=9, role="staff", confidence=0.9),
        ),
    )
    first, second = FINDER.turns(both)
    assert (first.role, first.acts, [one.name for one in first.occasions]) == ("visitor", (), ["welcome"])
    assert second.role == "staff"
    assert {"welcome", "bye"} <= second.names()
    assert first.end_sample <= second.start_sample
    assert {one.said for one in (first, second)} == {both}


def test_a_short_utterance_counts_with_the_role_of_its_stretch() -> None:
    own = Stretch(start_char=0, end_char=2, role="visitor", confidence=0.96, newcomer=2.5)
    (words,) = FINDER.turns(replace(said("某：谢谢", 2.0), stretches=(own,)))
    assert (words.role, words.newcomer) == ("visitor", 2.5)
    assert [one.name for one in words.occasions] == ["welcome"]


def test_a_stretch_without_words_is_nobodys_turn() -> None:
    parts = (
        Stretch(start_char=0, end_char=2, role="visitor", confidence=0.9),
        Stretch(start_char=2, end_char=2, role="staff", confidence=0.9),
    )
    assert [one.role for one in FINDER.turns(replace(said("某：谢谢", 2.0), stretches=parts))] == ["visitor"]
