"""A passage and the rules in, candidates out: exact pieces by characters and by sound, joined across gaps.

Two Aho-Corasick automata, one over characters and one over syllables, find every piece of every spelling in one
walk each, so 10,000 phrases cost what ten do. Only then are the few touched spellings put together and asked
whether they start and end where words do and whether a longer innocent wording holds them. Who speaks, negation
and quotation are not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from deskguard.language.syllables import syllables
from deskguard.language.text import Normalised, normalise
from deskguard.language.words import PARTICLES, word_edges
from deskguard.rules.spelling import GAP_S, PAUSE_SYLLABLES, Spelling, core, parse
from deskguard.values import SAMPLE_RATE_HZ, Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.rules.pack import Rule, RuleSet, Variant
    from deskguard.values import Passage

_SHORT_SYLLABLES = 4
"""Spellings up to this length must start and end where words do, and are said without a pause."""
# What may stand right before an answer; 这个我不清楚 answers, 照片不清楚 describes a copy.
_ANSWERERS = (
    "我",
    "我们",
    "我也",
    "我们也",
    "我可",
    "我真",
    "我还",
    "这",
    "这个",
    "这事",
    "这事儿",
    "那",
    "那个",
)
_CLAUSE_TAIL = PARTICLES | {"了", "的"}


@dataclass(frozen=True, slots=True)
class _Form:
    """One spelling of one rule, its pieces as numbers of the shared piece list."""

    rule_id: str
    variant: Variant
    spelling: Spelling
    pieces: tuple[int, ...]
    whole_words: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a form lies in the normalised characters, and whether every character is the pack's."""

    start: int
    end: int
    exact: bool

    def holds(self, other: _Place) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class _Excuse:
    """Where an innocent wording stands, and the spellings within it."""

    held: _Place
    inner: tuple[_Place, ...]

    def excuses(self, place: _Place) -> bool:
        """Whether the wording takes the place, or a shorter spelling within it, for itself.

        自己看得清楚 excuses 你自己看 too, since both hold the same 自己看; a wording that lies inside the place
        excuses nothing.
        """
        is_inside = place.holds(self.held) and not self.held.holds(place)
        return not is_inside and any(place.holds(one) for one in self.inner)


class Spotter:
    """Finds the phrases of one rule set; holds automata only, so one spotter may serve many passages."""

    def __init__(self, rules: RuleSet) -> None:
        self._numbers: dict[str, int] = {}
        self._forms: dict[int, list[_Form]] = {}
        """By first piece."""
        self._innocent: dict[str, list[tuple[Spelling, tuple[int, ...]]]] = {}
        for rule in rules.rules.values():
            for form in _forms(rule, self._number):
                self._forms.setdefault(form.pieces[0], []).append(form)
            spellings = [parse(text) for text in rule.innocent]
            self._innocent[rule.rule_id] = [(one, tuple(map(self._number, one.pieces))) for one in spellings]
        self._lengths = [len(piece) for piece in self._numbers]
        self._by_characters = _automaton(
            ((piece, number) for piece, number in self._numbers.items()), whole=True
        )
        self._by_sound = _automaton(
            ((syllables(normalise(piece)), number) for piece, number in self._numbers.items()), whole=False
        )

    def find(self, passage: Passage) -> list[Candidate]:
        """Every place that reads or sounds like a phrase, in order; only different rules overlap."""
        text = normalise(passage.text)
        if not text.chars or not self._numbers:
            return []
        search = _Search(passage, text, self._occurrences(text), self._lengths)
        by_rule: dict[str, list[tuple[_Form, _Place]]] = {}
        for number in list(search.occurrences):
            for form in self._forms.get(number, ()):
                for place in search.places(form.pieces, form.spelling.gaps):
                    by_rule.setdefault(form.rule_id, []).append((form, place))
        found: list[Candidate] = []
        for rule_id, places in by_rule.items():
            excuses = [
                _Excuse(held, _held(held, spelling, places))
                for spelling, pieces in self._innocent[rule_id]
                for held in search.innocent(pieces, spelling.gaps)
            ]
            guilty = [
                (form, place)
                for form, place in places
                if not any(one.excuses(place) for one in excuses) and search.counts(form, place)
            ]
            innocent = [spelling.pieces[0] for spelling, _ in self._innocent[rule_id] if not spelling.gaps]
            found.extend(
                _candidate(text, form, place, is_open=_is_open(text, form, place, innocent))
                for form, place in _longest(guilty)
            )
        return sorted(found, key=lambda one: (one.start_char, one.end_char, one.rule_id))

    def _number(self, piece: str) -> int:
        return self._numbers.setdefault(piece, len(self._numbers))

    def _occurrences(self, text: Normalised) -> dict[int, dict[int, bool]]:
        """For each piece, its starts, and whether it stands there in the pack's characters."""
        found: dict[int, dict[int, bool]] = {}
        for last, numbers in self._by_sound.iter(syllables(text)):
            for number in numbers:
                found.setdefault(number, {})[last + 1 - self._lengths[number]] = False
        for last, numbers in self._by_characters.iter(text.chars):
            for number in numbers:
                found.setdefault(number, {})[last + 1 - self._lengths[number]] = True
        return found


