"""Scores as scores.json has them: points as numbers with two decimals at most, rates with their intervals.

Items that never happened are named once, with the card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskguard.scoring.points import as_points
from deskguard.scoring.score_values import ZERO
from deskguard.values import seconds

if TYPE_CHECKING:
    from deskguard.night.report.figures import Figures
    from deskguard.scoring.rates import Rate
    from deskguard.scoring.score_values import Amount, ItemScore, Score, SectionScore
    from deskguard.scoring.scorecard import CardSection, Item
    from deskguard.scoring.values import Exposure

Table = dict[str, Any]


def head_line(figures: Figures) -> Table:
    """What scores.json says before the scores: the card with its items, the policy, the totals."""
    card, policy = figures.told.card, figures.told.policy
    return {
        "v": 1,
        "card": {
            "id": card.card_id,
            "title": card.title,
            "version": card.version,
            "standard": card.standard,
            "period": card.period,
            "sha256": card.sha256,
            "items": [_item_head(section, item) for section, item in card.items()],
        },
        "policy": {
            "min_confidence": policy.min_confidence,
            "counts_unknown_role": policy.counts_unknown_role,
            "small_visits": policy.small_visits,
            "small_speech_s": seconds(policy.small_speech_samples),
        },
        "totals": totals_line(figures),
        "not_analysed_files": len(figures.told.not_analysed),
        "first_day": figures.days[0].isoformat() if figures.days else None,
        "last_day": figures.days[-1].isoformat() if figures.days else None,
        "findings_without_item": sum(one.item is None for one in figures.found),
    }


def totals_line(figures: Figures) -> Table:
    """The sums that stand in several reports."""
    totals = figures.totals
    return {
        "recordings": totals.recordings,
        **_exposure(totals.exposure),
        "findings": totals.findings,
        "counted": totals.counted,
        "against": totals.against,
        "by_person": totals.by_person,
        "waiting": totals.waiting,
        "points_each": points(totals.points_each),
    }


def score_line(score: Score) -> Table:
    """One score with its sections and items."""
    basis = score.basis
    return {
        "by": score.by,
        "subject": score.subject,
        "per": score.period.per,
        "period": score.period.name,
        "first_day": score.period.first.isoformat(),
        "last_day": score.period.last.isoformat(),
        "points": _amount(score.points),
        "full": points(score.full),
        "base": points(score.base),
        "lift": _amount(score.lift),
        "grade": score.grade,
        "grade_if_confirmed": score.grade_if_confirmed,
        "withheld": list(score.withheld),
        "passed": score.passed,
        "place": score.place,
        "fatal": {"confirmed": score.fatal_confirmed, "waiting": score.fatal_waiting},
        "findings": {
            "counted": score.by_machine + score.by_person,
            "by_machine": score.by_machine,
            "by_person": score.by_person,
            "waiting": score.waiting,
        },
        "recordings": basis.recordings,
        **_exposure(basis.exposure),
        "is_small_sample": basis.is_small,
        "rates": {"per_visit": rate_line(basis.per_visit), "per_speech_hour": rate_line(basis.per_speech_hour)},
        "ratings": [
            {
                "id": one.rating_id,
                "name": one.name,
                "mean": None if one.mean is None else points(one.mean),
                "people": one.people,
            }
            for one in score.ratings
        ],
        "mean_of": [one.period.name for one in score.parts],
        "sections": [_section(one) for one in score.sections],
    }


def rate_line(rate: Rate) -> Table:
    """How often, with the 95 % interval; nulls where there was nothing to be counted in."""
    return {
        "count": rate.count,
        "exposure": round(rate.exposure, 6),
        "value": _rounded(rate.value),
        "low": _rounded(rate.low),
        "high": _rounded(rate.high),
    }


def points(amount: int) -> float:
    """Hundredths as a number that prints with two decimals at most."""
    return float(as_points(amount))


def _section(section: SectionScore) -> Table:
    return {
        "id": section.section.section_id,
        "name": section.section.name,
        "full": points(section.full),
        "lift": _amount(section.lift),
        "earned": _amount(section.earned),
        "points": _amount(section.points),
        "is_rated": section.is_rated,
        "unassessed": [one.item.item_id for one in section.items if not one.is_assessed],
        "items": [_item(one) for one in section.items if happened(one)],
    }


def happened(one: ItemScore) -> bool:
    """Whether there is anything to say of an item; of most items of most scores there is not."""
    return bool(one.units.if_confirmed or one.units.waiting or one.people or one.points != ZERO)


def _item_head(section: CardSection, item: Item) -> Table:
    each = item.each.amount
    return {
        "id": item.item_id,
        "section": section.section_id,
        "name": item.name,
        "each": None if each is None else points(each if item.gives else -each),
        "per": item.per,
        "fatal": item.fatal,
        "review": item.review,
    }


def _item(one: ItemScore) -> Table:
    return {
        "id": one.item.item_id,
        "counted": one.units.counted,
        "if_confirmed": one.units.if_confirmed,
        "people": one.people,
        "findings": list(one.units.findings),
        "waiting": list(one.units.waiting),
        "points": _amount(one.points),
        "is_capped": one.is_capped,
        "rate": rate_line(one.rate),
    }


def _amount(amount: Amount) -> Table:
    return {"counted": points(amount.counted), "if_confirmed": points(amount.if_confirmed)}


def _exposure(exposure: Exposure) -> Table:
    return {
        "visits": exposure.visits,
        "audio_s": seconds(exposure.audio_samples),
        "staff_s": seconds(exposure.staff_samples),
        "visitor_s": seconds(exposure.visitor_samples),
        "unknown_s": seconds(exposure.unknown_samples),
        "silent_s": seconds(exposure.silent_samples),
        "not_analysed_s": seconds(exposure.not_analysed_samples),
        "not_analysed": {reason: seconds(samples) for reason, samples in exposure.not_analysed},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
