"""What is older than the settings allow goes: events, findings with what was said, clips, what has expired.

What goes leaves the sums by day as well. It runs when the server starts and every hour. Of several processes
on one database one at a time does it, and the others leave it to that one. Events go some thousands at a time:
desks that report meanwhile do not wait for long.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.accounts import sessions
from deskguard.hub.audit import log
from deskguard.hub.feed import counting
from deskguard.hub.keeping import person
from deskguard.hub.reviewing import summing
from deskguard.hub.store import settings
from deskguard.hub.store.times import utc_text
from deskguard.hub.store.turns import has_turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.state import HubState

journal = logging.getLogger(__name__)

EVERY_S = 3600
_EVENTS_AT_ONCE = 5000
_OLD = "SELECT sha256 FROM night_recordings WHERE day < :day"
_OLD_EXAMINATIONS = f"SELECT examination_id FROM night_examinations WHERE recording_sha256 IN ({_OLD})"
_OLD_FINDINGS = f"SELECT finding_id FROM night_findings WHERE examination_id IN ({_OLD_EXAMINATIONS})"
_BY_DAY = (
    ("verdicts", f"DELETE FROM hub_verdicts WHERE finding_id IN ({_OLD_FINDINGS})"),
    ("decisions", f"DELETE FROM night_decisions WHERE finding_id IN ({_OLD_FINDINGS})"),
    ("spoken", f"DELETE FROM night_spoken WHERE examination_id IN ({_OLD_EXAMINATIONS})"),
    ("findings", f"DELETE FROM night_findings WHERE examination_id IN ({_OLD_EXAMINATIONS})"),
    ("examinations", f"DELETE FROM night_examinations WHERE recording_sha256 IN ({_OLD})"),
    ("recordings", "DELETE FROM night_recordings WHERE day < :day"),
)


def sweep(state: HubState) -> dict[str, int]:
    """Delete what is too old now; gives how many of each kind, and notes it in the audit log.

    Nothing is done, and told, while another process is at it.
    """
    at = state.now()
    with state.store.writing() as connection:
        if not has_turn(connection, "retention"):
            return {}
        days = settings.every(connection)
        first_kept = at.astimezone().date() - timedelta(days=int(days["findings_days"]))
        gone, ids = _night(connection, first_kept.isoformat())
        sessions.end_old(connection, at)
        connection.execute(
            sa.text("DELETE FROM hub_enrol_codes WHERE expires_utc < :at AND used_utc IS NULL"),
            {"at": utc_text(at)},
        )
        _note(connection, at, gone)
    gone["events"] = _events(state, at, timedelta(days=int(days["events_days"])))
    # After the rows are gone for certain: a finding with its clip missing would be the worse half.
    gone["clips"] = person.delete_clips(ids, person.clips_folder(days["clips_folder"]))
    return gone


def _night(connection: Connection, day: str) -> tuple[dict[str, int], list[str]]:
    ids = [str(one) for (one,) in connection.execute(sa.text(_OLD_FINDINGS), {"day": day})]
    summing.drop(connection, "day < :day", {"day": day})
    gone = {kind: connection.execute(sa.text(text), {"day": day}).rowcount for kind, text in _BY_DAY}
    return gone, ids


def _events(state: HubState, at: datetime, kept: timedelta) -> int:
    """Delete old events, some at a time, each time with its note; who else is at it is left to it."""
    gone = position = 0
    while True:
        with state.store.writing() as connection:
            if not has_turn(connection, "retention"):
                return gone
            many, position = counting.forget(connection, utc_text(at - kept), position, _EVENTS_AT_ONCE)
            _note(connection, at, {"events": many})
        gone += many
        if not position:
            return gone


def _note(connection: Connection, at: datetime, gone: dict[str, int]) -> None:
    if any(gone.values()):
        log.record(connection, at=at, who="hall", action="retention", detail=gone)


class Sweeper:
    """A thread that sweeps at once and then every hour, until it is stopped."""

    def __init__(self, state: HubState, complain: Callable[[str], None], every_s: float = EVERY_S) -> None:
        self._state = state
        self._complain = complain
        self._every_s = every_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin sweeping."""
        self._thread.start()

    def stop(self) -> None:
        """Sweep no more; waits for one that goes on."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                sweep(self._state)
            except DeskguardError as error:
                # A full disk or a server that restarts: the next hour may be better.
                self._complain(str(error))
            except Exception:
                # A mistake of ours today must not keep for ever what should be gone.
                journal.exception("retention stumbled")
            self._is_over.wait(self._every_s)
