"""Alerts in, what the staff page shows out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from deskguard.values import Alert


_SLOT = re.compile(r"\{(.*?)\}")


def readable(phrase: str) -> str:
    """The pack's wording for a reader: 你去问{谁} as 你去问（谁）."""
    return _SLOT.sub(r"（\1）", phrase)


def card_payload(alert: Alert, raised: datetime, show_s: float) -> dict[str, Any]:
    """A card: what was heard, why it matters, what to say instead."""
    hit, first = alert.hit, alert.clauses[0]
    return {
        "hit_id": hit.hit_id,
        "rule_id": hit.rule_id,
        "phrase": readable(alert.phrase),
        "heard": hit.heard,
        "standard_title": first.title,
        "clause": first.clause,
        "quote": first.quote,
        "clauses": [
            {"standard": one.standard, "title": one.title, "clause": one.clause, "quote": one.quote}
            for one in alert.clauses
        ],
        "severity": alert.severity,
        "advice": alert.advice,
        "confidence": hit.confidence,
        "state": hit.state,
        "raised_utc": raised.isoformat(),
        "raised_epoch_ms": raised.timestamp() * 1000,
        "show_s": show_s,
    }


def today_entry(alert: Alert, raised: datetime) -> dict[str, Any]:
    """A line of today's own list."""
    hit, first = alert.hit, alert.clauses[0]
    return {
        "hit_id": hit.hit_id,
        "rule_id": hit.rule_id,
        "phrase": readable(alert.phrase),
        "heard": hit.heard,
        "clause": first.clause,
        "standard_title": first.title,
        "severity": alert.severity,
        "state": hit.state,
        "raised_utc": raised.isoformat(),
        "shown": alert.suppressed is None,
        "suppressed": alert.suppressed,
        "false_alarm": False,
        "advice": alert.advice,
    }
