"""The first page, login, logout and the language of the pages.

Before anybody is logged in, forms carry the token of a cookie of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import fastapi
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.hub.accounts import passwords, people, sessions
from deskguard.hub.accounts.guard import Person, anybody, session_of
from deskguard.hub.audit import log
from deskguard.hub.pages.forms import Form, Text, check_early_form, let_in, within
from deskguard.hub.pages.rendering import LANGUAGE_COOKIE, NAVIGATION, render
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

_A_YEAR_S = 365 * 24 * 3600


class LoginForm(Form):
    """Who wants in, and where to."""

    name: Text
    password: Text
    next: Text = "/"


class LanguageForm(Form):
    """The language chosen, and the page it was chosen on."""

    language: Text
    next: Text = "/"


def router(state: HubState) -> APIRouter:
    """The routes that nobody needs an account for, and the way out."""
    routes = APIRouter(include_in_schema=False)
    base = state.base_path

    @routes.get("/")
    def first(request: Request) -> Response:
        """The first page that the role may open."""
        session = session_of(request)
        if session is None:
            return RedirectResponse(f"{base}/setup" if _is_new(state) else f"{base}/login", 303)
        served = request.app.state.pages
        ways = [path for path, _, need in NAVIGATION if session.person.may(need) and path in served]
        return RedirectResponse(base + (ways[0] if ways else "/password"), 303)

    @routes.get("/login")
    def login_page(request: Request) -> Response:
        if _is_new(state):
            return RedirectResponse(f"{base}/setup", 303)
        then = within(request.query_params.get("next", "/"))
        return render(request, "login.html", None, next=then, problem="")

    @routes.post("/login")
    def login(request: Request, form: Annotated[LoginForm, fastapi.Form()]) -> Response:
        check_early_form(request, form.csrf)
        if not state.has_passwords:
            raise HTTPException(403)
        account, problem = _try(state, form)
        if account is None:
            return render(request, "login.html", None, status=401, next=within(form.next), problem=problem)
        return let_in(state, account["account_id"], account["name"], within(form.next))

    @routes.post("/logout")
    def logout(request: Request, person: Annotated[Person, Depends(anybody)]) -> Response:
        with state.store.writing() as connection:
            sessions.end(connection, request.cookies[sessions.COOKIE])
            log.record(connection, at=state.now(), who=person.account_id, action="logout")
        answer = RedirectResponse(f"{base}/login", 303)
        answer.delete_cookie(sessions.COOKIE, path=base or "/")
        return answer

    @routes.post("/language")
    def language(request: Request, form: Annotated[LanguageForm, fastapi.Form()]) -> Response:
        check_early_form(request, form.csrf)
        answer = RedirectResponse(base + within(form.next), 303)
        if form.language in catalogue.LANGUAGES:
            answer.set_cookie(
                LANGUAGE_COOKIE,
                form.language,
                max_age=_A_YEAR_S,
                samesite="lax",
                secure=state.secure_cookies,
                path=base or "/",
            )
        return answer

    return routes


def _is_new(state: HubState) -> bool:
    with state.store.reading() as connection:
        return not people.has_any(connection)


def _try(state: HubState, form: LoginForm) -> tuple[dict[str, Any] | None, str]:
    """The account that name and password open, or why there is none; both are noted."""
    at = state.now()
    with state.store.writing() as connection:
        is_locked = not people.begin_try(connection, form.name, at)
        account = people.by_name(connection, form.name)
    usable = None if account is None or account["disabled_utc"] else account
    # Also for who is unknown: how long it takes tells nothing. A locked name is told so in any case.
    is_right = not is_locked and passwords.is_right(
        None if usable is None else usable["password_hash"], form.password
    )
    if usable is not None and is_right:
        return usable, ""
    with state.store.writing() as connection:
        who = "nobody" if account is None else account["account_id"]
        detail = {"why": "locked" if is_locked else "refused"}
        log.record(connection, at=at, who=who, action="login.failed", detail=detail)
    return None, "hub.login.locked" if is_locked else "hub.login.wrong"
