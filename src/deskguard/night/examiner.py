"""One recording in, all that the rules find in it out: the pipeline of the day over final windows only.

The model and the tables of the rules are loaded once and used for any number of recordings. A recording that
cannot be examined is no error here: the outcome says why, and the next one goes on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.desk import compose
from deskguard.desk.memory import keep_memory
from deskguard.desk.mind import Beside, Mind
from deskguard.errors import DeskguardError
from deskguard.hearing.media import read_recording
from deskguard.night.gathering import Gathering
from deskguard.night.hanging import forward
from deskguard.night.jobs import Outcome
from deskguard.night.reading import Reading
from deskguard.night.spending import Stopwatch
from deskguard.night.suitability import Language, Level
from deskguard.scoring.curves import curves
from deskguard.scoring.values import Examination, Examined, NotAnalysed
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.values import SAMPLE_RATE_HZ, seconds
from deskguard.visits.manner_book import load_manner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.hearing.recognise import Recogniser
    from deskguard.hearing.roles.channels import ByChannels
    from deskguard.night.jobs import Job, Setup
    from deskguard.scoring.values import Recording
    from deskguard.settings import Settings
    from deskguard.values import AudioChunk, Role

_CHUNK_SAMPLES = SAMPLE_RATE_HZ
"""Nobody waits for what is said: the day's 50 ms would cost more to handle than to hear."""
_ONE_SIDED = ("staff-microphone-silent", "visitor-microphone-silent")


class Examiner:
    """A loaded model and rules; used by one thread."""

    def __init__(self, setup: Setup, recogniser: Recogniser) -> None:
        self._setup = setup
        self._recogniser = recogniser
        self._rulebook = Rulebook.of(setup.rules, setup.settings.spotting)

    @classmethod
    def load(cls, setup: Setup) -> Examiner:
        """Load the model that the settings name; raises DeskguardError where it is missing."""
        recogniser = compose.load_recogniser(setup.settings, max(1, setup.settings.scoring.threads))
        keep_memory()
        return cls(setup, recogniser)

    def examine(self, job: Job) -> Outcome:
        """Everything found in one recording, or why it could not be examined."""
        return _Listening(self._setup, self._recogniser, self._rulebook, job).outcome()


class _Listening:
    """One recording on its way through."""

    def __init__(self, setup: Setup, recogniser: Recogniser, rulebook: Rulebook, job: Job) -> None:
        self._setup = setup
        self._job = job
        self._settings = _for_job(setup.settings, job)
        self._watch = Stopwatch()
        self._level = Level()
        self._found = Gathering()
        self._heard = 0
        self._endpointer: ByChannels = compose.new_endpointer(self._settings)
        casting = compose.new_casting(self._settings)
        self._mind = Mind(
            recogniser,
            setup.rules,
            self._settings,
            job.recording.sha256[:12],
            Beside(casting=casting, rulebook=rulebook),
        )
        language = Language(recogniser.languages)
        self._reading = Reading(
            recogniser, self._mind, setup.settings.scoring.beam_below, self._watch, language.check
        )

    def outcome(self) -> Outcome:
        failure: DeskguardError | None = None
        try:
            self._listen()
        except DeskguardError as error:
            failure = error
        finally:
            self._reading.close()
        if failure is not None and (failure.code != "truncated" or not self._heard):
            return self._refused(failure.code, failure.problem)
        if self._level.is_too_quiet:
            return self._refused("too-quiet", f"loudest second {self._level.dbfs:.0f} dBFS")
        partly = [] if failure is None else [("truncated", failure.problem)]
        if not self._found.texts:
            partly.append(("no-speech", f"{seconds(self._heard):.0f} s without a word"))
        partly += [("one-sided", note) for note in self._endpointer.notes if note in _ONE_SIDED]
        partly += [("microphones-swapped", "") for note in self._mind.notes if note == "microphones-swapped"]
        return Outcome(
            job=self._job,
            examined=self._examined(),
            not_analysed=tuple(self._left_out(reason, detail) for reason, detail in partly),
            spent=self._watch.spent(self._heard, self._endpointer.speech_samples),
        )

    def _listen(self) -> None:
        failure: DeskguardError | None = None
        try:
            for chunk in self._chunks():
                self._heard = chunk.end_sample
                forward()
                with self._watch.stage("endpoint"):
                    self._level.feed(chunk)
                    windows = self._endpointer.feed(chunk)
                for outcome in self._reading.feed(windows):
                    self._found.take(outcome)
        except DeskguardError as error:
            if error.code != "truncated" or not self._heard:
                raise
            failure = error
        self._level.finish()
        for outcome in [*self._reading.feed(self._endpointer.finish()), *self._reading.finish(self._heard)]:
            self._found.take(outcome)
        if failure is not None:
            raise failure

    def _chunks(self) -> Iterator[AudioChunk]:
        return self._watch.each("read", read_recording(Path(self._job.recording.path), _CHUNK_SAMPLES))

    def _examined(self) -> Examined:
        recording = replace(self._job.recording, duration_samples=self._heard, roles=self._roles())
        rules, settings = self._setup.rules, self._settings
        book = load_manner(rules.packs).without(settings.visits.off)
        found = self._found
        curve = curves(found.in_order(), list(found.visits.values()), book, settings.manner)
        return found.examined(self._examination(recording), rules.rules, curve)

    def _examination(self, recording: Recording) -> Examination:
        setup = self._setup
        return Examination(
            recording=recording,
            rules_sha256=setup.rules.sha256,
            model=setup.model,
            settings_sha256=setup.settings_sha256,
        )

    def _roles(self) -> tuple[Role, ...]:
        """Whose microphone each channel was taken for."""
        if self._endpointer.layout == "one-microphone":
            return ()
        return (
            ("staff", "visitor") if self._settings.roles.channels == "staff,visitor" else ("visitor", "staff")
        )

    def _refused(self, reason: str, detail: str) -> Outcome:
        return Outcome(
            job=self._job,
            not_analysed=(self._left_out(reason, detail),),
            spent=self._watch.spent(self._heard, self._endpointer.speech_samples),
        )

    def _left_out(self, reason: str, detail: str) -> NotAnalysed:
        recording = self._job.recording
        return NotAnalysed(
            path=recording.path, reason=reason, detail=detail, window_id=recording.window_id, day=recording.day
        )


def _for_job(settings: Settings, job: Job) -> Settings:
    if not job.channels:
        return settings
    roles = settings.roles.model_copy(update={"channels": job.channels})
    return settings.model_copy(update={"roles": roles})
