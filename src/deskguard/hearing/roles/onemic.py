"""Utterances of one microphone in, roles out: by voice within the visit, words, level and the returning clerk.

Each utterance is a vector of its voice, a length, a level and its words. `partition` deals all utterances of
the visit out to clerk and visitor anew whenever one comes, so an early label may still change. What is not
clear stays `unknown`: nobody may be accused on a guess.

Vectors live in this object only. It cannot be copied or pickled, its repr shows no numbers, nothing it
returns holds one, and `forget_visit` drops all of the visit but the mean of the clerk's own turns, by which
the clerk is known at the next visit and which ends with the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from deskguard.hearing.roles.naming import log_odds
from deskguard.hearing.roles.partition import Evidence, Weighing, staff_log_odds
from deskguard.values import SAMPLE_RATE_HZ, Labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from deskguard.hearing.roles.partition import Floats
    from deskguard.hearing.roles.voice import Vector
    from deskguard.values import Pcm, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What an utterance must reach to be given a role."""

    voiced_s: float = 1.0
    """Speech in it: two voices in half a second of speech cannot be told apart (equal error rate 41 %)."""
    staff_log_odds: float = 2.5
    """ln P(staff) / P(visitor) from which it is the clerk's: 0.924 by the model's own, cautious count."""
    visitor_log_odds: float = 2.0
    """The same for the visitor, whom nothing is held against."""
    stranger: float = 1.7
    """Squared distance from the centre of the clerk's voice, of the one expected, beyond which a turn may be a
    third person's: it is not the clerk's. Of 68 turns of companions at the counter, 8 were given to the clerk
    without this and 3 with it; of 262 of the clerk's own, 3 were lost."""


@dataclass(slots=True)
class _Turn:
    """What is kept of an utterance until the visit ends."""

    utterance_id: int
    samples: int
    voiced_s: float
    voice: Vector = field(repr=False)
    level_db: float = field(repr=False)
    words: float
    label: Labelled

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("voices stay in memory: a turn can neither be copied nor pickled")


_MOST_SURE = 0.999
"""What was found by listening is never certain; 1 means that somebody told."""
_MOST_TURNS = 60
"""A visit that nobody closes: the oldest turns keep their labels and are dropped."""
_WORDS = 0.6
"""What a turn's words count beside its voice: the cues were written with conversations like those at hand."""
_CLERK_RETURNS = 6.0
"""Log-odds that the clerk is the one of the visits before: once in 400 visits another one takes over."""
_CLERK_S = 20.0
"""The clerk's voice of earlier visits counts like a turn of this length."""
_SURE = 3.5
"""Log-odds of a turn that goes into the clerk's voice."""
_LEAST_VOICE_S = 1.2
_LEAST_CLERK_TURNS = 2
_LEAST_CLERK_WORDS = 1.0
"""Without a word that spoke for the clerk, the clerk's voice would only confirm itself."""
_MOST_VISITS = 5
"""The mean of the clerk's voice moves on with the last visits: colds, headsets, another chair."""
_ANOTHER_CLERK = 0.6
"""Squared distance from the clerk's voice so far at which a visit's clerk takes its place."""
_LEVEL_FREE_DB = 5.0
_LEVEL_PER_DB = 0.4
_LEVEL_MOST = 4.0
"""The clerk sits nearer: a turn over 5 dB off the visit's median level counts. The turns of a visit share the
most, because nearness is one fact however often it is heard; shouting stays below it."""


