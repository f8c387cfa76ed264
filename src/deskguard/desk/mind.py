"""Speech windows in, transcripts and alerts out: recognise, spot, follow, decide, in one visible loop.

What was said goes on to whoever follows the visits, and passing time with it, second by second. With one
microphone `casting` finds who spoke; what it finds out late still reaches the hits and the visits.

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
from deskguard.values import SAMPLE_RATE_HZ, Alert, Hypothesis, Labelled, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deskguard.desk.casting import Casting
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings
    from deskguard.spotting.hits.track import NearMiss
    from deskguard.values import Hit, QueueEvent, SpeechWindow

Outcome = Hypothesis | Alert | Attended | Labelled
"""`Labelled`: it has been found out who spoke in an earlier utterance."""

_TICK_SAMPLES = SAMPLE_RATE_HZ


@dataclass(slots=True)
class Work:
    """What recognition has cost so far."""

    steps: int = 0
    decode_ns: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """What a mind may ask beside its recogniser."""

    queue_events: Callable[[], list[QueueEvent]] = list
    """What the queue system has told since it was last asked."""
    casting: Casting | None = None
    """Finds who speaks; None: nobody does."""
    rulebook: Rulebook | None = None
    """Of the rules, where it has been made already: that takes a second."""


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
        beside: Beside | None = None,
    ) -> None:
        beside = beside or Beside()
        self._recogniser = recogniser
        self._casting = beside.casting
        self._attendant = Attendant(rules, settings, run_id, beside.queue_events)
        self._ticks = 0
        ear = Ear(recogniser.align, recogniser.look)
        self._settings = settings
        rulebook = beside.rulebook or Rulebook.of(rules, settings.spotting)
        self._tracker = HitTracker(rulebook, ear, run_id)
        self._aside = HitTracker(rulebook, ear, f"{run_id}-aside")
        """For an utterance that is told while another is open."""
        self._newest = self._tracker
        self._swap = SwapWatch()
        self._policy = AlertPolicy(settings.alerts, rules.rules)
        self._known = dict(rules.rules)
        self._read: SpeechWindow | None = None
        """The newest window that was read, as it came."""
        self._late: list[Labelled] = []
        """What was found out by the newest window about who spoke."""
        self.work = Work()

    def feed(self, window: SpeechWindow, now: Callable[[], Moment]) -> Iterator[Outcome]:
        """Read one window; yields alerts first, because a card is waited for and a transcript is not."""
        found, window = window, self._marked(window)
        self._doubt(window.role_confidence)
        tracker = self._newest = self._tracker_of(window)
        if window.is_hush or window.is_pause or window.end_reason in ("silence", "stream_end"):
            until = window.taken_sample if window.is_hush else window.end_sample
            silent = tracker.fall_silent(window.utterance_id, window.speech_end_sample, until)
            heard = self._read if window.is_hush and self._read is not None else found
            yield from self._decided(self._looked(heard, tracker.newest, silent, now), now)
        if window.is_hush:
            return
        self._read = found
        hypothesis, hits = self._cast(found, self._recogniser.decode(window))
        hits += tracker.feed(hypothesis)
        if hypothesis.is_final:
            hits += self._other(tracker).overhear(hypothesis)
            if found.role_confidence < 1:
                self._swap.feed(found.role, hypothesis.text)
        self.work.steps += 1
        self.work.decode_ns += hypothesis.decode_ns
        yield from self._decided(self._looked(found, hypothesis, hits, now), now)
        yield from self._found_late(window.utterance_id)
        if window.is_final:
            # After the tracker: the recogniser knows its newest hypothesis by its passage.
            hypothesis = replace(hypothesis, sound=measure(window))
        yield hypothesis
        if window.is_final:
            is_open = self._casting is not None and self._casting.may_change(window.utterance_id)
            yield from self._attended(self._attendant.feed(hypothesis, is_open=is_open))
        yield from self.tick(window.taken_sample)

    def tick(self, heard_sample: int) -> Iterator[Outcome]:
        """The stream has been heard to here, and all its windows have been read."""
        # On a grid of its own, so that it does not matter how often it is asked.
        if (ticks := heard_sample // _TICK_SAMPLES) > self._ticks:
            self._ticks = ticks
            yield from self._attended(self._attendant.tick(ticks * _TICK_SAMPLES))

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

    def _marked(self, window: SpeechWindow) -> SpeechWindow:
        """The window with what is known of its speaker.

        Of unknown role while the microphones look swapped: nobody is accused then.
        """
        if window.role_confidence < 1 and self._swap.is_swapped:
            return replace(window, role="unknown", role_confidence=min(0.5, window.role_confidence))
        return window if self._casting is None else self._casting.marked(window)

    def _doubt(self, role_confidence: float) -> None:
        """Where roles are found by listening, one that is not known was looked for: it might be the visitor."""
        is_looked_for = role_confidence < 1
        self._policy.shows_unknown_role = self._settings.alerts.show_unknown_role and not is_looked_for

    def _cast(self, window: SpeechWindow, read: Hypothesis) -> tuple[Hypothesis, list[Hit]]:
        """What was read where the speaker paused, with their role, and the hits that others' roles change."""
        if self._casting is None or not (read.is_pause or read.is_final):
            return read, []
        hits = self._recast(self._casting.look(window, read.passage))
        read = self._casting.cast(read)
        self._doubt(read.role_confidence)
        return read, hits

    def _looked(
        self, window: SpeechWindow, read: Hypothesis | None, hits: list[Hit], now: Callable[[], Moment]
    ) -> list[Hit]:
        """The hits; before the speaker pauses a role is found only when a card waits for nothing else."""
        is_of_window = read is not None and read.utterance_id == window.utterance_id
        if self._casting is None or read is None or not is_of_window:
            return hits
        if not any(self._policy.waits_for_role(one, now()) for one in hits):
            return hits
        return hits + self._recast(self._casting.look(window, read.passage))

    def _recast(self, labels: list[Labelled]) -> list[Hit]:
        """The hits of utterances of which it was found out who spoke; the visits learn it, too."""
        self._late += labels
        hits = []
        for one in labels:
            self._attendant.recast(one)
            for tracker in (self._tracker, self._aside):
                hits += tracker.recast(one.utterance_id, one.role)
        return hits

    def _found_late(self, utterance_id: int) -> list[Labelled]:
        """What was found out about utterances before this one."""
        late, self._late = self._late, []
        return [one for one in late if one.utterance_id != utterance_id]

    def _attended(self, found: list[Attended]) -> Iterator[Attended]:
        """What the visits tell; a visitor who has gone is forgotten."""
        for one in found:
            if self._casting is not None and isinstance(one, Visit) and one.end_sample is not None:
                self._casting.end_visit(one.end_sample)
            yield one

    def _tracker_of(self, window: SpeechWindow) -> HitTracker:
        """Who follows an utterance: whoever has begun to, else whoever follows no other now."""
        if self._aside.open_utterance == window.utterance_id:
            return self._aside
        is_free = self._tracker.open_utterance in (None, window.utterance_id)
        return self._tracker if is_free else self._aside

    def _other(self, tracker: HitTracker) -> HitTracker:
        return self._aside if tracker is self._tracker else self._tracker

    def _decided(self, hits: list[Hit], now: Callable[[], Moment]) -> Iterator[Alert]:
        latest = {hit.hit_id: hit for hit in hits}
        for hit in sorted(latest.values(), key=self._policy.order):
            yield from self._policy.feed(hit, now())
