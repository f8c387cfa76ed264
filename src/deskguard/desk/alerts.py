"""Hits in, alerts out: which hit is worth interrupting a clerk for.

Clerks switch off assistants that talk too much. So: one card at a time, a cooldown per rule, a cap per hour,
nothing old, nothing doubtful, and one card for hits on the same words. What is not shown is still an alert with
the reason, and is stored. All times are positions in the audio: the policy decides the same at any pace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ, Alert, ClauseRef, Hit, Severity, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deskguard.rules.ruleset import Rule
    from deskguard.settings import AlertSettings

_RANK: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2}
_HOUR_SAMPLES = 3600 * SAMPLE_RATE_HZ
_MOST_OF = 0.6
"""How much of a phrase must lie inside another to count as held by it: the places of both are estimates."""
_KEEP_SAMPLES = 120 * SAMPLE_RATE_HZ
"""How long a hit is remembered to compare later hits with."""
_NEVER_SHOWN = frozenset({"role-visitor", "needs-person", "softened"})
"""Reasons in what the hit is: they take down a card that is up, too."""
_MAY_CHANGE = frozenset(
    {"role-visitor", "role-unknown", "softened", "low-confidence", "awaiting-confirmation", "contained"}
)
"""Reasons that a later state of the hit, or of the hit around it, can remove."""
_NOT_FOR_CARDS = _NEVER_SHOWN | {"role-unknown", "low-severity", "low-confidence", "withdrawn"}
"""Hits that will not be shown themselves, so they must not hide another."""
_NOT_NAMED = _NOT_FOR_CARDS | {"awaiting-confirmation"}
"""Hits that are not believed or not meant for the clerk, so no card names their clauses."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks."""

    sample: int
    ns: int


@dataclass(slots=True)
class _Card:
    hit: Hit
    severity: Severity
    until_sample: int


