"""How the benches count: what is found, what is wrong, what is worse than a baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench import check
from bench.check import Outcome, regressions

from common import Clip, Said, clips_of
from reading import Raised, Reading
from scores import Judged, by_rule, score, trade_off


def hit(rule_id: str, **given: Any) -> Raised:
    usual: dict[str, Any] = {
        "state": "confirmed", "role": "staff", "confidence": 0.9, "tier": "characters", "start_s": 1.0,
        "end_s": 2.0, "is_softened": False,
    }  # fmt: skip
    return Raised(rule_id=rule_id, **usual | given)


def judged(*hits: Raised, least: float = 0.0, **clip: Any) -> Judged:
    known = Clip(file=Path("x.wav"), **clip)
    return Judged(Reading(clip=known, hits=hits, audio_s=3.6, cpu_s=1.0, text=""), least)


def test_phrase_is_found_by_a_confirmed_hit_of_its_rule() -> None:
    said = (Said("T02"),)
    assert judged(hit("T02"), said=said).found[0][1] is not None
    assert judged(hit("T03"), said=said).found[0][1] is None
    assert judged(said=said).found[0][1] is None


@pytest.mark.parametrize(
    "given", [{"state": "withdrawn"}, {"state": "tentative"}, {"role": "visitor"}, {"is_softened": True}]
)
def test_hit_that_is_not_held_against_the_clerk_counts_neither_way(given: dict[str, Any]) -> None:
    one = judged(hit("T02", **given), said=(Said("T02"),))
    assert one.hits == []
    assert one.found[0][1] is None
    assert one.wrong == []


def test_rules_inside_a_phrase_are_no_false_alarms_and_do_not_find_it() -> None:
    one = judged(hit("T01"), hit("T07"), said=(Said("T03", also=frozenset({"T07"})),))
    assert one.wrong == []
    assert one.found[0][1] is None


def test_hit_on_the_words_of_a_right_one_is_on_the_same_card() -> None:
    said = (Said("T08"),)
    whole, part, other = hit("T08"), hit("C05", start_s=1.5, end_s=2.0), hit("C05", start_s=1.8, end_s=3.0)
    assert judged(whole, part, said=said).wrong == []
    assert judged(part, said=said).wrong == [part]
    assert judged(whole, other, said=said).wrong == [other]


def test_hit_in_an_innocent_recording_is_wrong() -> None:
    figures = score([judged(hit("T02")), judged()])
    assert (figures["innocent"], figures["innocent_raised"], figures["wrong"]) == (2, 1, 1)
    assert figures["wrong_per_hour"] == 500.0
    assert figures["precision"] == 0.0


def test_conversation_wants_a_hit_at_its_place() -> None:
    said = (Said("T02", start_s=10.0, end_s=11.0), Said("T02", start_s=20.0, end_s=21.0))
    one = judged(hit("T02", start_s=10.2, end_s=11.1), hit("T02", start_s=15.0, end_s=16.0), said=said,
                 kind="conversation", role="both")  # fmt: skip
    assert [found is not None for _, found in one.found] == [True, False]
    assert [wrong.start_s for wrong in one.wrong] == [15.0]


def test_visitors_words_held_against_the_clerk_are_told() -> None:
    speakers = (("staff", 0.0, 5.0), ("visitor", 5.0, 9.0))
    one = judged(hit("T02", start_s=4.5, end_s=6.5), hit("T06", start_s=1.0, end_s=2.0), kind="conversation",
                 role="both", speakers=speakers)  # fmt: skip
    assert [raised.rule_id for raised in one.by_visitor()] == ["T02"]
    assert score([judged(hit("T02"), role="visitor")])["visitor_raised"] == 1


def test_rules_are_counted_by_what_was_said_and_by_what_was_raised() -> None:
    away = hit("T09", start_s=4.0, end_s=5.0)
    rules = by_rule([judged(hit("T02"), away, said=(Said("T02"),)), judged(said=(Said("T02"),))])
    assert rules["T02"] == {"phrases": 2, "found": 1, "recall": 0.5, "wrong": 0, "wrong_per_hour": 0.0}
    assert rules["T09"]["wrong"] == 1
    assert rules["T09"]["recall"] is None


def test_higher_bar_finds_less_and_raises_less() -> None:
    readings = [
        judged(hit("T02", confidence=0.6), said=(Said("T02"),)).reading,
        judged(hit("T02", confidence=0.8), said=(Said("T02"),)).reading,
        judged(hit("T02", confidence=0.7)).reading,
        judged(kind="background").reading,
    ]
    points = {one["least_confidence"]: (one["recall"], one["innocent_rate"]) for one in trade_off(readings)}
    assert points == {0.0: (1.0, 1.0), 0.6: (1.0, 1.0), 0.7: (0.5, 1.0), 0.8: (0.5, 0.0)}


def outcome(found: int, *false_alarms: str, missed: tuple[str, ...] = ()) -> Outcome:
    return Outcome(phrases=100, found=found, false_alarms=false_alarms, missed=missed, conditions={})


BASELINE = outcome(90, "a T01", missed=("b T02",)).as_table()


@pytest.mark.parametrize("now", [outcome(90, "a T01"), outcome(88, "c T03"), outcome(100)])
def test_what_is_no_worse_passes(now: Outcome) -> None:
    assert regressions(now, BASELINE) == []


def test_lower_recall_fails_and_names_what_was_lost() -> None:
    (told,) = regressions(outcome(87, "a T01", missed=("b T02", "d T04")), BASELINE)
    assert "0.870" in told
    assert "d T04" in told
    assert "b T02" not in told


def test_one_more_false_alarm_fails_and_is_named() -> None:
    (told,) = regressions(outcome(90, "a T01", "e T05"), BASELINE)
    assert "e T05" in told


def test_other_recordings_need_another_baseline() -> None:
    now = Outcome(phrases=101, found=101, false_alarms=(), missed=(), conditions={})
    assert "--update" in regressions(now, BASELINE)[0]


def test_baseline_belongs_to_the_recordings() -> None:
    baseline = check.load_baseline()
    assert baseline["phrases"] == sum(len(clip.said) for clip in check.fixed_clips())


def test_sets_in_either_form_are_read(tmp_path: Path) -> None:
    lines = [
        {"file": "a.wav", "text": "x", "rule_id": "T01", "phrase_end_s": 1.5, "place": "exact"},
        {"file": "b.wav", "text": "x", "rule_ids": [], "role": "visitor", "condition": "far"},
        {"file": "c.wav", "text": "x", "kind": "class", "phrases": [
            {"rule_id": "C01", "form": "class", "start_s": 0.5, "end_s": 1.0, "place": "estimated"}]},
    ]  # fmt: skip
    table = tmp_path / "set.jsonl"
    table.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    first, second, third = clips_of(table)
    assert (first.rule_ids, first.is_end_exact, first.kind) == ((("T01", 1.5),), True, "phrase")
    assert (second.kind, second.role, second.condition, second.file) == (
        "innocent", "visitor", "far", tmp_path / "b.wav",
    )  # fmt: skip
    assert (third.said[0].start_s, third.is_end_exact) == (0.5, False)
