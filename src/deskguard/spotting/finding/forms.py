"""The spellings of rules as they are looked for, and what a place must be to count as one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.rules.spelling import Spelling, core, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.ruleset import Rule, Variant
    from deskguard.spotting.finding.heard import Heard, Place

_SHORT_SYLLABLES = 4
"""Spellings up to this length must start and end where words do, and are said without a pause."""

CUTS_WORD = "cuts a word"
PAUSE_INSIDE = "a pause stands inside"
NO_CLAUSE_END = "not at a clause's end"
NO_ANSWER = "not an answer by itself"


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling of one rule."""

    rule_id: str
    variant: Variant
    spelling: Spelling
    whole_words: bool


@dataclass(frozen=True, slots=True)
class Excuse:
    """Where an innocent wording stands, and the spellings within it."""

    text: str
    """The wording, as the pack has it."""
    held: Place
    inner: tuple[Place, ...]

    def excuses(self, place: Place) -> bool:
        """Whether the wording takes the place, or a shorter spelling within it, for itself.

        自己看得清楚 excuses 你自己看 too, since both hold the same 自己看; a wording that lies inside the place
        excuses nothing.
        """
        return not self.is_inside(place) and any(place.holds(one) for one in self.inner)

    def covers(self, place: Place) -> bool:
        """The same for a place that was heard otherwise: half of it is the wording's."""
        return not self.is_inside(place) and 2 * self.held.shares(place) >= place.end - place.start

    def is_inside(self, place: Place) -> bool:
        return place.holds(self.held) and not self.held.holds(place)

    @property
    def reason(self) -> str:
        return f"inside the longer wording {self.text}"


def forms_of(rule: Rule) -> Iterator[Form]:
    """The spellings of a rule and their cores, without repeats; a core comes right after its spelling."""
    seen: set[tuple[str, ...]] = set()
    for variant in rule.variants:
        whole = parse(variant.text)
        for spelling in (whole, core(whole)):
            if spelling is None or (key := (variant.where, *spelling.pieces)) in seen:
                continue
            seen.add(key)
            is_short = spelling.syllables <= _SHORT_SYLLABLES
            yield Form(
                rule.rule_id, variant, spelling, is_short if rule.whole_words is None else rule.whole_words
            )


def misplaced(heard: Heard, form: Form, place: Place) -> str:
    """Why the place is none for this spelling whatever its words, or nothing."""
    if form.variant.where != "anywhere" and not heard.ends_clause(place.end):
        return NO_CLAUSE_END
    if form.variant.where == "answer" and not heard.answers(place.start):
        return NO_ANSWER
    if form.whole_words and len(form.spelling.pieces) == 1 and heard.pauses_in(place):
        return PAUSE_INSIDE
    return ""


def cuts_words(heard: Heard, form: Form, place: Place, *, is_as_heard: bool) -> bool:
    """Whether the place cuts a word: of what was heard, or of the text with what was meant in its place."""
    if not form.whole_words:
        return False
    if is_as_heard or place.exact or len(form.spelling.pieces) > 1:
        return heard.cuts_words(place)
    return heard.cuts_meant_words(place, form.spelling.pieces[0])


def held(wording: Spelling, place: Place, places: Sequence[tuple[Form, Place]]) -> tuple[Place, ...]:
    """The spellings that an innocent wording holds; by sound alone it must be the longer one.

    What merely sounds like a phrase is no excuse: 我不关 excuses 我不管 only where it is written so.
    """
    return tuple(
        inner
        for form, inner in places
        if place.holds(inner) and (place.exact or wording.syllables > form.spelling.syllables)
    )


def could_grow(heard: Heard, form: Form, place: Place, innocent: Sequence[str]) -> bool:
    """Whether the place ends the text and what has been said so far could go on as an innocent wording."""
    chars = heard.text.chars
    if place.end < len(chars):
        return False
    if form.variant.where != "anywhere":
        return True
    said = chars if place.exact or form.spelling.gaps else chars[: place.start] + form.spelling.pieces[0]
    return any(
        len(said) - cut <= place.start and said.endswith(wording[:cut])
        for wording in innocent
        for cut in range(1, len(wording))
    )
