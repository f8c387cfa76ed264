"""Connections to PostgreSQL by pg8000: whatever the network does to them is the driver's own error.

A pool lets go of a dead connection when the driver says that it is dead. pg8000 says so but for the first bytes
of an answer, and but for a greeting that breaks off: there a server that was stopped came through as a bare
OSError, which looked like a mistake of ours, and the dead connection was handed out again.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pg8000 import Connection, InterfaceError
from pg8000 import Error as DriverError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

__all__ = ["DriverError", "ServerConnection", "connected"]

PORT = 5432
# The word by which the pool knows a dead connection.
_DEAD = "network error"
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


class ServerConnection(Connection):  # type: ignore[misc]  # the driver is not typed
    """A connection that tells of its death in one way."""

    def handle_messages(self, context: Any) -> None:
        """Read an answer to its end; raises the driver's errors only."""
        try:
            super().handle_messages(context)
        except OSError as error:
            raise InterfaceError(_DEAD) from error

    def close(self) -> None:
        """Close it; one that is dead is closed, and no error worth a trace in the log."""
        with suppress(InterfaceError):
            super().close()


def connected(url: URL, timeout_s: float, tls: ssl.SSLContext | bool) -> ServerConnection:
    """A new connection; raises the driver's errors, and ssl.SSLError for a certificate that does not do."""
    try:
        return ServerConnection(
            url.username or "",
            host=url.host,
            port=url.port or PORT,
            database=url.database,
            password=url.password,
            timeout=timeout_s,
            ssl_context=tls,
        )
    except OSError as error:
        if isinstance(error, ssl.SSLError) and not isinstance(error, _BROKEN_OFF):
            raise
        raise InterfaceError(_DEAD) from error
