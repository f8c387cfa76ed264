"""Places that sound nearly like a spelling, to the few that may be one: the best of each rule, checked.

What was heard there is wrong by assumption, so its words prove nothing: words are cut in the text with the
spelling written into it. What is left is heard again before it counts, and that costs 20 ms each: so no
more than six of a passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from deskguard.language.words import PARTICLES
from deskguard.rules.spelling import GAP_S
from deskguard.spotting.align import WHOLE
from deskguard.spotting.forms import CUTS_WORD, Excuse, Form, cuts_words, misplaced
from deskguard.spotting.heard import MOST_FILLERS, Heard, Place
from deskguard.spotting.meant import wording
from deskguard.spotting.near import NEGATIONS, NearPlace, NearSearch, NearTable, may_be_near, most_distance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deskguard.rules.spelling import Spelling
    from deskguard.spotting.align import Step

MOST_CANDIDATES = 6
MISSED_BY = 0.12
"""How much further than allowed, per syllable, a place may be to be shown as a near miss."""
_MOST_TRIED = 24
"""Places that are looked at more closely; each costs a tenth of a millisecond."""
_PARTICLE_COST = 30
_NEGATION_COST = 60
_LONG = 7
"""Syllables from which a phrase is known by the rest of it, even without its negation."""
_PAUSE_COST = 30
"""Hundredths of a syllable for a pause where the spelling has none."""
_SYLLABLES_A_DROP = 4
"""Of so many syllables one may be missing altogether; what holds less is another, shorter phrase."""
_MOST_PIECE_COSTS = {1: 15, 2: 40, 3: 90}
"""Hundredths of a syllable that short pieces between gaps may cost: a gap makes chance meetings easy."""
_MOST_PIECE_COST = 40
"""The same for each syllable of a longer one."""


@dataclass(frozen=True, slots=True)
class Nearly:
    """A spelling that may have been misheard, and why it does not count, if so."""

    form: Form
    place: Place
    distance: float
    wording: str
    lacks_end: bool
    """The last syllable has not been heard: perhaps not yet."""
    excused: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the exact tiers say about one rule."""

    taken: Sequence[Place] = ()
    """Where it was found; what is nearly so there is the same thing."""
    refused: Sequence[Place] = ()
    """Where it reads so and does not count; then what is nearly so does not either."""
    excuses: Sequence[Excuse] = ()


_NOTHING_KNOWN = Known()


class NearFinder:
    """Forms and innocent wordings of all rules, for finding what sounds nearly like the forms."""

    def __init__(self, forms: Sequence[Form], innocent: Mapping[str, Sequence[Spelling]]) -> None:
        # Cores alone: a final particle proves nothing, and a missing one costs nothing that way.
        kept = [one for one, after in pairwise([*forms, None]) if one and not _is_core_of(after, one)]
        self._forms = [one for one in kept if may_be_near(one.spelling)]
        self._innocent = [
            (rule_id, one) for rule_id, many in innocent.items() for one in many if may_be_near(one)
        ]
        self._table = NearTable([*(one.spelling for one in self._forms), *(one for _, one in self._innocent)])

    def find(self, heard: Heard, known: Mapping[str, Known], *, with_excused: bool) -> list[Nearly]:
        """The best few, those first that most speaks for; those that do not count only if asked for."""
        search = NearSearch(self._table, heard)
        innocent: dict[str, list[tuple[NearPlace, str]]] = {}
        places = []
        for place in search.places(MISSED_BY if with_excused else 0.0):
            if place.row < len(self._forms):
                places.append(place)
            else:
                rule_id, spelling = self._innocent[place.row - len(self._forms)]
                innocent.setdefault(rule_id, []).append((place, spelling.text))
        places.sort(key=lambda one: (-one.weight, one.start, -one.end, one.row))
        found: list[Nearly] = []
        tried = 0
        for place in places:
            form = self._forms[place.row]
            what = known.get(form.rule_id, _NOTHING_KNOWN)
            if _is_taken(place, form, what, found):
                continue
            tried += 1
            if tried > _MOST_TRIED:
                break
            reason = _refused(heard, form, Place(place.start, place.end, exact=False), what) or next(
                (
                    f"nearer to the longer wording {text}"
                    for other, text in innocent.get(form.rule_id, ())
                    if _beats(other, place)
                ),
                "",
            )
            if reason and not with_excused:
                continue
            one = _judged(heard, search, form, place, reason)
            if not one.excused or with_excused:
                found.append(one)
            if sum(not one.excused for one in found) == MOST_CANDIDATES:
                break
        return found


def _is_core_of(after: Form | None, one: Form) -> bool:
    return (
        after is not None
        and after.rule_id == one.rule_id
        and after.variant == one.variant
        and after.spelling.syllables < one.spelling.syllables
    )


def _is_taken(place: NearPlace, form: Form, known: Known, found: Sequence[Nearly]) -> bool:
    """Whether the rule has something better here already."""
    taken = [
        *known.taken,
        *(one.place for one in found if one.form.rule_id == form.rule_id and not one.excused),
    ]
    return any(place.start < other.end and other.start < place.end for other in taken) or any(
        other.start <= place.start and place.end <= other.end for other in known.refused
    )


