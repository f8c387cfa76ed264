"""Who speaks on one microphone, as the desk finds it out: by day while it waits, in the end for good."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Literal

import pytest

from casting_talk import (
    CLERK,
    HELLO,
    KNOW,
    OTHER,
    PLAIN,
    VISIT,
    VISITOR,
    WANTS,
    Counter,
    ScriptedEars,
    a_casting,
    by_number,
    sound,
)
from deskguard.desk import compose
from deskguard.desk.casting import Casting
from deskguard.errors import DeskguardError
from deskguard.hearing.roles.onemic import OneMicrophone
from deskguard.rules.schema import Condition
from deskguard.settings import AlertSettings, RolesSettings, Settings, SpottingSettings, VisitSettings
from deskguard.values import Alert, Hypothesis, Labelled, Pcm, Role, SpeechWindow
from hearing_values import a_rule_set, a_window, heard, spoken

SURE = Settings(spotting=SpottingSettings(confirm_from=0.1))
"""A desk that confirms at first sight."""
CALL = "请A023号到3号窗口办理业务。"


def window(person: int, number: int, seconds: float = 2.0) -> SpeechWindow:
    pcm = sound(person, number, seconds)
    one = a_window(number * 64_000, pcm.size, number, "silence")
    return replace(one, pcm=pcm, voiced_samples=pcm.size)


def looked(casting: Casting, person: int, number: int, text: str) -> list[Labelled]:
    return casting.look(window(person, number), spoken(text))


# Casting itself


def test_a_window_is_of_unknown_role_that_was_looked_for_until_it_is_found() -> None:
    casting = a_casting()
    one = casting.marked(window(CLERK, 0))
    assert (one.role, one.role_confidence) == ("unknown", 0.5)


def test_a_window_that_comes_again_has_the_role_found_in_it_before() -> None:
    casting = a_casting()
    for number, (person, text) in enumerate([(CLERK, HELLO), (VISITOR, WANTS), (CLERK, HELLO)]):
        looked(casting, person, number, text)
    again = casting.marked(window(CLERK, 2))
    assert again.role == "staff"
    assert again.role_confidence < 1


@pytest.mark.parametrize(("role", "confidence"), [("visitor", 0.97), ("unknown", 0.4), ("staff", 1.0)])
def test_what_channels_or_somebody_told_stays(role: str, confidence: float) -> None:
    casting = a_casting()
    told = replace(window(CLERK, 0), role=role, role_confidence=confidence)  # type: ignore[arg-type]
    assert casting.marked(told) is told
    assert casting.look(told, spoken(HELLO)) == []


def test_without_ears_nobody_looks() -> None:
    casting = a_casting()
    casting = Casting(None, casting._announcements)
    one = window(CLERK, 0)
    assert casting.marked(one) is one
    assert casting.look(one, spoken(HELLO)) == []
    assert not casting.may_change(0)


def test_where_only_the_clerk_is_heard_every_word_is_the_clerks() -> None:
    casting = a_casting(is_staff_only=True)
    one = casting.marked(window(OTHER, 0))
    assert (one.role, one.role_confidence) == ("staff", 1.0)
    assert casting.look(window(OTHER, 0), spoken(WANTS)) == []


@pytest.mark.parametrize("text", ["", "  "])
def test_sound_without_words_is_no_voice(text: str) -> None:
    calls: list[int] = []

    def counted(pcm: Pcm) -> object:
        calls.append(pcm.size)
        return by_number(pcm)

    casting = a_casting(OneMicrophone(counted))  # type: ignore[arg-type]
    assert looked(casting, CLERK, 0, text) == []
    assert calls == []


def test_an_announcement_is_no_voice_of_the_visit_and_nobodys_words() -> None:
    casting = a_casting()
    assert looked(casting, OTHER, 0, CALL) == []
    said = casting.cast(heard(spoken(CALL), 0, is_final=True))
    assert (said.is_announcement, said.role) == (True, "unknown")
    assert said.role_confidence < 1


def test_an_announcement_is_nobodys_on_a_desk_that_hears_only_the_clerk() -> None:
    casting = a_casting(is_staff_only=True)
    said = replace(heard(spoken(CALL), 0, is_final=True), role="staff")
    assert casting.cast(said).role == "unknown"


def test_the_end_of_a_visit_gives_its_final_labels_and_keeps_what_came_after() -> None:
    casting = a_casting()
    talk = [(CLERK, PLAIN), (VISITOR, PLAIN), (CLERK, HELLO), (VISITOR, WANTS), (CLERK, HELLO), (OTHER, WANTS)]
    for number, (person, text) in enumerate(talk):
        looked(casting, person, number, text)
    labels = casting.end_visit(5 * 64_000)
    assert {key: one.role for key, one in labels.items()} == {
        0: "staff",
        1: "visitor",
        2: "staff",
        3: "visitor",
        4: "staff",
    }
    # The next visitor's words were heard before the end was noticed.
    assert casting.marked(window(OTHER, 5)).role == "visitor"
    assert casting.end_visit(9 * 64_000).keys() == {5}


def test_after_a_visit_only_the_clerk_is_known() -> None:
    casting = a_casting()
    for number, (person, text) in enumerate(VISIT):
        looked(casting, person, number, text)
    casting.end_visit(4 * 64_000)
    first, second = looked(casting, OTHER, 5, PLAIN), looked(casting, CLERK, 6, PLAIN)
    assert first[0].role != "staff"
    assert second[0].role == "staff"


def test_a_visit_that_nobody_ends_keeps_a_bounded_number_of_labels() -> None:
    casting = a_casting(ScriptedEars({}))
    for number in range(230):
        looked(casting, CLERK, number, PLAIN)
    assert len(casting.end_visit(10**9)) == 200


def test_casting_can_not_be_pickled_with_its_voices() -> None:
    casting = a_casting()
    looked(casting, CLERK, 0, HELLO)
    with pytest.raises(TypeError, match="voices stay in memory"):
        pickle.dumps(casting)


# In the mind


def test_both_sides_are_found_in_a_visit() -> None:
    counter = Counter()
    counter.visit()
    assert counter.roles() == ["staff", "visitor", "staff", "visitor"]


def test_a_clerks_breach_shows_a_card_while_it_is_said() -> None:
    counter = Counter(SURE)
    counter.visit()
    counter.say(CLERK, f"{KNOW}呀，真的呀。", live_s=(1.2,))
    assert counter.alerts() == [("staff", "confirmed", None)]


@pytest.mark.parametrize(("person", "reason"), [(CLERK, None), (VISITOR, "role-visitor")])
def test_what_a_moment_of_silence_confirms_is_shown_by_the_voice_that_was_read_last(
    person: int, reason: str | None
) -> None:
    # More words could excuse it, so it waits for them, or for silence.
    rules = a_rule_set(KNOW)
    waiting = replace(rules.rules[KNOW], unless=(Condition(say=("~怎么办",)),))
    counter = Counter(SURE, rules=replace(rules, rules={KNOW: waiting}))
    counter.visit()
    counter.begin_saying(person, KNOW)
    assert counter.alerts()[-1] == ("staff" if person == CLERK else "visitor", "confirmed", reason)


def test_a_visitor_who_says_it_is_never_shown() -> None:
    counter = Counter(SURE)
    counter.visit()
    counter.say(VISITOR, f"{KNOW}呀，真的呀。", live_s=(1.2, 1.6))
    assert {(role, reason) for role, _, reason in counter.alerts()} == {("visitor", "role-visitor")}


def test_a_voice_is_looked_at_while_it_speaks_only_when_a_card_waits() -> None:
    lengths: list[int] = []

    def counted(pcm: Pcm) -> object:
        lengths.append(pcm.size)
        return by_number(pcm)

    counter = Counter(SURE, a_casting(OneMicrophone(counted)))  # type: ignore[arg-type]
    counter.visit()
    before = len(lengths)
    counter.say(CLERK, "没有什么可说的呀。", live_s=(0.8, 1.2, 1.6))
    assert lengths[before:] == [32_000]
    counter.say(CLERK, f"{KNOW}呀，真的呀。", live_s=(0.4, 1.2, 1.6))
    # At 0.4 s there is no phrase yet; once its role is known nobody looks again before the pause.
    assert lengths[before + 1 :] == [19_200, 32_000]


def test_a_tentative_hit_looks_at_no_voice() -> None:
    lengths: list[int] = []

    def counted(pcm: Pcm) -> object:
        lengths.append(pcm.size)
        return by_number(pcm)

    settings = Settings(spotting=SpottingSettings(confirm_from=1.0))
    counter = Counter(settings, a_casting(OneMicrophone(counted)))  # type: ignore[arg-type]
    counter.visit()
    before = len(lengths)
    counter.say(CLERK, f"{KNOW}呀，真的呀。", live_s=(1.2,))
    assert lengths[before:] == [32_000]


def test_below_the_bar_no_card_is_shown_whatever_the_setting_for_unknown_roles() -> None:
    shown = Settings(alerts=AlertSettings(show_unknown_role=True), spotting=SpottingSettings(confirm_from=0.1))
    counter = Counter(shown)
    counter.say(CLERK, KNOW, live_s=(1.2,))
    assert {(role, reason) for role, _, reason in counter.alerts()} == {("unknown", "role-unknown")}


def test_where_nobody_looks_the_setting_says_whether_cards_are_shown() -> None:
    casting = Casting(None, a_casting()._announcements)
    shown, hidden = (
        Settings(alerts=AlertSettings(show_unknown_role=each), spotting=SpottingSettings(confirm_from=0.1))
        for each in (True, False)
    )
    for settings, reason in ((shown, None), (hidden, "role-unknown")):
        counter = Counter(settings, casting)
        counter.say(CLERK, KNOW)
        assert counter.alerts()[-1] == ("unknown", "confirmed", reason)


def test_a_hit_whose_speaker_is_found_soon_enough_becomes_a_card_after_all() -> None:
    counter = Counter(SURE)
    counter.say(CLERK, HELLO)
    counter.say(VISITOR, PLAIN)
    counter.say(CLERK, KNOW, seconds=1.2)
    assert counter.alerts()[-1] == ("unknown", "confirmed", "role-unknown")
    counter.say(VISITOR, WANTS, seconds=1.0)
    counter.say(CLERK, HELLO, seconds=1.0)
    assert ("staff", "confirmed", None) in counter.alerts()


def test_a_hit_whose_speaker_is_found_late_is_confirmed_for_the_record_and_not_shown() -> None:
    counter = Counter(SURE)
    counter.say(CLERK, KNOW, seconds=1.2)
    counter.wait(8.0)
    counter.visit()
    assert counter.alerts()[-1] == ("staff", "confirmed", "too-old")


def test_a_hit_that_turns_out_to_be_the_visitors_takes_its_card_down() -> None:
    script = {0: [Labelled(0, "staff", 0.93)], 1: [Labelled(1, "staff", 0.97), Labelled(0, "visitor", 0.9)]}
    counter = Counter(SURE, a_casting(ScriptedEars(script)))
    counter.say(VISITOR, KNOW, seconds=1.2)
    shown = [one for one in counter.outcomes if isinstance(one, Alert)][-1]
    assert counter.mind.shows(shown.hit.hit_id)
    counter.say(CLERK, HELLO)
    assert counter.alerts() == [("staff", "confirmed", None), ("visitor", "confirmed", "role-visitor")]
    assert not counter.mind.shows(shown.hit.hit_id)


@pytest.mark.parametrize(("role", "reason"), [("visitor", "role-visitor"), ("staff", "too-old")])
def test_a_hit_of_minutes_ago_is_told_again_when_its_speaker_is_found(role: Role, reason: str) -> None:
    script = {9: [Labelled(9, "staff", 0.97), Labelled(0, role, 0.9)]}
    counter = Counter(SURE, a_casting(ScriptedEars(script)))
    counter.say(VISITOR, KNOW, seconds=1.2)
    for _ in range(9):
        counter.wait(20.0)
        counter.say(CLERK, PLAIN)
    assert counter.alerts()[-1] == (role, "confirmed", reason)


def test_earlier_utterances_are_told_when_their_speaker_is_found() -> None:
    counter = Counter()
    for person in (CLERK, VISITOR, CLERK, VISITOR):
        counter.say(person, PLAIN)
    assert set(counter.roles()) == {"unknown"}
    counter.visit()
    assert counter.roles()[:4] == ["staff", "visitor", "staff", "visitor"]
    late = [one for one in counter.outcomes if isinstance(one, Labelled)]
    assert {0, 1, 2, 3} <= {one.utterance_id for one in late}


def test_a_phrase_that_an_endpoint_cuts_is_found_though_the_second_half_has_no_role_yet() -> None:
    counter = Counter(SURE, rules=a_rule_set("我不知道你去问别人"))
    counter.visit()
    counter.say(CLERK, "我不知道", seconds=1.2)
    counter.at_s -= 0.7
    counter.say(CLERK, "你去问别人", seconds=1.4, live_s=(1.4,))
    assert counter.alerts()[-1][:2] == ("staff", "confirmed")


def test_an_announcement_shows_no_card_even_where_nobody_looks() -> None:
    casting = Casting(None, a_casting()._announcements)
    counter = Counter(SURE, casting, a_rule_set("窗口办理"))
    counter.say(OTHER, CALL)
    assert {reason for _, _, reason in counter.alerts()} == {"role-unknown"}
    said = [one for one in counter.outcomes if isinstance(one, Hypothesis)][-1]
    assert said.is_announcement


# Put together from the settings


@pytest.mark.parametrize("channel", ["phone-in", "phone-out"])
def test_on_the_telephone_one_microphone_hears_the_clerk_only(
    channel: Literal["phone-in", "phone-out"],
) -> None:
    settings = Settings(visits=VisitSettings(channel=channel), spotting=SpottingSettings(confirm_from=0.1))
    counter = Counter(settings, compose.new_casting(settings))
    for text in (HELLO, WANTS, f"{KNOW}呀，真的呀。"):
        assert counter.say(VISITOR, text) == "staff"
    assert counter.alerts() == [("staff", "confirmed", None)]
    finals = [one for one in counter.outcomes if isinstance(one, Hypothesis)]
    assert {one.role_confidence for one in finals} == {1.0}


def test_on_the_telephone_two_sides_keep_the_roles_of_their_channels() -> None:
    settings = Settings(visits=VisitSettings(channel="phone-in"))
    other_side = replace(window(VISITOR, 0), role="visitor", role_confidence=0.97)
    assert compose.new_casting(settings).marked(other_side).role == "visitor"


def test_mode_none_compares_no_voices() -> None:
    casting = compose.new_casting(Settings(roles=RolesSettings(mode="none")))
    one = window(CLERK, 0)
    assert casting.marked(one) is one
    assert casting.look(one, spoken(HELLO)) == []


def test_a_bad_form_of_an_announcement_is_told_before_anything_is_heard() -> None:
    with pytest.raises(DeskguardError, match="announcements"):
        compose.new_casting(Settings(roles=RolesSettings(announcements=("请",))))
