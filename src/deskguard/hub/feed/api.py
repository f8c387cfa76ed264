"""POST /api/v1/events for desks, GET /api/v1/feed for supervisors' clients.

The feed is one list in the order in which the hall took events. A client reads on from `position`: as JSON a
page at a time, or as server-sent events, which begin with what it has missed (`Last-Event-ID`) and go on with
what comes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel

from deskguard.errors import DeskguardError
from deskguard.hub.accounts.guard import DeskKey, Person, desk_of, needs
from deskguard.hub.feed import reading
from deskguard.hub.feed.intake import Arrived, check_desk
from deskguard.hub.feed.reading import Chosen
from deskguard.wire import batch as wire
from deskguard.wire.events import KINDS, Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deskguard.hub.feed.metrics import Metrics
    from deskguard.hub.feed.running import Feeding

LOOK_EVERY_S = 0.2
PING_S = 10.0
STREAM_LASTS_S = 900.0
"""After which a client connects anew, and is asked again who it is."""
MOST_AT_ONCE = 512
"""Batches that may wait for the store; a desk whose batch is turned away tries again."""
_SMALL_BYTES = 1024
_STATUS = {"bad-batch": 400, "batch-too-large": 413, "not-your-desk": 403}


class BatchBody(wire.Head):
    """What a desk sends, as JSON; with Content-Encoding: gzip, if it likes."""

    events: list[Event]


class FeedPage(BaseModel):
    """Some events in the order in which they were taken."""

    events: list[dict[str, Any]]
    position: int
    """Where to read on: give it as `after`."""
    is_end: bool
    """Nothing newer is there now."""


KNOWN_FOR_S = 5.0
_MOST_KNOWN = 5000


async def desk_soon(request: Request) -> DeskKey:
    """Which desk asks, as `desk_of`; a key that is revoked is noticed within KNOWN_FOR_S."""
    # Of this application: its keys are those of its store.
    state = request.app.state
    if not hasattr(state, "desks_known"):
        state.desks_known = {}
    known: dict[bytes, tuple[DeskKey, float]] = state.desks_known
    given = request.headers.get("authorization", "").encode("utf-8", "surrogatepass")
    key = hashlib.sha256(given).digest()
    now_s = time.monotonic()
    found = known.get(key)
    if found is not None and found[1] > now_s:
        return found[0]
    desk = await run_in_threadpool(desk_of, request)
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = (desk, now_s + KNOWN_FOR_S)
    return desk


def intake_router(feeding: Feeding, metrics: Metrics) -> APIRouter:
    """The route by which desks report."""
    routes = APIRouter(prefix="/api/v1", tags=["desks"])
    state = feeding.state
    busy = asyncio.Semaphore(MOST_AT_ONCE)
    body = {"content": {wire.MEDIA_TYPE: {"schema": _inlined(BatchBody.model_json_schema())}}, "required": True}
    told = {
        400: "It is no batch.",
        401: "The key is not known.",
        403: "The batch names another desk.",
        413: "It is too large.",
        415: "Its encoding is not known.",
        503: "Try again later.",
    }

    @routes.post(
        "/events",
        response_model=wire.Answer,
        openapi_extra={"requestBody": body},
        responses={status: {"description": why} for status, why in told.items()},
    )
    async def events(request: Request, desk: Annotated[DeskKey, Depends(desk_soon)]) -> Any:
        """Keep a batch of events, each once; answered when they are on disk."""
        if busy.locked():
            raise HTTPException(503, "too many batches wait", headers={"Retry-After": "1"})
        async with busy:
            packed = await _body(request)
            encoding = request.headers.get("content-encoding", "identity").lower()
            if encoding not in ("gzip", "identity"):
                raise HTTPException(415, "send it as it is, or as gzip")
            try:
                answer = await _take(desk, packed, encoding == "gzip")
            except DeskguardError as error:
                if error.code not in _STATUS:
                    raise
                metrics.refused_batches.labels(error.code).inc()
                told = {"code": error.code, "problem": error.problem, "remedy": error.remedy}
                raise HTTPException(_STATUS[error.code], told) from None
        return JSONResponse(answer.model_dump(mode="json"))

    async def _take(desk: DeskKey, packed: bytes, is_gzip: bool) -> wire.Answer:
        begun_ns = time.monotonic_ns()
        # What is small is done sooner than handed to another thread; gzip can make it large at most 1000 times.
        if len(packed) < _SMALL_BYTES:
            batch = wire.unpack(packed, is_gzip=is_gzip)
        else:
            batch = await run_in_threadpool(wire.unpack, packed, is_gzip=is_gzip)
        check_desk(desk, batch)
        taken = await asyncio.wrap_future(feeding.gathering.bring(Arrived(desk, batch, state.now())))
        metrics.took(batch, taken, (time.monotonic_ns() - begun_ns) / 1e9)
        return wire.Answer(
            upto=taken.upto,
            accepted=taken.accepted,
            repeated=taken.repeated,
            refused=tuple((one.seq or 0, one.code) for one in batch.refused),
            watching=feeding.watching,
            skew_s=taken.skew_s,
        )

    return routes


def feed_router(feeding: Feeding) -> APIRouter:
    """The routes by which supervisors' clients read."""
    routes = APIRouter(prefix="/api/v1", tags=["feed"])
    store = feeding.state.store

    @routes.get(
        "/feed",
        response_model=FeedPage,
        responses={200: {"content": {"text/event-stream": {}}}, 401: {"description": "Log in first."}},
    )
    async def feed(  # noqa: PLR0913, PLR0917  what a client may ask
        request: Request,
        person: Annotated[Person, Depends(needs("feed.read"))],
        after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        kinds: Annotated[str, Query(max_length=200, description=f"of {', '.join(KINDS)}")] = "",
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> Any:
        """Events from a position on: a page of JSON, or with `Accept: text/event-stream` all that comes.

        Without `after`, JSON begins with the first event there is and a stream with the next.
        """
        chosen = Chosen(kinds=_kinds(kinds), sees=person.sees)
        await run_in_threadpool(feeding.start)
        await run_in_threadpool(feeding.note_view, person, "feed.read")
        if "text/event-stream" not in request.headers.get("accept", ""):
            return await run_in_threadpool(page, after or 0, limit, chosen)
        known = (
            int(last_event_id)
            if last_event_id and last_event_id.isascii() and last_event_id.isdigit()
            else after
        )
        return StreamingResponse(stream(known, chosen), media_type="text/event-stream")

    def page(after: int, limit: int, chosen: Chosen) -> Response:
        with store.reading() as connection:
            newest = reading.newest(connection)
            found = reading.after(connection, after, limit, chosen)
        position = found[-1].position if len(found) == limit else max(newest, after)
        told = [one.told() for one in found if chosen.sees(one.window_id)]
        return JSONResponse({"events": told, "position": position, "is_end": len(found) < limit})

    async def stream(known: int | None, chosen: Chosen) -> AsyncIterator[str]:
        broadcast = feeding.broadcast
        position = broadcast.position if known is None else known
        ends_s = time.monotonic() + STREAM_LASTS_S
        told_s = 0.0
        broadcast.joined(1)
        try:
            while not feeding.is_ending and time.monotonic() < ends_s:
                fresh = broadcast.since(position)
                events = fresh.events
                if not fresh.is_complete:
                    try:
                        events = tuple(await run_in_threadpool(read_on, position))
                    except DeskguardError:
                        # The database is away: the reader comes again and goes on where it was.
                        return
                text = "".join(_wire(one) for one in events if _is_chosen(one, chosen))
                if events:
                    position = events[-1].position
                if text:
                    told_s = time.monotonic()
                    yield text
                elif time.monotonic() - told_s >= PING_S:
                    told_s = time.monotonic()
                    yield f": position {position}\n\n"
                if len(events) < _AT_ONCE:
                    await asyncio.sleep(LOOK_EVERY_S)
        finally:
            broadcast.joined(-1)

    def read_on(position: int) -> list[reading.Stored]:
        with store.reading() as connection:
            return reading.after(connection, position, _AT_ONCE)

    return routes


_AT_ONCE = 1000


def _wire(event: reading.Stored) -> str:
    # JSON has no bare line breaks, so an event is always one data line.
    return (
        f"id: {event.position}\nevent: {event.kind}\ndata: {json.dumps(event.told(), ensure_ascii=False)}\n\n"
    )


def _is_chosen(event: reading.Stored, chosen: Chosen) -> bool:
    return (not chosen.kinds or event.kind in chosen.kinds) and chosen.sees(event.window_id)


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(one.strip() for one in text.split(",") if one.strip())
    if wrong := [one for one in kinds if one not in KINDS]:
        raise HTTPException(422, f"{wrong[0][:40]!a} is not one of {', '.join(KINDS)}")
    return kinds


async def _body(request: Request) -> bytes:
    """The body of a request, not a byte more than is allowed."""
    packed = b""
    async for part in request.stream():
        packed += part
        if len(packed) > wire.MOST_PLAIN_BYTES:
            raise HTTPException(413, "the batch is too large")
    return packed


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references: those of pydantic lead nowhere within the description of the routes."""
    named = schema.pop("$defs", {})

    def follow(part: Any) -> Any:
        if isinstance(part, list):
            return [follow(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return follow(named[part["$ref"].rpartition("/")[2]])
        # Where the kinds are told apart stands in each of them as well.
        return {name: follow(one) for name, one in part.items() if name != "discriminator"}

    found: dict[str, Any] = follow(schema)
    return found
