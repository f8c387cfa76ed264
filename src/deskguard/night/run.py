"""`deskguard score`: recordings in, the store filled and the reports written; can be stopped and started again.

What has been examined is kept at once and whole, so a run that is killed loses the recordings under way and
nothing else; the next run finds the others done. The clock dates a run and its decisions, nothing else.
"""

from __future__ import annotations

import platform
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deskguard import __version__
from deskguard.desk import compose
from deskguard.desk.usage import cpu_s, peak_rss_mb
from deskguard.errors import DeskguardError
from deskguard.night import workers
from deskguard.night.cutting import Cutting
from deskguard.night.desk_day import desk_days, desk_store
from deskguard.night.examiner import Examiner
from deskguard.night.health import HealthFile, NightHealth
from deskguard.night.inputs import Listed, jobs, listed
from deskguard.night.jobs import Setup, Spent
from deskguard.night.naming import Pattern
from deskguard.night.options import night_settings, settings_sha256
from deskguard.night.report.write import write_reports
from deskguard.night.run_lock import run_lock
from deskguard.night.telling import clips_of, texts_of, within
from deskguard.night.told import Told
from deskguard.scoring.card_choice import card_in_force, scope_of
from deskguard.scoring.card_files import find_card
from deskguard.scoring.importing import read_imports
from deskguard.scoring.known import check_names
from deskguard.scoring.opening import FILE_NAME, open_store
from deskguard.scoring.policy import deadlines_of, policy_of
from deskguard.scoring.scorecard import usable
from deskguard.scoring.store import Wanted
from deskguard.scoring.values import Examination, Examined, NightRun, NotAnalysed
from deskguard.scoring.words import Words
from deskguard.values import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from deskguard.night.jobs import Job, Outcome
    from deskguard.night.options import Options
    from deskguard.night.progress import Progress
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.store import NightStore
    from deskguard.settings import Settings

_REMARKS = frozenset({"duplicate", "one-sided", "no-speech", "microphones-swapped"})
"""Said of recordings that were scored all the same, or whose twin was."""
EXIT_USER, EXIT_PARTLY = 2, 3


@dataclass(slots=True)
class _Progress:
    """What has come of a run so far."""

    wanted: int = 0
    in_scope: set[str] = field(default_factory=set)
    """Content of the recordings that were asked for and are examined, now or before."""
    done: int = 0
    before: int = 0
    """Had been examined by an earlier run."""
    left_out: list[NotAnalysed] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class Ready:
    """A run that has been checked and can begin: nothing a user must mend is found later than this."""

    options: Options
    settings: Settings
    setup: Setup
    card: Scorecard
    words: Words
    files: list[Listed]
    live: list[Examined]
    """Days that desks have kept, as they were heard live."""
    missing: list[NotAnalysed]

    @classmethod
    def of(cls, options: Options, settings: Settings, standard: str | None, language: str) -> Ready:
        """Read rules, card and the list of recordings; raises DeskguardError for what must be mended."""
        is_single = options.local is None and options.cluster is None
        own = night_settings(settings, standard, is_single=is_single)
        card = usable(find_card(own.scoring.card, _paths(own.scoring.cards)))
        rules = compose.load_rules(own, options.rules)
        if standard is None and not options.rules:
            check_names(card, own, rules)
        desks = [store for one in options.paths if (store := desk_store(one)) is not None]
        sounds = [one for one in options.paths if desk_store(one) is None]
        pattern = Pattern(own.scoring.pattern)
        files, missing = listed(sounds, pattern) if sounds else ([], [])
        wanted = options.wish.of(files)
        live = [
            day
            for desk in desks
            for day in desk_days(desk, rules)
            if options.wish.takes(day.recording.window_id, day.recording.day)
        ]
        if not wanted and not missing and not live:
            raise DeskguardError(
                f"None of {len(files)} recordings is wanted: --windows, --since or --limit leave all out.",
                "ask for more.",
                "no-recordings",
            )
        setup = Setup(settings=own, rules=rules, model=own.model.name, settings_sha256=settings_sha256(own))
        return cls(options, own, setup, card, Words(language), wanted, live, missing)


def run(ready: Ready, progress: Progress) -> tuple[int, dict[str, Any]]:
    """Examine what has not been examined and write the reports; the exit status, and what was done."""
    options, settings = ready.options, ready.settings
    with run_lock(options.out):
        place = options.store or settings.scoring.store or str(options.out / FILE_NAME)
        store = open_store(settings.scoring, place, create=True)
        try:
            return _Night(_with_chosen_card(ready, store), store, progress).run()
        finally:
            store.close()


