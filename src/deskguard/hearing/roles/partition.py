"""The turns of a visit in, for each the log-odds that the clerk spoke it out: two voices, weighed together.

Every way of dealing the turns out to two voices has a probability: turns of one voice lie close together
(two-means with a prior for the centres, in which short turns weigh less), words and the clerk's voice of
earlier visits speak for one side, and people take turns. The search climbs from several starts by flipping
one turn at a time; the answer weighs all the optima it found and all their neighbours, so that a doubt in
the naming or in one turn shows in the odds and needs no margin of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_MOST_FLIPS = 200


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
    """Log-odds that the next turn is of the other voice."""

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


def staff_log_odds(evidence: Evidence, weighing: Weighing) -> Floats:
    """ln P(staff) / P(visitor) of each of the n turns, within +-50."""
    problem = _Problem(evidence, weighing)
    optima: dict[bytes, Mask] = {}
    for start in _starts(evidence):
        dealt = _descend(start, problem)
        # The same two voices under each other's names are always weighed, too.
        for one in (dealt, ~dealt):
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
        self._freedom = weighing.freedom
        self._prior = weighing.spread / weighing.freedom
        self._staff = evidence.staff
        self._alternation = weighing.alternation
        self._first = int(evidence.has_anchor)

    def score(self, staff: Mask) -> float:
        """Log-probability of one dealing, up to a constant."""
        of_voices = sum(
            float(self._of_voice(side @ self._gram @ side, side @ self._precision))
            for side in (staff.astype(float), (~staff).astype(float))
        )
        turns = staff[self._first :]
        switches = np.count_nonzero(turns[1:] != turns[:-1])
        return of_voices + float(self._staff[staff].sum()) + self._alternation * switches

    def flips(self, staff: Mask) -> Floats:
        """(n,): the score after each turn went to the other voice, as `score` would give it."""
        own, other = np.diag(self._gram), np.where(staff, 1.0, -1.0)
        total = np.zeros(staff.size)
        for side, sign in ((staff, -other), (~staff, other)):
            member = side.astype(float)
            squares = member @ self._gram @ member + 2 * sign * (self._gram @ member) + own
            total += self._of_voice(squares, member @ self._precision + sign * self._precision)
        words = float(self._staff[staff].sum()) - other * self._staff
        return np.asarray(total + words + self._alternation * self._switches(staff))

    def _of_voice(self, squares: Floats, precision: Floats) -> Floats:
        """Log marginal likelihood of turns of one voice, centre unknown, without what all dealings share."""
        shrunk = 1 + self._prior * np.maximum(precision, 0.0)
        return np.asarray(0.5 * (squares * self._prior / shrunk - self._freedom * np.log(shrunk)))

    def _switches(self, staff: Mask) -> Floats:
        """How often the voice changes from turn to turn, after each turn was flipped."""
        turns = staff[self._first :]
        differs = (turns[1:] != turns[:-1]).astype(float)
        change = np.zeros(turns.size)
        change[1:] += 1 - 2 * differs
        change[:-1] += 1 - 2 * differs
        return np.asarray(np.concatenate([np.zeros(self._first), change]) + differs.sum())


def _starts(evidence: Evidence) -> list[Mask]:
    """Dealings to begin from: by words, by turns, one voice only, and about each pair of the longest turns."""
    count = evidence.seconds.size
    starts = [evidence.staff > 0, np.arange(count) % 2 == 0, np.ones(count, bool)]
    longest = np.argsort(-evidence.seconds, kind="stable")[:5]
    for i, one in enumerate(longest):
        for other in longest[i + 1 :]:
            far = [((evidence.voices - evidence.voices[at]) ** 2).sum(axis=1) for at in (one, other)]
            starts.append(far[0] < far[1])
    return starts


def _descend(start: Mask, problem: _Problem) -> Mask:
    """The best dealing reached by flipping the one turn that gains most, again and again."""
    dealt, score = start.copy(), problem.score(start)
    for _ in range(_MOST_FLIPS):
        flips = problem.flips(dealt)
        best = int(flips.argmax())
        if not flips[best] > score + 1e-9:
            break
        dealt[best] ^= True
        score = float(flips[best])
    return dealt


def _weighed(optima: list[Mask], problem: _Problem) -> Floats:
    """Log-odds of each turn over all optima and their neighbours."""
    for_staff: list[Floats] = []
    for_visitor: list[Floats] = []
    for dealt in optima:
        flips, score = problem.flips(dealt), problem.score(dealt)
        # Of an optimum and its neighbours only a turn's own flip gives that turn to the other voice.
        rest = np.array([_log_sum(np.append(np.delete(flips, at), score)) for at in range(dealt.size)])
        for_staff.append(np.where(dealt, rest, flips))
        for_visitor.append(np.where(dealt, flips, rest))
    staff = np.array([_log_sum(column) for column in np.array(for_staff).T])
    visitor = np.array([_log_sum(column) for column in np.array(for_visitor).T])
    return np.asarray(np.clip(staff - visitor, -50.0, 50.0))


def _log_sum(values: Floats) -> float:
    """ln of the sum of exponentials."""
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))
