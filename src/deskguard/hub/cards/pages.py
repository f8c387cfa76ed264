"""/scorecards: every card with its sections, weights and sources; blanks filled in; which one is in force.

Administrators and supervisors only. What is chosen is what the hall's scores and reports go by from that day,
and the night's where it has the same store.
"""

from __future__ import annotations

from datetime import date
from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import fastapi
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.cards import shelf as shelves
from deskguard.hub.cards.shelf import Fill, Shelf
from deskguard.hub.pages.forms import Form, Text
from deskguard.hub.pages.rendering import language_of, render
from deskguard.hub.reviewing.showing import local
from deskguard.hub.store.times import utc_text
from deskguard.scoring.card_choice import EVERYTHING, CardChoice, chosen, scope_of
from deskguard.scoring.known import check_names
from deskguard.scoring.points import points_text
from deskguard.scoring.scorecard import usable
from deskguard.scoring.store import keep_choice
from deskguard.scoring.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.hub.state import HubState
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.settings import Settings

Manager = Annotated[Person, Depends(needs("scorecards.manage"))]
CardId = Annotated[str, fastapi.Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_SHOWN = 50
_VALUE, _WINDOWS = "fill.", "windows."


class ChoiceForm(Form):
    """Which card is in force for what, from when on."""

    scope: Text = ""
    card: Text = ""
    """The id of a card of a file, "fill:" and the number of a version, or empty for that of the settings."""
    since: date
    note: Text = ""


async def _sent(request: Request) -> dict[str, str]:
    """The fields of the form, as text."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str) and len(value) <= 2000}


def router(state: HubState, settings: Settings) -> APIRouter:
    """The routes of /scorecards."""
    routes = APIRouter(prefix="/scorecards", include_in_schema=False)
    desk = CardDesk(state, settings)
    _add_looking(routes, desk)
    _add_changing(routes, desk)
    return routes


class CardDesk:
    """What the routes have in common."""

    def __init__(self, state: HubState, settings: Settings) -> None:
        self.state = state
        self.settings = settings
        self.shelf = Shelf(settings)

    def every(self, request: Request, person: Person, problem: str = "", status: int = 200) -> Response:
        """The page of all cards."""
        cards = self.shelf.cards()
        with self.state.store.reading() as connection:
            filled = shelves.fills(connection)
        choices = self.state.night.card_choices()
        scopes = [EVERYTHING, *sorted({one.standard for one in cards.values() if one.standard})]
        today = self.state.now().astimezone().date()
        values: dict[str, Any] = {
            "cards": list(cards.values()),
            "filled": [(one, self._blanks(one)) for one in filled],
            "scopes": [(scope, chosen(choices, scope, today)) for scope in scopes],
            "names": {one.standard: one.title for one in cards.values() if one.standard},
            "choices": list(reversed(choices))[:_SHOWN],
            "own": self.settings.scoring.card,
            "main": scope_of(self.settings),
            "today": today,
            "problem": problem,
        }
        return render(request, "scorecards.html", person, status=status, local=local, **values)

    def one(  # noqa: PLR0913 - what a page is made of
        self,
        request: Request,
        person: Person,
        card: Scorecard,
        fill: Fill,
        *,
        problem: str = "",
        sent: Mapping[str, str] | None = None,
    ) -> Response:
        """The page of one card; `fill` is a version of the hall, or a new one without a number."""
        base = self.shelf.card(fill.fills)
        blanks = {name: one for name, (_, one) in base.blanks().items()}
        named = [one for one in base.sections if one.for_named_only]
        values: dict[str, Any] = {
            "card": card,
            "fill": fill,
            "blanks": blanks,
            "named": named,
            "can_fill": bool(blanks or named) and self.shelf.tables(fill.fills)[1] is None,
            "given": sent if sent is not None else _given(fill),
            "problem": problem,
            "said": Words(language_of(request)),
            "points": points_text,
            "today": self.state.now().astimezone().date(),
        }
        status = 422 if problem else 200
        return render(request, "scorecard.html", person, status=status, local=local, **values)

    def _blanks(self, fill: Fill) -> int:
        """How many blanks a version leaves; all that there are where it cannot be used any more."""
        try:
            return len(self.shelf.filled(fill).blanks())
        except DeskguardError:
            return len(self.shelf.card(fill.fills).blanks()) if fill.fills in self.shelf.cards() else 1


def _add_looking(routes: APIRouter, desk: CardDesk) -> None:
    @routes.get("")
    def cards(request: Request, person: Manager) -> Response:
        return desk.every(request, person)

    @routes.get("/card/{card_id}")
    def card(request: Request, person: Manager, card_id: CardId) -> Response:
        found = desk.shelf.card(card_id)
        return desk.one(request, person, found, Fill(fills=card_id, title=found.title))

    @routes.get("/fill/{serial}")
    def filled(request: Request, person: Manager, serial: int) -> Response:
        with desk.state.store.reading() as connection:
            fill = shelves.fill_of(connection, serial)
        return desk.one(request, person, desk.shelf.filled(fill), fill)


def _add_changing(routes: APIRouter, desk: CardDesk) -> None:
    @routes.post("/card/{card_id}/fill")
    def fill(
        request: Request, person: Manager, card_id: CardId, sent: Annotated[dict[str, str], Depends(_sent)]
    ) -> Response:
        base = desk.shelf.card(card_id)
        at = desk.state.now()
        try:
            check_whole_hall(person)
            made = _read(card_id, base.title, sent, person.name, utc_text(at))
            desk.shelf.filled(made)
        except DeskguardError as error:
            empty = Fill(fills=card_id, title=sent.get("title", base.title))
            told = f"{error.problem} {error.remedy}"
            return desk.one(request, person, base, empty, problem=told, sent=sent)
        with desk.state.store.writing() as connection:
            kept = shelves.keep_fill(connection, made)
            detail = {"blanks": len(desk.shelf.filled(kept).blanks()), "version": kept.serial}
            log.record(
                connection, at=at, who=person.account_id, action="scorecard.fill", target=card_id, detail=detail
            )
        return RedirectResponse(f"{desk.state.base_path}/scorecards/fill/{kept.serial}", 303)

    @routes.post("/choose")
    def choose(request: Request, person: Manager, form: Annotated[ChoiceForm, fastapi.Form()]) -> Response:
        at = desk.state.now()
        try:
            check_whole_hall(person)
            choice = _choice(desk, form, person.name, utc_text(at))
        except DeskguardError as error:
            return desk.every(request, person, f"{error.problem} {error.remedy}", 422)
        with desk.state.store.writing() as connection:
            kept = keep_choice(connection, choice)
            detail = {"card": kept.card_id, "since": kept.since.isoformat(), "serial": kept.serial}
            log.record(
                connection, at=at, who=person.account_id, action="scorecard.choose", target=kept.scope,
                detail=detail,
            )  # fmt: skip
        return RedirectResponse(f"{desk.state.base_path}/scorecards", 303)


def check_whole_hall(person: Person) -> None:
    """Raise DeskguardError (`windows-not-yours`) for an account of some windows: a card is for all of them."""
    if person.windows:
        raise DeskguardError(
            "This account is for some windows, and a scorecard is for all of them.",
            "leave it to somebody whose account is for the whole hall.",
            "windows-not-yours",
        )


def _choice(desk: CardDesk, form: ChoiceForm, by: str, at_utc: str) -> CardChoice:
    """What is chosen, with the card's tables in it; raises DeskguardError for a card that cannot be used."""
    scope, name = form.scope.strip(), form.card.strip()
    known = {one.standard for one in desk.shelf.cards().values()}
    if scope != EVERYTHING and scope not in known:
        raise DeskguardError(
            f'No scorecard is for the standard "{scope[:64]}".', "choose one of the list.", "unknown-standard"
        )
    card, table, fill = _named(desk, name)
    if card is not None:
        usable(card)
        if scope == EVERYTHING and not desk.settings.rules.only:
            check_names(card, desk.settings)
    return CardChoice(
        serial=0,
        scope=scope,
        since=form.since,
        card_id=card.card_id if card else "",
        title=card.title if card else "",
        table=table,
        fill=fill,
        note=form.note.strip(),
        by=by,
        at_utc=at_utc,
    )


def _named(desk: CardDesk, name: str) -> tuple[Scorecard | None, dict[str, Any] | None, dict[str, Any] | None]:
    """The card that a form names, and its tables."""
    if not name:
        return None, None, None
    kind, _, number = name.partition(":")
    if kind != "fill":
        table, inner = desk.shelf.tables(name)
        return desk.shelf.card(name), table, inner
    with desk.state.store.reading() as connection:
        fill = shelves.fill_of(connection, int(number) if number.isdecimal() and len(number) < 10 else 0)
    table, _ = desk.shelf.tables(fill.fills)
    return desk.shelf.filled(fill), table, fill.table()


def _read(card_id: str, title: str, sent: Mapping[str, str], by: str, at_utc: str) -> Fill:
    """The fields of a form as a version; raises DeskguardError for what is no number."""
    values: dict[str, float] = {}
    wrong = []
    for name, text in sent.items():
        if not name.startswith(_VALUE) or not text.strip():
            continue
        try:
            value = float(text.strip())
        except ValueError:
            value = nan
        if isfinite(value):
            values[name.removeprefix(_VALUE)] = int(value) if value.is_integer() else value
        else:
            wrong.append(f'  - {name.removeprefix(_VALUE)[:64]}: "{text.strip()[:20]}"')
    if wrong:
        listed = "\n".join(wrong)
        raise DeskguardError(f"What stands in these blanks is no number:\n{listed}\n", "mend it.", "bad-card")
    windows = {
        name.removeprefix(_WINDOWS): tuple(text.split())
        for name, text in sent.items()
        if name.startswith(_WINDOWS) and text.strip()
    }
    return Fill(
        fills=card_id,
        title=sent.get("title", "").strip()[:200] or title,
        values=values,
        windows=windows,
        note=sent.get("note", "").strip()[:300],
        by=by,
        at_utc=at_utc,
    )


def _given(fill: Fill) -> dict[str, str]:
    """The fields of the form as a version has them."""
    values = {f"{_VALUE}{name}": f"{value:g}" for name, value in fill.values.items()}
    windows = {f"{_WINDOWS}{name}": " ".join(several) for name, several in fill.windows.items()}
    return {**values, **windows}
