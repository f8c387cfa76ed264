"""Where a store lies to an open, up-to-date database; every way that can fail becomes a DeskguardError.

A place is a file (SQLite), or postgresql://user@host:port/database. Off this computer PostgreSQL is asked for
TLS with a certificate that is checked: `?sslrootcert=FILE` names the authority, `?sslmode=disable` does
without. A password never stands in a message.
"""

from __future__ import annotations

import ipaddress
import socket
import sqlite3
import ssl
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url

from deskguard.errors import DeskguardError
from deskguard.scoring import store_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL, Connection, Engine

BUSY_TIMEOUT_S = 60
"""How long a writer waits for the others."""
CONNECTIONS = 15
"""As many as the night's programs have threads for, with room to spare."""
_SERVERS = ("postgresql", "postgres")
_OPTIONS = frozenset({"sslmode", "sslrootcert"})
_MODES = ("verify-full", "disable")


def open_engine(
    place: str, password: str | None = None, *, create: bool = True, connections: int = CONNECTIONS
) -> Engine:
    """The database of a place with its tables up to date; raises DeskguardError for whatever prevents that.

    Without `create` a SQLite file must be there already. More than `connections` at once wait for one.
    """
    url = parse_place(place)
    shown = _shown(url)
    if url.drivername.startswith("postgresql"):
        engine = _server(url if password is None else url.set(password=password), connections)
    else:
        engine = _file(Path(str(url.database)), create, connections)
    try:
        with explained(shown), engine.begin() as connection:
            _refuse_newer(connection, shown)
            store_tables.migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def for_reading(engine: Engine) -> Engine:
    """The same database, for transactions that only read and see one moment throughout."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.execution_options(reads=True)


def shown_place(engine: Engine) -> str:
    """The place in words for messages, without a password."""
    return _shown(engine.url)


def _shown(url: URL) -> str:
    if url.host is None:
        return str(url.database)
    plain = sa.URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database
    )
    return plain.render_as_string()


def parse_place(place: str) -> URL:
    """The address behind a place; raises DeskguardError for what is none."""
    if "://" not in place:
        return sa.URL.create("sqlite", database=place)
    try:
        url = make_url(place)
    except (exc.ArgumentError, ValueError):
        raise _no_place(place, "it cannot be read") from None
    scheme = url.drivername.split("+", 1)[0]
    if scheme == "sqlite" and url.database:
        return sa.URL.create("sqlite", database=url.database)
    if scheme not in _SERVERS:
        raise _no_place(place, f'"{scheme}" is no kind of store')
    if not url.host or not url.database:
        raise _no_place(place, "host or database is missing")
    if wrong := sorted(set(url.query) - _OPTIONS):
        raise _no_place(place, f'"{wrong[0]}" is not one of the options {", ".join(sorted(_OPTIONS))}')
    return url.set(drivername="postgresql+pg8000")


def _no_place(place: str, why: str) -> DeskguardError:
    return DeskguardError(
        f'"{_without_password(place)}" is no place for a store: {why}.',
        "write a file, or postgresql://user@host:port/database.",
        "bad-store",
    )


def _without_password(place: str) -> str:
    scheme, _, rest = place.partition("://")
    login, at, host = rest.rpartition("@")
    return f"{scheme}://{login.split(':', 1)[0]}{at}{host}"[:200]


def _file(path: Path, create: bool, connections: int) -> Engine:
    if not create and not path.is_file():
        raise DeskguardError(
            f"There is no store at {path}.",
            "score some recordings first, or mend [scoring] store or --store.",
            "store-missing",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The user's alone, also in a folder that others may enter; SQLite's side files follow it.
        path.touch(mode=0o600)
    except OSError as error:
        raise DeskguardError(
            f"Store {path} cannot be made: {error.strerror or error}.",
            "name a folder that this user may write to in [scoring] store.",
            "store-read-only",
        ) from None
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S},
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    """The settings of each connection to a file; the driver is kept from beginning transactions by itself."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: Connection) -> None:
    is_reader = connection.get_execution_options().get("reads", False)
    # Writers at once for writing: two that read first and then both want to write would be refused.
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


def _server(url: URL, connections: int) -> Engine:
    mode = str(url.query.get("sslmode", "disable" if _is_here(str(url.host)) else "verify-full"))
    if mode not in _MODES:
        raise DeskguardError(
            f'sslmode of the store is "{mode[:40]}".', f"write one of {', '.join(_MODES)}.", "bad-store"
        )
    # Left to itself, the driver would take any certificate.
    tls = _authority(url.query.get("sslrootcert")) if mode == "verify-full" else False
    from deskguard.scoring.store_driver import connected

    engine = sa.create_engine(
        url.set(query={}),
        creator=lambda: connected(url, BUSY_TIMEOUT_S, tls),
        # A server that was restarted is noticed before a statement is lost in a connection that died with it.
        pool_pre_ping=True,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _send_at_once)
    return engine


def _send_at_once(connection: Any, _: object) -> None:
    """Keep the end of a long statement from waiting until its beginning is acknowledged.

    The driver writes statements of more than 8 KB in pieces; each such statement took 10 ms instead of 1.
    """
    # No public name leads to it. Without it all is slower, and nothing else.
    if (wire := getattr(connection, "_usock", None)) is not None:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _authority(path: object) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if path is None else str(path))
    except (OSError, ssl.SSLError) as error:
        raise DeskguardError(
            f"sslrootcert of the store, {path}, cannot be used: {error}.",
            "name a file with the certificate of the authority, as PEM.",
            "bad-store",
        ) from None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_newer(connection: Connection, shown: str) -> None:
    if unknown := store_tables.unknown_steps(connection):
        raise DeskguardError(
            f"Store {shown} was written by a newer deskguard: it has the step {unknown[-1]}, this program "
            f"knows up to {store_tables.STEPS[-1][0]}.",
            "update deskguard, or name another store.",
            "store-newer",
        )


