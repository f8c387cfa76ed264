"""All routes of the feed over one running feed, which ends with the server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from deskguard.hub.feed import api, export, hook_pages, metrics, wall
from deskguard.hub.feed.running import Feeding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deskguard.hub.state import HubState


def router(state: HubState) -> APIRouter:
    """Intake, feed, export, metrics and wall."""
    feeding = Feeding(state)
    counted = metrics.Metrics()

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(feeding.start)
        try:
            yield
        finally:
            await run_in_threadpool(feeding.stop)

    routes = APIRouter(lifespan=running)
    routes.include_router(api.intake_router(feeding, counted))
    routes.include_router(api.feed_router(feeding))
    routes.include_router(export.router(feeding))
    routes.include_router(metrics.router(feeding, counted))
    routes.include_router(wall.router(feeding))
    routes.include_router(hook_pages.router(state))
    return routes
