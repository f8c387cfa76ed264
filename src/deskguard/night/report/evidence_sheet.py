"""Figures to the sheet of evidence: a line for each finding, with everything a point rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.night.report import telling
from deskguard.night.report.score_lines import points
from deskguard.night.report.workbook import MOST_ROWS, Block, Column, Link, Sheet, Value
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.night.report.figures import Figures
    from deskguard.night.report.workbook import Kind
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.words import Words

_SHOWN_OF_ID = 10
_SHOWN_OF_HASH = 12
_DAY_SAMPLES = 86_400 * SAMPLE_RATE_HZ
COUNTED_POINTS, FINDING_ID = "report.column.counted_points", "report.column.id"
"""Columns that a reader finds by their headings."""


def evidence(figures: Figures) -> Sheet:
    """Every finding, whether it counts or not, and why."""
    words, totals = figures.told.words, figures.totals
    columns = _columns(words)
    rows = [_row(one, figures, words) for one in figures.found[:MOST_ROWS]]
    sums: list[Value] = [None] * len(columns)
    at = {column.title: place for place, column in enumerate(columns)}
    sums[0] = words("report.sum")
    sums[at[words(COUNTED_POINTS)]] = points(totals.points_each)
    sums[at[words("report.column.counting")]] = words(
        "report.totals", counted=totals.counted, waiting=totals.waiting, n=totals.findings
    )
    name = words("report.sheet.evidence")
    return Sheet(
        name=name,
        title=name,
        notes=(words("report.evidence_note"),),
        blocks=[Block(columns=columns, rows=rows, totals=sums)],
        frozen_columns=2,
    )


def _columns(words: Words) -> list[Column]:
    widths: tuple[tuple[str, float, Kind], ...] = (
        ("id", 13, "text"),
        ("day", 12, "day"),
        ("window", 10, "text"),
        ("clerk", 10, "text"),
        ("visit", 12, "text"),
        ("from", 10, "clock"),
        ("to", 10, "clock"),
        ("role", 10, "text"),
        ("kind", 14, "text"),
        ("rule", 16, "text"),
        ("finding", 24, "wrap"),
        ("evidence", 40, "wrap"),
        ("clause", 16, "text"),
        ("quote", 36, "wrap"),
        ("confidence", 8, "number"),
        ("item", 22, "wrap"),
        ("each", 9, "signed"),
        ("counted_points", 9, "signed"),
        ("counting", 20, "wrap"),
        ("state", 10, "text"),
        ("decisions", 30, "wrap"),
        ("why", 36, "wrap"),
        ("advice", 28, "wrap"),
        ("rules", 15, "text"),
        ("model", 10, "text"),
        ("recording", 30, "wrap"),
        ("clip", 12, "text"),
    )
    return [Column(words(f"report.column.{name}"), width, kind) for name, width, kind in widths]


def _row(one: Judged, figures: Figures, words: Words) -> list[Value]:
    finding = one.finding
    recording = finding.recording
    clause = finding.clauses[0] if finding.clauses else None
    clip = figures.told.clips.get(finding.finding_id)
    each = None if one.points is None else points(one.points)
    return [
        finding.finding_id[:_SHOWN_OF_ID],
        recording.day,
        recording.window_id,
        recording.clerk_id or words("unknown"),
        finding.visit_id,
        finding.start_sample / _DAY_SAMPLES,
        finding.end_sample / _DAY_SAMPLES,
        words(f"role.{finding.role}"),
        telling.kind_text(finding.kind, words),
        finding.rule_id,
        words.title(finding.kind, finding.title),
        finding.evidence,
        "" if clause is None else clause.clause,
        "" if clause is None else clause.quote,
        finding.confidence,
        "" if one.item is None else one.item.name,
        each,
        each if one.counts else None,
        telling.counting_text(one, words),
        words(f"state.{one.standing.state}"),
        telling.decisions_text(one, words),
        telling.why_text(finding, words),
        finding.advice,
        finding.rules_sha256[:_SHOWN_OF_HASH],
        finding.model,
        recording.path,
        "" if clip is None else Link(words("report.listen"), clip.path),
    ]
