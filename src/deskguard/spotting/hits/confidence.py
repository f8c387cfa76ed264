"""What speaks for a candidate in, one probability out: were these words said?

A logistic regression over a few features that each push one way. It says what was said, not what was meant:
that is for the meaning. bench/fit_confidence.py fits it and writes confidence.toml beside this module, with the
set, the model and the counts it was fitted on.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from deskguard.settings import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.rules.ruleset import Rule
    from deskguard.settings import SpottingSettings
    from deskguard.values import Tier

Source = Literal["best text", "alternative text", "across an endpoint"]
_MOST_CONFIDENCE = 0.999
"""A few hundred examples make nothing more certain."""
_LEAST_RATIO, _MOST_RATIO = -20.0, 2.0
_LEAST_TOKEN_RATIO = -4.0
_MOST_SYLLABLES = 7
_LEAST_LOG_PROBABILITY = -1.5


class Fitted(Section):
    """confidence.toml: the weights, and what they were fitted on."""

    set: str
    model: str
    date: str
    places: int
    """Candidates of the set, and how many of them had been said."""
    said: int
    intercept: float
    weights: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of a candidate when it is believed or not."""

    tier: Tier
    syllables: int
    distance: float
    """Edits per syllable, 0-1."""
    log_ratio: float | None
    """Of the second look; None when there was none, 0 where the text is as heard."""
    tokens: int
    """Tokens the ratio is over."""
    source: Source
    shown_ratio: float
    """How many of the best text and its alternatives show the rule."""
    average_log_probability: float
    no_speech_probability: float
    is_settled: bool
    """Read at a pause or the end, with the beam; live texts end in the middle of a word."""
    is_at_edge: bool
    """The live audio ends with it."""
    likelihood: float = 0.0
    """Of tier "sense": how likely the sentence as a whole is a breach, 0-1."""
    tone_unlike: float = 0.0
    """Share of its syllables that were heard alike but in another tone, 0-1: Whisper mishears characters and
    mostly keeps tones."""


def features(evidence: Evidence) -> dict[str, float]:
    """The evidence as numbers, each bounded, so that no single one decides beyond what was seen in the fit."""
    ratio = _LEAST_RATIO if evidence.log_ratio is None else evidence.log_ratio
    bounded = max(_LEAST_RATIO, min(_MOST_RATIO, ratio))
    per_token = max(_LEAST_TOKEN_RATIO, min(0.0, ratio / max(evidence.tokens, 1)))
    return {
        "sound": float(evidence.tier == "sound"),
        "near": float(evidence.tier == "near"),
        "distance": evidence.distance,
        "log_ratio": bounded,
        "log_ratio_per_token": per_token,
        "unlooked": float(evidence.log_ratio is None),
        "tone_unlike": evidence.tone_unlike,
        "syllables": float(min(evidence.syllables, _MOST_SYLLABLES)),
        "not_in_best": float(evidence.source == "alternative text"),
        "shown_ratio": evidence.shown_ratio,
        "log_probability": max(_LEAST_LOG_PROBABILITY, evidence.average_log_probability),
        "no_speech": evidence.no_speech_probability,
        "live": float(not evidence.is_settled),
        "live_edge": float(evidence.is_at_edge and not evidence.is_settled),
    }


@lru_cache(maxsize=1)
def fitted() -> Fitted:
    """The weights that come with deskguard."""
    text = files("deskguard.spotting.hits").joinpath("confidence.toml").read_text(encoding="utf-8")
    return Fitted.model_validate(tomllib.loads(text))


class Belief:
    """The probability of a candidate, and from which one it counts."""

    def __init__(
        self, settings: SpottingSettings, rules: Mapping[str, Rule], model: Fitted | None = None
    ) -> None:
        self._settings = settings
        self.rules = rules
        self._model = model or fitted()

    def confidence(self, evidence: Evidence) -> float:
        """How likely the words were said, 0-1; of a sentence weighed as a whole, how likely it is a breach."""
        if evidence.tier == "sense":
            return min(_MOST_CONFIDENCE, round(evidence.likelihood, 3))
        weights = self._model.weights
        parts = (weights.get(name, 0.0) * value for name, value in features(evidence).items())
        score = self._model.intercept + sum(parts)
        return min(_MOST_CONFIDENCE, max(1 - _MOST_CONFIDENCE, round(1 / (1 + math.exp(-score)), 3)))

    def least(self, rule_id: str, tier: Tier) -> float:
        """The confidence from which a candidate is a hit: the rule's own, else its tier's.

        A rule's own is of its words; what has none of them is asked for as much everywhere.
        """
        rule = self.rules.get(rule_id)
        if rule is not None and rule.min_confidence is not None and tier != "sense":
            return rule.min_confidence
        return {
            "characters": self._settings.characters_from,
            "sound": self._settings.sound_from,
            "near": self._settings.near_from,
            "sense": self._settings.sense_from,
        }[tier]

    @property
    def sure(self) -> float:
        """The confidence from which one sight is enough."""
        return self._settings.confirm_from
