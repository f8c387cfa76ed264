"""Values of the night to rows of its tables and back; no database here."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from deskguard.scoring.card_choice import CardChoice
from deskguard.scoring.imported import Counted, Imports, Rated
from deskguard.scoring.periods import parse_period
from deskguard.scoring.review import Act, Decision
from deskguard.scoring.values import Curve, Exposure, Finding, NotAnalysed, Recording, Spoken
from deskguard.values import ClauseRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deskguard.scoring.values import Examination
    from deskguard.values import Role

Row = dict[str, Any]

_EXPOSED = (
    "visits", "audio_samples", "staff_samples", "visitor_samples", "unknown_samples", "silent_samples",
)  # fmt: skip
_PLAIN = (
    "finding_id", "visit_id", "kind", "rule_id", "title", "severity", "role", "start_sample", "end_sample",
    "value", "expected", "unit", "confidence", "evidence", "advice",
)  # fmt: skip


def utc_text(moment: str) -> str:
    """An ISO 8601 time with offset as UTC of fixed width, which sorts as text; ValueError without an offset."""
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        raise ValueError(f"{moment} has no offset from UTC")
    return parsed.astimezone(UTC).isoformat(timespec="microseconds")


def recording_row(recording: Recording) -> Row:
    row = asdict(recording)
    row["path"] = storable(recording.path)
    return {**row, "day": recording.day.isoformat(), "roles": ",".join(recording.roles)}


def recording_of(row: Mapping[str, Any]) -> Recording:
    roles = cast("tuple[Role, ...]", tuple(one for one in str(row["roles"]).split(",") if one))
    return Recording(
        sha256=row["sha256"],
        path=row["path"],
        window_id=row["window_id"],
        clerk_id=row["clerk_id"],
        day=date.fromisoformat(row["day"]),
        started_at=row["started_at"],
        roles=roles,
        duration_samples=row["duration_samples"],
    )


def examination_row(examination: Examination, exposure: Exposure, run_id: str, examined_utc: str) -> Row:
    return {
        "examination_id": examination.examination_id,
        "recording_sha256": examination.recording.sha256,
        "rules_sha256": examination.rules_sha256,
        "model": examination.model,
        "settings_sha256": examination.settings_sha256,
        "run_id": run_id,
        "examined_utc": utc_text(examined_utc),
        **{name: getattr(exposure, name) for name in _EXPOSED},
        "not_analysed": json.dumps(exposure.not_analysed),
    }


def exposure_of(row: Mapping[str, Any]) -> Exposure:
    left_out = tuple((str(reason), int(samples)) for reason, samples in json.loads(row["not_analysed"]))
    return Exposure(**{name: int(row[name]) for name in _EXPOSED}, not_analysed=left_out)


def finding_row(finding: Finding, examination_id: str) -> Row:
    return {
        "examination_id": examination_id,
        **{name: getattr(finding, name) for name in _PLAIN},
        "clauses": json.dumps([asdict(one) for one in finding.clauses], ensure_ascii=False),
        "why": json.dumps(finding.why, ensure_ascii=False),
        "softened": int(finding.softened),
        "needs_person": int(finding.needs_person),
    }


def finding_of(row: Mapping[str, Any], recording: Recording | None = None) -> Finding:
    """A finding of a row that is joined with its examination and recording; that one may be made already."""
    return Finding(
        **{name: row[name] for name in _PLAIN},
        recording=recording_of(row) if recording is None else recording,
        clauses=_clauses(row["clauses"]),
        why=tuple(json.loads(row["why"])),
        softened=bool(row["softened"]),
        needs_person=bool(row["needs_person"]),
        rules_sha256=row["rules_sha256"],
        model=row["model"],
    )


@lru_cache(maxsize=4096)
def _clauses(text: str) -> tuple[ClauseRef, ...]:
    """Each rule has its own: few texts stand in many rows."""
    return tuple(ClauseRef(**one) for one in json.loads(text))


def spoken_row(spoken: Spoken, examination_id: str, number: int) -> Row:
    row = {"examination_id": examination_id, "number": number, **asdict(spoken)}
    curve = "" if spoken.curve is None else json.dumps(asdict(spoken.curve), separators=(",", ":"))
    return {**row, "personal": json.dumps(spoken.personal), "curve": curve}


def spoken_of(row: Mapping[str, Any]) -> Spoken:
    return Spoken(
        start_sample=row["start_sample"],
        end_sample=row["end_sample"],
        role=row["role"],
        text=row["text"],
        personal=tuple((start, end) for start, end in json.loads(row["personal"])),
        curve=_curve_of(row["curve"]),
    )


def _curve_of(text: str) -> Curve | None:
    if not text:
        return None
    told = json.loads(text)
    return Curve(
        first_s=told["first_s"],
        over_lu=tuple(told["over_lu"]),
        syllables_per_s=tuple(told["syllables_per_s"]),
        usual_syllables_per_s=told["usual_syllables_per_s"],
    )


def decision_row(decision: Decision, number: int) -> Row:
    return {
        "finding_id": decision.finding_id,
        "number": number,
        "act": decision.act,
        "by_whom": decision.by,
        "at_utc": decision.at_utc,
        "why": decision.why,
    }


def decision_of(row: Mapping[str, Any]) -> Decision:
    return Decision(
        finding_id=row["finding_id"],
        act=cast("Act", row["act"]),
        by=row["by_whom"],
        at_utc=row["at_utc"],
        why=row["why"],
    )


def card_choice_row(choice: CardChoice) -> Row:
    plain = ("serial", "scope", "card_id", "title", "note", "at_utc")
    content = json.dumps({"card": choice.table, "fill": choice.fill}, ensure_ascii=False, default=str)
    row = {name: getattr(choice, name) for name in plain}
    return {**row, "since": choice.since.isoformat(), "content": content, "by_whom": choice.by}


def card_choice_of(row: Mapping[str, Any]) -> CardChoice:
    content = json.loads(row["content"])
    return CardChoice(
        serial=row["serial"],
        scope=row["scope"],
        since=date.fromisoformat(row["since"]),
        card_id=row["card_id"],
        title=row["title"],
        table=content["card"],
        fill=content["fill"],
        note=row["note"],
        by=row["by_whom"],
        at_utc=row["at_utc"],
    )


def not_analysed_row(one: NotAnalysed, run_id: str) -> Row:
    day = None if one.day is None else one.day.isoformat()
    told = {"path": storable(one.path), "detail": storable(one.detail)}
    return {**asdict(one), **told, "run_id": run_id, "day": day}


def not_analysed_of(row: Mapping[str, Any]) -> NotAnalysed:
    day = None if row["day"] is None else date.fromisoformat(row["day"])
    names = ("path", "reason", "detail", "window_id")
    return NotAnalysed(**{name: row[name] for name in names}, day=day)


def storable(text: str) -> str:
    """Text as a database takes it: names of files need not be UTF-8, and what is not is written as \\xff."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\0", "")


