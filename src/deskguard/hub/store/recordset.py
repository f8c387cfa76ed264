"""Many rows to the database at once: one way there and back, whatever their number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection


def recordset(connection: Connection, columns: str) -> str:
    """:rows, a JSON array of objects, as a table `given`; `columns` are names with types: "day TEXT, n INT"."""
    if connection.dialect.name == "postgresql":
        return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS given ({columns})"
    picked = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in _names(columns))
    return f"(SELECT {picked} FROM json_each(:rows)) AS given"


def insert(  # noqa: PLR0913, PLR0917 - a statement's parts
    connection: Connection,
    table: str,
    columns: str,
    rows: Sequence[tuple[Any, ...]],
    conflict: str = "",
    returning: str = "",
) -> Sequence[Any] | None:
    """Put rows whose values stand in the order of the columns; `conflict` says what becomes of known ones.

    Gives `returning` of those that were put where the database tells it on the way; None: ask for them.
    """
    if not rows:
        return []
    names = _names(columns)
    into = f"INSERT INTO {table} ({', '.join(names)})"
    if connection.dialect.name == "sqlite":
        # No way to go, and to take a row out of JSON costs several times what putting it does.
        places = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"{into} VALUES ({places}) {conflict}", list(rows))
        return None
    told = [dict(zip(names, row, strict=True)) for row in rows]
    source = f"SELECT * FROM {recordset(connection, columns)}"
    ending = f" RETURNING {returning}" if returning else ""
    put = connection.execute(sa.text(f"{into} {source} {conflict}{ending}"), {"rows": json.dumps(told)})
    return put.all() if returning else None


def _names(columns: str) -> list[str]:
    return [one.split()[0] for one in columns.split(", ")]
