"""The pages over the night's results, kept in one place: review, the clerk's own, reports, cards, trends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from deskguard.hub.cards import pages as cards
from deskguard.hub.reviewing import own, reports
from deskguard.hub.reviewing import routes as review
from deskguard.hub.reviewing.results import Results
from deskguard.hub.trends import api
from deskguard.hub.trends import routes as trends
from deskguard.settings import find_settings, load_settings

if TYPE_CHECKING:
    from deskguard.hub.state import HubState


def router(state: HubState) -> APIRouter:
    """The routes of all of them; raises DeskguardError where settings or scorecard cannot be used."""
    settings = load_settings(find_settings(None))
    results = Results(state, settings)
    routes = APIRouter()
    for part in (review, own, reports, trends):
        routes.include_router(part.router(state, results))
    routes.include_router(cards.router(state, settings))
    routes.include_router(api.router(state))
    return routes
