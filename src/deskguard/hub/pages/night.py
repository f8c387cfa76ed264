"""The pages over the night's results, kept in one place: review, the clerk's own, reports, cards, trends."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from deskguard.hub.cards import pages as cards
from deskguard.hub.reviewing import own, reports
from deskguard.hub.reviewing import routes as review
from deskguard.hub.reviewing.results import Results
from deskguard.hub.reviewing.summing import Follower, Sheets
from deskguard.hub.trends import api
from deskguard.hub.trends import routes as trends
from deskguard.settings import find_settings, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deskguard.hub.state import HubState


def router(state: HubState) -> APIRouter:
    """The routes of all of them; raises DeskguardError where settings or scorecard cannot be used."""
    settings = load_settings(find_settings(None))
    results = Results(state, settings)
    sheets = Sheets(state, results)

    @asynccontextmanager
    async def following(_: FastAPI) -> AsyncIterator[None]:
        follower = Follower(sheets)
        await run_in_threadpool(follower.start)
        try:
            yield
        finally:
            await run_in_threadpool(follower.stop)

    routes = APIRouter(lifespan=following)
    for part in (review, own, reports, trends):
        routes.include_router(part.router(state, results, sheets))
    routes.include_router(cards.router(state, settings))
    routes.include_router(api.router(state))
    return routes
