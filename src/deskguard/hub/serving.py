"""The hall behind a port, until it is told to stop."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from deskguard.hub.options import HubOptions

_STOP_S = 5
_BACKLOG = 1024
_KEEP_ALIVE_S = 75


def bind(options: HubOptions) -> socket.socket:
    """A listening socket, bound before anything else begins; raises DeskguardError."""
    try:
        found = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(options, error) from None
    if sys.platform == "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _unusable(options, error) from None
    return listener


def address_of(listener: socket.socket, options: HubOptions) -> str:
    """What to open in a browser."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    scheme = "https" if options.has_tls else "http"
    return f"{scheme}://{host}:{listener.getsockname()[1]}{options.base_path}"


def serve(app: FastAPI, listener: socket.socket, options: HubOptions) -> None:
    """Answer requests until SIGINT or SIGTERM; raises DeskguardError for a certificate that cannot be used."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,  # addresses hold names of people
        server_header=False,
        proxy_headers=options.behind_proxy,
        forwarded_allow_ips="*" if options.behind_proxy else None,
        ws="none",
        ssl_certfile=options.cert,
        ssl_keyfile=options.key,
        timeout_graceful_shutdown=_STOP_S,
        # Desks report every half minute: a connection of theirs need not be made anew each time.
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise DeskguardError(
            f"Certificate {options.cert} or key {options.key} cannot be used: {error}.",
            "name a certificate with its chain and the private key that belongs to it, both as PEM.",
            "hub-bad-certificate",
        ) from None
    before = signal.signal(signal.SIGTERM, _go_on)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        signal.signal(signal.SIGTERM, before)


def _go_on(_: int, __: object) -> None:
    """The server raises what stopped it once more; to be told to stop is no failure, and more must close."""


def _unusable(options: HubOptions, error: OSError) -> DeskguardError:
    if error.errno == errno.EADDRINUSE:
        return DeskguardError(
            f"The hall cannot be served: port in use ({options.host}:{options.port}).",
            "stop the other program, or take another port with --port; 0 is any free one.",
            "port-in-use",
        )
    return DeskguardError(
        f"The hall cannot be served on {options.host}:{options.port}: {error.strerror or error}.",
        "name an address of this computer with --host and a port from 1024 to 65535 with --port.",
        "port-unusable",
    )
