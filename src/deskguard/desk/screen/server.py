"""Serves the staff page from a thread of its own, on loopback and nowhere else.

The socket is bound before the thread starts, so that a port in use is an error of `start()` and not a line in a
log. Limits: one server, one address family (IPv4), plain HTTP, since nothing leaves this computer.
"""

from __future__ import annotations

import errno
import socket
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from starlette.applications import Starlette

HOST = "127.0.0.1"
_STOP_S = 5.0


def page_url(port: int, token: str) -> str:
    """The address to open; whoever has it may read the page, so it is printed and never logged."""
    return f"http://{HOST}:{port}/{token}/"


class ScreenServer:
    """An app of `build_app` behind a port of this computer; starts once, stops once."""

    def __init__(self, app: Starlette, port: int) -> None:
        """`port` 0 takes any free one."""
        self._app = app
        self._wanted_port = port
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is served; the wanted one before `start()`."""
        if self._socket is None:
            return self._wanted_port
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Serve until `stop()`; raises DeskguardError when the port cannot be had."""
        self._socket = _bind(self._wanted_port)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            log_level="warning",
            access_log=False,  # the address holds the token
            server_header=False,
            proxy_headers=False,  # nothing may stand in front of this server
            lifespan="off",
            ws="none",
            loop="asyncio",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="screen", daemon=True
        )
        self._thread.start()
        self._server.ready.wait(_STOP_S)

    def stop(self) -> None:
        """Close every stream and the port; harmless when not started."""
        if self._server is None or self._thread is None or self._socket is None:
            return
        # Streams end by themselves only when told: without this, stopping would wait for the grace period.
        self._app.state.feed.hang_up()
        self._server.should_exit = True
        self._thread.join(_STOP_S)
        self._socket.close()
        self._server = self._thread = self._socket = None


class _Server(uvicorn.Server):
    """Says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform == "win32":
        # There, SO_REUSEADDR would let another program take over the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        # Else a restart would have to wait a minute for old connections to be forgotten.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise _unusable(port, error) from None
    return listener


def _unusable(port: int, error: OSError) -> DeskguardError:
    if error.errno == errno.EADDRINUSE:
        return DeskguardError(
            f"The staff page cannot be served: port in use ({HOST}:{port}).",
            "stop the other program (perhaps another deskguard), or set [screen] port to another number, "
            "or to 0 for any free one.",
            "port-in-use",
        )
    return DeskguardError(
        f"The staff page cannot be served on {HOST}:{port}: {error.strerror or error}.",
        "set [screen] port to a number from 1024 to 65535, or to 0 for any free one.",
        "port-unusable",
    )
