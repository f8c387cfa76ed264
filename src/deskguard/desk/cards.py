"""Alerts in, what the staff page shows out; no screen shows in full what a masked rule forbids.

The store keeps the words as they were heard: evidence must be true, and whoever decides must be able to read
it. Screens are read by bystanders, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deskguard.desk.trace import in_every_language
from deskguard.rules.mask import Masker
from deskguard.rules.ruleset import RuleSet

if TYPE_CHECKING:
    from datetime import datetime

    from deskguard.values import Alert

_SLOT = re.compile(r"\{(.*?)\}")
_UNLISTED = frozenset(
    {"contained", "awaiting-confirmation", "withdrawn", "role-visitor", "role-unknown", "needs-person"}
)
"""Hits that are not for the clerk's own list: named on another line, not (yet) believed, not (surely) the
clerk's words, or for a person to decide."""


def readable(phrase: str) -> str:
    """The pack's wording for a reader: 你去问{谁} as 你去问（谁）."""
    return _SLOT.sub(r"（\1）", phrase)


class ScreenWords:
    """What may be read on a screen, by the rules in force and those that were since the start."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._masker = Masker(rules)

    def with_rules(self, rules: RuleSet) -> ScreenWords:
        """The same with other rules in force; what the former masked stays masked."""
        known = {**self._rules.rules, **rules.rules}
        return ScreenWords(RuleSet(rules=known, sha256=rules.sha256, packs=rules.packs, frames=rules.frames))

    def text(self, text: str) -> str:
        """Any text with the words of masked rules as 他××."""
        return self._masker.mask(text)

    def heard(self, rule_id: str, heard: str) -> str:
        """The words of a hit: of a masked rule the first character only, however they were recognised."""
        rule = self._rules.rules.get(rule_id)
        if rule is not None and rule.masked:
            return heard[:1] + "×" * (len(heard) - 1)
        return self.text(heard)

    def card(self, alert: Alert, raised: datetime, show_s: float) -> dict[str, Any]:
        """A card: what was heard, why it matters, what to say instead."""
        hit = alert.hit
        clauses = [
            {
                "standard": one.standard,
                "title": one.title,
                "clause": one.clause,
                "quote": self.text(one.quote),
            }
            for one in alert.clauses
        ]
        return {
            "hit_id": hit.hit_id,
            "replaces": alert.replaces,
            "rule_id": hit.rule_id,
            "kind": alert.kind,
            "phrase": self.text(readable(alert.phrase)),
            "heard": self.heard(hit.rule_id, hit.heard),
            "standard_title": clauses[0]["title"],
            "clause": clauses[0]["clause"],
            "quote": clauses[0]["quote"],
            "clauses": clauses,
            "severity": alert.severity,
            "advice": alert.advice,
            "confidence": hit.confidence,
            "state": hit.state,
            "why": in_every_language(hit.why),
            "raised_utc": raised.isoformat(),
            "raised_epoch_ms": raised.timestamp() * 1000,
            "show_s": show_s,
        }

    def line(self, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry of the store's list as a line of today's own list."""
        return {
            **entry,
            "phrase": self.text(readable(entry["phrase"])),
            "heard": self.heard(entry["rule_id"], entry["heard"]),
            "why": in_every_language(entry["why"]),
            "listed": is_listed(entry),
        }


def is_listed(entry: dict[str, Any]) -> bool:
    """Whether an entry of the store's list is for the clerk's own."""
    return entry["state"] != "withdrawn" and entry["suppressed"] not in _UNLISTED
