"""ASGI middleware: what browsers may do with the hall's pages, on every answer, and how much may be sent here.

Scripts, styles and sounds come from the hall alone and nothing stands inline, so text that got into a page as
markup could not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MOST_BYTES = 8 * 1024 * 1024
"""Of a request's body: the largest is a rule pack as a spreadsheet."""
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(), camera=(), geolocation=(), display-capture=()",
}


class TooLargeError(Exception):
    """A body is longer than it may be."""


class HeadersAndLimits:
    """Puts HEADERS on every answer and refuses bodies above MOST_BYTES."""

    def __init__(self, app: App, *, secure: bool) -> None:
        self._app = app
        fixed = {**HEADERS, "strict-transport-security": "max-age=31536000"} if secure else HEADERS
        self._headers = [(name.encode(), value.encode()) for name, value in fixed.items()]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        is_begun = False

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BYTES:
                raise TooLargeError
            return message

        async def with_headers(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                headers = list(message.get("headers", []))
                if all(name.lower() != b"cache-control" for name, _ in headers):
                    # Pages name people: no cache between keeps them. Static files are asked for anew.
                    is_static = "/static/" in scope["path"]
                    headers.append((b"cache-control", b"no-cache" if is_static else b"no-store"))
                message = {**message, "headers": [*headers, *self._headers]}
            await send(message)

        told = dict(scope["headers"]).get(b"content-length", b"0")
        try:
            if told.isdigit() and int(told) > MOST_BYTES:
                raise TooLargeError
            await self._app(scope, limited, with_headers)
        except TooLargeError:
            if not is_begun:
                await with_headers(
                    {"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]}
                )
                await with_headers({"type": "http.response.body", "body": b"too large\n"})
