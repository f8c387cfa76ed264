"""Visits and what was found in them, to and from the store's tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from deskguard.values import Courtesy, Manner, Visit

if TYPE_CHECKING:
    import sqlite3

    from deskguard.values import ClauseRef

Finding = Visit | Courtesy | Manner

_KEYS = {"visits": "visit_id", "courtesies": "courtesy_id", "manners": "manner_id"}


def save(connection: sqlite3.Connection, run_id: str, finding: Finding, told_utc: str) -> None:
    """Write one finding in the caller's transaction; its earlier telling is overwritten."""
    table, row = _row(finding, told_utc)
    values = {"run_id": run_id, **row}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    fresh = ", ".join(f"{name} = excluded.{name}" for name in row)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  names are our own fields
        f" ON CONFLICT (run_id, {_KEYS[table]}) DO UPDATE SET {fresh}",
        values,
    )


def between(connection: sqlite3.Connection, first_utc: str, next_utc: str) -> list[dict[str, Any]]:
    """Visits last told from `first_utc` to before `next_utc`, each with its courtesies and manners."""
    visits = _rows(
        connection,
        "SELECT * FROM visits WHERE told_utc >= ? AND told_utc < ? ORDER BY run_id, start_sample",
        (first_utc, next_utc),
    )
    for visit in visits:
        of_visit = (visit["run_id"], visit["visit_id"])
        for table in ("courtesies", "manners"):
            visit[table] = _rows(
                connection,
                f"SELECT * FROM {table} WHERE run_id = ? AND visit_id = ? ORDER BY start_sample",  # noqa: S608
                of_visit,
            )
    return visits


def _row(finding: Finding, told_utc: str) -> tuple[str, dict[str, Any]]:
    """The table of a finding, and its columns but the run's."""
    if isinstance(finding, Visit):
        scenes = json.dumps([asdict(one) for one in finding.scenes], ensure_ascii=False)
        return "visits", {**asdict(finding), "scenes": scenes, "told_utc": told_utc}
    row = {
        **asdict(finding),
        "clauses": _json(finding.clauses),
        "why": json.dumps(finding.why, ensure_ascii=False),
    }
    if isinstance(finding, Manner):
        return "manners", row
    # A hint is for the moment, and the name is the courtesy file's.
    return "courtesies", {name: one for name, one in row.items() if name not in ("can_still_help", "name")}


def _json(clauses: tuple[ClauseRef, ...]) -> str:
    return json.dumps([asdict(one) for one in clauses], ensure_ascii=False)


def _rows(connection: sqlite3.Connection, sql: str, values: tuple[str, ...]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor:
        entry = dict(zip(names, row, strict=True))
        for name in {"scenes", "clauses", "why"} & entry.keys():
            entry[name] = json.loads(entry[name])
        found.append(entry)
    return found
