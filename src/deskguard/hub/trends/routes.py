"""/trends: what the night found and what desks reported over time; the findings behind a number; trainings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form
from deskguard.hub.pages.rendering import render, words
from deskguard.hub.reviewing.sheets import FOUND
from deskguard.hub.reviewing.showing import helpers
from deskguard.hub.trends import counting, rollups, trainings
from deskguard.hub.trends.asking import Asked, named, windows
from deskguard.hub.trends.charts import charts
from deskguard.hub.trends.days import Day, MaybeDay
from deskguard.scoring.store import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from deskguard.hub.reviewing.results import Results
    from deskguard.hub.reviewing.sheets import Listed
    from deskguard.hub.reviewing.summing import Sheets
    from deskguard.hub.state import HubState
    from deskguard.hub.trends.counting import Change, Dimension
    from deskguard.scoring.review import Standing
    from deskguard.scoring.values import Finding

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
class Wish:
    """Which days and windows a page is about, and how they are told apart."""

    first: date
    last: date
    window: str
    by: Dimension

    def of(self, person: Person) -> Asked:
        """The same for what a person may see."""
        return Asked(self.first, self.last, person.windows, (self.window,) if self.window else ())


def wish(
    request: Request,
    first: MaybeDay = None,
    last: MaybeDay = None,
    window: Window = "",
    by: By = "window",
) -> Wish:
    """A dependency: the question of an address, within bounds; without days the last ones."""
    until = last or request.app.state.hub.today()
    since = first or until - timedelta(days=_DAYS)
    since, until = min(since, until), max(since, until)
    if (until - since).days > _MOST_DAYS:
        since = until - timedelta(days=_MOST_DAYS)
    return Wish(since, until, window, cast("Dimension", by))


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding in the list behind a number."""

    finding: Finding
    standing: Standing
    counts: bool


_VALUES: dict[Dimension, Callable[[Listed], str]] = {
    "rule": lambda one: one.rule_id,
    "standard": lambda one: one.standard,
    "scene": lambda one: one.scene,
}
"""What tells findings of a row from others; days and windows are asked for."""
Question = Annotated[Wish, Depends(wish)]


class TrainingForm(Form):
    """A training that has been held."""

    day: Day
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    windows: Annotated[str, StringConstraints(max_length=300)] = ""
    """Globs, with spaces between."""


class DropForm(Form):
    """A training that is to go."""

    training_id: Annotated[str, StringConstraints(max_length=32)]


def router(state: HubState, results: Results, sheets: Sheets) -> APIRouter:
    """The routes of /trends."""
    routes = APIRouter(include_in_schema=False)
    _add_page(routes, state, sheets)
    _add_list(routes, state, (results, sheets))
    _add_trainings(routes, state)
    return routes


def _add_page(routes: APIRouter, state: HubState, sheets: Sheets) -> None:
    @routes.get("/trends")
    def trends(request: Request, person: Viewer, asked: Question) -> Response:
        left = sheets.catch_up()
        with state.store.reading() as connection:
            values = _of_the_night(connection, person, asked) | _of_desks(connection, person, asked)
            known = trainings.trainings(connection)[:_TRAININGS]
            values |= {
                "asked": asked,
                "by": asked.by,
                "left": left,
                "trainings": [(one, _around(connection, one, person)) for one in known],
                "charts": charts(connection, asked.of(person), words(request)),
            }
        return render(request, "trends.html", person, **values, **helpers(words(request)))


def _of_the_night(connection: Connection, person: Person, wish: Wish) -> dict[str, Any]:
    asked = wish.of(person)
    return {
        "rows": counting.rows(connection, wish.by, asked),
        "whole": counting.whole(connection, asked),
        "top": counting.top(connection, asked),
        "spreads": counting.spreads(connection, asked),
        "windows": sorted({*windows(connection, FOUND, asked), *windows(connection, rollups.ALL, asked)}),
    }


def _of_desks(connection: Connection, person: Person, wish: Wish) -> dict[str, Any]:
    asked = wish.of(person)
    return {
        "told": rollups.whole(connection, asked),
        "told_rows": rollups.sums(connection, wish.by, asked),
        "told_hours": rollups.sums(connection, "hour", asked),
        "told_acts": rollups.sums(connection, "act", asked),
        "told_manner": rollups.distributions(connection, asked),
    }


def _add_list(routes: APIRouter, state: HubState, found_by: tuple[Results, Sheets]) -> None:
    _, sheets = found_by

    @routes.get("/trends/findings")
    def behind(
        request: Request, person: Reader, asked: Question, key: Annotated[str, Query(max_length=80)] = ""
    ) -> Response:
        sheets.catch_up()
        found, total = _behind(state, found_by, asked, (key, person))
        with state.store.writing() as connection:
            log.record(
                connection, at=state.now(), who=person.account_id, action="findings.list",
                target=f"{asked.by}:{key}", detail={"n": total},
            )  # fmt: skip
        values: dict[str, Any] = {
            "asked": asked,
            "by": asked.by,
            "key": key,
            "found": found,
            "total": total,
        }
        return render(request, "trends_findings.html", person, **values, **helpers(words(request)))


def _behind(
    state: HubState, found_by: tuple[Results, Sheets], wish: Wish, whose: tuple[str, Person]
) -> tuple[list[Shown], int]:
    """The findings behind a row, those against somebody, the newest first, and how many there are in all."""
    results, sheets = found_by
    key, person = whose
    asked = _narrowed(wish, key, person)
    if asked is None:
        return [], 0
    value = _VALUES.get(wish.by) if key else None
    with state.store.reading() as connection:
        known = named(connection, FOUND, asked)
        if known == []:
            return [], 0
        if value is None:
            total = counting.whole(connection, asked).listed
        else:
            total = sum(one.listed for one in counting.rows(connection, wish.by, asked) if one.key == key)
        wanted = Wanted(first=asked.first, last=asked.last, windows=tuple(known or ()))
        listed = sheets.listed(connection, wanted, lambda one: value is None or value(one) == key, _LISTED)
    found = state.night.findings([one.finding_id for one in listed], results.deadlines)
    shown = [Shown(*found[one.finding_id], one.counts) for one in listed if one.finding_id in found]
    return shown, total


def _narrowed(wish: Wish, key: str, person: Person) -> Asked | None:
    """The days and windows of a row; None for a day that is none of those asked for."""
    asked = wish.of(person)
    if not key or wish.by not in ("day", "window"):
        return asked
    if wish.by == "window":
        return asked._replace(only=(key,)) if asked.takes(key) else None
    try:
        day = date.fromisoformat(key)
    except ValueError:
        return None
    return asked._replace(first=day, last=day) if asked.first <= day <= asked.last else None


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


def _around(connection: Connection, one: trainings.Training, person: Person) -> list[Change]:
    """What changed with a training, as far as this person may see."""
    before = Asked(one.day - _AROUND, one.day - timedelta(days=1), person.windows, one.windows)
    after = before._replace(first=one.day, last=one.day + _AROUND - timedelta(days=1))
    return counting.change(counting.whole(connection, before), counting.whole(connection, after))
