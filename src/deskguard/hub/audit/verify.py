"""The audit log to "nothing was changed", or to the first place where something was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.audit.log import FIRST, link
from deskguard.hub.store.opening import audit_key

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry at some moment: noted elsewhere, it shows later whether the end was cut off."""

    rows: int
    chain: str


def parse_head(text: str) -> Head:
    """A head as `hub audit verify` prints it; raises DeskguardError."""
    found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip())
    if found is None:
        raise DeskguardError(
            f'"{text[:90]}" is no head.', "write it as the command printed it: NUMBER:HASH.", "bad-head"
        )
    return Head(int(found[1]), found[2])


def verify(connection: Connection, head: Head | None = None) -> Head:
    """Walk the whole chain; gives its head, raises DeskguardError at the first entry that does not fit."""
    key, chain, number = audit_key(connection), FIRST, 0
    has_seen_head = head is None or head.rows == 0
    rows = connection.execution_options(yield_per=1000).execute(
        sa.text("SELECT number, at_utc, who, action, target, detail, chain FROM hub_audit ORDER BY number")
    )
    for row in rows:
        number += 1
        if row.number != number:
            raise _broken(number, "it is missing")
        expected = link(key, chain, dict(row._mapping))
        if row.chain != expected:
            raise _broken(number, "it or the order was changed, or the key in the data folder is another")
        chain = expected
        if head is not None and head.rows == number:
            if head.chain != chain:
                raise _broken(number, "it is not what the given head says")
            has_seen_head = True
    if not has_seen_head:
        raise _broken(number + 1, "the log ends before it, but the given head has it")
    return Head(number, chain)


def _broken(number: int, why: str) -> DeskguardError:
    return DeskguardError(
        f"The audit log was tampered with at entry {number}: {why}.",
        "keep the database as it is and compare it with a backup: deskguard hub restore into another place.",
        "audit-broken",
    )
