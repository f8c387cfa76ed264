"""POST /api/v1/fleet/pull: a desk says what it has and is given what is newer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends

from deskguard.hub.accounts.guard import DeskKey, desk_of
from deskguard.hub.fleet import rows
from deskguard.hub.store.times import utc_text
from deskguard.wire.release import KINDS, Pull, Pulled, Signed

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from deskguard.hub.state import HubState
    from deskguard.wire.release import Held, Kind

# A thousand desks ask every minute and say the same: the disk need not hear it each time.
NOTED_EVERY = timedelta(minutes=5)


def router(state: HubState) -> APIRouter:
    """The route that desks ask."""
    routes = APIRouter(prefix="/api/v1/fleet", tags=["desks"])

    @routes.post("/pull", responses={401: {"description": "The desk key is unknown or revoked."}})
    def pull(body: Pull, desk: Annotated[DeskKey, Depends(desk_of)]) -> Pulled:
        """Rules and settings for the window of this desk that are newer than what it has or has refused."""
        at = state.now()
        with state.store.reading() as connection:
            is_known = rows.has_asked(connection, desk.desk_id, body, utc_text(at - NOTED_EVERY))
            held: dict[Kind, Held] = {"rules": body.rules, "settings": body.settings}
            newer = {kind: _newer(connection, kind, desk.window_id, held[kind]) for kind in KINDS}
        if not is_known:
            with state.store.writing() as connection:
                rows.note_asked(connection, desk.desk_id, desk.window_id, body, utc_text(at))
        return Pulled(rules=newer["rules"], settings=newer["settings"])

    return routes


def _newer(connection: Connection, kind: Kind, window_id: str, held: Held) -> Signed | None:
    serial = rows.newest_for(connection, kind, window_id)
    # What a desk refused stays refused: it is not sent over and over.
    if serial <= max(held.serial, held.refused):
        return None
    return Signed.model_validate_json(rows.envelope(connection, serial))
