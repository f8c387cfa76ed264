"""The two programs of a cluster: the scheduler that hands out, and the workers that examine, until stopped.

They need not be started in any order: workers wait for their scheduler, and when it goes they wait for it
again. A worker is a process of one thread for each recording at a time, watched by this one, which starts a new
one when it dies. It examines at the lowest priority, so that whoever sits at the desk does not notice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dask
from distributed import Nanny, Scheduler

from deskguard.errors import DeskguardError
from deskguard.night.cluster_key import is_this_computer
from deskguard.night.cluster_link import LOOPBACK_PAGES, NO_PAGES, key_security

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

_AGAIN_S = 5.0
_STOP_S = 10.0
"""How long a process may take to stop before it is killed."""
_SETTINGS: dict[str, Any] = {
    **NO_PAGES,
    # Beyond its limit a process is killed, and the recording it was at is tried again; to pause it instead
    # would leave it waiting for memory that nobody gives back.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What a computer gives to the night."""

    address: str
    """Of the scheduler, with its scheme."""
    key: Path | None = None
    port: int = 0
    """Where the first process listens to the scheduler; the ones that watch and the others follow. 0: any."""
    processes: int = 1
    """Recordings at a time."""
    memory_bytes: int = 0
    """For each process; 0: no limit."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What each process has to offer, such as {"GPU": 1}."""


def serve_scheduler(host: str, port: int, key: Path | None, tell: Callable[[str], None]) -> None:
    """Hand out until SIGINT or SIGTERM; `tell` gets the address. Raises DeskguardError for a port in use."""
    with dask.config.set(_SETTINGS), _only_errors():
        asyncio.run(_scheduler(host, port, key, tell))


def serve_worker(options: WorkerOptions, tell: Callable[[str], None]) -> None:
    """Examine for a scheduler until SIGINT or SIGTERM; `tell` gets "waiting", "ready" and "lost" as it goes."""
    _be_modest()
    with dask.config.set(_SETTINGS), _only_errors():
        asyncio.run(_workers(options, tell))


async def _scheduler(host: str, port: int, key: Path | None, tell: Callable[[str], None]) -> None:
    stopped = _when_stopped()
    scheme = "tls" if key else "tcp"
    scheduler = Scheduler(
        host=host,
        port=port,
        protocol=f"{scheme}://",
        security=key_security(key),
        dashboard=False,
        dashboard_address=LOOPBACK_PAGES,
    )
    try:
        await scheduler
    except (OSError, RuntimeError) as error:
        raise DeskguardError(
            f"The scheduler cannot listen at {host or 'this computer'}, port {port}: {_cause(error)}.",
            "stop what uses that port, or give another --port or --host.",
            "cluster-port",
        ) from None
    tell(scheduler.address)
    try:
        await stopped.wait()
    finally:
        await scheduler.close(reason="stopped")


async def _workers(options: WorkerOptions, tell: Callable[[str], None]) -> None:
    stopped = _when_stopped()
    keepers = [asyncio.create_task(_keep(options, number, tell)) for number in range(options.processes)]
    waiting = asyncio.create_task(stopped.wait())
    try:
        # A keeper only ever ends by a bug of ours: then everything ends, with its traceback.
        await asyncio.wait([waiting, *keepers], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (waiting, *keepers):
            task.cancel()
        ended = await asyncio.gather(*keepers, return_exceptions=True)
    for one in ended:
        if isinstance(one, Exception):
            raise one


async def _keep(options: WorkerOptions, number: int, tell: Callable[[str], None]) -> None:
    """One process for one scheduler after the other; whatever number tells is told by the first alone."""
    said = tell if number == 0 else _nothing
    said("waiting")
    while True:
        if await _answers(options.address):
            await _serve_once(options, number, said)
        await asyncio.sleep(_AGAIN_S)


async def _serve_once(options: WorkerOptions, number: int, tell: Callable[[str], None]) -> None:
    """A process and whoever follows it, until the scheduler is gone."""
    nanny = Nanny(
        options.address,
        # It listens, too: for a scheduler of this computer nobody else need reach it.
        host="127.0.0.1" if is_this_computer(_host(options.address)) else None,
        worker_port=options.port and options.port + 2 * number,
        port=options.port and options.port + 2 * number + 1,
        nthreads=1,
        name=f"{socket.gethostname()}-{number}-{id(options):x}",
        security=key_security(options.key),
        memory_limit=options.memory_bytes or 0,
        resources=dict(options.resources) or None,
        dashboard=False,
        dashboard_address=LOOPBACK_PAGES,
        silence_logs=logging.CRITICAL,
        reconnect=False,
    )
    try:
        await nanny
        tell("ready")
        await nanny.finished()
        tell("lost")
    except (OSError, TimeoutError, RuntimeError) as error:
        tell(f"refused {_cause(error)}")
    finally:
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            await nanny.close(timeout=_STOP_S)


async def _answers(address: str) -> bool:
    """Whether anybody listens there; what they are, the handshake tells."""
    port = int(address.rpartition(":")[2])
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(_host(address), port), _AGAIN_S)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _host(address: str) -> str:
    return address.partition("://")[2].rpartition(":")[0].strip("[]")


def _nothing(_: str) -> None:
    """Nobody is told."""


def _when_stopped() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    return stopped


def _be_modest() -> None:
    """The lowest priority for this process and all that it starts."""
    import psutil

    process = psutil.Process()
    with contextlib.suppress(psutil.AccessDenied, OSError):
        process.nice(getattr(psutil, "IDLE_PRIORITY_CLASS", 19))
    with contextlib.suppress(psutil.AccessDenied, OSError, AttributeError, ValueError):
        # Very low on Windows, idle on Linux.
        process.ionice(getattr(psutil, "IOPRIO_VERYLOW", getattr(psutil, "IOPRIO_CLASS_IDLE", None)))


@contextlib.contextmanager
def _only_errors() -> Any:
    """Dask tells of every connection; only what goes wrong is of use here."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _cause(error: BaseException) -> str:
    """The first cause of an error, in its own words."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)[:200] or type(error).__name__
