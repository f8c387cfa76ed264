"""Recordings in, outcomes out: one by one in this process, by processes of this machine, or by many machines.

All three give the same outcomes, in the order in which they are ready. A recording whose examination fails is
tried again, and after three tries it is one that was not analysed, "gave-up". Whoever examines is passed in,
and how to load it: nothing here knows a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.night.cluster_key import extra_missing
from deskguard.night.jobs import Outcome, Setup
from deskguard.night.placing import MOST_TRIES
from deskguard.night.trying import GAVE_UP, Examines, attempt, this_process, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from deskguard.night.jobs import Job

Load = Callable[[Setup], Examines]
"""Makes whoever examines; other processes import it by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOptions:
    """How to reach a cluster, and how patient to be with it."""

    address: str
    """tls://host:port, tcp://host:port, or host:port: TLS where there is a key."""
    key: Path | None = None
    """The hall's key; without one only this computer may be reached."""
    insecure: bool = False
    """Reach another computer without a key all the same; whoever is on that network may then run programs."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What a worker must have been started with, such as {"GPU": 1}."""
    most_sent_bytes: int = 2_000_000_000
    """A larger recording is not sent to a worker that does not see its file."""
    reconnect_s: float = 30.0
    """How long a lost scheduler is looked for."""
    workers_s: float = 600.0
    """How long to wait when there is no worker at all."""


def here(jobs: Iterable[Job], examiner: Examines) -> Iterator[Outcome]:
    """Examine one after the other in this process."""
    for job in jobs:
        outcome: Outcome | str = ""
        for _ in range(MOST_TRIES):
            outcome = attempt(job, examiner)
            if isinstance(outcome, Outcome):
                break
        yield without(job, GAVE_UP, outcome, this_process()) if isinstance(outcome, str) else outcome


def local(jobs: Iterable[Job], setup: Setup, n: int, load: Load) -> Iterator[Outcome]:
    """Examine with `n` processes of this machine, each with a model of its own; one that dies is replaced.

    Raises DeskguardError when the cluster extra is missing, and what `load` raises.
    """
    if n < 1:
        raise DeskguardError(f"{n} processes cannot examine anything.", "give 1 or more.", "bad-workers")
    yield from _dask().local_outcomes(jobs, setup, n, load)


def cluster(jobs: Iterable[Job], setup: Setup, options: ClusterOptions, load: Load) -> Iterator[Outcome]:
    """Examine with the workers of a scheduler that runs already.

    Raises DeskguardError when the scheduler cannot be reached or is lost, when no worker comes, or when none
    can examine; the outcomes until then are given first.
    """
    yield from _dask().cluster_outcomes(jobs, setup, options, load)


def _dask() -> ModuleType:
    try:
        from deskguard.night import distributing
    except ModuleNotFoundError as error:
        raise extra_missing(error) from None
    return distributing
