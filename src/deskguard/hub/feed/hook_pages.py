"""The page on which an administrator sees, adds, tries and takes away webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.audit import log as audit
from deskguard.hub.feed import delivering, hooks
from deskguard.hub.feed.delivering import NewHook
from deskguard.hub.pages.rendering import render
from deskguard.wire.events import KINDS

if TYPE_CHECKING:
    from deskguard.hub.state import HubState


def router(state: HubState) -> APIRouter:
    """The page and its forms."""
    routes = APIRouter(prefix="/webhooks", include_in_schema=False)

    def shown(request: Request, person: Person, **more: Any) -> Response:
        with state.store.reading() as connection:
            found = delivering.every(connection)
        told = {"secret": "", "problem": "", "tested": None, **more}
        return render(request, "webhooks.html", person, hooks=found, forms=hooks.FORMS, kinds=KINDS, **told)

    @routes.get("")
    def page(request: Request, person: Annotated[Person, Depends(needs("settings.manage"))]) -> Response:
        return shown(request, person)

    @routes.post("")
    def add(  # noqa: PLR0913, PLR0917  the fields of the form
        request: Request,
        person: Annotated[Person, Depends(needs("settings.manage"))],
        url: Annotated[str, Form(max_length=500)] = "",
        form: Annotated[str, Form(max_length=20)] = "generic",
        kinds: Annotated[list[str] | None, Form()] = None,
        windows: Annotated[str, Form(max_length=500)] = "",
        secret: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        new = NewHook(url, cast("hooks.Form", form), tuple(kinds or ()), tuple(windows.split()), secret)
        at = state.now()
        try:
            with state.store.writing() as connection:
                made = delivering.add(connection, new, person.account_id, at)
                detail = {"form": form, "kinds": list(new.kinds)}
                audit.record(connection, at=at, who=person.account_id, action="webhook.add", detail=detail)
        except DeskguardError as error:
            return shown(request, person, problem=error.problem)
        return shown(request, person, secret=made if form == "generic" else "")

    @routes.post("/{webhook_id}/test")
    def test(
        request: Request, webhook_id: str, person: Annotated[Person, Depends(needs("settings.manage"))]
    ) -> Response:
        at = state.now()
        hook = delivering.tried(state.store, webhook_id, at)
        if hook is None:
            raise HTTPException(404)
        with state.store.writing() as connection:
            detail = {"form": hook["form"], "outcome": hook["outcome"]}
            audit.record(
                connection,
                at=at,
                who=person.account_id,
                action="webhook.test",
                target=webhook_id,
                detail=detail,
            )
        return shown(request, person, tested=_told(hook))

    @routes.post("/{webhook_id}/remove")
    def remove(
        request: Request, webhook_id: str, person: Annotated[Person, Depends(needs("settings.manage"))]
    ) -> Response:
        with state.store.writing() as connection:
            if delivering.remove(connection, webhook_id):
                audit.record(
                    connection,
                    at=state.now(),
                    who=person.account_id,
                    action="webhook.remove",
                    target=webhook_id,
                )
        return RedirectResponse(f"{state.base_path}/webhooks", 303)

    return routes


def _told(hook: dict[str, Any]) -> dict[str, Any]:
    """What came of a test, for the page: where it went, whether it arrived, and the text that says so."""
    kind, _, code = str(hook["outcome"]).partition("-")
    return {
        "webhook_id": hook["webhook_id"],
        "is_good": kind == "ok",
        "key": f"hub.hook.test_{kind}",
        "code": code,
    }
