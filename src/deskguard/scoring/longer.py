"""Scores of a card's periods to that of a longer period: their mean, with what was counted added up.

A year on a monthly card is the mean of the months that have anything, each with its own caps; the units, the
findings and the exposure behind it are sums. Whatever rounding leaves over goes into `lift`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from deskguard.scoring.grading import graded
from deskguard.scoring.points import rounded
from deskguard.scoring.rates import rate
from deskguard.scoring.score import basis_of, ratings_of
from deskguard.scoring.score_values import ZERO, Amount, ItemScore, Score, SectionScore
from deskguard.scoring.tally import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.scoring.imported import Imports
    from deskguard.scoring.periods import Period
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.scorecard import CardSection, Item, Scorecard
    from deskguard.scoring.tally import Tally


def mean_of(
    parts: Sequence[Score], period: Period, tally: Tally, card: Scorecard, told: tuple[Policy, Imports]
) -> Score:
    """The score of a longer period by those of the card's periods in it; `tally` is that of all of it."""
    policy, imports = told
    many, first = len(parts), parts[0]
    seen = {one.section.section_id for part in parts for one in part.sections}
    sections = tuple(
        _section(section, parts, tally.exposure.visits)
        for section in card.sections
        if section.section_id in seen
    )
    points = _mean([one.points for one in parts], many)
    raw = sum((one.points for one in sections), Amount(counted=first.base, if_confirmed=first.base))
    score = Score(
        by=first.by,
        subject=first.subject,
        period=period,
        card_id=card.card_id,
        base=first.base,
        sections=sections,
        lift=points - raw,
        points=points,
        full=rounded(Fraction(sum(one.full for one in parts), many)),
        ratings=ratings_of(card, period, imports),
        basis=basis_of(tally, sections, policy),
        parts=tuple(parts),
    )
    return graded(score, card)


def _section(section: CardSection, parts: Sequence[Score], visits: int) -> SectionScore:
    """The mean of a section; in a period that it did not apply to, it is worth nothing and takes nothing."""
    many = len(parts)
    had = [one for part in parts for one in part.sections if one.section.section_id == section.section_id]
    full = rounded(Fraction(sum(one.full for one in had), many))
    earned = _mean([one.earned for one in had], many)
    items = tuple(
        _item(item, [one for two in had for one in two.items if one.item.item_id == item.item_id], many, visits)
        for item in section.items
    )
    raw = sum((one.points for one in items), Amount(counted=full, if_confirmed=full))
    return SectionScore(
        section=section,
        full=full,
        items=items,
        lift=earned - raw,
        earned=earned,
        points=_mean([one.points for one in had], many),
        is_rated=all(one.is_rated for one in had),
    )


def _item(item: Item, had: Sequence[ItemScore], many: int, visits: int) -> ItemScore:
    units = sum((one.units for one in had), NOTHING)
    return ItemScore(
        item=item,
        units=units,
        people=sum(one.people for one in had),
        points=_mean([one.points for one in had], many),
        is_capped=any(one.is_capped for one in had),
        is_assessed=any(one.is_assessed for one in had),
        rate=rate(units.counted, visits, "visit"),
    )


def _mean(amounts: Sequence[Amount], many: int) -> Amount:
    whole = sum(amounts, ZERO)
    return Amount(
        counted=rounded(Fraction(whole.counted, many)), if_confirmed=rounded(Fraction(whole.if_confirmed, many))
    )
