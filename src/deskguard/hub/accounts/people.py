"""Accounts in the store: made, found, changed, closed; and logins counted, so that guessing gets slow.

A name that is guessed at is locked whether or not it exists: the answer tells nothing.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import passwords
from deskguard.hub.accounts.roles import ALLOWED, ROLES
from deskguard.hub.store.times import utc_moment, utc_text
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.accounts.roles import Permission, RoleName

FREE_TRIES = 5
"""Wrong passwords in a row before a name is locked."""
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)
_FORGOTTEN_AFTER = timedelta(days=1)
_NAME = re.compile(r"[^\s\x00-\x1f\x7f<>\"'&=+@][^\x00-\x1f\x7f<>\"'&]{0,39}")
_GLOB = re.compile(r"[A-Za-z0-9_.*?\[\]-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is logged in."""

    account_id: str
    name: str
    role: RoleName
    windows: tuple[str, ...]
    """Globs of the windows that may be seen; empty means all."""
    clerk_id: str
    """Whose findings are one's own; empty for who is no clerk."""
    must_change: bool = False
    """Whether the password was set by somebody else and has to be changed first."""

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in ALLOWED[self.role]

    def sees(self, window_id: str) -> bool:
        """Whether a window lies within what this person is for."""
        return not self.windows or any(fnmatchcase(window_id, one) for one in self.windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account is made of."""

    name: str
    role: RoleName
    password: str
    windows: tuple[str, ...] = ()
    clerk_id: str = ""
    must_change: bool = True


def make(connection: Connection, new: NewAccount, at: datetime, password_hash: str) -> str:
    """Add an account and give its id; raises DeskguardError. The hash is made before the transaction."""
    name = new.name.strip()
    check(name, new.role, new.windows)
    take_turn(connection, "accounts")
    if by_name(connection, name) is not None:
        raise DeskguardError(f'There is an account "{name}" already.', "take another name.", "account-exists")
    account_id = secrets.token_hex(8)
    connection.execute(
        sa.text(
            "INSERT INTO hub_accounts VALUES"
            " (:id, :name, :role, :windows, :clerk, :hash, :must_change, :at, NULL)"
        ),
        {
            "id": account_id,
            "name": name,
            "role": new.role,
            "windows": json.dumps(new.windows),
            "clerk": new.clerk_id.strip(),
            "hash": password_hash,
            "must_change": int(new.must_change),
            "at": utc_text(at),
        },
    )
    return account_id


def check(name: str, role: str, windows: Sequence[str]) -> None:
    """Raise DeskguardError for a name, role or windows that cannot be."""
    if not _NAME.fullmatch(name):
        raise DeskguardError(
            f'"{name[:40]}" is no name for an account.', "take 1 to 40 signs without < > \" ' &.", "bad-account"
        )
    if role not in ROLES:
        raise DeskguardError(
            f'"{role[:40]}" is none of the roles {", ".join(ROLES)}.', "write one of them.", "bad-account"
        )
    if wrong := [one for one in windows if not _GLOB.fullmatch(one)]:
        raise DeskguardError(
            f'"{wrong[0][:40]}" is no window.', "write its id, or a pattern such as east-*.", "bad-account"
        )


def by_name(connection: Connection, name: str) -> dict[str, Any] | None:
    """An account's row; capitals make no difference."""
    found = connection.execute(
        sa.text("SELECT * FROM hub_accounts WHERE lower(name) = :name"), {"name": name.strip().lower()}
    ).first()
    return None if found is None else dict(found._mapping)


def by_id(connection: Connection, account_id: str) -> dict[str, Any] | None:
    """An account's row."""
    found = connection.execute(
        sa.text("SELECT * FROM hub_accounts WHERE account_id = :id"), {"id": account_id}
    ).first()
    return None if found is None else dict(found._mapping)


def every(connection: Connection) -> list[dict[str, Any]]:
    """All accounts by name, without their passwords."""
    found = connection.execute(
        sa.text(
            "SELECT account_id, name, role, windows, clerk_id, must_change, made_utc, disabled_utc"
            " FROM hub_accounts ORDER BY name"
        )
    )
    return [{**one._mapping, "windows": tuple(json.loads(one.windows))} for one in found]


def has_any(connection: Connection) -> bool:
    """Whether the hall was set up: without an account the first page makes one."""
    return connection.execute(sa.text("SELECT 1 FROM hub_accounts LIMIT 1")).first() is not None


def person_of(row: dict[str, Any]) -> Person:
    """A row of accounts as who is logged in."""
    return Person(
        account_id=row["account_id"],
        name=row["name"],
        role=row["role"],
        windows=tuple(json.loads(row["windows"])),
        clerk_id=row["clerk_id"],
        must_change=bool(row["must_change"]),
    )


# ---- guessing gets slow ----


def begin_try(connection: Connection, name: str, at: datetime) -> bool:
    """Count a try at a name before its password is looked at; whether it may be looked at.

    Counted first, and as one statement, so that of many tries at the same moment, at whichever process, no more
    are looked at than of as many one after the other. From the sixth in a row on each locks the name for twice
    as long; a right password forgets them (`forget_failures`).
    """
    connection.execute(
        sa.text("DELETE FROM hub_login_failures WHERE last_utc < :old"),
        {"old": utc_text(at - _FORGOTTEN_AFTER)},
    )
    failures, locked_until = connection.execute(
        sa.text(
            "INSERT INTO hub_login_failures VALUES (:name, 1, :at, '') ON CONFLICT (name) DO UPDATE"
            " SET failures = hub_login_failures.failures + 1, last_utc = excluded.last_utc"
            " RETURNING failures, locked_until_utc"
        ),
        {"name": _key(name), "at": utc_text(at)},
    ).one()
    if failures > FREE_TRIES:
        lock = min(FIRST_LOCK * 2 ** min(failures - FREE_TRIES - 1, 20), LONGEST_LOCK)
        connection.execute(
            sa.text("UPDATE hub_login_failures SET locked_until_utc = :until WHERE name = :name"),
            {"name": _key(name), "until": utc_text(at + lock)},
        )
    return not locked_until or utc_moment(str(locked_until)) <= at


def forget_failures(connection: Connection, name: str) -> None:
    """A right password: the count begins anew."""
    connection.execute(sa.text("DELETE FROM hub_login_failures WHERE name = :name"), {"name": _key(name)})


def _key(name: str) -> str:
    return name.strip().lower()[:80]


def set_password(connection: Connection, account_id: str, password_hash: str, *, must_change: bool) -> None:
    """Keep a new password and end every session of the account."""
    connection.execute(
        sa.text("UPDATE hub_accounts SET password_hash = :hash, must_change = :must WHERE account_id = :id"),
        {"hash": password_hash, "must": int(must_change), "id": account_id},
    )
    connection.execute(sa.text("DELETE FROM hub_sessions WHERE account_id = :id"), {"id": account_id})


def new_hash(password: str, name: str) -> str:
    """A checked new password's hash; raises DeskguardError for one that may not be chosen."""
    passwords.check_new(password, name)
    return passwords.hashed(password)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an account becomes."""

    role: RoleName
    windows: tuple[str, ...]
    clerk_id: str
    is_disabled: bool


def change(connection: Connection, account_id: str, wanted: Change, at: datetime) -> list[str]:
    """Change an account; gives what is different now. Raises DeskguardError and changes nothing.

    Nobody can be left without an administrator. A change ends the account's sessions.
    """
    take_turn(connection, "accounts")
    row = by_id(connection, account_id)
    if row is None:
        raise DeskguardError("There is no such account.", "load the page again.", "account-missing")
    check(row["name"], wanted.role, wanted.windows)
    others = connection.execute(
        sa.text(
            "SELECT count(*) FROM hub_accounts"
            " WHERE role = 'administrator' AND disabled_utc IS NULL AND account_id <> :id"
        ),
        {"id": account_id},
    ).scalar_one()
    if others == 0 and (wanted.role != "administrator" or wanted.is_disabled):
        raise DeskguardError(
            f"{row['name']} is the only administrator.", "make another one first.", "last-administrator"
        )
    fresh = {
        "role": wanted.role,
        "windows": json.dumps(wanted.windows),
        "clerk_id": wanted.clerk_id.strip(),
        "disabled_utc": (row["disabled_utc"] or utc_text(at)) if wanted.is_disabled else None,
    }
    changed = [name for name, value in fresh.items() if row[name] != value]
    if changed:
        connection.execute(
            sa.text(
                "UPDATE hub_accounts SET role = :role, windows = :windows, clerk_id = :clerk_id,"
                " disabled_utc = :disabled_utc WHERE account_id = :id"
            ),
            {**fresh, "id": account_id},
        )
        connection.execute(sa.text("DELETE FROM hub_sessions WHERE account_id = :id"), {"id": account_id})
    return changed


def invent_password() -> str:
    """A first password to hand over on paper: 80 bits, without signs that are mistaken for others."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(4))