class OneMicrophone:
    """Roles of one desk with one microphone; `voice` makes the vector of an utterance's audio."""

    def __init__(
        self, voice: Callable[[Pcm], Vector], bar: Bar | None = None, weighing: Weighing | None = None
    ) -> None:
        self._voice = voice
        self._bar = bar or Bar()
        self._weighing = weighing or Weighing()
        self._turns: list[_Turn] = []
        self._clerk: Floats | None = None
        self._clerk_visits = 0

    def __repr__(self) -> str:
        return f"<OneMicrophone, {len(self._turns)} turns of this visit>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("voices stay in memory: OneMicrophone can neither be copied nor pickled")

    def feed(self, utterance_id: int, pcm: Pcm, voiced_samples: int, text: str) -> list[Labelled]:
        """Take in an utterance that has ended or pauses, cut to its speech; `text` is what was read in it.

        Its own label comes first, then those of earlier utterances of the visit that have changed. An utterance
        may come again, longer: it takes its own place. About 10 ms of CPU for a second of new speech, and 7 ms
        for dealing out the turns.
        """
        last = next((turn for turn in self._turns if turn.utterance_id == utterance_id), None)
        voiced_s, words = voiced_samples / SAMPLE_RATE_HZ, log_odds(text)
        if last is not None and last.samples == pcm.size:
            if (last.words, last.voiced_s) == (words, voiced_s):
                return [last.label]
            last.words, last.voiced_s = words, voiced_s
        else:
            before = last.label if last is not None else Labelled(utterance_id, "unknown", 0.5)
            turn = _Turn(utterance_id, pcm.size, voiced_s, self._voice(pcm), _level_db(pcm), words, before)
            self._turns = [*(one for one in self._turns if one is not last), turn][-_MOST_TURNS:]
        changed = self._relabel()
        own = next(turn.label for turn in self._turns if turn.utterance_id == utterance_id)
        return [own, *(label for label in changed if label.utterance_id != utterance_id)]

    def is_open(self, utterance_id: int) -> bool:
        """Whether an utterance has no role yet and is long enough to be given one."""
        turn = next((one for one in self._turns if one.utterance_id == utterance_id), None)
        return turn is not None and turn.label.role == "unknown" and turn.voiced_s >= self._bar.voiced_s

    def forget_visit(self, keep: Collection[int] = ()) -> None:
        """The visit is over: keep the mean of the clerk's voice where it is clear, drop the rest.

        `keep` are utterances that belong to the next visit already: an end is noticed only after it.
        """
        odds = self._odds() if self._turns else ()
        past = [
            (turn, float(one))
            for turn, one in zip(self._turns, odds, strict=True)
            if turn.utterance_id not in keep
        ]
        self._remember_clerk(past)
        self._turns = [turn for turn in self._turns if turn.utterance_id in keep]

    def forget_all(self) -> None:
        """Another clerk, or the end of the run: no vector is left."""
        self._turns, self._clerk, self._clerk_visits = [], None, 0

    def _relabel(self) -> list[Labelled]:
        """Label every turn anew; the labels that have changed their role."""
        odds = self._odds()
        strange = self._strangers(odds)
        changed = []
        for turn, one, is_strange in zip(self._turns, odds, strange, strict=True):
            before = turn.label
            turn.label = self._label(turn, float(one), bool(is_strange))
            if turn.label.role != before.role:
                changed.append(turn.label)
        return changed

    def _label(self, turn: _Turn, odds: float, is_strange: bool) -> Labelled:
        confidence = min(_MOST_SURE, 1 / (1 + float(np.exp(-abs(odds)))))
        role: Role = "unknown"
        if turn.voiced_s >= self._bar.voiced_s:
            if odds >= self._bar.staff_log_odds and not is_strange:
                role = "staff"
            elif odds <= -self._bar.visitor_log_odds:
                role = "visitor"
        return Labelled(turn.utterance_id, role, confidence)

    def _odds(self) -> Floats:
        """Log-odds of staff of each turn of the visit."""
        voices = np.array([turn.voice for turn in self._turns], np.float64)
        seconds = np.array([turn.voiced_s for turn in self._turns])
        staff = _WORDS * np.array([turn.words for turn in self._turns]) + self._levels()
        if self._clerk is None:
            return staff_log_odds(Evidence(voices, seconds, staff), self._weighing)
        with_clerk = Evidence(
            np.vstack([self._clerk, voices]),
            np.append(_CLERK_S, seconds),
            np.append(_CLERK_RETURNS, staff),
            has_anchor=True,
        )
        return staff_log_odds(with_clerk, self._weighing)[1:]

    def _levels(self) -> Floats:
        """What the level of each turn says for the clerk, who sits nearer."""
        levels = np.array([turn.level_db for turn in self._turns])
        over = levels - np.median(levels)
        beyond = np.sign(over) * np.maximum(0.0, np.abs(over) - _LEVEL_FREE_DB)
        share = _LEVEL_MOST / max(_LEVEL_MOST, levels.size)
        return np.asarray(share * np.clip(_LEVEL_PER_DB * beyond, -1.0, 1.0))

    def _strangers(self, odds: Floats) -> list[bool]:
        """Which turns lie too far from the other turns of their voice to be of it."""
        voices = np.array([turn.voice for turn in self._turns], np.float64)
        long = np.array([turn.voiced_s >= _LEAST_VOICE_S for turn in self._turns])
        strange = []
        for at, turn in enumerate(self._turns):
            others = long & (np.sign(odds) == np.sign(odds[at]))
            others[at] = False
            count = int(others.sum())
            if count < 3:
                strange.append(False)
                continue
            distance = float(((voices[at] - voices[others].mean(axis=0)) ** 2).sum())
            expected = self._weighing.scatter_of(turn.voiced_s) * (1 + 1 / count)
            strange.append(distance > self._bar.stranger * expected)
        return strange

    def _remember_clerk(self, past: list[tuple[_Turn, float]]) -> None:
        clear = [turn for turn, odds in past if odds >= _SURE and turn.voiced_s >= _LEAST_VOICE_S]
        if len(clear) < _LEAST_CLERK_TURNS or sum(turn.words for turn in clear) < _LEAST_CLERK_WORDS:
            return
        weights = [turn.voiced_s for turn in clear]
        voice = np.average(np.array([turn.voice for turn in clear], np.float64), axis=0, weights=weights)
        if self._clerk is None or float(((voice - self._clerk) ** 2).sum()) > _ANOTHER_CLERK:
            self._clerk, self._clerk_visits = voice, 1
            return
        known = min(self._clerk_visits, _MOST_VISITS)
        self._clerk = (self._clerk * known + voice) / (known + 1)
        self._clerk_visits = known + 1


def _level_db(pcm: Pcm) -> float:
    """Mean power in dB re full scale."""
    clean = np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0)
    power = float(np.mean(np.square(clean, dtype=np.float64))) if clean.size else 0.0
    return 10 * float(np.log10(power + 1e-10))
