"""A passage in, candidates out for described bans whose words no list has.

Lists end: of a hundred ways to insult somebody, freely found, they hold twenty. So every sentence of a final
text is weighed as a whole. What a list holds goes before: its words are certain, these are a likeness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.language.sentences import stretches
from deskguard.language.text import normalise
from deskguard.values import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.ruleset import Rule, RuleSet
    from deskguard.spotting.sense.weights import Sense, SenseModel
    from deskguard.values import Passage

_LEAST = 0.5
"""Below it nothing is told, not even as a near miss."""
_SECOND_KIND = 0.35
"""A second kind is named as well from this share on: an insult is mostly mockery, too."""


class SenseFinder:
    """Weighs passages by one rule set; holds tables only."""

    def __init__(self, rules: RuleSet, model: SenseModel) -> None:
        self._model = model
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules.rules.values():
            if rule.kind in model.kinds:
                self._rules.setdefault(rule.kind, []).append(rule)

    def find(self, passage: Passage, listed: Sequence[Candidate] = ()) -> list[Candidate]:
        """What is likely a breach and none of `listed`; of stretches that overlap the likeliest."""
        if not self._rules:
            return []
        text = normalise(passage.text)
        weighed = [
            (sense, start, end)
            for start, end in stretches(text, passage.text)
            if (sense := self._model.of(text.chars[start:end])).breach >= _LEAST
        ]
        # The shorter of two alike: what was said around it is not what was wrong.
        weighed.sort(key=lambda one: (-round(one[0].breach, 3), one[2] - one[1], one[1]))
        kept: list[tuple[Sense, int, int]] = []
        for one in weighed:
            if not any(one[1] < end and start < one[2] for _, start, end in kept):
                kept.append(one)
        found: list[Candidate] = []
        for sense, start, end in sorted(kept, key=lambda one: one[1]):
            place = text.origin[start], text.ends[end - 1]
            if not any(one.start_char < place[1] and place[0] < one.end_char for one in listed):
                found += self._candidates(sense, *place)
        return found

    def _candidates(self, sense: Sense, start: int, end: int) -> Iterator[Candidate]:
        ranked = sorted(sense.kinds.items(), key=lambda one: (-one[1], one[0]))
        named = [kind for at, (kind, share) in enumerate(ranked[:2]) if at == 0 or share >= _SECOND_KIND]
        for rule in (rule for kind in named for rule in self._rules.get(kind, ())):
            yield Candidate(
                rule_id=rule.rule_id,
                variant=rule.phrase,
                start_char=start,
                end_char=end,
                tier="sense",
                likelihood=sense.breach,
            )
