"""What the hall knows of oneself: to take away, and to have deleted when the administrator agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import people
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.keeping import person as known
from deskguard.hub.keeping import requests
from deskguard.hub.oidc import arriving
from deskguard.hub.pages.forms import Form, Text
from deskguard.hub.pages.rendering import render
from deskguard.hub.store import settings
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

_Own = Annotated[Person, Depends(needs("findings.own"))]
_Manager = Annotated[Person, Depends(needs("accounts.manage"))]


class WishForm(Form):
    """Why what is known should go."""

    why: Text = ""


class AnswerForm(Form):
    """What comes of a wish."""

    act: Literal["delete", "decline"]
    answer: Text = ""


def router(state: HubState) -> APIRouter:
    """The routes of /my-data, and the answer to a wish for deletion."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/my-data")
    def page(request: Request, person: _Own) -> Response:
        with state.store.reading() as connection:
            asked = requests.of(connection, person.account_id)
        return render(request, "my_data.html", person, asked=asked)

    @routes.get("/my-data.zip")
    def take(person: _Own) -> Response:
        with state.store.writing() as connection:
            row = people.by_id(connection, person.account_id) or {}
            account = {name: value for name, value in row.items() if name != "password_hash"}
            account["identity"] = arriving.identity_of(connection, person.account_id)
            folder = known.clips_folder(settings.get(connection, "clips_folder"))
            packed = known.export(connection, account, folder)
            log.record(
                connection,
                at=state.now(),
                who=person.account_id,
                action="person.export",
                target=person.account_id,
            )
        name = {"content-disposition": 'attachment; filename="my-data.zip"'}
        return Response(packed, media_type="application/zip", headers=name)

    @routes.post("/my-data/delete")
    def wish(person: _Own, form: Annotated[WishForm, fastapi.Form()]) -> Response:
        at = state.now()
        with state.store.writing() as connection:
            try:
                asked = requests.ask(connection, person.account_id, person.clerk_id, form.why, at)
                log.record(connection, at=at, who=person.account_id, action="person.ask", target=asked)
            except DeskguardError:
                # Asked twice is asked once.
                pass
        return RedirectResponse(f"{state.base_path}/my-data", 303)

    @routes.post("/accounts/requests/{request_id}")
    def answer(person: _Manager, request_id: str, form: Annotated[AnswerForm, fastapi.Form()]) -> Response:
        _answer(state, person, request_id, form)
        return RedirectResponse(f"{state.base_path}/accounts", 303)

    return routes


def _answer(state: HubState, person: Person, request_id: str, form: AnswerForm) -> None:
    """Carry a wish out, or decline it; 404 for one that does not wait any more."""
    at = state.now()
    with state.store.writing() as connection:
        take_turn(connection, "wishes")
        wishes = [one for one in requests.waiting(connection) if one["request_id"] == request_id]
        if not wishes:
            raise HTTPException(404)
        is_granted = form.act == "delete"
        gone, ids = known.delete(connection, wishes[0]["clerk_id"]) if is_granted else ({}, [])
        outcome = "deleted" if is_granted else "declined"
        requests.answer(connection, request_id, person.account_id, outcome, form.answer, at)
        log.record(
            connection,
            at=at,
            who=person.account_id,
            action=f"person.{outcome}",
            target=wishes[0]["account_id"],
            detail=gone,
        )
        folder = known.clips_folder(settings.get(connection, "clips_folder"))
    known.delete_clips(ids, folder)
