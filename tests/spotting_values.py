"""Belief, judgement and an ear made by hand, for tests of what follows hits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deskguard.rules.ruleset import Rule
from deskguard.settings import SpottingSettings
from deskguard.spotting.hits.confidence import Belief, Fitted
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.spotting.hits.sighting import Ear
from deskguard.spotting.hits.track import HitTracker
from deskguard.spotting.scene import Scene, Verdict
from deskguard.values import Candidate, Hypothesis, Look, Passage, Suspect

PLAIN = Fitted(
    set="by hand",
    model="none",
    date="2026-11-21",
    places=1,
    said=1,
    intercept=0.2,
    weights={
        "sound": -0.3,
        "near": -0.3,
        "distance": -4.0,
        "log_ratio": 0.4,
        "syllables": 0.3,
        "not_in_best": -0.3,
        "log_probability": 0.5,
    },
)
"""Four syllables by character come to 0.80, a wording that Whisper finds e^6 times less likely to 0.22."""


NEVER_SURE = SpottingSettings(confirm_from=1.0)
"""Every hit waits to be seen twice."""


def a_belief(settings: SpottingSettings = NEVER_SURE, rules: Mapping[str, Rule] | None = None) -> Belief:
    return Belief(settings, rules or {}, PLAIN)


def guilty(_candidate: Candidate, _scene: Scene) -> Verdict:
    return Verdict(ruling="guilty", why=())


def unaligned(hypothesis: Hypothesis) -> Hypothesis:
    return hypothesis


def unlooked(_hypothesis: Hypothesis, suspects: Sequence[Suspect]) -> tuple[Look | None, ...]:
    return (None,) * len(suspects)


DEAF = Ear(unaligned, unlooked)
"""Places nothing better than an even pace and has no second look."""


def nothing(_passage: Passage) -> list[Candidate]:
    return []


def a_rulebook(
    find: Callable[[Passage], list[Candidate]],
    *,
    guess: Callable[[Passage], list[Candidate]] = nothing,
    excused: Callable[[Passage], set[str]] = lambda _: set(),
    judge: Callable[[Candidate, Scene], Verdict] = guilty,
    belief: Belief | None = None,
) -> Rulebook:
    return Rulebook(find, guess, excused, judge, belief or a_belief())


def a_tracker(
    find: Callable[[Passage], list[Candidate]],
    *,
    judge: Callable[[Candidate, Scene], Verdict] = guilty,
    ear: Ear = DEAF,
    belief: Belief | None = None,
) -> HitTracker:
    return HitTracker(a_rulebook(find, judge=judge, belief=belief), ear, "run")


@dataclass
class ScriptedJudge:
    """Gives the verdicts of a script in order, the last one on and on; keeps the scenes it was shown."""

    verdicts: list[Verdict]
    scenes: list[Scene] = field(default_factory=list)

    def __call__(self, _candidate: Candidate, scene: Scene) -> Verdict:
        self.scenes.append(scene)
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]


@dataclass
class ScriptedEar:
    """Gives each wording the log ratio of a script; keeps what it was asked."""

    ratios: Mapping[str, float]
    asked: list[tuple[Suspect, ...]] = field(default_factory=list)

    @property
    def ear(self) -> Ear:
        return Ear(unaligned, self._look)

    def _look(self, _hypothesis: Hypothesis, suspects: Sequence[Suspect]) -> tuple[Look | None, ...]:
        self.asked.append(tuple(suspects))
        return tuple(
            Look(log_ratio=self.ratios[one.wording], tokens=2) if one.wording in self.ratios else None
            for one in suspects
        )


def near(
    find: Callable[[Passage], list[Candidate]], wording: str, distance: float = 0.25
) -> Callable[[Passage], list[Candidate]]:
    """The same finder, but its places only sound nearly like `wording`."""

    def found(passage: Passage) -> list[Candidate]:
        return [replace(one, tier="near", wording=wording, distance=distance) for one in find(passage)]

    return found
