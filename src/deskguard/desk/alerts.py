"""Hits in, alerts out: which hit is worth interrupting a clerk for.

Clerks switch off assistants that talk too much. So: one card at a time, a cooldown per rule, a cap per hour,
nothing old, nothing doubtful. What is not shown is still an alert with the reason, and is stored.
All times are positions in the audio: the policy decides the same at any pace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ, Alert, Hit, Severity, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.rules.pack import Rule
    from deskguard.settings import AlertSettings

_RANK: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2}
_HOUR_SAMPLES = 3600 * SAMPLE_RATE_HZ
_MOST_OF = 0.6
"""How much of a phrase must lie inside another to count as held by it: the places of both are estimates."""
_KEEP_SAMPLES = 120 * SAMPLE_RATE_HZ
"""How long a hit is remembered to compare later hits with."""
_MAY_CHANGE = frozenset({"awaiting-confirmation", "low-confidence", "contained"})
"""Reasons that a later state of the hit, or of the hit around it, can remove."""
_NOT_FOR_CARDS = frozenset({"role-visitor", "role-unknown", "low-severity", "low-confidence"})
"""Hits that will not be shown themselves, so they must not hide another."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks."""

    sample: int
    ns: int


@dataclass(slots=True)
class _Card:
    alert: Alert
    until_sample: int


class AlertPolicy:
    """Decides for each change of a hit; keeps the card that is on the screen."""

    def __init__(self, settings: AlertSettings, rules: Mapping[str, Rule]) -> None:
        self._settings = settings
        self.rules = rules
        self._latest: dict[str, Alert] = {}
        self._last_shown: dict[str, int] = {}
        self._shown_at: list[int] = []
        self._card: _Card | None = None

    def feed(self, hit: Hit, now: Moment) -> Alert:
        """The alert of a hit that is new or has changed state."""
        before = self._latest.get(hit.hit_id)
        if before is not None and before.suppressed is None:
            return self._keep(self._alert(hit, Moment(before.raised_sample, before.raised_ns), None))
        if before is not None and before.suppressed not in _MAY_CHANGE:
            return self._keep(self._alert(hit, now, before.suppressed))
        if hit.state == "withdrawn":
            return self._keep(self._alert(hit, now, "withdrawn"))
        covers = self._covered_card(hit, now)
        reason = self._doubt(hit, now) or self._restraint(hit, now, covers)
        alert = self._alert(hit, now, reason)
        if reason is None:
            self._show(alert, now, is_new=not covers)
        return self._keep(alert)

    def shows(self, hit_id: str) -> bool:
        """Whether the card of this hit is the one that was put up last and not put away."""
        return self._card is not None and self._card.alert.hit.hit_id == hit_id

    def dismiss(self, hit_id: str) -> bool:
        """The clerk has put the card away."""
        if not self.shows(hit_id):
            return False
        self._card = None
        return True

    def _doubt(self, hit: Hit, now: Moment) -> str | None:
        """Reasons that lie in the hit itself."""
        settings = self._settings
        severity = self.rules[hit.rule_id].severity
        doubts = {
            "role-visitor": hit.role == "visitor",
            "role-unknown": hit.role == "unknown" and not settings.show_unknown_role,
            "low-severity": _RANK[severity] < _RANK[settings.min_severity],
            "low-confidence": hit.confidence < settings.min_confidence,
            "awaiting-confirmation": hit.state == "tentative" and hit.confidence < settings.tentative_from,
            "contained": self._is_contained(hit),
            "too-old": seconds(now.sample - hit.end_sample) > settings.max_age_s,
        }
        return next((reason for reason, holds in doubts.items() if holds), None)

    def _restraint(self, hit: Hit, now: Moment, covers: bool) -> str | None:
        """Reasons that lie in what the clerk has been shown already; a longer form is no new interruption."""
        rule = self.rules[hit.rule_id]
        cooldown_s = self._settings.cooldown_s if rule.cooldown_s is None else rule.cooldown_s
        last = self._last_shown.get(hit.rule_id)
        if last is not None and seconds(now.sample - last) < cooldown_s:
            return "cooldown"
        if covers:
            return None
        self._shown_at = [at for at in self._shown_at if now.sample - at < _HOUR_SAMPLES]
        if len(self._shown_at) >= self._settings.max_per_hour:
            return "hourly-cap"
        card = self._on_screen(now)
        if card is not None and _RANK[rule.severity] < _RANK[card.alert.severity]:
            return "card-on-screen"
        return None

    def _is_contained(self, hit: Hit) -> bool:
        """Whether a longer phrase of another rule holds these very words (我不知道 holds 不知道)."""
        shown = [one.hit for one in self._latest.values() if one.suppressed not in _NOT_FOR_CARDS]
        return any(
            other.rule_id != hit.rule_id
            and other.state != "withdrawn"
            and _shared(hit, other) >= _MOST_OF * (hit.end_sample - hit.start_sample)
            and len(other.heard) > len(hit.heard)
            for other in shown
        )

    def _covered_card(self, hit: Hit, now: Moment) -> bool:
        """Whether this hit is the longer form of what the card shows (我不知道 → 我不知道，你去问…)."""
        card = self._on_screen(now)
        if card is None or card.alert.hit.rule_id == hit.rule_id:
            return False
        shown = card.alert.hit
        return _shared(hit, shown) > 0 and len(hit.heard) > len(shown.heard)

    def _on_screen(self, now: Moment) -> _Card | None:
        if self._card is not None and now.sample >= self._card.until_sample:
            self._card = None
        return self._card

    def _show(self, alert: Alert, now: Moment, *, is_new: bool) -> None:
        self._card = _Card(alert, now.sample + int(self._settings.card_s * SAMPLE_RATE_HZ))
        self._last_shown[alert.hit.rule_id] = now.sample
        if is_new:
            self._shown_at.append(now.sample)

    def _alert(self, hit: Hit, at: Moment, suppressed: str | None) -> Alert:
        rule = self.rules[hit.rule_id]
        return Alert(
            hit=hit,
            phrase=rule.phrase,
            advice=rule.advice,
            severity=rule.severity,
            clauses=rule.clauses,
            raised_ns=at.ns,
            raised_sample=at.sample,
            suppressed=suppressed,
        )

    def _keep(self, alert: Alert) -> Alert:
        self._latest[alert.hit.hit_id] = alert
        oldest = alert.raised_sample - _KEEP_SAMPLES
        self._latest = {key: one for key, one in self._latest.items() if one.raised_sample >= oldest}
        if alert.hit.state == "withdrawn":
            self.dismiss(alert.hit.hit_id)
        return alert


def _shared(hit: Hit, other: Hit) -> int:
    """Samples of audio that two hits share; negative when they lie apart."""
    return min(hit.end_sample, other.end_sample) - max(hit.start_sample, other.start_sample)