def _with_chosen_card(ready: Ready, store: NightStore) -> Ready:
    """The run with the card that was chosen in the hall, if the store is the hall's, and none was asked for."""
    choices = [] if ready.options.has_card else store.card_choices()
    if not choices:
        return ready
    # Of the newest recording: what is told of a month that is over is scored by that month's card.
    days = [one.day for one in ready.files] + [one.recording.day for one in ready.live]
    day = max(days, default=datetime.now(UTC).astimezone().date())
    scope = scope_of(ready.settings)
    card = card_in_force(choices, scope, day, ready.card)
    if not scope and not ready.options.rules:
        check_names(card, ready.settings)
    return replace(ready, card=card)


class _Night:
    """One run with an open store."""

    def __init__(self, ready: Ready, store: NightStore, progress: Progress) -> None:
        self._ready = ready
        self._store = store
        self._progress = progress
        wanted = len(ready.files) + len(ready.live) + len(ready.missing)
        self._so_far = _Progress(wanted=wanted, left_out=[*ready.missing])
        self._cutting = Cutting(store, ready.options.out) if ready.settings.scoring.clips else None
        self._begun_s = time.perf_counter()
        self._begun_cpu_s = cpu_s()
        options = ready.options
        setup = ready.setup
        total = len(ready.files)
        started = NightHealth(model=setup.model, rules_sha256=setup.rules.sha256, total=total)
        self._health = HealthFile(options.out, started)
        self._run = NightRun(
            run_id=uuid.uuid4().hex[:16],
            started_utc=_now(),
            host=platform.node(),
            version=__version__,
            rules_sha256=setup.rules.sha256,
            model=setup.model,
            settings_sha256=setup.settings_sha256,
            card_id=ready.card.card_id,
            workers=options.local or 1,
        )

    def run(self) -> tuple[int, dict[str, Any]]:
        """All of it; what was done before an error is kept and told in the store."""
        status = 1
        try:
            status, summary = self._night()
            return status, summary
        except DeskguardError:
            status = EXIT_USER
            raise
        finally:
            self._health.end(status)

    def _night(self) -> tuple[int, dict[str, Any]]:
        for path in self._ready.options.ratings:
            self._store.replace_imports(path.name, read_imports(path, self._ready.card))
        self._store.begin_run(self._run)
        reason = "failed"
        try:
            self._examine()
            if self._cutting is not None:
                self._cutting.finish()
            reason = "finished"
        except KeyboardInterrupt:
            reason = "stopped"
            raise
        finally:
            self._store.save_not_analysed(self._run.run_id, self._so_far.left_out)
            self._store.end_run(self._run.run_id, _now(), reason, self._summary())
            if self._cutting is not None:
                self._cutting.stop()
        self._report()
        return EXIT_PARTLY if self._failed() else 0, self._summary()

    def _examine(self) -> None:
        for day in self._ready.live:
            # Always anew: a desk's day goes on while it listens.
            self._store.save_examined(day, self._run.run_id, _now())
            self._so_far.in_scope.add(day.recording.sha256)
            self._so_far.done += 1
        with self._progress.shown(sum(one.size for one in self._ready.files)):
            todo = self._todo()
            for outcome in self._outcomes(todo):
                self._take(outcome)
                self._advance(outcome.job.size, outcome.spent.audio_samples)

    def _outcomes(self, todo: Iterator[Job]) -> Iterable[Outcome]:
        """Whoever examines is started when there is something to examine."""
        options, setup = self._ready.options, self._ready.setup
        first = next(todo, None)
        if first is None:
            return []
        every = _before(first, todo)
        if options.cluster is not None:
            return workers.cluster(every, setup, options.cluster, Examiner.load)
        if options.local is not None:
            return workers.local(every, setup, options.local, Examiner.load)
        return workers.here(every, Examiner.load(setup))

    def _todo(self) -> Iterator[Job]:
        """What must be examined, in the order of the recordings' names."""
        so_far = self._so_far
        for one in jobs(self._ready.files, self._store):
            if isinstance(one, NotAnalysed):
                so_far.left_out.append(one)
                continue
            if (known := self._refused(one)) is not None:
                so_far.left_out.append(known)
                self._advance(one.size, 0)
                continue
            name = self._examination(one).examination_id
            if self._store.done([name]) and not self._ready.options.is_forced:
                self._store.note_told([one.recording])
                so_far.before += 1
                so_far.in_scope.add(one.recording.sha256)
                self._advance(one.size, 0)
                continue
            yield one

    def _refused(self, job: Job) -> NotAnalysed | None:
        """Why an earlier run left out what lies in this file, unless it has been written to since."""
        if self._ready.options.is_forced:
            return None
        modified = datetime.fromtimestamp(job.modified_ns / 1e9, UTC).isoformat()
        known = self._store.refused(self._run, job.recording.path, modified)
        if known is None:
            return None
        return replace(known, window_id=job.recording.window_id, day=job.recording.day)

    def _advance(self, size: int, audio_samples: int) -> None:
        """One more recording has been dealt with."""
        left_out = self._failed()
        self._progress.advance(size, audio_samples, left_out)
        so_far, progress = self._so_far, self._progress
        self._health.tell(
            done=so_far.done + left_out,
            total=len(self._ready.files) - so_far.before,
            not_analysed=left_out,
            rate=round(progress.hours_per_hour, 2),
            eta_s=progress.left_s,
        )

    def _failed(self) -> int:
        """Recordings that could not be scored."""
        return len({one.path for one in self._so_far.left_out if one.reason not in _REMARKS})

    def _take(self, outcome: Outcome) -> None:
        so_far = self._so_far
        if outcome.examined is not None:
            self._store.save_examined(outcome.examined, self._run.run_id, _now())
            if self._cutting is not None:
                self._cutting.take(outcome.examined)
            so_far.in_scope.add(outcome.job.recording.sha256)
            so_far.done += 1
        so_far.left_out += outcome.not_analysed
        so_far.spent += outcome.spent

    def _examination(self, job: Job) -> Examination:
        setup = self._ready.setup
        return Examination(
            recording=job.recording,
            rules_sha256=setup.rules.sha256,
            model=setup.model,
            settings_sha256=setup.settings_sha256,
        )

    def _report(self) -> None:
        ready, so_far = self._ready, self._so_far
        scoring = ready.settings.scoring
        days = [one.day for one in ready.files] + [one.recording.day for one in ready.live]
        wanted = Wanted(first=min(days, default=None), last=max(days, default=None))
        night = within(self._store.night(wanted, deadlines_of(scoring)), so_far.in_scope)
        texts = texts_of(self._store, night)
        told = Told(
            night=night,
            card=ready.card,
            policy=policy_of(scoring),
            words=ready.words,
            spoken=texts,
            not_analysed=tuple(sorted(so_far.left_out, key=lambda one: (one.path, one.reason, one.detail))),
            summary=self._summary(),
            clips=clips_of(night, texts, ready.options.out) if scoring.clips else {},
        )
        write_reports(told, ready.options.out)

    def _summary(self) -> dict[str, Any]:
        """As summary.json has it: a contract that others read."""
        run, so_far, spent = self._run, self._so_far, self._so_far.spent
        wall_s = time.perf_counter() - self._begun_s
        return {
            "v": 1,
            "run_id": run.run_id,
            "started_utc": run.started_utc,
            "recordings": so_far.wanted,
            "examined": so_far.done,
            "examined_before": so_far.before,
            "not_analysed": self._failed(),
            "audio_s": round(seconds(spent.audio_samples), 3),
            "speech_s": round(seconds(spent.speech_samples), 3),
            "wall_s": round(wall_s, 3),
            "cpu_s": round(self._cpu_s(), 3),
            "peak_rss_mb": max(spent.peak_rss_mb, peak_rss_mb()),
            "stages_s": {name: round(value, 3) for name, value in sorted(spent.stages_s.items())},
            "audio_hours_per_hour": round(seconds(spent.audio_samples) / wall_s, 2) if wall_s else 0.0,
            "model": run.model,
            "rules_sha256": run.rules_sha256,
            "settings_sha256": run.settings_sha256,
            "scorecard": run.card_id,
            "scorecard_sha256": self._ready.card.sha256,
            "workers": run.workers,
            "version": run.version,
            "store": self._store.place,
        }

    def _cpu_s(self) -> float:
        """Of this process, and of the workers where there are some."""
        own = cpu_s() - self._begun_cpu_s
        options = self._ready.options
        is_elsewhere = options.local is not None or options.cluster is not None
        return own + (self._so_far.spent.cpu_s if is_elsewhere else 0.0)


def _before(first: Job, rest: Iterator[Job]) -> Iterator[Job]:
    yield first
    yield from rest


def _paths(names: Iterable[str]) -> list[Path]:
    from pathlib import Path

    return [Path(one) for one in names]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
