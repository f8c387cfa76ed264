"""Hypotheses in, the scene around a place in them out: what was said before and after, and by whom.

The newest text of an utterance takes the place of the one before. A live window may leave out the beginning of
its utterance; what was read there earlier is kept before it. The end of what was said before is read together
with the newest text, because an endpoint or a pause may cut a phrase.

Where two people may speak at once, each has a conversation of their own and overhears the other's final texts:
they stand in their place in time, and never in the way of what is being said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.spotting.scene import Said, Scene
from deskguard.values import SAMPLE_RATE_HZ, Passage

if TYPE_CHECKING:
    from deskguard.values import Candidate, Hypothesis, Role

_MARK = "，"
_TAIL_CHARACTERS = 24
_TAIL_OVERLAP = int(0.4 * SAMPLE_RATE_HZ)
"""Whisper lets a last word run into the silence that the next window begins in."""
GAP_PHRASE_S = 3.0
"""How long a pause a phrase with a gap may hold across an endpoint: the bound of gaps within an utterance."""
_KEPT_SAMPLES = 60 * SAMPLE_RATE_HZ
_NOTHING = Passage(text="", spans=())


@dataclass(frozen=True, slots=True)
class Told:
    """An utterance as far as it is known."""

    utterance_id: int
    said: Said
    is_over: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """A passage with the end of what was said before it."""

    passage: Passage
    boundary: int
    """Where the passage itself begins."""
    before: Passage
    """All that was said before it in its utterance, or in the one before when an endpoint may have cut a
    phrase; with the mark behind it."""
    before_id: int | None
    """The utterance before that `before` is; None: `before` belongs to the same utterance."""


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate in all that belongs to its utterance; its characters count in `said`."""

    candidate: Candidate
    said: Said
    first_id: int
    last_id: int
    """The utterances that `said` is made of."""


class Conversation:
    """The last minute of what was said."""

    def __init__(self) -> None:
        self._told: list[Told] = []
        """In the order in which they ended."""
        self._current_id = -1
        self._pause: Passage | None = None
        self._until_sample = 0
        self._is_settled = False

    def hear(self, hypothesis: Hypothesis) -> None:
        """Take the newest text of its utterance; every hypothesis is heard before its places are asked for."""
        before = self._own_before(hypothesis)
        passage = hypothesis.passage
        if hypothesis.is_final or hypothesis.is_pause or hypothesis.utterance_id != self._current_id:
            self._pause = None
        self._current_id = hypothesis.utterance_id
        whole = _together(before, passage) if before.text else passage
        if hypothesis.is_pause:
            self._pause = passage if passage.text else None
        told = Told(hypothesis.utterance_id, Said(role=hypothesis.role, passage=whole), hypothesis.is_final)
        self._keep(told, hypothesis.end_sample)
        self._until_sample = max(self._until_sample, hypothesis.end_sample)
        self._is_settled = hypothesis.is_final or hypothesis.is_pause

    def overhear(self, hypothesis: Hypothesis) -> None:
        """Take what somebody else has said meanwhile: a final text."""
        said = Said(role=hypothesis.role, passage=hypothesis.passage)
        if hypothesis.passage.text:
            self._keep(Told(hypothesis.utterance_id, said, is_over=True), hypothesis.end_sample)
        if self._is_settled:
            self._until_sample = max(self._until_sample, hypothesis.end_sample)

    def recast(self, utterance_id: int, role: Role) -> None:
        """It has been found out who spoke."""
        self._told = [
            replace(one, said=replace(one.said, role=role)) if one.utterance_id == utterance_id else one
            for one in self._told
        ]

    def fall_silent(self, until_sample: int) -> None:
        """The speaker has paused: the newest text is all there is so far."""
        self._until_sample = max(self._until_sample, until_sample)
        self._is_settled = True

    def joined(self, passage: Passage, hypothesis: Hypothesis) -> Joined:
        """`passage` of the newest hypothesis with the end of what was said before it, if that is near."""
        own = self._own_before(hypothesis)
        if own.text:
            is_after_pause = self._pause is not None and len(own.text) == len(self._pause.text) + 1
            tail = _end_of(self._pause) if self._pause is not None and is_after_pause else None
            if tail is None or not _is_near(tail, passage):
                return Joined(passage, 0, own, None)
            return _joined(tail, passage, own, None)
        last = self._last_before(passage, hypothesis.utterance_id)
        if last is None or not _may_be_one(last.said.role, hypothesis.role) or not last.is_over:
            return Joined(passage, 0, _NOTHING, None)
        tail = _end_of(last.said.passage)
        if tail is None or not _is_near(tail, passage):
            return Joined(passage, 0, _NOTHING, None)
        return _joined(tail, passage, _marked(last.said.passage, passage), last.utterance_id)

    def place(self, candidate: Candidate, joined: Joined, hypothesis: Hypothesis) -> Place:
        """Where a candidate of `joined` stands in its whole utterance."""
        own = _cut_front(joined.passage, joined.boundary)
        is_across = candidate.start_char < joined.boundary
        before = joined.before if is_across or joined.before_id is None else _NOTHING
        said = _together(before, own) if before.text else own
        moved = len(before.text) - joined.boundary
        return Place(
            candidate=replace(
                candidate, start_char=candidate.start_char + moved, end_char=candidate.end_char + moved
            ),
            said=Said(role=hypothesis.role, passage=said),
            first_id=joined.before_id
            if is_across and joined.before_id is not None
            else hypothesis.utterance_id,
            last_id=hypothesis.utterance_id,
        )

    def scene(self, place: Place) -> Scene:
        """What surrounds a place as far as it has been heard now.

        What somebody else says within an utterance comes before it, and nothing comes after one that goes on.
        """
        others = [one.said for one in self._told if one.utterance_id not in (place.first_id, place.last_id)]
        end = place.said.end_sample
        is_closed = self._is_settled or place.last_id != self._current_id
        return Scene(
            said=place.said,
            before=tuple(one for one in others if one.end_sample <= end),
            after=tuple(one for one in others if one.end_sample > end) if is_closed else (),
            is_closed=is_closed,
            heard_until_sample=self._until_sample,
        )

    def _keep(self, told: Told, now_sample: int) -> None:
        """Put an utterance in its place, instead of what was known of it; forget what is long ago or empty."""
        oldest = now_sample - _KEPT_SAMPLES
        kept = [
            one
            for one in self._told
            if one.utterance_id != told.utterance_id
            and (one.utterance_id == self._current_id or one.said.end_sample >= oldest)
            and (one.utterance_id == self._current_id or one.said.passage.text)
        ]
        end = told.said.end_sample
        place = len(kept)
        while told.said.passage.text and place and kept[place - 1].said.end_sample > end:
            place -= 1
        self._told = [*kept[:place], told, *kept[place:]]

    def _last_before(self, passage: Passage, utterance_id: int) -> Told | None:
        """The utterance that ended last of those that began before a text of another."""
        start = passage.spans[0][0] if passage.spans else 0
        others = [one for one in self._told if one.utterance_id != utterance_id]
        return next((one for one in reversed(others) if one.said.start_sample <= start), None)

    def _current(self) -> Told | None:
        return next((one for one in self._told if one.utterance_id == self._current_id), None)

    def _own_before(self, hypothesis: Hypothesis) -> Passage:
        """What was read of the utterance where the newest window does not reach."""
        passage = hypothesis.passage
        current = self._current()
        if current is None or self._current_id != hypothesis.utterance_id or not passage.text:
            return _NOTHING
        known = current.said.passage
        count = sum(end <= hypothesis.start_sample for _, end in known.spans)
        if self._pause is not None and count <= len(self._pause.text) + 1 and _is_before(self._pause, passage):
            return _marked(self._pause, passage)
        return _cut(known, count)


