"""Outcomes by way of Dask: the board's decisions carried out on the workers of a scheduler.

Dask carries messages and notices who dies; which recording goes where, and what a death means, the board
decides (`placing`). So every recording is bound to one worker, and Dask's own retries never come to act: they
would blame whatever waits at a worker for the death of it.
"""

from __future__ import annotations

import logging
import pickle
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from deskguard import __version__
from deskguard.errors import DeskguardError
from deskguard.night.at_worker import Answer, Run
from deskguard.night.cluster_key import checked_address, find_key
from deskguard.night.cluster_link import (
    Awaited,
    CutOffError,
    Link,
    SchedulerLostError,
    key_security,
    own_cluster,
    quiet,
)
from deskguard.night.placing import Board, Ticket
from deskguard.night.sending import FileChangedError, pieces, sent_name
from deskguard.night.trying import CHANGED, GAVE_UP, OUT_OF_REACH, UNREADABLE, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deskguard.night.jobs import Job, Outcome, Setup
    from deskguard.night.workers import ClusterOptions, Load

log = logging.getLogger(__name__)

_LOOK_S = 1.0
"""How often the workers are counted."""
_LOCAL_PATIENCE_S = 120.0
_SENDERS = 2


@dataclass(frozen=True, slots=True)
class _News:
    """Something came of a ticket's turn."""

    ticket: Ticket
    turn: int
    kind: Literal["answered", "sent", "cut-off", "unsendable", "not-taken"]
    """Answered: the worker is done; sent: the file is beside it; cut-off: it went while the file was sent;
    unsendable: the file is another by now; not-taken: it cannot be read here or written there."""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patience:
    """What differs between a cluster of one's own and one that was there before."""

    is_local: bool
    most_sent_bytes: int
    connect_s: float
    workers_s: float


def local_outcomes(jobs: Iterable[Job], setup: Setup, n: int, load: Load) -> Iterator[Outcome]:
    """See `workers.local`."""
    patience = _Patience(
        is_local=True, most_sent_bytes=0, connect_s=_LOCAL_PATIENCE_S, workers_s=_LOCAL_PATIENCE_S
    )
    with quiet(), own_cluster(n) as (address, security):
        yield from _Night(jobs, _run(setup, load), Link(address, security, {}), patience).outcomes()


def cluster_outcomes(
    jobs: Iterable[Job], setup: Setup, options: ClusterOptions, load: Load
) -> Iterator[Outcome]:
    """See `workers.cluster`."""
    key = find_key(options.key)
    address = checked_address(options.address, key, insecure=options.insecure)
    link = Link(address, key_security(key if address.startswith("tls") else None), options.resources)
    patience = _Patience(
        is_local=False,
        most_sent_bytes=options.most_sent_bytes,
        connect_s=options.reconnect_s,
        workers_s=options.workers_s,
    )
    with quiet():
        yield from _Night(jobs, _run(setup, load), link, patience).outcomes()


def _run(setup: Setup, load: Load) -> Run:
    return Run(name=uuid.uuid4().hex, version=__version__, what=pickle.dumps((load, setup)))


