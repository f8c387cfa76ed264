"""Lines of a hit's trace in, the same in the reader's language out, as far as the catalogue has words for them.

A trace is written in English by the stages that decide; this module knows the shapes of their lines. A line of
a shape it does not know is shown as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SHAPES = tuple(
    (f"why.{key}", re.compile(shape))
    for key, shape in {
        "in_text": r"best text",
        "in_alternative": r"alternative text",
        "across": r"across an endpoint",
        "characters": r"characters",
        "sound": r"sound",
        "near": r"near",
        "sense": r"no listed words; as a whole like a breach: (?P<n>[\d.]+)",
        "syllables": r"(?P<n>\d+) syllables",
        "edits": r"(?P<n>[\d.]+) edits a syllable",
        "look": r"second look (?P<ratio>[+-][\d.]+) over (?P<n>\d+) tokens",
        "confidence": r"confidence (?P<n>[\d.]+)",
        "mark": r"variant marked (?P<mark>.+)",
        "question": r"question of the form A不A: holds",
        "unless": r"unless (?:@\S+ \()?(?P<pattern>[^@]*?)\)?: holds(?: in .*)?",
        "only_if": r"only_if (?:@\S+ \()?(?P<pattern>[^@]*?)\)?: holds(?: in .*)?",
        "soften": r"soften (?:@\S+ \()?(?P<pattern>[^@]*?)\)?: holds(?: in .*)?",
        "unless_none": r"unless: none of (?P<n>\d+) holds",
        "only_if_none": r"only_if: none of (?P<n>\d+) holds",
        "surroundings": r"surroundings: a breach in (?P<n>\d+%) of such sentences \((?P<cues>.*)\)",
        "open": r"what comes next may change it",
        "no_condition": r"no condition",
        "confirmed_final": r"confirmed: in the final text",
        "confirmed_again": r"confirmed: seen again: .+",
        "confirmed_sure": r"confirmed: sure at first sight",
        "withdrawn_after": r"withdrawn: innocent by what came after",
        "withdrawn_innocent": r"withdrawn: innocent",
        "withdrawn_gone": r"withdrawn: not in the later text",
        "withdrawn_end": r"withdrawn: the utterance ended",
    }.items()
)


def in_every_language(lines: Iterable[str]) -> dict[str, list[str]]:
    """The lines by language, so that a page can change its language without asking again."""
    kept = list(lines)
    every = {language: catalogue.load(language) for language in catalogue.LANGUAGES}
    return {language: [rendered(line, texts) for line in kept] for language, texts in every.items()}


def rendered(line: str, texts: Mapping[str, str]) -> str:
    """One line in the words of `texts`: as a whole, else part by part, else as it is."""
    whole = _said(line, texts)
    if whole is not None:
        return whole
    parts = [_said(part, texts) for part in line.split(", ")]
    known = [part for part in parts if part is not None]
    return texts["why.comma"].join(known) if len(known) == len(parts) else line


def _said(text: str, texts: Mapping[str, str]) -> str | None:
    """The words for a text of a known shape."""
    for key, shape in _SHAPES:
        if match := shape.fullmatch(text):
            return texts[key].format(**match.groupdict())
    return None