class _Search:
    """One passage with its pieces found."""

    def __init__(
        self,
        passage: Passage,
        text: Normalised,
        occurrences: dict[int, dict[int, bool]],
        lengths: Sequence[int],
    ) -> None:
        self._passage = passage
        self._text = text
        self.occurrences = occurrences
        self._lengths = lengths

    def places(self, pieces: Sequence[int], gaps: Sequence[int]) -> set[_Place]:
        """Every way the pieces stand in order with gaps no wider than allowed, in syllables and in time."""
        ways = self._starts(pieces[0])
        for number, gap in zip(pieces[1:], gaps, strict=True):
            nexts = self._starts(number)
            ways = {
                _Place(way.start, after.end, way.exact and after.exact)
                for way in ways
                for after in nexts
                if 0 <= after.start - way.end <= gap and self._pause_s(way.end, after.start) <= GAP_S
            }
        return ways

    def innocent(self, pieces: Sequence[int], gaps: Sequence[int]) -> list[_Place]:
        """Where an innocent wording stands: from a word's start, and over breaks only at its own pauses."""
        within = 0 if any(gap > PAUSE_SYLLABLES for gap in gaps) else len(gaps)
        found = [place for place in self.places(pieces, gaps) if len(self._breaks_in(place)) <= within]
        return [place for place in found if place.start in word_edges(self._text)]

    def counts(self, form: _Form, place: _Place) -> bool:
        """Whether the place starts and ends as the form demands."""
        if form.variant.where != "anywhere" and not self._ends_clause(place.end):
            return False
        if form.variant.where == "answer" and not self._answers(place.start):
            return False
        if not form.whole_words:
            return True
        if len(form.pieces) == 1 and self._breaks_in(place):
            return False
        # Misheard words must be whole both as heard (每时间|段) and as meant (知不只道).
        return all(
            place.start in edges and place.end in edges
            for edges in (word_edges(self._text), word_edges(self._as_meant(form, place)))
        )

    def _breaks_in(self, place: _Place) -> list[int]:
        return [at for at in self._text.breaks if place.start < at < place.end]

    def _starts(self, number: int) -> set[_Place]:
        length = self._lengths[number]
        return {_Place(at, at + length, exact) for at, exact in self.occurrences.get(number, {}).items()}

    def _pause_s(self, end: int, start: int) -> float:
        spans = self._passage.spans
        before = spans[self._text.ends[end - 1] - 1][1]
        return (spans[self._text.origin[start]][0] - before) / SAMPLE_RATE_HZ

    def _ends_clause(self, end: int) -> bool:
        chars = self._text.chars
        while end < len(chars) and end not in self._text.breaks and chars[end] in _CLAUSE_TAIL:
            end += 1
        return end == len(chars) or end in self._text.breaks

    def _answers(self, start: int) -> bool:
        clause = max((at for at in (0, *self._text.breaks) if at <= start), default=0)
        before = self._text.chars[clause:start]
        return not before or before.endswith(_ANSWERERS)

    def _as_meant(self, form: _Form, place: _Place) -> Normalised:
        """The text with a misheard phrase written as the pack writes it: words are cut in what was meant."""
        if place.exact or len(form.pieces) > 1:
            return self._text
        chars = self._text.chars
        return replace(self._text, chars=chars[: place.start] + form.spelling.pieces[0] + chars[place.end :])


def _forms(rule: Rule, number: Any) -> Iterator[_Form]:
    """The spellings of a rule and their cores, without repeats."""
    seen: set[tuple[str, ...]] = set()
    for variant in rule.variants:
        whole = parse(variant.text)
        for spelling in (whole, core(whole)):
            if spelling is None or (key := (variant.where, *spelling.pieces)) in seen:
                continue
            seen.add(key)
            short = spelling.syllables <= _SHORT_SYLLABLES
            yield _Form(
                rule.rule_id,
                variant,
                spelling,
                tuple(map(number, spelling.pieces)),
                short if rule.whole_words is None else rule.whole_words,
            )


def _automaton(keys: Iterator[tuple[Any, int]], *, whole: bool) -> Any:
    """An automaton from key to the numbers of the pieces that have it."""
    import ahocorasick

    kind = ahocorasick.KEY_STRING if whole else ahocorasick.KEY_SEQUENCE
    automaton = ahocorasick.Automaton(ahocorasick.STORE_ANY, kind)
    numbers: dict[Any, list[int]] = {}
    for key, number in keys:
        numbers.setdefault(key, []).append(number)
    for key, pieces in numbers.items():
        automaton.add_word(key, tuple(pieces))
    automaton.make_automaton()
    return automaton


def _held(held: _Place, wording: Spelling, places: Sequence[tuple[_Form, _Place]]) -> tuple[_Place, ...]:
    """The spellings that an innocent wording holds; by sound alone it must be the longer one.

    What merely sounds like a phrase is no excuse: 我不关 excuses 我不管 only where it is written so.
    """
    return tuple(
        place
        for form, place in places
        if held.holds(place) and (held.exact or wording.syllables > form.spelling.syllables)
    )


def _longest(places: list[tuple[_Form, _Place]]) -> list[tuple[_Form, _Place]]:
    """One rule's places without overlaps: longer spellings first, then characters before sound."""
    kept: list[tuple[_Form, _Place]] = []
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
        if all(place.end <= other.start or other.end <= place.start for _, other in kept):
            kept.append((form, place))
    return kept


def _is_open(text: Normalised, form: _Form, place: _Place, innocent: Sequence[str]) -> bool:
    """Whether the place ends the text and what has been said so far could go on as an innocent wording."""
    if place.end < len(text.chars):
        return False
    if form.variant.where != "anywhere":
        return True
    return any(
        len(text.chars) - cut <= place.start and text.chars.endswith(wording[:cut])
        for wording in innocent
        for cut in range(1, len(wording))
    )


def _candidate(text: Normalised, form: _Form, place: _Place, *, is_open: bool) -> Candidate:
    return Candidate(
        rule_id=form.rule_id,
        variant=form.variant.text,
        start_char=text.origin[place.start],
        end_char=text.ends[place.end - 1],
        tier="characters" if place.exact else "sound",
        syllables=form.spelling.syllables,
        is_open=is_open,
    )