class _Night:
    """One run on one scheduler."""

    def __init__(self, jobs: Iterable[Job], run: Run, link: Link, patience: _Patience) -> None:
        self._board = Board(jobs)
        self._run = run
        self._link = link
        self._patience = patience
        self._futures: dict[Ticket, Awaited[Answer]] = {}
        self._news: SimpleQueue[_News] = SimpleQueue()
        self._unusable: dict[str, DeskguardError] = {}
        self._senders = ThreadPoolExecutor(_SENDERS, "deskguard-send")
        self._looked = 0.0
        self._had_workers = 0.0
        """Both in seconds of the monotonic clock."""

    def outcomes(self) -> Iterator[Outcome]:
        """All of them, as they are ready."""
        try:
            self._connect("cannot be reached", "cluster-unreachable")
            while not self._board.is_done:
                try:
                    yield from self._step()
                except SchedulerLostError:
                    self._begin_again()
        finally:
            self._senders.shutdown(wait=False, cancel_futures=True)
            self._link.close(self._run)

    def _step(self) -> Iterator[Outcome]:
        """Look who is there, give them work, and hear one piece of news."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            yield from self._look()
            self._insist_on_workers(now)
        for ticket in self._board.place():
            self._forget(ticket)
            self._submit(ticket, sent="")
        for ticket in self._board.stranded():
            yield without(ticket.job, OUT_OF_REACH, _too_far(self._patience.most_sent_bytes), ticket.worker)
        with suppress(Empty):
            yield from self._hear(self._news.get(timeout=_LOOK_S))

    def _look(self) -> Iterator[Outcome]:
        """Count the workers; what was at those that went is placed again."""
        for ticket, is_blamed in self._board.workers(self._link.workers() - set(self._unusable)):
            self._forget(ticket)
            if is_blamed:
                yield from self._failed(ticket, "the process that was at it died")
            else:
                self._board.freed(ticket)

    def _hear(self, news: _News) -> Iterator[Outcome]:
        """One piece of news, unless it is of a turn that is over."""
        ticket = news.ticket
        if news.turn != ticket.turn:
            return
        if news.kind == "answered":
            yield from self._answered(news)
        elif news.kind == "sent":
            self._submit(ticket, sent=_name(ticket))
        elif news.kind == "cut-off":
            self._board.freed(ticket)
        elif news.kind == "not-taken":
            yield from self._failed(ticket, news.detail)
        else:
            self._board.taken(ticket)
            yield without(ticket.job, news.reason, news.detail)

    def _answered(self, news: _News) -> Iterator[Outcome]:
        ticket = news.ticket
        answer = self._link.answer(self._futures[ticket])
        if answer is None:
            # Either it comes a little later, or the next look shows that its worker has gone.
            self._news.put(news)
            return
        self._futures.pop(ticket).release()
        if answer.outcome is not None:
            self._board.taken(ticket)
            yield answer.outcome
        elif answer.kind == "failed":
            yield from self._failed(ticket, answer.detail)
        elif answer.kind == "blind":
            self._send(ticket)
        else:
            self._exclude(ticket.worker, DeskguardError(*answer.detail.split("\n")))

    def _failed(self, ticket: Ticket, detail: str) -> Iterator[Outcome]:
        if self._board.failed(ticket, detail):
            told = f"{detail}; {ticket.tries} tries"
            log.warning("recording %s is given up: %s", ticket.job.recording.sha256[:12], told)
            yield without(ticket.job, GAVE_UP, told, ticket.worker)

    def _submit(self, ticket: Ticket, sent: str) -> None:
        turn = ticket.turn
        future = self._link.submit(
            self._run, ticket.job, ticket.worker, sent=sent, checks=not self._patience.is_local
        )
        ticket.is_there = True
        self._futures[ticket] = future
        future.add_done_callback(lambda _: self._news.put(_News(ticket, turn, "answered")))

    def _send(self, ticket: Ticket) -> None:
        """Its worker does not see the file: have it sent, by a thread of its own."""
        if ticket.job.size > self._patience.most_sent_bytes:
            ticket.blind.add(ticket.worker)
            self._board.freed(ticket)
            return
        ticket.is_there = False
        self._senders.submit(self._carry, ticket, ticket.turn, ticket.worker, _name(ticket))

    def _carry(self, ticket: Ticket, turn: int, worker: str, name: str) -> None:
        """In a sender's thread: the file to the worker, and news of it."""
        try:
            self._link.send(self._run, worker, name, pieces(ticket.job))
        except FileChangedError:
            news = _News(ticket, turn, "unsendable", CHANGED, "the file was changed since it was listed")
        except CutOffError:
            news = _News(ticket, turn, "cut-off")
        except OSError as error:
            news = _News(ticket, turn, "not-taken", UNREADABLE, f"it cannot be sent: {error.strerror}")
        else:
            news = _News(ticket, turn, "sent")
        self._news.put(news)

    def _exclude(self, worker: str, error: DeskguardError) -> None:
        """A worker that cannot examine anything is given nothing more."""
        if self._patience.is_local:
            raise error
        log.warning("worker %s is of no use: %s", worker, error)
        self._unusable[worker] = error
        self._drop({worker})

    def _drop(self, workers: set[str]) -> None:
        for ticket in self._board.dropped(workers):
            self._forget(ticket)

    def _forget(self, ticket: Ticket) -> None:
        """Whatever was asked about it is not waited for any more."""
        future = self._futures.pop(ticket, None)
        if future is not None:
            self._link.cancel(future)

    def _insist_on_workers(self, now: float) -> None:
        """Raises DeskguardError when there has been no worker for too long."""
        if self._board.present:
            self._had_workers = now
        if now - self._had_workers <= self._patience.workers_s:
            return
        if self._unusable:
            raise next(iter(self._unusable.values()))
        raise DeskguardError(
            f"For {self._patience.workers_s:.0f} s no worker has been there to examine with.",
            "start workers (deskguard cluster worker ADDRESS), then start again: what is finished is kept.",
            "no-workers",
        )

    def _begin_again(self) -> None:
        """Look for the scheduler once more; whatever was on its way is placed anew."""
        log.warning("the scheduler is lost; looking for it for %.0f s", self._patience.connect_s)
        self._futures.clear()
        self._board.dropped(self._board.present)
        self._unusable.clear()
        self._link.close(self._run)
        self._connect("is lost", "scheduler-lost")

    def _connect(self, what: str, code: str) -> None:
        try:
            self._link.connect(self._run, self._patience.connect_s)
        except SchedulerLostError:
            raise DeskguardError(
                f"The scheduler at {self._link.address} {what}: no answer in {self._patience.connect_s:.0f} s.",
                "see that it runs (deskguard cluster scheduler), that no firewall is between, and that its key "
                "is the same; then start again: what is finished is kept.",
                code,
            ) from None
        self._looked = 0.0
        self._had_workers = time.monotonic()


def _name(ticket: Ticket) -> str:
    return sent_name(ticket.number, ticket.turn, ticket.job.recording.path)


def _too_far(most_bytes: int) -> str:
    return f"no worker sees the file, and it is larger than {most_bytes} bytes, the most that is sent"
