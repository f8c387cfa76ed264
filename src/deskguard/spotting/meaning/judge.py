"""A candidate in its scene to a verdict: guilty, softened to a remark, or innocent, and why.

The rules say it in conditions (config/standards/README.md). One question form is always innocent, because no
list of words ends it: A不A. What is said next may change a verdict. For that the live desk waits a moment and
no longer; what comes later overturns a hit that was already shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from deskguard.spotting.meaning.conditions import Conditions, PatternBook
from deskguard.spotting.meaning.surroundings import NEXT_S, Surroundings, reach_of
from deskguard.spotting.scene import Verdict
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.ruleset import Rule, RuleSet
    from deskguard.rules.schema import Condition
    from deskguard.spotting.meaning.conditions import Labelled
    from deskguard.spotting.meaning.leaning import Bars, Leaning, LeaningModel
    from deskguard.spotting.meaning.patterns import Wording
    from deskguard.spotting.scene import Ruling, Scene
    from deskguard.values import Candidate

_Kind = Literal["unless", "only_if", "soften"]
_KINDS: tuple[_Kind, ...] = ("unless", "only_if", "soften")
_QUIET_WAIT = round(0.5 * SAMPLE_RATE_HZ)
"""How long a verdict stays open when nothing follows the phrase: then a pause closes it."""
_GOING_ON_WAIT = round(0.7 * SAMPLE_RATE_HZ)
"""The same while the speaker goes on, and the innocent words may be coming."""
_PATTERN_SAMPLES = 3 * SAMPLE_RATE_HZ
"""How long a pattern around the phrase may take to be said."""
_JOIN_SAMPLES = round(1.2 * SAMPLE_RATE_HZ)
"""How long a silence a pattern may span after the utterance ended."""


@dataclass(frozen=True, slots=True)
class _Future:
    """Until when what is still to be said may fulfil something."""

    wait_until: int | None
    """For the live desk; None when the utterance is over."""
    revise_until: int


class Meaning:
    """Judges the candidates of one rule set; holds compiled patterns only.

    With `leaning` the surroundings have a say where no condition holds: they may lean to a remark, or to
    innocence.
    """

    def __init__(self, rules: RuleSet, leaning: LeaningModel | None = None) -> None:
        self._rules = rules.rules
        self._leaning = leaning
        book = PatternBook(rules.frames)
        # All of them now: compiled at the first hit, they would make that card late.
        self._conditions: dict[tuple[str, _Kind], Conditions] = {
            (rule.rule_id, kind): book.conditions(getattr(rule, kind))
            for rule in rules.rules.values()
            for kind in _KINDS
        }

    def judge(self, candidate: Candidate, scene: Scene) -> Verdict:
        """What the candidate means where it stands; pure."""
        rule = self._rules[candidate.rule_id]
        around = Surroundings(candidate, scene)
        why = list(_marks(rule, candidate))
        if not (rule.unless or rule.only_if or rule.soften):
            why.append("no condition")
        if around.is_a_not_a():
            return Verdict(ruling="innocent", why=(*why, "question of the form A不A: holds"))
        # A sentence weighed as a whole has had its surroundings weighed with it.
        has_leaning = self._leaning is not None and candidate.tier != "sense"
        leaning = self._leaning.of(around, rule.rule_id) if self._leaning is not None and has_leaning else None
        excuse, overruled = self._excuse(rule, around, leaning)
        if excuse:
            return Verdict(ruling="innocent", why=(*why, excuse))
        if rule.unless:
            why.append(overruled or f"unless: none of {len(rule.unless)} holds")
        awaited: list[_Future] = []
        ruling: Ruling = "guilty"
        if rule.only_if and (line := self._first(rule, "only_if", around)):
            why.append(line)
        elif rule.only_if:
            ruling = "innocent"
            why.append(f"only_if: none of {len(rule.only_if)} holds")
            awaited += self._futures(rule, "only_if", around)
        if ruling == "guilty":
            awaited += self._futures(rule, "unless", around)
            if line := self._first(rule, "soften", around):
                ruling = "softened"
                why.append(line)
            else:
                awaited += self._futures(rule, "soften", around)
        is_leaning = False
        if ruling == "guilty" and leaning is not None and self._leaning is not None:
            ruling, more = _leant(leaning, self._leaning.bars, needs_person=rule.needs_person)
            why += more
            is_leaning = ruling != "guilty"
            if not around.is_turn_over:
                # Nothing waits for it, but what is said next may still tip it.
                awaited.append(_Future(None, around.phrase_end_sample + round(NEXT_S * SAMPLE_RATE_HZ)))
        return replace(_verdict(ruling, why, awaited, scene), is_leaning=is_leaning)

    def _excuse(self, rule: Rule, around: Surroundings, leaning: Leaning | None) -> tuple[str, str]:
        """The line of what excuses the words, and that of what would have but was overruled; either empty.

        What a rule says itself always excuses; frames that give way do not where the rest says too surely
        that it is a breach.
        """
        overruled = ""
        for pattern, line in self._holding(rule, "unless", around):
            # The fit has seen this turn only: what another one says, it cannot overrule.
            is_elsewhere = line.endswith(" turn") and not line.endswith(" this turn")
            if leaning is None or is_elsewhere or not pattern.gives_way or not self._overrules(leaning):
                return line, ""
            overruled = overruled or f"{line}, overruled: a breach in {leaning.breach:.0%} of such sentences"
        return "", overruled

    def _overrules(self, leaning: Leaning) -> bool:
        bars = self._leaning.bars if self._leaning is not None else None
        return bars is not None and bars.overrule_from < 1 and leaning.breach >= bars.overrule_from

    def _first(self, rule: Rule, kind: _Kind, around: Surroundings) -> str | None:
        """The line of the first condition that holds."""
        return next((line for _, line in self._holding(rule, kind, around)), None)

    def _holding(self, rule: Rule, kind: _Kind, around: Surroundings) -> Iterator[tuple[Labelled, str]]:
        """The patterns that hold, each with its line."""
        for pattern, condition in self._of(rule, kind).likely(around.grams):
            place = _place(pattern.wording, condition, around)
            if place is not None:
                yield pattern, f"{kind} {pattern.label}: holds{place}"

    def _futures(self, rule: Rule, kind: _Kind, around: Surroundings) -> list[_Future]:
        return list(_futures(self._of(rule, kind), around))

    def _of(self, rule: Rule, kind: _Kind) -> Conditions:
        return self._conditions[rule.rule_id, kind]


def _leant(leaning: Leaning, bars: Bars, *, needs_person: bool) -> tuple[Ruling, list[str]]:
    """What the surroundings make of a phrase that no condition excuses, and the line of it."""
    softens = bars.soften_for_person_below if needs_person else 0.0
    if leaning.breach >= max(bars.innocent_below, bars.soften_below, softens):
        return "guilty", []
    line = f"surroundings: a breach in {leaning.breach:.0%} of such sentences ({'; '.join(leaning.cues)})"
    # A guess hides nothing from the person who decides; it only says what to expect.
    return ("innocent" if leaning.breach < bars.innocent_below and not needs_person else "softened"), [line]


def _marks(rule: Rule, candidate: Candidate) -> Iterator[str]:
    for variant in rule.variants:
        if variant.mark and variant.text == candidate.variant:
            yield f"variant marked {variant.mark}"
            return


def _place(wording: Wording | None, condition: Condition, around: Surroundings) -> str | None:
    """Where a pattern holds, as the end of a line; None when it does not."""
    if wording is None:
        return "" if around.is_quoted() else None
    if wording.has_phrase:
        view, phrase = around.clause if condition.where == "clause" else (around.view, around.phrase)
        return "" if wording.beside(view, phrase) == "holds" else None
    place = around.where(wording, condition)
    return None if place is None else f" in {place}"


def _futures(conditions: Conditions, around: Surroundings) -> Iterator[_Future]:
    """What of conditions that do not hold may still come."""
    end = around.phrase_end_sample
    wait = end + (_GOING_ON_WAIT if around.goes_on else _QUIET_WAIT) if around.may_grow else None
    last = end + _PATTERN_SAMPLES if around.may_grow else around.turn_end_sample + _JOIN_SAMPLES
    if not around.is_turn_over and any(
        one.beside(around.view, around.phrase, grows=True) == "could" for one in conditions.ahead
    ):
        yield _Future(wait, last)
    for condition in conditions.with_own_words:
        reach = reach_of(condition)
        last = end + round((condition.next_s or NEXT_S) * SAMPLE_RATE_HZ)
        if reach in ("turn", "after"):
            is_own = around.is_own(condition.by) and not around.is_turn_over
            if is_own or around.turns_heard(condition.by) <= condition.next_turns > 0:
                yield _Future(wait if is_own else None, last)
        elif around.may_grow and around.is_own(condition.by) and around.is_within(reach):
            yield _Future(wait, last)


def _verdict(ruling: Ruling, why: list[str], awaited: Sequence[_Future], scene: Scene) -> Verdict:
    now = scene.heard_until_sample
    waits = [one.wait_until for one in awaited if one.wait_until is not None and one.wait_until > now]
    revisions = [one.revise_until for one in awaited if one.revise_until > now]
    if waits:
        why.append("what comes next may change it")
    return Verdict(
        ruling=ruling,
        why=tuple(why),
        is_open=bool(waits),
        until_sample=max(waits, default=None),
        revisable_until_sample=max(revisions, default=None),
    )
