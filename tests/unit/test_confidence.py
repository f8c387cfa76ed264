"""From evidence to a probability, and from which one a candidate counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskguard.settings import SpottingSettings
from deskguard.spotting.hits.confidence import Belief, Evidence, features, fitted
from deskguard.values import Tier
from hearing_values import a_rule_set

FAIR = Evidence(
    tier="near",
    syllables=4,
    distance=0.2,
    log_ratio=-1.0,
    tokens=3,
    source="best text",
    shown_ratio=0.5,
    average_log_probability=-0.6,
    no_speech_probability=0.1,
    is_settled=True,
    is_at_edge=False,
)
SHIPPED = Belief(SpottingSettings(), {})


@pytest.mark.parametrize(
    "worse",
    [
        replace(FAIR, distance=0.33),
        replace(FAIR, log_ratio=-6.0),
        replace(FAIR, log_ratio=None),
        replace(FAIR, syllables=3),
        replace(FAIR, average_log_probability=-1.3),
        replace(FAIR, is_settled=False, is_at_edge=True),
        replace(FAIR, tone_unlike=0.5),
    ],
    ids=["farther", "less likely", "not looked at", "shorter", "unsure text", "live text's end", "other tones"],
)
def test_what_speaks_against_a_candidate_never_makes_it_likelier(worse: Evidence) -> None:
    assert SHIPPED.confidence(worse) <= SHIPPED.confidence(FAIR)


def test_the_second_look_decides_over_what_only_sounds_near() -> None:
    likely, unlikely = replace(FAIR, log_ratio=0.5), replace(FAIR, log_ratio=-8.0)
    near = SpottingSettings().near_from
    assert SHIPPED.confidence(likely) > near > SHIPPED.confidence(unlikely)


def test_other_words_of_the_same_syllables_in_other_tones_need_the_second_look_on_their_side() -> None:
    sound = replace(FAIR, tier="sound", distance=0.0, shown_ratio=1.0, tokens=4)
    settings = SpottingSettings()
    assert SHIPPED.confidence(replace(sound, log_ratio=-10.0, tone_unlike=0.5)) < settings.sound_from
    assert SHIPPED.confidence(replace(sound, log_ratio=-3.0)) > settings.sound_from
    assert SHIPPED.confidence(replace(sound, log_ratio=-6.0)) < settings.confirm_from


def test_what_the_text_holds_by_its_characters_is_sure() -> None:
    short = replace(FAIR, tier="characters", distance=0.0, log_ratio=0.0, tokens=0, syllables=3)
    assert SHIPPED.confidence(short) > SpottingSettings().confirm_from


def test_no_evidence_makes_anything_certain() -> None:
    best = replace(FAIR, tier="characters", distance=0.0, log_ratio=50.0, syllables=30, shown_ratio=1.0)
    worst = replace(FAIR, distance=1.0, log_ratio=-1e9, syllables=1, average_log_probability=-50.0)
    assert SHIPPED.confidence(best) < 1
    assert SHIPPED.confidence(worst) > 0


def test_weights_are_of_features_that_exist_and_say_what_they_were_fitted_on() -> None:
    model = fitted()
    assert set(model.weights) <= set(features(FAIR))
    assert model.places > model.said > 0
    assert model.set
    assert model.model


@pytest.mark.parametrize(("tier", "least"), [("characters", 0.1), ("sound", 0.2), ("near", 0.3)], ids=str)
def test_each_tier_has_its_threshold(tier: Tier, least: float) -> None:
    settings = SpottingSettings(characters_from=0.1, sound_from=0.2, near_from=0.3)
    rules = a_rule_set("R1", "R2").rules
    own = {**rules, "R2": replace(rules["R2"], min_confidence=0.95)}
    belief = Belief(settings, own)
    assert belief.least("R1", tier) == least
    assert belief.least("R2", tier) == 0.95
    assert belief.least("of older rules", tier) == least
