"""What the pipeline tells, hits and courtesies and manners, to findings; words are redacted on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.privacy.redact import redact
from deskguard.scoring.values import MANNER, MISSING, SAID, Finding, finding_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.rules.ruleset import Rule
    from deskguard.scoring.values import Examination
    from deskguard.values import Courtesy, Hit, Manner, Visit


def finding_of_hit(
    hit: Hit, rule: Rule, examination: Examination, *, visit_id: str = "", evidence: str = ""
) -> Finding:
    """A confirmed hit as a finding; `evidence` is the utterance around it, else what was heard."""
    if hit.state != "confirmed":
        raise ValueError(f"hit {hit.hit_id} is {hit.state}: only what is confirmed is a finding")
    return Finding(
        finding_id=finding_id(examination.recording, rule.rule_id, hit.start_sample, hit.end_sample),
        recording=examination.recording,
        visit_id=visit_id,
        kind=rule.kind,
        rule_id=rule.rule_id,
        title=rule.phrase,
        clauses=rule.clauses,
        severity="low" if hit.softened else rule.severity,
        role=hit.role,
        start_sample=hit.start_sample,
        end_sample=hit.end_sample,
        confidence=hit.confidence,
        softened=hit.softened,
        needs_person=rule.needs_person,
        evidence=redact(evidence or hit.heard),
        advice=rule.advice,
        why=hit.why,
        rules_sha256=examination.rules_sha256,
        model=examination.model,
    )


def finding_of_courtesy(courtesy: Courtesy, examination: Examination, *, evidence: str = "") -> Finding:
    """An act that was said or is missing; `evidence` is the words of the act, or of its occasion."""
    if courtesy.state == "open":
        raise ValueError(f"courtesy {courtesy.courtesy_id} is open: it may still be said")
    span = courtesy.start_sample, courtesy.end_sample
    return Finding(
        finding_id=finding_id(examination.recording, courtesy.act_id, *span),
        recording=examination.recording,
        visit_id=courtesy.visit_id,
        kind=MISSING if courtesy.state == "missing" else SAID,
        rule_id=courtesy.act_id,
        title=courtesy.name,
        clauses=courtesy.clauses,
        role="staff",
        start_sample=courtesy.start_sample,
        end_sample=courtesy.end_sample,
        evidence=redact(evidence),
        advice=courtesy.expected,
        why=courtesy.why,
        rules_sha256=examination.rules_sha256,
        model=examination.model,
    )


def finding_of_manner(manner: Manner, examination: Examination, *, evidence: str = "") -> Finding:
    """A measured manner that passed its bound."""
    rule_id = f"manner.{manner.kind}"
    return Finding(
        finding_id=finding_id(examination.recording, rule_id, manner.start_sample, manner.end_sample),
        recording=examination.recording,
        visit_id=manner.visit_id,
        kind=MANNER,
        rule_id=rule_id,
        title=manner.kind,
        clauses=manner.clauses,
        role=manner.role,
        start_sample=manner.start_sample,
        end_sample=manner.end_sample,
        value=manner.value,
        expected=manner.expected,
        unit=manner.unit,
        evidence=redact(evidence),
        why=manner.why,
        rules_sha256=examination.rules_sha256,
        model=examination.model,
    )


def visit_at(visits: Iterable[Visit], sample: int) -> str:
    """The id of the visit that a place of the recording lies in, else ""; of two, the one begun later."""
    around = [
        one
        for one in visits
        if one.start_sample <= sample and (one.end_sample is None or sample < one.end_sample)
    ]
    return max(around, key=lambda one: one.start_sample).visit_id if around else ""
