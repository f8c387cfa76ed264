"""Which recording goes to which worker next: pure, one decision at a time, no clock, no network.

A worker has one recording at a time, and gets the next one once the outcome is here. With a second one waiting
there nobody could tell which of the two a death belongs to while an outcome is on its way: a poison was tried
five times instead of three. A round trip is some 9 ms. So when a worker dies, the recording it was at is
blamed and no other. A recording that was blamed is given up after a few tries: one that kills whoever opens it
takes no other along. Recordings are drawn as they are needed, however many there are.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from deskguard.night.jobs import Job

MOST_TRIES = 3


@dataclass(slots=True, eq=False)
class Ticket:
    """A recording on its way, and what happened to it so far."""

    number: int
    job: Job
    tries: int = 0
    """How often it failed."""
    detail: str = ""
    """How it failed the last time."""
    worker: str = ""
    """Where it is, or was the last time."""
    turn: int = 0
    """Counts where it has been: what is heard of an earlier turn is old."""
    is_there: bool = False
    """The worker may be at it: what it needs is no longer on its way."""
    blind: set[str] = field(default_factory=set)
    """Workers that do not see its file and cannot be sent it."""


class Board:
    """All recordings between their source and their outcome."""

    def __init__(self, jobs: Iterable[Job], most_tries: int = MOST_TRIES) -> None:
        self._jobs = iter(jobs)
        self._most_tries = most_tries
        self._drawn = 0
        self._is_dry = False
        self._again: deque[Ticket] = deque()
        """To place once more, never blamed."""
        self._suspects: deque[Ticket] = deque()
        """To place once more, before all others."""
        self._at: dict[str, Ticket | None] = {}
        """What each worker is at."""

    @property
    def is_done(self) -> bool:
        """Nothing is anywhere, and nothing more comes."""
        waits = bool(self._again or self._suspects)
        return not waits and not any(self._at.values()) and self._peek_is_dry()

    @property
    def present(self) -> set[str]:
        """The workers there are."""
        return set(self._at)

    def workers(self, present: Collection[str]) -> list[tuple[Ticket, bool]]:
        """Say which workers there are now: gives what was at those that went, and whether it is to blame.

        None of these is placed any more: the caller hands each to `failed` or `freed`.
        """
        gone = [worker for worker in self._at if worker not in present]
        for worker in present:
            self._at.setdefault(worker, None)
        lost = [ticket for worker in gone if (ticket := self._at.pop(worker))]
        return [(ticket, ticket.is_there) for ticket in lost]

    def stranded(self) -> list[Ticket]:
        """Those that no worker there is can get at; they are no longer the board's."""
        if not self._at:
            return []
        lost = [one for one in (*self._again, *self._suspects) if one.blind >= set(self._at)]
        for ticket in lost:
            (self._suspects if ticket.tries else self._again).remove(ticket)
        return lost

    def place(self) -> Iterator[Ticket]:
        """Give every worker what it can take; each ticket that is yielded has a new `worker` and `turn`."""
        for worker, at in self._at.items():
            if at is None and (ticket := self._next(worker)):
                yield self._put(ticket, worker)

    def taken(self, ticket: Ticket) -> None:
        """It has an outcome."""
        self._remove(ticket)

    def freed(self, ticket: Ticket) -> None:
        """Place it again; what happened was not its fault."""
        self._remove(ticket)
        (self._suspects if ticket.tries else self._again).append(ticket)

    def failed(self, ticket: Ticket, detail: str) -> bool:
        """It failed, or its worker died of it: place it again; True when that was the last try."""
        self._remove(ticket)
        ticket.tries += 1
        ticket.detail = detail
        if ticket.tries >= self._most_tries:
            return True
        self._suspects.append(ticket)
        return False

    def dropped(self, workers: Collection[str]) -> list[Ticket]:
        """These workers are of no use, by no fault of what was there, which is placed again: gives that."""
        tickets = [ticket for worker in workers if (ticket := self._at.get(worker))]
        for ticket in tickets:
            self.freed(ticket)
        for worker in workers:
            self._at.pop(worker, None)
        return tickets

    def _next(self, worker: str) -> Ticket | None:
        """What this worker may have: suspects first."""
        for waiting in (self._suspects, self._again):
            for ticket in waiting:
                if worker not in ticket.blind:
                    waiting.remove(ticket)
                    return ticket
        return self._draw()

    def _draw(self) -> Ticket | None:
        if self._is_dry:
            return None
        job = next(self._jobs, None)
        if job is None:
            self._is_dry = True
            return None
        self._drawn += 1
        return Ticket(self._drawn, job)

    def _peek_is_dry(self) -> bool:
        if not self._is_dry and (ticket := self._draw()):
            self._again.append(ticket)
        return self._is_dry and not self._again

    def _put(self, ticket: Ticket, worker: str) -> Ticket:
        ticket.worker = worker
        ticket.turn += 1
        ticket.is_there = False
        self._at[worker] = ticket
        return ticket

    def _remove(self, ticket: Ticket) -> None:
        ticket.turn += 1
        if self._at.get(ticket.worker) is ticket:
            self._at[ticket.worker] = None
