"""Utterances of one microphone in, roles out: by voice within the visit, words, level and the returning clerk.

Each utterance, or each part of one between two short pauses, is a turn: a vector of its voice, a length, a
level and its words. `partition` deals all turns of the visit out to clerk and visitor anew whenever one comes,
so an early label may still change. What is not clear stays `unknown`: nobody may be accused on a guess. An
utterance whose turns go to both sides has no speaker; its stretches say who said what.

Vectors live in this object only. It cannot be copied or pickled, its repr shows no numbers, nothing it
returns holds one, and `forget_visit` drops all of the visit but the mean of the clerk's own turns, by which
the clerk is known at the next visit and which ends with the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from deskguard.hearing.roles.naming import log_odds
from deskguard.hearing.roles.newcomers import Sides, newcomers
from deskguard.hearing.roles.partition import Evidence, Weighing, staff_log_odds
from deskguard.values import SAMPLE_RATE_HZ, Labelled, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from deskguard.hearing.roles.cutting import Cut
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
    stretch_log_odds: float = 3.0
    """From here on a stretch of less speech is somebody's, for visits and courtesy only."""
    stretch_s: float = 0.3
    stranger: float = 1.7
    """Squared distance from the centre of the clerk's voice, of the one expected, beyond which a turn may be a
    third person's: it is not the clerk's. Of 68 turns of companions at the counter, 8 were given to the clerk
    without this and 3 with it; of 262 of the clerk's own, 3 were lost."""


@dataclass(slots=True)
class _Turn:
    """What is kept of an utterance, or of a part of one, until the visit ends."""

    utterance_id: int
    samples: int
    """Of the whole utterance."""
    start_char: int
    end_char: int
    is_within: bool
    """It goes on in the utterance of the turn before."""
    voiced_s: float
    voice: Vector = field(repr=False)
    level_db: float = field(repr=False)
    words: float

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("voices stay in memory: a turn can neither be copied nor pickled")


