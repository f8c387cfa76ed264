"""Figures to the sheets of report.xlsx: summary, items, evidence, not analysed, trend, explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.night.report import telling
from deskguard.night.report.evidence_sheet import evidence
from deskguard.night.report.figures import trend_pers
from deskguard.night.report.files import write_bytes
from deskguard.night.report.items_sheet import items
from deskguard.night.report.lines import left_out, reason_text
from deskguard.night.report.score_lines import points
from deskguard.night.report.workbook import Block, Column, Plot, Sheet, Value, book_bytes
from deskguard.scoring.values import total

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.night.report.figures import Figures
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.tally import By
    from deskguard.scoring.values import Exposure
    from deskguard.scoring.words import Words


def write_workbook(figures: Figures, path: Path) -> None:
    """report.xlsx, whole or as it was; equal figures give equal bytes."""
    words = figures.told.words
    footer = words("report.footer", span=telling.span_text(figures, words), card=figures.told.card.title)
    write_bytes(path, book_bytes(sheets(figures), words("report.title"), footer))


def sheets(figures: Figures) -> list[Sheet]:
    """All sheets, in order."""
    return [
        summary(figures),
        items(figures),
        evidence(figures),
        not_analysed(figures),
        trend(figures),
        explanation(figures),
    ]


def summary(figures: Figures) -> Sheet:
    """Windows, clerks and the hall, a line for each period of the card."""
    words, card, totals = figures.told.words, figures.told.card, figures.totals
    span = telling.span_text(figures, words)
    waiting = words("report.totals", counted=totals.counted, waiting=totals.waiting, n=totals.findings)
    return Sheet(
        name=words("report.sheet.summary"),
        title=words("report.title"),
        notes=(words("report.subtitle", span=span, card=card.title, card_id=card.card_id), waiting),
        blocks=[_summary_block(figures, by) for by in ("window", "clerk", "hall")],
        frozen_columns=2,
    )


def _summary_block(figures: Figures, by: By) -> Block:
    words, ranks = figures.told.words, figures.told.policy.ranks
    columns = [
        Column(words(f"report.by.{by}"), 18),
        Column(words("report.column.period"), 11),
        Column(words("report.column.recordings"), 8, "count"),
        Column(words("report.column.visits"), 8, "count"),
        Column(words("report.column.audio_h"), 10, "hours"),
        Column(words("report.column.own_h"), 10, "hours"),
        Column(words("report.column.points"), 9, "points"),
        Column(words("report.column.if_confirmed"), 9, "points"),
        Column(words("report.column.full"), 9, "points"),
        Column(words("report.column.grade"), 14, "wrap"),
        Column(words("report.column.counted"), 8, "count"),
        Column(words("report.column.by_person"), 8, "count"),
        Column(words("report.column.waiting"), 8, "count"),
        Column(words("report.column.per_hundred"), 9, "number"),
        Column(words("report.column.low"), 8, "number"),
        Column(words("report.column.high"), 8, "number"),
        Column(words("report.column.per_hour"), 9, "number"),
        Column(words("report.column.low"), 8, "number"),
        Column(words("report.column.high"), 8, "number"),
        Column(words("report.column.sample"), 9),
        *([Column(words("report.column.place"), 6, "count")] if ranks else []),
    ]
    scores = figures.of_card(by)
    rows = [_summary_row(one, words, ranks) for one in scores]
    whole = total(one.basis.exposure for one in scores)
    # Points of several windows are no sum of anything: the hall's own stand in the hall's table.
    sums: list[Value] = [None] * len(columns)
    sums[0] = words("report.sum")
    sums[2] = sum(one.basis.recordings for one in scores)
    sums[3], sums[4], sums[5] = whole.visits, *_hours(whole)
    sums[10] = sum(one.by_machine + one.by_person for one in scores)
    sums[11] = sum(one.by_person for one in scores)
    sums[12] = sum(one.waiting for one in scores)
    return Block(columns=columns, rows=rows, title=words(f"report.block.{by}"), totals=sums)


def _summary_row(score: Score, words: Words, ranks: bool) -> list[Value]:
    basis = score.basis
    return [
        telling.subject_name(score.by, score.subject, words),
        score.period.name,
        basis.recordings,
        basis.exposure.visits,
        *_hours(basis.exposure),
        points(score.points.counted),
        points(score.points.if_confirmed),
        points(score.full),
        telling.grade_text(score, words),
        score.by_machine + score.by_person,
        score.by_person,
        score.waiting,
        *telling.per_hundred(basis.per_visit),
        basis.per_speech_hour.value,
        basis.per_speech_hour.low,
        basis.per_speech_hour.high,
        words("report.small" if basis.is_small else "report.enough"),
        *([score.place] if ranks else []),
    ]


def not_analysed(figures: Figures) -> Sheet:
    """Files with their reason, and the time of each window that nobody listened to."""
    words = figures.told.words
    columns = [
        Column(words("report.column.path"), 46, "wrap"),
        Column(words("report.column.window"), 12),
        Column(words("report.column.day"), 12, "day"),
        Column(words("report.column.reason_code"), 18),
        Column(words("report.column.reason"), 40, "wrap"),
        Column(words("report.column.detail"), 46, "wrap"),
    ]
    listed = left_out(figures)
    rows = [
        (one.path, one.window_id, one.day, one.reason, reason_text(one.reason, words), one.detail)
        for one in listed
    ]
    return Sheet(
        name=words("report.sheet.not_analysed"),
        title=words("report.sheet.not_analysed"),
        notes=(words("report.not_analysed_note", n=len(listed)),),
        blocks=[Block(columns=columns, rows=rows), _time_block(figures)],
    )


def _time_block(figures: Figures) -> Block:
    words = figures.told.words
    columns = [
        Column(words("report.by.window"), 18),
        Column(words("report.column.audio_h"), 12, "hours"),
        Column(words("report.column.speech_h"), 12, "hours"),
        Column(words("report.column.silent_h"), 12, "hours"),
        Column(words("report.column.not_analysed_h"), 12, "hours"),
        Column(words("report.column.reasons"), 46, "wrap"),
    ]
    of_window: dict[str, list[Exposure]] = {}
    for one in figures.scores["window", "day"]:
        of_window.setdefault(one.subject, []).append(one.basis.exposure)
    rows = [
        (telling.subject_name("window", name, words), *_time(total(days), words))
        for name, days in of_window.items()
    ]
    sums = (words("report.sum"), *_time(figures.totals.exposure, words))
    return Block(columns=columns, rows=rows, title=words("report.block.time"), totals=sums)


def _time(exposure: Exposure, words: Words) -> list[Value]:
    reasons = (
        words("report.reason_hours", reason=reason_text(reason, words), hours=f"{telling.hours(samples):.2f}")
        for reason, samples in exposure.not_analysed
    )
    return [
        telling.hours(exposure.audio_samples),
        telling.hours(exposure.speech_samples),
        telling.hours(exposure.silent_samples),
        telling.hours(exposure.not_analysed_samples),
        words.joined(reasons),
    ]


def trend(figures: Figures) -> Sheet:
    """The hall by day, week and month, with a chart of each."""
    words = figures.told.words
    columns = [
        Column(words("report.column.period"), 12),
        Column(words("report.column.per_hundred"), 11, "number"),
        Column(words("report.column.low"), 9, "number"),
        Column(words("report.column.high"), 9, "number"),
        Column(words("report.column.per_hour"), 11, "number"),
        Column(words("report.column.low"), 9, "number"),
        Column(words("report.column.high"), 9, "number"),
        Column(words("report.column.visits"), 9, "count"),
        Column(words("report.column.own_h"), 11, "hours"),
        Column(words("report.column.counted"), 9, "count"),
        Column(words("report.column.waiting"), 9, "count"),
        Column(words("report.column.points"), 9, "points"),
        Column(words("report.column.sample"), 9),
    ]
    blocks, plots = [], []
    for at, per in enumerate(trend_pers(figures.told.card.period)):
        rows = [_trend_row(one, words) for one in figures.scores["hall", per]]
        blocks.append(Block(columns=columns, rows=rows, title=words(f"report.per.{per}")))
        plots.append(
            Plot(
                block=at,
                title=words("report.plot.trend", per=words(f"report.per.{per}")),
                x_title=words("report.column.period"),
                y_title=words("report.column.per_hundred"),
                columns=(1, 2, 3),
            )
        )
    notes = (words("report.trend_note"),)
    name = words("report.sheet.trend")
    return Sheet(name=name, title=name, notes=notes, blocks=blocks, plots=plots)


def _trend_row(score: Score, words: Words) -> list[Value]:
    basis = score.basis
    return [
        score.period.name,
        *telling.per_hundred(basis.per_visit),
        basis.per_speech_hour.value,
        basis.per_speech_hour.low,
        basis.per_speech_hour.high,
        basis.exposure.visits,
        telling.hours(basis.exposure.own_samples),
        score.by_machine + score.by_person,
        score.waiting,
        points(score.points.counted),
        words("report.small" if basis.is_small else "report.enough"),
    ]


def explanation(figures: Figures) -> Sheet:
    """What a reader must know."""
    words = figures.told.words
    columns = [
        Column(words("report.column.about"), 22, "wrap"),
        Column(words("report.column.text"), 110, "wrap"),
    ]
    name = words("report.sheet.about")
    return Sheet(
        name=name, title=name, blocks=[Block(columns=columns, rows=list(telling.explained(figures, words)))]
    )


def _hours(exposure: Exposure) -> tuple[float, float]:
    return telling.hours(exposure.audio_samples), telling.hours(exposure.own_samples)