def _may_be_one(role: Role, other: Role) -> bool:
    """Whether two utterances may be one speaker's; nobody known may be anybody."""
    return role == other or "unknown" in (role, other)


def _joined(tail: Passage, passage: Passage, before: Passage, before_id: int | None) -> Joined:
    mark = (tail.spans[-1][1], passage.spans[0][0])
    text = f"{tail.text}{_MARK}{passage.text}"
    whole = Passage(text=text, spans=(*tail.spans, mark, *passage.spans))
    return Joined(whole, len(tail.text) + 1, before, before_id)


def _marked(before: Passage, passage: Passage) -> Passage:
    mark = (before.spans[-1][1], passage.spans[0][0])
    return Passage(text=before.text + _MARK, spans=(*before.spans, mark))


def _together(before: Passage, passage: Passage) -> Passage:
    return Passage(text=before.text + passage.text, spans=(*before.spans, *passage.spans))


def _cut(passage: Passage, count: int) -> Passage:
    return Passage(text=passage.text[:count], spans=passage.spans[:count])


def _cut_front(passage: Passage, count: int) -> Passage:
    return Passage(text=passage.text[count:], spans=passage.spans[count:]) if count else passage


def _end_of(passage: Passage) -> Passage | None:
    """The last characters of a passage, for what comes after to be read with; None when it is empty."""
    if not passage.text:
        return None
    return Passage(text=passage.text[-_TAIL_CHARACTERS:], spans=passage.spans[-_TAIL_CHARACTERS:])


def _is_before(tail: Passage, passage: Passage) -> bool:
    return bool(passage.text) and tail.spans[-1][1] <= passage.spans[0][0] + _TAIL_OVERLAP


def _is_near(tail: Passage, passage: Passage) -> bool:
    pause = passage.spans[0][0] - tail.spans[-1][1] if passage.spans else 0
    return _is_before(tail, passage) and pause <= GAP_PHRASE_S * SAMPLE_RATE_HZ
