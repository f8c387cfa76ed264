"""Which scorecard was chosen for what, from when on; without a choice it is the one of the settings.

A choice holds the card's own tables, so that it is the same wherever the store is read, whatever files lie
there, and stays as it was when a file changes. Choices are only added: the reports of a period that is over
keep the card that was in force at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskguard.scoring.card_files import card_of_tables
from deskguard.scoring.scorecard import usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from deskguard.scoring.periods import Period
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.settings import Settings

EVERYTHING = ""
"""The scope of all standards together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChoice:
    """That from a day on findings are scored by a card."""

    serial: int
    """Rising; the newest of one day counts."""
    scope: str
    """The standard that is scored alone, such as "s003"; EVERYTHING: all of them together."""
    since: date
    card_id: str
    """Empty: the card of the settings again."""
    title: str
    table: Mapping[str, Any] | None = None
    """The card as its file has it; None: that of the settings."""
    fill: Mapping[str, Any] | None = None
    """What is written into its blanks, as a file has it."""
    note: str = ""
    by: str = ""
    at_utc: str = ""

    def card(self) -> Scorecard | None:
        """The card; None: that of the settings. Raises DeskguardError where a blank is not filled in."""
        return None if self.table is None else usable(card_of_tables(self.card_id, self.table, self.fill))


def scope_of(settings: Settings) -> str:
    """What is scored with these settings: one standard alone, or all."""
    return settings.rules.only[0] if len(settings.rules.only) == 1 else EVERYTHING


def chosen(choices: Iterable[CardChoice], scope: str, day: date) -> CardChoice | None:
    """The choice in force on a day: for that standard alone, else for all of them; None: nobody chose."""
    begun = sorted((one for one in choices if one.since <= day), key=lambda one: (one.since, one.serial))
    for wanted in dict.fromkeys((scope, EVERYTHING)):
        own = [one for one in begun if one.scope == wanted]
        if own and (own[-1].table is not None or wanted == EVERYTHING):
            return own[-1]
    return None


def card_in_force(choices: Iterable[CardChoice], scope: str, day: date, otherwise: Scorecard) -> Scorecard:
    """The card by which a day is scored; `otherwise` is that of the settings. Raises DeskguardError."""
    choice = chosen(choices, scope, day)
    return (None if choice is None else choice.card()) or otherwise


def day_that_decides(period: Period, today: date) -> date:
    """The day whose card scores a period: its last, or today while it goes on."""
    return min(period.last, max(period.first, today))
