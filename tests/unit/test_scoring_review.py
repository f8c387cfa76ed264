"""Decisions: what may be done when and by whom, how a finding comes to stand, and what is learnt from it."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace
from typing import get_args

import pytest

from deskguard.errors import DeskguardError
from deskguard.scoring.agreement import agreement, kappa
from deskguard.scoring.counter_examples import counter_examples, pack_lines
from deskguard.scoring.identity import recognised
from deskguard.scoring.policy import Policy
from deskguard.scoring.review import Act, Deadlines, Decision, Standing, check, fold, reviewers, standings
from scoring_values import a_finding, a_recording, decision, manner, missing

FINDING = a_finding()
ALLOWED = {
    (): {"confirm": "confirmed", "reject": "rejected", "appeal": "appealed", "acknowledge": "proposed"},
    ("confirm",): {"appeal": "appealed", "acknowledge": "confirmed"},
    ("reject",): {},
    ("appeal",): {"uphold": "upheld", "overturn": "overturned"},
    ("confirm", "appeal"): {"uphold": "upheld", "overturn": "overturned"},
    ("confirm", "appeal", "uphold"): {"acknowledge": "upheld"},
    ("confirm", "appeal", "overturn"): {},
}


def by_turns(acts: tuple[Act, ...]) -> list[Decision]:
    """Decisions by a different person each, the clerk's by the clerk."""
    return [
        decision(FINDING, act, "c1" if act in ("appeal", "acknowledge") else f"p{at}")
        for at, act in enumerate(acts)
    ]


def refusal(made: list[Decision], next_one: Decision) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        check(FINDING, fold(made), next_one)
    return caught.value


@pytest.mark.parametrize(
    ("before", "act"), list(itertools.product(ALLOWED, get_args(Act))), ids=lambda one: "-".join(one) or "new"
)
def test_only_what_is_next_may_be_done(before: tuple[Act, ...], act: Act) -> None:
    made = by_turns(before)
    after = by_turns((*before, act))
    state = ALLOWED[before].get(act)
    if state is None:
        error = refusal(made, after[-1])
        assert error.code == "not-allowed"
        assert fold(made).state in error.problem
        # What was written all the same, by whatever means, changes nothing.
        assert fold(after).state == fold(made).state
    else:
        check(FINDING, fold(made), after[-1])
        assert fold(after).state == state


def test_a_refusal_says_what_can_be_done() -> None:
    assert "confirm, reject, appeal, acknowledge" in refusal([], decision(FINDING, "uphold")).remedy
    assert "end of it" in refusal(by_turns(("reject",)), decision(FINDING, "appeal", "c1")).remedy


def test_an_appeal_is_for_somebody_who_has_not_decided_yet() -> None:
    made = [decision(FINDING, "confirm", "li"), decision(FINDING, "appeal", "c1")]
    assert refusal(made, decision(FINDING, "uphold", " li ")).code == "same-reviewer"
    check(FINDING, fold(made), decision(FINDING, "uphold", "wang"))


def test_nobody_decides_on_findings_against_himself() -> None:
    assert refusal([], decision(FINDING, "reject", "c1")).code == "own-finding"
    check(FINDING, Standing(), decision(FINDING, "acknowledge", "c1"))


@pytest.mark.parametrize("act", ["reject", "appeal", "uphold", "overturn"])
def test_what_changes_a_finding_wants_a_reason(act: Act) -> None:
    assert refusal([], decision(FINDING, act, "li", why="  ")).code == "no-reason"


def test_somebody_must_be_named() -> None:
    assert refusal([], decision(FINDING, "confirm", " ")).code == "no-reviewer"


def test_after_the_deadline_there_is_no_appeal() -> None:
    made = [decision(FINDING, "confirm")]
    in_time, too_late = "2026-12-04T12:00:00+00:00", "2026-12-04T12:00:01+00:00"
    check(FINDING, fold(made), decision(FINDING, "appeal", "c1", at_utc=in_time))
    error = refusal(made, decision(FINDING, "appeal", "c1", at_utc=too_late))
    assert error.code == "appeal-too-late"
    assert "2026-12-04" in error.problem
    with_more = Deadlines(appeal_days=11)
    check(FINDING, fold(made, with_more), decision(FINDING, "appeal", "c1", at_utc=too_late), with_more)


def test_deadlines_run_from_the_decision_before() -> None:
    examined = "2026-11-24T06:00:00+08:00"
    assert fold([], examined_utc=examined).due_utc == "2026-11-30T22:00:00+00:00"
    assert fold([]).due_utc == ""
    made = by_turns(("confirm", "appeal"))
    assert fold(made[:1]).due_utc == fold(made).due_utc == "2026-12-04T12:00:00+00:00"
    assert fold(by_turns(("reject",))).due_utc == ""
    late = fold([], examined_utc=examined)
    assert late.is_late("2026-12-01T00:00:00+00:00")
    assert not late.is_late("2026-11-30T23:00:00+01:00")


def test_the_standing_says_whether_machine_or_person_says_so() -> None:
    assert fold([]).source == "machine"
    assert fold([decision(FINDING, "acknowledge", "c1")]).source == "machine"
    assert fold([decision(FINDING, "confirm")]).source == "person"


