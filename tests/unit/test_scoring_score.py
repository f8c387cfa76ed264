"""Scores: points, caps, weights, bonus, fatal items, grades, ratings, means, and what a score does not say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from deskguard.errors import DeskguardError
from deskguard.scoring.card_files import find_card
from deskguard.scoring.imported import Counted, Imports, Rated
from deskguard.scoring.periods import parse_period, period_of
from deskguard.scoring.points import hundredths, points_text, rounded
from deskguard.scoring.policy import Policy, policy_of
from deskguard.scoring.results import Night, scores, several_scores
from deskguard.scoring.review import standings
from deskguard.scoring.values import Exposure
from deskguard.settings import ScoringSettings
from scoring_values import (
    DAY,
    GRADES,
    HEADER,
    HOUR,
    a_card,
    a_finding,
    a_recording,
    a_section,
    an_exposure,
    an_item,
    decision,
    figure,
    manner,
    missing,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.scoring.periods import Per
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.tally import By
    from deskguard.scoring.values import Finding

MONTH = period_of(DAY, "month")


def night(*findings: Finding, exposure: Exposure | None = None, **more: object) -> Night:
    """A night whose recordings are those of the findings and r1, each with the same exposure."""
    recordings = {one.sha256: one for one in [a_recording(), *(found.recording for found in findings)]}
    parts = tuple((one, exposure or an_exposure()) for one in recordings.values())
    return Night(parts=parts, findings=findings, **more)  # type: ignore[arg-type]


def one_score(card: Scorecard, *findings: Finding, policy: Policy | None = None, **more: object) -> Score:
    (found,) = scores(night(*findings, **more), card, policy or Policy(), "hall", "month")  # type: ignore[arg-type]
    return found


def several(count: int, **more: object) -> list[Finding]:
    return [a_finding(start=100_000 * number, visit_id=f"v{number}", **more) for number in range(count)]


def test_each_occurrence_takes_its_points(tmp_path: Path) -> None:
    score = one_score(a_card(tmp_path, a_section(an_item("a", 1.5))), *several(3))
    assert (score.points.counted, score.full) == (9_550, 10_000)
    (item,) = score.items
    assert (item.units.counted, item.points.counted, item.is_capped) == (3, -450, False)
    assert item.units.findings == tuple(one.finding_id for one in several(3))


def test_an_item_takes_no_more_than_its_cap(tmp_path: Path) -> None:
    score = one_score(a_card(tmp_path, a_section(an_item("a", 1, cap=figure(2)))), *several(5))
    assert (score.points.counted, score.items[0].points.counted, score.items[0].is_capped) == (
        9_800,
        -200,
        True,
    )
    assert score.items[0].units.counted == 5


def test_a_section_is_never_below_zero_and_says_what_was_let_off(tmp_path: Path) -> None:
    card = a_card(
        tmp_path,
        a_section(an_item("a", 6), points=10),
        a_section(an_item("b", 1, select='{manner = ["*"]}'), section_id="two", points=90),
    )
    score = one_score(card, *several(3), manner())
    assert [(one.section.section_id, one.points.counted, one.lift.counted) for one in score.sections] == [
        ("one", 0, 800),
        ("two", 8_900, 0),
    ]
    assert score.points.counted == 8_900


@pytest.mark.parametrize(
    ("per", "taken"), [("occurrence", 4), ("visit", 3), ("day", 2), ("period", 1), ("100-visits", 5)]
)
def test_items_count_what_they_say(tmp_path: Path, per: str, taken: int) -> None:
    """Four occurrences: two in one visit, two others in two visits, on two days, of 80 visits."""
    later = a_recording("r2", day=date(2026, 11, 24))
    findings = [
        a_finding(start=0, visit_id="v1"),
        a_finding(start=50_000, visit_id="v1"),
        a_finding(start=90_000, visit_id="v2"),
        a_finding(start=0, visit_id="v1", recording=later),
    ]
    card = a_card(tmp_path, a_section(an_item("a", 1, per=f'"{per}"')))
    assert one_score(card, *findings).points.counted == 10_000 - 100 * taken


def test_few_visits_are_reckoned_as_the_small_sample_they_are(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 3, per='"100-visits"')))
    score = one_score(card, a_finding(), exposure=an_exposure(visits=2))
    # As if in 30 visits: 3 points * 100 / 30.
    assert score.points.counted == 9_000
    assert score.basis.is_small


def test_outside_of_visits_every_occurrence_is_one_of_its_own(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1, per='"visit"')))
    assert one_score(card, *(replace(one, visit_id="") for one in several(3))).points.counted == 9_700


def test_a_base_is_what_sections_take_from_and_never_falls_below_zero(tmp_path: Path) -> None:
    header = HEADER + f"base = {figure(10)}\n"
    capped = a_section(an_item("a", 6), points=None, cap=figure(8))
    free = a_section(an_item("b", 5, select='{manner = ["*"]}'), section_id="two", points=None)
    card = a_card(tmp_path, capped, free, header=header)
    score = one_score(card, *several(3))
    assert (score.base, score.points.counted, score.sections[0].points.counted) == (1_000, 200, -800)
    score = one_score(card, *several(3), manner())
    assert (score.points.counted, score.lift.counted) == (0, 300)


def test_weights_are_shares_of_sections_out_of_a_hundred(tmp_path: Path) -> None:
    card = a_card(
        tmp_path,
        a_section(an_item("a", 7), points=None, weight=figure(30)),
        a_section(an_item("b", 1, select='{manner = ["*"]}'), section_id="two", points=None, weight=figure(70)),
    )
    score = one_score(card, a_finding())
    assert [(one.earned.counted, one.points.counted) for one in score.sections] == [
        (9_300, 2_790),
        (10_000, 7_000),
    ]
    assert (score.points.counted, score.full) == (9_790, 10_000)


def test_bonus_goes_beyond_the_whole_up_to_its_cap(tmp_path: Path) -> None:
    bonus = an_item("b", gives=figure(2), cap=figure(3), select='{acts = ["K.*"]}')
    card = a_card(tmp_path, a_section(an_item("a", 1), bonus))
    score = one_score(card, said("K.a", 1), said("K.b", 2))
    assert (score.points.counted, score.items[1].points.counted) == (10_300, 300)


def test_what_waits_for_a_person_is_told_and_does_not_count(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 2)), GRADES)
    sure, doubtful = a_finding(start=0), several(6, confidence=0.4)[1:]
    score = one_score(card, sure, *doubtful)
    assert (score.points.counted, score.points.if_confirmed) == (9_800, 8_800)
    assert (score.grade, score.grade_if_confirmed) == ("优秀", "称职")
    assert score.waiting == 5
    assert score.items[0].units.waiting == tuple(one.finding_id for one in doubtful)


def test_confirming_and_rejecting_scores_anew(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 2)))
    doubtful = several(2, confidence=0.4)
    decided = standings([decision(doubtful[0], "confirm"), decision(doubtful[1], "reject")])
    score = one_score(card, *doubtful, standings=decided)
    assert (score.points.counted, score.points.if_confirmed, score.waiting) == (9_800, 9_800, 0)


def test_a_score_says_how_much_of_it_a_person_has_confirmed(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 2)))
    findings = several(3)
    score = one_score(card, *findings, standings=standings([decision(findings[1], "confirm")]))
    assert (score.by_machine, score.by_person) == (2, 1)
    assert score.items[0].units.by_person == (findings[1].finding_id,)


def test_a_fatal_item_decides_the_grade_once_a_person_confirms_it() -> None:
    card, insult = find_card("recommended"), a_finding("C03", kind="insult")
    score = one_score(card, insult)
    assert (score.grade, score.fatal_confirmed, score.fatal_waiting, score.passed) == ("优秀", 0, 1, True)
    assert score.grade_if_confirmed == "不称职"
    score = one_score(card, insult, standings=standings([decision(insult, "confirm")]))
    assert (score.grade, score.fatal_confirmed, score.fatal_waiting, score.passed) == ("不称职", 1, 0, False)
    assert score.points.counted == 5_500


def test_grades_begin_at_their_points(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 5)), GRADES)
    assert [one_score(card, *several(count)).grade for count in (2, 3, 5, 6, 8, 9)] == [
        "优秀", "称职", "称职", "基本称职", "基本称职", "不称职",
    ]  # fmt: skip


def test_a_pass_rule_wants_all_that_it_says(tmp_path: Path) -> None:
    rule = f"[pass]\ntotal = {figure(60)}\n[pass.sections]\none = {figure(40)}\n"
    other = a_section(an_item("b", 1, select='{manner = ["*"]}'), section_id="two", points=50)
    card = a_card(tmp_path, a_section(an_item("a", 5), points=50), other, rule)
    assert [one_score(card, *several(count)).passed for count in (2, 3, 20)] == [True, False, False]


def test_people_count_what_cannot_be_heard(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 2, people="true")))
    score = one_score(card)
    assert (score.items[0].is_assessed, score.points.counted) == (False, 10_000)
    seen = Imports(counts=(Counted(item_id="a", window_id="w1", period=parse_period("2026-11-03"), count=2),))
    score = one_score(card, imports=seen)
    assert (score.items[0].is_assessed, score.items[0].people, score.points.counted) == (True, 2, 9_600)
    nothing = replace(seen, counts=(replace(seen.counts[0], count=0),))
    assert one_score(card, imports=nothing).items[0].is_assessed
    other_month = replace(seen, counts=(replace(seen.counts[0], period=parse_period("2026-10")),))
    assert one_score(card, imports=other_month).points.counted == 10_000
    whole_year = replace(seen, counts=(replace(seen.counts[0], period=parse_period("2026")),))
    assert one_score(card, imports=whole_year).points.counted == 10_000


RATED = '[[rating]]\nid = "stars"\nname = "群众评价"\nlowest = 1.0\nhighest = 5.0\n'


def rated(value: float, period: str = "2026-11", count: int = 1, window: str = "w1") -> Rated:
    return Rated(
        rating_id="stars", window_id=window, period=parse_period(period), value=hundredths(value), count=count
    )


def test_a_rating_is_a_share_of_its_section(tmp_path: Path) -> None:
    card = a_card(
        tmp_path,
        a_section(an_item("a", 2), points=80),
        a_section(section_id="stars", points=20, rating='"stars"'),
        RATED,
        GRADES,
    )
    score = one_score(card, a_finding(), imports=Imports(ratings=(rated(5, count=3), rated(1))))
    assert (score.sections[1].points.counted, score.points.counted, score.grade) == (1_500, 9_300, "优秀")
    assert (score.ratings[0].mean, score.ratings[0].people) == (400, 4)


def test_without_its_rating_a_score_has_no_grade_and_says_so(tmp_path: Path) -> None:
    stars = a_section(section_id="stars", points=20, rating='"stars"')
    card = a_card(tmp_path, a_section(an_item("a", 2), points=80), stars, RATED, GRADES)
    score = one_score(card)
    assert (score.grade, score.withheld, score.passed) == (None, ("rating-missing",), None)
    assert score.points.counted == 8_000


def test_a_rating_of_the_year_stands_in_for_a_month_without_one() -> None:
    imports = Imports(ratings=(rated(4, "2026"), rated(2, "2026-10")))
    assert imports.rated("stars", MONTH) == (400, 1)
    assert imports.rated("stars", parse_period("2026-10")) == (200, 1)
    assert imports.rated("stars", parse_period("2027-01")) is None
    assert imports.of("w2", "window") == Imports()


def test_what_is_told_by_window_and_by_clerk_counts_once_for_the_hall() -> None:
    by_window = Counted(item_id="a", window_id="w1", period=MONTH, count=2)
    by_clerk = [Counted(item_id=name, clerk_id="c1", period=MONTH, count=3) for name in ("a", "b")]
    hall = Imports(counts=(by_window, *by_clerk)).of("", "hall")
    assert [hall.count(name, MONTH) for name in ("a", "b")] == [2, 3]


def test_ratings_that_a_card_gives_no_points_are_told_beside_it() -> None:
    score = one_score(find_card("recommended"))
    assert [(one.rating_id, one.mean) for one in score.ratings] == [("visitor", None), ("peer", None)]
    assert score.grade == "优秀"


def test_windows_and_clerks_each_have_their_own_score_in_the_order_of_names(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1)))
    there = a_recording("r2", window="w0", clerk="c2")
    found = scores(night(a_finding(recording=there)), card, Policy(), "window", "month")
    assert [(one.subject, one.points.counted, one.place) for one in found] == [
        ("w0", 9_900, None),
        ("w1", 10_000, None),
    ]
    assert [one.subject for one in scores(night(), card, Policy(), "clerk", "month")] == ["c1"]


def test_several_ways_of_looking_give_what_each_gives(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1)), GRADES)
    whole = night(*several(3), a_finding(recording=a_recording("r2", window="w0", clerk="c2")))
    ways: list[tuple[By, Per]] = [("hall", "day"), ("window", "month"), ("clerk", "year"), ("clerk", "week")]
    together = several_scores(whole, card, Policy(), ways)
    assert together == {way: scores(whole, card, Policy(), *way) for way in ways}


def test_places_are_told_only_where_that_is_switched_on_and_never_to_small_samples(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1)))
    recordings = [a_recording(f"r{number}", window=f"w{number}") for number in range(1, 5)]
    parts = tuple((one, an_exposure(visits=40 if one.window_id != "w4" else 3)) for one in recordings)
    findings = (a_finding(recording=recordings[1]),)
    found = scores(Night(parts=parts, findings=findings), card, Policy(ranks=True), "window", "month")
    assert [(one.subject, one.place) for one in found] == [("w1", 1), ("w2", 3), ("w3", 1), ("w4", None)]


def test_rates_stand_beside_the_points_with_their_intervals(tmp_path: Path) -> None:
    score = one_score(a_card(tmp_path, a_section(an_item("a", 1))), *several(10))
    rate = score.basis.per_visit
    assert (rate.count, rate.exposure, rate.value) == (10, 40, 0.25)
    assert rate.low == pytest.approx(4.7954 / 40, abs=1e-5)
    assert rate.high == pytest.approx(18.3904 / 40, abs=1e-5)
    assert score.basis.per_speech_hour.value == 5.0
    assert score.items[0].rate.value == 0.25


@pytest.mark.parametrize(("visits", "hours", "is_small"), [(30, 1.0, False), (29, 1.0, True), (30, 0.99, True)])
def test_a_small_sample_is_said_to_be_small(tmp_path: Path, visits: int, hours: float, is_small: bool) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1)))
    assert one_score(card, exposure=an_exposure(visits, hours)).basis.is_small is is_small


def test_nothing_heard_has_no_rate(tmp_path: Path) -> None:
    rate = one_score(a_card(tmp_path, a_section(an_item("a", 1))), exposure=Exposure()).basis.per_visit
    assert (rate.value, rate.low, rate.high) == (None, None, None)


def test_a_day_is_reckoned_alike_and_has_no_grade(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 1, cap=figure(2))), GRADES)
    later = a_recording("r2", day=date(2026, 11, 24))
    findings = [*several(3), a_finding(recording=later)]
    days = scores(night(*findings), card, Policy(), "hall", "day")
    assert [(one.period.name, one.points.counted, one.grade, one.withheld) for one in days] == [
        ("2026-11-23", 9_800, None, ("shorter-than-card",)),
        ("2026-11-24", 9_900, None, ("shorter-than-card",)),
    ]
    (month,) = scores(night(*findings), card, Policy(), "hall", "month")
    assert (month.points.counted, month.grade, month.items[0].units.counted) == (9_800, "优秀", 4)


def test_a_year_is_the_mean_of_its_months_each_with_its_own_caps(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 10, cap=figure(30))), GRADES)
    october = a_recording("r2", day=date(2026, 10, 9))
    findings = [*several(5), a_finding(recording=october)]
    (year,) = scores(night(*findings), card, Policy(), "hall", "year")
    assert [(one.period.name, one.points.counted) for one in year.parts] == [
        ("2026-10", 9_000),
        ("2026-11", 7_000),
    ]
    assert (year.points.counted, year.grade) == (8_000, "称职")
    assert year.items[0].units.counted == 6
    assert year.basis.exposure.visits == 80


def test_a_mean_of_floored_months_adds_up(tmp_path: Path) -> None:
    card = a_card(
        tmp_path, a_section(an_item("a", 33.33), points=None), header=HEADER + f"base = {figure(100)}\n"
    )
    months = [a_recording(f"m{month}", day=date(2026, month, 1)) for month in (1, 2, 3)]
    findings = [a_finding(start=100_000 * number, recording=months[0]) for number in range(5)]
    parts = tuple((one, an_exposure()) for one in months)
    (year,) = scores(Night(parts=parts, findings=tuple(findings)), card, Policy(), "hall", "year")
    assert year.points.counted == 6_667
    assert year.base + year.sections[0].points.counted + year.lift.counted == year.points.counted


def test_a_department_counts_for_its_windows_only(tmp_path: Path) -> None:
    common = a_section(an_item("a", 2), points=50)
    named = a_section(
        an_item("b", 2, people="true"), section_id="ct", points=50, applies='"named"', windows='["ct-*"]'
    )
    card = a_card(tmp_path, common, named)
    parts = tuple((a_recording(name, window=name), an_exposure()) for name in ("ct-1", "w1"))
    found = scores(Night(parts=parts), card, Policy(), "window", "month")
    assert [(one.subject, one.full) for one in found] == [("ct-1", 10_000), ("w1", 5_000)]


def test_a_card_with_blanks_is_not_used() -> None:
    with pytest.raises(DeskguardError, match="base"):
        scores(night(), find_card("s003.d12"), Policy(), "hall", "year")


def test_the_hospital_card_takes_what_it_prints() -> None:
    card = find_card("s004.d04")
    put_off = a_finding(
        "C01", kind="deflection", clauses=(replace(a_finding().clauses[0], clause="s004.d04.1.2"),)
    )
    chat = manner("private-chat", clauses=(replace(a_finding().clauses[0], clause="s004.d04.1.1.c"),))
    score = one_score(card, put_off, replace(put_off, finding_id="x", start_sample=0, end_sample=9), chat)
    taken = {one.item.item_id: one.points.counted for one in score.items if one.points.counted}
    assert taken == {"1.1.c": -200, "1.2": -200}
    assert (score.points.counted, score.full, score.grade, score.withheld) == (
        4_600,
        5_000,
        None,
        ("card-has-no-grades",),
    )
    assert [one.item.item_id for one in score.items if not one.is_assessed] == [
        "1.1.a", "1.1.d.liable", "1.3", "1.4", "1.5", "1.6", "1.7",
    ]  # fmt: skip


def test_missing_courtesies_of_the_recommended_card_count_by_the_hundred_visits() -> None:
    findings = [missing("K.bye", start=number, visit_id=f"v{number}") for number in range(10)]
    score = one_score(find_card("recommended"), *findings, exposure=an_exposure(visits=100))
    assert {one.item.item_id: one.points.counted for one in score.items if one.points.counted} == {
        "farewell": -200
    }


def test_points_are_rounded_as_people_round_and_shown_without_idle_zeros() -> None:
    assert [rounded(Fraction(one, 2)) for one in (1, 3, -1, -3, 4)] == [1, 2, -1, -2, 2]
    assert [points_text(one) for one in (-250, 0, 10_000, 7, -5)] == ["-2.5", "0", "100", "0.07", "-0.05"]
    with pytest.raises(ValueError, match="two decimals"):
        hundredths(0.001)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-11-23", "2026-11-23", "2026-11-23"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_periods_are_read_by_their_names(name: str, first: str, last: str) -> None:
    period = parse_period(name)
    assert (period.name, period.first.isoformat(), period.last.isoformat()) == (name, first, last)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-W60", "26-01", "9999-12", "yesterday"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_period(text)


def test_settings_make_the_policy() -> None:
    assert policy_of(ScoringSettings()) == Policy()
    settings = ScoringSettings(unknown_role="count", small_speech_h=0.5, ranking=True)
    assert policy_of(settings) == Policy(counts_unknown_role=True, small_speech_samples=HOUR // 2, ranks=True)
