"""The words of one visit to its courtesies: what was said, what is still to be said, what was not.

What is missing is told when the visit is over. Until then an expectation is open; a live one asks for a hint
once its time has passed. Nothing is missing unless staff was surely heard, and no occasion is made by words of
an unknown speaker, but such words may well be the act that is waited for.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ, Courtesy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.rules.courtesy import Act, CourtesyBook, Expect
    from deskguard.settings import VisitSettings
    from deskguard.values import Visit
    from deskguard.visits.acts import Found, Words

_TURN_S = 1.5
"""On the telephone, where only staff is heard, so long a silence is the other one's turn."""
_ASKED_WAIT_S, _WAIT_S = 30.0, 60.0
"""A silence that kept the visitor waiting: after 请稍候, and without a word."""
_REMEMBERED = 256
"""Acts, unlikely ones among them."""
_SAID = 0.2
"""How likely it must be that an act was said, all likenesses together, to be no longer missing. It is expected,
so it is a hundred times as likely as anywhere; and to be told that one did not say what one did say is worse
than the other mistake."""
_SURELY = 0.5
"""How likely words must be an act that changes what is expected of others."""
_ENOUGH_TURNS = 3
"""Turns of anybody, the present one among them, in which an occasion is the same as another."""
_ENOUGH_S = 120.0
"""An act that answered an occasion does for the same occasion again so long after."""


@dataclass(slots=True)
class _Open:
    """An act that is expected."""

    act: Act
    expect: Expect
    courtesy: Courtesy
    until_sample: int
    until_turn: int
    """The last turn of staff that counts."""
    unsaid: dict[str, float] = field(default_factory=dict)
    """How likely the act, and each that does as well, was not said so far."""

    def is_in_time(self, at_sample: int, turn: int) -> bool:
        # A live hint asks for the act when its time has passed, so it leaves as much time again.
        extra = _samples(self.expect.within_s) if self.expect.live else 0
        return at_sample <= self.until_sample + extra or turn <= self.until_turn


@dataclass(frozen=True, slots=True)
class _Act:
    """An act that was said."""

    name: str
    turn: int
    start_sample: int
    end_sample: int
    likelihood: float


