"""Accounts: who may come in, as what and for which windows. An administrator makes them, and is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import people
from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.accounts.roles import ROLES, RoleName
from deskguard.hub.audit import log
from deskguard.hub.keeping import requests
from deskguard.hub.oidc import arriving
from deskguard.hub.pages.forms import Form, Text
from deskguard.hub.pages.rendering import render

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

_Manager = Annotated[Person, Depends(needs("accounts.manage"))]


class AccountForm(Form):
    """What an account may do."""

    role: RoleName
    windows: Text = ""
    clerk_id: Text = ""

    @property
    def globs(self) -> tuple[str, ...]:
        """The windows, which people write with commas or spaces between."""
        return tuple(self.windows.replace("，", ",").replace(",", " ").split())


class NewForm(AccountForm):
    """A new account."""

    name: Text


class ChangeForm(AccountForm):
    """An account as it is to be."""

    disabled: bool = False


def router(state: HubState) -> APIRouter:
    """The routes of /accounts."""
    routes = APIRouter(include_in_schema=False)

    def page(request: Request, person: Person, status: int = 200, **told: Any) -> Response:
        with state.store.reading() as connection:
            values = {"accounts": people.every(connection), "asked": requests.waiting(connection)}
        blank = {"problem": None, "made": None}
        return render(
            request, "accounts.html", person, status=status, roles=ROLES, **values, **{**blank, **told}
        )

    @routes.get("/accounts")
    def accounts(request: Request, person: _Manager) -> Response:
        return page(request, person)

    @routes.post("/accounts")
    def make(request: Request, person: _Manager, form: Annotated[NewForm, fastapi.Form()]) -> Response:
        try:
            made = _make(state, person, form)
        except DeskguardError as error:
            return page(request, person, 422, problem=error)
        return page(request, person, made=made)

    @routes.get("/accounts/{account_id}")
    def account(request: Request, person: _Manager, account_id: str) -> Response:
        return render(request, "account.html", person, roles=ROLES, problem=None, **_found(state, account_id))

    @routes.post("/accounts/{account_id}")
    def change(
        request: Request, person: _Manager, account_id: str, form: Annotated[ChangeForm, fastapi.Form()]
    ) -> Response:
        wanted = people.Change(
            role=form.role, windows=form.globs, clerk_id=form.clerk_id, is_disabled=form.disabled
        )
        at = state.now()
        try:
            with state.store.writing() as connection:
                changed = people.change(connection, account_id, wanted, at)
                detail = {"changed": changed, "role": form.role, "windows": list(form.globs)}
                log.record(
                    connection,
                    at=at,
                    who=person.account_id,
                    action="account.change",
                    target=account_id,
                    detail=detail,
                )
        except DeskguardError as error:
            found = _found(state, account_id)
            return render(request, "account.html", person, status=422, roles=ROLES, problem=error, **found)
        return RedirectResponse(f"{state.base_path}/accounts", 303)

    @routes.post("/accounts/{account_id}/password")
    def reset(request: Request, person: _Manager, account_id: str) -> Response:
        name, password = _found(state, account_id)["account"]["name"], people.invent_password()
        kept = people.new_hash(password, name)
        with state.store.writing() as connection:
            people.set_password(connection, account_id, kept, must_change=True)
            people.forget_failures(connection, name)
            log.record(
                connection, at=state.now(), who=person.account_id, action="password.reset", target=account_id
            )
        return page(request, person, made=(name, password))

    @routes.post("/accounts/{account_id}/untie")
    def untie(request: Request, person: _Manager, account_id: str) -> Response:
        _found(state, account_id)
        with state.store.writing() as connection:
            if arriving.untie(connection, account_id):
                log.record(
                    connection,
                    at=state.now(),
                    who=person.account_id,
                    action="account.untie",
                    target=account_id,
                )
        return RedirectResponse(f"{state.base_path}/accounts/{account_id}", 303)

    return routes


def _make(state: HubState, person: Person, form: NewForm) -> tuple[str, str]:
    """A new account; gives its name and its first password, which is shown once."""
    password, at = people.invent_password(), state.now()
    people.check(form.name.strip(), form.role, form.globs)
    kept = people.new_hash(password, form.name)
    new = people.NewAccount(
        name=form.name, role=form.role, password=password, windows=form.globs, clerk_id=form.clerk_id
    )
    with state.store.writing() as connection:
        account_id = people.make(connection, new, at, kept)
        detail = {"role": form.role, "windows": list(form.globs)}
        log.record(
            connection, at=at, who=person.account_id, action="account.make", target=account_id, detail=detail
        )
    return form.name.strip(), password


def _found(state: HubState, account_id: str) -> dict[str, Any]:
    with state.store.reading() as connection:
        every = [one for one in people.every(connection) if one["account_id"] == account_id]
        identity = arriving.identity_of(connection, account_id)
    if not every:
        raise HTTPException(404)
    return {"account": every[0], "identity": identity}
