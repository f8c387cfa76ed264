"""/login/oidc: to the provider, and back with a session of the hall's own."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from deskguard.errors import DeskguardError
from deskguard.hub.audit import log as audit
from deskguard.hub.oidc import arriving, journey
from deskguard.hub.pages.forms import let_in, within
from deskguard.hub.pages.rendering import render
from deskguard.hub.store.opening import secret
from deskguard.scoring.store_engine import FAULTS

if TYPE_CHECKING:
    from deskguard.hub.oidc.journey import Journey
    from deskguard.hub.oidc.provider import Provider
    from deskguard.hub.state import HubState

log = logging.getLogger(__name__)

KEY = "oidc.key"
_PATH = "/login/oidc"
_MOST = 4000
_WORDS = {
    **dict.fromkeys(("oidc-unreachable", "oidc-strange", "file-unreadable"), "hub.oidc.unreachable"),
    **dict.fromkeys(("oidc-lost", "oidc-denied"), "hub.oidc.lost"),
    **dict.fromkeys(("oidc-no-account", "oidc-no-role", "oidc-other-person"), "hub.oidc.nobody"),
    "oidc-disabled": "hub.oidc.nobody",
}
"""What a person is told for a code; for all others that the answer did not pass."""


def router(state: HubState) -> APIRouter:
    """The two routes, where the hall has a provider."""
    routes = APIRouter(include_in_schema=False)
    if state.oidc is not None:
        _add(routes, state, state.oidc)
    return routes


def _add(routes: APIRouter, state: HubState, provider: Provider) -> None:
    @routes.get(_PATH)
    def leave(request: Request) -> Response:
        """Send the browser to the provider, with a cookie by which it is known when it comes back."""
        begun = journey.begin(within(request.query_params.get("next", "/")), state.now())
        try:
            answer = RedirectResponse(provider.address_for(begun), 303)
        except DeskguardError as error:
            return _refused(request, state, error)
        answer.set_cookie(
            journey.COOKIE,
            journey.packed(begun, secret(state.data, KEY)),
            max_age=int(journey.LASTS.total_seconds()),
            httponly=True,
            # Lax: the way back begins at the provider's site.
            samesite="lax",
            secure=state.secure_cookies,
            path=state.base_path + _PATH,
        )
        return answer

    @routes.get(f"{_PATH}/back")
    def come_back(request: Request) -> Response:
        """Take what the browser brings, and let it in."""
        try:
            answer = _arrived(request, state, provider)
        except DeskguardError as error:
            if error.code in FAULTS:
                raise
            answer = _refused(request, state, error)
        # Each way is made once.
        answer.delete_cookie(journey.COOKIE, path=state.base_path + _PATH)
        return answer


def _arrived(request: Request, state: HubState, provider: Provider) -> Response:
    at = state.now()
    begun = _begun(request, state, provider)
    claims = provider.claims(request.query_params.get("code", "")[:_MOST], begun, at)
    unusable = arriving.nobodys_hash()
    with state.store.writing() as connection:
        account = arriving.arrive(connection, provider.settings, claims, at, unusable)
    return let_in(state, account["account_id"], account["name"], begun.then, by="oidc")


def _begun(request: Request, state: HubState, provider: Provider) -> Journey:
    """The login that this browser began and the answer belongs to; raises DeskguardError."""
    asked = request.query_params
    begun = journey.unpacked(request.cookies.get(journey.COOKIE, ""), secret(state.data, KEY), state.now())
    given = asked.get("state", "")
    if begun is None or not hmac.compare_digest(given.encode(), begun.state.encode()):
        raise _lost("oidc-lost", "it was not begun in this browser, or too long ago")
    # Of another provider, for which this browser was sent here to be mistaken (RFC 9207).
    if "iss" in asked and asked["iss"] != provider.settings.issuer:
        raise _lost("oidc-other-issuer", "another provider answered")
    if "error" in asked or "code" not in asked:
        raise _lost("oidc-denied", "the provider did not let them in")
    return begun


def _refused(request: Request, state: HubState, error: DeskguardError) -> Response:
    """The login page with a reason in words; what exactly was wrong is in the audit log."""
    log.warning("a login by the provider failed: %s", error.code)
    with state.store.writing() as connection:
        detail = {"why": error.code, "by": "oidc"}
        audit.record(connection, at=state.now(), who="nobody", action="login.failed", detail=detail)
    problem = _WORDS.get(error.code, "hub.oidc.refused")
    status = 502 if problem == "hub.oidc.unreachable" else 403
    return render(request, "login.html", None, status=status, next="/", problem=problem)


def _lost(code: str, why: str) -> DeskguardError:
    return DeskguardError(f"The login is not finished: {why}.", "begin again.", code)
