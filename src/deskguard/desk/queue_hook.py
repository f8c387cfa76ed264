"""What the queue system tells by HTTP in, queue events on the audio axis out.

Events may be late, repeated or out of order: each says when it happened and has an id, by which a repeated one
is known. They wait in a bounded queue for whoever listens; when it is full the sender is told to try again, and
nothing is dropped. Limits: ids are known until 1000 later ones, and are forgotten at a restart.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from deskguard.errors import DeskguardError
from deskguard.values import QueueEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_WAITING = 256
_MOST_REMEMBERED = 1000
# Long enough for the tickets of any hall, too short for an identity number: those have no place here.
_TICKET = re.compile(r"[\w#./-]{1,16}")
_MOST_ID = 100

Outcome = Literal["taken", "repeated", "before-this-run"]


@dataclass(frozen=True, slots=True)
class _Told:
    """A request that can be understood."""

    kind: Literal["called", "closed"]
    ticket: str
    event_id: str
    happened: datetime | None
    """None: now."""


class QueueHook:
    """Takes events from the server's threads, and gives them to the one that listens."""

    def __init__(self, sample_at: Callable[[datetime | None], int]) -> None:
        """`sample_at` places a time on the audio axis, negative before the run began; None is now."""
        self._sample_at = sample_at
        self._guard = threading.Lock()
        self._seen: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._waiting: deque[QueueEvent] = deque()

    def take(self, body: Mapping[str, Any]) -> Outcome:
        """Take the JSON object of a request; raises DeskguardError for one that cannot be understood (codes
        `bad-event`, `bad-ticket`, `bad-event-id`, `bad-time`, `event-id-reused`) or when the queue is full
        (`queue-full`)."""
        told = _read(body)
        sample = self._sample_at(None)
        if told.happened is not None:
            # A clock that goes ahead must not put an event after words that are still to come.
            sample = min(sample, self._sample_at(told.happened))
        with self._guard:
            known = self._seen.get(told.event_id)
            if known == (told.kind, told.ticket):
                return "repeated"
            if known is not None:
                raise DeskguardError(
                    f'event_id "{told.event_id}" was used for another event ({known[0]} {known[1]}).',
                    "give every event an id of its own.",
                    "event-id-reused",
                )
            if sample >= 0 and len(self._waiting) >= MAX_WAITING:
                raise DeskguardError(
                    f"{MAX_WAITING} events wait already.", "send this one again in a few seconds.", "queue-full"
                )
            self._remember(told)
            if sample < 0:
                return "before-this-run"
            self._waiting.append(QueueEvent(kind=told.kind, ticket=told.ticket, at_sample=sample))
        return "taken"

    def take_all(self) -> list[QueueEvent]:
        """The events that came since the last call, as they came."""
        with self._guard:
            events = list(self._waiting)
            self._waiting.clear()
        return events

    def _remember(self, told: _Told) -> None:
        self._seen[told.event_id] = (told.kind, told.ticket)
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
    if kind not in ("called", "closed"):
        raise DeskguardError(
            f'event is {_shown(kind)}, not "called" or "closed".', "send one of the two.", "bad-event"
        )
    if not (isinstance(event_id, str) and 0 < len(event_id) <= _MOST_ID and event_id.isprintable()):
        raise DeskguardError(
            f"event_id is {_shown(event_id)}, not 1 to {_MOST_ID} characters.",
            "give every event an id of its own, and the same one when it is sent again.",
            "bad-event-id",
        )
    return _Told(kind, checked_ticket(body.get("ticket")), event_id, _read_time(body.get("at_utc")))


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
