"""Alerts in, the staff page's own list of hits out, kept in memory beside the store.

The page must show a hit, or a mark of false alarm, the moment it is made, also while the disk is full. So the
list follows the same rules as `Store.today` without asking the disk; a property test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.privacy.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.values import Alert

# About 5 MB of memory; a busy window sees some hundred hits a day.
MAX_ENTRIES = 5000


class HitList:
    """The hits of this desk by run and name, oldest first; not safe for several threads at once."""

    def __init__(self, entries: Iterable[dict[str, Any]] = ()) -> None:
        """Start from the entries of `Store.today`, which come newest first."""
        self._entries = {(one["run_id"], one["hit_id"]): one for one in reversed(list(entries))}

    def save_alert(self, run_id: str, alert: Alert, at_utc: str) -> dict[str, Any]:
        """Add a hit, or bring it up to date; returns its entry. `at_utc` is UTC text of the store's width."""
        key = (run_id, alert.hit.hit_id)
        fresh = entry(run_id, alert, at_utc)
        before = self._entries.get(key)
        if before is not None:
            fresh["raised_utc"], fresh["false_alarm"] = before["raised_utc"], before["false_alarm"]
            fresh["shown"] = fresh["shown"] or before["shown"]
        self._entries[key] = fresh
        if len(self._entries) > MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        return dict(fresh)

    def mark_false_alarm(self, hit_id: str) -> bool:
        """Mark the newest hit of that name; False when there is none."""
        named = [one for one in self._newest_first() if one["hit_id"] == hit_id]
        if named:
            named[0]["false_alarm"] = True
        return bool(named)

    def between(self, first_utc: str, last_utc: str) -> list[dict[str, Any]]:
        """The hits raised in [first, last), newest first, without withdrawn ones; copies."""
        return [
            dict(one)
            for one in self._newest_first()
            if first_utc <= one["raised_utc"] < last_utc and one["state"] != "withdrawn"
        ]

    def _newest_first(self) -> list[dict[str, Any]]:
        # Reversed first, then sorted, which is stable: of equal times the one added last comes first.
        newest = list(reversed(self._entries.values()))
        newest.sort(key=lambda one: str(one["raised_utc"]), reverse=True)
        return newest


def entry(run_id: str, alert: Alert, at_utc: str) -> dict[str, Any]:
    """One hit as the staff page lists it."""
    clause = alert.clauses[0] if alert.clauses else None
    return {
        "run_id": run_id,
        "hit_id": alert.hit.hit_id,
        "rule_id": alert.hit.rule_id,
        "phrase": alert.phrase,
        "heard": redact(alert.hit.heard),
        "clause": clause.clause if clause else "",
        "standard_title": clause.title if clause else "",
        "severity": alert.severity,
        "state": alert.hit.state,
        "raised_utc": at_utc,
        "shown": alert.suppressed is None and alert.hit.state != "withdrawn",
        "suppressed": alert.suppressed,
        "false_alarm": False,
        "advice": alert.advice,
        "kind": alert.kind,
        "why": list(alert.hit.why),
    }
