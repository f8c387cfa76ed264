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

    def __init__(self, app: App, *, secure: bool, base_path: str = "") -> None:
        self._app = app
        self._base_path = base_path
        fixed = {**HEADERS, "strict-transport-security": "max-age=31536000"} if secure else HEADERS
        self._headers = [(name.encode(), value.encode()) for name, value in fixed.items()]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._base_path:
            scope = self._placed(scope)
        answer = _Answer(send, self._headers, is_static="/static/" in scope["path"])
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > MOST_BYTES:
            await answer.refuse()
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BYTES:
                # Whatever the route makes of this, it is not what gets sent.
                await answer.refuse()
                raise TooLargeError
            return message

        try:
            await self._app(scope, limited, answer.send)
        except TooLargeError:
            return

    def _placed(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The request below the base path, whether or not the proxy took that off."""
        path = str(scope["path"])
        whole = path if path.startswith(f"{self._base_path}/") else self._base_path + path
        return {**scope, "path": whole, "raw_path": whole.encode(), "root_path": self._base_path}


class _Answer:
    """One answer on its way, with HEADERS on it; nothing follows a refusal."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], *, is_static: bool) -> None:
        self._send = send
        self._headers = headers
        # Pages name people: no cache between keeps them. Static files are asked for anew.
        self._cache = (b"cache-control", b"no-cache" if is_static else b"no-store")
        self._is_begun = self._is_refused = False

    async def send(self, message: Message) -> None:
        if self._is_refused:
            return
        if message["type"] == "http.response.start":
            self._is_begun = True
            headers = list(message.get("headers", []))
            own = [] if any(name.lower() == b"cache-control" for name, _ in headers) else [self._cache]
            message = {**message, "headers": [*headers, *own, *self._headers]}
        await self._send(message)

    async def refuse(self) -> None:
        """413, unless something was sent already."""
        if not self._is_begun:
            start = {"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]}
            await self.send(start)
            await self.send({"type": "http.response.body", "body": b"too large\n"})
        self._is_refused = True
