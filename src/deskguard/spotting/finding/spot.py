"""A passage and the rules in, candidates out: exact by characters and by sound, then nearly so.

Exact pieces come from two automata (`pieces`) and are joined across gaps; the few touched spellings are asked
whether they start and end where words do and whether a longer innocent wording holds them. What is misheard is
found by seeds and alignment (`near`). Who speaks, negation and quotation are not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.rules.spelling import PAUSE_SYLLABLES, Spelling, parse
from deskguard.spotting.finding.forms import (
    CUTS_WORD,
    Excuse,
    Form,
    could_grow,
    cuts_words,
    forms_of,
    held,
    misplaced,
)
from deskguard.spotting.finding.heard import Heard, Place
from deskguard.spotting.finding.meant import wording_by_sound
from deskguard.spotting.finding.nearly import Known, NearFinder, Nearly
from deskguard.spotting.finding.pieces import Occurrences, PieceIndex, joined
from deskguard.values import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.rules.ruleset import RuleSet
    from deskguard.values import Passage


@dataclass(frozen=True, slots=True)
class _Found:
    """One rule's exact places: those that count, those that do not and why, and its excuses."""

    kept: list[tuple[Form, Place]]
    refused: list[tuple[Form, Place, str]]
    excuses: list[Excuse]

    @property
    def known(self) -> Known:
        # A misheard word may have swallowed the end of a phrase, so near matching may look again.
        return Known(
            taken=[place for _, place in self.kept],
            refused=[place for _, place, why in self.refused if place.exact or why != CUTS_WORD],
            excuses=self.excuses,
        )


