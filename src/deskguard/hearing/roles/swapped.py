"""Final texts with their roles in, whether the microphones look swapped out.

Levels cannot tell whose microphone is whose; words can. Each turn's words speak for the clerk or the visitor
(`naming`); when those of both sides together speak against the roles that they were given, the channels are the
wrong way round.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from deskguard.hearing.roles.naming import log_odds

if TYPE_CHECKING:
    from deskguard.values import Role

_TURNS = 40
_LEAST_TELLING = 5
_LEAST_ODDS = 8.0
"""Natural log-odds against the roles, in sum. In 14 written counter conversations the sum never fell below 0 as
they are, and with the roles exchanged it got here after 5 to 12 turns (2026-11-22)."""


class SwapWatch:
    """The newest telling turns of both sides."""

    def __init__(self) -> None:
        self._odds: deque[float] = deque(maxlen=_TURNS)

    def feed(self, role: Role, text: str) -> None:
        """Take one final text whose role was found by level."""
        odds = log_odds(text)
        if odds and role != "unknown":
            self._odds.append(odds if role == "staff" else -odds)

    @property
    def is_swapped(self) -> bool:
        """Whether what was said contradicts who is said to have said it."""
        return len(self._odds) >= _LEAST_TELLING and sum(self._odds) <= -_LEAST_ODDS
