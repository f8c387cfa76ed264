"""A score's points to its grade and whether it passes; what stands in the way of a grade is said instead."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from deskguard.scoring.periods import is_longer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.scoring.periods import Period
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.score_values import Score, Withheld
    from deskguard.scoring.scorecard import Scorecard


def graded(score: Score, card: Scorecard) -> Score:
    """The score with its grade, or with the reasons why it has none.

    A confirmed fatal item makes it the card's fatal grade, whatever the points.
    """
    fatal = [one for one in score.items if one.item.fatal]
    confirmed = sum(one.units.counted + one.people for one in fatal)
    waiting = sum(one.units.if_confirmed - one.units.counted for one in fatal)
    withheld = _withheld(score, card)
    score = replace(score, fatal_confirmed=confirmed, fatal_waiting=waiting, withheld=withheld)
    if withheld and withheld != ("card-has-no-grades",):
        return score
    return replace(
        score,
        grade=_grade(card, score.points.counted, confirmed),
        grade_if_confirmed=_grade(card, score.points.if_confirmed, confirmed + waiting),
        passed=_passed(score, card),
    )


def placed(scores: Sequence[Score], policy: Policy) -> list[Score]:
    """The scores with places among those of the same period, where the policy wants people compared.

    Equal points share a place; small samples and scores without a grade that could have one have none.
    """
    if not policy.ranks:
        return list(scores)
    reached: dict[Period, list[int]] = {}
    for one in scores:
        if _takes_part(one):
            reached.setdefault(one.period, []).append(-one.points.counted)
    for points in reached.values():
        points.sort()
    return [
        replace(one, place=bisect_left(reached[one.period], -one.points.counted) + 1)
        if _takes_part(one)
        else one
        for one in scores
    ]


def _takes_part(score: Score) -> bool:
    return not score.basis.is_small and set(score.withheld) <= {"card-has-no-grades"} and bool(score.subject)


def _withheld(score: Score, card: Scorecard) -> tuple[Withheld, ...]:
    reasons: dict[Withheld, bool] = {
        "card-has-no-grades": not card.grades,
        "shorter-than-card": is_longer(card.period, score.period.per),
        "rating-missing": any(not one.is_rated for one in score.sections),
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def _grade(card: Scorecard, points: int, fatal: int) -> str | None:
    if not card.grades:
        return None
    if fatal and card.fatal_grade:
        return card.fatal_grade
    reached = (one for one in card.grades if one.from_ is None or points >= one.from_.hundredths)
    return next(reached).name


def _passed(score: Score, card: Scorecard) -> bool | None:
    rule = card.passing
    if rule is None:
        return None
    earned = {one.section.section_id: one.earned.counted for one in score.sections}
    return (
        (rule.total is None or score.points.counted >= rule.total.hundredths)
        and all(earned.get(name, one.hundredths) >= one.hundredths for name, one in rule.sections.items())
        and not (rule.no_fatal and score.fatal_confirmed)
    )