class AlertPolicy:
    """Decides for each change of a hit; keeps the card that is on the screen."""

    def __init__(self, settings: AlertSettings, rules: Mapping[str, Rule]) -> None:
        self._settings = settings
        self.rules = rules
        self.shows_unknown_role = settings.show_unknown_role
        """Whether a card may be shown while nobody knows who spoke; not where roles are found by listening."""
        self._latest: dict[str, Alert] = {}
        self._raised: dict[str, Moment] = {}
        self._last_shown: dict[str, int] = {}
        self._shown_at: list[int] = []
        self._card: _Card | None = None

    def feed(self, hit: Hit, now: Moment) -> list[Alert]:
        """The alert of a hit that is new or has changed, then those of others that change with it."""
        up = self._on_screen(now)
        alert = self._keep(self._decided(hit, now))
        if not self._stands(alert):
            self.dismiss(hit.hit_id)
        return [alert, *self._following(alert, up, now)]

    def order(self, hit: Hit) -> tuple[bool, int, bool, int]:
        """The order in which hits of one moment are decided, as a sort key.

        What is withdrawn makes room first; then the longest, so that what it contains is known to be contained.
        """
        rule = self.rules[hit.rule_id]
        return (hit.state != "withdrawn", -len(hit.heard), rule.kind != "phrase", -_RANK[rule.severity])

    def waits_for_role(self, hit: Hit, now: Moment) -> bool:
        """Whether a hit would become a card now if it were known that the clerk spoke."""
        before = self._latest.get(hit.hit_id)
        is_settled = before is not None and (before.suppressed is None or before.suppressed not in _MAY_CHANGE)
        if hit.role != "unknown" or hit.state == "withdrawn" or is_settled:
            return False
        reason, _ = self._reason(replace(hit, role="staff"), now)
        return reason is None

    def shows(self, hit_id: str) -> bool:
        """Whether the card of this hit is the one that was put up last and not put away."""
        return self._card is not None and self._card.hit.hit_id == hit_id

    def dismiss(self, hit_id: str) -> bool:
        """The clerk has put the card away."""
        if not self.shows(hit_id):
            return False
        self._card = None
        return True

    def _decided(self, hit: Hit, now: Moment) -> Alert:
        before = self._latest.get(hit.hit_id)
        never = self._never(hit)
        if before is not None and before.suppressed is None:
            reason = None if hit.state == "withdrawn" else never
            return self._alert(hit, Moment(before.raised_sample, before.raised_ns), reason)
        if hit.state == "withdrawn":
            lasting = before is not None and before.suppressed not in _MAY_CHANGE
            return self._alert(hit, now, before.suppressed if before and lasting else "withdrawn")
        if before is not None and before.suppressed not in _MAY_CHANGE:
            return self._alert(hit, now, never or before.suppressed)
        reason, covered = self._reason(hit, now)
        alert = self._alert(hit, now, reason)
        if reason is None:
            alert = replace(alert, replaces=covered or "")
            self._show(alert, now)
        return alert

    def _reason(self, hit: Hit, now: Moment) -> tuple[str | None, str | None]:
        """What keeps a hit from being a card now, and the card that it would take the place of."""
        covered = self._covered_card(hit, now)
        doubt = self._never(hit) or self._doubt(hit, now)
        return doubt or self._restraint(hit, now, covered is not None), covered

    def _following(self, alert: Alert, up: _Card | None, now: Moment) -> Iterator[Alert]:
        """Other hits on the same words: held by this one, or no longer, or on a card that names its clauses."""
        for other in [one for one in self._latest.values() if self._stands(one)]:
            if other.hit.hit_id == alert.hit.hit_id or not _is_same_span(alert.hit, other.hit):
                continue
            fresh = other
            if alert.suppressed is None and other.suppressed is None and _holds(alert.hit, other.hit) > 0:
                fresh = self._alert(other.hit, Moment(other.raised_sample, other.raised_ns), "contained")
            elif other.suppressed == "contained" and not self._is_contained(other.hit):
                fresh = self._uncovered(other, up, now)
            elif other.suppressed not in _NOT_NAMED | {"contained"}:
                clauses, severity = self._named(other.hit)
                fresh = replace(other, clauses=clauses, severity=severity, replaces="")
            if _told(fresh) != _told(other):
                yield self._keep(fresh)

    def _uncovered(self, alert: Alert, up: _Card | None, now: Moment) -> Alert:
        """The alert of a hit whose longer form is gone; a card that had given way to that one comes back."""
        hit = alert.hit
        first = self._raised.get(hit.hit_id)
        if first is not None and self._card is None and up is not None and _is_same_span(hit, up.hit):
            shown = self._alert(hit, first, None)
            self._card = _Card(hit, shown.severity, up.until_sample)
            return shown
        reason = self._doubt(hit, now) or self._restraint(hit, now, is_longer=False)
        fresh = self._alert(hit, now, reason)
        if reason is None:
            self._show(fresh, now)
        return fresh

    def _never(self, hit: Hit) -> str | None:
        """Reasons in what the hit is, whatever its score."""
        nevers = {
            "role-visitor": hit.role == "visitor",
            "needs-person": self.rules[hit.rule_id].needs_person,
            "softened": hit.softened,
        }
        return next((reason for reason, holds in nevers.items() if holds), None)

    def _doubt(self, hit: Hit, now: Moment) -> str | None:
        """Reasons that lie in how sure and how recent the hit is."""
        settings, rule = self._settings, self.rules[hit.rule_id]
        least = settings.min_confidence if rule.min_confidence is None else rule.min_confidence
        doubts = {
            "role-unknown": hit.role == "unknown" and not self.shows_unknown_role,
            "low-severity": _RANK[rule.severity] < _RANK[settings.min_severity],
            "low-confidence": hit.confidence < least,
            "awaiting-confirmation": hit.state == "tentative" and not self._is_sure(hit),
            "contained": self._is_contained(hit),
            "too-old": seconds(now.sample - hit.end_sample) > settings.max_age_s,
        }
        return next((reason for reason, holds in doubts.items() if holds), None)

    def _is_sure(self, hit: Hit) -> bool:
        bar = self._settings.tentative_from
        return bar < 1 and hit.confidence >= bar

    def _restraint(self, hit: Hit, now: Moment, is_longer: bool) -> str | None:
        """Reasons that lie in what the clerk has been shown already; a longer form is no new interruption."""
        rule = self.rules[hit.rule_id]
        cooldown_s = self._settings.cooldown_s if rule.cooldown_s is None else rule.cooldown_s
        last = self._last_shown.get(hit.rule_id)
        if last is not None and seconds(now.sample - last) < cooldown_s:
            return "cooldown"
        if is_longer:
            return None
        self._shown_at = [at for at in self._shown_at if now.sample - at < _HOUR_SAMPLES]
        if len(self._shown_at) >= self._settings.max_per_hour:
            return "hourly-cap"
        card = self._on_screen(now)
        if card is not None and _RANK[rule.severity] < _RANK[card.severity]:
            return "card-on-screen"
        return None

    def _is_contained(self, hit: Hit) -> bool:
        """Whether another rule's hit holds these very words (我不知道 holds 不知道): a longer one, or one as
        long that was decided before and has or had its card."""
        is_earlier = True
        for other in self._latest.values():
            if other.hit.hit_id == hit.hit_id:
                is_earlier = False
            elif self._stands(other) and other.suppressed not in _NOT_FOR_CARDS:
                longer = _holds(other.hit, hit)
                if longer > 0 or (longer == 0 and is_earlier and other.suppressed in (None, "cooldown")):
                    return True
        return False

    def _covered_card(self, hit: Hit, now: Moment) -> str | None:
        """The hit whose card this one is the longer form of (我不知道 → 我不知道，你去问…), if it is up."""
        card = self._on_screen(now)
        if card is None or card.hit.rule_id == hit.rule_id:
            return None
        is_longer = _shared(hit, card.hit) > 0 and len(hit.heard) > len(card.hit.heard)
        return card.hit.hit_id if is_longer else None

    def _on_screen(self, now: Moment) -> _Card | None:
        if self._card is not None and now.sample >= self._card.until_sample:
            self._card = None
        return self._card

    def _show(self, alert: Alert, now: Moment) -> None:
        until = now.sample + int(self._settings.card_s * SAMPLE_RATE_HZ)
        self._card = _Card(alert.hit, alert.severity, until)
        self._raised[alert.hit.hit_id] = now
        self._last_shown[alert.hit.rule_id] = now.sample
        if not alert.replaces:
            self._shown_at.append(now.sample)

    def _alert(self, hit: Hit, at: Moment, suppressed: str | None) -> Alert:
        rule = self.rules[hit.rule_id]
        clauses, severity = rule.clauses, rule.severity
        if suppressed not in _NOT_NAMED | {"contained"}:
            clauses, severity = self._named(hit)
        return Alert(
            hit=hit,
            phrase=rule.phrase,
            advice=rule.advice,
            severity="low" if hit.softened else severity,
            clauses=clauses,
            raised_ns=at.ns,
            raised_sample=at.sample,
            suppressed=suppressed,
            kind=rule.kind,
        )

    def _named(self, hit: Hit) -> tuple[tuple[ClauseRef, ...], Severity]:
        """What one card for these words names: the clauses of all believed hits on them, and the gravest."""
        ids = [hit.rule_id]
        ids += [
            one.hit.rule_id
            for one in self._latest.values()
            if self._stands(one) and one.suppressed not in _NOT_NAMED and _is_same_span(hit, one.hit)
        ]
        rules = [self.rules[one] for one in dict.fromkeys(ids)]
        clauses: dict[tuple[str, str], ClauseRef] = {}
        for clause in [one for rule in rules for one in rule.clauses]:
            clauses.setdefault((clause.standard, clause.clause), clause)
        gravest = max((rule.severity for rule in rules), key=lambda one: _RANK[one])
        return tuple(clauses.values()), gravest

    def _stands(self, alert: Alert) -> bool:
        return alert.hit.state != "withdrawn" and alert.suppressed not in _NEVER_SHOWN

    def _keep(self, alert: Alert) -> Alert:
        self._latest[alert.hit.hit_id] = alert
        oldest = alert.raised_sample - _KEEP_SAMPLES
        self._latest = {key: one for key, one in self._latest.items() if one.raised_sample >= oldest}
        self._raised = {key: at for key, at in self._raised.items() if key in self._latest}
        if self._card is not None and self.shows(alert.hit.hit_id):
            self._card.severity = alert.severity
        return alert


def _told(alert: Alert) -> tuple[object, ...]:
    return alert.suppressed, alert.clauses, alert.severity


def _holds(outer: Hit, inner: Hit) -> int:
    """By how many characters a hit is longer than one of another rule most of which lies in it; else -1."""
    is_inside = _shared(inner, outer) >= _MOST_OF * (inner.end_sample - inner.start_sample)
    longer = len(outer.heard) - len(inner.heard)
    return longer if is_inside and outer.rule_id != inner.rule_id and longer >= 0 else -1


def _is_same_span(hit: Hit, other: Hit) -> bool:
    """Whether two hits are on the same words: most of the shorter one lies in the other."""
    shorter = min(one.end_sample - one.start_sample for one in (hit, other))
    return _shared(hit, other) >= _MOST_OF * shorter


def _shared(hit: Hit, other: Hit) -> int:
    """Samples of audio that two hits share; negative when they lie apart."""
    return min(hit.end_sample, other.end_sample) - max(hit.start_sample, other.start_sample)