def _beats(innocent: NearPlace, place: NearPlace) -> bool:
    return innocent.start <= place.start and place.end <= innocent.end and innocent.weight >= place.weight


def _refused(heard: Heard, form: Form, place: Place, known: Known) -> str:
    """The first reason against the place that needs no alignment."""
    return (
        misplaced(heard, form, place)
        or next((one.reason for one in known.excuses if one.covers(place)), "")
        or (CUTS_WORD if cuts_words(heard, form, place, is_as_heard=False) else "")
    )


def _judged(heard: Heard, search: NearSearch, form: Form, near: NearPlace, reason: str) -> Nearly:
    """The place with its wording, and the first reason that speaks against it."""
    steps = search.way(near)
    distance = near.distance + _PAUSE_COST * _pauses(heard, form, near.start, steps) / WHOLE / near.syllables
    ways = [step for step, _ in steps]
    return Nearly(
        form=form,
        place=Place(near.start, near.end, exact=False),
        distance=min(distance, 1.0),
        wording=wording(heard, form.spelling, near.start, ways),
        lacks_end=bool(ways) and ways[-1].text is None,
        excused=_too_far(form, distance)
        or reason
        or _stretched(heard, near, steps)
        or _half_said(form, steps)
        or _piece_missing(form, steps),
    )


def _too_far(form: Form, distance: float) -> str:
    if distance <= most_distance(form.spelling) + 1e-9:
        return ""
    return f"farther than allowed: {distance:.2f} per syllable"


def _pauses(heard: Heard, form: Form, start: int, steps: Sequence[tuple[Step, int]]) -> int:
    """How many pauses were written where neither the spelling has a gap nor a filler stands."""
    pieces = form.spelling.pieces
    begins = {sum(map(len, pieces[:number])) for number in range(1, len(pieces))}
    return sum(
        start + step.text in heard.text.breaks
        for (before, _), (step, _) in pairwise(steps)
        if step.text is not None
        and step.phrase is not None
        and step.phrase not in begins
        and before.phrase is not None
    )


def _stretched(heard: Heard, near: NearPlace, steps: Sequence[tuple[Step, int]]) -> str:
    """Whether what stands inside, fillers or silence, is too much for one phrase."""
    inside = {
        heard.fillers[near.start + step.text]
        for step, _ in steps
        if step.text is not None and step.phrase is None and not step.in_gap
    }
    if len(inside - {0}) > MOST_FILLERS:
        return f"more than {MOST_FILLERS} fillers inside"
    if any(
        (one.in_gap or two.in_gap) and (one if two.in_gap else two).phrase is None and one.in_gap != two.in_gap
        for (one, _), (two, _) in pairwise(steps)
    ):
        return "a gap wider than allowed"
    if any(heard.pause_s(at, at) > GAP_S for at in range(near.start + 1, near.end)):
        return f"a pause of more than {GAP_S:.0f} s inside"
    gap_ends = [
        (near.start + one.text, near.start + two.text)
        for one, two in pairwise([step for step, _ in steps if step.text is not None and not step.in_gap])
        if one.text is not None and two.text is not None and two.text - one.text > 1
    ]
    if any(heard.pause_s(one + 1, two) > GAP_S for one, two in gap_ends):
        return f"a gap of more than {GAP_S:.0f} s inside"
    return ""


def _half_said(form: Form, steps: Sequence[tuple[Step, int]]) -> str:
    """Whether too many syllables that carry meaning were not heard at all."""
    last = sum(cost for step, cost in steps if step.phrase == len(form.spelling.key) - 1)
    # A short phrase with its particle is another without it: 谁知道呢, 谁知道办这个要排队.
    if form.whole_words and form.spelling.key[-1] in PARTICLES and last > _PARTICLE_COST:
        return "its particle was not heard"
    negations = [
        cost for step, cost in steps if step.phrase is not None and form.spelling.key[step.phrase] in NEGATIONS
    ]
    if form.spelling.syllables < _LONG and max(negations, default=0) > _NEGATION_COST:
        return "its negation was not heard"
    missing = sum(cost >= WHOLE // 2 for step, cost in steps if step.text is None)
    if missing <= form.spelling.syllables // _SYLLABLES_A_DROP:
        return ""
    return f"{missing} syllables were not heard"


def _piece_missing(form: Form, steps: Sequence[tuple[Step, int]]) -> str:
    """Whether one piece between gaps fits so badly that only the others were said."""
    if not form.spelling.gaps:
        return ""
    costs = [0] * len(form.spelling.pieces)
    of_syllable = [number for number, piece in enumerate(form.spelling.pieces) for _ in piece]
    current = 0
    for step, cost in steps:
        if step.phrase is not None:
            current = of_syllable[step.phrase]
        if not step.in_gap:
            costs[current] += cost
    for piece, cost in zip(form.spelling.pieces, costs, strict=True):
        if cost > _MOST_PIECE_COSTS.get(len(piece), _MOST_PIECE_COST * len(piece)):
            return f"a part is farther than allowed: {cost / WHOLE / len(piece):.2f} per syllable"
    return ""
