"""/reports: scorecards of hall, windows and clerks for a period, with the numbers of the night's reports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.rendering import render, words
from deskguard.hub.reviewing.showing import helpers
from deskguard.scoring.agreement import agreement_of
from deskguard.scoring.periods import Period, parse_period, period_of
from deskguard.scoring.results import scores_of_recordings
from deskguard.scoring.values import total

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.reviewing.summing import Sheets
    from deskguard.hub.state import HubState
    from deskguard.scoring.periods import Per
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.tally import By, Part

Viewer = Annotated[Person, Depends(needs("findings.view"))]
Name = Annotated[str, Query(max_length=10, pattern=r"^[0-9W-]*$")]
BLOCKS: tuple[By, ...] = ("hall", "window", "clerk")
SHOWN = 100
"""Findings of an item that are named."""
_OFFERED = 6


def router(state: HubState, results: Results, sheets: Sheets) -> APIRouter:
    """The routes of /reports."""
    routes = APIRouter(include_in_schema=False)
    _add_report(routes, state, (results, sheets))
    _add_score(routes, state, (results, sheets))
    return routes


def _add_report(routes: APIRouter, state: HubState, found_by: tuple[Results, Sheets]) -> None:
    results, sheets = found_by

    @routes.get("/reports")
    def report(request: Request, person: Viewer, period: Name = "") -> Response:
        wanted = _period(period, results, state.today())
        left = sheets.catch_up()
        night, tallies, decided = sheets.tallies(wanted.first, wanted.last, person)
        ways: list[tuple[By, Per]] = [(by, wanted.per) for by in BLOCKS]
        found = scores_of_recordings(tallies, night.imports, results.card, results.policy, ways)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view", target=wanted.name
            )
        values: dict[str, Any] = {
            "period": wanted,
            "offered": _before(state.today(), wanted),
            "card": results.card,
            "scores": {by: _by_name(found[by, wanted.per]) for by in BLOCKS},
            "agreement": agreement_of(decided),
            "not_analysed": _not_analysed(night.parts),
            "left": left,
        }
        return render(request, "reports.html", person, **values, **helpers(words(request)))


def _add_score(routes: APIRouter, state: HubState, found_by: tuple[Results, Sheets]) -> None:
    results, sheets = found_by

    @routes.get("/reports/score")
    def score(
        request: Request,
        person: Viewer,
        by: Literal["hall", "window", "clerk"],
        subject: Annotated[str, Query(max_length=80)] = "",
        period: Name = "",
    ) -> Response:
        wanted = _period(period, results, state.today())
        sheets.catch_up()
        night, tallies, _ = sheets.tallies(wanted.first, wanted.last, person)
        way: tuple[By, Per] = by, wanted.per
        found = scores_of_recordings(tallies, night.imports, results.card, results.policy, [way])[way]
        one = next((each for each in found if each.subject == subject), None)
        if one is None:
            raise HTTPException(404)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view",
                target=f"{wanted.name} {by} {subject}",
            )  # fmt: skip
        shown = [name for item in one.items for name in (item.units.waiting + item.units.findings)[:SHOWN]]
        values: dict[str, Any] = {"score": one, "card": results.card, "shown": SHOWN}
        values["known"] = {name: finding for name, (finding, _) in state.night.findings(shown).items()}
        return render(request, "report_score.html", person, **values, **helpers(words(request)))


def _period(name: str, results: Results, today: date) -> Period:
    """The period that is asked for; without one the card's own that goes on now. 422 for what names none."""
    if not name:
        return period_of(today, results.card.period)
    try:
        return parse_period(name)
    except ValueError:
        raise HTTPException(422) from None


def _before(today: date, wanted: Period) -> list[Period]:
    """Periods of the same kind, the newest first."""
    found = [period_of(today, wanted.per)]
    while len(found) < _OFFERED:
        found.append(period_of(found[-1].first - timedelta(days=1), wanted.per))
    return found


def _by_name(scores: list[Score]) -> list[Score]:
    return sorted(scores, key=lambda one: (one.subject == "", one.subject))


def _not_analysed(parts: Iterable[Part]) -> list[tuple[str, int]]:
    """Reasons and samples that nobody listened to."""
    return list(total(exposure for _, exposure in parts).not_analysed)
