"""POST /api/v1/enrol: a one-time code for a desk's own key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from deskguard.hub.accounts import desk_keys
from deskguard.hub.audit import log
from deskguard.hub.fleet.keys import public_signing_key

if TYPE_CHECKING:
    from deskguard.hub.state import HubState


class EnrolRequest(BaseModel):
    """What a desk sends to join."""

    model_config = ConfigDict(extra="forbid", strict=True)
    code: Annotated[str, Field(min_length=16, max_length=40)]


class EnrolAnswer(BaseModel):
    """What it gets: shown this once."""

    desk_id: str
    window_id: str
    key: str
    public_key: str
    """What the hall signs rules and settings with."""


def router(state: HubState) -> APIRouter:
    """The route by which desks join."""
    routes = APIRouter(prefix="/api/v1", tags=["desks"])

    @routes.post("/enrol", responses={403: {"description": "The code is unknown, used or too old."}})
    def enrol(body: EnrolRequest) -> EnrolAnswer:
        """Use the code up and hand out a key."""
        at = state.now()
        with state.store.writing() as connection:
            joined = desk_keys.enrol(connection, body.code, at)
            if joined is not None:
                detail = {"window": joined.desk.window_id}
                log.record(
                    connection, at=at, who="desk", action="desk.join", target=joined.desk.desk_id, detail=detail
                )
        if joined is None:
            raise HTTPException(403, "this code is unknown, used or too old")
        return EnrolAnswer(
            desk_id=joined.desk.desk_id,
            window_id=joined.desk.window_id,
            key=joined.key,
            public_key=public_signing_key(state.data),
        )

    return routes
