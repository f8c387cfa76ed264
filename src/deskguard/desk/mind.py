"""Speech windows in, transcripts and alerts out: recognise, spot, follow, decide, in one visible loop.

What was said goes on to whoever follows the visits, and passing time with it, second by second.

Two people may speak at once, each on a microphone of their own. What one says while an utterance of the other
is still open is followed apart from it; each overhears the other's final texts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deskguard.desk.alerts import AlertPolicy, Moment
from deskguard.desk.attending import Attendant, Attended
from deskguard.hearing.loudness import measure
from deskguard.hearing.roles.swapped import SwapWatch
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.spotting.hits.sighting import Ear
from deskguard.spotting.hits.track import HitTracker
from deskguard.values import SAMPLE_RATE_HZ, Alert, Hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings
    from deskguard.spotting.hits.track import NearMiss
    from deskguard.values import Hit, QueueEvent, SpeechWindow

Outcome = Hypothesis | Alert | Attended

_TICK_SAMPLES = SAMPLE_RATE_HZ


@dataclass(slots=True)
class Work:
    """What recognition has cost so far."""

    steps: int = 0
    decode_ns: int = 0


class Mind:
    """The part of a desk that understands; the same object by day, in replay and in tests.

    `now` is asked after the recognition of each window, so that alerts carry the compute time.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        rules: RuleSet,
        settings: Settings,
        run_id: str,
        queue_events: Callable[[], list[QueueEvent]] = list,
    ) -> None:
        """`queue_events` gives what the queue system has told since it was last asked."""
        self._recogniser = recogniser
        self._attendant = Attendant(rules, settings, run_id, queue_events)
        self._ticks = 0
        ear = Ear(recogniser.align, recogniser.look)
        self._settings = settings
        rulebook = Rulebook.of(rules, settings.spotting)
        self._tracker = HitTracker(rulebook, ear, run_id)
        self._aside = HitTracker(rulebook, ear, f"{run_id}-aside")
        """For an utterance that is told while another is open."""
        self._newest = self._tracker
        self._swap = SwapWatch()
        self._policy = AlertPolicy(settings.alerts, rules.rules)
        self._known = dict(rules.rules)
        self.work = Work()

    def feed(self, window: SpeechWindow, now: Callable[[], Moment]) -> Iterator[Outcome]:
        """Read one window; yields alerts first, because a card is waited for and a transcript is not."""
        found, window = window, self._doubted(window)
        # Where roles are found by listening, one that is not known was looked for: it might be the visitor.
        is_looked_for = window.role_confidence < 1
        self._policy.shows_unknown_role = self._settings.alerts.show_unknown_role and not is_looked_for
        tracker = self._newest = self._tracker_of(window)
        if window.is_hush or window.is_pause or window.end_reason in ("silence", "stream_end"):
            until = window.taken_sample if window.is_hush else window.end_sample
            silent = tracker.fall_silent(window.utterance_id, window.speech_end_sample, until)
            yield from self._decided(silent, now)
        if window.is_hush:
            return
        hypothesis = self._recogniser.decode(window)
        hits = tracker.feed(hypothesis)
        if hypothesis.is_final:
            hits += self._other(tracker).overhear(hypothesis)
            if is_looked_for:
                self._swap.feed(found.role, hypothesis.text)
        self.work.steps += 1
        self.work.decode_ns += hypothesis.decode_ns
        yield from self._decided(hits, now)
        if window.is_final:
            # After the tracker: the recogniser knows its newest hypothesis by identity.
            hypothesis = replace(hypothesis, sound=measure(window))
        yield hypothesis
        if window.is_final:
            yield from self._attendant.feed(hypothesis)
        yield from self.tick(window.taken_sample)

    def tick(self, heard_sample: int) -> Iterator[Outcome]:
        """The stream has been heard to here, and all its windows have been read."""
        # On a grid of its own, so that it does not matter how often it is asked.
        if (ticks := heard_sample // _TICK_SAMPLES) > self._ticks:
            self._ticks = ticks
            yield from self._attendant.tick(ticks * _TICK_SAMPLES)

    def finish(self, now: Callable[[], Moment]) -> Iterator[Outcome]:
        yield from self._decided([*self._tracker.finish(), *self._aside.finish()], now)
        yield from self._attendant.finish()

    def use_rules(self, rules: RuleSet) -> None:
        """Go on with other rules; hits of rules that are gone can still end."""
        rulebook = Rulebook.of(rules, self._settings.spotting)
        for tracker in (self._tracker, self._aside):
            tracker.use(rulebook)
        self._attendant.use(rules)
        self._known |= rules.rules
        self._policy.rules = dict(self._known)

    @property
    def near_misses(self) -> tuple[NearMiss, ...]:
        """Places of the newest window that almost were hits, and why they were not."""
        return self._newest.near_misses

    def shows(self, hit_id: str) -> bool:
        """Whether this hit's card is the one that is up."""
        return self._policy.shows(hit_id)

    def dismiss(self, hit_id: str) -> bool:
        return self._policy.dismiss(hit_id)

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what is wrong with what was heard: "microphones-swapped"."""
        return ("microphones-swapped",) if self._swap.is_swapped else ()

    def _doubted(self, window: SpeechWindow) -> SpeechWindow:
        """The window, of unknown role while the microphones look swapped: nobody is accused then."""
        if window.role_confidence == 1 or not self._swap.is_swapped:
            return window
        return replace(window, role="unknown", role_confidence=min(0.5, window.role_confidence))

    def _tracker_of(self, window: SpeechWindow) -> HitTracker:
        """Who follows an utterance: whoever has begun to, else whoever follows no other now."""
        if self._aside.open_utterance == window.utterance_id:
            return self._aside
        is_free = self._tracker.open_utterance in (None, window.utterance_id)
        return self._tracker if is_free else self._aside

    def _other(self, tracker: HitTracker) -> HitTracker:
        return self._aside if tracker is self._tracker else self._tracker

    def _decided(self, hits: list[Hit], now: Callable[[], Moment]) -> Iterator[Alert]:
        for hit in sorted(hits, key=self._policy.order):
            yield from self._policy.feed(hit, now())
