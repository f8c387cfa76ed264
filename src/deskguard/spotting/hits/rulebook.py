"""A rule set and settings in, all that spotting asks of them: find, guess, judge, believe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.spotting.finding.guess import Guesser
from deskguard.spotting.finding.spot import Spotter
from deskguard.spotting.hits.confidence import Belief
from deskguard.spotting.meaning.judge import Meaning
from deskguard.spotting.meaning.leaning import Bars, LeaningModel
from deskguard.spotting.sense.finder import SenseFinder
from deskguard.spotting.sense.weights import fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deskguard.rules.ruleset import RuleSet
    from deskguard.settings import SpottingSettings
    from deskguard.spotting.scene import Scene, Verdict
    from deskguard.values import Candidate, Passage


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What one rule set knows; holds tables only, so one may serve many streams."""

    find: Callable[[Passage], list[Candidate]]
    """What reads or sounds like a phrase."""
    guess: Callable[[Passage], list[Candidate]]
    """What a short text without sense may have been; to be asked for only where `find` has nothing to offer."""
    excused: Callable[[Passage], set[str]]
    """The rules that the text shows outright in an innocent wording of theirs."""
    judge: Callable[[Candidate, Scene], Verdict]
    """What a candidate means where it stands."""
    belief: Belief
    sense: Callable[[Passage, Sequence[Candidate]], list[Candidate]] = lambda *_: []
    """What is a breach as a whole though no list has its words; not where the candidates given lie."""

    @classmethod
    def of(cls, rules: RuleSet, settings: SpottingSettings) -> Rulebook:
        spotter, guesser = Spotter(rules), Guesser(rules)

        def excused(passage: Passage) -> set[str]:
            shown = spotter.find(passage, with_excused=True)
            return {one.rule_id for one in shown if one.excused and one.tier != "near"}

        def guess(passage: Passage) -> list[Candidate]:
            # What the text shows outright and a rule excuses is not guessed back.
            return guesser.guess(passage, excused(passage))

        return cls(
            spotter.find,
            guess,
            excused,
            Meaning(rules, LeaningModel(Bars.of(settings))).judge,
            Belief(settings, rules.rules),
            SenseFinder(rules, fitted()).find if settings.sense_from < 1 else lambda *_: [],
        )
