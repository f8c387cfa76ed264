"""/reports: scores of hall, windows and clerks for a period, by the card that was in force for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.rendering import render, words
from deskguard.hub.reviewing.showing import helpers
from deskguard.scoring.agreement import agreement
from deskguard.scoring.card_choice import EVERYTHING
from deskguard.scoring.periods import Period, parse_period, period_of
from deskguard.scoring.results import several_scores
from deskguard.scoring.values import total

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.state import HubState
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.tally import By, Part

Viewer = Annotated[Person, Depends(needs("findings.view"))]
Standard = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")]
Name = Annotated[str, Query(max_length=10, pattern=r"^[0-9W-]*$")]
_OFFERED = 6


def router(state: HubState, results: Results) -> APIRouter:
    """The routes of /reports."""
    routes = APIRouter(include_in_schema=False)
    _add_report(routes, state, results)
    _add_score(routes, state, results)
    return routes


def _add_report(routes: APIRouter, state: HubState, results: Results) -> None:
    @routes.get("/reports")
    def report(request: Request, person: Viewer, period: Name = "", standard: Standard = "") -> Response:
        scope = _scope(standard, results)
        wanted = _period(period, results, scope)
        looked = results.look(wanted.first, wanted.last, person)
        ways: list[By] = ["hall", "window", "clerk"]
        card = results.card_of(wanted, scope)
        found = several_scores(looked.night, card, results.policy, [(by, wanted.per) for by in ways])
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view", target=wanted.name
            )
        values: dict[str, Any] = {
            "period": wanted,
            "offered": _before(results.today, wanted),
            "card": card,
            "standard": scope,
            "standards": _standards(results),
            "scores": {by: _by_name(found[by, wanted.per]) for by in ways},
            "agreement": agreement(looked.night.findings, looked.night.standings, results.policy),
            "not_analysed": _not_analysed(looked.night.parts),
        }
        return render(request, "reports.html", person, **values, **helpers(words(request)))


def _add_score(routes: APIRouter, state: HubState, results: Results) -> None:
    @routes.get("/reports/score")
    def score(  # noqa: PLR0913, PLR0917 - what a reader may ask
        request: Request,
        person: Viewer,
        by: Literal["hall", "window", "clerk"],
        subject: Annotated[str, Query(max_length=80)] = "",
        period: Name = "",
        standard: Standard = "",
    ) -> Response:
        scope = _scope(standard, results)
        wanted = _period(period, results, scope)
        looked = results.look(wanted.first, wanted.last, person)
        card = results.card_of(wanted, scope)
        found = several_scores(looked.night, card, results.policy, [(by, wanted.per)])[by, wanted.per]
        one = next((each for each in found if each.subject == subject), None)
        if one is None:
            raise HTTPException(404)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view",
                target=f"{wanted.name} {by} {subject}",
            )  # fmt: skip
        known = {each.finding.finding_id: each.finding for each in looked.found}
        values: dict[str, Any] = {"score": one, "card": card, "known": known, "standard": scope}
        return render(request, "report_score.html", person, **values, **helpers(words(request)))


def _standards(results: Results) -> list[str]:
    """Standards for which a card of their own was chosen."""
    return sorted({one.scope for one in results.choices()} - {EVERYTHING, results.scope})


def _scope(standard: str, results: Results) -> str:
    """What is scored: a standard with a card of its own, or all that the hall scores; 404 for another."""
    if not standard:
        return results.scope
    if standard not in _standards(results):
        raise HTTPException(404)
    return standard


def _period(name: str, results: Results, scope: str) -> Period:
    """The period that is asked for; without one the card's own that goes on now. 422 for what names none."""
    if not name:
        return period_of(results.today, results.card_on(results.today, scope).period)
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
