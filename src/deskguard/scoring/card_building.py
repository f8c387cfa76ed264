"""A checked scorecard file to a scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.scoring import card_schema as schema
from deskguard.scoring.points import hundredths
from deskguard.scoring.scorecard import (
    CardSection,
    Figure,
    Grade,
    Item,
    PassRule,
    Rating,
    Scorecard,
    Select,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def build(file: schema.CardFile, path: Path, sha256: str) -> Scorecard:
    """The card of a file without mistakes."""
    ratings = {one.id: _rating(one) for one in file.rating}
    head = file.card
    return Scorecard(
        card_id=head.id,
        title=head.title,
        standard=head.standard,
        version=head.version,
        period=head.period,
        period_clause=head.period_clause,
        period_quote=head.period_quote,
        period_why=head.period_why,
        base=_figure(head.base),
        sections=tuple(_section(one, ratings) for one in file.section),
        ratings=tuple(ratings.values()),
        grades=tuple(
            Grade(name=one.name, from_=_figure(one.from_), below=_figure(one.below)) for one in file.grade
        ),
        fatal_grade=head.fatal_grade,
        passing=_passing(file.pass_),
        note=head.note,
        file=str(path),
        sha256=sha256,
    )


def _section(entry: schema.SectionEntry, ratings: Mapping[str, Rating]) -> CardSection:
    return CardSection(
        section_id=entry.id,
        name=entry.name,
        points=_figure(entry.points),
        weight=_figure(entry.weight),
        cap=_figure(entry.cap),
        for_named_only=entry.applies == "named",
        windows=entry.windows,
        rating=ratings.get(entry.rating),
        items=tuple(map(_item, entry.item)),
    )


def _item(entry: schema.ItemEntry) -> Item:
    return Item(
        item_id=entry.id,
        name=entry.name,
        clause=entry.clause,
        quote=entry.quote,
        each=_each(entry),
        gives=entry.gives is not None,
        per=entry.per,
        cap=_figure(entry.cap),
        select=Select(**dict(entry.select)) if entry.select else None,
        people=entry.people,
        fatal=entry.fatal,
        review=entry.review,
        min_confidence=entry.min_confidence,
        note=entry.note,
    )


def _each(entry: schema.ItemEntry) -> Figure:
    figure = entry.gives or entry.takes
    # Checked: one of them is there.
    return _known(figure or schema.FigureEntry())


def _rating(entry: schema.RatingEntry) -> Rating:
    return Rating(
        rating_id=entry.id,
        name=entry.name,
        lowest=hundredths(entry.lowest),
        highest=hundredths(entry.highest),
        labels={label: hundredths(value) for label, value in entry.labels.items()},
        note=entry.note,
    )


def _passing(entry: schema.PassEntry | None) -> PassRule | None:
    if entry is None:
        return None
    sections = {name: _known(one) for name, one in entry.sections.items()}
    return PassRule(total=_figure(entry.total), sections=sections, no_fatal=entry.no_fatal)


def _figure(entry: schema.FigureEntry | None) -> Figure | None:
    return None if entry is None else _known(entry)


def _known(entry: schema.FigureEntry) -> Figure:
    amount = None if entry.value is None else hundredths(entry.value)
    return Figure(amount=amount, blank=entry.blank, clause=entry.clause, quote=entry.quote, why=entry.why)