def import_rows(imports: Imports, source: str) -> Iterator[Row]:
    """A row for each rating and count of one source."""
    entries: list[Row] = [
        {"sort": "rating", "what_id": one.rating_id, "value": one.value, "people": one.count, **_whose(one)}
        for one in imports.ratings
    ]
    entries += [
        {"sort": "count", "what_id": one.item_id, "value": one.count, "people": 1, **_whose(one)}
        for one in imports.counts
    ]
    for number, entry in enumerate(entries):
        yield {"source": source, "number": number, **entry}


def _whose(one: Rated | Counted) -> Row:
    return {"window_id": one.window_id, "clerk_id": one.clerk_id, "period": one.period.name}


def imports_of(rows: list[Mapping[str, Any]]) -> Imports:
    whose = [
        {
            "window_id": row["window_id"],
            "clerk_id": row["clerk_id"],
            "period": parse_period(row["period"]),
        }
        for row in rows
    ]
    return Imports(
        ratings=tuple(
            Rated(rating_id=row["what_id"], value=row["value"], count=row["people"], **one)
            for row, one in zip(rows, whose, strict=True)
            if row["sort"] == "rating"
        ),
        counts=tuple(
            Counted(item_id=row["what_id"], count=row["value"], **one)
            for row, one in zip(rows, whose, strict=True)
            if row["sort"] == "count"
        ),
    )
