"""Visits, courtesies and manners as lines of `replay --jsonl`: a contract that others read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.values import Courtesy, Visit, seconds

if TYPE_CHECKING:
    from deskguard.desk.visit_records import Finding
    from deskguard.values import ClauseRef, Manner

Line = dict[str, Any]


def finding_line(finding: Finding) -> Line:
    """A finding as the contract has it; one that changes is told again under the same id."""
    if isinstance(finding, Visit):
        return _visit(finding)
    return _courtesy(finding) if isinstance(finding, Courtesy) else _manner(finding)


def _visit(visit: Visit) -> Line:
    return {
        "type": "visit",
        "visit_id": visit.visit_id,
        "channel": visit.channel,
        **_span(visit.start_sample, visit.end_sample),
        "begun_by": visit.begun_by,
        "ended_by": visit.ended_by,
        "ticket": visit.ticket,
        "scenes": [{"scene": one.scene, **_span(one.start_sample, one.end_sample)} for one in visit.scenes],
    }


def _courtesy(courtesy: Courtesy) -> Line:
    return {
        "type": "courtesy",
        "courtesy_id": courtesy.courtesy_id,
        "visit_id": courtesy.visit_id,
        "act_id": courtesy.act_id,
        "name": courtesy.name,
        "scene": courtesy.scene,
        "state": courtesy.state,
        **_span(courtesy.start_sample, courtesy.end_sample),
        "expected": courtesy.expected,
        "can_still_help": courtesy.can_still_help,
        "clauses": _clauses(courtesy.clauses),
        "why": list(courtesy.why),
    }


def _manner(manner: Manner) -> Line:
    return {
        "type": "manner",
        "manner_id": manner.manner_id,
        "visit_id": manner.visit_id,
        "kind": manner.kind,
        "role": manner.role,
        **_span(manner.start_sample, manner.end_sample),
        "value": round(manner.value, 2),
        "expected": round(manner.expected, 2),
        "unit": manner.unit,
        "clauses": _clauses(manner.clauses),
        "why": list(manner.why),
    }


def _span(start_sample: int, end_sample: int | None) -> Line:
    end_s = None if end_sample is None else round(seconds(end_sample), 3)
    return {"start_s": round(seconds(start_sample), 3), "end_s": end_s}


def _clauses(clauses: tuple[ClauseRef, ...]) -> list[dict[str, str]]:
    return [{"standard": one.standard, "clause": one.clause, "quote": one.quote} for one in clauses]
