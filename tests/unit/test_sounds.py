"""How unlike syllables sound."""

from __future__ import annotations

import pytest

from deskguard.language.sounds import sound_classes, sound_distance, sound_distances
from deskguard.language.syllables import syllable_names, syllables
from deskguard.language.text import normalise


def distance(one: str, other: str) -> float:
    (first,), (second,) = syllables(normalise(one)), syllables(normalise(other))
    return sound_distance(first, second)


@pytest.mark.parametrize(
    "pair",
    ["知资", "吃次", "是四", "你里", "房黄", "路入", "安昂", "恩鞥", "因英", "先香", "关光", "波播", "我沃"],
)
def test_what_accents_confuse_costs_little(pair: str) -> None:
    assert distance(*pair) < 0.21


@pytest.mark.parametrize("pair", ["不扑", "带太", "干看", "就求", "早草", "知吃"])
def test_aspiration_costs_something(pair: str) -> None:
    assert 0.2 < distance(*pair) <= 0.4


@pytest.mark.parametrize("pair", ["不想", "我好", "看来", "a我", "ab"])
def test_other_syllables_cost_nearly_all(pair: str) -> None:
    assert distance(*pair) >= 0.8


def test_homophones_and_equal_letters_cost_nothing() -> None:
    assert distance("号", "浩") == distance("a", "A") == 0.0


def test_near_syllables_share_a_class_and_few_others_do() -> None:
    classes, distances = sound_classes(), sound_distances()
    names = syllable_names()
    known = [at for at, one in enumerate(classes) if one]
    pairs = [(one, other) for one in known for other in known if one < other]
    near = [(one, other) for one, other in pairs if distances[one, other] <= 0.2]
    assert {(names[one], names[other]) for one, other in near if classes[one] != classes[other]} == set()
    together = sum(classes[one] == classes[other] for one, other in pairs)
    assert together / len(pairs) < 0.02


def test_every_spoken_syllable_is_understood() -> None:
    odd = {name for name, one in zip(syllable_names(), sound_classes(), strict=True) if name and not one}
    assert odd <= {"n", "ng", "m", "hng", "hm", "wong"}
