"""The tables of this room and of `trends`: a step of the hall's store; sheets have one of their own."""

from __future__ import annotations

TABLES = (
    """CREATE TABLE hub_verdicts (
        finding_id TEXT NOT NULL, by_whom TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL,
        at_utc TEXT NOT NULL, PRIMARY KEY (finding_id, by_whom)
    )""",
    """CREATE TABLE hub_trainings (
        training_id TEXT PRIMARY KEY, day TEXT NOT NULL, windows TEXT NOT NULL, name TEXT NOT NULL,
        made_by TEXT NOT NULL, made_utc TEXT NOT NULL
    )""",
)
