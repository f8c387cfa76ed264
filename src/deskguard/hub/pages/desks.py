"""Desks: which have joined, codes for new ones, and taking a key back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import desk_keys
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form, Text
from deskguard.hub.pages.rendering import render

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

_Manager = Annotated[Person, Depends(needs("desks.manage"))]


class CodeForm(Form):
    """Which window a code is for."""

    window: Text


def router(state: HubState) -> APIRouter:
    """The routes of /desks."""
    routes = APIRouter(include_in_schema=False)

    def page(request: Request, person: Person, status: int = 200, **told: Any) -> Response:
        with state.store.reading() as connection:
            desks = [one for one in desk_keys.every(connection) if person.sees(one["window_id"])]
        told = {"code": None, "window": "", "problem": None, **told}
        return render(request, "desks.html", person, status=status, desks=desks, **told)

    @routes.get("/desks")
    def desks(request: Request, person: _Manager) -> Response:
        return page(request, person)

    @routes.post("/desks/code")
    def code(request: Request, person: _Manager, form: Annotated[CodeForm, fastapi.Form()]) -> Response:
        at, window = state.now(), form.window.strip()
        if not person.sees(window):
            raise HTTPException(403)
        try:
            with state.store.writing() as connection:
                made = desk_keys.new_code(connection, window, person.account_id, at)
                log.record(connection, at=at, who=person.account_id, action="desk.code", target=window)
        except DeskguardError as error:
            return page(request, person, 422, problem=error, window=window)
        return page(request, person, code=made, window=window)

    @routes.post("/desks/{desk_id}/revoke")
    def revoke(person: _Manager, desk_id: str) -> Response:
        at = state.now()
        with state.store.writing() as connection:
            windows = {one["desk_id"]: one["window_id"] for one in desk_keys.every(connection)}
            if desk_id not in windows or not person.sees(windows[desk_id]):
                raise HTTPException(404)
            if desk_keys.revoke(connection, desk_id, at):
                log.record(connection, at=at, who=person.account_id, action="desk.revoke", target=desk_id)
        return RedirectResponse(f"{state.base_path}/desks", 303)

    return routes
