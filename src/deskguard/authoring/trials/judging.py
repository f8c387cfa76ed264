"""A conversation and rules in, every place that reads like a rule out: what is raised, and what nearly was.

Nothing is heard here, so what only sounds nearly like a phrase cannot be decided: it is told apart, and never
counts as raised. Toneless sameness counts: a recogniser writes either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deskguard.authoring.trials.talk import scene, spoken
from deskguard.settings import SpottingSettings
from deskguard.spotting.finding.spot import Spotter
from deskguard.spotting.meaning.judge import Meaning
from deskguard.spotting.meaning.leaning import Bars, LeaningModel
from deskguard.spotting.sense.finder import SenseFinder
from deskguard.spotting.sense.weights import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.authoring.trials.talk import Line
    from deskguard.rules.ruleset import RuleSet
    from deskguard.spotting.scene import Said, Scene
    from deskguard.values import Candidate, Passage, Role

Outcome = Literal["raised", "softened", "innocent", "excused", "visitor", "near"]
"""raised: the clerk said it; softened: a remark without a card; innocent: the context says so; excused: the
place does not count (part of a word, a longer innocent wording, too far off); visitor: not the clerk's words;
near: it sounds nearly so, and only the sound can tell, or no list has its words and it is not like enough."""
OUTCOMES: tuple[Outcome, ...] = ("raised", "softened", "near", "visitor", "innocent", "excused")
"""The most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A place in one line of a conversation, and what becomes of it."""

    line: int
    """From 0."""
    role: Role
    candidate: Candidate
    heard: str
    outcome: Outcome
    why: tuple[str, ...]

    @property
    def rule_id(self) -> str:
        return self.candidate.rule_id

    @property
    def rank(self) -> tuple[int, float, int, str]:
        """What becomes of it, then how near it is: the least comes first."""
        one = self.candidate
        return OUTCOMES.index(self.outcome), one.distance, -one.syllables, one.rule_id

    def overlaps(self, other: Judged) -> bool:
        """Whether both are of one rule and share characters."""
        one, two = self.candidate, other.candidate
        is_near = one.start_char < two.end_char and two.start_char < one.end_char
        return one.rule_id == two.rule_id and is_near


class Judge:
    """One rule set, ready for any number of conversations."""

    def __init__(
        self,
        rules: RuleSet,
        *,
        leans: bool = True,
        bars: Bars | None = None,
        settings: SpottingSettings | None = None,
    ) -> None:
        """`leans`: whether the surroundings have a say, by `bars` or those of the settings."""
        settings = settings or SpottingSettings()
        bars = bars or Bars.of(settings)
        self.rules = rules
        self._spotter = Spotter(rules)
        self._meaning = Meaning(rules, LeaningModel(bars) if leans else None)
        self._sense = SenseFinder(rules, fitted()) if settings.sense_from < 1 else None
        self._sense_from = settings.sense_from

    def candidates(self, passage: Passage) -> list[Candidate]:
        """The places that read or sound like a rule."""
        return self._spotter.find(passage)

    def talk(self, lines: Sequence[Line]) -> list[Judged]:
        """Every place of every line, in order."""
        said = spoken(lines)
        return [one for number in range(len(said)) for one in self.utterance(said, number)]

    def raises(self, lines: Sequence[Line], rule_id: str) -> bool:
        """Whether the clerk's words raise the rule."""
        said = spoken(lines)
        for number, one in enumerate(said):
            around = scene(said, number)
            for found in self._with_sense(one.passage, self._spotter.find(one.passage)):
                if found.rule_id == rule_id and self.outcome(found, around)[0] == "raised":
                    return True
        return False

    def utterance(self, said: Sequence[Said], number: int) -> list[Judged]:
        """The places of one utterance, in order; of a rule's places that overlap only the one of least rank."""
        around = scene(said, number)
        passage = said[number].passage
        judged = [
            self._judged(one, around, number, passage.text[one.start_char : one.end_char])
            for one in self._with_sense(passage, self._spotter.find(passage, with_excused=True))
        ]
        kept: list[Judged] = []
        for one in sorted(judged, key=lambda one: one.rank):
            if not any(one.overlaps(other) for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda one: (one.candidate.start_char, one.rank))

    def _with_sense(self, passage: Passage, listed: list[Candidate]) -> list[Candidate]:
        """What lists find, and sentences that are breaches as a whole though no list has their words."""
        if self._sense is None:
            return listed
        certain = [one for one in listed if one.tier != "near" and not one.excused]
        return listed + self._sense.find(passage, certain)

    def _judged(self, candidate: Candidate, around: Scene, number: int, heard: str) -> Judged:
        outcome, why = self.outcome(candidate, around)
        return Judged(
            line=number, role=around.said.role, candidate=candidate, heard=heard, outcome=outcome, why=why
        )

    def outcome(self, candidate: Candidate, around: Scene) -> tuple[Outcome, tuple[str, ...]]:
        """What becomes of a candidate if the words were said, and the trace of that."""
        if candidate.excused:
            return "excused", (candidate.excused,)
        if candidate.tier == "sense":
            line = f"no listed words; as a whole like a breach: {candidate.likelihood:.2f}"
            if candidate.likelihood < self._sense_from:
                return "near", (line, f"below {self._sense_from:.2f}: not believed")
        verdict = self._meaning.judge(candidate, around)
        if verdict.ruling == "innocent":
            return "innocent", verdict.why
        if around.said.role == "visitor":
            return "visitor", verdict.why
        if candidate.tier == "near":
            return "near", verdict.why
        return ("softened" if verdict.ruling == "softened" else "raised"), verdict.why
