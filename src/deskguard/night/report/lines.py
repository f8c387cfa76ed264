"""Figures to tables for programs: findings, transcripts, what was not analysed, scores, the summary."""

from __future__ import annotations

import csv
import io
import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from deskguard.night.report.files import write_text
from deskguard.night.report.score_lines import head_line, score_line
from deskguard.scoring.lines import finding_line
from deskguard.values import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from deskguard.night.report.figures import Figures
    from deskguard.scoring.lines import Line
    from deskguard.scoring.values import NotAnalysed
    from deskguard.scoring.words import Words

_NESTED = ("v", "type", "clauses", "why", "decisions")
"""What a flat table has otherwise, or not at all."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How text begins that a spreadsheet would calculate."""


def write_findings(figures: Figures, path: Path) -> None:
    """findings.jsonl: every finding with everything known of it, a line each."""
    write_text(path, _jsonl(finding_lines(figures)))


def write_findings_table(figures: Figures, path: Path) -> None:
    """findings.csv: the same as a flat table for spreadsheets."""
    rows = (_flat(line).values() for line in finding_lines(figures))
    write_text(path, _csv(_headings(figures), rows), mark=True)


def write_transcripts(figures: Figures, path: Path) -> None:
    """transcripts.jsonl: what was said, redacted, by recording and time."""
    write_text(path, _jsonl(_spoken_lines(figures)))


def write_not_analysed(figures: Figures, path: Path) -> None:
    """not_analysed.csv: files, and parts of files, that nobody listened to, with the reason."""
    words = figures.told.words
    headings = ("path", "window", "day", "reason", "reason_text", "detail")
    rows = (
        (one.path, one.window_id, one.day or "", one.reason, reason_text(one.reason, words), one.detail)
        for one in left_out(figures)
    )
    write_text(path, _csv(headings, rows), mark=True)


def write_summary(figures: Figures, path: Path) -> None:
    """summary.json: the run as whoever ran it tells of it."""
    write_text(path, [json.dumps(dict(figures.told.summary), ensure_ascii=False, indent=2), "\n"])


def write_scores(figures: Figures, path: Path) -> None:
    """scores.json: everybody's scores by day, week, month and year."""
    write_text(path, _score_pieces(figures))


def finding_lines(figures: Figures) -> Iterator[Line]:
    """Every finding as findings.jsonl has it, in order; `clip` is a path beside the reports, or None."""
    clips = figures.told.clips
    for one in figures.found:
        clip = clips.get(one.finding.finding_id)
        yield {**finding_line(one), "clip": None if clip is None else clip.path}


def left_out(figures: Figures) -> list[NotAnalysed]:
    """What was not analysed, in order."""
    return sorted(
        figures.told.not_analysed,
        key=lambda one: (one.path, one.reason, one.window_id, str(one.day or ""), one.detail),
    )


def reason_text(code: str, words: Words) -> str:
    """Why something was not analysed, in the reader's words; the code where it has none."""
    try:
        return words(f"report.reason.{code}")
    except KeyError:
        return code


def _spoken_lines(figures: Figures) -> Iterator[Line]:
    paths = {recording.sha256: recording.path for recording, _ in figures.told.night.parts}
    spoken = figures.told.spoken
    for sha256 in sorted(spoken, key=lambda one: (paths.get(one, one), one)):
        for one in sorted(spoken[sha256], key=lambda two: (two.start_sample, two.end_sample, two.role)):
            yield {
                "recording": paths.get(sha256, sha256),
                "start_s": round(seconds(one.start_sample), 3),
                "end_s": round(seconds(one.end_sample), 3),
                "role": one.role,
                "text": one.text,
            }


def _score_pieces(figures: Figures) -> Iterator[str]:
    """One object, a line for each score: there may be a hundred thousand, and together they fill the memory."""
    head = json.dumps({**head_line(figures), "scores": []}, ensure_ascii=False, indent=1)
    before, after = head.rsplit("[]", 1)
    yield f"{before}["
    scores = [one for listed in figures.scores.values() for one in listed]
    for at, one in enumerate(scores):
        line = json.dumps(score_line(one), ensure_ascii=False, separators=(",", ":"))
        yield f"{',' if at else ''}\n{line}"
    yield f"\n]{after}\n"


def _flat(line: Line) -> dict[str, Any]:
    """A line with single values only: the first clause's words, and reasons as one text."""
    flat = {key: value for key, value in line.items() if key not in _NESTED}
    quotes = [one["quote"] for one in line["clauses"]]
    return {**flat, "quote": quotes[0] if quotes else "", "why": "; ".join(line["why"])}


def _headings(figures: Figures) -> Sequence[str]:
    """Those of the first finding, which has all of them; without findings only what the contract names."""
    for line in finding_lines(figures):
        return list(_flat(line))
    return (
        *("recording", "window", "visit", "clause", "rule_id", "kind", "role", "start_s", "end_s", "points"),
        *("confidence", "status", "needs_person", "evidence", "rules_sha256", "clip"),
    )


def _jsonl(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(headings: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    for row in chain([headings], rows):
        line = io.StringIO()
        # Excel wants CRLF between rows.
        csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in row])
        yield line.getvalue()


def _cell(value: Any) -> Any:
    """A value as a cell: text that looks like a formula gets an apostrophe, as one would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
