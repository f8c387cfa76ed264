"""/reports: scores of hall, windows and clerks for a period, by the card that was in force for it."""

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
from deskguard.scoring.agreement import agreement, agreement_of
from deskguard.scoring.card_choice import EVERYTHING
from deskguard.scoring.periods import Period, parse_period, period_of
from deskguard.scoring.results import scores_of_recordings, several_scores
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
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.tally import By, Part, Tally
    from deskguard.scoring.values import Recording

Viewer = Annotated[Person, Depends(needs("findings.view"))]
Standard = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")]
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

    def is_of_sheets(self, card: Scorecard) -> bool:
        """Whether sheets are by this card; by another one, findings are judged anew each time."""
        return card.sha256 == self.results.card.sha256

    def report(self, period: Period, person: Person, card: Scorecard) -> Report:
        """Everybody's scores by a card, in the windows that somebody may see."""
        ways: list[tuple[By, Per]] = [(by, period.per) for by in BLOCKS]
        if not self.is_of_sheets(card):
            night = self.results.look(period.first, period.last, person).night
            said = agreement(night.findings, night.standings, self.results.policy)
            return _made(several_scores(night, card, self.results.policy, ways), period, said, night.parts)
        windows = person.windows
        key = (self.sheets.stamp, period, windows, card.sha256)
        with self._turn:
            if key in self._kept:
                return self._kept[key]
        night, tallies, decided = self.sheets.tallies(
            Wanted(first=period.first, last=period.last, windows=windows)
        )
        found = self._scores(night, tallies, ways, card)
        made = _made(found, period, agreement_of(decided), night.parts)
        with self._turn:
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def one(self, whose: tuple[By, str], period: Period, person: Person, card: Scorecard) -> Score | None:
        """The score of one window, one clerk or the hall by a card; None where there is none."""
        by, subject = whose
        way: tuple[By, Per] = (by, period.per)
        if not self.is_of_sheets(card):
            looked = self.results.look(period.first, period.last, person).night
            several = several_scores(looked, card, self.results.policy, [way])[way]
            return next((each for each in several if each.subject == subject), None)
        wanted = Wanted(first=period.first, last=period.last, windows=person.windows)
        # Places are told among all; else only what is asked about need be looked at.
        if by == "window" and not self.results.policy.ranks:
            if not person.sees(subject):
                return None
            wanted = replace(wanted, windows=(subject,))
        night, tallies, _ = self.sheets.tallies(wanted)
        found = self._scores(night, tallies, [way], card)[way]
        return next((each for each in found if each.subject == subject), None)

    def _scores(
        self,
        night: Night,
        tallies: list[tuple[Recording, Tally]],
        ways: list[tuple[By, Per]],
        card: Scorecard,
    ) -> dict[tuple[By, Per], list[Score]]:
        return scores_of_recordings(tallies, night.imports, card, self.results.policy, ways)


def _made(
    found: Mapping[tuple[By, Per], list[Score]], period: Period, said: Agreement, parts: Iterable[Part]
) -> Report:
    return Report({by: _by_name(found[by, period.per]) for by in BLOCKS}, said, _not_analysed(parts))


def _add_report(routes: APIRouter, state: HubState, scoring: Scoring) -> None:
    @routes.get("/reports")
    def report(request: Request, person: Viewer, period: Name = "", standard: Standard = "") -> Response:
        results = scoring.results
        scope = _scope(standard, results)
        wanted = _period(period, results, scope)
        card = results.card_of(wanted, scope)
        left = scoring.sheets.catch_up() if scoring.is_of_sheets(card) else 0
        made = scoring.report(wanted, person, card)
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
            "scores": made.scores,
            "agreement": made.agreement,
            "not_analysed": made.not_analysed,
            "left": left,
        }
        return render(request, "reports.html", person, **values, **helpers(words(request)))


def _add_score(routes: APIRouter, state: HubState, scoring: Scoring) -> None:
    @routes.get("/reports/score")
    def score(  # noqa: PLR0913, PLR0917 - what a reader may ask
        request: Request,
        person: Viewer,
        by: Literal["hall", "window", "clerk"],
        subject: Annotated[str, Query(max_length=80)] = "",
        period: Name = "",
        standard: Standard = "",
    ) -> Response:
        results = scoring.results
        scope = _scope(standard, results)
        wanted = _period(period, results, scope)
        card = results.card_of(wanted, scope)
        if scoring.is_of_sheets(card):
            scoring.sheets.catch_up()
        one = scoring.one((by, subject), wanted, person, card)
        if one is None:
            raise HTTPException(404)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="report.view",
                target=f"{wanted.name} {by} {subject}",
            )  # fmt: skip
        shown = [name for item in one.items for name in (item.units.waiting + item.units.findings)[:SHOWN]]
        values: dict[str, Any] = {"score": one, "card": card, "standard": scope, "shown": SHOWN}
        values["known"] = {name: finding for name, (finding, _) in state.night.findings(shown).items()}
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
