"""The outbox to the hub, in order, by one thread: a batch is sent until the hub has it, and only then the next.

A hub that is away costs nothing but patience: pauses grow to a minute. A hub that does not know this desk is
asked every five minutes. A batch it cannot take is halved; a single event it cannot take is given up and
counted, or nothing would ever follow it.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from typing import TYPE_CHECKING

from pydantic import ValidationError

from deskguard.desk.reporting.policy import utc_text
from deskguard.errors import DeskguardError
from deskguard.wire.batch import Answer, Head, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deskguard.desk.reporting.link import Link
    from deskguard.desk.reporting.outbox import Outbox

log = logging.getLogger(__name__)

PATH = "/api/v1/events"
MOST_IN_BATCH = 200
MOST_BATCH_BYTES = 512 * 1024
LOOK_EVERY_S = 5.0
"""How often what was held is looked through."""
FIRST_PAUSE_S, LONGEST_PAUSE_S, REFUSED_PAUSE_S = 1.0, 60.0, 300.0
FRESH_S = 120.0
"""How long an answer of the hub says something about now."""


class Sender:
    """Sends one desk's outbox; `step` is one attempt, `start` a thread that makes them."""

    def __init__(self, outbox: Outbox, link: Link, desk_id: str, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._link = link
        self._desk_id = desk_id
        self._now = now
        self._most = MOST_IN_BATCH
        self._pause_s = 0.0
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._answered_ns = 0
        self._watching = 0
        self.failing = ""
        """Why nothing can be sent now, as a code; empty when all is well."""
        self._thread = threading.Thread(target=self._run, name="reporting", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self, patience_s: float = 3.0) -> None:
        """Try once more to send what waits, within that time; the rest is sent after the next start."""
        self._ended.set()
        self._wake.set()
        self._thread.join(patience_s)

    def nudge(self) -> None:
        """There is something new to send."""
        self._wake.set()

    @property
    def reaches_somebody(self) -> bool:
        """Whether the hub answered lately and said that somebody has its pages open."""
        is_fresh = time.monotonic_ns() - self._answered_ns < FRESH_S * 1e9
        return bool(self._answered_ns) and is_fresh and not self.failing and self._watching > 0

    def step(self) -> bool:
        """Send one batch, if there is something; whether more may be waiting. Sets how long to pause."""
        now = self._now()
        try:
            self._outbox.release(utc_text(now))
            events = self._outbox.first(self._most, MOST_BATCH_BYTES)
            if not events:
                self._well()
                return False
            stream, lost = self._outbox.stream, self._outbox.lost
            head = Head(desk_id=self._desk_id, stream=stream, sent=now, lost=lost)
            body = pack(head, [text for _, text in events])
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            answer = self._link.post(PATH, body, headers)
            self._settle(Answer.model_validate_json(json.dumps(answer)), events[-1][0], now)
        except DeskguardError as error:
            return self._failed(error)
        except ValidationError:
            return self._failed(DeskguardError("Not the answer of a hub.", "check the address.", "hub-strange"))
        return True

    def _settle(self, answer: Answer, last: int, now: datetime) -> None:
        if answer.refused:
            codes = sorted({code for _, code in answer.refused})
            log.warning("the hub refused %d events: %s", len(answer.refused), ", ".join(codes)[:200])
        # Never more than was sent, whatever the hub says.
        self._outbox.settle(min(answer.upto, last), answer.refused, utc_text(now))
        if answer.upto < last:
            raise DeskguardError("The hub kept a part only.", "it is tried again.", "hub-busy")
        self._answered_ns, self._watching = time.monotonic_ns(), answer.watching
        self._most = min(MOST_IN_BATCH, self._most * 2)
        self._well()

    def _well(self) -> None:
        if self.failing:
            log.info("the hub is reached again")
        self.failing, self._pause_s = "", 0.0

    def _failed(self, error: DeskguardError) -> bool:
        if error.code != self.failing:
            log.warning("nothing can be sent to the hub: %s", error.code)
        self.failing = error.code
        if error.code == "hub-rejected":
            return self._halve()
        if error.code == "hub-refused":
            self._pause_s = REFUSED_PAUSE_S
        else:
            self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self._pause_s * 2))
        return False

    def _halve(self) -> bool:
        if self._most > 1:
            self._most //= 2
            return True
        log.error("an event was given up: the hub does not take it")
        self._outbox.give_up_first()
        return True

    def _run(self) -> None:
        while True:
            is_last = self._ended.is_set()
            self._wake.clear()
            try:
                while self.step() and not (self._ended.is_set() and not is_last):
                    pass
            except Exception:
                # A mistake of ours here must not end the reports of a desk that runs for months.
                log.exception("sending to the hub failed")
                self._pause_s = LONGEST_PAUSE_S
            if is_last:
                return
            self._wait()

    def _wait(self) -> None:
        if not self._pause_s:
            self._wake.wait(LOOK_EVERY_S)
            return
        # Not all desks of a hall at the same moment, when the hub comes back.
        jitter = secrets.randbelow(1000) / 1000
        self._ended.wait(self._pause_s * (0.5 + jitter))
