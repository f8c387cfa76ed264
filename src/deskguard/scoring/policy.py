"""What a score goes by beside the card, as one frozen value made of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.scoring.review import Deadlines
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.settings import ScoringSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a finding counts without a person, and how figures are told."""

    min_confidence: float = 0.8
    """Less goes to review."""
    counts_unknown_role: bool = False
    """Findings count though nobody knows who spoke: where only the clerk has a microphone."""
    small_visits: int = 30
    """Fewer are a small sample; items for a hundred visits reckon with at least so many."""
    small_speech_samples: int = SAMPLE_RATE_HZ * 3600
    """Less of staff's speech is a small sample."""
    ranks: bool = False
    """Tell places, so that people are compared."""


def policy_of(settings: ScoringSettings) -> Policy:
    """The policy that the settings say."""
    return Policy(
        min_confidence=settings.min_confidence,
        counts_unknown_role=settings.unknown_role == "count",
        small_visits=settings.small_visits,
        small_speech_samples=round(settings.small_speech_h * 3600 * SAMPLE_RATE_HZ),
        ranks=settings.ranking,
    )


def deadlines_of(settings: ScoringSettings) -> Deadlines:
    """How many days people have by the settings."""
    return Deadlines(
        review_days=settings.review_days, appeal_days=settings.appeal_days, second_days=settings.second_days
    )
