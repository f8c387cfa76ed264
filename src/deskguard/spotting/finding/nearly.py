"""Places that sound nearly like a spelling, to the few that may be one: the best of each rule, checked.

What was heard there is wrong by assumption, so its words prove nothing: words are cut in the text with the
spelling written into it. What is left is heard again before it counts, and that costs 20 ms each: so no
more than six of a passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from deskguard.spotting.finding.fit import Fit
from deskguard.spotting.finding.forms import CUTS_WORD, Excuse, Form, cuts_words, misplaced
from deskguard.spotting.finding.heard import Heard, Place
from deskguard.spotting.finding.near import NearPlace, NearSearch, NearTable, may_be_near

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deskguard.rules.spelling import Spelling

MOST_CANDIDATES = 6
MISSED_BY = 0.12
"""How much further than allowed, per syllable, a place may be to be shown as a near miss."""
_MOST_TRIED = 12
"""Places that are looked at more closely; each costs a tenth of a millisecond."""


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
        self._groups = {rule_id: at for at, rule_id in enumerate(innocent)}
        # Innocent wordings are in a group of their own: what a phrase has taken says nothing about them.
        self._table = NearTable(
            [*(one.spelling for one in self._forms), *(one for _, one in self._innocent)],
            [*(self._groups[one.rule_id] for one in self._forms), *(-1 for _ in self._innocent)],
        )

    def find(self, heard: Heard, known: Mapping[str, Known], *, with_excused: bool) -> list[Nearly]:
        """The best few, those first that most speaks for; those that do not count only if asked for."""
        search = NearSearch(self._table, heard)
        innocent: dict[str, list[tuple[NearPlace, str]]] = {}
        places = []
        taken = [
            (self._groups[rule_id], place.start, place.end)
            for rule_id, one in known.items()
            for place in one.taken
        ]
        for place in search.places(MISSED_BY if with_excused else 0.0, taken):
            if place.row < len(self._forms):
                places.append(place)
            else:
                rule_id, spelling = self._innocent[place.row - len(self._forms)]
                innocent.setdefault(rule_id, []).append((place, spelling.text))
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
    taken = [one.place for one in found if one.form.rule_id == form.rule_id and not one.excused]
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
    """The place, and the first reason that speaks against it; one against which none does has its wording."""
    fit = Fit(heard, form, near, search.way(near))
    excused = fit.is_too_far() or reason or fit.misses() or _denies(heard, near, fit)
    return Nearly(
        form=form,
        place=Place(near.start, near.end, exact=False),
        distance=min(fit.distance, 1.0),
        wording="" if excused else fit.wording,
        lacks_end=fit.lacks_end,
        excused=excused,
    )


def _denies(heard: Heard, near: NearPlace, fit: Fit) -> str:
    """Whisper mishears words, but adds no 不: 我不是不知道 is no 我确实不知道."""
    is_denied = heard.text.chars[near.start : near.end].count("不") > fit.wording.count("不")
    return "a negation of its own was heard" if is_denied else ""
