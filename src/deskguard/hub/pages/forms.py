"""What forms send: every field is text of bounded length; `csrf` is looked at before anything else."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from deskguard.hub.accounts import people, sessions
from deskguard.hub.accounts.guard import session_of
from deskguard.hub.audit import log
from deskguard.hub.pages.rendering import FORM_COOKIE

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

Text = Annotated[str, StringConstraints(max_length=300)]


class Form(BaseModel):
    """A form of a page; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    csrf: Text


def check_early_form(request: Request, csrf: str) -> None:
    """Refuse a form from before the login that another site sent."""
    session = session_of(request)
    wanted = request.cookies.get(FORM_COOKIE, "") if session is None else session.csrf
    if not wanted or not secrets.compare_digest(csrf.encode(), wanted.encode()):
        raise HTTPException(403)


def within(path: str) -> str:
    """A path of the hall's own: elsewhere nobody is sent."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"


def let_in(state: HubState, account_id: str, name: str, then: str, *, by: str = "") -> Response:
    """Begin a session and go on to a path of the hall; `by` says in the audit log what vouches for them."""
    at = state.now()
    with state.store.writing() as connection:
        people.forget_failures(connection, name)
        sessions.end_old(connection, at)
        token = sessions.begin(connection, account_id, at)
        log.record(connection, at=at, who=account_id, action="login", detail={"by": by} if by else None)
    answer = RedirectResponse(state.base_path + then, 303)
    # Lax, not Strict: a link to a finding in a colleague's message should not ask for the password again. What
    # changes something needs the form's token in any case.
    answer.set_cookie(
        sessions.COOKIE,
        token,
        httponly=True,
        samesite="lax",
        secure=state.secure_cookies,
        path=state.base_path or "/",
    )
    return answer
