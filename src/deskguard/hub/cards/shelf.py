"""The scorecards there are: those of files, and what the hall has written into the blanks of one, in versions.

A version is never changed: whoever fills in more makes the next one. A card with blanks left can be kept and
looked at, and not be chosen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.scoring.card_files import card_files, card_of_tables, card_tables, load_card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from deskguard.scoring.scorecard import Scorecard
    from deskguard.settings import Settings

TABLES = (
    """CREATE TABLE hub_card_fills (
        serial BIGINT PRIMARY KEY, fills TEXT NOT NULL, title TEXT NOT NULL, content TEXT NOT NULL,
        note TEXT NOT NULL, by_whom TEXT NOT NULL, at_utc TEXT NOT NULL
    )""",
)
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One version of what the hall writes into the blanks of a card."""

    serial: int = 0
    fills: str
    """The id of the card with the blanks."""
    title: str
    values: Mapping[str, float] = field(default_factory=dict)
    """By the names of the blanks; what is not here is blank."""
    windows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of sections that are for named windows only, by their ids."""
    note: str = ""
    by: str = ""
    at_utc: str = ""

    @property
    def card_id(self) -> str:
        return f"{self.fills}.{self.serial}"

    def table(self) -> dict[str, Any]:
        """As a file has it."""
        head = {"id": self.card_id, "title": self.title, "fills": self.fills, "version": str(self.serial)}
        windows = {name: list(several) for name, several in self.windows.items() if several}
        return {"card": head, "fill": dict(self.values), "windows": windows}


class Shelf:
    """The cards of files, as the settings of the hall's server name them."""

    def __init__(self, settings: Settings) -> None:
        self._places = [Path(one) for one in settings.scoring.cards]

    def cards(self) -> dict[str, Scorecard]:
        """Every card of a file by its id; raises DeskguardError for a file with mistakes."""
        # Those of the settings come first and win.
        several = [load_card(path, self._places) for path in card_files(self._places)]
        return dict(sorted({card.card_id: card for card in reversed(several)}.items()))

    def card(self, card_id: str) -> Scorecard:
        """The card of a file; raises DeskguardError (`unknown-card`)."""
        found = self.cards().get(card_id)
        if found is None:
            raise DeskguardError(
                f'There is no scorecard "{card_id[:64]}".', "choose one of the list.", "unknown-card"
            )
        return found

    def tables(self, card_id: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The tables behind a card of a file, see `card_files.card_tables`."""
        return card_tables(Path(self.card(card_id).file), self._places)

    def filled(self, fill: Fill) -> Scorecard:
        """A card with what the hall wrote into it; raises DeskguardError with every mistake in that."""
        table, inner = self.tables(fill.fills)
        if inner is not None:
            raise DeskguardError(
                f'Scorecard "{fill.fills}" is itself a file that fills another card.',
                "mend that file, or fill in the card with the blanks.",
                "bad-card",
            )
        try:
            return card_of_tables(fill.card_id, table, fill.table())
        except DeskguardError as error:
            # There is no file that anybody could check.
            raise DeskguardError(error.problem, "mend these.", error.code) from None


def keep_fill(connection: Connection, fill: Fill) -> Fill:
    """Keep a version under the next number; gives it with that."""
    from dataclasses import replace

    newest = connection.execute(sa.text("SELECT MAX(serial) FROM hub_card_fills")).scalar()
    kept = replace(fill, serial=int(newest or 0) + 1)
    content = {"values": dict(kept.values), "windows": {name: list(one) for name, one in kept.windows.items()}}
    row = {
        "serial": kept.serial, "fills": kept.fills, "title": kept.title, "note": kept.note, "by_whom": kept.by,
        "at_utc": kept.at_utc, "content": json.dumps(content, ensure_ascii=False),
    }  # fmt: skip
    put = f"INSERT INTO hub_card_fills ({', '.join(row)}) VALUES (:{', :'.join(row)})"
    connection.execute(sa.text(put), row)
    return kept


def fills(connection: Connection) -> list[Fill]:
    """The newest versions, newest first."""
    question = "SELECT * FROM hub_card_fills ORDER BY serial DESC LIMIT :most"
    return [_fill(dict(row)) for row in connection.execute(sa.text(question), {"most": _MOST}).mappings()]


def fill_of(connection: Connection, serial: int) -> Fill:
    """One version; raises DeskguardError (`unknown-card`)."""
    question = sa.text("SELECT * FROM hub_card_fills WHERE serial = :serial")
    row = connection.execute(question, {"serial": serial}).mappings().first()
    if row is None:
        raise DeskguardError(
            f"There is no filled scorecard {serial}.", "choose one of the list.", "unknown-card"
        )
    return _fill(dict(row))


def _fill(row: Mapping[str, Any]) -> Fill:
    content = json.loads(row["content"])
    return Fill(
        serial=row["serial"],
        fills=row["fills"],
        title=row["title"],
        values=content["values"],
        windows={name: tuple(one) for name, one in content["windows"].items()},
        note=row["note"],
        by=row["by_whom"],
        at_utc=row["at_utc"],
    )
