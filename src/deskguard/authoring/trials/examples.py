"""The examples of rules to those that fail: what must be raised and is not, what must not be and is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.authoring.trials.judging import Judge
from deskguard.authoring.trials.talk import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.authoring.trials.judging import Judged
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import Rule, RuleSet
    from deskguard.rules.schema import Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An example that was tried."""

    rule_id: str
    must_raise: bool
    lines: tuple[Line, ...]
    is_good: bool
    judged: tuple[Judged, ...]
    """The places of this rule in it, where it is not good."""


def trials(rules: RuleSet, only: str | None = None) -> Iterator[Trial]:
    """Every example and counter-example of every rule, or of one."""
    judge = Judge(rules)
    for rule in rules.rules.values():
        if only is not None and rule.rule_id != only:
            continue
        for example, must_raise in _examples(rule):
            lines = tuple(Line(role, text) for role, text in example.lines())
            is_good = judge.raises(lines, rule.rule_id) == must_raise
            # What nearly was is looked for only where it is wanted: it takes longer.
            judged = () if is_good else tuple(one for one in judge.talk(lines) if one.rule_id == rule.rule_id)
            yield Trial(
                rule_id=rule.rule_id, must_raise=must_raise, lines=lines, is_good=is_good, judged=judged
            )  # fmt: skip


def failures(rules: RuleSet) -> list[Trial]:
    """The examples that fail."""
    return [one for one in trials(rules) if not one.is_good]


def told(trial: Trial, rules: RuleSet, words: Words) -> list[str]:
    """A trial that failed, with the trace of every place it might have been."""
    rule = rules.rules[trial.rule_id]
    said = " / ".join(words.line(line.role, line.text) for line in trial.lines)
    key = "example_missed" if trial.must_raise else "example_raised"
    lines = [words(key, rule_id=trial.rule_id, phrase=words.shown(rule.phrase), said=said)]
    for one in trial.judged:
        trace = words(
            "example_trace", outcome=words(f"outcome.{one.outcome}"), heard=words.shown(one.heard),
            variant=words.shown(one.candidate.variant), why="; ".join(words.trace(line) for line in one.why),
        )  # fmt: skip
        lines.append(f"    {trace}")
    if not trial.judged:
        lines.append("    " + words("example_nothing"))
    return lines


def _examples(rule: Rule) -> Iterator[tuple[Example, bool]]:
    yield from ((one, True) for one in rule.examples)
    yield from ((one, False) for one in rule.counter_examples)