def test_whoever_appeals_does_not_acknowledge() -> None:
    made = [decision(FINDING, "acknowledge", "c1")]
    assert fold(made).is_acknowledged
    assert not fold([*made, decision(FINDING, "appeal", "c1")]).is_acknowledged


def test_every_decision_stays_in_the_history() -> None:
    made = by_turns(("confirm", "acknowledge", "appeal", "overturn"))
    standing = fold(made)
    assert standing.decisions == tuple(made)
    assert reviewers(standing) == ["p0", "p3"]


def test_standings_are_by_finding() -> None:
    other = a_finding("T09", 99_000)
    found = standings(
        [decision(FINDING, "confirm"), decision(other, "reject")],
        examined_utc={FINDING.finding_id: "2026-11-24T00:00:00+00:00", "third": "2026-11-24T00:00:00+00:00"},
    )
    assert {name: one.state for name, one in found.items()} == {
        FINDING.finding_id: "confirmed",
        other.finding_id: "rejected",
        "third": "proposed",
    }


def test_kappa_is_that_of_the_textbook() -> None:
    # Cohen's own example of two judges: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([(1, 1), (0, 0)]) == 1.0
    assert kappa([(1, 0), (0, 1)]) == -1.0
    assert kappa([(1, 1), (1, 1)]) is None
    assert kappa([]) is None


def test_agreement_is_over_what_people_have_decided() -> None:
    sure = [a_finding("T01", 100_000 * number) for number in range(4)]
    doubtful = [a_finding("T02", 100_000 * number, confidence=0.4) for number in range(3)]
    made = [decision(one, "confirm") for one in [*sure[:3], doubtful[0]]]
    made += [decision(one, "reject") for one in doubtful[1:]]
    made += [decision(sure[2], "appeal", "c1"), decision(sure[2], "overturn", "wang")]
    made += [decision(sure[3], "appeal", "c1")]
    found = agreement([*sure, *doubtful], standings(made), Policy())
    assert (found.decided, found.right, found.agreed) == (6, 3, 4)
    assert found.kappa == pytest.approx(1 / 3)
    assert (found.appeals, found.overturned) == (1, 1)
    assert [(one.rule_id, one.right, one.decided) for one in found.rules] == [("T01", 2, 3), ("T02", 1, 3)]
    assert found.rules[0].precision == pytest.approx(2 / 3)
    assert found.rules[0].low < 2 / 3 < found.rules[0].high


def test_overturned_findings_are_offered_as_counter_examples() -> None:
    overturned = [
        a_finding("T02", 99, evidence='您要是"不知道"怎么填'),
        a_finding("T02", 9_999, evidence="我知道"),
    ]
    rejected, missed = a_finding("T01", evidence="知不知道"), missing()
    appeal = [decision(one, "appeal", "c1") for one in [*overturned, missed]]
    made = [
        *appeal,
        *(decision(one, "overturn") for one in [*overturned, missed]),
        decision(rejected, "reject"),
    ]
    everything = [*overturned, replace(overturned[0], finding_id="twin"), rejected, missed, manner()]
    found = counter_examples(everything, standings(made))
    assert set(found) == {"T02"}
    assert set(found["T02"]) == {'您要是"不知道"怎么填', "我知道"}
    with_rejected = counter_examples(everything, standings(made), rejected=True)
    assert with_rejected["T01"] == ["知不知道"]


def test_the_lines_of_counter_examples_can_be_put_into_a_pack() -> None:
    texts = ['他说"不知道"', "反斜线\\和\x7f", "普通的话"]
    lines = pack_lines({"T02": texts})
    assert tomllib.loads("\n".join(lines))["counter_examples"] == texts
    assert pack_lines({}) == []


def test_what_is_found_again_a_little_aside_is_the_same_finding() -> None:
    known = [a_finding("T01", 16_000), a_finding("T01", 64_000), a_finding("T02", 16_000)]
    found = [
        a_finding("T01", 64_700),
        a_finding("T01", 17_000, length=15_000),
        a_finding("T01", 200_000),
        a_finding("T09", 16_000),
    ]
    again = recognised(found, known)
    assert [one.finding_id for one in again] == [
        known[1].finding_id,
        known[0].finding_id,
        found[2].finding_id,
        found[3].finding_id,
    ]
    assert [one.start_sample for one in again] == [one.start_sample for one in found]


def test_what_is_missing_is_recognised_though_it_has_no_length() -> None:
    known, found = missing("K.bye", 16_000, length=0), missing("K.bye", 17_000, length=0)
    assert recognised([found], [known])[0].finding_id == known.finding_id
    far = missing("K.bye", 32_000, length=0)
    assert recognised([far], [known])[0].finding_id == far.finding_id


def test_of_two_near_ones_the_nearest_is_the_same_and_the_other_is_new() -> None:
    known = [a_finding("T01", 16_000)]
    near, nearer = a_finding("T01", 20_000), a_finding("T01", 15_000)
    again = recognised([near, nearer], known)
    assert [one.finding_id for one in again] == [near.finding_id, known[0].finding_id]


def test_recognising_does_not_look_at_what_recording_says_of_window_or_clerk() -> None:
    known = a_finding("T01", 16_000)
    moved = a_finding("T01", 16_100, recording=a_recording(window="w9", clerk=""))
    assert recognised([moved], [known])[0].finding_id == known.finding_id
