"""Hits of sentences that have no listed words: only in final texts, by their likeness, with a trace of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.spotting.hits.track import HitTracker
from deskguard.spotting.meaning.leaning import LeaningModel
from deskguard.values import Candidate, Passage
from hearing_values import finder, heard, spoken
from spotting_values import DEAF, a_belief, guilty

SAID = "您可真会挑时候来"


def sensed(likelihood: float, listed: list[Sequence[Candidate]] | None = None) -> Rulebook:
    def sense(passage: Passage, given: Sequence[Candidate]) -> list[Candidate]:
        if listed is not None:
            listed.append(given)
        return [
            Candidate(
                rule_id="C05",
                variant="嘲笑讽刺",
                start_char=0,
                end_char=len(passage.text),
                tier="sense",
                likelihood=likelihood,
            )
        ]

    def excused(_: Passage) -> set[str]:
        return set()

    return Rulebook(finder("我不知道"), lambda _: [], excused, guilty, a_belief(), sense)


def test_a_final_text_confirms_what_is_likely_enough_and_says_so() -> None:
    (hit,) = HitTracker(sensed(0.95), DEAF, "run").feed(heard(spoken(SAID), is_final=True))
    assert (hit.state, hit.tier, hit.confidence, hit.heard) == ("confirmed", "sense", 0.95, SAID)
    assert hit.why[0] == "no listed words; as a whole like a breach: 0.95"


def test_what_is_not_likely_enough_is_a_near_miss() -> None:
    tracker = HitTracker(sensed(0.6), DEAF, "run")
    assert tracker.feed(heard(spoken(SAID), is_final=True)) == []
    (missed,) = tracker.near_misses
    assert missed.why[0] == "no listed words; as a whole like a breach: 0.60"


@pytest.mark.parametrize("settles", [{}, {"is_pause": True}])
def test_half_a_sentence_is_not_weighed(settles: dict[str, bool]) -> None:
    tracker = HitTracker(sensed(0.99), DEAF, "run")
    assert tracker.feed(replace(heard(spoken(SAID)), **settles)) == []


def test_what_lists_find_is_told_to_whoever_weighs() -> None:
    listed: list[Sequence[Candidate]] = []
    tracker = HitTracker(sensed(0.99, listed), DEAF, "run")
    tracker.feed(heard(spoken("我不知道啊"), is_final=True))
    assert listed
    assert all([one.tier for one in given] == ["characters"] for given in listed)


def test_the_surroundings_of_a_whole_sentence_are_not_weighed_again() -> None:
    """`Meaning` asks the leaning of a listed phrase only; here it would fail."""

    class Failing(LeaningModel):
        def __init__(self) -> None:
            pass

        def of(self, around: object, rule_id: str) -> None:  # type: ignore[override]
            raise AssertionError(rule_id)

    from deskguard.authoring.trials.talk import Line, scene
    from deskguard.authoring.trials.talk import spoken as talk
    from deskguard.desk import compose
    from deskguard.settings import Settings
    from deskguard.spotting.meaning.judge import Meaning

    said = talk([Line("staff", SAID)])
    candidate = Candidate(
        rule_id="C05", variant="嘲笑讽刺", start_char=0, end_char=len(SAID), tier="sense", likelihood=0.9
    )
    verdict = Meaning(compose.load_rules(Settings()), Failing()).judge(candidate, scene(said, 0))
    assert verdict.ruling == "guilty"