_MOST_SURE = 0.999
"""What was found by listening is never certain; 1 means that somebody told."""
_DOUBT = 2.0
"""Log-odds for the speaker of its utterance below which a turn stands for itself."""
_MOST_TURNS = 60
"""A visit that nobody closes: the oldest turns keep their labels and are dropped."""
_WORDS = 0.7
"""What a turn's words count beside its voice: the cues were written with conversations like those at hand. Of
430 written turns with words of 2.9 or more for one side, all were of that side (2026-11-30)."""
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
        self._labels: dict[int, Labelled] = {}
        """Of the utterances that the turns are of."""
        self._clerk: Floats | None = None
        self._clerk_visits = 0

    def __repr__(self) -> str:
        return f"<OneMicrophone, {len(self._turns)} turns of this visit>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("voices stay in memory: OneMicrophone can neither be copied nor pickled")

    def feed(
        self, utterance_id: int, pcm: Pcm, voiced_samples: int, text: str, cuts: Sequence[Cut] = ()
    ) -> list[Labelled]:
        """Take in an utterance that has ended or pauses, cut to its speech; `text` is what was read in it.

        At `cuts` its speaker may change. Its own label comes first, then those of earlier utterances of the
        visit that have changed. An utterance may come again, longer: it takes its own place. About 10 ms of CPU
        for a second of new speech, and 7 ms for dealing out the turns.
        """
        turns = self._turns_of(utterance_id, pcm, voiced_samples, text, cuts)
        if turns is None:
            return [self._labels[utterance_id]]
        others = [one for one in self._turns if one.utterance_id != utterance_id]
        self._turns = [*others, *turns][-_MOST_TURNS:]
        self._labels.setdefault(utterance_id, Labelled(utterance_id, "unknown", 0.5))
        changed = self._relabel()
        own = self._labels[utterance_id]
        return [own, *(label for label in changed if label.utterance_id != utterance_id)]

    def is_open(self, utterance_id: int) -> bool:
        """Whether an utterance has no role yet and is long enough to be given one."""
        turns = [one for one in self._turns if one.utterance_id == utterance_id]
        if not turns or self._labels[utterance_id].role != "unknown":
            return False
        is_mixed = len({one.role for one in self._labels[utterance_id].stretches} - {"unknown"}) > 1
        return not is_mixed and sum(one.voiced_s for one in turns) >= self._bar.voiced_s

    def _turns_of(
        self, utterance_id: int, pcm: Pcm, voiced_samples: int, text: str, cuts: Sequence[Cut]
    ) -> list[_Turn] | None:
        """The turns that an utterance consists of; None where nothing is new. Voices that are known stay."""
        known = [one for one in self._turns if one.utterance_id == utterance_id]
        edges = [0, *(one.at_sample for one in cuts), pcm.size]
        chars = [0, *(one.at_char for one in cuts), len(text)]
        is_same = len(known) == len(cuts) + 1 and known[0].samples == pcm.size
        turns = []
        for at, (start, end) in enumerate(pairwise(edges)):
            part = pcm[start:end]
            voice = known[at].voice if is_same else self._voice(part)
            turns.append(
                _Turn(
                    utterance_id=utterance_id,
                    samples=pcm.size,
                    start_char=chars[at],
                    end_char=chars[at + 1],
                    is_within=at > 0,
                    voiced_s=voiced_samples / SAMPLE_RATE_HZ * (end - start) / max(1, pcm.size),
                    voice=voice,
                    level_db=known[at].level_db if is_same else _level_db(part),
                    words=log_odds(text[chars[at] : chars[at + 1]]),
                )
            )
        if is_same and all(_is_like(one, other) for one, other in zip(turns, known, strict=True)):
            return None
        return turns

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
        self._labels = {key: one for key, one in self._labels.items() if key in keep}

    def forget_all(self) -> None:
        """Another clerk, or the end of the run: no vector is left."""
        self._turns, self._labels, self._clerk, self._clerk_visits = [], {}, None, 0

    def _relabel(self) -> list[Labelled]:
        """Label every utterance anew; the labels that have changed their role, or that of a stretch."""
        odds = self._odds()
        strange, new = self._strangers(odds), self._newcomers(odds)
        found: dict[int, list[_Judged]] = {}
        for turn, *judged in zip(self._turns, odds.tolist(), strange, new, strict=True):
            found.setdefault(turn.utterance_id, []).append(_Judged(turn, *judged))
        labels = {key: self._label(key, judged) for key, judged in found.items()}
        changed = [one for key, one in labels.items() if _sides(one) != _sides(self._labels[key])]
        self._labels = labels
        return changed

    def _label(self, utterance_id: int, judged: list[_Judged]) -> Labelled:
        weights = [one.turn.voiced_s for one in judged]
        voiced_s = sum(weights)
        mean = float(np.average([one.odds for one in judged], weights=weights)) if voiced_s else 0.0
        stretches = [self._stretch(one) for one in judged]
        if len({one.role for one in stretches} - {"unknown"}) > 1:
            return Labelled(utterance_id, "unknown", 0.5, tuple(_joined(stretches)))
        is_strange = 2 * sum(one.turn.voiced_s for one in judged if one.is_strange) > voiced_s
        role = self._role(mean, is_strange=is_strange) if voiced_s >= self._bar.voiced_s else "unknown"
        first, last = judged[0].turn, judged[-1].turn
        newcomer = max((one.newcomer for one in judged), key=abs)
        if any(_is_doubtful(one, mean) for one in judged):
            return Labelled(utterance_id, role, _sure(mean), tuple(_joined(stretches)))
        own = self._role_of_stretch(mean, voiced_s, is_strange=is_strange)
        whole = Stretch(
            start_char=first.start_char,
            end_char=last.end_char,
            role=own,
            confidence=_sure(mean),
            newcomer=newcomer,
        )
        return Labelled(utterance_id, role, _sure(mean), (whole,))

    def _stretch(self, one: _Judged) -> Stretch:
        role = self._role_of_stretch(one.odds, one.turn.voiced_s, is_strange=one.is_strange)
        return Stretch(
            start_char=one.turn.start_char,
            end_char=one.turn.end_char,
            role=role,
            confidence=_sure(one.odds),
            newcomer=one.newcomer,
        )

    def _role_of_stretch(self, odds: float, voiced_s: float, *, is_strange: bool) -> Role:
        """Less speech takes more to be somebody's."""
        is_clear = voiced_s >= self._bar.voiced_s or abs(odds) >= self._bar.stretch_log_odds
        is_enough = is_clear and voiced_s >= self._bar.stretch_s
        return self._role(odds, is_strange=is_strange) if is_enough else "unknown"

    def _role(self, odds: float, *, is_strange: bool) -> Role:
        if odds >= self._bar.staff_log_odds and not is_strange:
            return "staff"
        return "visitor" if odds <= -self._bar.visitor_log_odds else "unknown"

    def _newcomers(self, odds: Floats) -> list[float]:
        """Log-odds that each turn is of somebody who was not heard in the visit before; none of the clerk's."""
        seconds = np.array([turn.voiced_s for turn in self._turns])
        is_visitors = (odds <= -self._bar.visitor_log_odds) & (seconds >= self._bar.voiced_s)
        return newcomers(
            np.array([turn.voice for turn in self._turns], np.float64),
            seconds,
            [turn.utterance_id for turn in self._turns],
            Sides(visitors=is_visitors, clerks=odds >= self._bar.staff_log_odds),
            self._weighing,
        )

    def _odds(self) -> Floats:
        """Log-odds of staff of each turn of the visit."""
        voices = np.array([turn.voice for turn in self._turns], np.float64)
        seconds = np.array([turn.voiced_s for turn in self._turns])
        staff = _WORDS * np.array([turn.words for turn in self._turns]) + self._levels()
        if self._clerk is None:
            return staff_log_odds(Evidence(voices, seconds, staff, within=self._within()), self._weighing)
        with_clerk = Evidence(
            np.vstack([self._clerk, voices]),
            np.append(_CLERK_S, seconds),
            np.append(_CLERK_RETURNS, staff),
            has_anchor=True,
            within=self._within(1),
        )
        return staff_log_odds(with_clerk, self._weighing)[1:]

    def _within(self, first: int = 0) -> tuple[int, ...]:
        """The turns that go on in the utterance before; the oldest of all may have lost what came before it."""
        return tuple(first + at for at, turn in enumerate(self._turns) if turn.is_within and at > 0)

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


