"""One after the other, also across processes: whatever looks first, and writes if nothing speaks against it.

SQLite has one writer at a time as it is. On PostgreSQL two transactions see each other's rows only once they
are kept, so both might make the first account; there a named lock is held until the transaction ends. That of
the audit log is the last that a transaction takes, so that no two wait for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Turn = Literal["tables", "accounts", "verdicts", "wishes", "publications", "retention", "audit"]
# Eight letters in ASCII each: no other program on the same database is likely to take them.
_LOCKS: dict[Turn, int] = {
    "tables": 0x6465736B68756273,
    "accounts": 0x6465736B61636374,
    "verdicts": 0x6465736B76657264,
    "wishes": 0x6465736B77697368,
    "publications": 0x666C656574,
    "retention": 0x6465736B72657465,
    "audit": 0x6465736B61756474,
}


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait until nobody else is at it, and keep the others waiting until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCKS[turn]})


def has_turn(connection: Connection, turn: Turn) -> bool:
    """The same without waiting; False while somebody else is at it."""
    if connection.dialect.name != "postgresql":
        return True
    question = sa.text("SELECT pg_try_advisory_xact_lock(:lock)")
    return bool(connection.execute(question, {"lock": _LOCKS[turn]}).scalar_one())
