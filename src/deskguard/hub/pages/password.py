"""One's own password: the one page that opens before a password that somebody else set was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import passwords, people
from deskguard.hub.accounts.guard import Person, anybody
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form, Text, let_in
from deskguard.hub.pages.rendering import render

if TYPE_CHECKING:
    from deskguard.hub.state import HubState


class PasswordForm(Form):
    """The old password and the new one, twice."""

    username: Text = ""
    """For the browser's list of passwords; not looked at."""
    old: Text
    new: Text
    again: Text


def router(state: HubState) -> APIRouter:
    """The routes of /password."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/password")
    def page(request: Request, person: Annotated[Person, Depends(anybody)]) -> Response:
        return render(request, "password.html", person, problem="")

    @routes.post("/password")
    def change(
        request: Request,
        person: Annotated[Person, Depends(anybody)],
        form: Annotated[PasswordForm, fastapi.Form()],
    ) -> Response:
        if not state.has_passwords:
            raise HTTPException(403)
        kept, problem = _looked_at(state, person, form)
        if problem:
            return render(request, "password.html", person, status=422, problem=problem)
        at = state.now()
        with state.store.writing() as connection:
            people.set_password(connection, person.account_id, kept, must_change=False)
            log.record(
                connection, at=at, who=person.account_id, action="password.change", target=person.account_id
            )
        return let_in(state, person.account_id, person.name, "/")

    return routes


def _looked_at(state: HubState, person: Person, form: PasswordForm) -> tuple[str, str]:
    """The new password's hash, or the text that says what is wrong."""
    at = state.now()
    with state.store.writing() as connection:
        is_locked = not people.begin_try(connection, person.name, at)
        row = people.by_id(connection, person.account_id)
    if row is None or is_locked or not passwords.is_right(row["password_hash"], form.old):
        return "", "hub.login.locked" if is_locked else "hub.password.wrong"
    with state.store.writing() as connection:
        people.forget_failures(connection, person.name)
    if form.new != form.again:
        return "", "hub.setup.not_again"
    try:
        return people.new_hash(form.new, person.name), ""
    except DeskguardError:
        return "", "hub.setup.bad_password"
