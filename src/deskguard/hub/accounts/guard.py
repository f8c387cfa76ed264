"""Requests to who makes them: the dependency of every route that is not for everybody.

What changes something must carry the session's token (form field `csrf` or header X-CSRF-Token): the cookie
alone is sent by browsers whatever page asks.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from deskguard.hub.accounts import desk_keys, sessions
from deskguard.hub.accounts.desk_keys import DeskKey
from deskguard.hub.accounts.people import Person
from deskguard.hub.accounts.roles import Permission, RoleName

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deskguard.hub.accounts.sessions import Session
    from deskguard.hub.state import HubState

__all__ = ["DeskKey", "Permission", "Person", "RoleName", "anybody", "desk_of", "needs", "session_of"]
_SAFE = ("GET", "HEAD", "OPTIONS")


class LoginNeededError(Exception):
    """Nobody is logged in; pages go to the login, programs get a 401."""


class PasswordChangeNeededError(Exception):
    """Somebody else set the password: nothing opens before it was changed."""


def needs(permission: Permission) -> Callable[[Request], Awaitable[Person]]:
    """A dependency that gives the Person, whose role has the permission; else login, 401 or 403."""

    async def person(request: Request) -> Person:
        found = await _logged_in(request)
        if found.person.must_change:
            raise PasswordChangeNeededError
        if not found.person.may(permission):
            raise HTTPException(403, "this role may not do that")
        return found.person

    person.permission = permission  # type: ignore[attr-defined]
    return person


async def anybody(request: Request) -> Person:
    """A dependency for what everybody may who is logged in, such as changing one's password."""
    return (await _logged_in(request)).person


async def _logged_in(request: Request) -> Session:
    found = await run_in_threadpool(session_of, request)
    if found is None:
        raise LoginNeededError
    if request.method not in _SAFE:
        await _check_token(request, found.csrf)
    return found


def session_of(request: Request) -> Session | None:
    """Who is logged in with this request's cookie, if anybody; looked up once a request."""
    if hasattr(request.state, "session"):
        kept: Session | None = request.state.session
        return kept
    hall: HubState = request.app.state.hub
    token = request.cookies.get(sessions.COOKIE)
    found = None
    if token:
        at = hall.now()
        with hall.store.reading() as connection:
            found = sessions.find(connection, token, at)
        if found is not None and found[1]:
            with hall.store.writing() as connection:
                sessions.note_use(connection, token, at)
    session = None if found is None else found[0]
    request.state.session = session
    return session


async def _check_token(request: Request, wanted: str) -> None:
    given = request.headers.get("x-csrf-token")
    kind = request.headers.get("content-type", "")
    if given is None and kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        field = (await request.form()).get("csrf")
        given = field if isinstance(field, str) else None
    if given is None or not secrets.compare_digest(given.encode(), wanted.encode()):
        raise HTTPException(403, "the page is too old: load it again")


def desk_of(request: Request) -> DeskKey:
    """A dependency for what desks call: which one it is, by its key; else 401."""
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    hall: HubState = request.app.state.hub
    if kind.lower() == "bearer" and key:
        with hall.store.reading() as connection:
            found = desk_keys.find(connection, key.strip())
        if found is not None:
            return found
    raise HTTPException(401, "this desk key is not known", headers={"WWW-Authenticate": "Bearer"})
