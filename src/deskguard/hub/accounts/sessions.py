"""Logged in: a random cookie, of which the store keeps a hash, with the token that forms must carry."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.hub.accounts.people import Person, person_of
from deskguard.hub.store.opening import digest
from deskguard.hub.store.times import utc_moment, utc_text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

COOKIE = "deskguard-hall"
IDLE = timedelta(hours=1)
"""Without a request for so long, a session is over."""
LONGEST = timedelta(hours=12)
"""A shift: then one logs in again."""
# Not at every request: a wall display asks several times a second.
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One login of one person."""

    person: Person
    csrf: str


def begin(connection: Connection, account_id: str, at: datetime) -> str:
    """A new session; gives the cookie's value, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        sa.text("INSERT INTO hub_sessions VALUES (:hash, :account, :csrf, :at, :at, :expires)"),
        {
            "hash": digest(token),
            "account": account_id,
            "csrf": secrets.token_urlsafe(24),
            "at": utc_text(at),
            "expires": utc_text(at + LONGEST),
        },
    )
    return token


def find(connection: Connection, token: str, at: datetime) -> tuple[Session, bool] | None:
    """The session of a cookie, and whether its use should be noted; None for one that is over."""
    row = connection.execute(
        sa.text(
            "SELECT s.csrf, s.seen_utc, s.expires_utc, a.* FROM hub_sessions s"
            " JOIN hub_accounts a ON a.account_id = s.account_id WHERE s.session_hash = :hash"
        ),
        {"hash": digest(token)},
    ).first()
    if row is None or row.disabled_utc is not None:
        return None
    seen = utc_moment(row.seen_utc)
    if utc_moment(row.expires_utc) <= at or seen + IDLE <= at:
        return None
    return Session(person=person_of(dict(row._mapping)), csrf=row.csrf), at - seen >= _NOTED_EVERY


def note_use(connection: Connection, token: str, at: datetime) -> None:
    """The session is in use: it stays open."""
    connection.execute(
        sa.text("UPDATE hub_sessions SET seen_utc = :at WHERE session_hash = :hash"),
        {"at": utc_text(at), "hash": digest(token)},
    )


def end(connection: Connection, token: str) -> None:
    """Logged out."""
    connection.execute(sa.text("DELETE FROM hub_sessions WHERE session_hash = :hash"), {"hash": digest(token)})


def end_old(connection: Connection, at: datetime) -> None:
    """Take away what is over."""
    connection.execute(
        sa.text("DELETE FROM hub_sessions WHERE expires_utc <= :at OR seen_utc <= :idle"),
        {"at": utc_text(at), "idle": utc_text(at - IDLE)},
    )
