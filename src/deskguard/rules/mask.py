"""Text to the same text with profanity unreadable: the words of masked rules as 他××, the rest as it was.

For screens: what is stored and judged stays as it was heard. Rather one word too many than one too few, so
words need not stand by themselves; longer innocent wordings (他妈妈) and digits (250) are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deskguard.language.text import normalise
from deskguard.rules.spelling import Spelling, core, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.rules.ruleset import Rule, RuleSet

_HIDDEN = "×"


class Masker:
    """Masks by the rules of one rule set; cheap, and does nothing when no rule is masked."""

    def __init__(self, rules: RuleSet) -> None:
        masked = [rule for rule in rules.rules.values() if rule.masked]
        self._words = _patterns(one for rule in masked for one in _spellings(rule))
        self._innocent = _patterns(parse(text) for rule in masked for text in rule.innocent)

    def mask(self, text: str) -> str:
        """`text` with each masked word as its first character and × for each of the rest; the length stays."""
        if not self._words or not text:
            return text
        heard = normalise(text)
        spared = {at for start, end in _found(self._innocent, heard.chars) for at in range(start, end)}
        shown = list(text)
        for start, end in _found(self._words, heard.chars):
            first = heard.origin[start]
            is_number = any(char.isdecimal() for char in text[first : heard.ends[end - 1]])
            if is_number or spared.issuperset(range(start, end)):
                continue
            for at in range(start, end):
                for place in range(max(heard.origin[at], first + 1), heard.ends[at]):
                    shown[place] = _HIDDEN
        return "".join(shown)


def _spellings(rule: Rule) -> Iterator[Spelling]:
    for variant in rule.variants:
        whole = parse(variant.text)
        yield whole
        if (shorter := core(whole)) is not None:
            yield shorter


def _patterns(spellings: Iterable[Spelling]) -> list[re.Pattern[str]]:
    """A pattern for each spelling, longest first, with a group for each piece."""
    written: dict[str, int] = {}
    for one in spellings:
        pattern = f"({re.escape(one.pieces[0])})"
        for gap, piece in zip(one.gaps, one.pieces[1:], strict=True):
            pattern += f".{{0,{gap}}}?({re.escape(piece)})"
        written[pattern] = one.syllables
    return [re.compile(pattern) for pattern in sorted(written, key=lambda one: -written[one])]


def _found(patterns: list[re.Pattern[str]], chars: str) -> Iterator[tuple[int, int]]:
    """The places of all pieces of all patterns."""
    for pattern in patterns:
        for match in pattern.finditer(chars):
            for number in range(1, pattern.groups + 1):
                yield match.span(number)
