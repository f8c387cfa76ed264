"""A card with blanks and what an office writes into them to a card that can be used.

What is filled in keeps the clause and the words of the standard; nothing but blanks can be written over.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from deskguard.scoring.points import hundredths, points_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deskguard.scoring.card_schema import FillFile
    from deskguard.scoring.scorecard import CardSection, Figure, PassRule, Scorecard


def mistakes_in_fill(file: FillFile, card: Scorecard) -> Iterator[str]:
    """Values for what is no blank of the card, and windows for what is no section of it."""
    blanks = {one.blank for _, one in card.figures() if one.blank}
    for name, value in file.fill.items():
        if name not in blanks:
            close = difflib.get_close_matches(name, blanks, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"its blanks are {', '.join(sorted(blanks))}."
            yield f'fill: "{name[:64]}" is no blank of "{card.card_id}"; {hint}'
        try:
            hundredths(value)
        except ValueError:
            yield f"fill, {name[:64]}: is {value}; points have at most two decimals."
    named = {one.section_id for one in card.sections if one.for_named_only}
    for name in file.windows:
        if name not in named:
            listed = f"those are {', '.join(sorted(named))}." if named else "it has none."
            yield f'windows: "{name[:64]}" is no section of "{card.card_id}" for named windows; {listed}'


def mistakes_once_filled(card: Scorecard) -> Iterator[str]:
    """Grades out of order, which only shows once their blanks are filled in."""
    least: int | None = None
    is_known = True
    for grade in card.grades:
        from_ = grade.from_.amount if grade.from_ else None
        if grade.from_ is not None:
            is_known = from_ is not None
        if from_ is not None:
            if least is not None and from_ >= least:
                yield (
                    f"grade {grade.name}: begins at {points_text(from_)}, that before it at "
                    f"{points_text(least)}; the better one comes first and begins at more."
                )
            least = from_
        below = grade.below.amount if grade.below else None
        # Where the grade before is still blank, nobody can say yet.
        if below is not None and least is not None and is_known and below != least:
            yield (
                f"grade {grade.name}: is for fewer points than {points_text(below)}, and the one before it "
                f"begins at {points_text(least)}; they must agree."
            )


def fill(card: Scorecard, file: FillFile) -> Scorecard:
    """The card with the values in its blanks and the windows of its sections."""
    values = {name: hundredths(value) for name, value in file.fill.items()}
    return replace(
        card,
        card_id=file.card.id,
        title=file.card.title,
        version=file.card.version,
        note=file.card.note or card.note,
        base=_maybe(card.base, values),
        sections=tuple(
            replace(_section(one, values), windows=file.windows.get(one.section_id, one.windows))
            for one in card.sections
        ),
        grades=tuple(
            replace(one, from_=_maybe(one.from_, values), below=_maybe(one.below, values))
            for one in card.grades
        ),
        passing=None if card.passing is None else _passing(card.passing, values),
    )


def _section(section: CardSection, values: Mapping[str, int]) -> CardSection:
    items = tuple(
        replace(one, each=_put(one.each, values), cap=_maybe(one.cap, values)) for one in section.items
    )
    return replace(
        section,
        points=_maybe(section.points, values),
        weight=_maybe(section.weight, values),
        cap=_maybe(section.cap, values),
        items=items,
    )


def _passing(passing: PassRule, values: Mapping[str, int]) -> PassRule:
    sections = {name: _put(one, values) for name, one in passing.sections.items()}
    return replace(passing, total=_maybe(passing.total, values), sections=sections)


def _maybe(figure: Figure | None, values: Mapping[str, int]) -> Figure | None:
    return None if figure is None else _put(figure, values)


def _put(figure: Figure, values: Mapping[str, int]) -> Figure:
    return replace(figure, amount=values[figure.blank]) if figure.blank in values else figure
