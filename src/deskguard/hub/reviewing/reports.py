"""/reports: scorecards of hall, windows and clerks for a period, with the numbers of the night's reports."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
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
from deskguard.scoring.store import Wanted
from deskguard.scoring.values import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.reviewing.summing import Sheets
    from deskguard.hub.state import HubState
    from deskguard.scoring.agreement import Agreement
    from deskguard.scoring.periods import Per
    from deskguard.scoring.results import Night
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.tally import By, Part, Tally
    from deskguard.scoring.values import Recording

Viewer = Annotated[Person, Depends(needs("findings.view"))]
Name = Annotated[str, Query(max_length=10, pattern=r"^[0-9W-]*$")]
BLOCKS: tuple[By, ...] = ("hall", "window", "clerk")
SHOWN = 100
"""Findings of an item that are named."""
_OFFERED = 6
_KEPT = 6
"""Reports in memory; one of 300 windows takes some 20 MB."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the page of a period shows."""

    scores: Mapping[By, list[Score]]
    agreement: Agreement
    not_analysed: list[tuple[str, int]]
    """Reasons, and samples that nobody listened to."""


def router(state: HubState, results: Results, sheets: Sheets) -> APIRouter:
    """The routes of /reports."""
    routes = APIRouter(include_in_schema=False)
    _add_report(routes, state, Scoring(results, sheets))
    _add_score(routes, state, Scoring(results, sheets))
    return routes


class Scoring:
    """Scores out of sheets; those of the last pages are kept while nothing changes."""

    def __init__(self, results: Results, sheets: Sheets) -> None:
        self.results = results
        self.sheets = sheets
        self._turn = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], Report] = OrderedDict()

    def report(self, period: Period, windows: tuple[str, ...]) -> Report:
        """Everybody's scores, in the windows that somebody may see."""
        key = (self.sheets.stamp, period, windows)
        with self._turn:
            if key in self._kept:
                return self._kept[key]
        night, tallies, said = self.sheets.tallies(
            Wanted(first=period.first, last=period.last, windows=windows)
        )
        ways: list[tuple[By, Per]] = [(by, period.per) for by in BLOCKS]
        found = self._scores(night, tallies, ways)
        made = Report(
            {by: _by_name(found[by, period.per]) for by in BLOCKS},
            agreement_of(said),
            _not_analysed(night.parts),
        )
        with self._turn:
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def one(self, whose: tuple[By, str], period: Period, person: Person) -> Score | None:
        """The score of one window, one clerk or the hall; None where there is none."""
        by, subject = whose
        wanted = Wanted(first=period.first, last=period.last, windows=person.windows)
        # Places are told among all; else only what is asked about need be looked at.
        if by == "window" and not self.results.policy.ranks:
            if not person.sees(subject):
                return None
            wanted = replace(wanted, windows=(subject,))
        night, tallies, _ = self.sheets.tallies(wanted)
        found = self._scores(night, tallies, [(by, period.per)])[by, period.per]
        return next((each for each in found if each.subject == subject), None)

    def _scores(
        self, night: Night, tallies: list[tuple[Recording, Tally]], ways: list[tuple[By, Per]]
    ) -> dict[tuple[By, Per], list[Score]]:
        card, policy = self.results.card, self.results.policy
        return scores_of_recordings(tallies, night.imports, card, policy, ways)


def _add_report(routes: APIRouter, state: HubState, scoring: Scoring) -> None:
    @routes.get("/reports")
    def report(request: Request, person: Viewer, period: Name = "") -> Response:
        wanted = _period(period, scoring.results, state.today())
        left = scoring.sheets.catch_up()
        made = scoring.report(wanted, person.windows)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view", target=wanted.name
            )
        values: dict[str, Any] = {
            "period": wanted,
            "offered": _before(state.today(), wanted),
            "card": scoring.results.card,
            "scores": made.scores,
            "agreement": made.agreement,
            "not_analysed": made.not_analysed,
            "left": left,
        }
        return render(request, "reports.html", person, **values, **helpers(words(request)))


def _add_score(routes: APIRouter, state: HubState, scoring: Scoring) -> None:
    @routes.get("/reports/score")
    def score(
        request: Request,
        person: Viewer,
        by: Literal["hall", "window", "clerk"],
        subject: Annotated[str, Query(max_length=80)] = "",
        period: Name = "",
    ) -> Response:
        wanted = _period(period, scoring.results, state.today())
        scoring.sheets.catch_up()
        one = scoring.one((by, subject), wanted, person)
        if one is None:
            raise HTTPException(404)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view",
                target=f"{wanted.name} {by} {subject}",
            )  # fmt: skip
        shown = [name for item in one.items for name in (item.units.waiting + item.units.findings)[:SHOWN]]
        values: dict[str, Any] = {"score": one, "card": scoring.results.card, "shown": SHOWN}
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
