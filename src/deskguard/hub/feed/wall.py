"""The wall: a tile for each window, kept fresh by a stream of what changed."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from deskguard.hub.accounts.guard import Person, needs
from deskguard.hub.feed.api import LOOK_EVERY_S, PING_S, STREAM_LASTS_S
from deskguard.hub.pages.rendering import render

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deskguard.hub.feed.running import Feeding

_MANY = 50
_WORDS = (
    *("offline", "unknown", "starting", "listening", "paused", "microphone_lost", "stopped"),
    *("visit", "waiting", "help", "free", "reason_away", "reason_private", "reason_other", "notes", "minutes"),
    *("note_microphone-lost", "note_store-failing", "note_rules-rejected", "note_slow-cpu", "note_clock-jump"),
    "note_microphones-alike",
    *("since_clock", "queue_longest", "queue_old", "waiting_all", "full", "full_end"),
    *("seconds", "hours", "connected", "connecting", "heat", "phone", "lost_contact", "notes_short"),
)


def router(feeding: Feeding) -> APIRouter:
    """The page and its stream."""
    routes = APIRouter()

    @routes.get("/wall", include_in_schema=False)
    def wall(
        request: Request,
        person: Annotated[Person, Depends(needs("wall.view"))],
        only: Annotated[str, Query(alias="wall", pattern="^[01]?$")] = "",
    ) -> Response:
        feeding.start()
        feeding.note_view(person, "wall.open")
        version, tiles = feeding.board.newer(0, person.sees)
        told: dict[str, Any] = {
            "board": feeding.board.name,
            "version": version,
            "tiles": tiles,
            "words": _WORDS,
            "now": feeding.state.now().isoformat(),
            # For a screen that nobody sits at: the wall, and nothing around it.
            "is_wall": only == "1",
        }
        return render(request, "wall.html", person, **told)

    @routes.get("/wall/stream", include_in_schema=False)
    async def stream(
        person: Annotated[Person, Depends(needs("wall.view"))],
        since: Annotated[int, Query(ge=0, le=2**53)] = 0,
        board: Annotated[str, Query(max_length=20)] = "",
    ) -> StreamingResponse:
        await run_in_threadpool(feeding.start)
        # Of a server that ran before, or of another process: everything is told anew.
        known = since if board == feeding.board.name else 0
        return StreamingResponse(tiles(person, known), media_type="text/event-stream")

    async def tiles(person: Person, version: int) -> AsyncIterator[str]:
        board, broadcast = feeding.board, feeding.broadcast
        ends_s, told_s = time.monotonic() + STREAM_LASTS_S, 0.0
        broadcast.joined(1)
        try:
            while not feeding.is_ending and time.monotonic() < ends_s:
                fresh, found = board.newer(version, person.sees) if board.version > version else (version, [])
                version = fresh
                if found or time.monotonic() - told_s >= PING_S:
                    told_s = time.monotonic()
                    now = feeding.state.now().isoformat()
                    head = f'"now":"{now}","board":"{board.name}","version":{version}'
                    data = f'{{{head},"tiles":[{",".join(found)}]}}'
                    yield f"event: tiles\ndata: {data}\n\n"
                # Where many look on, less often: half the work.
                await asyncio.sleep(LOOK_EVERY_S * (2 if broadcast.readers > _MANY else 1))
        finally:
            broadcast.joined(-1)

    return routes
