"""/trends: what the night found over time, down to the findings behind each number; and trainings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form
from deskguard.hub.pages.rendering import render, words
from deskguard.hub.reviewing.results import Looked, Results
from deskguard.hub.reviewing.showing import helpers
from deskguard.hub.trends import counting, trainings
from deskguard.hub.trends.days import Day, MaybeDay
from deskguard.scoring.occurrences import matches
from deskguard.scoring.values import SAID

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from deskguard.hub.state import HubState
    from deskguard.hub.trends.counting import Change, Dimension
    from deskguard.scoring.lines import Judged

Viewer = Annotated[Person, Depends(needs("trends.view"))]
Reader = Annotated[Person, Depends(needs("findings.view"))]
Decider = Annotated[Person, Depends(needs("findings.decide"))]
Window = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.*?-]*$")]
By = Annotated[str, Query(pattern=r"^(day|window|rule|standard|scene)$")]
_DAYS = 30
_MOST_DAYS = 400
_LISTED = 500
_TRAININGS = 6
"""Compared on one page."""
_GLOB = re.compile(r"[A-Za-z0-9_.*?-]{1,64}")
_AROUND = timedelta(days=28)
"""Before and after a training: whole weeks, so that each has the same weekdays."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days and windows a page is about, and how they are told apart."""

    first: date
    last: date
    window: str
    by: Dimension

    def of(self, looked: Looked) -> Looked:
        """What lies in the windows asked for."""
        return looked if not self.window else _only(looked, (self.window,))


def asked(
    request: Request,
    first: MaybeDay = None,
    last: MaybeDay = None,
    window: Window = "",
    by: By = "window",
) -> Asked:
    """A dependency: the question of an address, within bounds; without days the last ones."""
    until = last or request.app.state.hub.now().date()
    since = first or until - timedelta(days=_DAYS)
    since, until = min(since, until), max(since, until)
    if (until - since).days > _MOST_DAYS:
        since = until - timedelta(days=_MOST_DAYS)
    return Asked(since, until, window, cast("Dimension", by))


Question = Annotated[Asked, Depends(asked)]


class TrainingForm(Form):
    """A training that has been held."""

    day: Day
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    windows: Annotated[str, StringConstraints(max_length=300)] = ""
    """Globs, with spaces between."""


class DropForm(Form):
    """A training that is to go."""

    training_id: Annotated[str, StringConstraints(max_length=32)]


def router(state: HubState, results: Results) -> APIRouter:
    """The routes of /trends."""
    routes = APIRouter(include_in_schema=False)
    _add_pages(routes, state, results)
    _add_trainings(routes, state)
    return routes


def _add_pages(routes: APIRouter, state: HubState, results: Results) -> None:
    @routes.get("/trends")
    def trends(request: Request, person: Viewer, asked: Question) -> Response:
        with state.store.reading() as connection:
            known = trainings.trainings(connection)[:_TRAININGS]
        # Read once, as far as all of the page reaches; parts of it are then at hand.
        results.look(
            min([asked.first, *(one.day - _AROUND for one in known)]),
            max([asked.last, *(one.day + _AROUND for one in known)]),
            person,
        )
        looked = asked.of(results.look(asked.first, asked.last, person))
        values: dict[str, Any] = {
            "asked": asked,
            "by": asked.by,
            "rows": counting.rows(looked, asked.by),
            "whole": counting.whole(looked),
            "top": counting.top(looked.found),
            "spreads": counting.spreads(looked.found),
            "trainings": [(one, _around(one, results, person)) for one in known],
            "charts": charts(looked, words(request)),
            "windows": sorted({recording.window_id for recording, _ in looked.night.parts}),
        }
        return render(request, "trends.html", person, **values, **helpers(words(request)))

    @routes.get("/trends/findings")
    def behind(
        request: Request, person: Reader, asked: Question, key: Annotated[str, Query(max_length=80)] = ""
    ) -> Response:
        looked = asked.of(results.look(asked.first, asked.last, person))
        found = behind_number(looked, asked.by, key)
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="findings.list",
                target=f"{asked.by}:{key}", detail={"n": len(found)},
            )  # fmt: skip
        values: dict[str, Any] = {
            "asked": asked,
            "by": asked.by,
            "key": key,
            "found": found[:_LISTED],
            "total": len(found),
        }
        return render(request, "trends_findings.html", person, **values, **helpers(words(request)))


def _add_trainings(routes: APIRouter, state: HubState) -> None:
    @routes.post("/trends/training")
    def keep(person: Decider, form: Annotated[TrainingForm, fastapi.Form()]) -> Response:
        windows = tuple(form.windows.split())
        if not all(_GLOB.fullmatch(one) for one in windows):
            raise HTTPException(422)
        made = trainings.Training(trainings.new_id(), form.day, windows, form.name.strip())
        with state.store.writing() as connection:
            trainings.keep(connection, made, person.name, state.now())
            _note(connection, state, person, "training.add", made.training_id)
        return RedirectResponse(f"{state.base_path}/trends#trainings", 303)

    @routes.post("/trends/training/drop")
    def drop(person: Decider, form: Annotated[DropForm, fastapi.Form()]) -> Response:
        with state.store.writing() as connection:
            if not trainings.drop(connection, form.training_id):
                raise HTTPException(404)
            _note(connection, state, person, "training.drop", form.training_id)
        return RedirectResponse(f"{state.base_path}/trends#trainings", 303)


def _note(connection: Any, state: HubState, person: Person, action: str, target: str) -> None:
    log.record(connection, at=state.now(), who=person.account_id, action=action, target=target)


def behind_number(looked: Looked, by: Dimension, key: str) -> list[Judged]:
    """The findings behind a row, those against somebody, the newest first."""
    wanted = counting.key_of(by)
    found = [
        one
        for one in looked.found
        if one.finding.kind != SAID
        and one.finding.role != "visitor"
        and (not key or wanted(one.finding) == key)
    ]
    return sorted(found, key=lambda one: (one.finding.recording.day, one.finding.start_sample), reverse=True)


def charts(looked: Looked, t: Callable[..., str]) -> dict[str, Any]:
    """What the page's script draws."""
    severity = counting.by_severity(looked)
    days = counting.rows(looked, "day")
    return {
        "days": list(severity),
        "severity": [
            {"name": t(f"severity.{name}"), "data": [day[name] for day in severity.values()]}
            for name in ("high", "medium", "low")
        ],
        "rate": {
            "days": [one.key for one in days],
            "name": t("hub.trends.phrases"),
            "data": [_percent(one.phrases.value) for one in days],
            "low": [_percent(one.phrases.low) for one in days],
            "high": [_percent(one.phrases.high) for one in days],
        },
        "courtesy": {
            "days": [one.key for one in days],
            "name": t("hub.trends.courtesy"),
            "data": [_percent(one.courtesy.value) for one in days],
        },
    }


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _around(one: trainings.Training, results: Results, person: Person) -> list[Change]:
    """What changed with a training, as far as this person may see."""
    before = results.look(one.day - _AROUND, one.day - timedelta(days=1), person)
    after = results.look(one.day, one.day + _AROUND - timedelta(days=1), person)
    if one.windows:
        before, after = _only(before, one.windows), _only(after, one.windows)
    return counting.change(before, after)


def _only(looked: Looked, windows: tuple[str, ...]) -> Looked:
    """What lies in some windows."""
    return looked.narrowed(lambda one: matches(one.window_id, windows))
