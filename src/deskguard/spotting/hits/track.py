"""Hypotheses in, hits out: a hit is a rule and a span of audio, however often the text is revised.

What is believed of the newest hypothesis is a tentative hit at once: waiting for equal hypotheses costs
seconds. It is confirmed when it is seen again, or in the final text, or was sure at first sight, and when what
it means no longer waits for the next words. Two hypotheses that do not show it, or show it innocent, withdraw
it; so does a final one. A confirmed hit that the next words make innocent is withdrawn after all, once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.spotting.hits.conversation import Conversation
from deskguard.spotting.hits.sighting import Sighter, Sighting, is_near
from deskguard.values import SAMPLE_RATE_HZ, Hit

if TYPE_CHECKING:
    from deskguard.spotting.hits.rulebook import Rulebook
    from deskguard.spotting.hits.sighting import Ear
    from deskguard.spotting.scene import Verdict
    from deskguard.values import Candidate, HitState, Hypothesis, Role

_REMEMBER_SAMPLES = 10 * SAMPLE_RATE_HZ
_MOST_OLD = 100
_DENIALS = 2
_GUESS_SLACK = int(0.6 * SAMPLE_RATE_HZ)
"""How far a place may be off before the text is aligned."""
_UNHEARD = int(0.16 * SAMPLE_RATE_HZ)
"""Speech that the newest text may lack and still count as whole: less than a syllable, and what the endpointer
does not read for by itself."""
_EASED = 0.1
"""How much less sure a hit must be at first sight when the speaker has fallen silent: the text is whole, and
the reading of the pause would confirm it from a much lower bar."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A place that almost was a hit, and what kept it from being one."""

    sighting: Sighting
    why: tuple[str, ...]


@dataclass(slots=True)
class _Case:
    """A hit that may still change."""

    hit: Hit
    sighting: Sighting
    verdict: Verdict
    sights: int = 1
    denials: int = 0
    """Texts in a row that did not show it, or showed it innocent."""

    @property
    def is_tentative(self) -> bool:
        return self.hit.state == "tentative"


