"""A hypothesis in, sightings out: each candidate looked at once more, with what was then believed of it.

What reads like a phrase in the best text, in its alternatives, or across the end of what was said before. The
second look costs some 20 ms a wording, so only the nearest few are taken, and a hypothesis without candidates
costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.spotting.confidence import Evidence
from deskguard.spotting.conversation import GAP_PHRASE_S, Joined
from deskguard.values import SAMPLE_RATE_HZ, Passage, Suspect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deskguard.spotting.confidence import Belief, Source
    from deskguard.spotting.conversation import Conversation, Place
    from deskguard.values import Candidate, Hit, Hypothesis, Look

_SPLIT_PHRASE_S = 1.2
"""How long a pause a phrase without a gap may hold across an endpoint: a hesitation, not two sentences."""
_GAP_MARKS = frozenset("，,。…{、；;！!？?")
_MOST_LIVE, _MOST_SETTLED = 2, 6
"""Wordings looked at in a live text and in one read with the beam: a step must not take 60 ms longer."""
_SAME_SPAN_SLACK = int(0.3 * SAMPLE_RATE_HZ)
_EDGE_SAMPLES = int(0.25 * SAMPLE_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Ear:
    """The recogniser's other two skills, passed in so that spotting does not import hearing."""

    align: Callable[[Hypothesis], Hypothesis]
    """The hypothesis with its characters placed in the audio; only called when there is something to place."""
    look: Callable[[Hypothesis, Sequence[Suspect]], tuple[Look | None, ...]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A candidate in one hypothesis, and how likely its words were said."""

    place: Place
    heard: str
    start_sample: int
    end_sample: int
    evidence: Evidence
    confidence: float
    least: float
    """The confidence that it would have needed to count."""
    is_guessed: bool = False
    """Nothing but an even pace tells where it lies."""

    @property
    def candidate(self) -> Candidate:
        return self.place.candidate

    @property
    def counts(self) -> bool:
        return self.confidence >= self.least

    @property
    def why(self) -> str:
        """The first line of a hit's trace."""
        evidence = self.evidence
        parts = [f"{evidence.source}, {evidence.tier}, {evidence.syllables} syllables"]
        if evidence.distance:
            parts.append(f"{evidence.distance:.2f} edits a syllable")
        if evidence.log_ratio is not None and evidence.tokens:
            parts.append(f"second look {evidence.log_ratio:+.1f} over {evidence.tokens} tokens")
        return ", ".join([*parts, f"confidence {self.confidence:.2f}"])


@dataclass(frozen=True, slots=True)
class _Found:
    """A candidate and the text it was found in."""

    candidate: Candidate
    joined: Joined
    alternative: int | None = None

    @property
    def suspect(self) -> Suspect | None:
        """What to look at; None where the text is as heard, or was read in another window."""
        one, boundary = self.candidate, self.joined.boundary
        if one.start_char < boundary or (not one.wording and self.alternative is None):
            return None
        heard = self.joined.passage.text[one.start_char : one.end_char]
        # 哪儿 and 哪 are one word; which of them Whisper would rather write says nothing of the sound.
        wording = one.wording if "儿" in heard else one.wording.replace("儿", "")
        return Suspect(
            start_char=one.start_char - boundary,
            end_char=one.end_char - boundary,
            wording=wording,
            alternative=self.alternative,
        )


class Sighter:
    """Sees the phrases of each hypothesis; `conversation` has heard it before."""

    def __init__(
        self,
        find: Callable[[Passage], list[Candidate]],
        ear: Ear,
        belief: Belief,
        conversation: Conversation,
    ) -> None:
        self.find = find
        self.belief = belief
        self._ear = ear
        self._conversation = conversation

    def see(self, hypothesis: Hypothesis) -> list[Sighting]:
        """What the hypothesis and its alternatives show, whether it counts or not, best first for each rule.

        The passage of the conversation is replaced by the aligned one when there is something to place.
        """
        found = self._found(hypothesis)
        if not found:
            return []
        looks: dict[Suspect, Look | None] = {}
        self._look(hypothesis, found, looks)
        hypothesis = self._ear.align(hypothesis)
        self._conversation.hear(hypothesis)
        found = self._found(hypothesis)
        self._look(hypothesis, found, looks)
        shown = _shown(found, hypothesis)
        seen = [self._sighting(one, hypothesis, looks, shown[one.candidate.rule_id]) for one in found]
        placed = {one.candidate.rule_id for one in seen if not one.is_guessed}
        seen = [one for one in seen if not one.is_guessed or one.candidate.rule_id not in placed]
        kept: list[Sighting] = []
        for one in sorted(seen, key=lambda one: (not one.counts, -one.candidate.syllables, -one.confidence)):
            if not any(is_same(one, other) for other in kept):
                kept.append(one)
        return kept

    def _found(self, hypothesis: Hypothesis) -> list[_Found]:
        """Candidates of the best text and of its alternatives."""
        joined = self._conversation.joined(hypothesis.passage, hypothesis)
        found = [
            _Found(one, joined)
            for one in self.find(joined.passage)
            if one.start_char >= joined.boundary or (one.end_char > joined.boundary and _may_span(one, joined))
        ]
        for index, passage in enumerate(hypothesis.alternatives):
            # Alternatives are of whole utterances: nothing of theirs lies before them.
            alone = Joined(passage, 0, Passage(text="", spans=()), None)
            found += [_Found(one, alone, index) for one in self.find(passage)]
        return found

    def _look(self, hypothesis: Hypothesis, found: Sequence[_Found], looks: dict[Suspect, Look | None]) -> None:
        """Look at what has not been looked at, the nearest first."""
        most = _MOST_SETTLED if hypothesis.is_final or hypothesis.is_pause else _MOST_LIVE
        wanted = {
            suspect: None
            for one in sorted(found, key=lambda one: (one.candidate.distance, -one.candidate.syllables))
            if (suspect := one.suspect) is not None and suspect not in looks
        }
        asked = list(wanted)[: max(0, most - len(looks))]
        if asked:
            looks.update(zip(asked, self._ear.look(hypothesis, asked), strict=True))

    def _sighting(
        self,
        found: _Found,
        hypothesis: Hypothesis,
        looks: dict[Suspect, Look | None],
        shown_ratio: float,
    ) -> Sighting:
        candidate, joined = found.candidate, found.joined
        start, end = joined.passage.span(candidate.start_char, candidate.end_char)
        look = looks.get(found.suspect) if found.suspect is not None else None
        if look is not None and look.span is not None:
            start, end = look.span
        is_as_heard = not candidate.wording and found.alternative is None
        source: Source = "best text"
        if found.alternative is not None:
            source = "alternative text"
        elif candidate.start_char < joined.boundary:
            source = "across an endpoint"
        evidence = Evidence(
            tier=candidate.tier,
            syllables=candidate.syllables,
            distance=candidate.distance,
            log_ratio=look.log_ratio if look is not None else 0.0 if is_as_heard else None,
            tokens=look.tokens if look is not None else 0,
            source=source,
            shown_ratio=shown_ratio,
            average_log_probability=hypothesis.average_log_probability,
            no_speech_probability=hypothesis.no_speech_probability,
            is_settled=hypothesis.is_final or hypothesis.is_pause,
            is_at_edge=end > hypothesis.end_sample - _EDGE_SAMPLES,
        )
        return Sighting(
            place=self._conversation.place(candidate, joined, hypothesis),
            heard=joined.passage.text[candidate.start_char : candidate.end_char],
            start_sample=start,
            end_sample=end,
            evidence=evidence,
            confidence=self.belief.confidence(evidence),
            least=self.belief.least(candidate.rule_id, candidate.tier),
            is_guessed=found.alternative is not None and (look is None or look.span is None),
        )


def _may_span(candidate: Candidate, joined: Joined) -> bool:
    spans, boundary = joined.passage.spans, joined.boundary
    pause = spans[boundary][0] - spans[boundary - 2][1]
    limit = GAP_PHRASE_S if _GAP_MARKS & set(candidate.variant) else _SPLIT_PHRASE_S
    return pause <= limit * SAMPLE_RATE_HZ


def _shown(found: Sequence[_Found], hypothesis: Hypothesis) -> dict[str, float]:
    """For each rule, how many of all texts show it."""
    texts: dict[str, set[int | None]] = {}
    for one in found:
        texts.setdefault(one.candidate.rule_id, set()).add(one.alternative)
    return {rule_id: len(where) / (1 + len(hypothesis.alternatives)) for rule_id, where in texts.items()}


def is_same(one: Sighting, other: Sighting) -> bool:
    """Whether two sightings are of one phrase."""
    return one.candidate.rule_id == other.candidate.rule_id and is_near(one, other)


def is_near(one: Sighting | Hit, other: Sighting | Hit) -> bool:
    """Whether two places in the audio overlap, give or take what revisions move a phrase by."""
    return (
        one.start_sample < other.end_sample + _SAME_SPAN_SLACK
        and other.start_sample < one.end_sample + _SAME_SPAN_SLACK
    )
