"""What an administrator decides for the hall: its name, how long things are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log
from deskguard.hub.pages.rendering import render
from deskguard.hub.store import settings

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

_Manager = Annotated[Person, Depends(needs("settings.manage"))]


async def _sent(request: Request) -> dict[str, str]:
    """The fields of the form that are settings; one that was left empty is an empty text."""
    form = await request.form()
    names = {one.name for one in settings.SETTINGS}
    return {name: value for name, value in form.items() if name in names and isinstance(value, str)}


def router(state: HubState) -> APIRouter:
    """The routes of /settings."""
    routes = APIRouter(include_in_schema=False)

    def page(request: Request, person: Person, status: int = 200, **told: Any) -> Response:
        with state.store.reading() as connection:
            values = settings.every(connection)
        told = {"problem": None, "changed": None, **told}
        return render(
            request, "settings.html", person, status=status, known=settings.SETTINGS, values=values, **told
        )

    @routes.get("/settings")
    def show(request: Request, person: _Manager) -> Response:
        return page(request, person)

    @routes.post("/settings")
    def keep(request: Request, person: _Manager, sent: Annotated[dict[str, str], Depends(_sent)]) -> Response:
        try:
            with state.store.writing() as connection:
                changed = settings.put(connection, sent.items())
                if changed:
                    detail = {"changed": changed}
                    log.record(
                        connection,
                        at=state.now(),
                        who=person.account_id,
                        action="settings.change",
                        detail=detail,
                    )
        except DeskguardError as error:
            return page(request, person, 422, problem=error)
        return page(request, person, changed=changed)

    return routes