class HitTracker:
    """Follows the hits of one stream of hypotheses."""

    def __init__(self, rulebook: Rulebook, ear: Ear, run_id: str) -> None:
        self.near_misses: tuple[NearMiss, ...] = ()
        """Of the newest hypothesis."""
        self._conversation = Conversation()
        self._sighter = Sighter(rulebook, ear, self._conversation)
        self._run_id = run_id
        self._count = 0
        self._utterance = -1
        self._open: list[_Case] = []
        """Of this utterance."""
        self._held: list[Sighting] = []
        """Of the newest live text: what the next words could still excuse."""
        self._newest: Hypothesis | None = None
        self._past: list[_Case] = []
        """Confirmed in earlier ones, or withdrawn after that: not to be told again."""
        self._old: deque[Hit] = deque(maxlen=_MOST_OLD)
        """Confirmed before those: nothing about them may change but who spoke."""

    def use(self, rulebook: Rulebook) -> None:
        """Go on with other rules; hits that they do not know can still end."""
        self._sighter.rulebook = rulebook

    def feed(self, hypothesis: Hypothesis) -> list[Hit]:
        """The hits that are new or have changed, longest phrase first."""
        changed = self._turn_to(hypothesis.utterance_id) + self._recast(hypothesis)
        self._conversation.hear(hypothesis)
        self._newest, self._held = hypothesis, []
        missed: list[NearMiss] = []
        seen: list[_Case] = []
        found: list[Hit] = []
        for sighting in self._sighter.see(hypothesis, self._is_told):
            if not sighting.counts:
                missed.append(NearMiss(sighting, (sighting.why, f"below {sighting.least:.2f}: not believed")))
                continue
            verdict = self._judged(sighting)
            if verdict.ruling == "innocent":
                missed.append(NearMiss(sighting, (sighting.why, *verdict.why)))
            found += self._see(sighting, verdict, hypothesis, seen)
            if _waits(sighting.candidate, hypothesis) and sighting.confidence >= self._sure_in_silence:
                self._held.append(sighting)
        self.near_misses = tuple(missed)
        changed += self._deny(seen, hypothesis) + found + self._judge_again(seen, hypothesis)
        if hypothesis.is_final:
            changed += self._close()
            self._forget(hypothesis)
        return changed

    def overhear(self, hypothesis: Hypothesis) -> list[Hit]:
        """Hits that change by what somebody else has said meanwhile: a final text, no part of this stream."""
        self._conversation.overhear(hypothesis)
        return self._judge_again([], hypothesis)

    def recast(self, utterance_id: int, role: Role) -> list[Hit]:
        """The hits of an utterance, past or open, of which it has been found out who spoke."""
        self._conversation.recast(utterance_id, role)
        if self._newest is not None and self._newest.utterance_id == utterance_id:
            self._newest = replace(self._newest, role=role)
        changed = []
        for case in [one for one in [*self._open, *self._past] if _is_recast(one.hit, utterance_id, role)]:
            case.hit = replace(case.hit, role=role)
            changed.append(case.hit)
        for at, hit in enumerate(self._old):
            if _is_recast(hit, utterance_id, role):
                self._old[at] = replace(hit, role=role)
                changed.append(self._old[at])
        return changed

    @property
    def newest(self) -> Hypothesis | None:
        """The hypothesis that was fed last."""
        return self._newest

    @property
    def open_utterance(self) -> int | None:
        """The utterance that is being said, if its final text has not come."""
        newest = self._newest
        return None if newest is None or newest.is_final else newest.utterance_id

    def fall_silent(self, utterance_id: int, speech_end_sample: int, until_sample: int) -> list[Hit]:
        """What a pause settles before its audio is read: that takes longer than all else.

        Only where the newest live text has heard the speech to its end. What is sure in it, and waited for
        words that do not come, is confirmed.
        """
        newest = self._newest
        if (
            newest is None
            or newest.utterance_id != utterance_id
            or newest.end_sample + _UNHEARD < speech_end_sample
        ):
            return []
        self._conversation.fall_silent(until_sample)
        silent = replace(newest, is_pause=True)
        sure = self._sure_in_silence
        changed = []
        for case in [one for one in self._open if one.is_tentative and one.denials == 0]:
            case.verdict = self._judged(case.sighting)
            if case.verdict.ruling != "innocent":
                changed += self._confirm(case, silent, sure)
        for sighting in self._held:
            verdict = self._judged(sighting)
            if self._known(sighting) is None and verdict.ruling != "innocent":
                changed += self._confirm(self._begin(sighting, verdict, silent), silent, sure)
        self._held = []
        return changed

    def finish(self) -> list[Hit]:
        """Withdraw what nothing has confirmed."""
        return self._close()

    @property
    def _sure_in_silence(self) -> float:
        """1 asks for a second sight whatever happens."""
        sure = self._sighter.rulebook.belief.sure
        return sure - _EASED if sure < 1 else sure

    def _judged(self, sighting: Sighting) -> Verdict:
        return self._sighter.rulebook.judge(sighting.candidate, self._conversation.scene(sighting.place))

    def _turn_to(self, utterance_id: int) -> list[Hit]:
        """A new utterance closes the last; its final hypothesis normally has done so already."""
        if utterance_id == self._utterance:
            return []
        self._utterance = utterance_id
        return self._close()

    def _recast(self, hypothesis: Hypothesis) -> list[Hit]:
        """The hits of this utterance, when it turns out that somebody else spoke than was thought."""
        cases = [one for one in self._open if one.hit.role != hypothesis.role]
        for case in cases:
            case.hit = replace(case.hit, role=hypothesis.role)
        return [case.hit for case in cases]

    def _see(
        self, sighting: Sighting, verdict: Verdict, hypothesis: Hypothesis, seen: list[_Case]
    ) -> list[Hit]:
        """A place that is believed begins a hit or upholds one; innocent, it denies one."""
        known = self._known(sighting)
        waits = _waits(sighting.candidate, hypothesis)
        if known is None:
            if waits or verdict.ruling == "innocent":
                return []
            case = self._begin(sighting, verdict, hypothesis)
            seen.append(case)
            return self._confirm(case, hypothesis) or [case.hit]
        if known not in self._open:
            return []
        if not known.is_tentative:
            seen.append(known)
            known.sighting = sighting
            return self._revise(known, verdict, hypothesis)
        known.verdict = verdict
        if waits or verdict.ruling != "innocent":
            seen.append(known)
        return [] if waits or verdict.ruling == "innocent" else self._uphold(known, sighting, hypothesis)

    def _uphold(self, case: _Case, sighting: Sighting, hypothesis: Hypothesis) -> list[Hit]:
        """A tentative hit is seen once more."""
        case.sighting = sighting
        case.sights += 1
        case.denials = 0
        case.hit = _moved(case.hit, sighting)
        return self._confirm(case, hypothesis)

    def _known(self, sighting: Sighting) -> _Case | None:
        """The hit a sighting belongs to: the nearest of its rule; any open one when its place is a guess."""
        rule_id = sighting.candidate.rule_id
        if sighting.is_guessed and (own := [one for one in self._open if one.hit.rule_id == rule_id]):
            return own[0]
        near = [
            one
            for one in [*self._open, *self._past]
            if one.hit.rule_id == rule_id and is_near(one.hit, sighting)
        ]
        return min(near, key=lambda one: abs(one.hit.start_sample - sighting.start_sample), default=None)

    def _is_told(self, rule_id: str, start_sample: int, end_sample: int) -> bool:
        """Whether a rule is confirmed near a place of this utterance that may be a guess.

        While the speaker goes on, also whether it is as sure as that and only waits for the next words: to look
        at it again would only make it late.
        """
        sure = self._sighter.rulebook.belief.sure
        is_live = self._newest is not None and not (self._newest.is_final or self._newest.is_pause)
        return any(
            case.hit.rule_id == rule_id
            and (
                case.hit.state == "confirmed" or (is_live and case.denials == 0 and case.hit.confidence >= sure)
            )
            and start_sample < case.hit.end_sample + _GUESS_SLACK
            and case.hit.start_sample < end_sample + _GUESS_SLACK
            for case in self._open
        )

    def _begin(self, sighting: Sighting, verdict: Verdict, hypothesis: Hypothesis) -> _Case:
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
            softened=verdict.ruling == "softened",
            why=(sighting.why, *verdict.why),
        )
        case = _Case(hit, sighting, verdict)
        self._open.append(case)
        return case

    def _confirm(self, case: _Case, hypothesis: Hypothesis, sure: float | None = None) -> list[Hit]:
        """Confirm a hit if it is sure enough, and its meaning does not wait for the next words.

        `sure` is the confidence that makes one sight enough, by default that of the settings.
        """
        sighting, verdict = case.sighting, case.verdict
        if verdict.is_open and not hypothesis.is_final:
            return []
        if verdict.ruling == "softened" and not _is_settled(hypothesis):
            return []
        reasons = {
            "in the final text": hypothesis.is_final,
            f"seen again: {sighting.evidence.source}, {sighting.evidence.tier}": case.sights > 1,
            "sure at first sight": case.hit.confidence >= (sure or self._sighter.rulebook.belief.sure),
        }
        reason = next((reason for reason, holds in reasons.items() if holds), None)
        return [] if reason is None else [_settle(case, "confirmed", reason)]

    def _deny(self, seen: list[_Case], hypothesis: Hypothesis) -> list[Hit]:
        """Hits that the text does not show, or shows innocent, are withdrawn at the second such text."""
        gone = []
        for case in [one for one in self._open if one not in seen]:
            is_out_of_sight = case.hit.start_sample < hypothesis.start_sample and not hypothesis.is_final
            if is_out_of_sight or not case.is_tentative:
                continue
            case.denials += 1
            if hypothesis.is_final or case.denials >= _DENIALS:
                is_innocent = case.verdict.ruling == "innocent"
                self._open.remove(case)
                gone.append(_settle(case, "withdrawn", "innocent" if is_innocent else "not in the later text"))
        return gone

    def _judge_again(self, seen: list[_Case], hypothesis: Hypothesis) -> list[Hit]:
        """What was said since may make a confirmed hit innocent."""
        changed = []
        for case in [*self._open, *self._past]:
            may_change = case.hit.state == "confirmed" and case.verdict.revisable_until_sample is not None
            # New rules may not know the rule of an old hit.
            if case in seen or not may_change or case.hit.rule_id not in self._sighter.rulebook.belief.rules:
                continue
            verdict = self._judged(case.sighting)
            changed += self._revise(case, verdict, hypothesis)
        return changed

    def _revise(self, case: _Case, verdict: Verdict, hypothesis: Hypothesis) -> list[Hit]:
        """A later verdict on a confirmed hit: it may only get milder, and in a text that is not in flux."""
        if verdict.ruling == "guilty" or (verdict.ruling == "softened" and case.hit.softened):
            case.verdict, case.denials = verdict, 0
            return []
        if (verdict.is_leaning or verdict.ruling == "softened") and not _is_settled(hypothesis):
            return []
        if verdict.ruling == "softened":
            case.verdict, case.denials = verdict, 0
            case.hit = replace(case.hit, softened=True, why=_with(case.hit.why, verdict.why))
            return [case.hit]
        case.denials += 1
        if case.denials < _DENIALS and not _is_settled(hypothesis):
            return []
        case.verdict = verdict
        if case in self._open:
            self._open.remove(case)
            self._past.append(case)
        return [_settle(case, "withdrawn", "innocent by what came after")]

    def _close(self) -> list[Hit]:
        gone = [_settle(one, "withdrawn", "the utterance ended") for one in self._open if one.is_tentative]
        self._past += [one for one in self._open if one.hit.state == "confirmed"]
        self._open = []
        return gone

    def _forget(self, hypothesis: Hypothesis) -> None:
        oldest = hypothesis.end_sample - _REMEMBER_SAMPLES
        kept: list[_Case] = []
        for one in self._past:
            if max(one.hit.end_sample, (one.verdict.revisable_until_sample or 0)) >= oldest:
                kept.append(one)
            elif one.hit.state == "confirmed":
                self._old.append(one.hit)
        self._past = kept


