"""What calls for help, and what is noted for the clerk's protection.

The safe word is compared by toneless syllables, as Whisper hears it: a call for help that was misspelled is
one. Abuse needs no list of its own. The bans on insults and threats know the words already, whoever says them;
said by a visitor they are never held against the clerk, and here they speak for the clerk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.language.syllables import syllables
from deskguard.language.text import normalise
from deskguard.values import HelpCall

if TYPE_CHECKING:
    from deskguard.values import Alert, Hypothesis

ABUSE = frozenset({"insult", "threat"})
"""Kinds of bans that are abuse when a visitor breaks them."""
_SURE_ROLE = 0.9
"""From here on a visitor is taken for a visitor when it comes to help; below, it may have been the clerk."""


class SafeWord:
    """Listens for the words that call the supervisor; an empty word is never heard."""

    def __init__(self, word: str) -> None:
        self._word = syllables(normalise(word))

    def heard(self, said: Hypothesis) -> HelpCall | None:
        """The call in a hypothesis of anybody who is not surely the visitor."""
        is_visitor = said.role == "visitor" and said.role_confidence >= _SURE_ROLE
        if not self._word or is_visitor:
            return None
        text = normalise(said.text)
        spoken = syllables(text)
        length = len(self._word)
        for at in range(len(spoken) - length + 1):
            if spoken[at : at + length] == self._word:
                start, _ = said.passage.spans[text.origin[at]]
                return HelpCall(by="safe-word", at_sample=start)
        return None


def is_abuse(alert: Alert) -> bool:
    """Whether an alert is a visitor's insult or threat that the clerk may want on record."""
    hit = alert.hit
    is_meant = hit.state == "confirmed" and not hit.softened
    return alert.kind in ABUSE and hit.role == "visitor" and is_meant
