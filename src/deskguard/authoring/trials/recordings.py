"""A recording and rule sets in, what was said and what each of them makes of it out: heard once, judged by all.

The recording goes through the desk's own pipeline, one mind for each rule set over one recogniser. Compute
counts as no time, so every window is read and the same recording always gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from deskguard.desk import compose
from deskguard.desk.mind import Mind
from deskguard.desk.modelled import ModelledRun
from deskguard.hearing.media import read_recording
from deskguard.spotting.scene import Said
from deskguard.values import Alert, Hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from deskguard.desk.alerts import Moment
    from deskguard.desk.mind import Outcome
    from deskguard.desk.rttm import GivenRoles
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.ruleset import RuleSet
    from deskguard.settings import Settings
    from deskguard.spotting.hits.track import NearMiss
    from deskguard.values import AudioChunk, SpeechWindow


@dataclass(slots=True)
class Opinion:
    """What one rule set makes of a recording."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    """The last state of each hit, by its id."""
    misses: list[NearMiss] = field(default_factory=list)
    """What almost was a hit in the final texts."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said between two endpoints."""

    utterance_id: int
    said: Said


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording, heard once."""

    name: str
    utterances: tuple[Utterance, ...]
    opinions: tuple[Opinion, ...]
    """One for each rule set, in their order."""


class Listener:
    """A loaded model, for any number of recordings and rule sets."""

    def __init__(self, settings: Settings, recogniser: Recogniser | None = None) -> None:
        self._settings = settings
        self._recogniser = recogniser or compose.load_recogniser(settings)

    def hear(self, name: str, rule_sets: Sequence[RuleSet], roles: GivenRoles | None = None) -> Heard:
        """Read a recording and judge it by every rule set; DeskguardError when it cannot be read to its end."""
        once = cast("Any", _Once(self._recogniser))
        minds = [Mind(once, rules, self._settings, Path(name).stem) for rules in rule_sets]
        several = _Minds(minds)
        run = ModelledRun(
            compose.new_endpointer(self._settings)
            if roles is None
            else compose.new_plain_endpointer(self._settings),
            cast("Mind", several),
            self._settings.queues.final_s,
            compute_ns=lambda: 0,
        )
        chunks: Iterable[AudioChunk] = read_recording(Path(name))
        utterances: dict[int, Utterance] = {}
        for outcome in run.run(chunks if roles is None else roles.mark(name, chunks)):
            if isinstance(outcome, Hypothesis) and outcome.is_final and outcome.text:
                said = Said(role=outcome.role, passage=outcome.passage)
                utterances[outcome.utterance_id] = Utterance(outcome.utterance_id, said)
        if roles is not None:
            roles.check_length(name, run.heard_samples)
        return Heard(name, tuple(utterances.values()), tuple(several.opinions))


class _Once:
    """A recogniser that reads each window once, however many minds ask."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._last: tuple[SpeechWindow, Hypothesis] | None = None
        self.align = recogniser.align
        self.look = recogniser.look

    def decode(self, window: SpeechWindow) -> Hypothesis:
        if self._last is None or self._last[0] is not window:
            self._last = (window, self._recogniser.decode(window))
        return self._last[1]


class _Minds:
    """Several minds in the place of one: each window goes to all, while the recogniser still holds it."""

    def __init__(self, minds: Sequence[Mind]) -> None:
        self._minds = minds
        self.opinions = [Opinion() for _ in minds]

    def feed(self, window: SpeechWindow, now: Callable[[], Moment]) -> Iterator[Outcome]:
        for mind, opinion in zip(self._minds, self.opinions, strict=True):
            for outcome in mind.feed(window, now):
                yield from self._kept(outcome, opinion, mind)

    def tick(self, heard_sample: int) -> Iterator[Outcome]:
        """Time that passes changes no hit, and nobody asks for visits here."""
        yield from ()

    def finish(self, now: Callable[[], Moment]) -> Iterator[Outcome]:
        for mind, opinion in zip(self._minds, self.opinions, strict=True):
            for outcome in mind.finish(now):
                yield from self._kept(outcome, opinion, mind)

    def _kept(self, outcome: Outcome, opinion: Opinion, mind: Mind) -> Iterator[Outcome]:
        """Note what the mind thinks; transcripts go on from the first one only."""
        if isinstance(outcome, Alert):
            opinion.alerts[outcome.hit.hit_id] = outcome
            return
        if isinstance(outcome, Hypothesis) and outcome.is_final:
            opinion.misses += mind.near_misses
        if mind is self._minds[0]:
            yield outcome
