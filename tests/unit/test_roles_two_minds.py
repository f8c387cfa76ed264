"""Two people at once in one mind: neither's words disturb the other's, and each is heard in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deskguard.desk.mind import Mind
from deskguard.settings import AlertSettings, Settings, SpottingSettings
from deskguard.spotting.hits.conversation import Conversation, Place
from deskguard.values import (
    SAMPLE_RATE_HZ,
    Alert,
    Candidate,
    Hypothesis,
    Look,
    Passage,
    Role,
    SpeechWindow,
    Suspect,
)
from hearing_values import EAGER, a_rule_set, a_window, finder, heard, moment, spoken
from rules_packs import entry, rule_set
from spotting_values import a_tracker

KNOW = "我不知道"


def by(role: Role, hypothesis: Hypothesis) -> Hypothesis:
    return replace(hypothesis, role=role)


def live(passage: Passage, start_s: float, utterance_id: int = 0) -> Hypothesis:
    """A window that begins at `start_s`."""
    return replace(heard(passage, utterance_id), start_sample=round(start_s * SAMPLE_RATE_HZ))


def located(conversation: Conversation, hypothesis: Hypothesis, phrase: str) -> Place:
    """Where a phrase lies in the newest hypothesis."""
    joined = conversation.joined(hypothesis.passage, hypothesis)
    at = joined.passage.text.index(phrase)
    found = Candidate(rule_id="R", variant=phrase, start_char=at, end_char=at + len(phrase), tier="characters")
    return conversation.place(found, joined, hypothesis)


def said_by(role: Role, text: str, start_s: float, utterance_id: int) -> Hypothesis:
    return by(role, heard(spoken(text, start_s), utterance_id, is_final=True))


@dataclass
class Readings:
    """A recogniser that reads in each utterance what was written down for it."""

    texts: dict[int, Passage]

    def decode(self, window: SpeechWindow) -> Hypothesis:
        return replace(
            heard(self.texts[window.utterance_id], window.utterance_id, is_final=window.is_final),
            start_sample=window.start_sample,
            end_sample=window.end_sample,
            role=window.role,
            role_confidence=window.role_confidence,
        )

    def align(self, hypothesis: Hypothesis) -> Hypothesis:
        return hypothesis

    def look(self, hypothesis: Hypothesis, suspects: Sequence[Suspect]) -> tuple[Look | None, ...]:
        return (Look(log_ratio=0.0, tokens=1),) * len(suspects)


def window(utterance_id: int, role: Role, start_s: float, end_s: float, *, is_final: bool) -> SpeechWindow:
    start, end = round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)
    one = a_window(start, end - start, utterance_id, "silence" if is_final else None)
    return replace(one, role=role, role_confidence=0.99)


def told(mind: Mind, windows: Sequence[SpeechWindow]) -> list[tuple[str, str, str, str | None]]:
    """What happens to hits, window by window."""
    return [
        (one.hit.heard, one.hit.role, one.hit.state, one.suppressed)
        for each in windows
        for one in mind.feed(each, lambda: moment(6.0))
        if isinstance(one, Alert)
    ]


def test_what_is_overheard_stands_in_its_place_in_time() -> None:
    conversation = Conversation()
    staff = said_by("staff", KNOW, 5.0, 2)
    conversation.hear(staff)
    place = located(conversation, staff, "不知道")
    conversation.overhear(said_by("visitor", "怎么填", 2.0, 3))
    conversation.overhear(said_by("visitor", "那我问谁", 7.0, 4))
    scene = conversation.scene(place)
    assert [one.passage.text for one in scene.before] == ["怎么填"]
    assert [one.passage.text for one in scene.after] == ["那我问谁"]


def test_what_is_overheard_ends_nothing_that_is_being_said() -> None:
    conversation = Conversation()
    conversation.hear(live(spoken("我不", 5.0), 5.0))
    conversation.overhear(said_by("visitor", "嗯", 5.4, 1))
    newest = live(spoken(KNOW, 5.0), 5.0)
    conversation.hear(newest)
    scene = conversation.scene(located(conversation, newest, "不知道"))
    assert not scene.is_closed
    assert [one.passage.text for one in scene.before] == ["嗯"]
    assert scene.after == ()


def test_a_back_channel_does_not_part_what_an_endpoint_parted() -> None:
    conversation = Conversation()
    conversation.hear(said_by("staff", "有牌子", 5.0, 0))
    conversation.overhear(said_by("visitor", "嗯", 5.2, 1))
    newest = by("staff", live(spoken("自己看", 6.0), 6.0, 2))
    conversation.hear(newest)
    assert conversation.joined(newest.passage, newest).passage.text == "有牌子，自己看"


def test_a_tracker_keeps_its_open_hit_while_somebody_else_is_overheard() -> None:
    tracker = a_tracker(finder(KNOW))
    (tentative,) = tracker.feed(by("staff", heard(spoken(KNOW), 0)))
    assert tracker.open_utterance == 0
    assert tracker.overhear(said_by("visitor", "嗯", 0.3, 1)) == []
    (confirmed,) = tracker.feed(by("staff", heard(spoken(KNOW), 0, is_final=True)))
    assert (tentative.state, confirmed.state) == ("tentative", "confirmed")
    assert confirmed.hit_id == tentative.hit_id
    assert tracker.open_utterance is None


def test_a_hit_takes_the_role_that_its_utterance_turns_out_to_have() -> None:
    tracker = a_tracker(finder(KNOW))
    tracker.feed(heard(spoken(KNOW), 0))
    changed = tracker.feed(by("visitor", heard(spoken(KNOW), 0, is_final=True)))
    assert {one.role for one in changed} == {"visitor"}
    assert changed[-1].state == "confirmed"


def test_the_visitor_speaking_into_the_clerks_words_withdraws_nothing() -> None:
    texts = {0: spoken(KNOW, 1.0), 1: spoken("嗯嗯", 1.5)}
    mind = Mind(Readings(texts), a_rule_set(KNOW), EAGER, "run")  # type: ignore[arg-type]
    changes = told(
        mind,
        [
            window(0, "staff", 1.0, 2.0, is_final=False),
            window(1, "visitor", 1.5, 2.0, is_final=True),
            window(0, "staff", 1.0, 2.4, is_final=True),
        ],
    )
    assert changes == [(KNOW, "staff", "tentative", None), (KNOW, "staff", "confirmed", None)]


def test_both_may_say_the_same_and_only_the_clerk_is_shown() -> None:
    texts = {0: spoken(KNOW, 1.0), 1: spoken(KNOW, 1.2)}
    mind = Mind(Readings(texts), a_rule_set(KNOW), EAGER, "run")  # type: ignore[arg-type]
    changes = told(
        mind,
        [
            window(0, "staff", 1.0, 2.0, is_final=False),
            window(1, "visitor", 1.2, 2.0, is_final=True),
            window(0, "staff", 1.0, 2.4, is_final=True),
        ],
    )
    assert changes[0][1:] == ("staff", "tentative", None)
    assert changes[1][1:] == ("visitor", "confirmed", "role-visitor")
    assert changes[2][1:] == ("staff", "confirmed", None)


def test_hits_of_both_have_identities_of_their_own() -> None:
    texts = {0: spoken(KNOW, 1.0), 1: spoken(KNOW, 1.2)}
    mind = Mind(Readings(texts), a_rule_set(KNOW), EAGER, "run")  # type: ignore[arg-type]
    windows = [window(0, "staff", 1.0, 2.0, is_final=False), window(1, "visitor", 1.2, 2.0, is_final=True)]
    alerts = [one for each in windows for one in mind.feed(each, lambda: moment(3.0)) if isinstance(one, Alert)]
    assert len({one.hit.hit_id for one in alerts}) == 2


def test_what_the_visitor_says_counts_though_the_clerk_has_gone_on(tmp_path: Path) -> None:
    thanked = [{"say": ["谢谢"], "by": "visitor", "next_turns": 1}]
    rules = rule_set(tmp_path, entry(KNOW, unless=thanked))
    texts = {0: spoken(KNOW, 1.0), 1: spoken("谢谢您", 3.0), 2: spoken("好的", 3.7)}
    mind = Mind(Readings(texts), rules, EAGER, "run")  # type: ignore[arg-type]
    clerk = [window(0, "staff", 1.0, 2.0, is_final=True), window(2, "staff", 3.6, 4.4, is_final=False)]
    (confirmed,) = told(mind, clerk)
    assert confirmed[1:3] == ("staff", "confirmed")
    (withdrawn,) = told(mind, [window(1, "visitor", 3.0, 3.6, is_final=True)])
    assert withdrawn[1:3] == ("staff", "withdrawn")


def test_where_roles_are_found_by_listening_nothing_of_unknown_role_is_shown() -> None:
    settings = Settings(
        alerts=AlertSettings(show_unknown_role=True), spotting=SpottingSettings(confirm_from=0.1)
    )
    texts = {0: spoken(KNOW, 1.0), 1: spoken(KNOW, 4.0)}
    judged = Mind(Readings(texts), a_rule_set(KNOW), settings, "run")  # type: ignore[arg-type]
    assert told(judged, [window(0, "unknown", 1.0, 2.0, is_final=True)])[-1][3] == "role-unknown"
    nobody = replace(window(0, "unknown", 1.0, 2.0, is_final=True), role_confidence=1.0)
    never = Mind(Readings(texts), a_rule_set(KNOW), settings, "run")  # type: ignore[arg-type]
    assert told(never, [nobody])[-1][3] is None


CLERK = (
    "您好，请问您要办什么业务",
    "请您出示一下身份证",
    "请您在这里签字",
    "请您稍等",
    "您的材料已经收好了",
    "请慢走",
)
VISITOR = ("我想办一下居住证", "谢谢您", "我要等多久", "请问在哪儿交费", "我什么时候来取", "好的，谢谢")


def a_visit(clerk: Role, visitor: Role) -> tuple[Mind, list[SpeechWindow]]:
    texts, windows = {}, []
    for index, text in enumerate(one for pair in zip(CLERK, VISITOR, strict=True) for one in pair):
        at = 1.0 + 4 * index
        texts[index] = spoken(text, at)
        role = visitor if index % 2 else clerk
        windows.append(window(index, role, at, at + 3, is_final=True))
    last = len(texts)
    texts[last] = spoken(KNOW, 60.0)
    windows.append(window(last, clerk, 60.0, 62.0, is_final=True))
    mind = Mind(Readings(texts), a_rule_set(KNOW), EAGER, "run")  # type: ignore[arg-type]
    return mind, windows


def test_swapped_microphones_are_noticed_by_the_words_and_nobody_is_accused() -> None:
    mind, windows = a_visit(clerk="visitor", visitor="staff")
    mirrored = told(mind, windows)
    assert mind.notes == ("microphones-swapped",)
    assert [(role, reason) for _, role, _, reason in mirrored] == [("unknown", "role-unknown")]


def test_microphones_in_their_places_give_no_note() -> None:
    mind, windows = a_visit(clerk="staff", visitor="visitor")
    assert told(mind, windows)[-1][1] == "staff"
    assert mind.notes == ()
