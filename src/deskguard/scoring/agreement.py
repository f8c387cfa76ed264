"""Findings and what people said of them to how far machine and people agree, and how often each rule is right.

A person only sees what the machine has found, so precision can be told and misses cannot. The machine's own
word is whether it was sure (confidence at or above the threshold) or doubtful; kappa compares that with
confirmed and rejected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deskguard.scoring.rates import share_interval
from deskguard.scoring.review import FALLS, STANDS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from deskguard.scoring.policy import Policy
    from deskguard.scoring.review import Standing, State
    from deskguard.scoring.values import Finding


class Decided(NamedTuple):
    """What people said of one finding, and whether the machine had been sure."""

    rule_id: str
    is_sure: bool
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePrecision:
    """How often people said that a rule was right."""

    rule_id: str
    decided: int
    right: int
    low: float
    """Wilson's interval for 95 %."""
    high: float

    @property
    def precision(self) -> float:
        return self.right / self.decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Machine and people, over all findings that people have decided on."""

    decided: int
    right: int
    agreed: int
    """Sure and confirmed, or doubtful and rejected."""
    kappa: float | None
    """None where one of the two always says the same."""
    appeals: int
    """Appeals that are decided."""
    overturned: int
    rules: tuple[RulePrecision, ...]
    """By rule id."""


def agreement(findings: Iterable[Finding], standings: Mapping[str, Standing], policy: Policy) -> Agreement:
    """How far machine and people agree; findings that nobody has decided on, or under appeal, are left out."""
    return agreement_of(decided(findings, standings, policy))


def decided(
    findings: Iterable[Finding], standings: Mapping[str, Standing], policy: Policy
) -> Iterator[Decided]:
    """The findings that people have decided on."""
    for one in findings:
        standing = standings.get(one.finding_id)
        if standing is not None and standing.state in STANDS | FALLS:
            yield Decided(one.rule_id, is_sure(one, policy), standing.state)


def agreement_of(found: Iterable[Decided]) -> Agreement:
    """The same of what was decided, wherever it is known from."""
    every = list(found)
    pairs = [(one.is_sure, one.state in STANDS) for one in every]
    states = [one.state for one in every]
    by_rule: dict[str, list[bool]] = {}
    for one in every:
        by_rule.setdefault(one.rule_id, []).append(one.state in STANDS)
    return Agreement(
        decided=len(every),
        right=sum(is_so for _, is_so in pairs),
        agreed=sum(sure == is_so for sure, is_so in pairs),
        kappa=kappa(pairs),
        appeals=states.count("upheld") + states.count("overturned"),
        overturned=states.count("overturned"),
        rules=tuple(_precision(name, said) for name, said in sorted(by_rule.items())),
    )


def is_sure(finding: Finding, policy: Policy) -> bool:
    """Whether the machine itself has no doubt; what nothing estimates counts as sure."""
    return finding.confidence is None or finding.confidence >= policy.min_confidence


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Agreement of two who label the same things, beyond chance: J. Cohen, A coefficient of agreement for
    nominal scales, Educational and Psychological Measurement 20 (1960), 37-46. None where chance alone would
    agree always, or there is nothing to compare."""
    many = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)
    # In whole numbers, so that 1 is 1.
    by_chance = sum(first[label] * second[label] for label in first)
    if by_chance == many * many:
        return None
    same = sum(one == two for one, two in pairs)
    return (same * many - by_chance) / (many * many - by_chance)


def _precision(rule_id: str, said: Sequence[bool]) -> RulePrecision:
    low, high = share_interval(sum(said), len(said))
    return RulePrecision(rule_id=rule_id, decided=len(said), right=sum(said), low=low, high=high)
