"""The wire to a Dask scheduler, for whoever starts a run: workers, tasks, answers, pieces of a file.

Every way the scheduler can be lost is one exception, `SchedulerLostError`. Nothing here decides anything.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import dask
from distributed import Client, Future, LocalCluster, WorkerPlugin
from distributed.comm.core import CommClosedError
from distributed.security import Security

from deskguard.night import at_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from distributed import Worker

    from deskguard.night.at_worker import Answer, Run
    from deskguard.night.jobs import Job

NO_PAGES: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
"""Dask would serve pages of what it does, to everybody and in the open."""
LOOPBACK_PAGES = "127.0.0.1:0"
"""Where the server of these pages, which cannot be left out, answers that there are none."""
Awaited = Future
"""What will be an answer."""
_ANSWER_S = 30.0
"""How long an answer that is ready may take to come."""
_CLOSE_S = 5.0
# RuntimeError: of a client that has closed itself.
_LOST = (OSError, TimeoutError, RuntimeError)


class SchedulerLostError(Exception):
    """The scheduler does not answer any more."""


class CutOffError(Exception):
    """A worker does not answer any more."""


class _Plugin(WorkerPlugin):
    """Tells every worker of the run, also those that come later."""

    def __init__(self, run: Run) -> None:
        self.name = _plugin_name(run)
        self._run = run

    def setup(self, worker: Worker) -> None:
        at_worker.begin(self._run, worker.local_directory)

    def teardown(self, worker: Worker) -> None:
        del worker
        at_worker.end(self._run.name)


def _plugin_name(run: Run) -> str:
    return f"deskguard-{run.name}"


class Link:
    """One connection to one scheduler; another one may follow when it is lost."""

    def __init__(self, address: str, security: Security, resources: Mapping[str, float]) -> None:
        self.address = address
        self._security = security
        self._resources = dict(resources)
        self._client: Client | None = None
        self._known: dict[str, bool] = {}
        """Workers by address, and whether they have the resources."""
        self._tasks = 0

    def connect(self, run: Run, patience_s: float) -> None:
        """Find the scheduler and tell its workers of the run; raises SchedulerLostError."""
        self._known = {}
        try:
            # A client may not be the default: a library that finds one would hand its own work to the hall.
            self._client = Client(
                self.address, security=self._security, timeout=patience_s, set_as_default=False
            )
            self._client.register_plugin(_Plugin(run))
        except _LOST as error:
            raise SchedulerLostError(type(error).__name__) from error

    def workers(self) -> set[str]:
        """The addresses of those workers that have the resources; raises SchedulerLostError."""
        client = self._running()
        try:
            present = set(client.nthreads())
            if self._resources and not present <= set(self._known):
                told = client.scheduler_info()["workers"]
                self._known = {name: self._has_resources(one) for name, one in told.items()}
        except _LOST as error:
            raise SchedulerLostError(type(error).__name__) from error
        return {one for one in present if self._known.get(one, not self._resources)}

    def submit(self, run: Run, job: Job, worker: str, *, sent: str, checks: bool) -> Future[Answer]:
        """Have a recording examined by this worker and no other; raises SchedulerLostError."""
        self._tasks += 1
        try:
            return self._running().submit(
                at_worker.examine,
                run.name,
                job,
                sent,
                checks=checks,
                key=f"deskguard-{run.name}-{self._tasks}",
                pure=False,
                workers=[worker],
                allow_other_workers=False,
                resources=self._resources or None,
                # First come, first examined: whoever is first is blamed when a worker dies.
                priority=-self._tasks,
            )
        except _LOST as error:
            raise SchedulerLostError(type(error).__name__) from error

    def answer(self, future: Future[Answer]) -> Answer | None:
        """What came of it; None: not to be had, perhaps its worker has just died. Raises SchedulerLostError."""
        if future.status == "error":
            error = future.exception(timeout=_ANSWER_S)
            return at_worker.Answer(kind="failed", detail=type(error).__name__)
        if future.status == "cancelled":
            # Not by us: Dask found the scheduler again by itself, and that one knows nothing of it.
            raise SchedulerLostError("cancelled")
        try:
            answer: Answer = future.result(timeout=_ANSWER_S)
        except _LOST:
            self._running()
            return None
        return answer

    def cancel(self, future: Future[Answer]) -> None:
        """Nobody waits for it any more."""
        with suppress(*_LOST):
            future.cancel()

    def send(self, run: Run, worker: str, name: str, pieces: Iterator[bytes]) -> None:
        """Put a file beside a worker; raises CutOffError, and OSError when it cannot be written there."""
        is_first = True
        for piece in pieces:
            self._ask(worker, at_worker.receive, run.name, name, piece, is_first=is_first)
            is_first = False

    def _ask(self, worker: str, what: Callable[..., None], *arguments: Any, **named: Any) -> None:
        try:
            self._running().run(what, *arguments, workers=[worker], **named)
        except (CommClosedError, SchedulerLostError, TimeoutError, RuntimeError, KeyError) as error:
            # KeyError: a worker that has just come was not told of the run yet, or of the end of it.
            raise CutOffError(type(error).__name__) from error

    def close(self, run: Run) -> None:
        """Let the workers forget the run, and hang up."""
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(*_LOST, ValueError):
            if client.status == "running":
                client.unregister_worker_plugin(_plugin_name(run))
        with suppress(*_LOST):
            client.close(timeout=_CLOSE_S)

    def _running(self) -> Client:
        if self._client is None or self._client.status != "running":
            raise SchedulerLostError("closed")
        return self._client

    def _has_resources(self, told: Mapping[str, Any]) -> bool:
        has = told.get("resources") or {}
        return all(has.get(name, 0) >= wanted for name, wanted in self._resources.items())


@contextmanager
def own_cluster(n: int) -> Iterator[tuple[str, Security]]:
    """A scheduler in this process and `n` workers of one thread: its address, and what opens it."""
    # Encrypted on loopback, too: whoever reaches a scheduler runs programs as the user it belongs to.
    security = Security.temporary()
    with (
        dask.config.set(NO_PAGES),
        LocalCluster(
            n_workers=n,
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tls://",
            security=security,
            dashboard_address=LOOPBACK_PAGES,
            # Dask would pause a worker that uses much of its share, and nothing would wake it again.
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address, security


def key_security(key: Path | None) -> Security:
    """TLS both ways by one key; without a key none."""
    if key is None:
        return Security(require_encryption=False)
    told = {
        f"tls_{who}_{part}": str(key) for who in ("scheduler", "worker", "client") for part in ("cert", "key")
    }
    return Security(require_encryption=True, tls_ca_file=str(key), **told)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Dask's own lines: what they tell is told in our words or is of no use to the reader."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
