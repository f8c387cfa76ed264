"""Findings with where they stand as lines for programs: one flat table each, points as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskguard.scoring.occurrences import occurrences
from deskguard.scoring.points import as_points
from deskguard.scoring.review import PROPOSED
from deskguard.values import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deskguard.scoring.occurrences import Occurrence
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.results import Night
    from deskguard.scoring.review import Decision, Standing
    from deskguard.scoring.scorecard import Item, Scorecard
    from deskguard.scoring.values import Finding, Recording
    from deskguard.values import ClauseRef

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A finding, where it stands, and what the card makes of it."""

    finding: Finding
    standing: Standing
    occurrence: Occurrence | None = None
    """What it is part of; None: the card is not about it, or it does not count at all."""
    item: Item | None = None

    @property
    def is_lead(self) -> bool:
        """It decides; others on the same words only stand beside it."""
        lead = None if self.occurrence is None else self.occurrence.lead
        # Mostly the very same, and that is known without looking at all of it.
        return lead is self.finding or lead == self.finding

    @property
    def counts(self) -> bool:
        return self.is_lead and self.occurrence is not None and self.occurrence.is_counted

    @property
    def waiting(self) -> str | None:
        """Why it does not count before a person confirms it."""
        return self.occurrence.waiting if self.occurrence is not None and self.is_lead else None

    @property
    def points(self) -> int | None:
        """Hundredths that each of its item is worth, before rates and caps; below 0 where it takes them."""
        if self.item is None or self.item.each.amount is None:
            return None
        return self.item.each.amount if self.item.gives else -self.item.each.amount


def judged(night: Night, card: Scorecard, policy: Policy) -> list[Judged]:
    """Every finding of a night with what the card makes of it, in the night's order."""
    items = {item.item_id: item for _, item in card.items()}
    part_of = {
        one.finding_id: occurrence
        for occurrence in occurrences(night.findings, night.standings, card, policy)
        for one in occurrence.findings
    }
    return [
        Judged(
            finding=one,
            standing=night.standings.get(one.finding_id, PROPOSED),
            occurrence=(occurrence := part_of.get(one.finding_id)),
            item=None if occurrence is None else items[occurrence.item_id],
        )
        for one in night.findings
    ]


def finding_line(one: Judged) -> Line:
    """A finding as findings.jsonl and `review --json` have it: a contract that others read."""
    finding, points = one.finding, one.points
    return {
        "v": 1,
        "type": "finding",
        "finding_id": finding.finding_id,
        **_recording(finding.recording),
        "visit": finding.visit_id,
        "kind": finding.kind,
        "rule_id": finding.rule_id,
        "title": finding.title,
        **_clauses(finding.clauses),
        "severity": finding.severity,
        "role": finding.role,
        "start_s": round(seconds(finding.start_sample), 3),
        "end_s": round(seconds(finding.end_sample), 3),
        "value": None if finding.value is None else round(finding.value, 2),
        "expected": None if finding.expected is None else round(finding.expected, 2),
        "unit": finding.unit,
        "confidence": finding.confidence,
        "item": None if one.item is None else one.item.item_id,
        "points": None if points is None else float(as_points(points)),
        "counts": one.counts,
        "waiting": one.waiting,
        "status": one.standing.state,
        "source": one.standing.source,
        "due_utc": one.standing.due_utc or None,
        "needs_person": finding.needs_person,
        "softened": finding.softened,
        "evidence": finding.evidence,
        "advice": finding.advice,
        "why": list(finding.why),
        "rules_sha256": finding.rules_sha256,
        "model": finding.model,
        "decisions": [_decision(each) for each in one.standing.decisions],
    }


def _recording(recording: Recording) -> Line:
    return {
        "recording": recording.path,
        "recording_sha256": recording.sha256,
        "window": recording.window_id,
        "clerk": recording.clerk_id,
        "day": recording.day.isoformat(),
    }


def _clauses(clauses: Sequence[ClauseRef]) -> Line:
    """The first by itself, for tables, and all of them."""
    listed = [{"standard": one.standard, "clause": one.clause, "quote": one.quote} for one in clauses]
    return {"clause": clauses[0].clause if clauses else "", "clauses": listed}


def _decision(decision: Decision) -> Mapping[str, str]:
    return {"act": decision.act, "by": decision.by, "at_utc": decision.at_utc, "why": decision.why}
