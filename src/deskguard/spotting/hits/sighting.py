"""A hypothesis in, sightings out: each candidate looked at once more, with what was then believed of it.

What reads like a phrase in the best text, in its alternatives, or across the end of what was said before. The
second look costs some 20 ms a wording, so only the nearest few are taken, and a hypothesis without candidates
costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.language.syllables import usual_syllables, usual_tones
from deskguard.language.text import normalise
from deskguard.spotting.hits.confidence import Evidence
from deskguard.spotting.hits.conversation import GAP_PHRASE_S, Joined
from deskguard.values import SAMPLE_RATE_HZ, Look, Passage, Suspect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deskguard.spotting.hits.confidence import Source
    from deskguard.spotting.hits.conversation import Conversation, Place
    from deskguard.spotting.hits.rulebook import Rulebook
    from deskguard.values import Candidate, Hit, Hypothesis

    IsTold = Callable[[str, int, int], bool]

_SPLIT_PHRASE_S = 1.2
"""How long a pause a phrase without a gap may hold across an endpoint: a hesitation, not two sentences."""
_GAP_MARKS = frozenset("，,。…{、；;！!？?")
_MOST_LIVE, _MOST_SETTLED = 1, 4
"""Wordings looked at in a live text and in one read with the beam: a step must not take 60 ms longer."""
_SAME_SPAN_SLACK = int(0.3 * SAMPLE_RATE_HZ)
_UNSURE_LOG_PROBABILITY = -0.45
_MOST_UNSURE_CHARACTERS = 16
_MOST_GUESSES = 3
_LIKELY = Look(log_ratio=2.0, tokens=1)
"""As good as a second look can turn out."""
_SANDHI = frozenset("一不")
"""Their tone is that of what follows."""
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
        if evidence.tier == "sense":
            return f"no listed words; as a whole like a breach: {evidence.likelihood:.2f}"
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
    is_told: bool = False
    """Known to be there already."""

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

    @property
    def is_plain(self) -> bool:
        """Whether the best text reads so."""
        return self.alternative is None and not self.candidate.wording


class Sighter:
    """Sees the phrases of each hypothesis; `conversation` has heard it before."""

    def __init__(self, rulebook: Rulebook, ear: Ear, conversation: Conversation) -> None:
        self.rulebook = rulebook
        self._ear = ear
        self._conversation = conversation

    def see(self, hypothesis: Hypothesis, is_told: IsTold = lambda *_: False) -> list[Sighting]:
        """What the hypothesis and its alternatives show, whether it counts or not, best first for each rule.

        `is_told` says of a rule and a place whether it is known there: then it is not looked at again. The
        conversation is given the aligned passage when there is something to place.
        """
        found = self._found(hypothesis, is_told)
        looks: dict[Suspect, Look | None] = {}
        most = _MOST_SETTLED if hypothesis.is_final or hypothesis.is_pause else _MOST_LIVE
        if not all(one.is_told for one in found):
            self._look(hypothesis, found, looks, most)
            hypothesis = self._ear.align(hypothesis)
            self._conversation.hear(hypothesis)
            found = self._found(hypothesis, is_told)
            self._look(hypothesis, found, looks, most)
        seen = self._sightings(hypothesis, found, looks)
        if _may_be_nonsense(hypothesis) and not any(one.counts for one in seen):
            guesses = self._guesses(hypothesis)
            self._look(hypothesis, guesses, looks, len(looks) + _MOST_GUESSES)
            seen = self._sightings(hypothesis, [*found, *guesses], looks)
        return seen

    def _sightings(
        self, hypothesis: Hypothesis, found: Sequence[_Found], looks: dict[Suspect, Look | None]
    ) -> list[Sighting]:
        """What was found as far as it has been looked at; of each rule and place the best."""
        shown = _shown(found, hypothesis)
        compared = [_compared(one, found, looks) for one in found]
        seen = [
            self._sighting(one, hypothesis, look, shown[one.candidate.rule_id])
            for one, look in zip(found, compared, strict=True)
        ]
        # What is not placed in the audio counts only where nothing of its rule is.
        placed = {one.candidate.rule_id for one in seen if not one.is_guessed}
        seen = [one for one in seen if not one.is_guessed or one.candidate.rule_id not in placed]
        kept: list[Sighting] = []
        for one in sorted(seen, key=lambda one: (not one.counts, -one.candidate.syllables, -one.confidence)):
            if not any(is_same(one, other) for other in kept):
                kept.append(one)
        return kept

    def _alone(self, hypothesis: Hypothesis) -> Joined:
        """The hypothesis without the end of what was said before it."""
        joined = self._conversation.joined(hypothesis.passage, hypothesis)
        alone = replace(joined, passage=hypothesis.passage, boundary=0)
        if joined.before_id is not None:
            alone = replace(alone, before=Passage(text="", spans=()), before_id=None)
        return alone

    def _guesses(self, hypothesis: Hypothesis) -> list[_Found]:
        alone = self._alone(hypothesis)
        return [_Found(one, alone) for one in self.rulebook.guess(hypothesis.passage)]

    def _found(self, hypothesis: Hypothesis, is_told: IsTold) -> list[_Found]:
        """Candidates of the best text and of its alternatives."""
        joined = self._conversation.joined(hypothesis.passage, hypothesis)
        found = [
            _Found(
                one, joined, is_told=is_told(one.rule_id, *joined.passage.span(one.start_char, one.end_char))
            )
            for one in self.rulebook.find(joined.passage)
            if one.start_char >= joined.boundary or (one.end_char > joined.boundary and _may_span(one, joined))
        ]
        return found + self._found_in_alternatives(hypothesis, found, is_told) + self._sensed(hypothesis, found)

    def _sensed(self, hypothesis: Hypothesis, found: Sequence[_Found]) -> list[_Found]:
        """Sentences of a final text that are breaches as a whole, where no list has their words.

        Of a final one only: of half a sentence, the other half often makes the opposite. And not of
        one that may be nonsense: 那归谁管 written 那龟水管 has an insult in it.
        """
        if not hypothesis.is_final or _may_be_nonsense(hypothesis):
            return []
        joined = self._alone(hypothesis)
        listed = [
            replace(
                one.candidate,
                start_char=one.candidate.start_char - one.joined.boundary,
                end_char=one.candidate.end_char - one.joined.boundary,
            )
            for one in found
            if one.candidate.tier != "near"
        ]
        return [_Found(one, joined) for one in self.rulebook.sense(hypothesis.passage, listed)]

    def _found_in_alternatives(
        self, hypothesis: Hypothesis, found: Sequence[_Found], is_told: IsTold
    ) -> list[_Found]:
        """Candidates of the alternatives, but for rules of which the best text shows an innocent wording."""
        others: list[_Found] = []
        for index, passage in enumerate(hypothesis.alternatives):
            # Alternatives are of whole utterances: nothing of theirs lies before them.
            alone = Joined(passage, 0, Passage(text="", spans=()), None)
            others += [
                _Found(one, alone, index, is_told(one.rule_id, *passage.span(one.start_char, one.end_char)))
                for one in self.rulebook.find(passage)
            ]
        known = {one.candidate.rule_id for one in found}
        if all(one.candidate.rule_id in known for one in others):
            return others
        excused = self.rulebook.excused(hypothesis.passage) - known
        return [one for one in others if one.candidate.rule_id not in excused]

    def _look(
        self, hypothesis: Hypothesis, found: Sequence[_Found], looks: dict[Suspect, Look | None], most: int
    ) -> None:
        """Look at what has not been looked at until `most` have been, the likeliest first.

        Not at what could not count even if it were as likely as what was heard, and at what alternatives show
        only where the best text does not read so, and once for several that read alike.
        """
        plain = {one.candidate.rule_id for one in found if one.is_plain}
        shown = _shown(found, hypothesis)
        hopes: dict[tuple[str, int | str, str], tuple[float, Suspect]] = {}
        for one in found:
            rule_id, suspect = one.candidate.rule_id, one.suspect
            if suspect is None or one.is_told or (one.alternative is not None and rule_id in plain):
                continue
            hope = self.rulebook.belief.confidence(_evidence(one, hypothesis, shown[rule_id], _LIKELY))
            where = one.candidate.start_char if one.alternative is None else "alternative"
            if hope >= self.rulebook.belief.least(rule_id, one.candidate.tier):
                key = (rule_id, where, suspect.wording)
                hopes[key] = max(hopes.get(key, (0.0, suspect)), (hope, suspect), key=_first)
        ranked = [suspect for _, suspect in sorted(hopes.values(), key=_first, reverse=True)]
        asked = [one for one in ranked if one not in looks][: max(0, most - len(looks))]
        if asked:
            looks.update(zip(asked, self._ear.look(hypothesis, asked), strict=True))

    def _sighting(
        self,
        found: _Found,
        hypothesis: Hypothesis,
        look: Look | None,
        shown_ratio: float,
    ) -> Sighting:
        candidate, joined = found.candidate, found.joined
        evidence = _evidence(found, hypothesis, shown_ratio, look)
        start, end = joined.passage.span(candidate.start_char, candidate.end_char)
        if look is not None and look.span is not None:
            start, end = look.span
        return Sighting(
            place=self._conversation.place(candidate, joined, hypothesis),
            heard=joined.passage.text[candidate.start_char : candidate.end_char],
            start_sample=start,
            end_sample=end,
            evidence=evidence,
            confidence=self.rulebook.belief.confidence(evidence),
            least=0.0 if found.is_told else self.rulebook.belief.least(candidate.rule_id, candidate.tier),
            is_guessed=found.is_told or (found.alternative is not None and (look is None or look.span is None)),
        )


def _evidence(found: _Found, hypothesis: Hypothesis, shown_ratio: float, look: Look | None) -> Evidence:
    candidate, joined = found.candidate, found.joined
    source: Source = "best text"
    if found.alternative is not None:
        source = "alternative text"
    elif candidate.start_char < joined.boundary:
        source = "across an endpoint"
    _, end = joined.passage.span(candidate.start_char, candidate.end_char)
    return Evidence(
        tier=candidate.tier,
        syllables=candidate.syllables,
        distance=candidate.distance,
        log_ratio=look.log_ratio if look is not None else 0.0 if found.is_plain else None,
        tokens=look.tokens if look is not None else 0,
        source=source,
        shown_ratio=shown_ratio,
        average_log_probability=hypothesis.average_log_probability,
        no_speech_probability=hypothesis.no_speech_probability,
        is_settled=hypothesis.is_final or hypothesis.is_pause,
        is_at_edge=end > hypothesis.end_sample - _EDGE_SAMPLES,
        likelihood=candidate.likelihood,
        tone_unlike=tone_unlike(
            joined.passage.text[candidate.start_char : candidate.end_char], candidate.wording
        ),
    )


def tone_unlike(heard: str, wording: str) -> float:
    """The share of syllables that `heard` has in another tone than `wording`; 0 where it is not read so."""
    one, other = normalise(heard).chars, normalise(wording).chars
    if not other or len(one) != len(other):
        return 0.0
    pairs = zip(
        one,
        other,
        usual_syllables(one),
        usual_syllables(other),
        usual_tones(one),
        usual_tones(other),
        strict=True,
    )
    unlike = sum(
        char != meant and sound == right and tone != due and 0 not in (tone, due) and meant not in _SANDHI
        for char, meant, sound, right, tone, due in pairs
    )
    return float(unlike / len(other))


def _compared(found: _Found, all_found: Sequence[_Found], looks: dict[Suspect, Look | None]) -> Look | None:
    """The second look at a place beside the likeliest other wording there.

    Where Whisper wrote nonsense, what was said is far likelier than the text, and what merely sounds like it
    may be as likely.
    """
    own, look = found.suspect, looks.get(found.suspect) if found.suspect is not None else None
    if own is None or look is None:
        return None
    rivals = [
        other.log_ratio
        for one in all_found
        if (suspect := one.suspect) is not None
        and (other := looks.get(suspect)) is not None
        and suspect.alternative == own.alternative
        and suspect.start_char < own.end_char
        and own.start_char < suspect.end_char
        and suspect.wording not in own.wording
        and own.wording not in suspect.wording
    ]
    return replace(look, log_ratio=look.log_ratio - max([0.0, *rivals]))


def _first(pair: tuple[float, Suspect]) -> float:
    return pair[0]


def _may_be_nonsense(hypothesis: Hypothesis) -> bool:
    """Whether a text is worth a guess: short, unsure, and not read by the way."""
    is_settled = hypothesis.is_final or hypothesis.is_pause
    is_unsure = hypothesis.average_log_probability < _UNSURE_LOG_PROBABILITY
    return is_settled and is_unsure and 0 < len(hypothesis.text) <= _MOST_UNSURE_CHARACTERS


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
