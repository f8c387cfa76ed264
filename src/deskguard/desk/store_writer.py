"""Records from any thread in, a store kept up to date by one thread out: disk latency never touches hearing.

Records wait in one queue and are written in order, many in one transaction. When the disk fails they stay in
memory and are tried again until it recovers. The queue is bounded: past the bound, utterances and health
readings are refused and counted; hits, alerts and what clerks marked never are.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskguard.desk.deskstate import HitList
from deskguard.desk.store import Store, local_day, utc_text, utterance_row
from deskguard.desk.storefiles import failure_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.desk.visit_records import Finding
    from deskguard.values import Alert, Health, Hypothesis, Labelled, Run

log = logging.getLogger(__name__)

MAX_WAITING = 2000
COMMIT_EVERY_S = 0.25
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Record:
    """Something to write."""

    apply: Callable[[Store], object]
    name: str


class StoreWriter:
    """Writes a store in a thread of its own; every method may be called from any thread.

    None waits for the disk but `flush`, `close`, and what concerns hits of days before this process began.
    """

    def __init__(self, store: Store, max_waiting: int = MAX_WAITING, commit_every_s: float = COMMIT_EVERY_S):
        self._store = store
        self._max_waiting = max_waiting
        self._commit_every_s = commit_every_s
        self._seeded_from = local_day(None)[0]
        self._hits = HitList(store.today())
        self._changed = threading.Condition()
        self._waiting: deque[_Record] = deque()
        self._accepted = 0
        self._settled = 0
        self._lost = 0
        self._refused = 0
        self._failing: str | None = None
        self._hurry = False
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def failing(self) -> str | None:
        """Why records cannot be written now, e.g. "disk-full"; None when all is well."""
        return self._failing

    @property
    def unsaved(self) -> int:
        """Records that wait in memory."""
        return len(self._waiting)

    @property
    def lost(self) -> int:
        """Utterances and health readings that found no room while the disk failed."""
        return self._lost

    @property
    def refused(self) -> int:
        """Records the store would not take: a fault of the program, each one in the log."""
        return self._refused

    def begin_run(self, run: Run) -> None:
        """Record the start of a run."""
        self._put(lambda store: store.begin_run(run), "run")

    def end_run(self, run_id: str, reason: str) -> None:
        """Record why a run ended."""
        self._put(lambda store: store.end_run(run_id, reason), "run end")

    def save_utterance(self, run_id: str, hypothesis: Hypothesis, keep_text: bool) -> None:
        """Keep a final hypothesis; redacted here already, so that no number waits in memory."""
        row = utterance_row(hypothesis, keep_text)
        self._put(lambda store: store.save_utterance_row(run_id, row), "utterance", may_lose=True)

    def save_role(self, run_id: str, label: Labelled) -> None:
        """Keep who spoke in an utterance, as it has been found out since."""
        self._put(lambda store: store.save_role(run_id, label), "role", may_lose=True)

    def save_alert(self, run_id: str, alert: Alert, raised_utc: str) -> dict[str, Any]:
        """Keep a hit and its card, or its new state; returns its entry of `today`, withdrawn or not."""
        at_utc = utc_text(raised_utc)
        with self._changed:
            entry = self._hits.save_alert(run_id, alert, at_utc)
            self._put(lambda store: store.save_alert(run_id, alert, at_utc), "alert")
        return entry

    def save_finding(self, run_id: str, finding: Finding, told_utc: str) -> None:
        """Keep a visit or what was found in one, as it is told now."""
        self._put(lambda store: store.save_finding(run_id, finding, told_utc), "finding")

    def save_help_call(self, run_id: str, at_utc: str, by: str) -> None:
        """Keep that somebody at the window called for help."""
        self._put(lambda store: store.save_help_call(run_id, at_utc, by), "help call")

    def save_health(self, run_id: str, health: Health, at_utc: str) -> None:
        """Keep a reading of what was heard, lost and skipped."""
        self._put(lambda store: store.save_health(run_id, health, at_utc), "health", may_lose=True)

    def save_pause(self, run_id: str, at_utc: str, paused: bool, reason: str) -> None:
        """Keep that listening stopped or went on."""
        self._put(lambda store: store.save_pause(run_id, at_utc, paused, reason), "pause")

    def mark_false_alarm(self, hit_id: str, at_utc: str, note: str = "") -> bool:
        """Keep that the clerk called a hit wrong; False when no such hit is known."""
        with self._changed:
            known = self._hits.mark_false_alarm(hit_id)
        # Of an earlier day's hit only the store knows; hearing must not wait for that answer.
        known = known or self._store.has_hit(hit_id)
        if known:
            self._put(lambda store: store.mark_false_alarm(hit_id, at_utc, note), "false alarm")
        return known

    def today(self, local_date: str | None = None) -> list[dict[str, Any]]:
        """As `Store.today`, with everything in it that was put here before, written or not."""
        first, last = local_day(local_date)
        if first < self._seeded_from:
            self.flush(1.0)
            return self._store.today(local_date)
        with self._changed:
            return self._hits.between(first, last)

    def flush(self, timeout_s: float) -> bool:
        """Write what waits now; False when that could not be done in time."""
        with self._changed:
            goal = self._accepted
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._settled >= goal, timeout_s)

    def close(self, timeout_s: float = 5.0) -> int:
        """Write what waits, stop the thread, and return how many records could not be written."""
        self.flush(timeout_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return self.unsaved

    def _put(self, apply: Callable[[Store], object], name: str, may_lose: bool = False) -> None:
        with self._changed:
            if may_lose and len(self._waiting) >= self._max_waiting:
                self._lost += 1
                return
            self._waiting.append(_Record(apply, name))
            self._accepted += 1
            if len(self._waiting) == 1:
                self._changed.notify_all()

    def _work(self) -> None:
        """The thread: wait for records, give others time to join them, write, wait longer after a failure."""
        pause_s = self._commit_every_s
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                self._changed.wait_for(lambda: self._hurry or self._closing, pause_s)
                self._hurry = False
                last_time = self._closing
                batch = list(self._waiting)
            written, code = self._write(batch)
            with self._changed:
                for _ in range(written):
                    self._waiting.popleft()
                self._settled += written
                self._report(code)
                self._changed.notify_all()
            if last_time:
                return
            pause_s = self._commit_every_s if code is None else _longer(pause_s)

    def _report(self, code: str | None) -> None:
        """One line in the log when writing begins to fail, one when it works again."""
        if code is not None and code != self._failing:
            log.error("store-failing code=%s unsaved=%d", code, len(self._waiting))
        if code is None and self._failing is not None:
            log.warning("store-recovered after=%s lost=%d", self._failing, self._lost)
        self._failing = code

    def _write(self, batch: list[_Record]) -> tuple[int, str | None]:
        """Write records in one transaction; returns how many are settled and what stood in the way."""
        try:
            with self._store.batch():
                for record in batch:
                    record.apply(self._store)
        except sqlite3.Error as error:
            code = failure_code(error, self._store.folder)
            return (0, code) if code else self._write_singly(batch)
        except Exception:
            # One bad record must not keep the others from the disk: find it.
            return self._write_singly(batch)
        return len(batch), None

    def _write_singly(self, batch: list[_Record]) -> tuple[int, str | None]:
        """Write records one by one, leaving out and reporting those that the store will not take."""
        for place, record in enumerate(batch):
            try:
                record.apply(self._store)
            except Exception as error:
                code = failure_code(error, self._store.folder) if isinstance(error, sqlite3.Error) else None
                if code is not None:
                    return place, code
                self._refused += 1
                log.error("store-refused record=%s error=%s", record.name, type(error).__name__)
        return len(batch), None


def _longer(pause_s: float) -> float:
    """The pause after another failure."""
    return min(LONGEST_RETRY_S, max(FIRST_RETRY_S, 2 * pause_s))
