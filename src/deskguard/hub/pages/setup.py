"""The first account of a new hall: made by who read the code that the server printed when it started."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import fastapi
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import people
from deskguard.hub.accounts.setting_up import setup_code
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form, Text, check_early_form, let_in
from deskguard.hub.pages.rendering import render
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

_PROBLEMS = {
    "bad-password": "hub.setup.bad_password",
    "bad-account": "hub.setup.bad_name",
    "account-exists": "hub.setup.bad_name",
}


class SetupForm(Form):
    """The code of the console and the administrator's account."""

    code: Text
    name: Text
    password: Text
    again: Text


def router(state: HubState) -> APIRouter:
    """The routes of /setup, which open nothing once there is an account."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/setup")
    def page(request: Request) -> Response:
        with state.store.reading() as connection:
            if people.has_any(connection):
                return RedirectResponse(f"{state.base_path}/login", 303)
        code = request.query_params.get("code", "")[:80]
        return render(request, "setup.html", None, code=code, name="", problem="")

    @routes.post("/setup")
    def setup(request: Request, form: Annotated[SetupForm, fastapi.Form()]) -> Response:
        check_early_form(request, form.csrf)
        problem = ""
        if not secrets.compare_digest(form.code.strip().encode(), setup_code(state.data).encode()):
            problem = "hub.setup.wrong_code"
        elif form.password != form.again:
            problem = "hub.setup.not_again"
        else:
            try:
                return let_in(state, _make(state, form), form.name, "/")
            except DeskguardError as error:
                problem = _PROBLEMS.get(error.code, "")
                if not problem:
                    raise
        kept = {"code": form.code[:80], "name": form.name[:40]}
        return render(request, "setup.html", None, status=422, problem=problem, **kept)

    return routes


def _make(state: HubState, form: SetupForm) -> str:
    """The administrator's account; raises DeskguardError for what cannot be, 404 when somebody was faster."""
    people.check(form.name.strip(), "administrator", ())
    kept = people.new_hash(form.password, form.name)
    new = people.NewAccount(name=form.name, role="administrator", password=form.password, must_change=False)
    at = state.now()
    with state.store.writing() as connection:
        take_turn(connection, "accounts")
        if people.has_any(connection):
            raise HTTPException(404)
        account_id = people.make(connection, new, at, kept)
        log.record(connection, at=at, who=account_id, action="account.first", target=account_id)
    return account_id
