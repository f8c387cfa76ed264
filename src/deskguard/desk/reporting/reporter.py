"""A window's news to the outbox, off the threads that hear: kept on disk by one thread, sent by another.

Until they are on disk news wait in memory, at most MOST_WAITING of them; what finds no room is counted, and
goes into the log. Nothing here can keep a desk from listening.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from deskguard import __version__
from deskguard.desk.reporting.outbox import Limits, Outbox
from deskguard.desk.reporting.policy import Policy, TakeBack, utc_text
from deskguard.desk.reporting.sender import Sender
from deskguard.errors import DeskguardError
from deskguard.values import Alert, Courtesy, Manner, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from deskguard.desk.mind import Outcome
    from deskguard.desk.reporting.link import Link
    from deskguard.desk.reporting.membership import Membership
    from deskguard.desk.reporting.outbox import Entry
    from deskguard.settings import HubSettings

log = logging.getLogger(__name__)

MOST_WAITING = 5000
_RETRY_S = 5.0
_FORGET_EVERY = 500
"""Turns of the keeping thread between two looks at what is too old."""


class Reporter:
    """What one window tells its hall; every method may be called from any thread and waits for nothing."""

    def __init__(
        self, settings: HubSettings, folder: Path, joined: Membership, link: Link, now: Callable[[], datetime]
    ) -> None:
        """Opens the outbox in the desk's data folder; raises DeskguardError."""
        self._settings = settings
        self._now = now
        limits = Limits(settings.max_mb * 1024 * 1024, settings.keep_days)
        self._outbox = Outbox.open(folder, limits, now())
        self._sender = Sender(self._outbox, link, joined.desk_id, now)
        self._link = link
        self._policy: Policy | None = None
        self._changed = threading.Condition()
        self._waiting: deque[Entry | TakeBack] = deque()
        self._dropped = 0
        self._closing = False
        self._told_health: datetime | None = None
        self._told_notes: tuple[str, ...] = ()
        self._told_state = ("", "")
        self._pause_reason = self._rules_sha256 = ""
        self._thread = threading.Thread(target=self._keep, name="outbox", daemon=True)

    def start(self, utc_of: Callable[[int], str]) -> None:
        """Begin; `utc_of` tells when a sample was heard, as UTC text."""
        self._policy = Policy(self._settings, utc_of)
        self._thread.start()
        self._sender.start()

    def stop(self) -> None:
        """Keep what waits and try once more to send it."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(5.0)
            self._sender.stop()
        self._link.close()
        self._outbox.close()

    @property
    def reaches_somebody(self) -> bool:
        """Whether somebody has the hall's pages open, as far as is known."""
        return self._sender.reaches_somebody

    @property
    def failing(self) -> str:
        """Why nothing can be sent now, as a code; empty when all is well."""
        return self._sender.failing

    def sent(self) -> list[dict[str, Any]]:
        """What was sent, exactly as it went, newest first."""
        return self._outbox.sent()

    def outcome(self, outcome: Outcome) -> None:
        """What was heard has led to: hits, visits and what was found in them; other outcomes are not told."""
        if isinstance(outcome, Alert):
            self._put(lambda one, at: one.alert(at, outcome))
        elif isinstance(outcome, Visit | Courtesy | Manner):
            self._put(lambda one, at: one.finding(at, outcome))

    def queue(self, waiting: int | None, longest_s: float | None) -> None:
        """The queue system told how many wait, and for how long the first of them has waited."""
        self._put(lambda one, at: one.queue(at, waiting, longest_s))

    def hear(self, kind: str, payload: dict[str, Any]) -> None:
        """What the staff page is told of the desk itself; what it shows of speech is not looked at."""
        if kind == "state":
            self._hear_state(payload["state"])
        elif kind == "pause_reason":
            self._pause_reason = payload["reason"]
        elif kind == "rules":
            self._rules_sha256 = payload["sha256"]
            self._tell_desk(online=True)
        elif kind == "health":
            self._hear_health(payload)
        elif kind == "help":
            self._put(lambda one, at: one.help(at, payload["by"]))
        elif kind == "card_gone" and payload["reason"] == "false-alarm":
            self._put(lambda one, at: one.false_alarm(at, payload["hit_id"]))

    def _hear_state(self, state: str) -> None:
        told = (state, self._pause_reason if state == "paused" else "")
        if told != self._told_state:
            self._told_state = told
            self._put(lambda one, at: one.state(at, *told))
        if state == "stopped":
            self._tell_desk(online=False)

    def _hear_health(self, figures: dict[str, Any]) -> None:
        """A reading is told every `[hub] health_every_s`, and when its notes change."""
        now, notes = self._now(), tuple(figures["notes"])
        since_s = None if self._told_health is None else (now - self._told_health).total_seconds()
        if since_s is None or not 0 <= since_s < self._settings.health_every_s or notes != self._told_notes:
            self._told_health, self._told_notes = now, notes
            self._put(lambda one, at: one.health(at, figures))

    def _tell_desk(self, *, online: bool) -> None:
        sha256 = self._rules_sha256
        self._put(lambda one, at: one.desk(at, online=online, version=__version__, rules_sha256=sha256))

    def pack(self, outcome: str, reason: str, sha256: str) -> None:
        self._put(lambda one, at: one.pack(at, outcome=outcome, reason=reason, sha256=sha256))

    def _put(self, told: Callable[[Policy, datetime], Sequence[Entry | TakeBack]]) -> None:
        with self._changed:
            if self._policy is None or self._closing:
                return
            try:
                entries = told(self._policy, self._now())
            except ValueError:
                # A value that no event has room for, such as too long an id of a pack, must not end a window.
                log.exception("something cannot be told to the hub")
                return
            for entry in entries:
                if len(self._waiting) >= MOST_WAITING:
                    self._dropped += 1
                    continue
                self._waiting.append(entry)
            self._changed.notify_all()

    def _keep(self) -> None:
        """The thread that writes: it tries again while the disk fails."""
        turns = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                news, is_last, dropped = list(self._waiting), self._closing, self._dropped
            failed = self._write(news, dropped)
            if failed is None:
                with self._changed:
                    self._dropped -= dropped
                    for _ in news:
                        self._waiting.popleft()
                self._sender.nudge()
                turns += 1
            if is_last:
                return
            if failed is not None or turns % _FORGET_EVERY == 1:
                self._forget()
            if failed is not None:
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, _RETRY_S)

    def _write(self, news: list[Entry | TakeBack], dropped: int) -> DeskguardError | None:
        now = utc_text(self._now())
        try:
            run: list[Entry] = []
            for one in news:
                if not isinstance(one, TakeBack):
                    run.append(one)
                    continue
                self._outbox.put(run, now)
                run = []
                if not self._outbox.take_back(one.name):
                    run.append(one.otherwise)
            self._outbox.put(run, now, dropped)
        except DeskguardError as error:
            log.error("the outbox cannot be written: %s, %d wait", error.code, len(news))
            return error
        return None

    def _forget(self) -> None:
        from datetime import timedelta

        try:
            self._outbox.forget_before(utc_text(self._now() - timedelta(days=self._settings.keep_days)))
        except DeskguardError as error:
            log.warning("old reports stay: %s", error.code)


def open_reporter(settings: HubSettings, folder: Path, now: Callable[[], datetime]) -> Reporter | None:
    """The reporter of a desk that has joined a hub; None for one that has not. Raises DeskguardError."""
    from deskguard.desk.reporting import membership
    from deskguard.desk.reporting.link import Link

    joined = membership.read(folder)
    if joined is None:
        return None
    link = Link(settings.url or joined.url, joined.key, settings.ca_file)
    return Reporter(settings, folder, joined, link, now)
