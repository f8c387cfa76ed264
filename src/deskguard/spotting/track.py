"""Hypotheses in, hits out: a hit is a rule and a span of audio, however often the text is revised.

A candidate in the newest hypothesis is a tentative hit at once: waiting for equal hypotheses costs seconds. The
next hypothesis that shows it again confirms it, as does a final one; two that do not, or a final one, withdraw
it. The end of the utterance before is read together with this one: an endpoint may cut a phrase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ, Candidate, Hit, Hypothesis, Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TAIL_CHARACTERS = 24
_TAIL_OVERLAP = int(0.4 * SAMPLE_RATE_HZ)
"""Whisper lets a last word run into the silence that the next window begins in."""
_GAP_PHRASE_S = 3.0
"""How long a pause a phrase with a gap may hold across an endpoint: the bound of gaps within an utterance."""
_SPLIT_PHRASE_S = 1.2
"""The same for a phrase that has no gap: a hesitation inside it, not two sentences."""
_GAP_MARKS = frozenset("，,。…{、；;！!？?")
_SAME_SPAN_SLACK = int(0.3 * SAMPLE_RATE_HZ)
"""Revisions move a phrase about; two hits of one rule this near are one."""
_REMEMBER_SAMPLES = 10 * SAMPLE_RATE_HZ
_DENIALS = 2
# Order of belief, not probability: calibration needs the acoustic score that a later version brings.
_TIER_CONFIDENCE = {"characters": 0.9, "sound": 0.8}
_SHORT_PENALTY = {2: 0.2, 3: 0.05}
_ALTERNATIVE_PENALTY = 0.15
_UNSURE_PENALTY = 0.1
_UNSURE_LOG_PROBABILITY = -1.0
_CONFIRMED_BONUS = 0.05


@dataclass(frozen=True, slots=True)
class _Sighting:
    candidate: Candidate
    heard: str
    start_sample: int
    end_sample: int
    confidence: float
    source: str


class HitTracker:
    """Follows the hits of one stream of hypotheses.

    `find` gives the candidates of a passage; `align` places the characters of a hypothesis in the audio and is
    only called when there is something to place.
    """

    def __init__(
        self,
        find: Callable[[Passage], list[Candidate]],
        align: Callable[[Hypothesis], Hypothesis],
        run_id: str,
    ) -> None:
        self.find = find
        self._align = align
        self._run_id = run_id
        self._count = 0
        self._utterance = -1
        self._open: list[Hit] = []
        self._denials: dict[str, int] = {}
        self._recent: list[Hit] = []
        self._tail: Passage | None = None
        self._pause_tail: Passage | None = None

    def feed(self, hypothesis: Hypothesis) -> list[Hit]:
        """The hits that are new or have changed state, longest phrase first."""
        changed = self._turn_to(hypothesis.utterance_id)
        sightings = self._sightings(hypothesis)
        changed += self._deny(sightings, hypothesis)
        for sighting in sightings:
            changed += self._see(sighting, hypothesis)
        if hypothesis.is_final:
            changed += self._close()
            self._remember(hypothesis)
        elif hypothesis.is_pause:
            self._pause_tail = _end_of(hypothesis.passage)
        return changed

    def finish(self) -> list[Hit]:
        """Withdraw what nothing has confirmed."""
        return self._close()

    def _turn_to(self, utterance_id: int) -> list[Hit]:
        """A new utterance closes the last; its final hypothesis normally has done so already."""
        if utterance_id == self._utterance:
            return []
        self._utterance = utterance_id
        return self._close()

    def _sightings(self, hypothesis: Hypothesis) -> list[_Sighting]:
        """What the hypothesis and its alternatives show, one per rule and span, best first."""
        joined, boundary = self._joined(hypothesis.passage)
        found = self._found(joined, boundary, hypothesis)
        if found:
            hypothesis = self._align(hypothesis)
            joined, boundary = self._joined(hypothesis.passage)
            found = self._found(joined, boundary, hypothesis)
        seen = [
            self._sighting(
                one, joined, hypothesis, "across an endpoint" if one.start_char < boundary else "best text"
            )
            for one in found
        ]
        seen += self._alternatives(hypothesis, {one.candidate.rule_id for one in seen})
        kept: list[_Sighting] = []
        for one in sorted(seen, key=lambda one: (-one.candidate.syllables, -one.confidence)):
            if not any(_is_same(one, other) for other in kept):
                kept.append(one)
        return kept

    def _alternatives(self, hypothesis: Hypothesis, known: set[str]) -> list[_Sighting]:
        """Rules that only alternatives show. Those are not aligned, so their places are guesses: a hit of the
        rule that is open already keeps its own."""
        seen = []
        for passage in hypothesis.alternatives:
            for candidate in self.find(passage):
                if candidate.rule_id in known:
                    continue
                one = self._sighting(candidate, passage, hypothesis, "alternative text")
                hit = next((hit for hit in self._open if hit.rule_id == candidate.rule_id), None)
                if hit is not None:
                    one = replace(one, start_sample=hit.start_sample, end_sample=hit.end_sample)
                seen.append(one)
        return seen

    def _joined(self, passage: Passage) -> tuple[Passage, int]:
        """The passage with the end of what was said before it, and where it begins in that."""
        tail = next((one for one in (self._pause_tail, self._tail) if _is_before(one, passage)), None)
        if tail is None:
            return passage, 0
        if passage.spans[0][0] - tail.spans[-1][1] > _GAP_PHRASE_S * SAMPLE_RATE_HZ:
            return passage, 0
        mark = (tail.spans[-1][1], passage.spans[0][0])
        joined = Passage(text=f"{tail.text}，{passage.text}", spans=(*tail.spans, mark, *passage.spans))
        return joined, len(tail.text) + 1

    def _found(self, joined: Passage, boundary: int, hypothesis: Hypothesis) -> list[Candidate]:
        """Candidates of this utterance; one that waits counts only where there is a hit it may uphold."""
        upheld = {hit.rule_id for hit in self._open if hit.state == "tentative"}
        return [
            one
            for one in self.find(joined)
            if (one.rule_id in upheld or not _waits(one, hypothesis))
            and (
                one.start_char >= boundary
                or (one.end_char > boundary and self._may_span(one, joined, boundary))
            )
        ]

    def _may_span(self, candidate: Candidate, joined: Passage, boundary: int) -> bool:
        pause = joined.spans[boundary][0] - joined.spans[boundary - 2][1]
        limit = _GAP_PHRASE_S if _GAP_MARKS & set(candidate.variant) else _SPLIT_PHRASE_S
        return pause <= limit * SAMPLE_RATE_HZ

    def _sighting(
        self, candidate: Candidate, passage: Passage, hypothesis: Hypothesis, source: str
    ) -> _Sighting:
        start, end = passage.span(candidate.start_char, candidate.end_char)
        confidence = _TIER_CONFIDENCE[candidate.tier] - _SHORT_PENALTY.get(candidate.syllables, 0.0)
        if source == "alternative text":
            confidence -= _ALTERNATIVE_PENALTY
        if hypothesis.average_log_probability < _UNSURE_LOG_PROBABILITY:
            confidence -= _UNSURE_PENALTY
        heard = passage.text[candidate.start_char : candidate.end_char]
        return _Sighting(candidate, heard, start, end, round(confidence, 3), source)

    def _deny(self, sightings: Iterable[_Sighting], hypothesis: Hypothesis) -> list[Hit]:
        gone = []
        for hit in [one for one in self._open if one.state == "tentative"]:
            is_out_of_sight = hit.start_sample < hypothesis.start_sample and not hypothesis.is_final
            if is_out_of_sight or any(_is_same(one, hit) for one in sightings):
                continue
            self._denials[hit.hit_id] = self._denials.get(hit.hit_id, 0) + 1
            if hypothesis.is_final or self._denials[hit.hit_id] >= _DENIALS:
                gone.append(self._settle(hit, "withdrawn", "not in the later text"))
        return gone

    def _see(self, sighting: _Sighting, hypothesis: Hypothesis) -> list[Hit]:
        if _waits(sighting.candidate, hypothesis):
            return []
        near = [one for one in [*self._open, *self._recent] if _is_same(sighting, one)]
        known = min(near, key=lambda one: abs(one.start_sample - sighting.start_sample), default=None)
        if known is None:
            return [self._begin(sighting, hypothesis)]
        if known.state != "tentative" or known.utterance_id != hypothesis.utterance_id:
            return []
        better = replace(
            known,
            start_sample=sighting.start_sample,
            end_sample=sighting.end_sample,
            heard=sighting.heard,
            confidence=max(known.confidence, sighting.confidence),
        )
        return [self._settle(better, "confirmed", f"seen again: {sighting.source}, {sighting.candidate.tier}")]

    def _begin(self, sighting: _Sighting, hypothesis: Hypothesis) -> Hit:
        self._count += 1
        candidate = sighting.candidate
        hit = Hit(
            hit_id=f"{self._run_id}-{self._count}",
            utterance_id=hypothesis.utterance_id,
            rule_id=candidate.rule_id,
            variant=candidate.variant,
            tier=candidate.tier,
            heard=sighting.heard,
            state="tentative",
            confidence=sighting.confidence,
            start_sample=sighting.start_sample,
            end_sample=sighting.end_sample,
            role=hypothesis.role,
            why=(f"{sighting.source}, {candidate.tier}, {candidate.syllables} syllables",),
        )
        self._open.append(hit)
        return self._settle(hit, "confirmed", "in the final text") if hypothesis.is_final else hit

    def _settle(self, hit: Hit, state: str, reason: str) -> Hit:
        bonus = _CONFIRMED_BONUS if state == "confirmed" else 0.0
        settled = replace(
            hit,
            state="confirmed" if state == "confirmed" else "withdrawn",
            confidence=round(min(1.0, hit.confidence + bonus), 3),
            why=(*hit.why, f"{state}: {reason}"),
        )
        self._open = [one for one in self._open if one.hit_id != hit.hit_id]
        if state == "confirmed":
            self._open.append(settled)
        return settled

    def _close(self) -> list[Hit]:
        gone = [
            self._settle(one, "withdrawn", "the utterance ended")
            for one in self._open
            if one.state == "tentative"
        ]
        self._recent += [one for one in self._open if one.state == "confirmed"]
        self._open = []
        self._denials = {}
        return gone

    def _remember(self, hypothesis: Hypothesis) -> None:
        self._tail = _end_of(hypothesis.passage) or self._tail
        self._pause_tail = None
        oldest = hypothesis.end_sample - _REMEMBER_SAMPLES
        self._recent = [one for one in self._recent if one.end_sample >= oldest]


def _end_of(passage: Passage) -> Passage | None:
    """The last characters of a passage, for what comes after to be read with; None when it is empty."""
    if not passage.text:
        return None
    return Passage(text=passage.text[-_TAIL_CHARACTERS:], spans=passage.spans[-_TAIL_CHARACTERS:])


def _is_before(tail: Passage | None, passage: Passage) -> bool:
    return bool(tail and passage.text and tail.spans[-1][1] <= passage.spans[0][0] + _TAIL_OVERLAP)


def _waits(candidate: Candidate, hypothesis: Hypothesis) -> bool:
    """Whether more words could still excuse a candidate: neither a pause nor the end has come."""
    return candidate.is_open and not (hypothesis.is_final or hypothesis.is_pause)


def _is_same(sighting: _Sighting, other: Hit | _Sighting) -> bool:
    rule_id = other.candidate.rule_id if isinstance(other, _Sighting) else other.rule_id
    return (
        sighting.candidate.rule_id == rule_id
        and sighting.start_sample < other.end_sample + _SAME_SPAN_SLACK
        and other.start_sample < sighting.end_sample + _SAME_SPAN_SLACK
    )
