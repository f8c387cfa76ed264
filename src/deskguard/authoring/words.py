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

# Lines that only authors see, by the texts they are told in: why a place does not count, and how a hit ended.
_REASONS = {
    "cuts_word": r"cuts a word",
    "pause": r"a pause stands inside",
    "no_clause_end": r"not at a clause's end",
    "no_answer": r"not an answer by itself",
    "particle": r"its particle was not heard",
    "longer": r"inside the longer wording (?P<text>.+)",
    "nearer": r"nearer to the longer wording (?P<text>.+)",
    "far": r"farther than allowed: (?P<n>[\d.]+) per syllable",
    "part_far": r"a part is farther than allowed: (?P<n>[\d.]+) per syllable",
    "fillers": r"more than (?P<n>\d+) fillers inside",
    "long_pause": r"a (?:pause|gap) of more than (?P<n>\d+) s inside",
    "not_believed": r"below (?P<n>[\d.]+): not believed",
    "final": r"confirmed: in the final text",
    "again": r"confirmed: seen again: .*",
    "sure": r"confirmed: sure at first sight",
    "gone": r"withdrawn: not in the later text",
    "ended": r"withdrawn: the utterance ended",
    "innocent": r"withdrawn: innocent",
    "innocent_later": r"withdrawn: innocent by what came after",
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
