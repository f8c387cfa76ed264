"""What the queue system tells by HTTP in, queue events on the audio axis out; and how many wait, for the hall.

Events may be late, repeated or out of order: each says when it happened and has an id, by which a repeated one
is known. They wait in a bounded queue for whoever listens; when it is full the sender is told to try again, and
nothing is dropped. Of how many wait only the newest word counts, and it decides nothing at this window. Limits:
ids are known until 1000 later ones, and are forgotten at a restart.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from deskguard.errors import DeskguardError
from deskguard.values import QueueEvent, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_WAITING = 256
_MOST_REMEMBERED = 1000
# Long enough for the tickets of any hall, too short for an identity number: those have no place here.
_TICKET = re.compile(r"[\w#./-]{1,16}")
_MOST_ID = 100
_MOST_COUNT = 9_999
_MOST_WAIT_S = 86_400

Outcome = Literal["taken", "repeated", "before-this-run", "outdated"]
Waits = tuple[int | None, float | None]
"""How many wait, and for how long the first of them has waited, seconds; None: not told."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A request that can be understood."""

    kind: Literal["called", "closed", "waiting"]
    ticket: str
    event_id: str
    happened: datetime | None
    """None: now."""
    waits: Waits

    @property
    def content(self) -> tuple[str, str, Waits]:
        """What a repeated event has in common with the first."""
        return self.kind, self.ticket, self.waits


class QueueHook:
    """Takes events from the server's threads, and gives them to the one that listens."""

    def __init__(
        self,
        sample_at: Callable[[datetime | None], int],
        tell: Callable[[int | None, float | None], None] | None = None,
    ) -> None:
        """`sample_at` places a time on the audio axis, negative before the run began; None is now.

        `tell` is told how many wait, and for how long the first of them has waited by now; it must not wait.
        """
        self._sample_at = sample_at
        self._tell = tell
        self._guard = threading.Lock()
        self._seen: OrderedDict[str, tuple[str, str, Waits]] = OrderedDict()
        self._waiting: deque[QueueEvent] = deque()
        self._waits_sample = 0
        """When it was so that was told last of how many wait."""

    def take(self, body: Mapping[str, Any]) -> Outcome:
        """Take the JSON object of a request; raises DeskguardError for one that cannot be understood (codes
        `bad-event`, `bad-ticket`, `bad-event-id`, `bad-time`, `bad-waiting`, `event-id-reused`) or when the
        queue is full (`queue-full`)."""
        told = _read(body)
        now = self._sample_at(None)
        # A clock that goes ahead must not put an event after words that are still to come.
        sample = now if told.happened is None else min(now, self._sample_at(told.happened))
        with self._guard:
            known = self._seen.get(told.event_id)
            if known == told.content:
                return "repeated"
            if known is not None:
                raise DeskguardError(
                    f'event_id "{told.event_id}" was used for another event ({" ".join(known[:2]).strip()}).',
                    "give every event an id of its own.",
                    "event-id-reused",
                )
            if sample >= 0 and told.kind != "waiting" and len(self._waiting) >= MAX_WAITING:
                raise DeskguardError(
                    f"{MAX_WAITING} events wait already.", "send this one again in a few seconds.", "queue-full"
                )
            self._remember(told)
            if sample < 0:
                return "before-this-run"
            is_newest = self._note(told.waits, sample, now)
            if told.kind == "waiting":
                return "taken" if is_newest else "outdated"
            self._waiting.append(QueueEvent(kind=told.kind, ticket=told.ticket, at_sample=sample))
        return "taken"

    def take_all(self) -> list[QueueEvent]:
        """The events that came since the last call, as they came."""
        with self._guard:
            events = list(self._waiting)
            self._waiting.clear()
        return events

    def _note(self, waits: Waits, sample: int, now: int) -> bool:
        """Pass on how many waited at a place, unless something newer is known; whether it is the newest."""
        if sample < self._waits_sample:
            return False
        count, longest_s = waits
        if count is not None or longest_s is not None:
            self._waits_sample = sample
            if self._tell is not None:
                self._tell(count, None if longest_s is None else longest_s + seconds(now - sample))
        return True

    def _remember(self, told: _Told) -> None:
        self._seen[told.event_id] = told.content
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)


def checked_ticket(ticket: object) -> str:
    """A ticket's number as the queue system writes it; raises DeskguardError (code `bad-ticket`)."""
    if isinstance(ticket, str) and _TICKET.fullmatch(ticket):
        return ticket
    raise DeskguardError(
        f"ticket is {_shown(ticket)}, not 1 to 16 letters, digits or # . / - _.",
        "give the number that is on the ticket, such as A012.",
        "bad-ticket",
    )


def _read(body: Mapping[str, Any]) -> _Told:
    kind, event_id = body.get("event"), body.get("event_id")
    if kind not in ("called", "closed", "waiting"):
        raise DeskguardError(
            f'event is {_shown(kind)}, not "called", "closed" or "waiting".', "send one of these.", "bad-event"
        )
    if not (isinstance(event_id, str) and 0 < len(event_id) <= _MOST_ID and event_id.isprintable()):
        raise DeskguardError(
            f"event_id is {_shown(event_id)}, not 1 to {_MOST_ID} characters.",
            "give every event an id of its own, and the same one when it is sent again.",
            "bad-event-id",
        )
    ticket = "" if kind == "waiting" else checked_ticket(body.get("ticket"))
    waits = _read_waits(body)
    if kind == "waiting" and waits == (None, None):
        raise DeskguardError(
            "neither waiting nor longest_wait_s is told.", "tell how many wait: waiting = 7.", "bad-waiting"
        )
    return _Told(kind, ticket, event_id, _read_time(body.get("at_utc")), waits)


def _read_waits(body: Mapping[str, Any]) -> Waits:
    count: Any = body.get("waiting")
    longest_s: Any = body.get("longest_wait_s")
    # A truth value is a number to Python, and no count.
    if count is not None and not (type(count) is int and 0 <= count <= _MOST_COUNT):
        raise DeskguardError(
            f"waiting is {_shown(count)}, not a whole number from 0 to {_MOST_COUNT}.",
            "tell how many tickets wait for this window.",
            "bad-waiting",
        )
    is_time = type(longest_s) in (int, float) and 0 <= longest_s <= _MOST_WAIT_S
    if longest_s is not None and not is_time:
        raise DeskguardError(
            f"longest_wait_s is {_shown(longest_s)}, not a number from 0 to {_MOST_WAIT_S}.",
            "tell how many seconds the first of those who wait has waited.",
            "bad-waiting",
        )
    return count, None if longest_s is None else float(longest_s)


def _read_time(text: object) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise DeskguardError(
        f"at_utc is {_shown(text)}, not a time with its offset from UTC.",
        "write it like 2026-11-22T09:30:00+08:00, or leave it out when it has just happened.",
        "bad-time",
    )


def _shown(value: object) -> str:
    """A value for a message: short, and nothing that breaks a line."""
    return "missing" if value is None else ascii(value)[:40]
