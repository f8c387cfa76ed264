"""A desk at work: a source of audio, the pipeline, the store, the staff screen and the rules that may change.

`listen` runs it with a microphone, `demo` with a recording at real pace; nothing else differs.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from deskguard.desk import compose
from deskguard.desk.cards import ScreenWords, is_listed
from deskguard.desk.fleet.choosing import FollowingWatcher
from deskguard.desk.hook_file import HookFile
from deskguard.desk.live import LiveRun
from deskguard.desk.meter import LevelMeter
from deskguard.desk.mind import Beside, Mind
from deskguard.desk.queue_hook import QueueHook
from deskguard.desk.run_clock import RunClock
from deskguard.desk.screen.app import DeskControl, VisitHook, build_app
from deskguard.desk.screen.feed import Feed
from deskguard.desk.screen.server import ScreenServer, page_url
from deskguard.desk.store import Store, local_day
from deskguard.desk.store_writer import StoreWriter
from deskguard.desk.strain import Strain
from deskguard.desk.visit_feed import VisitBoard, VisitFeed
from deskguard.errors import DeskguardError
from deskguard.values import Alert, Health, HelpCall, Hypothesis, Labelled, Run, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from deskguard.desk.casting import Casting
    from deskguard.desk.mind import Outcome
    from deskguard.desk.reporting.reporter import Reporter
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet
    from deskguard.settings import Settings
    from deskguard.values import AudioChunk

log = logging.getLogger(__name__)

_TICK_S = 0.4
"""How often rules are looked at; an edit must take effect within 1 s."""
_HEALTH_STORED_EVERY_S = 60.0
_FORGET_EVERY_S = 6 * 3600.0
"""A daemon that is never restarted must forget old records, too."""
_CLOCK_NOTE_S = 60.0


class Source(Protocol):
    """Where audio comes from: a microphone or a recording at real pace."""

    def chunks(self) -> Iterator[AudioChunk]: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a window is made of; passed in, so that tests use real parts of their own making."""

    settings: Settings
    recogniser: Recogniser
    rules: RuleSet
    rule_paths: Sequence[Path]
    data_folder: Path
    device: str
    watcher: FollowingWatcher | None = None
    """Made before `rules` were loaded, so that no edit falls between; None makes one with the window."""
    casting: Casting | None = None
    """Finds who speaks where no channel tells; None: nobody does."""
    wall_clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    tell_supervisor: Callable[[HelpCall], bool] = field(default=lambda _: False)
    """Passes a call for help on; tells whether it reached anybody. Must not wait; by default nobody is."""
    reporter: Reporter | None = None
    """Tells the hall what may be told; None where this desk has joined none."""


