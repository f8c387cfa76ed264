"""The demo hall: made by the real rules, the same each time, marked, and never beside real records."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from deskguard.errors import DeskguardError
from deskguard.hub.demo import filling, hall
from deskguard.hub.demo.examining import DemoExaminer
from deskguard.rules.pack import load_packs
from deskguard.scoring.values import MISSING, SAID
from hub_parts import a_hall

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 30)


@pytest.fixture(scope="module")
def examiner() -> DemoExaminer:
    return DemoExaminer(load_packs([], ()))


def test_days_are_working_days_before_today_with_a_training_in_their_midst() -> None:
    days = hall.days(TODAY)
    assert all(one.weekday() < 5 and one < TODAY for one in days)
    assert days[3] < hall.training_day(TODAY) < days[-3]


def test_a_day_has_a_visit_for_each_ticket_and_findings_of_every_sort(examiner: DemoExaminer) -> None:
    days = [one for one in hall.sittings(TODAY, 12) if one.window_id in ("demo-03", "demo-06")][:8]
    examined = [examiner.examine(one) for one in days]
    for sitting, (one, visits) in zip(days, examined, strict=True):
        assert one.exposure.visits == len(sitting.starts_s) == len(visits)
        assert one.exposure.staff_samples > 0 and one.exposure.silent_samples > 0
    found = [one for each, _ in examined for one in each.findings]
    assert any(one.is_spoken for one in found)
    assert {MISSING, SAID} <= {one.kind for one in found}
    assert all(one.role == "staff" for one in found if one.is_spoken)


def test_what_only_looks_like_a_breach_is_left_alone_by_the_rules(examiner: DemoExaminer) -> None:
    from deskguard.authoring.trials.judging import Judge
    from deskguard.authoring.trials.talk import Line
    from deskguard.hub.demo.speaking import words

    judge = Judge(load_packs([], ()))
    for trap in words()["trap"]:
        lines = [
            Line(role, text) for role, text in zip(("visitor", "staff", "visitor"), trap["talk"], strict=True)
        ]
        assert [one.rule_id for one in judge.talk(lines) if one.outcome == "raised"] == [], trap
    for breach in words()["breach"]:
        lines = [
            Line(role, text) for role, text in zip(("visitor", "staff", "visitor"), breach["talk"], strict=True)
        ]
        assert any(one.outcome == "raised" for one in judge.talk(lines)), breach


def test_the_same_day_is_the_same_whenever_it_is_made(examiner: DemoExaminer) -> None:
    first = next(iter(hall.sittings(TODAY, 5)))
    assert examiner.examine(first) == examiner.examine(next(iter(hall.sittings(TODAY, 5))))


def test_a_hall_in_use_gets_no_demo_data(tmp_path: Path) -> None:
    from deskguard.settings import Settings

    with a_hall(tmp_path) as opened:
        with pytest.raises(DeskguardError) as caught:
            filling.fill(opened.state, Settings(), print)
        assert caught.value.code == "demo-not-empty"
        assert not filling.is_demo(opened.state.store)
        assert 'class="demo"' not in opened.visitor("supervisor").get("/review").text
