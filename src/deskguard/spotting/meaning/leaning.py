"""What stands around a candidate in, how likely it is meant as a breach out: what no list of words ends.

Conditions say what surely makes a phrase innocent; people find ever new ways. So a logistic regression over
what stands beside the phrase, and over syllables and pieces of two or three anywhere in the turn, says to which
side the rest leans: 我给您, 别急, 其实 speak for it, a phrase that ends the turn against it. The pieces are
syllables, because a recogniser keeps those; but whether 您 is said anywhere counts apart from 你.
bench/fit_leaning.py fits it on written sentences and writes leaning.toml beside this module; the weights are
few, and each can be read there.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from deskguard.language.syllables import syllable_names
from deskguard.settings import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.settings import SpottingSettings
    from deskguard.spotting.meaning.surroundings import Surroundings

_BESIDE = (1, 2, 3)
"""Syllables of a piece that touches the phrase."""
_ANYWHERE = (2, 3)
_REACH = 16
"""Syllables on either side that have a say: in a long turn the rest is of other things."""
_POLITE = "您"
"""Who is about to be rude seldom says it; to whom it is never said, it tells nothing."""
_NAMED = 2
"""Pieces that a trace names."""


class Weights(Section):
    """leaning.toml: the weights, and what they were fitted on. Above 0 speaks for a breach."""

    set: str
    date: str
    sentences: int
    intercept: float
    weights: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """From where on a leaning decides; 0 never."""

    innocent_below: float
    """Probability of a breach below which the words are taken for innocent."""
    soften_below: float
    """The same for a remark without a card."""
    overrule_from: float = 1.0
    """Probability of a breach from which a frame that gives way excuses nothing; 1 never."""
    soften_for_person_below: float = 0.0
    """As `soften_below`, of rules that a person decides: what nobody is told at once may ask for more."""

    @classmethod
    def of(cls, settings: SpottingSettings) -> Bars:
        return cls(
            innocent_below=settings.innocent_below,
            soften_below=settings.soften_below,
            overrule_from=settings.overrule_from,
            soften_for_person_below=settings.soften_for_person_below,
        )


@dataclass(frozen=True, slots=True)
class Leaning:
    """To which side the surroundings of a candidate lean."""

    breach: float
    """Probability that a clerk who said this, here, broke the rule, 0-1."""
    cues: tuple[str, ...]
    """What spoke most for innocence, the strongest first: pieces of syllables."""


def features(around: Surroundings, rule_id: str) -> set[str]:
    """What stands around a candidate, each as a word of leaning.toml."""
    view, phrase = around.view, around.phrase
    heard = _syllables(view.sound)
    begin, end = view.clause(phrase.start, phrase.end)
    before, after = heard[begin : phrase.start], heard[phrase.end : end]
    # How long it goes on is left out: who writes sentences for a fit writes innocent ones longer.
    found = {f"rule {rule_id}", "~ ." if not after else "~ _"}
    for count in _BESIDE:
        touching = []
        if len(before) >= count:
            touching.append(f"{' '.join(before[-count:])} ~")
        if len(after) >= count:
            touching.append(f"~ {' '.join(after[:count])}")
        found.update(touching)
        if count < _BESIDE[-1]:
            found.update(f"{rule_id}: {one}" for one in touching)
    first, last = around.own_stretch()
    first, last = max(first, phrase.start - _REACH), min(last, phrase.end + _REACH)
    earlier, later = heard[first : phrase.start], heard[phrase.end : last]
    if view.says(_POLITE, first, last):
        found.add(_POLITE)
    for side, place in ((earlier, "earlier"), (later, "later")):
        found.update(f"{place} {one}" for one in side)
        for piece in _pieces(side):
            found.update((piece, f"{place} {piece}"))
    return found


class LeaningModel:
    """The weights that come with deskguard, or others, and from where on they decide."""

    def __init__(self, bars: Bars, weights: Weights | None = None) -> None:
        self.bars = bars
        self._weights = weights or fitted()

    def of(self, around: Surroundings, rule_id: str) -> Leaning:
        """To which side a candidate leans; pure, well under a millisecond."""
        weights = self._weights.weights
        known = {one: weights[one] for one in features(around, rule_id) if one in weights}
        score = self._weights.intercept + sum(known.values())
        kind = sorted((weight, one) for one, weight in known.items() if weight < 0 and not _is_place(one))
        return Leaning(1 / (1 + math.exp(-score)), tuple(one for _, one in kind[:_NAMED]))


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """The weights that come with deskguard."""
    text = files("deskguard.spotting.meaning").joinpath("leaning.toml").read_text(encoding="utf-8")
    return Weights.model_validate(tomllib.loads(text))


def _is_place(feature: str) -> bool:
    return feature.startswith("rule ") or feature in ("~ .", "~ _")


def _syllables(sound: str) -> list[str]:
    names = syllable_names()
    return [names[ord(one)] if ord(one) < len(names) else "?" for one in sound]


def _pieces(heard: Sequence[str]) -> Iterator[str]:
    for count in _ANYWHERE:
        for at in range(len(heard) - count + 1):
            yield " ".join(heard[at : at + count])
