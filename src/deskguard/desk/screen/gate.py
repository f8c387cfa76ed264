"""Decides who may talk to the staff page: the holder of the token, from this computer, from the page itself.

Loopback alone is no protection: other accounts of the computer reach the port, any web page in the browser can
send requests to it, and a name that an attacker controls can be pointed at 127.0.0.1 (DNS rebinding). Hence the
token in the path, the check of Host and Origin, and headers that forbid everything the page does not need.

The queue system has a token of its own that opens nothing but its hook, and no browser may use it.
"""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(), camera=(), geolocation=(), display-capture=()",
}


@dataclass(frozen=True, slots=True)
class SideDoor:
    """An app of its own behind a token of its own, for programs of this computer."""

    token: str
    app: ASGIApp


class Gate:
    """ASGI middleware: refuses what is not the page's own, and puts HEADERS on every answer."""

    def __init__(
        self, app: ASGIApp, token: str, texts: Mapping[str, str], side_door: SideDoor | None = None
    ) -> None:
        self._app = app
        self._token = token.encode()
        self._texts = texts
        self._side_door = side_door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no websockets here, and lifespan is off

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        first, slash, _ = scope["path"].removeprefix("/").partition("/")
        headers = Headers(scope=scope)
        known = secrets.compare_digest(first.encode(), self._token)
        if self._opens_side_door(first, headers, scope) and self._side_door is not None:
            await self._side_door.app({**scope, "root_path": f"/{first}"}, receive, send_with_headers)
        elif not (known and _is_local(headers, scope) and _is_same_origin(headers, scope)):
            await self._refusal()(scope, receive, send_with_headers)
        elif not slash:
            # Addresses in the page are relative: without the slash they would miss the token.
            await RedirectResponse(f"/{first}/", 308)(scope, receive, send_with_headers)
        else:
            await self._app({**scope, "root_path": f"/{first}"}, receive, send_with_headers)

    def _opens_side_door(self, first: str, headers: Headers, scope: Scope) -> bool:
        door = self._side_door
        if door is None or not secrets.compare_digest(first.encode(), door.token.encode()):
            return False
        # Browsers name themselves in these headers; programs have no reason to.
        is_browser = "origin" in headers or "sec-fetch-site" in headers
        return _is_local(headers, scope) and not is_browser

    def _refusal(self) -> HTMLResponse:
        title, body = (html.escape(self._texts[key]) for key in ("forbidden.title", "forbidden.body"))
        return HTMLResponse(
            f'<!doctype html><html lang="{self._texts["language.code"]}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
            f"<title>{title}</title><h1>{title}</h1><p>{body}</p></html>",
            403,
        )


def _hosts(scope: Scope) -> set[str]:
    """What Host may say, from the socket that took the connection."""
    port = scope["server"][1]
    names = ("127.0.0.1", "localhost")
    return {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())


def _is_local(headers: Headers, scope: Scope) -> bool:
    return headers.get("host", "") in _hosts(scope)


def _is_same_origin(headers: Headers, scope: Scope) -> bool:
    """Origin, where the browser gives one, is the page's; what changes something must say so."""
    origin = headers.get("origin")
    if origin is not None:
        return origin == f"http://{headers.get('host', '')}"
    if scope["method"] in ("GET", "HEAD"):
        return True
    return headers.get("sec-fetch-site") == "same-origin"
