"""Figures to the sheet of items: every line of the card for the hall, each window and each clerk.

Base, full points, items, lifts and weighting are lines of their own, so that the column of points adds up to
the score to the hundredth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.night.report import telling
from deskguard.night.report.figures import BYS
from deskguard.night.report.score_lines import happened, points
from deskguard.night.report.workbook import Block, Column, Sheet, Value
from deskguard.scoring.score_values import ZERO, Amount, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.night.report.figures import Figures
    from deskguard.scoring.score_values import ItemScore, Score, SectionScore
    from deskguard.scoring.words import Words


def items(figures: Figures) -> Sheet:
    """All lines of all scores of the card's periods."""
    words = figures.told.words
    rows: list[list[Value]] = []
    strong = set()
    for by in BYS:
        for score in figures.of_card(by):
            # Of many windows, what never happened at them would be most of the sheet.
            for is_sum, row in score_rows(score, words, all_items=by == "hall"):
                if is_sum:
                    strong.add(len(rows))
                rows.append(row)
    name = words("report.sheet.items")
    return Sheet(
        name=name,
        title=name,
        notes=(words("report.items_note"),),
        blocks=[Block(columns=_columns(words), rows=rows, strong=frozenset(strong))],
        frozen_columns=3,
    )


def _columns(words: Words) -> list[Column]:
    return [
        Column(words("report.column.by"), 8),
        Column(words("report.column.subject"), 14),
        Column(words("report.column.period"), 11),
        Column(words("report.column.section"), 18, "wrap"),
        Column(words("report.column.item"), 34, "wrap"),
        Column(words("report.column.worth"), 20, "wrap"),
        Column(words("report.column.times"), 8, "count"),
        Column(words("report.column.times_if_confirmed"), 9, "count"),
        Column(words("report.column.people"), 8, "count"),
        Column(words("report.column.points_of"), 10, "signed"),
        Column(words("report.column.points_if_confirmed"), 10, "signed"),
        Column(words("report.column.score"), 10, "points"),
        Column(words("report.column.mark"), 20, "wrap"),
        Column(words("report.column.per_hundred"), 10, "number"),
        Column(words("report.column.low"), 8, "number"),
        Column(words("report.column.high"), 8, "number"),
        Column(words("report.column.clause"), 18),
        Column(words("report.column.quote"), 40, "wrap"),
    ]


def score_rows(score: Score, words: Words, *, all_items: bool = True) -> Iterator[tuple[bool, list[Value]]]:
    """The lines of one score, whether each is the sum of those before it first; else only what happened."""
    head: list[Value] = [
        words(f"report.by.{score.by}"),
        telling.subject_name(score.by, score.subject, words),
        score.period.name,
    ]
    if score.base:
        yield False, [*head, *_part("", words("report.part.base"), same(score.base))]
    for section in score.sections:
        name = section.section.name
        for label, amount in _parts(section, words):
            yield False, [*head, *_part(name, label, amount)]
        for one in section.items:
            if all_items or happened(one):
                yield False, [*head, *_item(one, name, words)]
    if score.lift != ZERO:
        yield False, [*head, *_part("", words("report.part.lift"), score.lift)]
    whole = [*head, *_part("", words("report.part.score"), None)]
    whole[11] = points(score.points.counted)
    whole[12] = telling.grade_text(score, words)
    yield True, whole


def _parts(section: SectionScore, words: Words) -> Iterator[tuple[str, Amount]]:
    """What a section adds beside its items."""
    if section.full:
        yield words("report.part.full"), same(section.full)
    if not section.is_rated:
        yield words("report.part.unrated"), section.earned - same(section.full)
    elif section.lift != ZERO:
        key = "rating" if section.section.rating is not None else "lift"
        yield words(f"report.part.{key}"), section.lift
    if section.points != section.earned:
        yield words("report.part.weight"), section.points - section.earned


def _part(section: str, label: str, amount: Amount | None) -> list[Value]:
    counted = None if amount is None else points(amount.counted)
    confirmed = None if amount is None else points(amount.if_confirmed)
    return [section, label, "", None, None, None, counted, confirmed, None, "", None, None, None, "", ""]


def _item(one: ItemScore, section: str, words: Words) -> list[Value]:
    item = one.item
    marks = [
        words(f"report.mark.{key}")
        for key, holds in (
            ("capped", one.is_capped),
            ("unassessed", not one.is_assessed),
            ("fatal", item.fatal),
            ("review", item.review),
        )
        if holds
    ]
    return [
        section,
        item.name,
        telling.item_worth(item, words),
        one.units.counted,
        one.units.if_confirmed,
        one.people if item.people else None,
        points(one.points.counted),
        points(one.points.if_confirmed),
        None,
        words.joined(marks),
        *telling.per_hundred(one.rate),
        item.clause,
        item.quote,
    ]