class StoreFaultError(Exception):
    """A mistake of ours that the database refused; says what it is without the row, in which words stand."""


@contextmanager
def explained(shown: str) -> Iterator[None]:
    """Turn failures of the database into a DeskguardError, and our own mistakes into a StoreFaultError."""
    try:
        yield
    except exc.DBAPIError as error:
        code = _code(error.orig)
        if code is None:
            raise StoreFaultError(_plain(error.orig)) from None
        raise _explanation(shown, code) from None
    except exc.TimeoutError:
        raise _explanation(shown, "store-busy") from None
    except ssl.SSLError:
        raise _explanation(shown, "store-untrusted") from None
    except _driver_errors() as error:
        # What goes wrong while a connection is made ready for a reader comes as the driver says it.
        code = _code(error)
        if code is None:
            raise StoreFaultError(_plain(error)) from None
        raise _explanation(shown, code) from None


def _driver_errors() -> tuple[type[Exception], ...]:
    """Those of the driver for servers, if any was ever opened: a file needs none."""
    driver = sys.modules.get("deskguard.scoring.store_driver")
    return () if driver is None else (driver.DriverError,)


def _explanation(shown: str, code: str) -> DeskguardError:
    problem, remedy = _EXPLANATIONS[code]
    return DeskguardError(f"Store {shown} {problem}.", f"{remedy}.", code)


def _plain(error: BaseException | None) -> str:
    """What is wrong, without values: SQLite names columns only, a server tells the row in its detail."""
    if isinstance(error, sqlite3.Error):
        return str(error)
    told = error.args[0] if error is not None and error.args else None
    if not isinstance(told, dict):
        return type(error).__name__
    # 22: the value itself is wrong, and stands in the message.
    return f"{told.get('C')}" if _state(error).startswith("22") else f"{told.get('C')}: {told.get('M')}"


def is_taken(error: exc.DBAPIError) -> bool:
    """Whether a row with that key is there already."""
    return isinstance(error, exc.IntegrityError) or _state(error.orig) == "23505"


def is_worth_another_try(error: exc.DBAPIError) -> bool:
    """Two writers were in each other's way, and one of them had to give up."""
    return _state(error.orig) in ("40001", "40P01")


def _state(error: BaseException | None) -> str:
    """PostgreSQL's five-letter code of an error; empty for what never reached the server."""
    told = error.args[0] if error is not None and error.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def _code(error: BaseException | None) -> str | None:
    """What around us made the database fail, by the driver's error; None when it was our own mistake."""
    if isinstance(error, sqlite3.Error):
        return _FILE_CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    state = _state(error)
    for begin, code in _SERVER_CODES.items():
        if state.startswith(begin):
            return code
    return "store-unreachable" if not state and type(error).__name__ == "InterfaceError" else None


_FILE_CODES = {
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_IOERR: "disk-error",
    sqlite3.SQLITE_CANTOPEN: "disk-error",
    sqlite3.SQLITE_BUSY: "store-locked",
    sqlite3.SQLITE_LOCKED: "store-locked",
    sqlite3.SQLITE_READONLY: "store-read-only",
    sqlite3.SQLITE_PERM: "store-read-only",
    sqlite3.SQLITE_CORRUPT: "store-damaged",
    sqlite3.SQLITE_NOTADB: "not-a-store",
}
_SERVER_CODES = {
    "28": "store-refused",
    "3D": "store-missing",
    "42501": "store-read-only",
    "25006": "store-read-only",
    "53300": "store-busy",
    "53": "disk-full",
    "58": "disk-error",
    "55P03": "store-locked",
    "40": "store-locked",
    "57": "store-unreachable",
    "08": "store-unreachable",
}
_EXPLANATIONS = {
    "disk-full": ("cannot be written: the disk is full", "free some space and start again; nothing is lost"),
    "disk-error": ("cannot be opened or written", "check the disk, and that the place is a file, not a folder"),
    "store-locked": ("is locked by another program", "close what has it open and start again"),
    "store-busy": (
        "has no connection free",
        "allow more of them on the server: max_connections, 60 for each process of the hall",
    ),
    "store-read-only": ("may not be written", "give this user the right to write it, or name another store"),
    "store-damaged": ("is damaged", "move the file away (keep it for repair) and start again"),
    "not-a-store": ("is no SQLite file", "move the file away, or name another store"),
    "store-refused": (
        "refuses this user or password",
        "check the user, and the password in [scoring] password_file",
    ),
    "store-untrusted": (
        "shows a certificate that nobody vouches for, or that is for another host",
        "name the authority: ?sslrootcert=FILE, and the host as the certificate has it",
    ),
    "store-missing": ("does not exist on the server", "have it made: createdb NAME"),
    "store-unreachable": (
        "cannot be reached",
        "check host and port, that the server runs, and that it speaks TLS unless sslmode=disable",
    ),
}
FAULTS = frozenset(_EXPLANATIONS)
"""Codes of what is wrong with the database, and not with what somebody asked of it."""
