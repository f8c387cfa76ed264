"""Which scorecard is in force: looked at, blanks filled in, chosen from a day on; what reports make of it."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from deskguard.hub.cards import shelf
from deskguard.hub.cards.shelf import Fill, Shelf
from deskguard.hub.reviewing.results import Results
from deskguard.scoring.card_choice import CardChoice, card_in_force, chosen, day_that_decides
from deskguard.scoring.card_files import find_card
from deskguard.scoring.periods import parse_period
from deskguard.scoring.store import keep_choice
from deskguard.settings import Settings
from hub_findings import THEIRS, keep
from hub_parts import Hall, Visitor, a_hall
from scoring_values import a_finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUES = {
    "base": 100, "badge": 1, "idling": 2, "software": 5, "games": 5, "late": 1, "absent": 10, "meetings": 1,
    "leave": 1, "bonus": 2, "excellent": 95, "competent": 80, "basic": 60, "failed": 60,
}  # fmt: skip
"""For every blank of s003.d12."""


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        yield opened


@pytest.fixture
def manager(hall: Hall) -> Visitor:
    return hall.visitor("supervisor")


def fill_in(manager: Visitor, **changes: Any) -> Any:
    values = {**VALUES, **changes}
    form = {f"fill.{name}": str(value) for name, value in values.items() if value is not None}
    return manager.post("/scorecards/card/s003.d12/fill", {"title": "本大厅年度考核", **form})


def choose(manager: Visitor, card: str, since: str = "2026-11-01", scope: str = "") -> Any:
    return manager.post("/scorecards/choose", {"scope": scope, "card": card, "since": since, "note": "why"})


def a_choice(card: str, since: str, serial: int = 1, scope: str = "") -> CardChoice:
    table, fill = Shelf(Settings()).tables(card) if card else (None, None)
    return CardChoice(
        serial=serial,
        scope=scope,
        since=date.fromisoformat(since),
        card_id=card,
        title=card,
        table=table,
        fill=fill,
    )


def audit(hall: Hall, action: str) -> list[tuple[str, dict[str, Any]]]:
    with hall.state.store.reading() as connection:
        found = connection.execute(
            sa.text("SELECT target, detail FROM hub_audit WHERE action = :action ORDER BY number"),
            {"action": action},
        )
        return [(str(target), json.loads(detail)) for target, detail in found]


# The choice itself


@pytest.mark.parametrize(
    ("day", "scope", "card"),
    [
        ("2026-10-31", "", None),
        ("2026-11-01", "", "recommended"),
        ("2026-11-30", "", "recommended"),
        ("2026-12-01", "", "s004.d04"),
        ("2026-12-01", "s004", "s004.d04"),
        ("2026-11-15", "s004", "s004.d04"),
        ("2027-02-01", "s004", "s004.d04"),
        ("2026-11-15", "s003", "recommended"),
    ],
)
def test_the_card_of_a_day_is_the_one_that_began_last(day: str, scope: str, card: str | None) -> None:
    choices = [
        a_choice("s004.d04", "2026-12-01", 1),
        a_choice("recommended", "2026-11-01", 2),
        a_choice("s004.d04", "2026-11-10", 3, "s004"),
        # Back to what holds for all.
        a_choice("", "2027-01-01", 4, "s004"),
    ]
    found = chosen(choices, scope, date.fromisoformat(day))
    assert (found.card_id if found else None) == card


def test_of_two_choices_for_one_day_the_newer_counts() -> None:
    choices = [a_choice("s004.d04", "2026-11-01", 1), a_choice("recommended", "2026-11-01", 2)]
    found = chosen(choices, "", date(2026, 11, 1))
    assert found is not None and found.card_id == "recommended"


def test_back_to_the_settings_is_a_choice_as_well() -> None:
    own = find_card("s004.d04")
    choices = [a_choice("recommended", "2026-11-01", 1), a_choice("", "2026-12-01", 2)]
    assert card_in_force(choices, "", date(2026, 11, 1), own).card_id == "recommended"
    assert card_in_force(choices, "", date(2026, 12, 1), own) is own


@pytest.mark.parametrize(
    ("period", "day"), [("2026-10", "2026-10-31"), ("2026-11", "2026-11-20"), ("2026-12", "2026-12-01")]
)
def test_a_period_is_scored_by_the_card_of_its_last_day_or_of_today(period: str, day: str) -> None:
    assert day_that_decides(parse_period(period), date(2026, 11, 20)) == date.fromisoformat(day)


@pytest.mark.parametrize("name", ["recommended", "s004.d04"])
def test_a_choice_holds_the_very_card_of_the_file(hall: Hall, name: str) -> None:
    with hall.state.store.writing() as connection:
        keep_choice(connection, a_choice(name, "2026-11-01"))
    (kept,) = hall.state.night.card_choices()
    card = kept.card()
    assert card is not None and card.sha256 == find_card(name).sha256
    assert card.sections == find_card(name).sections


# Filling in


def test_every_card_is_shown_with_its_sections_weights_and_sources(manager: Visitor) -> None:
    page = manager.get("/scorecards").text
    for card in ("recommended", "s003.d12", "s004.d04"):
        shown = manager.get(f"/scorecards/card/{card}").text
        assert f"/scorecards/card/{card}" in page
        for section in find_card(card).sections:
            assert section.name in shown
        for _, item in find_card(card).items():
            assert item.name in shown
    assert "一个窗口一个月有几百次接待" in manager.get("/scorecards/card/recommended").text
    assert manager.get("/scorecards/card/nothing-like-it").status_code == 422


def test_a_card_whose_blanks_are_filled_in_can_be_chosen(hall: Hall, manager: Visitor) -> None:
    answer = fill_in(manager)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/scorecards/fill/1"
    page = manager.get("/scorecards/fill/1").text
    assert "本大厅年度考核" in page and "<strong>100</strong>" in page
    assert choose(manager, "fill:1").status_code == 303
    (kept,) = hall.state.night.card_choices()
    card = kept.card()
    assert card is not None and card.base is not None
    assert (card.card_id, card.base.amount, card.blanks()) == ("s003.d12.1", 10_000, {})
    assert (kept.by, kept.since, kept.note) == ("supervisor", date(2026, 11, 1), "why")
    assert audit(hall, "scorecard.fill") == [("s003.d12", {"blanks": 0, "version": 1})]
    assert audit(hall, "scorecard.choose") == [("", {"card": "s003.d12.1", "since": "2026-11-01", "serial": 1})]


def test_a_number_that_is_not_filled_in_is_named_by_its_blank(hall: Hall, manager: Visitor) -> None:
    assert fill_in(manager, late=None, basic=None).status_code == 303
    shown = manager.get("/scorecards/fill/1").text
    assert "空格 late" in shown and "空格 basic" in shown and "空格 badge" not in shown
    refused = choose(manager, "fill:1")
    assert refused.status_code == 422
    for name in ("late (item 5.a, takes)", "basic (grade 基本称职, from)", "无故迟到、早退、离岗者"):
        assert name in refused.text
    assert "badge" not in re.sub(r"<select.*?</select>", "", refused.text, flags=re.DOTALL)
    assert choose(manager, "s003.d12").status_code == 422
    assert hall.state.night.card_choices() == []


def test_versions_stay_as_they_were_when_more_is_filled_in(hall: Hall, manager: Visitor) -> None:
    fill_in(manager, late=None)
    fill_in(manager, late=3)
    with hall.state.store.reading() as connection:
        first, second = shelf.fill_of(connection, 1), shelf.fill_of(connection, 2)
    assert ("late" in first.values, second.values["late"]) == (False, 3)
    page = manager.get("/scorecards").text
    assert "s003.d12.1" in page and "s003.d12.2" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"late": "many"}, "late"),
        ({"late": "nan"}, "late"),
        ({"late": "1e999"}, "late"),
        ({"late": "-1"}, "late"),
        ({"late": "0.125"}, "two decimals"),
        ({"excellent": "70"}, "comes first"),
        ({"lte": "1"}, "did you mean"),
    ],
)
def test_mistakes_in_what_is_filled_in_are_told_and_nothing_is_kept(
    hall: Hall, manager: Visitor, changes: dict[str, str], said: str
) -> None:
    answer = fill_in(manager, **changes)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    told = re.findall(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    assert said in " ".join(told)
    assert 'value="100"' in answer.text, "what was typed stands there again"
    with hall.state.store.reading() as connection:
        assert shelf.fills(connection) == []


def test_windows_of_a_section_are_filled_in_as_well(hall: Hall, manager: Visitor) -> None:
    sent = {"title": "本院", "windows.imaging": "ct-* mr-1"}
    assert manager.post("/scorecards/card/s004.d04/fill", sent).status_code == 303
    assert choose(manager, "fill:1").status_code == 303
    card = hall.state.night.card_choices()[0].card()
    assert card is not None
    assert {one.section_id: one.windows for one in card.sections}["imaging"] == ("ct-*", "mr-1")
    assert Shelf(Settings()).filled(Fill(fills="s003.d12", title="x")).blanks()


# What it does


def test_reports_go_by_the_card_that_was_chosen_and_old_ones_stay(hall: Hall, manager: Visitor) -> None:
    keep(hall, a_finding(recording=THEIRS))
    before = manager.get("/reports?period=2026-11").text
    assert "推荐评分卡" in before
    assert choose(manager, "s004.d04", since="2026-12-01").status_code == 303
    assert "推荐评分卡" in manager.get("/reports?period=2026-11").text
    hall.clock.wind(days=20)
    manager = hall.visitor("supervisor")
    assert "安阳地区医院" in manager.get("/reports").text
    assert "安阳地区医院" in manager.get("/reports?period=2026-12").text
    assert manager.get("/reports?period=2026-11").text.count("推荐评分卡") == before.count("推荐评分卡")
    detail = manager.get("/reports/score?by=window&subject=w1&period=2026-11").text
    assert "推荐评分卡" in detail


def test_scores_are_those_of_the_scorer_by_the_card_chosen(hall: Hall, manager: Visitor) -> None:
    from deskguard.scoring.points import points_text
    from deskguard.scoring.results import scores

    keep(hall, a_finding(recording=THEIRS))
    choose(manager, "s004.d04")
    results = Results(hall.state, Settings())
    assert results.card.card_id == "s004.d04"
    card = find_card("s004.d04")
    (score,) = scores(results.look(None, None).night, card, results.policy, "hall", "month")
    page = manager.get("/reports?period=2026-11").text
    assert f"<strong>{points_text(score.points.counted)}</strong>" in page
    assert f"/ {points_text(score.full)}" in page


def test_a_standard_alone_has_a_report_by_its_own_card(hall: Hall, manager: Visitor) -> None:
    keep(hall, a_finding(recording=THEIRS))
    assert manager.get("/reports?standard=s004").status_code == 404
    assert choose(manager, "s004.d04", scope="s004").status_code == 303
    page = manager.get("/reports?period=2026-11").text
    assert "推荐评分卡" in page and "standard=s004" in page
    assert "安阳地区医院" in manager.get("/reports?period=2026-11&standard=s004").text
    score = manager.get("/reports/score?by=hall&period=2026-11&standard=s004")
    assert score.status_code == 200 and "安阳地区医院" in score.text
    assert choose(manager, "recommended", scope="s009").status_code == 422


def test_what_findings_wait_for_follows_the_card_at_once(hall: Hall, manager: Visitor) -> None:
    """Insults are fatal by the recommended card, and are not by the other."""
    insult = a_finding("C03", kind="insult", recording=THEIRS)
    keep(hall, insult)
    reviewer = hall.visitor("reviewer")
    assert insult.finding_id in reviewer.get("/review?only=fatal").text
    choose(manager, "s004.d04")
    assert insult.finding_id not in reviewer.get("/review?only=fatal").text
    choose(manager, "")
    assert insult.finding_id in reviewer.get("/review?only=fatal").text


def test_the_clerk_sees_each_month_by_its_own_card(hall: Hall, manager: Visitor) -> None:
    keep(hall, a_finding(recording=THEIRS))
    clerk = hall.visitor("clerk")
    shown = re.findall(r'class="figure">([^<]+)<', clerk.get("/mine").text)
    choose(manager, "s004.d04", since="2026-12-01")
    hall.clock.wind(days=20)
    assert re.findall(r'class="figure">([^<]+)<', hall.visitor("clerk").get("/mine").text) == shown


# Who


@pytest.mark.parametrize("role", ["clerk", "reviewer", "rule-author", "auditor"])
def test_others_neither_see_nor_choose(hall: Hall, role: str) -> None:
    visitor = hall.visitor(role)
    assert visitor.get("/scorecards").status_code == 403
    assert choose(visitor, "recommended").status_code == 403
    assert fill_in(visitor).status_code == 403
    assert 'href="/scorecards"' not in visitor.get("/password").text


def test_an_administrator_chooses_and_sees_no_findings_by_it(hall: Hall) -> None:
    admin = hall.visitor("administrator")
    assert choose(admin, "recommended").status_code == 303
    assert 'href="/scorecards"' in admin.get("/scorecards").text
    assert admin.get("/reports").status_code == 403


def test_who_is_for_some_windows_looks_and_changes_nothing(hall: Hall) -> None:
    hall.add("east", "supervisor", ("east-*",))
    east = hall.visitor("east")
    assert 'id="choose"' not in east.get("/scorecards").text
    assert 'id="fill"' not in east.get("/scorecards/card/s003.d12").text
    assert choose(east, "recommended").status_code == 422
    assert fill_in(east).status_code == 422
    assert hall.state.night.card_choices() == []


def test_what_somebody_types_is_text(manager: Visitor) -> None:
    sent = {"title": "<script>alert(1)</script>", "fill.base": "100", "note": "<b>"}
    assert manager.post("/scorecards/card/s003.d12/fill", sent).status_code == 303
    for path in ("/scorecards", "/scorecards/fill/1"):
        assert "<script>alert(1)" not in manager.get(path).text