class Window:
    """One window from start to stop."""

    def __init__(self, parts: Parts) -> None:
        """Takes the desk's store and the screen's port; raises DeskguardError when either cannot be had."""
        self._parts = parts
        settings = parts.settings
        self._store = Store.open(parts.data_folder, settings.window.id)
        self._source: Source | None = None
        self._clock = RunClock(parts.wall_clock)
        self._began_utc = self._clock.utc_at(time.monotonic_ns())
        self._run_id = f"{self._began_utc:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self._writer = StoreWriter(self._store)
        hall = parts.reporter
        self._queue_hook = QueueHook(self._clock.sample_at, hall.queue if hall else None)
        beside = Beside(self._queue_hook.take_all, parts.casting)
        self._mind = Mind(parts.recogniser, parts.rules, settings, self._run_id, beside)
        self._feed = Feed(also=hall.hear if hall else None)
        self._meter = LevelMeter(self._feed.publish)
        self._ears = compose.new_endpointer(settings)
        self._live = LiveRun(self._ears, self._mind, settings.queues, watch=self._watch)
        self._visits = VisitFeed(
            VisitBoard(parts.rules.courtesy, self._clock.utc_of, settings.visits.off), self._feed.publish
        )
        self._watcher = parts.watcher or FollowingWatcher(lambda: parts.rule_paths, settings.rules.only)
        self._rules, self._rules_error = parts.rules, ""
        self._words = ScreenWords(parts.rules)
        self._on_list: set[str] = set()
        self._state, self._since_utc, self._clock_noted_ns = "", "", 0
        self._missing = self._misheard = self._told_notes = tuple[str, ...]()
        self._strain = Strain()
        self._failure: Exception | None = None
        self._ended = threading.Event()
        self._hook = HookFile(parts.data_folder)
        token = secrets.token_urlsafe(24)
        self._screen = self._new_screen(token)
        try:
            self._screen.start()
        except DeskguardError:
            self._writer.close()
            self._store.close()
            raise
        self._hook.write(self._screen.port)
        self.url = page_url(self._screen.port, token)

    def run(self, source: Source) -> Iterator[Outcome]:
        """Listen until the source ends; yields what happens, for whoever runs the window."""
        self._source = source
        self._begin()
        ticker = threading.Thread(target=self._tick_until_ended, name="ticker", daemon=True)
        ticker.start()
        reason = "crashed"
        try:
            for outcome in self._live.run(source.chunks()):
                self.record(outcome)
                self._misheard = self._mind.notes
                yield outcome
            if self._failure is not None:
                raise self._failure
            reason = "stopped"
        finally:
            source.stop()
            self._ended.set()
            ticker.join(2.0)
            self._end(reason)

    def on_state(self, state: str, missing: tuple[str, ...] = ()) -> None:
        """The source's news: listening, paused or microphone-lost; and codes of what of two is missing."""
        self._missing = missing
        if state != self._state:
            log.info("state %s at %.1f s", state, seconds(self._live.heard_samples))
            if "paused" in (state, self._state):
                self._writer.save_pause(self._run_id, self._clock.utc(), state == "paused", "")
            self._state, self._since_utc = state, self._clock.utc()
        self._publish_state()

    def show_fleet(self, standing: dict[str, dict[str, Any]]) -> None:
        """Show how what the hub publishes stands at this desk; from any thread."""
        self._feed.publish("fleet", standing)

    @property
    def health(self) -> Health:
        """What was heard, lost and skipped so far."""
        live, work = self._live, self._mind.work
        speech_s = seconds(live.speech_samples)
        return Health(
            heard_s=round(seconds(live.heard_samples), 1),
            speech_s=round(speech_s, 1),
            lost_s=round(seconds(live.lost_samples), 2),
            backlog_s=round(seconds(live.backlog_samples), 2),
            rtf=round(work.decode_ns / 1e9 / speech_s, 3) if speech_s else 0.0,
            steps=work.steps,
            windows_skipped=live.skipped,
            notes=self._notes(),
        )

    def record(self, outcome: Outcome) -> None:
        """Keep what happened, show what of it is for the page, and tell what of it is for the hall."""
        if self._parts.reporter is not None:
            self._parts.reporter.outcome(outcome)
        if isinstance(outcome, Alert):
            self._record_alert(outcome)
        elif isinstance(outcome, HelpCall):
            self._call_help(outcome)
        elif isinstance(outcome, Labelled):
            self._writer.save_role(self._run_id, outcome)
        elif not isinstance(outcome, Hypothesis):
            told_utc = self._clock.utc()
            self._writer.save_finding(self._run_id, outcome, told_utc)
            self._visits.feed(outcome, told_utc)
        elif outcome.is_final and outcome.text:
            keep_text = self._parts.settings.store.transcripts == "redacted"
            self._writer.save_utterance(self._run_id, outcome, keep_text)

    def _new_screen(self, token: str) -> ScreenServer:
        control = DeskControl(
            pause=self._pause,
            resume=self._resume,
            false_alarm=self._false_alarm,
            dismiss=self._dismiss,
            today=self._today,
            sent=self._parts.reporter.sent if self._parts.reporter else list,
            call_help=lambda: self._call_help(HelpCall(by="button", at_sample=self._clock.sample_at(None))),
        )
        hook = VisitHook(self._hook.token, self._queue_hook.take)
        settings = self._parts.settings.screen
        return ScreenServer(build_app(self._feed, control, token, settings.language, hook), settings.port)

    def _begin(self) -> None:
        settings, parts = self._parts.settings, self._parts
        self._forget_old()
        if parts.reporter is not None:
            parts.reporter.start(self._clock.utc_of)
        self._writer.begin_run(
            Run(
                run_id=self._run_id,
                started_utc=self._began_utc.isoformat(),
                window_id=settings.window.id,
                device=parts.device,
                model=settings.model.name,
                rules_sha256=self._rules.sha256,
            )
        )
        self._feed.publish("desk", {"window_id": settings.window.id})
        self._visits.begin(local_day(None)[0], self._store.visits())
        self._publish_rules()
        self.on_state("starting")

    def _end(self, reason: str) -> None:
        self.on_state("stopped")
        self._writer.save_health(self._run_id, self.health, self._clock.utc())
        self._writer.end_run(self._run_id, reason)
        unsaved = self._writer.close()
        if unsaved:
            log.error("%d records could not be written: %s", unsaved, self._writer.failing)
        self._screen.stop()
        if self._parts.reporter is not None:
            self._parts.reporter.stop()
        self._hook.write(None)
        self._store.close()

    def _record_alert(self, alert: Alert) -> None:
        raised = self._clock.utc_at(alert.raised_ns)
        self._publish_card(alert, raised)
        self._publish_line(self._writer.save_alert(self._run_id, alert, raised.isoformat()))

    def _call_help(self, call: HelpCall) -> None:
        """Kept first: a call that reached nobody is still on record."""
        at_utc = self._clock.utc()
        self._writer.save_help_call(self._run_id, at_utc, call.by)
        is_reached = self._parts.tell_supervisor(call)
        log.info("help was called by %s, somebody was reached: %s", call.by, is_reached)
        self._feed.publish("help", {"at_utc": at_utc, "by": call.by, "is_reached": is_reached})

    def _publish_card(self, alert: Alert, raised: datetime) -> None:
        """A card that is up as it is now, or that it has gone; what never was a card says nothing."""
        hit_id = alert.hit.hit_id
        if alert.hit.state == "withdrawn" and alert.suppressed is None:
            self._feed.publish("card_gone", {"hit_id": hit_id, "reason": "withdrawn"})
        elif alert.suppressed is None and self._mind.shows(hit_id):
            # Else it was put away, or gave way, before it was confirmed.
            self._feed.publish("card", self._words.card(alert, raised, self._parts.settings.alerts.card_s))
        elif alert.suppressed in ("softened", "role-visitor") and hit_id in self._on_list:
            self._feed.publish("card_gone", {"hit_id": hit_id, "reason": alert.suppressed})

    def _publish_line(self, entry: dict[str, Any]) -> None:
        """A line of today's list, or that one has left it."""
        if is_listed(entry):
            self._on_list.add(entry["hit_id"])
            self._feed.publish("today", {"entry": self._words.line(entry)})
        elif entry["hit_id"] in self._on_list:
            self._on_list.discard(entry["hit_id"])
            gone = {name: entry[name] for name in ("run_id", "hit_id", "state")}
            self._feed.publish("today", {"entry": {**gone, "listed": False}})

    def _pause(self) -> None:
        if self._source is not None:
            self._source.pause()

    def _resume(self) -> None:
        if self._source is not None:
            self._source.resume()

    def _dismiss(self, hit_id: str) -> bool:
        known = self._mind.dismiss(hit_id)
        self._feed.publish("card_gone", {"hit_id": hit_id, "reason": "dismissed"})
        return known

    def _false_alarm(self, hit_id: str) -> bool:
        if not self._writer.mark_false_alarm(hit_id, self._clock.utc()):
            return False
        self._mind.dismiss(hit_id)
        self._feed.publish("card_gone", {"hit_id": hit_id, "reason": "false-alarm"})
        entry = next((one for one in self._today() if one["hit_id"] == hit_id), None)
        if entry is not None:
            self._feed.publish("today", {"entry": entry})
        return True

    def _today(self) -> list[dict[str, Any]]:
        return [self._words.line(one) for one in self._writer.today() if is_listed(one)]

    def _tick_until_ended(self) -> None:
        """The ticker's thread: what fails in it ends the window, which otherwise would go on half blind."""
        try:
            self._tick()
        except Exception as error:
            self._failure = error
            if self._source is not None:
                self._source.stop()

    def _tick(self) -> None:
        stored_ns = forgot_ns = time.monotonic_ns()
        while not self._ended.wait(_TICK_S):
            self._look_at_rules()
            self._look_at_clock()
            self._visits.tick(local_day(None)[0])
            if self._notes() != self._told_notes:
                self._publish_state()
            health = self.health
            self._strain.feed(health, time.monotonic_ns())
            self._feed.publish("health", asdict(health))
            if time.monotonic_ns() - forgot_ns >= _FORGET_EVERY_S * 1e9:
                forgot_ns = time.monotonic_ns()
                self._forget_old()
            if time.monotonic_ns() - stored_ns >= _HEALTH_STORED_EVERY_S * 1e9:
                stored_ns = time.monotonic_ns()
                self._writer.save_health(self._run_id, health, self._clock.utc())

    def _look_at_rules(self) -> None:
        news = self._watcher.poll()
        if news is None:
            return
        if isinstance(news, DeskguardError):
            self._rules_error = str(news)
            log.warning("rules rejected, the last good ones stay in force: %s", news)
        else:
            self._mind.use_rules(news)
            self._rules, self._rules_error = news, ""
            self._words = self._words.with_rules(news)
            self._visits.use_book(news.courtesy)
            log.info("rules %s in force", news.sha256[:12])
        self._publish_rules()

    def _look_at_clock(self) -> None:
        """The wall clock may be set while we run: times go on from the new one, and the screen says so."""
        jump_s = self._clock.follow_wall()
        if jump_s is not None:
            log.warning("the clock jumped by %.0f s", jump_s)
            self._clock_noted_ns = time.monotonic_ns()

    def _publish_state(self) -> None:
        """The state and its notes, which may change while it lasts; they stand in the log, too."""
        notes = self._notes()
        for code in {*notes} ^ {*self._told_notes}:
            log.info("%s %s", "note" if code in notes else "over:", code)
        self._told_notes = notes
        told = {"state": self._state, "since_utc": self._since_utc, "notes": list(notes)}
        self._feed.publish("state", told)

    def _publish_rules(self) -> None:
        packs = [{"id": one.pack_id, "title": one.title, "version": one.version} for one in self._rules.packs]
        told = {"sha256": self._rules.sha256, "packs": packs, "error": self._rules_error or None}
        self._feed.publish("rules", told)

    def _notes(self) -> tuple[str, ...]:
        noted = self._clock_noted_ns and time.monotonic_ns() - self._clock_noted_ns < _CLOCK_NOTE_S * 1e9
        notes = {
            "microphone-lost": self._state == "microphone-lost",
            "store-failing": self._writer.failing is not None,
            "rules-rejected": bool(self._rules_error),
            "slow-cpu": self._strain.is_slow,
            "clock-jump": bool(noted),
            "microphones-alike": self._parts.settings.has_two_devices and self._ears.are_alike,
        }
        heard = (*self._missing, *self._misheard, *self._ears.notes)
        return (*(code for code, holds in notes.items() if holds), *heard)

    def _forget_old(self) -> None:
        oldest = self._parts.wall_clock() - timedelta(days=self._parts.settings.store.retention_days)
        try:
            self._store.forget_before(oldest.isoformat())
        except DeskguardError as error:
            # A full disk must not keep a desk from listening.
            log.warning("old records stay: %s", error)

    def _watch(self, chunk: AudioChunk, is_speech: bool) -> None:
        self._clock.hear(chunk)
        self._meter.feed(chunk, is_speech)


def run_quietly(outcomes: Iterable[Outcome]) -> None:
    """Use up a window's outcomes when nobody watches the console."""
    for _ in outcomes:
        pass
