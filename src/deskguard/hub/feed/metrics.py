"""/metrics for Prometheus: totals of the hall, no window and no person by name.

Open to this computer; from elsewhere with the token in `metrics.token` of the hall's data folder
(Authorization: Bearer). Counters are of this process, and begin anew with it.
"""

from __future__ import annotations

import ipaddress
import secrets
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from deskguard.hub.store.opening import secret

if TYPE_CHECKING:
    from deskguard.hub.feed.intake import Taken
    from deskguard.hub.feed.running import Feeding
    from deskguard.wire.batch import Batch

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """What is counted, with a registry of its own."""

    def __init__(self) -> None:
        self.registry = one = CollectorRegistry()
        name = "deskguard_hub_"
        self.events = Counter(f"{name}events", "Events taken", ["kind"], registry=one)
        self.repeated = Counter(f"{name}events_repeated", "Events that had come before", registry=one)
        self.refused = Counter(f"{name}events_refused", "Events of no use", ["code"], registry=one)
        self.refused_batches = Counter(f"{name}batches_refused", "Batches of no use", ["code"], registry=one)
        self.took_s = Histogram(
            f"{name}batch_seconds", "From a batch to its commit", buckets=_BUCKETS, registry=one
        )
        self.windows = Gauge(f"{name}windows", "Windows by what they do", ["state"], registry=one)
        self.readers = Gauge(f"{name}readers", "Open streams of dashboards and clients", registry=one)
        self.behind = Gauge(
            f"{name}readers_fell_behind", "Times a reader had to read from the store", registry=one
        )
        self.position = Gauge(f"{name}position", "Of the newest event that this process has read", registry=one)

    def took(self, batch: Batch, taken: Taken, took_s: float) -> None:
        """Count a batch."""
        self.took_s.observe(took_s)
        self.repeated.inc(taken.repeated)
        for one in batch.refused:
            self.refused.labels(one.code).inc()
        if not taken.repeated:
            for event in batch.events:
                self.events.labels(event.kind).inc()
        else:
            # Which of them were new is not told apart by kind any more.
            self.events.labels("mixed").inc(taken.accepted)


def router(feeding: Feeding, metrics: Metrics) -> APIRouter:
    """The route of /metrics."""
    routes = APIRouter(tags=["health"])
    state = feeding.state

    @routes.get("/metrics", responses={401: {"description": "Not from this computer, and no token."}})
    def told(request: Request) -> Response:
        """Totals in Prometheus' text format."""
        if not (_is_here(request) or _has_token(request)):
            raise HTTPException(401, "give the token of metrics.token", headers={"WWW-Authenticate": "Bearer"})
        feeding.start()
        metrics.windows.clear()
        for name, count in feeding.board.states().items():
            metrics.windows.labels(name).set(count)
        metrics.readers.set(feeding.broadcast.readers)
        metrics.behind.set(feeding.broadcast.lost)
        metrics.position.set(feeding.broadcast.position)
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")

    def _is_here(request: Request) -> bool:
        """Asked from this computer itself, and not by a proxy for somebody else."""
        if state.behind_proxy or "x-forwarded-for" in request.headers or request.client is None:
            return False
        try:
            return ipaddress.ip_address(request.client.host).is_loopback
        except ValueError:
            return False

    def _has_token(request: Request) -> bool:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        wanted = secret(state.data, "metrics.token").hex()
        return kind.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), wanted.encode())

    return routes
