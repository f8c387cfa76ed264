"""Hits through revised texts: seen, confirmed, withdrawn, moved, cut by an endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from deskguard.spotting.track import HitTracker
from deskguard.values import SAMPLE_RATE_HZ, Candidate, Hit, Hypothesis, Passage
from hearing_values import finder, heard, spoken, unaligned

KNOW = "我不知道"


def a_tracker(*phrases: str) -> HitTracker:
    return HitTracker(finder(*(phrases or (KNOW,))), unaligned, "run")


def states(hits: list[Hit]) -> list[tuple[str, str]]:
    return [(one.rule_id, one.state) for one in hits]


def across(phrase: str, variant: str) -> Callable[[Passage], list[Candidate]]:
    """Finds a phrase over any punctuation, as spotting does; `variant` is how the pack spells it."""

    def find(passage: Passage) -> list[Candidate]:
        kept = [index for index, letter in enumerate(passage.text) if letter not in "，。"]
        at = "".join(passage.text[index] for index in kept).find(phrase)
        if at < 0:
            return []
        start, end = kept[at], kept[at + len(phrase) - 1] + 1
        return [
            Candidate(
                rule_id="R1",
                variant=variant,
                start_char=start,
                end_char=end,
                tier="characters",
                syllables=len(phrase),
            )
        ]

    return find


def test_a_new_hit_is_tentative_and_the_next_sight_confirms_it() -> None:
    tracker = a_tracker()
    first = tracker.feed(heard(spoken("我不知道")))
    second = tracker.feed(heard(spoken("我不知道啊")))
    assert states(first) == [(KNOW, "tentative")]
    assert states(second) == [(KNOW, "confirmed")]
    assert first[0].hit_id == second[0].hit_id == "run-1"
    assert second[0].confidence > first[0].confidence


def test_a_confirmed_hit_is_told_once() -> None:
    tracker = a_tracker()
    for _ in range(2):
        tracker.feed(heard(spoken("我不知道")))
    assert tracker.feed(heard(spoken("我不知道"))) == []
    assert tracker.feed(heard(spoken("我不知道"), is_final=True)) == []
    assert tracker.finish() == []


def test_a_confirmed_hit_stays_when_the_text_changes_its_mind() -> None:
    tracker = a_tracker()
    for _ in range(2):
        tracker.feed(heard(spoken("我不知道")))
    assert tracker.feed(heard(spoken("我部知道"), is_final=True)) == []


def test_a_hit_of_a_final_text_is_confirmed_at_once() -> None:
    (hit,) = a_tracker().feed(heard(spoken("我不知道"), is_final=True))
    assert hit.state == "confirmed"
    assert hit.why == ("best text, characters, 4 syllables", "confirmed: in the final text")


def test_one_text_without_it_withdraws_nothing_and_two_do() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken("我不知道")))
    assert tracker.feed(heard(spoken("我部知道"))) == []
    assert states(tracker.feed(heard(spoken("我部知道")))) == [(KNOW, "withdrawn")]
    assert tracker.finish() == []


def test_a_final_text_without_it_withdraws_at_once() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken("我不知道")))
    (hit,) = tracker.feed(heard(spoken("我部知道"), is_final=True))
    assert hit.state == "withdrawn"
    assert hit.why[-1] == "withdrawn: not in the later text"


def test_a_hit_that_comes_back_after_one_denial_is_confirmed() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken("我不知道")))
    tracker.feed(heard(spoken("我部知道")))
    assert states(tracker.feed(heard(spoken("我不知道")))) == [(KNOW, "confirmed")]


def test_a_hit_that_comes_back_after_being_withdrawn_is_another() -> None:
    tracker = a_tracker()
    (first,) = tracker.feed(heard(spoken("我不知道")))
    for _ in range(2):
        tracker.feed(heard(spoken("")))
    (second,) = tracker.feed(heard(spoken("我不知道")))
    assert second.state == "tentative"
    assert second.hit_id != first.hit_id


def test_a_live_window_without_the_beginning_denies_nothing_that_lies_there() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken("我不知道")))
    later = replace(heard(spoken("您去三号窗口", 4.0)), start_sample=3 * SAMPLE_RATE_HZ)
    assert [tracker.feed(later) for _ in range(3)] == [[], [], []]
    assert states(tracker.feed(heard(spoken("我不知道，您去三号窗口"), is_final=True))) == [(KNOW, "confirmed")]


@pytest.mark.parametrize(("settles", "count"), [({}, 0), ({"is_pause": True}, 1), ({"is_final": True}, 1)])
def test_a_phrase_that_more_words_could_excuse_waits_for_a_pause(settles: dict[str, bool], count: int) -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=True) for one in finder(KNOW)(passage)]

    tracker = HitTracker(find, unaligned, "run")
    assert len(tracker.feed(replace(heard(spoken(KNOW)), **settles))) == count


def test_a_phrase_heard_at_a_pause_is_not_denied_while_it_waits_again() -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=passage.text.endswith(KNOW)) for one in finder(KNOW)(passage)]

    tracker = HitTracker(find, unaligned, "run")
    said = heard(spoken(KNOW))
    assert states(tracker.feed(replace(said, is_pause=True))) == [(KNOW, "tentative")]
    assert [tracker.feed(said) for _ in range(5)] == [[]] * 5
    assert states(tracker.feed(heard(spoken(KNOW + "你去问")))) == [(KNOW, "confirmed")]


def test_a_phrase_that_more_words_have_excused_is_withdrawn() -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=True) for one in finder("没时间")(passage) if "限制" not in passage.text]

    tracker = HitTracker(find, unaligned, "run")
    tracker.feed(replace(heard(spoken("没时间")), is_pause=True))
    tracker.feed(heard(spoken("没时间")))
    changed = [tracker.feed(heard(spoken("没时间限制"))) for _ in range(2)]
    assert [states(one) for one in changed] == [[], [("没时间", "withdrawn")]]


def test_an_utterance_that_ends_without_a_final_text_withdraws_its_tentative_hits() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken("我不知道"), 0))
    assert states(tracker.feed(heard(spoken("您好", 9.0), 1))) == [(KNOW, "withdrawn")]


def test_the_end_of_the_stream_withdraws_what_nothing_confirmed() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken("我不知道")))
    assert states(tracker.finish()) == [(KNOW, "withdrawn")]
    assert tracker.finish() == []


@pytest.mark.parametrize("moved_s", [-0.29, -0.1, 0.0, 0.1, 0.29])
def test_a_revision_that_moves_the_phrase_a_little_is_the_same_hit(moved_s: float) -> None:
    tracker = a_tracker()
    (first,) = tracker.feed(heard(spoken("我不知道", 5.0)))
    (second,) = tracker.feed(heard(spoken("我不知道", 5.0 + moved_s)))
    assert second.hit_id == first.hit_id
    assert second.start_sample == round((5.0 + moved_s) * SAMPLE_RATE_HZ)


def test_a_phrase_said_again_later_is_another_hit() -> None:
    tracker = a_tracker()
    passage = spoken("我不知道，您稍等一下，我不知道")
    hits = tracker.feed(heard(passage, is_final=True))
    assert len({one.hit_id for one in hits}) == len(hits) == 2
    assert [one.start_sample for one in hits] == [passage.spans[0][0], passage.spans[-4][0]]


def test_a_phrase_between_two_hits_upholds_the_nearer() -> None:
    tracker = a_tracker()
    first, second = tracker.feed(heard(spoken("我不知道您稍我不知道", 1.0)))
    (confirmed,) = tracker.feed(heard(spoken("我不知道", 2.0)))
    assert confirmed.hit_id == second.hit_id
    assert [one.hit_id for one in tracker.feed(heard(spoken("您稍等", 9.0), 1))] == [first.hit_id]


def test_different_rules_in_the_same_words_are_different_hits() -> None:
    hits = a_tracker("我不知道", "不知道").feed(heard(spoken("我不知道"), is_final=True))
    assert {one.rule_id for one in hits} == {"我不知道", "不知道"}


def test_confidence_follows_tier_length_source_and_certainty() -> None:
    def confidence(hypothesis: Hypothesis, phrase: str = KNOW, tier: str = "characters") -> float:
        def find(passage: Passage) -> list[Candidate]:
            return [replace(one, tier=tier) for one in finder(phrase)(passage)]  # type: ignore[arg-type]

        (hit,) = HitTracker(find, unaligned, "run").feed(hypothesis)
        return hit.confidence

    plain = confidence(heard(spoken(KNOW)))
    assert confidence(heard(spoken(KNOW)), tier="sound") < plain
    assert confidence(heard(spoken("不行")), "不行") < confidence(heard(spoken("没时间")), "没时间") < plain
    assert confidence(heard(spoken(KNOW), log_probability=-1.2)) < plain
    assert confidence(heard(spoken("我部知道"), alternatives=[spoken(KNOW)])) < plain


def test_a_phrase_only_an_alternative_shows_is_a_hit() -> None:
    tracker = a_tracker()
    (hit,) = tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW)]))
    assert hit.state == "confirmed"
    assert hit.heard == KNOW
    assert hit.why[0].startswith("alternative text")


def test_a_phrase_that_several_alternatives_show_is_one_hit() -> None:
    texts = [spoken("我不知道啊"), spoken("我不知道吧", 0.1), spoken("嗯我不知道", -0.2)]
    hits = a_tracker().feed(heard(spoken(KNOW), is_final=True, alternatives=texts))
    assert len(hits) == 1
    assert hits[0].why[0].startswith("best text")


def test_an_alternative_whose_times_are_only_guessed_is_the_same_hit() -> None:
    # The best text is aligned, an alternative is spread evenly: the same words lie a second apart.
    tracker = a_tracker()
    best, guessed = spoken(KNOW, 5.0), spoken(KNOW, 3.8)
    assert len(tracker.feed(heard(best, is_final=True, alternatives=[guessed]))) == 1


def test_a_tentative_hit_that_only_an_alternative_shows_keeps_its_place() -> None:
    tracker = a_tracker()
    (first,) = tracker.feed(heard(spoken(KNOW, 5.0)))
    (second,) = tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW, 3.8)]))
    assert (second.hit_id, second.state) == (first.hit_id, "confirmed")
    assert (second.start_sample, second.end_sample) == (first.start_sample, first.end_sample)


def test_a_confirmed_hit_that_only_an_alternative_shows_is_not_told_again() -> None:
    tracker = a_tracker()
    for _ in range(2):
        tracker.feed(heard(spoken(KNOW, 5.0)))
    assert tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW, 3.8)])) == []


def test_alignment_is_asked_for_only_when_there_is_something_to_place() -> None:
    asked: list[Hypothesis] = []

    def align(hypothesis: Hypothesis) -> Hypothesis:
        asked.append(hypothesis)
        return replace(hypothesis, passage=spoken(hypothesis.text, 7.0))

    tracker = HitTracker(finder(KNOW), align, "run")
    tracker.feed(heard(spoken("您好")))
    assert asked == []
    (hit,) = tracker.feed(heard(spoken(KNOW)))
    assert len(asked) == 1
    assert hit.start_sample == 7 * SAMPLE_RATE_HZ


class Cut(NamedTuple):
    """A phrase in two utterances with a pause between them."""

    phrase: str
    variant: str
    before: str
    after: str
    pause_s: float


GAP = Cut("有牌子自己看", "有牌子……自己看", "有牌子", "自己看", 0.9)
SPLIT = Cut("谁让你来的你找谁", "谁让你来的你找谁", "谁让你来的", "你找谁", 1.1)
CUTS = [
    (GAP, True),
    (GAP._replace(before="那边有牌子", after="你自己看"), False),
    (GAP._replace(pause_s=2.9), True),
    (GAP._replace(pause_s=3.1), False),
    (SPLIT, True),
    (SPLIT._replace(pause_s=1.3), False),
    (Cut("我不知道", "我不知道", "这个我不知道", "您问三号窗口", 0.7), False),
]


@pytest.mark.parametrize(("where", "is_found"), CUTS)
def test_a_phrase_cut_by_an_endpoint_is_found_if_the_pause_allows(where: Cut, is_found: bool) -> None:
    tracker = HitTracker(across(where.phrase, where.variant), unaligned, "run")
    first = spoken(where.before)
    tracker.feed(heard(first, 0, is_final=True))
    begin_s = first.spans[-1][1] / SAMPLE_RATE_HZ + where.pause_s
    hits = tracker.feed(heard(spoken(where.after, begin_s), 1, is_final=True))
    assert bool(hits) is is_found
    if is_found:
        assert hits[0].start_sample == first.spans[0][0]
        assert hits[0].why[0].startswith("across an endpoint")
        assert hits[0].utterance_id == 1


def test_a_phrase_in_the_utterance_before_is_not_found_again() -> None:
    tracker = a_tracker()
    tracker.feed(heard(spoken(KNOW), 0, is_final=True))
    assert tracker.feed(heard(spoken("您稍等", 1.5), 1)) == []
    assert tracker.feed(heard(spoken("您稍等", 1.5), 1, is_final=True)) == []


def test_a_phrase_across_an_endpoint_is_confirmed_and_told_once() -> None:
    tracker = HitTracker(across("有牌子自己看", "有牌子……自己看"), unaligned, "run")
    tracker.feed(heard(spoken("有牌子"), 0, is_final=True))
    told = [
        *tracker.feed(heard(spoken("自己看", 1.5), 1)),
        *tracker.feed(heard(spoken("自己看", 1.5), 1)),
        *tracker.feed(heard(spoken("自己看吧", 1.5), 1, is_final=True)),
        *tracker.finish(),
    ]
    assert [one.state for one in told] == ["tentative", "confirmed"]


def test_an_utterance_without_text_between_does_not_forget_the_one_before() -> None:
    tracker = HitTracker(across("有牌子自己看", "有牌子……自己看"), unaligned, "run")
    tracker.feed(heard(spoken("有牌子"), 0, is_final=True))
    tracker.feed(heard(spoken(""), 1, is_final=True))
    assert states(tracker.feed(heard(spoken("自己看", 1.9), 2, is_final=True))) == [("R1", "confirmed")]


def test_only_the_end_of_a_long_utterance_is_remembered() -> None:
    tracker = HitTracker(across("有牌子自己看", "有牌子……自己看"), unaligned, "run")
    long = spoken("有牌子" + "嗯" * 60)
    tracker.feed(heard(long, 0, is_final=True))
    begin_s = long.spans[-1][1] / SAMPLE_RATE_HZ + 0.5
    assert tracker.feed(heard(spoken("自己看", begin_s), 1, is_final=True)) == []


def test_a_change_of_rules_withdraws_what_the_new_ones_do_not_know() -> None:
    tracker = a_tracker("我不知道")
    (first,) = tracker.feed(heard(spoken("我不知道你去问")))
    tracker.find = finder("你去问")
    changed = tracker.feed(heard(spoken("我不知道你去问"), is_final=True))
    assert states(changed) == [("我不知道", "withdrawn"), ("你去问", "confirmed")]
    assert changed[0].hit_id == first.hit_id


def test_hits_say_nothing_of_the_text_in_their_reasons() -> None:
    (hit,) = a_tracker().feed(heard(spoken(KNOW), is_final=True))
    assert not any(letter in reason for reason in hit.why for letter in KNOW)


def test_a_phrase_that_a_pause_parts_is_found_by_the_live_window_after_it() -> None:
    tracker = HitTracker(finder("有牌子，自己看"), unaligned, "run")
    first = replace(heard(spoken("那边有牌子", 0.0)), is_pause=True)
    assert tracker.feed(first) == []
    (hit,) = tracker.feed(replace(heard(spoken("自己看", 2.0)), start_sample=int(1.8 * SAMPLE_RATE_HZ)))
    assert hit.state == "tentative"
    assert hit.start_sample == int(0.4 * SAMPLE_RATE_HZ)


def test_the_text_before_a_pause_is_not_read_twice_with_the_whole_utterance() -> None:
    tracker = HitTracker(finder("你再问问"), unaligned, "run")
    tracker.feed(replace(heard(spoken("你再问问", 0.0)), is_pause=True))
    whole = tracker.feed(heard(spoken("你再问问", 0.0), is_final=True))
    assert [hit.state for hit in whole] == ["confirmed"]
    assert tracker.finish() == []
