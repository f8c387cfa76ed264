"""The turns of a visit in, for each the log-odds that the clerk spoke it out: the voices, weighed together.

Every way of dealing the turns out to the clerk, the visitor and perhaps a third person has a probability: turns
of one voice lie close together (means with a prior for the centres, in which short turns weigh less), words and
the clerk's voice of earlier visits speak for one side, people take turns, and a third person is seldom there.
Whoever is not the clerk counts as the visitor. The search climbs from several starts by giving one turn at a
time to another; the answer weighs all the optima it found and all their neighbours, so that a doubt in the
naming or in one turn shows in the odds and needs no margin of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Dealing = npt.NDArray[np.int8]
"""(n,): whose each turn is."""
VISITOR, STAFF, THIRD = 0, 1, 2
_VOICES = np.array([[VISITOR], [STAFF], [THIRD]], np.int8)

_MOST_FLIPS = 200
_MOST_SPLIT = 4
"""So many of the best dealings between two are tried with a third person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """How strongly each kind of evidence counts; fitted by bench/roles.py."""

    scatter: float = 0.49
    """Squared distance of a long turn from the centre of its voice."""
    scatter_short: float = 0.25
    """What comes to it in a turn of one second; half of that in one of two."""
    spread: float = 0.64
    """Squared distance of a voice from the mean of all voices."""
    freedom: float = 14.0
    """Directions that the vectors really vary in: how much a squared distance is believed."""
    alternation: float = 0.4
    """Log-odds that the next turn is of the other side."""
    within: float = -2.0
    """The same for what follows in one utterance, after a pause that is too short to end it."""
    third: float = 4.0
    """Log-odds that nobody but the clerk and the visitor speaks."""

    def scatter_of(self, seconds: float) -> float:
        """Squared distance expected of a turn of so much speech from the centre of its voice."""
        return self.scatter + self.scatter_short / max(seconds, 0.3)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n turns, in their order."""

    voices: Floats
    """(n, d): one vector a turn."""
    seconds: Floats
    """(n,): how much speech each vector is made of."""
    staff: Floats
    """(n,): log-odds of staff by anything but the voice."""
    has_anchor: bool = False
    """The first of them is the clerk's voice of earlier visits and no turn of this one."""
    within: tuple[int, ...] = ()
    """Those that go on in the utterance of the one before."""


def staff_log_odds(evidence: Evidence, weighing: Weighing) -> Floats:
    """ln P(staff) / P(visitor) of each of the n turns, within +-50."""
    problem = _Problem(evidence, weighing)
    optima: dict[bytes, Dealing] = {}
    for start in _starts(evidence):
        dealt = _descend(start, problem, (VISITOR, STAFF))
        # The same voices under each other's names are always weighed, too.
        for one in _named(dealt):
            optima.setdefault(one.tobytes(), one)
    best = sorted(optima.values(), key=problem.score, reverse=True)[:_MOST_SPLIT]
    for start in [one for dealt in best for one in _splits(dealt, evidence)]:
        dealt = _descend(start, problem, (VISITOR, STAFF, THIRD))
        for one in _named(dealt):
            optima.setdefault(one.tobytes(), one)
    return _weighed(list(optima.values()), problem)


