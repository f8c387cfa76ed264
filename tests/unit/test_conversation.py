"""What surrounds a place: the rest of its utterance, what came before, what followed."""

from __future__ import annotations

from dataclasses import replace

from deskguard.spotting.hits.conversation import Conversation, Place
from deskguard.values import SAMPLE_RATE_HZ, Candidate, Hypothesis, Passage, Role
from hearing_values import heard, spoken


def located(conversation: Conversation, hypothesis: Hypothesis, phrase: str) -> Place:
    """Where a phrase lies in the newest hypothesis, with what belongs to its utterance."""
    joined = conversation.joined(hypothesis.passage, hypothesis)
    at = joined.passage.text.index(phrase)
    candidate = Candidate(
        rule_id="R1", variant=phrase, start_char=at, end_char=at + len(phrase), tier="characters"
    )
    return conversation.place(candidate, joined, hypothesis)


def phrase_of(place: Place) -> str:
    return place.said.passage.text[place.candidate.start_char : place.candidate.end_char]


def live(passage: Passage, start_s: float, utterance_id: int = 0) -> Hypothesis:
    """A window that begins at `start_s`."""
    return replace(heard(passage, utterance_id), start_sample=round(start_s * SAMPLE_RATE_HZ))


def by(role: Role, hypothesis: Hypothesis) -> Hypothesis:
    return replace(hypothesis, role=role)


def test_a_scene_holds_what_was_said_before_and_after_with_roles() -> None:
    conversation = Conversation()
    conversation.hear(by("visitor", heard(spoken("怎么填", 0.0), 0, is_final=True)))
    middle = by("staff", heard(spoken("我不知道", 2.0), 1, is_final=True))
    conversation.hear(middle)
    place = located(conversation, middle, "不知道")
    conversation.hear(by("staff", heard(spoken("我去问", 4.0), 2)))
    scene = conversation.scene(place)
    assert [(one.role, one.passage.text) for one in scene.before] == [("visitor", "怎么填")]
    assert scene.said.passage.text == "我不知道"
    assert [(one.role, one.passage.text) for one in scene.after] == [("staff", "我去问")]
    assert scene.heard_until_sample == round(4.6 * SAMPLE_RATE_HZ)


def test_an_utterance_is_closed_by_a_pause_by_its_end_and_by_the_next() -> None:
    conversation = Conversation()
    said = heard(spoken("我不知道"))
    states = []
    for hypothesis in (said, replace(said, is_pause=True), said, replace(said, is_final=True)):
        conversation.hear(hypothesis)
        states.append(conversation.scene(located(conversation, hypothesis, "我")).is_closed)
    conversation.hear(heard(spoken("您", 3.0), 1))
    states.append(conversation.scene(located(conversation, replace(said, utterance_id=0), "我")).is_closed)
    assert states == [False, True, False, True, True]


def test_the_newest_text_takes_the_place_of_the_one_before() -> None:
    conversation = Conversation()
    conversation.hear(heard(spoken("泥粉布粉"), 0))
    conversation.hear(heard(spoken("你烦不烦"), 0))
    last = heard(spoken("好", 2.0), 1)
    conversation.hear(last)
    (before,) = conversation.scene(located(conversation, last, "好")).before
    assert before.passage.text == "你烦不烦"


def test_what_a_live_window_leaves_out_is_kept_before_it() -> None:
    conversation = Conversation()
    conversation.hear(live(spoken("您要是今天不方便"), 0.0))
    # 0.2 s a character: the window begins after 您要是今天.
    later = live(spoken("不方便我不管", 1.0), 1.0)
    conversation.hear(later)
    place = located(conversation, later, "我不管")
    assert place.said.passage.text == "您要是今天不方便我不管"
    assert phrase_of(place) == "我不管"
    assert place.said.start_sample == 0


def test_a_pause_in_the_middle_is_a_mark_in_what_belongs_together() -> None:
    conversation = Conversation()
    conversation.hear(replace(heard(spoken("那边有牌子")), is_pause=True))
    later = live(spoken("自己看", 2.0), 1.8)
    conversation.hear(later)
    place = located(conversation, later, "自己看")
    assert place.said.passage.text == "那边有牌子，自己看"
    assert phrase_of(place) == "自己看"
    assert phrase_of(located(conversation, later, "有牌子，自己看")) == "有牌子，自己看"


def test_live_windows_that_move_on_after_a_pause_lose_nothing_between() -> None:
    conversation = Conversation()
    conversation.hear(replace(heard(spoken("那边有牌子")), is_pause=True))
    conversation.hear(live(spoken("上面都写着呢", 2.0), 1.8))
    later = live(spoken("写着呢自己看", 2.6), 2.6)
    conversation.hear(later)
    place = located(conversation, later, "自己看")
    assert place.said.passage.text == "那边有牌子，上面都写着呢自己看"
    assert phrase_of(place) == "自己看"


def test_the_final_text_is_not_put_after_what_it_replaces() -> None:
    conversation = Conversation()
    conversation.hear(replace(heard(spoken("那边有牌子")), is_pause=True))
    conversation.hear(live(spoken("自己看", 2.0), 1.8))
    final = heard(spoken("那边有牌子呢，自己看"), is_final=True)
    conversation.hear(final)
    assert located(conversation, final, "自己看").said.passage.text == "那边有牌子呢，自己看"


def test_a_phrase_over_an_endpoint_belongs_to_both_utterances() -> None:
    conversation = Conversation()
    conversation.hear(heard(spoken("三楼", 0.0), 0, is_final=True))
    conversation.hear(heard(spoken("那边有牌子", 2.0), 1, is_final=True))
    later = heard(spoken("自己看", 3.8), 2)
    conversation.hear(later)
    place = located(conversation, later, "有牌子，自己看")
    assert phrase_of(place) == "有牌子，自己看"
    scene = conversation.scene(place)
    assert scene.said.passage.text == "那边有牌子，自己看"
    assert [one.passage.text for one in scene.before] == ["三楼"]
    alone = conversation.scene(located(conversation, later, "自己看"))
    assert alone.said.passage.text == "自己看"
    assert len(alone.before) == 2


def test_nothing_is_joined_over_a_change_of_speaker_or_a_long_silence() -> None:
    conversation = Conversation()
    conversation.hear(by("visitor", heard(spoken("有牌子"), 0, is_final=True)))
    mine = by("staff", heard(spoken("自己看", 1.5), 1, is_final=True))
    conversation.hear(mine)
    assert conversation.joined(mine.passage, mine).boundary == 0
    late = by("staff", heard(spoken("好", 6.0), 2))
    conversation.hear(late)
    assert conversation.joined(late.passage, late).boundary == 0


def test_what_is_over_a_minute_old_is_forgotten() -> None:
    conversation = Conversation()
    conversation.hear(heard(spoken("早", 0.0), 0, is_final=True))
    conversation.hear(heard(spoken("中", 30.0), 1, is_final=True))
    last = heard(spoken("晚", 62.0), 2)
    conversation.hear(last)
    scene = conversation.scene(located(conversation, last, "晚"))
    assert [one.passage.text for one in scene.before] == ["中"]
