"""What the hall's administrator decided, by name; each has a default and bounds, and is text in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be decided: a whole number of days, or a text."""

    name: str
    default: str
    least: int | None = None
    most: int | None = None

    def checked(self, text: str) -> str:
        """What may be kept; raises DeskguardError for anything else."""
        value = text.strip()
        if self.least is None or self.most is None:
            if len(value) > 300 or not (value.isprintable() or not value):
                raise DeskguardError(
                    f"Setting {self.name} is longer than 300 signs, or holds some that cannot be seen.",
                    "write one line.",
                    "bad-hub-setting",
                )
            return value
        if not (value.isdecimal() and len(value) < 7 and self.least <= int(value) <= self.most):
            raise DeskguardError(
                f'Setting {self.name} is "{value[:20]}".',
                f"write a whole number from {self.least} to {self.most}.",
                "bad-hub-setting",
            )
        return str(int(value))


SETTINGS = (
    Setting("name", ""),
    Setting("events_days", "180", 7, 3650),
    Setting("findings_days", "730", 30, 3650),
    Setting("clips_folder", ""),
)
"""All there are: the hall's name, how long events and findings are kept, where the night's clips lie."""
_BY_NAME = {one.name: one for one in SETTINGS}


def get(connection: Connection, name: str) -> str:
    """A setting as it was decided, else its default."""
    found = connection.execute(
        sa.text("SELECT value FROM hub_settings WHERE name = :name"), {"name": name}
    ).scalar()
    return _BY_NAME[name].default if found is None else str(found)


def every(connection: Connection) -> dict[str, str]:
    """All settings by name."""
    kept = {str(name): str(value) for name, value in connection.execute(sa.text("SELECT * FROM hub_settings"))}
    return {one.name: kept.get(one.name, one.default) for one in SETTINGS}


def put(connection: Connection, values: Iterable[tuple[str, str]]) -> list[str]:
    """Keep settings; gives the names of those that changed. Raises DeskguardError and keeps none."""
    before = every(connection)
    checked = {name: _BY_NAME[name].checked(value) for name, value in values}
    changed = [name for name, value in checked.items() if before[name] != value]
    for name in changed:
        connection.execute(
            sa.text(
                "INSERT INTO hub_settings VALUES (:name, :value)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            {"name": name, "value": checked[name]},
        )
    return changed
