"""Hits through revised texts: seen, confirmed, withdrawn, moved, cut by an endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from deskguard.settings import SpottingSettings
from deskguard.spotting.hits.sighting import Ear
from deskguard.spotting.hits.track import HitTracker
from deskguard.spotting.scene import Verdict
from deskguard.values import SAMPLE_RATE_HZ, Candidate, Hit, Hypothesis, Passage
from hearing_values import a_rule_set, finder, heard, spoken
from spotting_values import ScriptedEar, ScriptedJudge, a_belief, a_rulebook, a_tracker, near, unlooked

KNOW = "我不知道"
ALIKE = ScriptedEar({"": -0.5}).ear
"""Finds what an alternative reads nearly as likely as the best text."""


def tracking(*phrases: str) -> HitTracker:
    return a_tracker(finder(*(phrases or (KNOW,))))


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
    tracker = tracking()
    first = tracker.feed(heard(spoken("我不知道")))
    second = tracker.feed(heard(spoken("我不知道啊")))
    assert states(first) == [(KNOW, "tentative")]
    assert states(second) == [(KNOW, "confirmed")]
    assert first[0].hit_id == second[0].hit_id == "run-1"
    assert second[0].confidence >= first[0].confidence


def test_a_confirmed_hit_is_told_once() -> None:
    tracker = tracking()
    for _ in range(2):
        tracker.feed(heard(spoken("我不知道")))
    assert tracker.feed(heard(spoken("我不知道"))) == []
    assert tracker.feed(heard(spoken("我不知道"), is_final=True)) == []
    assert tracker.finish() == []


def test_a_confirmed_hit_stays_when_the_text_changes_its_mind() -> None:
    tracker = tracking()
    for _ in range(2):
        tracker.feed(heard(spoken("我不知道")))
    assert tracker.feed(heard(spoken("我部知道"), is_final=True)) == []


def test_a_hit_of_a_final_text_is_confirmed_at_once() -> None:
    (hit,) = tracking().feed(heard(spoken("我不知道"), is_final=True))
    assert hit.state == "confirmed"
    assert hit.why == ("best text, characters, 4 syllables, confidence 0.79", "confirmed: in the final text")


def test_one_text_without_it_withdraws_nothing_and_two_do() -> None:
    tracker = tracking()
    tracker.feed(heard(spoken("我不知道")))
    assert tracker.feed(heard(spoken("我部知道"))) == []
    assert states(tracker.feed(heard(spoken("我部知道")))) == [(KNOW, "withdrawn")]
    assert tracker.finish() == []


def test_a_final_text_without_it_withdraws_at_once() -> None:
    tracker = tracking()
    tracker.feed(heard(spoken("我不知道")))
    (hit,) = tracker.feed(heard(spoken("我部知道"), is_final=True))
    assert hit.state == "withdrawn"
    assert hit.why[-1] == "withdrawn: not in the later text"


def test_a_hit_that_comes_back_after_one_denial_is_confirmed() -> None:
    tracker = tracking()
    tracker.feed(heard(spoken("我不知道")))
    tracker.feed(heard(spoken("我部知道")))
    assert states(tracker.feed(heard(spoken("我不知道")))) == [(KNOW, "confirmed")]


def test_a_hit_that_comes_back_after_being_withdrawn_is_another() -> None:
    tracker = tracking()
    (first,) = tracker.feed(heard(spoken("我不知道")))
    for _ in range(2):
        tracker.feed(heard(spoken("")))
    (second,) = tracker.feed(heard(spoken("我不知道")))
    assert second.state == "tentative"
    assert second.hit_id != first.hit_id


def test_a_live_window_without_the_beginning_denies_nothing_that_lies_there() -> None:
    tracker = tracking()
    tracker.feed(heard(spoken("我不知道")))
    later = replace(heard(spoken("您去三号窗口", 4.0)), start_sample=3 * SAMPLE_RATE_HZ)
    assert [tracker.feed(later) for _ in range(3)] == [[], [], []]
    assert states(tracker.feed(heard(spoken("我不知道，您去三号窗口"), is_final=True))) == [(KNOW, "confirmed")]


@pytest.mark.parametrize(("settles", "count"), [({}, 0), ({"is_pause": True}, 1), ({"is_final": True}, 1)])
def test_a_phrase_that_more_words_could_excuse_waits_for_a_pause(settles: dict[str, bool], count: int) -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=True) for one in finder(KNOW)(passage)]

    tracker = a_tracker(find)
    assert len(tracker.feed(replace(heard(spoken(KNOW)), **settles))) == count


def test_a_phrase_heard_at_a_pause_is_not_denied_while_it_waits_again() -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=passage.text.endswith(KNOW)) for one in finder(KNOW)(passage)]

    tracker = a_tracker(find)
    said = heard(spoken(KNOW))
    assert states(tracker.feed(replace(said, is_pause=True))) == [(KNOW, "tentative")]
    assert [tracker.feed(said) for _ in range(5)] == [[]] * 5
    assert states(tracker.feed(heard(spoken(KNOW + "你去问")))) == [(KNOW, "confirmed")]


def test_a_phrase_that_more_words_have_excused_is_withdrawn() -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=True) for one in finder("没时间")(passage) if "限制" not in passage.text]

    tracker = a_tracker(find)
    tracker.feed(replace(heard(spoken("没时间")), is_pause=True))
    tracker.feed(heard(spoken("没时间")))
    changed = [tracker.feed(heard(spoken("没时间限制"))) for _ in range(2)]
    assert [states(one) for one in changed] == [[], [("没时间", "withdrawn")]]


def test_an_utterance_that_ends_without_a_final_text_withdraws_its_tentative_hits() -> None:
    tracker = tracking()
    tracker.feed(heard(spoken("我不知道"), 0))
    assert states(tracker.feed(heard(spoken("您好", 9.0), 1))) == [(KNOW, "withdrawn")]


def test_the_end_of_the_stream_withdraws_what_nothing_confirmed() -> None:
    tracker = tracking()
    tracker.feed(heard(spoken("我不知道")))
    assert states(tracker.finish()) == [(KNOW, "withdrawn")]
    assert tracker.finish() == []


@pytest.mark.parametrize("moved_s", [-0.29, -0.1, 0.0, 0.1, 0.29])
def test_a_revision_that_moves_the_phrase_a_little_is_the_same_hit(moved_s: float) -> None:
    tracker = tracking()
    (first,) = tracker.feed(heard(spoken("我不知道", 5.0)))
    (second,) = tracker.feed(heard(spoken("我不知道", 5.0 + moved_s)))
    assert second.hit_id == first.hit_id
    assert second.start_sample == round((5.0 + moved_s) * SAMPLE_RATE_HZ)


def test_a_phrase_said_again_later_is_another_hit() -> None:
    tracker = tracking()
    passage = spoken("我不知道，您稍等一下，我不知道")
    hits = tracker.feed(heard(passage, is_final=True))
    assert len({one.hit_id for one in hits}) == len(hits) == 2
    assert [one.start_sample for one in hits] == [passage.spans[0][0], passage.spans[-4][0]]


def test_a_phrase_between_two_hits_upholds_the_nearer() -> None:
    tracker = tracking()
    first, second = tracker.feed(heard(spoken("我不知道您稍我不知道", 1.0)))
    (confirmed,) = tracker.feed(heard(spoken("我不知道", 2.0)))
    assert confirmed.hit_id == second.hit_id
    assert [one.hit_id for one in tracker.feed(heard(spoken("您稍等", 9.0), 1))] == [first.hit_id]


def test_different_rules_in_the_same_words_are_different_hits() -> None:
    hits = tracking("我不知道", "不知道").feed(heard(spoken("我不知道"), is_final=True))
    assert {one.rule_id for one in hits} == {"我不知道", "不知道"}


def test_confidence_follows_tier_length_source_and_certainty() -> None:
    def confidence(hypothesis: Hypothesis, phrase: str = KNOW, tier: str = "characters") -> float:
        def find(passage: Passage) -> list[Candidate]:
            return [replace(one, tier=tier) for one in finder(phrase)(passage)]  # type: ignore[arg-type]

        (hit,) = a_tracker(find, ear=ALIKE).feed(hypothesis)
        return hit.confidence

    plain = confidence(heard(spoken(KNOW)))
    assert confidence(heard(spoken(KNOW)), tier="sound") < plain
    assert confidence(heard(spoken("不行")), "不行") < confidence(heard(spoken("没时间")), "没时间") < plain
    assert confidence(heard(spoken(KNOW), log_probability=-1.2)) < plain
    assert confidence(heard(spoken("我部知道"), alternatives=[spoken(KNOW)])) < plain


def test_a_phrase_only_an_alternative_shows_is_a_hit() -> None:
    tracker = a_tracker(finder(KNOW), ear=ALIKE)
    (hit,) = tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW)]))
    assert hit.state == "confirmed"
    assert hit.heard == KNOW
    assert hit.why[0].startswith("alternative text")


def test_an_alternative_accuses_nobody_of_what_the_best_text_shows_in_an_innocent_wording() -> None:
    def hits(excused: set[str]) -> list[Hit]:
        rulebook = a_rulebook(finder(KNOW), excused=lambda _: excused)
        tracker = HitTracker(rulebook, ALIKE, "run")
        return tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW)]))

    assert len(hits(set())) == 1
    assert hits({KNOW}) == []


def test_a_phrase_that_several_alternatives_show_is_one_hit() -> None:
    texts = [spoken("我不知道啊"), spoken("我不知道吧", 0.1), spoken("嗯我不知道", -0.2)]
    hits = tracking().feed(heard(spoken(KNOW), is_final=True, alternatives=texts))
    assert len(hits) == 1
    assert hits[0].why[0].startswith("best text")


def test_an_alternative_whose_times_are_only_guessed_is_the_same_hit() -> None:
    # The best text is aligned, an alternative is spread evenly: the same words lie a second apart.
    tracker = tracking()
    best, guessed = spoken(KNOW, 5.0), spoken(KNOW, 3.8)
    assert len(tracker.feed(heard(best, is_final=True, alternatives=[guessed]))) == 1


def test_a_tentative_hit_that_only_an_alternative_shows_keeps_its_place() -> None:
    tracker = a_tracker(finder(KNOW), ear=ALIKE)
    (first,) = tracker.feed(heard(spoken(KNOW, 5.0)))
    (second,) = tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW, 3.8)]))
    assert (second.hit_id, second.state) == (first.hit_id, "confirmed")
    assert (second.start_sample, second.end_sample) == (first.start_sample, first.end_sample)


def test_a_confirmed_hit_that_only_an_alternative_shows_is_not_told_again() -> None:
    tracker = tracking()
    for _ in range(2):
        tracker.feed(heard(spoken(KNOW, 5.0)))
    assert tracker.feed(heard(spoken("我部知道"), is_final=True, alternatives=[spoken(KNOW, 3.8)])) == []


def test_alignment_is_asked_for_only_when_there_is_something_to_place() -> None:
    asked: list[Hypothesis] = []

    def align(hypothesis: Hypothesis) -> Hypothesis:
        asked.append(hypothesis)
        return replace(hypothesis, passage=spoken(hypothesis.text, 7.0))

    tracker = a_tracker(finder(KNOW), ear=Ear(align, unlooked))
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
    tracker = a_tracker(across(where.phrase, where.variant))
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
    tracker = tracking()
    tracker.feed(heard(spoken(KNOW), 0, is_final=True))
    assert tracker.feed(heard(spoken("您稍等", 1.5), 1)) == []
    assert tracker.feed(heard(spoken("您稍等", 1.5), 1, is_final=True)) == []


def test_a_phrase_across_an_endpoint_is_confirmed_and_told_once() -> None:
    tracker = a_tracker(across("有牌子自己看", "有牌子……自己看"))
    tracker.feed(heard(spoken("有牌子"), 0, is_final=True))
    told = [
        *tracker.feed(heard(spoken("自己看", 1.5), 1)),
        *tracker.feed(heard(spoken("自己看", 1.5), 1)),
        *tracker.feed(heard(spoken("自己看吧", 1.5), 1, is_final=True)),
        *tracker.finish(),
    ]
    assert [one.state for one in told] == ["tentative", "confirmed"]


def test_an_utterance_without_text_between_does_not_forget_the_one_before() -> None:
    tracker = a_tracker(across("有牌子自己看", "有牌子……自己看"))
    tracker.feed(heard(spoken("有牌子"), 0, is_final=True))
    tracker.feed(heard(spoken(""), 1, is_final=True))
    assert states(tracker.feed(heard(spoken("自己看", 1.9), 2, is_final=True))) == [("R1", "confirmed")]


def test_only_the_end_of_a_long_utterance_is_remembered() -> None:
    tracker = a_tracker(across("有牌子自己看", "有牌子……自己看"))
    long = spoken("有牌子" + "嗯" * 60)
    tracker.feed(heard(long, 0, is_final=True))
    begin_s = long.spans[-1][1] / SAMPLE_RATE_HZ + 0.5
    assert tracker.feed(heard(spoken("自己看", begin_s), 1, is_final=True)) == []


def test_a_change_of_rules_withdraws_what_the_new_ones_do_not_know() -> None:
    tracker = tracking("我不知道")
    (first,) = tracker.feed(heard(spoken("我不知道你去问")))
    tracker.use(a_rulebook(finder("你去问")))
    changed = tracker.feed(heard(spoken("我不知道你去问"), is_final=True))
    assert states(changed) == [("我不知道", "withdrawn"), ("你去问", "confirmed")]
    assert changed[0].hit_id == first.hit_id


def test_hits_say_nothing_of_the_text_in_their_reasons() -> None:
    (hit,) = tracking().feed(heard(spoken(KNOW), is_final=True))
    assert not any(letter in reason for reason in hit.why for letter in KNOW)


def test_a_phrase_that_a_pause_parts_is_found_by_the_live_window_after_it() -> None:
    tracker = a_tracker(finder("有牌子，自己看"))
    first = replace(heard(spoken("那边有牌子", 0.0)), is_pause=True)
    assert tracker.feed(first) == []
    (hit,) = tracker.feed(replace(heard(spoken("自己看", 2.0)), start_sample=int(1.8 * SAMPLE_RATE_HZ)))
    assert hit.state == "tentative"
    assert hit.start_sample == int(0.4 * SAMPLE_RATE_HZ)


def test_the_text_before_a_pause_is_not_read_twice_with_the_whole_utterance() -> None:
    tracker = a_tracker(finder("你再问问"))
    tracker.feed(replace(heard(spoken("你再问问", 0.0)), is_pause=True))
    whole = tracker.feed(heard(spoken("你再问问", 0.0), is_final=True))
    assert [hit.state for hit in whole] == ["confirmed"]
    assert tracker.finish() == []


def test_a_wording_that_whisper_finds_unlikely_is_no_hit_but_a_near_miss() -> None:
    ear = ScriptedEar({KNOW: -6.0})
    tracker = a_tracker(near(finder("我部知道"), KNOW), ear=ear.ear)
    assert tracker.feed(heard(spoken("我部知道"), is_final=True)) == []
    (miss,) = tracker.near_misses
    assert miss.why == (
        "best text, near, 4 syllables, 0.25 edits a syllable, second look -6.0 over 2 tokens, confidence 0.08",
        "below 0.50: not believed",
    )


def test_a_wording_that_whisper_finds_as_likely_is_a_hit() -> None:
    tracker = a_tracker(near(finder("我部知道"), KNOW), ear=ScriptedEar({KNOW: 1.5}).ear)
    (hit,) = tracker.feed(heard(spoken("我部知道"), is_final=True))
    assert (hit.tier, hit.heard, hit.state) == ("near", "我部知道", "confirmed")
    assert tracker.near_misses == ()


def test_what_reads_as_suspected_is_not_looked_at_again() -> None:
    ear = ScriptedEar({})
    a_tracker(finder(KNOW), ear=ear.ear).feed(heard(spoken(KNOW)))
    assert ear.asked == []


@pytest.mark.parametrize(("is_final", "most"), [(False, 1), (True, 4)])
def test_only_the_nearest_wordings_are_looked_at(is_final: bool, most: int) -> None:
    text = "一二三四五六七八"

    def find(_passage: Passage) -> list[Candidate]:
        return [
            Candidate(
                rule_id=f"R{at}",
                variant="v",
                start_char=at,
                end_char=at + 1,
                tier="near",
                wording=f"w{at}",
                distance=0.3 - at / 100,
                syllables=4,
            )
            for at in range(len(text))
        ]

    ear = ScriptedEar({})
    a_tracker(find, ear=ear.ear).feed(heard(spoken(text), is_final=is_final))
    (asked,) = ear.asked
    assert [one.wording for one in asked] == [f"w{at}" for at in range(7, 7 - most, -1)]


def test_a_rules_own_threshold_goes_before_that_of_its_tier() -> None:
    rules = {key: replace(one, min_confidence=0.9) for key, one in a_rule_set(KNOW).rules.items()}
    strict = a_tracker(finder(KNOW), belief=a_belief(rules=rules))
    assert strict.feed(heard(spoken(KNOW), is_final=True)) == []
    assert len(tracking().feed(heard(spoken(KNOW), is_final=True))) == 1


def test_a_hit_that_is_sure_at_first_sight_is_confirmed_at_once() -> None:
    tracker = a_tracker(finder(KNOW), belief=a_belief(SpottingSettings(confirm_from=0.7)))
    (hit,) = tracker.feed(heard(spoken(KNOW)))
    assert hit.state == "confirmed"
    assert hit.why[-1] == "confirmed: sure at first sight"
    assert tracker.feed(heard(spoken(KNOW))) == []


GUILTY = Verdict(ruling="guilty", why=("unless: none of 1 holds",))
OPEN = replace(GUILTY, is_open=True)
INNOCENT = Verdict(ruling="innocent", why=("unless @condition: holds",))
REVISABLE = replace(GUILTY, revisable_until_sample=9 * SAMPLE_RATE_HZ)


def judged(*verdicts: Verdict, settings: SpottingSettings | None = None) -> HitTracker:
    belief = a_belief(settings or SpottingSettings(confirm_from=1.0), a_rule_set(KNOW).rules)
    return a_tracker(finder(KNOW), judge=ScriptedJudge(list(verdicts)), belief=belief)


def test_a_verdict_that_waits_for_the_next_words_keeps_a_hit_tentative() -> None:
    tracker = judged(OPEN, OPEN, GUILTY)
    assert states(tracker.feed(heard(spoken(KNOW)))) == [(KNOW, "tentative")]
    assert tracker.feed(heard(spoken(KNOW + "你"))) == []
    assert states(tracker.feed(heard(spoken(KNOW + "你去问")))) == [(KNOW, "confirmed")]


def test_nothing_waits_longer_than_the_final_text() -> None:
    assert states(judged(OPEN).feed(heard(spoken(KNOW), is_final=True))) == [(KNOW, "confirmed")]


def test_what_is_innocent_at_first_sight_is_no_hit_and_says_why() -> None:
    tracker = judged(INNOCENT)
    assert tracker.feed(heard(spoken(KNOW), is_final=True)) == []
    assert [one.why[-1] for one in tracker.near_misses] == ["unless @condition: holds"]


def test_a_tentative_hit_that_turns_out_innocent_is_withdrawn_and_says_why() -> None:
    tracker = judged(OPEN, INNOCENT)
    tracker.feed(heard(spoken(KNOW)))
    assert tracker.feed(heard(spoken("要是" + KNOW))) == []
    (hit,) = tracker.feed(heard(spoken("要是" + KNOW)))
    assert hit.state == "withdrawn"
    assert hit.why[-2:] == ("unless @condition: holds", "withdrawn: innocent")


def test_a_confirmed_hit_is_withdrawn_once_when_the_next_words_make_it_innocent() -> None:
    tracker = judged(REVISABLE, INNOCENT)
    (hit,) = tracker.feed(heard(spoken(KNOW), 0, is_final=True))
    assert hit.state == "confirmed"
    assert tracker.feed(heard(spoken("我帮您", 1.5), 1)) == []
    (gone,) = tracker.feed(heard(spoken("我帮您问", 1.5), 1, is_final=True))
    assert (gone.hit_id, gone.state) == (hit.hit_id, "withdrawn")
    assert gone.why[-2:] == ("unless @condition: holds", "withdrawn: innocent by what came after")
    assert tracker.feed(heard(spoken("您稍等", 3.5), 2, is_final=True)) == []
    assert tracker.finish() == []


def test_a_hit_that_was_withdrawn_after_it_was_confirmed_does_not_come_back() -> None:
    settings = SpottingSettings(confirm_from=0.5)
    tracker = judged(REVISABLE, INNOCENT, INNOCENT, GUILTY, settings=settings)
    told = [hit for _ in range(6) for hit in tracker.feed(heard(spoken(KNOW)))]
    assert [one.state for one in told] == ["confirmed", "withdrawn"]


def test_a_verdict_that_nothing_can_change_is_not_asked_for_again() -> None:
    judge = ScriptedJudge([GUILTY])
    tracker = a_tracker(finder(KNOW), judge=judge, belief=a_belief(rules=a_rule_set(KNOW).rules))
    tracker.feed(heard(spoken(KNOW), 0, is_final=True))
    tracker.feed(heard(spoken("您稍等", 1.5), 1, is_final=True))
    assert len(judge.scenes) == 1


def test_new_rules_that_do_not_know_an_old_hit_leave_it_alone() -> None:
    tracker = judged(REVISABLE)
    tracker.feed(heard(spoken(KNOW), 0, is_final=True))
    unasked = ScriptedJudge([INNOCENT])
    tracker.use(a_rulebook(finder("别的话"), judge=unasked))
    assert tracker.feed(heard(spoken("我帮您问", 1.5), 1, is_final=True)) == []
    assert unasked.scenes == []


def silence_after(tracker: HitTracker, said: Hypothesis, utterance_id: int = 0) -> list[Hit]:
    """The speech ended where the newest text did; 0.3 s later the speaker is known to pause."""
    return tracker.fall_silent(utterance_id, said.end_sample, said.end_sample + 4800)


SURE = SpottingSettings(confirm_from=0.7)


def test_a_pause_confirms_what_is_sure_and_waited_for_words_before_it_is_read() -> None:
    tracker = judged(OPEN, GUILTY, settings=SURE)
    said = heard(spoken(KNOW))
    assert states(tracker.feed(said)) == [(KNOW, "tentative")]
    assert states(silence_after(tracker, said)) == [(KNOW, "confirmed")]
    assert tracker.feed(replace(said, is_pause=True)) == []


def test_a_pause_shows_the_scene_closed() -> None:
    judge = ScriptedJudge([OPEN])
    tracker = a_tracker(finder(KNOW), judge=judge, belief=a_belief(SURE))
    said = heard(spoken(KNOW))
    tracker.feed(said)
    silence_after(tracker, said)
    assert [one.is_closed for one in judge.scenes] == [False, True]
    assert judge.scenes[1].heard_until_sample == said.end_sample + 4800


@pytest.mark.parametrize("verdict", [OPEN, INNOCENT], ids=["still open", "innocent"])
def test_a_pause_confirms_nothing_that_is_open_or_innocent(verdict: Verdict) -> None:
    tracker = judged(OPEN, verdict, settings=SURE)
    said = heard(spoken(KNOW))
    tracker.feed(said)
    assert silence_after(tracker, said) == []


@pytest.mark.parametrize(("confirm_from", "is_confirmed"), [(0.85, True), (0.95, False), (1.0, False)])
def test_a_pause_asks_a_little_less_of_what_was_seen_once_unless_a_second_sight_is_always_asked_for(
    confirm_from: float, is_confirmed: bool
) -> None:
    tracker = judged(OPEN, GUILTY, settings=SpottingSettings(confirm_from=confirm_from))
    said = heard(spoken(KNOW))
    (hit,) = tracker.feed(said)
    assert 0.75 <= hit.confidence < 0.85
    assert bool(silence_after(tracker, said)) is is_confirmed


def test_a_pause_confirms_nothing_that_was_seen_once_and_is_not_sure() -> None:
    tracker = judged(OPEN, GUILTY)
    said = heard(spoken(KNOW))
    tracker.feed(said)
    assert silence_after(tracker, said) == []


def test_a_pause_after_more_speech_than_the_newest_text_heard_settles_nothing() -> None:
    tracker = judged(OPEN, GUILTY, settings=SURE)
    said = heard(spoken(KNOW))
    tracker.feed(said)
    assert tracker.fall_silent(0, said.end_sample + 3200, said.end_sample + 8000) == []
    assert tracker.fall_silent(1, said.end_sample, said.end_sample + 4800) == []


def test_a_phrase_that_more_words_could_excuse_is_confirmed_by_the_pause_itself() -> None:
    def find(passage: Passage) -> list[Candidate]:
        return [replace(one, is_open=True) for one in finder(KNOW)(passage)]

    tracker = a_tracker(find, belief=a_belief(SURE))
    said = heard(spoken(KNOW))
    assert tracker.feed(said) == []
    assert states(silence_after(tracker, said)) == [(KNOW, "confirmed")]
    assert tracker.feed(replace(said, is_pause=True)) == []


def test_what_the_reading_of_the_pause_makes_innocent_is_withdrawn() -> None:
    tracker = judged(OPEN, GUILTY, INNOCENT, settings=SURE)
    said = heard(spoken(KNOW))
    tracker.feed(said)
    silence_after(tracker, said)
    assert states(tracker.feed(replace(heard(spoken(KNOW + "吗")), is_pause=True))) == [(KNOW, "withdrawn")]


def test_a_likelier_wording_of_another_rule_at_the_same_place_speaks_against_one() -> None:
    def find(_passage: Passage) -> list[Candidate]:
        return [
            Candidate(
                rule_id=wording,
                variant=wording,
                start_char=0,
                end_char=4,
                tier="near",
                wording=wording,
                distance=0.1,
                syllables=4,
            )
            for wording in ("还办不办", "爱办不办")
        ]

    ear = ScriptedEar({"还办不办": 0.0, "爱办不办": 6.0})
    tracker = a_tracker(find, ear=ear.ear)
    (hit,) = tracker.feed(heard(spoken("哎半部半"), is_final=True))
    assert hit.rule_id == "爱办不办"
    assert [one.sighting.evidence.log_ratio for one in tracker.near_misses] == [-6.0]


def test_a_softened_verdict_makes_a_softened_hit() -> None:
    softened = Verdict(ruling="softened", why=("soften @way-forward: holds",))
    (hit,) = judged(softened).feed(heard(spoken(KNOW), is_final=True))
    assert hit.softened
    assert "soften @way-forward: holds" in hit.why


def test_a_confirmed_hit_is_softened_when_the_next_words_do_it() -> None:
    softened = Verdict(ruling="softened", why=("soften @way-forward: holds",))
    tracker = judged(REVISABLE, softened)
    tracker.feed(heard(spoken(KNOW), 0, is_final=True))
    (hit,) = tracker.feed(heard(spoken("您问三号窗口", 1.5), 1, is_final=True))
    assert (hit.state, hit.softened) == ("confirmed", True)
    assert tracker.feed(heard(spoken("好", 4.5), 2, is_final=True)) == []


def test_a_text_in_flux_softens_nothing() -> None:
    softened = Verdict(ruling="softened", why=("soften @way-forward: holds",))
    tracker = judged(REVISABLE, REVISABLE, softened)
    told = [tracker.feed(heard(spoken(KNOW + "一二三四"[:length]))) for length in range(5)]
    assert [one.softened for hits in told for one in hits] == [False, False]
    (hit,) = tracker.feed(heard(spoken(KNOW + "一二三四五"), is_final=True))
    assert (hit.state, hit.softened) == ("confirmed", True)


def test_what_a_text_in_flux_softens_waits_for_the_whole() -> None:
    softened = Verdict(ruling="softened", why=("surroundings: 0.2",))
    tracker = judged(softened, softened, GUILTY)
    told = [tracker.feed(heard(spoken(KNOW + "一二三四"[:length]))) for length in range(2)]
    assert [one.state for hits in told for one in hits] == ["tentative"]
    (hit,) = tracker.feed(heard(spoken(KNOW + "一二三四五"), is_final=True))
    assert (hit.state, hit.softened) == ("confirmed", False)


def test_a_text_in_flux_that_leans_to_innocence_denies_no_confirmed_hit() -> None:
    leaning = replace(INNOCENT, is_leaning=True)
    tracker = judged(REVISABLE, REVISABLE, leaning, leaning, leaning, leaning)
    told = [tracker.feed(heard(spoken(KNOW + "一二三四"[:length]))) for length in range(5)]
    assert [one.state for hits in told for one in hits] == ["tentative", "confirmed"]
    (hit,) = tracker.feed(heard(spoken(KNOW + "一二三四五"), is_final=True))
    assert hit.state == "withdrawn"


def test_a_hit_is_of_whoever_spoke_the_utterance() -> None:
    (hit,) = tracking().feed(replace(heard(spoken(KNOW), is_final=True), role="visitor"))
    assert hit.role == "visitor"


def test_a_phrase_is_not_put_together_of_what_two_speakers_said() -> None:
    tracker = a_tracker(across("有牌子自己看", "有牌子……自己看"))
    tracker.feed(replace(heard(spoken("有牌子"), 0, is_final=True), role="visitor"))
    assert tracker.feed(replace(heard(spoken("自己看", 1.5), 1, is_final=True), role="staff")) == []


def guess_of(wording: str) -> Callable[[Passage], list[Candidate]]:
    """Guesses one wording for all of any text."""

    def guess(passage: Passage) -> list[Candidate]:
        return [
            Candidate(
                rule_id=wording,
                variant=wording,
                start_char=0,
                end_char=len(passage.text),
                tier="near",
                wording=wording,
                distance=0.1,
                syllables=4,
            )
        ]

    return guess


def guessing(ratio: float) -> HitTracker:
    rulebook = a_rulebook(finder(KNOW), guess=guess_of("少啰嗦了"))
    return HitTracker(rulebook, ScriptedEar({"少啰嗦了": ratio}).ear, "run")


def test_a_short_unsure_text_is_guessed_at_and_the_second_look_decides() -> None:
    nonsense = heard(spoken("上螺丝啦"), is_final=True, log_probability=-1.1)
    (hit,) = guessing(1.5).feed(nonsense)
    assert (hit.rule_id, hit.tier, hit.state) == ("少啰嗦了", "near", "confirmed")
    assert guessing(-6.0).feed(nonsense) == []


@pytest.mark.parametrize(
    "said",
    [
        heard(spoken("上螺丝啦"), log_probability=-1.1),
        heard(spoken("上螺丝啦"), is_final=True, log_probability=-0.2),
        heard(spoken("上螺丝啦" * 5), is_final=True, log_probability=-1.1),
        heard(spoken("", 1.0), is_final=True, log_probability=-1.1),
    ],
    ids=["live", "sure", "long", "empty"],
)
def test_nothing_is_guessed_of_a_live_sure_long_or_empty_text(said: Hypothesis) -> None:
    assert guessing(1.5).feed(said) == []


def test_nothing_is_guessed_where_something_was_found() -> None:
    (hit,) = guessing(1.5).feed(heard(spoken(KNOW), is_final=True, log_probability=-1.1))
    assert hit.rule_id == KNOW