@dataclass(frozen=True, slots=True)
class _Judged:
    """A turn and what was found of it."""

    turn: _Turn
    odds: float
    is_strange: bool
    newcomer: float


def _is_doubtful(one: _Judged, mean: float) -> bool:
    """Whether a turn of an utterance may not be of the one whom the utterance is of."""
    return one.odds * float(np.sign(mean)) < _DOUBT


def _is_like(one: _Turn, other: _Turn) -> bool:
    """Whether two readings of the same sound come to the same."""
    return (one.words, one.voiced_s, one.start_char, one.end_char) == (
        other.words,
        other.voiced_s,
        other.start_char,
        other.end_char,
    )


def _sides(label: Labelled) -> tuple[Role, ...]:
    return (label.role, *(one.role for one in label.stretches))


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Neighbours of one side as one."""
    joined = stretches[:1]
    for one in stretches[1:]:
        last = joined[-1]
        if one.role != last.role:
            joined.append(one)
            continue
        joined[-1] = replace(
            last,
            end_char=one.end_char,
            confidence=max(last.confidence, one.confidence),
            newcomer=max(last.newcomer, one.newcomer, key=abs),
        )
    return joined


def _sure(odds: float) -> float:
    """Probability of the likelier side."""
    return min(_MOST_SURE, 1 / (1 + float(np.exp(-abs(odds)))))


def _level_db(pcm: Pcm) -> float:
    """Mean power in dB re full scale."""
    clean = np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0)
    power = float(np.mean(np.square(clean, dtype=np.float64))) if clean.size else 0.0
    return 10 * float(np.log10(power + 1e-10))
