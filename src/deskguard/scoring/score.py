"""A tally and a card to a score of one stretch of time, no longer than the card's period.

Caps, rates and "at all in the period" are for the card's period; a shorter one is reckoned the same way with
what it holds, and has no grade.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from deskguard.scoring.grading import graded
from deskguard.scoring.occurrences import matches
from deskguard.scoring.points import rounded
from deskguard.scoring.rates import rate
from deskguard.scoring.score_values import (
    ZERO,
    Amount,
    Basis,
    ItemScore,
    RatingScore,
    Score,
    SectionScore,
    same,
)
from deskguard.values import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.scoring.imported import Imports
    from deskguard.scoring.periods import Period
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.scorecard import CardSection, Item, Scorecard
    from deskguard.scoring.tally import By, Tally

_WHOLE = 100_00
"""100 points, what a section is worth that counts by weight; and 100 %."""


def score_of(
    whose: tuple[By, str, Period], tally: Tally, card: Scorecard, policy: Policy, imports: Imports
) -> Score:
    """The score of one stretch of time, no longer than the card's period, by its tally and what was read in."""
    by, subject, period = whose
    here = [
        one
        for one in card.sections
        if not one.for_named_only or any(matches(window, one.windows) for window in tally.windows)
    ]
    sections = tuple(_section(one, period, tally, policy, imports) for one in here)
    base = 0 if card.base is None else card.base.hundredths
    points = sum((one.points for one in sections), same(base))
    score = Score(
        by=by,
        subject=subject,
        period=period,
        card_id=card.card_id,
        base=base,
        sections=sections,
        lift=points.floored - points,
        points=points.floored,
        full=base + sum(one.worth for one in sections),
        ratings=ratings_of(card, period, imports),
        basis=basis_of(tally, sections, policy),
    )
    return graded(score, card)


def basis_of(tally: Tally, sections: Sequence[SectionScore], policy: Policy) -> Basis:
    """What a score rests on, with the rates of all that was counted against somebody."""
    exposure = tally.exposure
    taking = [item for section in sections for item in section.items if not item.item.gives]
    events = sum(len(item.units.findings) for item in taking)
    hours = seconds(exposure.own_samples) / 3600
    return Basis(
        exposure=exposure,
        recordings=tally.recordings,
        per_visit=rate(events, exposure.visits, "visit"),
        per_speech_hour=rate(events, hours, "speech-hour"),
        is_small=exposure.visits < policy.small_visits or exposure.own_samples < policy.small_speech_samples,
    )


def _section(
    section: CardSection, period: Period, tally: Tally, policy: Policy, imports: Imports
) -> SectionScore:
    full = _WHOLE if section.weight else section.points.hundredths if section.points else 0
    if section.rating is not None:
        found = imports.rated(section.rating.rating_id, period)
        if found is None:
            return SectionScore(section=section, full=full, earned=ZERO, points=ZERO, is_rated=False)
        span = section.rating.highest - section.rating.lowest
        amount = rounded(full * (found[0] - section.rating.lowest) / span)
        earned = same(amount)
        return SectionScore(
            section=section,
            full=full,
            lift=earned - same(full),
            earned=earned,
            points=_weighed(section, earned),
        )
    items = tuple(_item(one, period, tally, policy, imports) for one in section.items)
    raw = sum((one.points for one in items), same(full))
    earned = _bounded(section, raw, items)
    return SectionScore(
        section=section,
        full=full,
        items=items,
        lift=earned - raw,
        earned=earned,
        points=_weighed(section, earned),
    )


def _bounded(section: CardSection, raw: Amount, items: Sequence[ItemScore]) -> Amount:
    """A section with points of its own is never below 0; one without takes no more than its cap."""
    if section.points or section.weight:
        return raw.floored
    if section.cap is None:
        return raw
    given = sum((one.points for one in items if one.item.gives), ZERO)
    least = section.cap.hundredths
    return Amount(
        counted=max(raw.counted, given.counted - least),
        if_confirmed=max(raw.if_confirmed, given.if_confirmed - least),
    )


def _weighed(section: CardSection, earned: Amount) -> Amount:
    if section.weight is None:
        return earned
    share = Fraction(section.weight.hundredths, _WHOLE)
    return Amount(counted=rounded(earned.counted * share), if_confirmed=rounded(earned.if_confirmed * share))


def _item(item: Item, period: Period, tally: Tally, policy: Policy, imports: Imports) -> ItemScore:
    units, visits = tally.units(item.item_id), tally.exposure.visits
    people = imports.count(item.item_id, period) if item.people else 0
    seen = item.select is not None or imports.is_counted(item.item_id, period)
    counted, is_capped = _points(item, units.counted + people, visits, policy)
    confirmed, is_capped_then = _points(item, units.if_confirmed + people, visits, policy)
    sign = 1 if item.gives else -1
    return ItemScore(
        item=item,
        units=units,
        people=people,
        points=Amount(counted=sign * counted, if_confirmed=sign * confirmed),
        is_capped=is_capped or is_capped_then,
        is_assessed=seen,
        rate=rate(units.counted, visits, "visit"),
    )


def _points(item: Item, units: int, visits: int, policy: Policy) -> tuple[int, bool]:
    """What so many units are worth, without a sign, and whether that is the cap."""
    if item.per == "period":
        units = min(1, units)
    exact = Fraction(item.each.hundredths * units)
    if item.per == "100-visits":
        exact = exact * 100 / max(visits, policy.small_visits, 1)
    amount = rounded(exact)
    most = None if item.cap is None else item.cap.hundredths
    return (amount, False) if most is None or amount <= most else (most, True)


def ratings_of(card: Scorecard, period: Period, imports: Imports) -> tuple[RatingScore, ...]:
    """What people think, for every rating of the card."""
    found = [(one, imports.rated(one.rating_id, period)) for one in card.ratings]
    return tuple(
        RatingScore(
            rating_id=one.rating_id,
            name=one.name,
            mean=None if rated is None else rounded(rated[0]),
            people=0 if rated is None else rated[1],
        )
        for one, rated in found
    )
