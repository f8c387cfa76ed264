"""/healthz: whether the hall works, for whoever watches over it; tells nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from deskguard.hub.state import HubState


def router(state: HubState) -> APIRouter:
    """The route of /healthz."""
    routes = APIRouter()

    @routes.get("/healthz", tags=["health"])
    def healthz() -> JSONResponse:
        """200 while the database answers, else 503 with a code."""
        try:
            with state.store.reading() as connection:
                connection.execute(sa.text("SELECT 1 FROM hub_migrations LIMIT 1"))
        except DeskguardError as error:
            return JSONResponse({"ok": False, "code": error.code}, 503)
        return JSONResponse({"ok": True})

    return routes
