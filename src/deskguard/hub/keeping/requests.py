"""A clerk's wish that what is known of them be deleted: asked, then carried out or declined with a reason."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.store.times import utc_text
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

TABLES = (
    """CREATE TABLE hub_deletion_requests (
        request_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, clerk_id TEXT NOT NULL, asked_utc TEXT NOT NULL,
        why TEXT NOT NULL, answered_utc TEXT, answered_by TEXT, outcome TEXT, answer TEXT
    )""",
)


def ask(connection: Connection, account_id: str, clerk_id: str, why: str, at: datetime) -> str:
    """Note a wish; raises DeskguardError while an earlier one waits."""
    take_turn(connection, "wishes")
    if any(one["account_id"] == account_id for one in waiting(connection)):
        raise DeskguardError("There is a request already.", "wait for its answer.", "already-asked")
    request_id = secrets.token_hex(8)
    connection.execute(
        sa.text(
            "INSERT INTO hub_deletion_requests"
            " VALUES (:id, :account, :clerk, :at, :why, NULL, NULL, NULL, NULL)"
        ),
        {"id": request_id, "account": account_id, "clerk": clerk_id, "at": utc_text(at), "why": why[:300]},
    )
    return request_id


def waiting(connection: Connection) -> list[dict[str, Any]]:
    """Wishes that nobody has answered, oldest first."""
    return _find(connection, "r.answered_utc IS NULL", {})


def of(connection: Connection, account_id: str) -> list[dict[str, Any]]:
    """All wishes of one account."""
    return _find(connection, "r.account_id = :account", {"account": account_id})


def answer(connection: Connection, request_id: str, by: str, outcome: str, words: str, at: datetime) -> None:  # noqa: PLR0913, PLR0917 - a row's columns
    """Note what came of a wish: `deleted` or `declined`."""
    connection.execute(
        sa.text(
            "UPDATE hub_deletion_requests SET answered_utc = :at, answered_by = :by, outcome = :outcome,"
            " answer = :words WHERE request_id = :id"
        ),
        {"at": utc_text(at), "by": by, "outcome": outcome, "words": words[:300], "id": request_id},
    )


def _find(connection: Connection, condition: str, values: dict[str, str]) -> list[dict[str, Any]]:
    question = (
        "SELECT r.*, a.name FROM hub_deletion_requests r JOIN hub_accounts a ON a.account_id = r.account_id"
        f" WHERE {condition} ORDER BY r.asked_utc"
    )
    return [dict(one._mapping) for one in connection.execute(sa.text(question), values)]
