"""Claims of a provider to an account of the hall: found, and where the settings say so made or changed.

The first login ties an account to the provider's subject, which never changes; from then on the name counts for
nothing, so whoever gets another's name at the provider does not get their account.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import passwords, people
from deskguard.hub.audit import log
from deskguard.hub.store.times import utc_text
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.accounts.roles import RoleName
    from deskguard.hub.oidc.config import OidcSettings


def nobodys_hash() -> str:
    """A hash that no password fits; made before the transaction, because it is slow on purpose."""
    return passwords.hashed(secrets.token_urlsafe(32))


def arrive(
    connection: Connection, settings: OidcSettings, claims: Mapping[str, Any], at: datetime, unusable: str
) -> dict[str, Any]:
    """The account of who logged in at the provider; raises DeskguardError with the reason where there is none.

    `unusable` is a hash of `nobodys_hash`, for an account that is made, or whose password somebody else set.
    """
    take_turn(connection, "accounts")
    row = _linked(connection, claims) or _by_name(connection, settings, claims, at, unusable)
    if row["disabled_utc"] is not None:
        raise _refused("oidc-disabled", "the account is closed")
    _follow(connection, settings, claims, row, at)
    if row["must_change"]:
        # Who comes by the provider need not change a password that was handed out, and it opens nothing any
        # more.
        people.set_password(connection, row["account_id"], unusable, must_change=False)
    return people.by_id(connection, row["account_id"]) or row


def identity_of(connection: Connection, account_id: str) -> dict[str, Any] | None:
    """The provider's identity that an account is tied to, if any."""
    found = connection.execute(
        sa.text("SELECT issuer, subject, linked_utc FROM hub_identities WHERE account_id = :id"),
        {"id": account_id},
    ).first()
    return None if found is None else dict(found._mapping)


def untie(connection: Connection, account_id: str) -> bool:
    """Have the next login by the provider find the account by its name again; whether it was tied."""
    gone = connection.execute(sa.text("DELETE FROM hub_identities WHERE account_id = :id"), {"id": account_id})
    return gone.rowcount > 0


def _linked(connection: Connection, claims: Mapping[str, Any]) -> dict[str, Any] | None:
    found = connection.execute(
        sa.text(
            "SELECT a.* FROM hub_accounts a JOIN hub_identities i ON i.account_id = a.account_id"
            " WHERE i.issuer = :issuer AND i.subject = :subject"
        ),
        {"issuer": claims["iss"], "subject": claims["sub"]},
    ).first()
    return None if found is None else dict(found._mapping)


def _by_name(
    connection: Connection, settings: OidcSettings, claims: Mapping[str, Any], at: datetime, unusable: str
) -> dict[str, Any]:
    name = _text(claims, settings.name_claim).strip()
    row = people.by_name(connection, name) if name else None
    if row is None:
        row = _made(connection, settings, claims, at, unusable)
    elif identity_of(connection, row["account_id"]) is not None:
        raise _refused("oidc-other-person", "the account of that name belongs to another person there")
    connection.execute(
        sa.text("INSERT INTO hub_identities VALUES (:issuer, :subject, :account, :at)"),
        {
            "issuer": claims["iss"],
            "subject": claims["sub"],
            "account": row["account_id"],
            "at": utc_text(at),
        },
    )
    account_id = row["account_id"]
    log.record(connection, at=at, who=account_id, action="account.link", target=account_id)
    return row


def _made(
    connection: Connection, settings: OidcSettings, claims: Mapping[str, Any], at: datetime, unusable: str
) -> dict[str, Any]:
    role = _role(settings, claims) or settings.default_role
    name = _text(claims, settings.name_claim).strip()
    if not settings.create or role is None or not name:
        raise _refused("oidc-no-account", "there is no account of that name")
    new = people.NewAccount(
        name=name, role=role, password="", clerk_id=_text(claims, settings.clerk_claim), must_change=False
    )
    account_id = people.make(connection, new, at, unusable)
    detail = {"role": role, "by": "oidc"}
    log.record(connection, at=at, who="oidc", action="account.make", target=account_id, detail=detail)
    return people.by_id(connection, account_id) or {}


def _follow(
    connection: Connection,
    settings: OidcSettings,
    claims: Mapping[str, Any],
    row: Mapping[str, Any],
    at: datetime,
) -> None:
    """Bring role and clerk's id to what the provider says, where it has the say."""
    role: RoleName = row["role"]
    if settings.role_claim:
        found = _role(settings, claims) or settings.default_role
        if found is None:
            raise _refused("oidc-no-role", "none of the roles is for whom the provider names")
        role = found
    clerk_id = _text(claims, settings.clerk_claim) if settings.clerk_claim else row["clerk_id"]
    if (role, clerk_id) == (row["role"], row["clerk_id"]):
        return
    wanted = people.Change(
        role=role, windows=people.person_of(dict(row)).windows, clerk_id=clerk_id, is_disabled=False
    )
    try:
        changed = people.change(connection, row["account_id"], wanted, at)
    except DeskguardError as error:
        if error.code != "last-administrator":
            raise
        # The hall is not left without one because of what a provider says.
        return
    detail = {"changed": changed, "role": role, "by": "oidc"}
    log.record(connection, at=at, who="oidc", action="account.change", target=row["account_id"], detail=detail)


def _role(settings: OidcSettings, claims: Mapping[str, Any]) -> RoleName | None:
    if not settings.role_claim:
        return None
    held = _claim(claims, settings.role_claim)
    values = held if isinstance(held, list) else [held]
    return next((role for value, role in settings.roles.items() if value in values), None)


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = _claim(claims, name) if name else None
    return found.strip()[:64] if isinstance(found, str) else ""


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or within another by a path: realm_access.roles."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _refused(code: str, why: str) -> DeskguardError:
    return DeskguardError(
        f"Who logged in at the OIDC provider is not let in: {why}.", "have the administrator look at it.", code
    )
