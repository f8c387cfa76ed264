"""Days on which people were trained, so that before and after can be compared."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.hub.store.times import utc_text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Training:
    """Who was trained when; without windows everybody."""

    training_id: str
    day: date
    windows: tuple[str, ...]
    """Globs."""
    name: str


def trainings(connection: Connection) -> list[Training]:
    """All of them, the newest first."""
    found = connection.execute(
        sa.text("SELECT training_id, day, windows, name FROM hub_trainings ORDER BY day DESC, training_id")
    )
    return [
        Training(training_id, date.fromisoformat(day), tuple(json.loads(windows)), name)
        for training_id, day, windows, name in found
    ]


def keep(connection: Connection, training: Training, by: str, at: datetime) -> None:
    """Add one."""
    connection.execute(
        sa.text(
            "INSERT INTO hub_trainings (training_id, day, windows, name, made_by, made_utc)"
            " VALUES (:training_id, :day, :windows, :name, :made_by, :made_utc)"
        ),
        {
            "training_id": training.training_id,
            "day": training.day.isoformat(),
            "windows": json.dumps(training.windows),
            "name": training.name,
            "made_by": by,
            "made_utc": utc_text(at),
        },
    )


def drop(connection: Connection, training_id: str) -> bool:
    """Take one away; whether it was there."""
    gone = connection.execute(
        sa.text("DELETE FROM hub_trainings WHERE training_id = :training_id"), {"training_id": training_id}
    )
    return gone.rowcount > 0


def new_id() -> str:
    """A name for a training."""
    return secrets.token_hex(8)
