"""What somebody did to a row of the audit log, inside the transaction of the deed itself.

Each row carries a keyed hash over itself and the hash before, so a row that was changed, taken out or put in
later breaks the chain from there on. The key lies in the data folder: whoever has the database alone cannot
forge it. What was cut off at the end shows against a head noted elsewhere (`verify`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.hub.store.opening import audit_key
from deskguard.hub.store.times import utc_text
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

FIRST = "0" * 64
"""The hash before the first row."""
_INSERT = sa.text(
    "INSERT INTO hub_audit (number, at_utc, who, action, target, detail, chain)"
    " VALUES (:number, :at_utc, :who, :action, :target, :detail, :chain)"
)


def record(  # noqa: PLR0913 - one row has so many columns
    connection: Connection,
    *,
    at: datetime,
    who: str,
    action: str,
    target: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one row in the caller's transaction; `who` is an account's id or name, `target` what it was done to.

    `detail` holds ids, categories and numbers only: never words that were heard, never a secret.
    """
    # One after the other: the next row needs the hash of this one.
    take_turn(connection, "audit")
    last = connection.execute(
        sa.text("SELECT number, chain FROM hub_audit ORDER BY number DESC LIMIT 1")
    ).first()
    number, before = (0, FIRST) if last is None else (int(last.number), str(last.chain))
    row = {
        "number": number + 1,
        "at_utc": utc_text(at),
        "who": who,
        "action": action,
        "target": target[:300],
        "detail": json.dumps(detail or {}, ensure_ascii=True, sort_keys=True),
    }
    connection.execute(_INSERT, {**row, "chain": link(audit_key(connection), before, row)})


def link(key: bytes, before: str, row: Mapping[str, Any]) -> str:
    """The hash of a row after the one with the hash `before`."""
    told = [row[name] for name in ("number", "at_utc", "who", "action", "target", "detail")]
    return hmac.new(key, json.dumps([before, *told]).encode(), hashlib.sha256).hexdigest()