class Spotter:
    """Finds the phrases of one rule set; holds tables only, so one spotter may serve many passages."""

    def __init__(self, rules: RuleSet) -> None:
        forms = [form for rule in rules.rules.values() for form in forms_of(rule)]
        self._innocent = {
            rule_id: [parse(text) for text in rule.innocent] for rule_id, rule in rules.rules.items()
        }
        spellings = [
            *(form.spelling for form in forms),
            *(one for many in self._innocent.values() for one in many),
        ]
        self._pieces = PieceIndex(piece for spelling in spellings for piece in spelling.pieces)
        self._forms: dict[int, list[Form]] = {}
        """By first piece."""
        for form in forms:
            self._forms.setdefault(self._pieces.numbers[form.spelling.pieces[0]], []).append(form)
        self._wordings: dict[int, list[tuple[str, Spelling]]] = {}
        """Innocent wordings of rules, by first piece."""
        for rule_id, many in self._innocent.items():
            for one in many:
                self._wordings.setdefault(self._pieces.numbers[one.pieces[0]], []).append((rule_id, one))
        self._near = NearFinder(forms, self._innocent)

    def find(self, passage: Passage, *, with_excused: bool = False) -> list[Candidate]:
        """Every place that reads or sounds like a phrase, in order, then up to six that nearly do, best first.

        Only different rules overlap. With `with_excused` also the places that do not count, each saying why,
        and those a little farther off than allowed.
        """
        heard = Heard(passage)
        if not heard.text.chars:
            return []
        exact = self._exact(heard)
        found = [self._candidate(heard, form, place) for one in exact.values() for form, place in one.kept]
        if with_excused:
            found += [
                self._candidate(heard, form, place, excused=why)
                for one in exact.values()
                for form, place, why in _apart(one)
            ]
        found.sort(key=lambda one: (one.start_char, one.end_char, one.rule_id))
        known = {rule_id: one.known for rule_id, one in exact.items()}
        near = self._near.find(heard, known, with_excused=with_excused)
        return found + [self._near_candidate(heard, one) for one in near]

    def _exact(self, heard: Heard) -> dict[str, _Found]:
        """What the exact tiers find, by rule."""
        occurrences = self._pieces.occurrences(heard)
        by_rule: dict[str, list[tuple[Form, Place]]] = {}
        for number in occurrences:
            for form in self._forms.get(number, ()):
                for place in self._places(heard, occurrences, form.spelling):
                    by_rule.setdefault(form.rule_id, []).append((form, place))
        excuses = self._excuses(heard, occurrences, by_rule)
        found = {}
        for rule_id in {*by_rule, *excuses}:
            places = by_rule.get(rule_id, [])
            why = [_excuse(heard, form, place, excuses.get(rule_id, ())) for form, place in places]
            found[rule_id] = _Found(
                kept=_longest(one for one, reason in zip(places, why, strict=True) if not reason),
                refused=[(*one, reason) for one, reason in zip(places, why, strict=True) if reason],
                excuses=excuses.get(rule_id, []),
            )
        return found

    def _places(self, heard: Heard, occurrences: Occurrences, spelling: Spelling) -> set[Place]:
        numbers = [self._pieces.numbers[piece] for piece in spelling.pieces]
        return joined(heard, occurrences, numbers, spelling.gaps)

    def _excuses(
        self, heard: Heard, occurrences: Occurrences, by_rule: dict[str, list[tuple[Form, Place]]]
    ) -> dict[str, list[Excuse]]:
        """Where innocent wordings stand: from a word's start, and over breaks only at their own pauses."""
        found: dict[str, list[Excuse]] = {}
        for number in occurrences:
            for rule_id, spelling in self._wordings.get(number, ()):
                is_long = any(gap > PAUSE_SYLLABLES for gap in spelling.gaps)
                for place in self._places(heard, occurrences, spelling):
                    if len(heard.breaks_in(place)) > (0 if is_long else len(spelling.gaps)):
                        continue
                    if place.start in heard.edges:
                        inner = held(spelling, place, by_rule.get(rule_id, ()))
                        found.setdefault(rule_id, []).append(Excuse(spelling.text, place, inner))
        return found

    def _candidate(self, heard: Heard, form: Form, place: Place, *, excused: str = "") -> Candidate:
        return Candidate(
            rule_id=form.rule_id,
            variant=form.variant.text,
            start_char=heard.text.origin[place.start],
            end_char=heard.text.ends[place.end - 1],
            tier="characters" if place.exact else "sound",
            syllables=form.spelling.syllables,
            is_open=self._is_open(heard, form, place),
            wording="" if place.exact else wording_by_sound(heard, form.spelling, place),
            excused=excused,
        )

    def _near_candidate(self, heard: Heard, one: Nearly) -> Candidate:
        is_last = one.place.end == len(heard.text.chars)
        return Candidate(
            rule_id=one.form.rule_id,
            variant=one.form.variant.text,
            start_char=heard.text.origin[one.place.start],
            end_char=heard.text.ends[one.place.end - 1],
            tier="near",
            distance=one.distance,
            syllables=one.form.spelling.syllables,
            is_open=(is_last and one.lacks_end) or self._is_open(heard, one.form, one.place),
            wording=one.wording,
            excused=one.excused,
        )

    def _is_open(self, heard: Heard, form: Form, place: Place) -> bool:
        innocent = [one.pieces[0] for one in self._innocent[form.rule_id] if not one.gaps]
        return could_grow(heard, form, place, innocent)


def _excuse(heard: Heard, form: Form, place: Place, excuses: Iterable[Excuse]) -> str:
    """Why the place does not count, or nothing."""
    for one in excuses:
        if one.excuses(place):
            return one.reason
    # Misheard words must be whole both as heard (每时间|段) and as meant (知不只道).
    return misplaced(heard, form, place) or (
        CUTS_WORD if any(cuts_words(heard, form, place, is_as_heard=each) for each in (True, False)) else ""
    )


def _apart(found: _Found) -> list[tuple[Form, Place, str]]:
    """The refused places beside those that count, without overlaps."""
    why = {(form, place): reason for form, place, reason in found.refused}
    longest = _longest((form, place) for form, place, _ in found.refused)
    return [
        (form, place, why[form, place])
        for form, place in longest
        if not any(place.shares(other) for _, other in found.kept)
    ]


def _longest(places: Iterable[tuple[Form, Place]]) -> list[tuple[Form, Place]]:
    """One rule's places without overlaps: longer spellings first, then characters before sound."""
    kept: list[tuple[Form, Place]] = []
    ranked = sorted(
        places,
        key=lambda one: (
            -one[0].spelling.syllables,
            not one[1].exact,
            one[1].end - one[1].start,
            one[1].start,
            one[0].variant.text,
        ),
    )
    for form, place in ranked:
        if not any(place.shares(other) for _, other in kept):
            kept.append((form, place))
    return kept
