"""Desks: enrolled once by a code, known from then on by a key of their own, which can be revoked."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.store.opening import digest
from deskguard.hub.store.times import utc_text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

CODE_LASTS = timedelta(days=1)
_WINDOW = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class DeskKey:
    """Which desk speaks."""

    desk_id: str
    window_id: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a desk is given when it joins; the key is kept nowhere else."""

    desk: DeskKey
    key: str


def new_code(connection: Connection, window_id: str, by: str, at: datetime) -> str:
    """A code with which one desk may join as a window; raises DeskguardError for what is no window."""
    if not _WINDOW.fullmatch(window_id):
        raise DeskguardError(
            f'"{window_id[:64]}" is no window: letters, digits, . _ and -, at most 64.',
            "write it as [window] id of that desk's settings has it.",
            "bad-window",
        )
    # 80 bits in four groups: it is typed by hand, and cannot be guessed within a day.
    raw = base64.b32encode(secrets.token_bytes(10)).decode("ascii")
    connection.execute(
        sa.text("INSERT INTO hub_enrol_codes VALUES (:hash, :window, :at, :by, :expires, NULL, NULL)"),
        {
            "hash": digest(raw),
            "window": window_id,
            "at": utc_text(at),
            "by": by,
            "expires": utc_text(at + CODE_LASTS),
        },
    )
    return "-".join(raw[start : start + 4] for start in range(0, 16, 4))


def enrol(connection: Connection, code: str, at: datetime) -> Enrolled | None:
    """Use a code up; None for one that is unknown, used or too old."""
    raw = code.replace("-", "").replace(" ", "").upper()
    taken = connection.execute(
        sa.text(
            "UPDATE hub_enrol_codes SET used_utc = :at"
            " WHERE code_hash = :hash AND used_utc IS NULL AND expires_utc > :at RETURNING window_id, made_by"
        ),
        {"hash": digest(raw), "at": utc_text(at)},
    ).first()
    if taken is None:
        return None
    desk, key = DeskKey(secrets.token_hex(8), taken.window_id), secrets.token_urlsafe(32)
    connection.execute(
        sa.text("INSERT INTO hub_desks VALUES (:id, :window, :hash, :at, :by, NULL, NULL)"),
        {
            "id": desk.desk_id,
            "window": desk.window_id,
            "hash": digest(key),
            "at": utc_text(at),
            "by": taken.made_by,
        },
    )
    connection.execute(
        sa.text("UPDATE hub_enrol_codes SET desk_id = :id WHERE code_hash = :hash"),
        {"id": desk.desk_id, "hash": digest(raw)},
    )
    return Enrolled(desk, key)


def find(connection: Connection, key: str) -> DeskKey | None:
    """The desk behind a key that was not revoked."""
    row = connection.execute(
        sa.text("SELECT desk_id, window_id FROM hub_desks WHERE key_hash = :hash AND revoked_utc IS NULL"),
        {"hash": digest(key)},
    ).first()
    return None if row is None else DeskKey(row.desk_id, row.window_id)


def revoke(connection: Connection, desk_id: str, at: datetime) -> bool:
    """Take a desk's key from it; says whether it had one."""
    change = sa.text(
        "UPDATE hub_desks SET revoked_utc = :at WHERE desk_id = :id AND revoked_utc IS NULL RETURNING desk_id"
    )
    return connection.execute(change, {"at": utc_text(at), "id": desk_id}).first() is not None


def every(connection: Connection) -> list[dict[str, Any]]:
    """All desks by window, those that are revoked as well, and how many events each has lost; without keys."""
    found = connection.execute(
        sa.text(
            "SELECT desk_id, window_id, enrolled_utc, enrolled_by, revoked_utc, seen_utc,"
            " (SELECT COALESCE(SUM(lost), 0) FROM hub_streams WHERE hub_streams.desk_id = hub_desks.desk_id)"
            " AS lost FROM hub_desks ORDER BY window_id, enrolled_utc"
        )
    )
    return [dict(one._mapping) for one in found]
