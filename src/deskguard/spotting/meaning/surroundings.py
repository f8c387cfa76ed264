"""A candidate in its scene, laid out for conditions: this turn as one text, the turns before and after.

Utterances of one speaker that follow each other closely are one turn, whoever cut them apart; somebody else's
words, or a long silence, begin another.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from deskguard.spotting.meaning.patterns import Phrase
from deskguard.spotting.meaning.view import View, joined
from deskguard.values import SAMPLE_RATE_HZ, Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.rules.schema import By, Condition, Reach
    from deskguard.spotting.meaning.patterns import Wording
    from deskguard.spotting.scene import Said, Scene
    from deskguard.values import Candidate, Role

NEXT_S = 8.0
"""How long after a phrase something may begin that still counts, where a condition names no time."""
_LAST_SAMPLES = 30 * SAMPLE_RATE_HZ
"""How long before a phrase something may have ended that still counts: another visitor may come next."""
_KNOWN_TURN_PAUSE_S = 8.0
# While nobody knows who speaks, the next utterance may be another's: only what follows at once is taken for the
# same speaker's, and a quick exchange must not become one long turn.
_UNKNOWN_TURN_PAUSE_S = 0.8
_UNKNOWN_TURN_S = 6.0
_OPENING, _CLOSING = "“‘「『《", "”’」』》"
_STRAIGHT = "\"'＂＇"
_NEGATIONS = frozenset("不没")


class Surroundings:
    """What stands around one candidate; made for one judgement."""

    def __init__(self, candidate: Candidate, scene: Scene) -> None:
        self._scene = scene
        self._candidate = candidate
        said = scene.said
        self.phrase_start_sample, self.phrase_end_sample = said.passage.span(
            candidate.start_char, candidate.end_char
        )
        earlier = _turns(said, [one for one in _cut_off(scene) if self._is_recent(one)][::-1])
        later = _turns(said, scene.after)
        self._earlier, self._later = earlier[1:], later[1:]
        self._views: dict[int, View] = {}
        own_before = [one.passage for one in earlier[0][:0:-1]]
        own_after = [one.passage for one in later[0][1:]]
        lead = joined(own_before)
        self._own = joined([lead, said.passage, *own_after])
        self._offset = len(lead.text) + 1 if lead.text else 0

    @cached_property
    def view(self) -> View:
        """All of this turn."""
        return View(self._own)

    @cached_property
    def phrase(self) -> Phrase:
        return Phrase.at(self.view, *self._place(self.view, self._offset))

    @cached_property
    def clause(self) -> tuple[View, Phrase]:
        """The clause of the phrase alone."""
        start, end = self.view.clause(self.phrase.start, self.phrase.end)
        view = View(self.view.cut(start, end))
        return view, Phrase.at(view, self.phrase.start - start, self.phrase.end - start)

    @cached_property
    def grams(self) -> frozenset[str]:
        """What all that was said around consists of, for asking whether a pattern may hold at all."""
        views = [self.view, *map(self._view_of, (*self._earlier, *self._later))]
        return frozenset().union(*(one.grams for one in views))

    @property
    def may_grow(self) -> bool:
        """Whether the utterance goes on and nothing has been said after it yet."""
        return not self._scene.is_closed and not self._scene.after

    @property
    def goes_on(self) -> bool:
        """Whether something has been said right after the phrase."""
        return self.phrase.end < len(self.view.chars)

    @property
    def turn_end_sample(self) -> int:
        return self._own.spans[-1][1]

    @property
    def is_turn_over(self) -> bool:
        return bool(self._later)

    def own_stretch(self) -> tuple[int, int]:
        """Where the view is surely of whoever said the phrase: of an unknown speaker, their utterance only."""
        if self._scene.said.role == "unknown":
            return self._stretch("utterance")
        return 0, len(self.view.chars)

    def is_own(self, by: By) -> bool:
        """Whether the one who said the phrase is who a condition asks for; nobody known may be anybody."""
        return _is_by(by, self._scene.said.role, self._scene.said.role)

    def is_within(self, reach: Reach) -> bool:
        """Whether the next words of this utterance are still in reach."""
        clause_end = self.view.clause(self.phrase.start, self.phrase.end)[1]
        return reach == "utterance" or (reach == "clause" and clause_end == len(self.view.chars))

    def turns_heard(self, by: By) -> int:
        """How many turns of somebody have begun since."""
        return sum(_is_by(by, one[0].role, self._scene.said.role) for one in self._later)

    def where(self, wording: Wording, condition: Condition) -> str | None:
        """Where a pattern without the phrase stands, for the trace; None when it does not."""
        reach = reach_of(condition)
        limit = self.phrase_end_sample + round((condition.next_s or NEXT_S) * SAMPLE_RATE_HZ)
        if self.is_own(condition.by) and self._stands_here(wording, reach, limit):
            return "this turn"
        if reach in ("turn", "after"):
            for view in self._of(self._later, condition.by, condition.next_turns):
                if any(view.start_sample(at) <= limit for at, _ in wording.places(view, 0, len(view.chars))):
                    return "a later turn"
        if reach in ("turn", "before"):
            for view in self._of(self._earlier, condition.by, condition.last_turns):
                if any(True for _ in wording.places(view, 0, len(view.chars))):
                    return "an earlier turn"
        return None

    def is_quoted(self) -> bool:
        """Whether the phrase stands between quotation marks."""
        text = self._scene.said.passage.text
        before, after = text[: self._candidate.start_char], text[self._candidate.end_char :]
        for opening, closing in zip(_OPENING, _CLOSING, strict=True):
            if before.rfind(opening) > before.rfind(closing) and closing in after:
                return True
        return any(before.count(mark) % 2 == 1 and mark in after for mark in _STRAIGHT)

    def is_a_not_a(self) -> bool:
        """Whether the phrase begins inside a question of the form A不A: 不归我管 in 归不归我管."""
        view, at = self.view, self.phrase.start
        if at == 0 or view.chars[at] not in _NEGATIONS or view.has_break(at, at):
            return False
        # By sound only when two syllables agree: 是 and 时 sound alike, and 要是没时间 asks nothing.
        for length, heard in ((2, view.sound), (1, view.chars)):
            before, after = heard[max(at - length, 0) : at], heard[at + 1 : at + 1 + length]
            # 不知道不知道 says it twice: what is already negated asks nothing.
            is_negated = at > length and view.chars[at - length - 1] in _NEGATIONS
            if len(before) == length and before == after and not is_negated:
                return True
        return False

    def _stands_here(self, wording: Wording, reach: Reach, limit: int) -> bool:
        """Whether a pattern stands in this turn around the phrase, or within it when that is the reach."""
        start, end = self._stretch(reach)
        for at, stop in wording.places(self.view, start, end):
            is_inside = self.phrase.start <= at and stop <= self.phrase.end
            is_late = at >= self.phrase.end and self.view.start_sample(at) > limit
            if is_inside == (reach == "within") and not is_late:
                return True
        return False

    def _stretch(self, reach: Reach) -> tuple[int, int]:
        start, end, last = self.phrase.start, self.phrase.end, len(self.view.chars)
        if reach == "clause":
            return self.view.clause(start, end)
        if reach == "utterance":
            said = self._scene.said.passage
            return self.view.place(self._offset, self._offset + len(said.text))
        return {"before": (0, start), "after": (end, last), "within": (start, end)}.get(reach, (0, last))

    def _of(self, turns: Sequence[Sequence[Said]], by: By, most: int) -> Iterator[View]:
        """The nearest turns of somebody."""
        if not most:
            return iter(())
        found = [one for one in turns if _is_by(by, one[0].role, self._scene.said.role)]
        return (view for view in map(self._view_of, found[:most]) if view.chars)

    def _view_of(self, turn: Sequence[Said]) -> View:
        """A turn as one text, made once."""
        key = turn[0].start_sample
        if key not in self._views:
            utterances = sorted(turn, key=lambda one: one.start_sample)
            self._views[key] = View(joined([one.passage for one in utterances]))
        return self._views[key]

    def _place(self, view: View, offset: int) -> tuple[int, int]:
        return view.place(offset + self._candidate.start_char, offset + self._candidate.end_char)

    def _is_recent(self, said: Said) -> bool:
        return said.end_sample >= self.phrase_start_sample - _LAST_SAMPLES


def reach_of(condition: Condition) -> Reach:
    """Where patterns without the phrase may stand, when a condition does not say it."""
    if condition.where is not None:
        return condition.where
    if condition.next_turns or condition.next_s is not None:
        return "turn" if condition.last_turns else "after"
    return "before" if condition.last_turns else "turn"


def _is_by(by: By, role: Role, own: Role) -> bool:
    wanted = own if by == "same" else by
    return by == "anyone" or "unknown" in (role, wanted) or role == wanted


def _turns(said: Said, others: Iterable[Said]) -> list[list[Said]]:
    """Turns, nearest first, from the one that `said` belongs to; `others` are given nearest first, too."""
    turns = [[said]]
    for one in others:
        last = turns[-1][-1]
        if one.role == last.role and _is_close(said, last, one):
            turns[-1].append(one)
        else:
            turns.append([one])
    return turns


def _is_close(said: Said, last: Said, one: Said) -> bool:
    """Whether an utterance goes on with the turn of `said`, whose nearest utterance so far is `last`."""
    pause_s = _silence_s(last, one)
    if one.role != "unknown":
        return pause_s <= _KNOWN_TURN_PAUSE_S
    return pause_s <= _UNKNOWN_TURN_PAUSE_S and _silence_s(said, one) <= _UNKNOWN_TURN_S


def _silence_s(one: Said, other: Said) -> float:
    """Between the end of the earlier and the start of the later."""
    between = max(one.start_sample - other.end_sample, other.start_sample - one.end_sample)
    return between / SAMPLE_RATE_HZ


def _cut_off(scene: Scene) -> Iterator[Said]:
    """What was said before, without what `said` itself repeats of it: it may begin with the end of the last."""
    start = scene.said.start_sample
    for one in scene.before:
        if one.end_sample <= start:
            yield one
            continue
        kept = sum(end <= start for _, end in one.passage.spans)
        if kept:
            yield replace(one, passage=Passage(text=one.passage.text[:kept], spans=one.passage.spans[:kept]))