class _Problem:
    """Scores of dealing out the turns, from their Gram matrix."""

    def __init__(self, evidence: Evidence, weighing: Weighing) -> None:
        centred = evidence.voices - evidence.voices.mean(axis=0)
        scatter = np.array([weighing.scatter_of(float(one)) for one in evidence.seconds])
        self._precision = weighing.freedom / scatter
        # Rows and columns are weighed by the precision of their turns.
        self._gram = (centred @ centred.T) * np.outer(self._precision, self._precision)
        self._own = np.diag(self._gram)
        self._freedom = weighing.freedom
        self._prior = weighing.spread / weighing.freedom
        self._staff = evidence.staff
        self._third = weighing.third
        self._first = int(evidence.has_anchor)
        change = np.full(evidence.seconds.size, weighing.alternation)
        change[list(evidence.within)] = weighing.within
        self._alternation = change[self._first + 1 :]
        """Of each turn but the first."""

    def score(self, dealt: Dealing) -> float:
        """Log-probability of one dealing, up to a constant."""
        return float(self.moves(dealt)[dealt[0], 0])

    def moves(self, dealt: Dealing) -> Floats:
        """(3, n): log-probability, up to a constant, of the dealing with each turn given to each voice."""
        at = np.arange(dealt.size)
        member = (dealt == _VOICES).astype(float)
        near, precision = member @ self._gram, (member @ self._precision)[:, None]
        squares = (member * near).sum(axis=1, keepdims=True)
        alone = self._of_voice(squares, precision)
        without = self._of_voice(squares - 2 * near + self._own, precision - self._precision)
        together = self._of_voice(squares + 2 * near + self._own, precision + self._precision)
        total = alone.sum() - alone[dealt, 0] + without[dealt, at] + together - alone
        total[dealt, at] = alone.sum()
        return np.asarray(total + self._beside(dealt))

    def _beside(self, dealt: Dealing) -> Floats:
        """(3, n): what words, taking turns and a third person come to after each move."""
        staff = dealt == STAFF
        stays, flips = self._switches(staff)
        words = float(self._staff @ staff)
        as_staff = words + self._staff * ~staff + np.where(staff, stays, flips)
        as_other = words - self._staff * staff + np.where(staff, flips, stays)
        has_third = np.count_nonzero(dealt == THIRD) - (dealt == THIRD) > 0
        others = self._third * has_third
        return np.array([as_other - others, as_staff - others, as_other - self._third])

    def _of_voice(self, squares: Floats, precision: Floats) -> Floats:
        """Log marginal likelihood of turns of one voice, centre unknown, without what all dealings share."""
        shrunk = 1 + self._prior * np.maximum(precision, 0.0)
        return np.asarray(0.5 * (squares * self._prior / shrunk - self._freedom * np.log(shrunk)))

    def _switches(self, staff: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
        """What changes of side from turn to turn come to: as it is, and after each turn changed its side."""
        differs = (staff[self._first + 1 :] != staff[self._first : -1]).astype(float)
        change = np.zeros(staff.size)
        turned = self._alternation * (1 - 2 * differs)
        change[self._first + 1 :] += turned
        change[self._first : -1] += turned
        now = float(self._alternation @ differs)
        return now, now + change


def _starts(evidence: Evidence) -> list[Dealing]:
    """Dealings to begin from: by words, by turns, one voice only, and about each pair of the longest turns."""
    count = evidence.seconds.size
    starts = [evidence.staff > 0, np.arange(count) % 2 == 0, np.ones(count, bool)]
    longest = np.argsort(-evidence.seconds, kind="stable")[:5]
    for i, one in enumerate(longest):
        for other in longest[i + 1 :]:
            far = [((evidence.voices - evidence.voices[at]) ** 2).sum(axis=1) for at in (one, other)]
            starts.append(far[0] < far[1])
    return [one.astype(np.int8) for one in starts]


def _splits(dealt: Dealing, evidence: Evidence) -> list[Dealing]:
    """A dealing between two with one of the voices parted about its two most unlike turns."""
    found = []
    for voice in (VISITOR, STAFF):
        inside = np.flatnonzero(dealt == voice)
        if inside.size < 2:
            continue
        voices = evidence.voices[inside]
        far = ((voices[:, None] - voices[None]) ** 2).sum(axis=2)
        one, other = np.unravel_index(int(far.argmax()), far.shape)
        is_one = far[one] <= far[other]
        for part in (is_one, ~is_one) if voice == STAFF else (is_one,):
            split = dealt.copy()
            split[inside[part]] = THIRD
            found.append(split)
    return found


def _named(dealt: Dealing) -> list[Dealing]:
    """The same voices with each of them for the clerk; who is not the clerk has no rank."""
    voices = [voice for voice in (VISITOR, STAFF, THIRD) if voice != THIRD or (dealt == THIRD).any()]
    return [
        _ranked(np.where(dealt == clerk, STAFF, np.where(dealt == STAFF, clerk, dealt))) for clerk in voices
    ]


def _ranked(dealt: Dealing) -> Dealing:
    """The dealing with the visitor speaking before the third person."""
    others = dealt[dealt != STAFF]
    if others.size and others[0] == THIRD:
        dealt = np.where(dealt == STAFF, STAFF, THIRD - dealt)
    return dealt.astype(np.int8)


def _descend(start: Dealing, problem: _Problem, voices: tuple[int, ...]) -> Dealing:
    """The best dealing reached by giving the one turn that gains most to another voice, again and again."""
    dealt, score = start.copy(), problem.score(start)
    for _ in range(_MOST_FLIPS):
        moves = problem.moves(dealt)[list(voices)]
        voice, turn = np.unravel_index(int(moves.argmax()), moves.shape)
        if not moves[voice, turn] > score + 1e-9:
            break
        dealt[turn] = voices[voice]
        score = float(moves[voice, turn])
    return dealt


def _weighed(optima: list[Dealing], problem: _Problem) -> Floats:
    """Log-odds of each turn over all optima and their neighbours."""
    for_staff: list[Floats] = []
    for_visitor: list[Floats] = []
    for dealt in optima:
        moves, at = problem.moves(dealt), np.arange(dealt.size)
        score = moves[dealt[0], 0]
        moves[dealt, at] = -np.inf
        # Of an optimum and its neighbours only a turn's own moves give that turn to another voice.
        moves[dealt, at] = _all_but_one(score, np.logaddexp.reduce(moves, axis=0))
        for_staff.append(moves[STAFF])
        for_visitor.append(np.logaddexp(moves[VISITOR], moves[THIRD]))
    staff, visitor = (np.logaddexp.reduce(one, axis=0) for one in (for_staff, for_visitor))
    return np.asarray(np.clip(staff - visitor, -50.0, 50.0))


def _all_but_one(first: float, values: Floats) -> Floats:
    """For each of the values ln of the sum of exponentials of `first` and all the others."""
    before = np.logaddexp.accumulate(np.concatenate([[first], values[:-1]]))
    behind = np.logaddexp.accumulate(np.concatenate([[-np.inf], values[:0:-1]]))[::-1]
    return np.asarray(np.logaddexp(before, behind))
