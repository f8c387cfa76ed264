"""Figures to what the page's plots are drawn from: plain numbers with their words, also shown as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.night.report import telling
from deskguard.night.report.figures import latest, trend_pers
from deskguard.scoring.values import Exposure, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.night.report.figures import Figures
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.words import Words

MOST_BARS = 30
"""More in one plot can hardly be read; the workbook has all of them."""
_ITEM_CHARACTERS = 24

Plot = dict[str, Any]


def plots(figures: Figures) -> list[Plot]:
    """All plots that have anything to show, in order."""
    drawn = [_windows(figures), *_trends(figures), _items(figures), _time(figures)]
    return [one for one in drawn if one["rows"]]


def _windows(figures: Figures) -> Plot:
    words = figures.told.words
    newest = [score for score, _ in latest(figures.of_card("window"))]
    rows = [
        _rate_row(telling.subject_name("window", one.subject, words), one, words) for one in newest[:MOST_BARS]
    ]
    plot = _plot(("windows", "rates"), words("report.plot.windows"), rows, _rate_headings(words, "by.window"))
    return {**plot, "note": _cut_note(len(newest), words)}


def _trends(figures: Figures) -> list[Plot]:
    words = figures.told.words
    found = []
    for per in trend_pers(figures.told.card.period):
        scores = figures.scores["hall", per]
        # One point is no trend.
        rows = [_rate_row(one.period.name, one, words) for one in scores] if len(scores) > 1 else []
        title = words("report.plot.trend", per=words(f"report.per.{per}"))
        headings = _rate_headings(words, "column.period")
        found.append(_plot((f"trend-{per}", "trend"), title, rows, headings))
    return found


def _rate_headings(words: Words, first: str) -> list[str]:
    names = (first, "column.per_hundred", "column.low", "column.high", "column.counted", "column.sample")
    return [words(f"report.{name}") for name in names]


def _rate_row(name: str, score: Score, words: Words) -> list[Any]:
    middle, low, high = telling.per_hundred(score.basis.per_visit)
    sample = words("report.small" if score.basis.is_small else "report.enough")
    return [name, _short(middle), _short(low), _short(high), score.basis.per_visit.count, sample]


def _items(figures: Figures) -> Plot:
    words = figures.told.words
    rows: list[list[Any]] = []
    if figures.hall:
        rows = [
            [_cut(one.item.name), one.units.counted, one.units.if_confirmed - one.units.counted]
            for one in figures.hall[-1].items
            if one.item.select is not None
        ]
    names = ("column.item", "page.counting_counted", "page.counting_waiting")
    headings = [words(f"report.{name}") for name in names]
    return _plot(("items", "stack"), words("report.plot.items"), rows, headings)


def _time(figures: Figures) -> Plot:
    words = figures.told.words
    of_window: dict[str, list[Exposure]] = {}
    for one in figures.scores["window", "day"]:
        of_window.setdefault(one.subject, []).append(one.basis.exposure)
    rows = [
        [telling.subject_name("window", name, words), *_hours(total(days))]
        for name, days in list(of_window.items())[:MOST_BARS]
    ]
    names = ("by.window", "plot.speech", "plot.silent", "plot.other", "plot.not_analysed")
    headings = [words(f"report.{name}") for name in names]
    plot = _plot(("time", "stack"), words("report.plot.time"), rows, headings)
    return {**plot, "note": _cut_note(len(of_window), words)}


def _cut_note(many: int, words: Words) -> str:
    return words("report.plot.cut", most=MOST_BARS, n=many) if many > MOST_BARS else ""


def _hours(exposure: Exposure) -> list[float]:
    told = exposure.speech_samples, exposure.silent_samples, exposure.not_analysed_samples
    speech, silent, left_out = told
    other = max(0, exposure.audio_samples - sum(told))
    return [round(telling.hours(samples), 3) for samples in (speech, silent, other, left_out)]


def _plot(drawn: tuple[str, str], title: str, rows: Sequence[list[Any]], headings: Sequence[str]) -> Plot:
    """`drawn` is the plot's name on the page and the kind of plot."""
    name, kind = drawn
    return {
        "id": name,
        "kind": kind,
        "title": title,
        "headings": list(headings),
        "rows": list(rows),
        "note": "",
    }


def _cut(name: str) -> str:
    return name if len(name) <= _ITEM_CHARACTERS else name[: _ITEM_CHARACTERS - 1] + "…"


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
