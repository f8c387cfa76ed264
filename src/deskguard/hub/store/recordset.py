"""Many rows as one value of a statement: one way to the database and back, whatever their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def recordset(connection: Connection, columns: str) -> str:
    """:rows, a JSON array of objects, as a table `given`; `columns` are names with types: "day TEXT, n INT"."""
    if connection.dialect.name == "postgresql":
        return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS given ({columns})"
    names = [one.split()[0] for one in columns.split(", ")]
    picked = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    return f"(SELECT {picked} FROM json_each(:rows)) AS given"
