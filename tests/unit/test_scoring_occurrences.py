"""Findings to occurrences: nothing is taken twice, and nothing counts before it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deskguard.scoring.card_files import find_card
from deskguard.scoring.occurrences import occurrences, same_words
from deskguard.scoring.policy import Policy
from deskguard.scoring.review import standings
from scoring_values import a_card, a_finding, a_recording, a_section, an_item, decision, manner, missing, said

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.scoring.review import Decision
    from deskguard.scoring.values import Finding

CARD = find_card("recommended")


def told(*findings: Finding, decisions: tuple[Decision, ...] = (), policy: Policy | None = None) -> list[tuple]:  # type: ignore[type-arg]
    found = occurrences(findings, standings(decisions), CARD, policy or Policy())
    return [(one.item_id, one.lead.rule_id, one.waiting) for one in found]


def test_a_sure_phrase_counts_by_the_machine() -> None:
    (found,) = occurrences([a_finding()], {}, CARD, Policy())
    assert (found.item_id, found.waiting, found.source, found.is_counted) == ("grave", None, "machine", True)


@pytest.mark.parametrize(
    ("more", "waiting"),
    [
        ({"confidence": 0.79}, "low-confidence"),
        ({"needs_person": True}, "needs-person"),
        ({"role": "unknown"}, "unknown-role"),
        ({"kind": "threat", "rule_id": "C04"}, "fatal"),
    ],
)
def test_what_is_doubtful_waits_for_a_person_and_says_why(more: dict[str, object], waiting: str) -> None:
    assert told(a_finding(**more))[0][2] == waiting


def test_the_threshold_itself_is_enough() -> None:
    assert told(a_finding(confidence=0.8))[0][2] is None


def test_where_only_the_clerk_is_heard_an_unknown_role_may_count() -> None:
    assert told(a_finding(role="unknown"), policy=Policy(counts_unknown_role=True))[0][2] is None


def test_an_item_of_the_card_may_want_a_person_or_its_own_threshold(tmp_path: Path) -> None:
    items = (an_item("a", 1, review="true"), an_item("b", 2, select='{rules = ["T01"]}', min_confidence="0.99"))
    card = a_card(tmp_path, a_section(*items))
    found = occurrences([a_finding("T09"), a_finding("T01", 64_000)], {}, card, Policy())
    assert [(one.item_id, one.waiting) for one in found] == [("a", "item-review"), ("b", "low-confidence")]


def test_a_person_makes_it_count_or_go() -> None:
    finding = a_finding(confidence=0.3)
    (yes,) = occurrences([finding], standings([decision(finding, "confirm")]), CARD, Policy())
    assert (yes.waiting, yes.source) == (None, "person")
    assert told(finding, decisions=(decision(finding, "reject"),)) == []


def test_while_an_appeal_runs_nothing_counts() -> None:
    finding = a_finding()
    made = (decision(finding, "appeal", "c1"),)
    assert told(finding, decisions=made)[0][2] == "appealed"
    assert told(finding, decisions=(*made, decision(finding, "overturn"))) == []
    assert told(finding, decisions=(*made, decision(finding, "uphold")))[0][2] is None


def test_what_the_visitor_says_is_nobodys_fault() -> None:
    assert told(a_finding(role="visitor"), manner(role="visitor")) == []


def test_a_remark_costs_nothing_unless_a_person_says_so() -> None:
    remark = a_finding(softened=True, severity="low")
    assert told(remark) == []
    assert told(remark, decisions=(decision(remark, "confirm"),)) == [("light", "T03", None)]


def test_the_same_words_count_once_under_what_takes_most() -> None:
    inner = a_finding("T02", 20_000, length=8_000, severity="low")
    outer = a_finding("T03", 18_000, length=40_000)
    (found,) = occurrences([inner, outer], {}, CARD, Policy())
    assert (found.item_id, [one.rule_id for one in found.findings]) == ("grave", ["T03", "T02"])


def test_a_fatal_suspicion_holds_back_the_lesser_reading_of_the_same_words() -> None:
    sure, fatal = a_finding("C02", kind="quarrel"), a_finding("C03", kind="insult")
    assert told(sure, fatal) == [("fatal", "C03", "fatal")]
    assert told(sure, fatal, decisions=(decision(fatal, "reject"),)) == [("grave", "C02", None)]
    assert told(sure, fatal, decisions=(decision(fatal, "confirm"),)) == [("fatal", "C03", None)]


def test_words_that_only_touch_are_two_occurrences() -> None:
    first, second = a_finding("T03", 0, length=16_000), a_finding("T09", 8_000, length=16_000)
    assert len(told(first, second)) == 2
    assert len(told(first, a_finding("T09", 6_000, length=16_000))) == 1


def test_two_speakers_or_two_recordings_are_never_the_same_words() -> None:
    by_other = a_finding("T09", role="unknown")
    elsewhere = a_finding("T09", recording=a_recording("r2"))
    assert len(list(same_words([a_finding(), by_other, elsewhere]))) == 3


def test_courtesy_and_manner_are_never_the_same_words() -> None:
    assert len(told(a_finding(), missing(start=16_000), manner(start=16_000))) == 3


def test_a_said_courtesy_is_never_held_against_anybody(tmp_path: Path) -> None:
    items = (
        an_item("a", 1, select='{acts = ["K.*"], clauses = ["*"]}'),
        an_item("b", gives="{value = 1, why = 'x'}", select='{acts = ["K.*"]}'),
    )
    card = a_card(tmp_path, a_section(*items))
    found = occurrences([missing("K.bye"), said("K.bye", 99)], {}, card, Policy())
    assert [(one.item_id, one.lead.kind) for one in found] == [
        ("a", "courtesy-missing"),
        ("b", "courtesy-said"),
    ]


def test_a_section_for_named_windows_finds_nothing_elsewhere(tmp_path: Path) -> None:
    named = a_section(an_item("a", 1), applies='"named"', windows='["ct-*"]')
    card = a_card(tmp_path, named)
    there, elsewhere = a_recording(window="ct-2"), a_recording(window="w1")
    assert len(occurrences([a_finding(recording=there)], {}, card, Policy())) == 1
    assert occurrences([a_finding(recording=elsewhere)], {}, card, Policy()) == []


def test_what_the_card_is_not_about_is_left_out(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1, select='{manner = ["loud"]}')))
    found = occurrences([a_finding(), manner("loud"), manner("fast", 5)], {}, card, Policy())
    assert [one.lead.rule_id for one in found] == ["manner.loud"]
