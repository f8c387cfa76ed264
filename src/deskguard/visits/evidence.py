"""Words in, weights out: how much they speak for one visit being over and another beginning.

The weights were set by hand on fourteen development conversations, put one after the other with silences of
0.6 to 40 s (2026-11-22, text without sound). Each sort of evidence is bounded: no number of thanks makes a
farewell, and no silence that a search in the files may take makes an end by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deskguard.rules.courtesy import CourtesyBook
    from deskguard.visits.acts import Words

ENOUGH = 3.0
"""From here on it is another visit."""
DOUBTFUL = 1.2
"""From here on what is said next is waited for."""
FAREWELL = 1.8
_MOST_CLOSING = 2.5
LEAVES = 1.0
_THANKS = 0.5
_ONE_OPENER, _TWO_OPENERS, _NEXT = 2.0, 3.0, 3.0
_GREETS, _ASKS, _MOST_VISITOR = 1.2, 1.2, 2.0
_GOES_ON = 1.5
"""Taken off for words that only make sense in the middle of a visit: 让您久等了, 请在这里签字."""
_YOUNG_PARTS, _YOUNG, _YOUNG_GAP_S = 3, 1.5, 20.0
"""Both greet at the beginning: a visit of so few utterances is not over yet, unless there was a silence."""
_UNGREETED_PARTS, _UNGREETED = 4, 1.0
_SILENCES = ((40.0, 2.5), (25.0, 2.0), (15.0, 1.5), (8.0, 1.0), (4.0, 0.4))
_WAITING = 0.3
"""What a silence is worth after the visitor was asked to wait."""
_NEWCOMER, _MOST_NEWCOMER, _LEAST_NEWCOMER = 0.6, 2.7, -1.5
_QUICK_NEWCOMER, _COMES_S, _VOICE = 0.5, 2.0, 4.5
"""A voice that was not heard before, in log-odds: a companion speaks up in the middle of the talk, too; the
next visitor takes some seconds to come. By hand, beside four days of synthetic voices (2026-11-30)."""
_MIDDLE_SCENES = frozenset(("wait", "sign", "hand_over", "missing_documents"))


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the acts of a book are for boundaries."""

    greetings: frozenset[str]
    questions: frozenset[str]
    """Those that ask what the visitor has come for, and those that open a call."""
    closers: frozenset[str]
    middle: frozenset[str]
    waiting: frozenset[str]

    @classmethod
    def of(cls, book: CourtesyBook) -> Kinds:
        def of_scene(*scenes: str) -> frozenset[str]:
            return frozenset(act.act_id for act in book.acts if act.scene in scenes)

        def at(when: str) -> frozenset[str]:
            return frozenset(act.act_id for act in book.acts if act.expect and act.expect.when == when)

        return cls(
            greetings=of_scene("greet"),
            questions=at("visit-begins") - of_scene("greet"),
            closers=of_scene("farewell") | at("visit-ends"),
            middle=of_scene(*_MIDDLE_SCENES),
            waiting=of_scene("wait"),
        )

    @property
    def openers(self) -> frozenset[str]:
        return self.greetings | self.questions


def closing(kinds: Kinds, last: Iterable[Words]) -> float:
    """How much the last words of a visit sound like its end."""
    names = {name for words in last for name in words.names()}
    cues = {name for words in last for name in words.cue_names()}
    weight = FAREWELL * bool(names & kinds.closers) + LEAVES * ("leaves" in cues) + _THANKS * ("thanks" in cues)
    return min(_MOST_CLOSING, weight)


def opening(kinds: Kinds, held: Sequence[Words]) -> float:
    """How much these words sound like the beginning of a visit."""
    names = {name for words in held for name in words.names()}
    cues = {name for words in held for name in words.cue_names()}
    openers = bool(names & kinds.greetings) + bool(names & kinds.questions)
    staff = (0.0, _ONE_OPENER, _TWO_OPENERS)[openers]
    if "next" in cues:
        staff = max(staff, _NEXT)
    # Asked what he has come for, the visitor says so: that is the same evidence once more.
    asks = _ASKS if "asks" in cues and not names & kinds.questions else 0.0
    visitor = min(_MOST_VISITOR, _GREETS * ("greets" in cues) + asks)
    if len({words.role for words in held}) == 1 and held[0].role == "unknown":
        staff, visitor = max(staff, visitor), 0.0
    goes_on = bool(names & kinds.middle) and not names & kinds.questions and "next" not in cues
    return staff + visitor - _GOES_ON * goes_on


def silence(gap_samples: int, *, is_waiting: bool) -> float:
    """How much a silence before the words speaks for an end."""
    gap_s = gap_samples / SAMPLE_RATE_HZ
    weight = next((weight for least, weight in _SILENCES if gap_s >= least), 0.0)
    return weight * (_WAITING if is_waiting else 1.0)


def newcomer(held: Sequence[Words], gap_samples: int) -> float:
    """How much the voice of these words speaks for another visitor, after such a silence.

    Somebody unknown may be the clerk, unless the words are a visitor's. The first to speak counts: who speaks
    after a newcomer is compared with the newcomer, too.
    """
    visitors = [one for one in held if one.role == "visitor" or (one.role == "unknown" and _asks(one))]
    odds = next((max(-_VOICE, min(_VOICE, one.newcomer)) for one in visitors if one.newcomer), 0.0)
    most = _MOST_NEWCOMER if gap_samples >= _COMES_S * SAMPLE_RATE_HZ else _QUICK_NEWCOMER
    return max(_LEAST_NEWCOMER, min(most, _NEWCOMER * odds))


def _asks(words: Words) -> bool:
    return bool(words.cue_names() & {"asks", "greets"})


def youth(parts: int, gap_samples: int, *, is_greeted: bool) -> float:
    """What is taken off while the visit has hardly begun; a greeting that was not heard yet may come late."""
    if parts < _YOUNG_PARTS and gap_samples < _YOUNG_GAP_S * SAMPLE_RATE_HZ:
        return _YOUNG
    return _UNGREETED if parts < _UNGREETED_PARTS and not is_greeted else 0.0