def _is_recast(hit: Hit, utterance_id: int, role: Role) -> bool:
    return hit.utterance_id == utterance_id and hit.role != role and hit.state != "withdrawn"


def _settle(case: _Case, state: HitState, reason: str) -> Hit:
    why = (*_with(case.hit.why, case.verdict.why), f"{state}: {reason}")
    case.hit = replace(case.hit, state=state, softened=case.verdict.ruling == "softened", why=why)
    return case.hit


def _moved(hit: Hit, sighting: Sighting) -> Hit:
    """The hit where it was seen last, as sure as it ever was."""
    better = replace(hit, confidence=max(hit.confidence, sighting.confidence))
    if sighting.is_guessed:
        return better
    return replace(
        better,
        start_sample=sighting.start_sample,
        end_sample=sighting.end_sample,
        heard=sighting.heard,
    )


def _with(why: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return (*why, *(line for line in more if line not in why))


def _waits(candidate: Candidate, hypothesis: Hypothesis) -> bool:
    """Whether more words could still excuse a candidate: neither a pause nor the end has come."""
    return candidate.is_open and not _is_settled(hypothesis)


def _is_settled(hypothesis: Hypothesis) -> bool:
    """Half a sentence, perhaps without its beginning, may lean to one side and the whole to the other."""
    return hypothesis.is_final or hypothesis.is_pause
