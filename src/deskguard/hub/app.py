"""The hall's routes in one application: who may come in is decided by each route, what browsers may do here.

A route that reads or writes the database is a plain function, so that it runs in a thread of the pool.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from deskguard import __version__
from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import LoginNeededError, PasswordChangeNeededError, session_of
from deskguard.hub.headers import HeadersAndLimits
from deskguard.hub.pages.rendering import render
from deskguard.scoring.store_engine import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastapi import APIRouter

    from deskguard.hub.state import HubState

_TOLD = (403, 404, 422, 503)
"""Statuses that have words of their own."""
_STATIC = Path(__file__).parent / "pages" / "static"


def build_app(state: HubState) -> FastAPI:
    """The whole application over an open store."""
    app = FastAPI(
        title="deskguard hall",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.hub = state
    for make in _routers():
        app.include_router(make(state))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.state.pages = frozenset(paths_of(app.routes))
    app.add_middleware(HeadersAndLimits, secure=state.secure_cookies, base_path=state.base_path)
    app.add_exception_handler(LoginNeededError, _to_login)
    app.add_exception_handler(PasswordChangeNeededError, _to_password)
    app.add_exception_handler(DeskguardError, _mistake)
    app.add_exception_handler(HTTPException, _refused)
    # Of a path or method that no route has: it does not come from a route of ours.
    for code in (404, 405):
        app.add_exception_handler(code, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    return app


def _routers() -> Iterable[Callable[[HubState], APIRouter]]:
    """The routes of every part of the hall."""
    from deskguard.hub.api import enrol, health
    from deskguard.hub.feed import routes as feed
    from deskguard.hub.fleet import api as fleet_api
    from deskguard.hub.fleet import fleet_pages, offer_pages, rule_pages
    from deskguard.hub.oidc import routes as oidc
    from deskguard.hub.pages import (
        accounts,
        audit,
        desks,
        logging_in,
        my_data,
        night,
        password,
        settings,
        setup,
    )

    return [
        health.router,
        enrol.router,
        feed.router,
        logging_in.router,
        oidc.router,
        setup.router,
        password.router,
        accounts.router,
        desks.router,
        audit.router,
        settings.router,
        my_data.router,
        night.router,
        fleet_api.router,
        rule_pages.router,
        offer_pages.router,
        fleet_pages.router,
    ]


def paths_of(routes: Iterable[Any]) -> Iterable[str]:
    """Every path that is served, of routers within routers as well."""
    for route in routes:
        if hasattr(route, "path"):
            yield route.path
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from paths_of(inner.routes)


def is_program(request: Request) -> bool:
    """Whether the answer is for a program and not for somebody's eyes."""
    path = request.url.path.removeprefix(request.app.state.hub.base_path)
    return path.startswith(("/api/", "/metrics", "/healthz")) or "text/html" not in request.headers.get(
        "accept", "text/html"
    )


def _to_login(request: Request, _: Exception) -> Response:
    if is_program(request):
        return JSONResponse({"detail": "log in first"}, 401)
    base = request.app.state.hub.base_path
    if request.method != "GET":
        return RedirectResponse(f"{base}/login", 303)
    path = request.url.path.removeprefix(base)
    return RedirectResponse(f"{base}/login?next={quote(path, safe='/')}", 303)


def _to_password(request: Request, _: Exception) -> Response:
    if is_program(request):
        return JSONResponse({"detail": "change the password first"}, 403)
    return RedirectResponse(f"{request.app.state.hub.base_path}/password", 303)


def _mistake(request: Request, error: Exception) -> Response:
    assert isinstance(error, DeskguardError)  # noqa: S101 - it is registered for nothing else
    status = 422
    if error.code in FAULTS:
        # Whoever asked did nothing wrong and may ask again: a desk that was told otherwise would give up
        # what it has to tell. The page that says so asks the database nothing more.
        status = 503
        request.state.session = None
    if is_program(request):
        told = {"code": error.code, "problem": error.problem, "remedy": error.remedy}
        return JSONResponse({"detail": told}, status)
    return _page(request, status, f"{error.problem} {error.remedy}")


def _refused(request: Request, error: Exception) -> Response:
    status = int(getattr(error, "status_code", 500))
    if is_program(request):
        told = {"detail": getattr(error, "detail", "")}
        return JSONResponse(told, status, headers=getattr(error, "headers", None))
    return _page(request, status, "")


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    if is_program(request):
        # Without what was sent: it may hold a secret, or somebody's words.
        told = [{"loc": one["loc"], "msg": one["msg"], "type": one["type"]} for one in error.errors()]
        return JSONResponse({"detail": told}, 422)
    return _page(request, 422, "")


def _page(request: Request, status: int, detail: str) -> HTMLResponse:
    session = session_of(request)
    person = None if session is None else session.person
    told = status if status in _TOLD else 404 if status == 405 else 422
    return render(request, "refused.html", person, status=status, code=told, detail=detail)