class Expectations:
    """The courtesies of one visit."""

    def __init__(self, book: CourtesyBook, settings: VisitSettings, visit: Visit) -> None:
        off = set(settings.off)
        self._acts = {
            act.act_id: act for act in book.acts if act.act_id not in off and visit.channel in act.channels
        }
        self._closers = {
            act.act_id
            for act in book.acts
            if act.scene == "farewell" or (act.expect is not None and act.expect.when == "visit-ends")
        }
        self._greeting_within_s = settings.greeting_within_s
        self._visit = visit
        self._open: dict[str, _Open] = {}
        self._said: deque[_Act] = deque(maxlen=_REMEMBERED)
        self._numbers: Counter[str] = Counter()
        self._occasions: Counter[str] = Counter()
        """Turns with an occasion, by act."""
        self._occasion_turn: dict[str, int] = {}
        self._missed: set[str] = set()
        self._answered: dict[str, int] = {}
        """Until where an act does for further occasions."""
        self._turn = 0
        """Turns of staff so far."""
        self._is_staffs_turn = False
        self._has_company = False
        """Somebody else than staff was heard, or somebody unknown."""
        self._talk = 0
        """Turns of anybody."""
        self._last: Words | None = None
        self._silence = 0
        """Samples in which nobody spoke since staff did."""
        self._closed_turn = -1
        """The turn of staff that held a farewell last."""

    def begin(self) -> list[Courtesy]:
        """What is expected from the beginning."""
        found = []
        for act, expect in self._expected("visit-begins"):
            within_s = self._greeting_within_s or expect.within_s
            start = self._visit.start_sample
            courtesy = self._courtesy(act, start, start, "at the beginning of a visit")
            opened = _Open(act, expect, courtesy, start + _samples(within_s), max(1, expect.within_turns))
            self._open[act.act_id] = opened
            # What the visitor's own words may make needless is told only when it was missing.
            found += [courtesy] if expect.live else []
        return found

    def hear(self, words: Words) -> list[Courtesy]:
        """Take the next words of the visit."""
        self._count_turns(words)
        self._hear_excuses(words)
        self._silence += max(0, words.start_sample - self._last.end_sample) if self._last else 0
        found = self._hear_wait(words) if words.role == "staff" else []
        self._silence *= words.role != "staff"
        found += self._hear_acts(words) if words.role != "visitor" else []
        for one in words.occasions:
            found += self._hear_occasion(one, words)
        self._last = words
        return found

    def tick(self, now_sample: int) -> list[Courtesy]:
        """What has become worth a hint by now."""
        found = []
        for one in self._open.values():
            is_due = now_sample > one.until_sample and not one.courtesy.can_still_help
            if one.expect.live and is_due and self._last is not None:
                one.courtesy = replace(one.courtesy, can_still_help=True)
                found.append(one.courtesy)
        return found

    def end(self) -> list[Courtesy]:
        """What was not said; nothing when staff was not surely heard."""
        found = []
        if self._turn and (self._has_company or self._visit.channel != "counter"):
            found += [self._missing(one) for one in self._open.values()]
            found += list(self._missing_at_end())
        self._open.clear()
        return found

    # Turns

    def _count_turns(self, words: Words) -> None:
        """A turn of staff lasts until the visitor speaks; an unknown speaker ends none."""
        last = self._last
        if words.role != "staff":
            self._has_company = True
            self._is_staffs_turn = self._is_staffs_turn and words.role == "unknown"
            self._talk += words.role == "visitor" and (last is None or last.role != "visitor")
            return
        is_alone = not self._has_company and last is not None
        paused = is_alone and words.start_sample - (last.end_sample if last else 0) > _samples(_TURN_S)
        if not self._is_staffs_turn or paused:
            self._turn += 1
            self._talk += 1
        self._is_staffs_turn = True

    # Acts

    def _hear_acts(self, words: Words) -> list[Courtesy]:
        found = []
        answered: set[str] = set()
        for one in (*words.acts, *words.perhaps):
            if one.name not in self._acts and not self._is_answer(one.name):
                continue
            self._said.append(_Act(one.name, self._turn, one.start_sample, one.end_sample, one.likelihood))
            if one.name in self._closers and one.likelihood >= _SURELY:
                self._closed_turn = self._turn
            for expected in self._answers(one.name):
                if not expected.is_in_time(one.start_sample, self._turn) or expected.act.act_id in answered:
                    continue
                unsaid = expected.unsaid.get(one.name, 1.0) * (1 - one.likelihood)
                expected.unsaid[one.name] = unsaid
                if 1 - unsaid >= _SAID:
                    answered.add(expected.act.act_id)
                    found.append(self._fulfilled(expected, one.name, one.start_sample, one.end_sample))
        return found + (self._noticed(words, answered) if words.role == "staff" else [])

    def _noticed(self, words: Words, answered: set[str]) -> list[Courtesy]:
        """Good words that nothing had asked for, each act once in an utterance."""
        taken = [one for one in words.acts if one.name in answered]
        found: dict[str, Courtesy] = {}
        for one in sorted(words.acts, key=lambda one: (self._is_common(one.name), -one.length)):
            act = self._acts.get(one.name)
            # 不客气 answers thanks as well as praise, and 请慢走 is a 请: what is common gives way.
            gives_way = self._is_common(one.name) and any(one.lies_in(other) for other in taken)
            if act is None or one.is_part or gives_way or one.name in answered or one.name in found:
                continue
            taken.append(one)
            self._numbers[one.name] += 1
            found[one.name] = replace(
                self._courtesy(act, one.start_sample, one.end_sample, "said"),
                courtesy_id=f"{self._id(act)}-{self._numbers[one.name]}",
                state="said",
            )
        return sorted(found.values(), key=lambda one: one.start_sample)

    def _is_common(self, name: str) -> bool:
        """Whether its words are often said for another act: any courtesy, and replies without an occasion."""
        act = self._acts.get(name)
        if act is None or act.expect is None:
            return act is None or act.scene == "any"
        return act.expect.when == "after" and act.expect.occasion_by == "visitor"

    def _is_answer(self, name: str) -> bool:
        return any(name in one.expect.satisfied_by for one in self._acts.values() if one.expect)

    def _answers(self, name: str) -> list[_Open]:
        return [one for one in self._open.values() if name == one.act.act_id or name in one.expect.satisfied_by]

    def _fulfilled(self, one: _Open, by: str, start_sample: int, end_sample: int) -> Courtesy:
        del self._open[one.act.act_id]
        self._answered[one.act.act_id] = end_sample + _samples(_ENOUGH_S)
        late = end_sample > one.until_sample
        why = (*one.courtesy.why, *(() if by == one.act.act_id else (f"{by} does as well",)))
        return replace(
            one.courtesy,
            state="said",
            start_sample=start_sample,
            end_sample=end_sample,
            can_still_help=False,
            why=(*why, "after its time") if late and one.expect.live else why,
        )

    # Occasions

    def _hear_excuses(self, words: Words) -> None:
        """A visitor who says what he has come for need not be asked."""
        for name in words.excused if words.role != "staff" else ():
            one = self._open.get(name)
            if (
                one is not None
                and one.expect.when == "visit-begins"
                and one.is_in_time(words.start_sample, self._turn)
            ):
                del self._open[name]

    def _hear_wait(self, words: Words) -> list[Courtesy]:
        """Staff speaks again after a silence in which the visitor was kept waiting."""
        last = self._last
        if last is None:
            return []
        names = {one.name for one in self._said if one.turn >= self._turn - 1 and one.likelihood >= _SURELY}
        is_asked = any(self._waits(name) for name in names)
        # Asked to wait, a visitor who asks how long it takes still waits; without, the visitor searches.
        waited = self._silence if is_asked else words.start_sample - last.end_sample
        if waited < _samples(_ASKED_WAIT_S if is_asked else _WAIT_S):
            return []
        found: list[Courtesy] = []
        for act, expect in self._expected("after-wait"):
            found += self._expect(act, expect, (words.start_sample, words.start_sample), "after a wait")
        return found

    def _waits(self, name: str) -> bool:
        return name in self._acts and self._acts[name].scene == "wait"

    def _hear_occasion(self, one: Found, words: Words) -> list[Courtesy]:
        act = self._acts.get(one.name)
        if act is None or act.expect is None:
            return []
        expect = act.expect
        if self._occasion_turn.get(act.act_id) != self._talk:
            self._occasion_turn[act.act_id] = self._talk
            self._occasions[act.act_id] += 1
        if self._occasions[act.act_id] < expect.from_nth or self._is_answered(act, expect, one):
            return []
        nth = self._occasions[act.act_id]
        reason = f"asked for by words of {words.role}" + (
            f", for the {nth}. time" if expect.from_nth > 1 else ""
        )
        if one.likelihood < 1:
            reason += f", which are in no list and {one.likelihood:.2f} likely to"
        return self._expect(act, expect, (one.start_sample, one.end_sample), reason)

    def _expect(self, act: Act, expect: Expect, span: tuple[int, int], why: str) -> list[Courtesy]:
        if act.act_id in self._missed or act.act_id in self._open:
            return []
        if any(self._is_recent(name) for name in expect.gives_way_to):
            return []
        for other in [one for one in self._open.values() if act.act_id in one.expect.gives_way_to]:
            del self._open[other.act.act_id]
        courtesy = self._courtesy(act, *span, why)
        until_sample = span[1] + _samples(expect.within_s)
        # After a wait the turn that is just beginning is the first that counts.
        until_turn = self._turn + expect.within_turns - (expect.when == "after-wait")
        self._open[act.act_id] = _Open(act, expect, courtesy, until_sample, until_turn)
        return [courtesy] if expect.live else []

    def _is_recent(self, name: str) -> bool:
        """Whether there was an occasion for another act in this turn or the one before."""
        return self._talk - self._occasion_turn.get(name, -_ENOUGH_TURNS) < _ENOUGH_TURNS

    def _is_answered(self, act: Act, expect: Expect, occasion: Found) -> bool:
        """Whether the act was said before its occasion, or the visitor only answers a farewell."""
        if self._answered.get(act.act_id, -1) >= occasion.start_sample:
            return True
        if expect.occasion_by == "visitor" and self._closed_turn == self._turn:
            return True
        names = {act.act_id, *expect.satisfied_by}
        oldest = occasion.start_sample - _samples(expect.before_s)
        is_own = expect.occasion_by == "staff"
        return _is_among(
            one
            for one in self._said
            if one.name in names and ((is_own and one.turn == self._turn) or one.end_sample >= oldest)
        )

    # The end

    def _missing_at_end(self) -> Iterator[Courtesy]:
        end = self._last.end_sample if self._last else self._visit.start_sample
        for act, expect in self._expected("visit-ends"):
            names = {act.act_id, *expect.satisfied_by}
            turns = self._turn - max(1, expect.within_turns)
            oldest = end - _samples(expect.within_s)
            if not _is_among(
                one
                for one in self._said
                if one.name in names and (one.turn > turns or one.end_sample >= oldest)
            ):
                courtesy = self._courtesy(act, end, end, "at the end of a visit")
                yield replace(courtesy, state="missing")

    def _missing(self, one: _Open) -> Courtesy:
        self._missed.add(one.act.act_id)
        return replace(one.courtesy, state="missing", can_still_help=False)

    def _expected(self, when: str) -> Iterator[tuple[Act, Expect]]:
        for act in self._acts.values():
            if act.expect is not None and act.expect.when == when:
                yield act, act.expect

    def _courtesy(self, act: Act, start_sample: int, end_sample: int, why: str) -> Courtesy:
        return Courtesy(
            courtesy_id=self._id(act),
            visit_id=self._visit.visit_id,
            act_id=act.act_id,
            name=act.name,
            scene=act.scene,
            state="open",
            start_sample=start_sample,
            end_sample=end_sample,
            expected=act.advice,
            clauses=act.clauses,
            why=(why,),
        )

    def _id(self, act: Act) -> str:
        return f"{self._visit.visit_id}-{act.act_id}"


def _is_among(said: Iterable[_Act]) -> bool:
    """Whether at least one of these acts was likely said."""
    unsaid: dict[str, float] = {}
    for one in said:
        unsaid[one.name] = unsaid.get(one.name, 1.0) * (1 - one.likelihood)
    return 1 - min(unsaid.values(), default=1.0) >= _SAID


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
