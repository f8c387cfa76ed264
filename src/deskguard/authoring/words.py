"""The texts of `deskguard rules` in the language asked for, and complaints made of them."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deskguard.rules.ruleset import RuleSet

# Lines that only authors see, by the texts they are told in: why a place does not count.
_N = r"(?P<n>[\d.]+)"
_REASONS = {
    "cuts_word": r"cuts a word",
    "pause": r"a pause stands inside",
    "no_clause_end": r"not at a clause's end",
    "no_answer": r"not an answer by itself",
    "particle": r"its particle was not heard",
    "negation": r"its negation was not heard",
    "denied": r"a negation of its own was heard",
    "syllables": rf"{_N} syllables were not heard",
    "longer": r"inside the longer wording (?P<text>.+)",
    "nearer": r"nearer to the longer wording (?P<text>.+)",
    "far": rf"farther than allowed: {_N} per syllable",
    "part_far": rf"a part is farther than allowed: {_N} per syllable",
    "little": rf"too little of it fits: {_N}",
    "fillers": rf"more than {_N} fillers inside",
    "gap": r"a gap wider than allowed",
    "long_pause": rf"a pause of more than {_N} s inside",
    "not_believed": rf"below {_N}: not believed",
}


class Words:
    """One language's texts under [rules...] of the catalogue."""

    def __init__(self, language: str = catalogue.LANGUAGES[0]) -> None:
        self.language = language
        self._texts = catalogue.load(language)
        self.shown: Callable[[str], str] = str
        """Words that somebody says, or may say, as a screen may show them."""

    def __call__(self, key: str, **values: object) -> str:
        """The text "rules.KEY" with its places filled."""
        return self._texts[f"rules.{key}"].format(**values)

    def trace(self, line: str) -> str:
        """A line of a trace in this language, as far as there are words for it."""
        from deskguard.desk.trace import rendered

        known = rendered(line, self._texts)
        if known != line:
            return known
        for key, shape in _REASONS.items():
            if found := re.fullmatch(shape, line):
                return self(f"reason.{key}", **found.groupdict())
        return line

    def suppressed(self, code: str) -> str:
        """Why no card is shown."""
        return self._texts.get(f"suppressed.{code}", code)

    def masking(self, rules: RuleSet) -> Words:
        """The same for a screen on which the words of masked rules cannot be read."""
        from deskguard.rules.mask import Masker

        other = Words(self.language)
        other.shown = Masker(rules).mask
        return other

    def line(self, role: str, text: str) -> str:
        """What somebody says."""
        return self("line", speaker=self(f"speaker.{role}"), text=self.shown(text))

    def joined(self, parts: Iterable[str]) -> str:
        """Parts as a list within a sentence."""
        told = list(parts)
        return reduce(lambda first, second: self("both", first=first, second=second), told) if told else ""


def complaint(words: Words, key: str, code: str, **values: object) -> DeskguardError:
    """The error "KEY" with the remedy "KEY_fix"; values come from files and options, never from speech."""
    return DeskguardError(words(f"error.{key}", **values), words(f"error.{key}_fix", **values), code)
