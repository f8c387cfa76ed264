"""The staff page's routes: the page, its event stream, the clerk's few buttons; and the queue system's hook.

The stream is written here by hand: the usual library for it logs every chunk at debug level, and the chunks
hold what people said. Nothing here logs. The controls may wait for the store, so they run in a thread pool.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from deskguard.desk.screen.gate import Gate, SideDoor
from deskguard.errors import DeskguardError
from deskguard.i18n import catalogue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from deskguard.desk.screen.feed import Feed, FeedEvent

PAUSE_REASONS = ("", "away", "private", "other")
# The page takes 12 s without any event for a dead stream, so a ping must come well before.
PING_S = 4.0
_STATIC = Path(__file__).parent / "static"
# Spelt out: on Windows the registry decides what .js is, and a browser runs no module of another type.
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_MOST_BODY_BYTES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskControl:
    """What the clerk can do; may block briefly, and publishes to the feed whatever changes.

    `false_alarm` and `dismiss` take a hit id, return whether it was known, and publish `card_gone` (and `today`
    for a false alarm) themselves, so that every tab follows. A DeskguardError is shown to the clerk.
    """

    pause: Callable[[], None]
    resume: Callable[[], None]
    false_alarm: Callable[[str], bool]
    dismiss: Callable[[str], bool]
    today: Callable[[], list[dict[str, Any]]]
    call_help: Callable[[], None]
    """Publishes `help` itself."""
    sent: Callable[[], list[dict[str, Any]]] = list
    """What was told to the hall, exactly as it went, newest first."""


@dataclass(frozen=True, slots=True)
class VisitHook:
    """What the queue system may do: tell of a visit, and nothing else."""

    token: str
    take: Callable[[dict[str, Any]], str]
    """Takes the request's JSON object and returns what became of it; a DeskguardError goes to the sender."""


def build_app(
    feed: Feed, desk: DeskControl, token: str, language: str, hook: VisitHook | None = None
) -> Starlette:
    """The app of one run; `token` is the first part of every path, `language` the page's first choice."""
    texts = catalogue.load(language)
    app = Starlette(
        routes=[
            Route("/", partial(_page, language)),
            Route("/events", partial(_events, feed)),
            Route("/snapshot", partial(_snapshot, feed)),
            Route("/today", partial(_listed, desk.today)),
            Route("/sent", partial(_listed, desk.sent)),
            Route("/strings/{language}", _strings),
            Route("/pause", partial(_pause, feed, desk), methods=["POST"]),
            Route("/resume", partial(_resume, feed, desk), methods=["POST"]),
            Route("/dismiss", partial(_hit_action, desk.dismiss), methods=["POST"]),
            Route("/false-alarm", partial(_hit_action, desk.false_alarm), methods=["POST"]),
            Route("/help", partial(_help, desk), methods=["POST"]),
            Route("/static/{name}", partial(_static, _files())),
        ],
        middleware=[Middleware(Gate, token=token, texts=texts, side_door=_side_door(hook))],
    )
    app.state.feed = feed
    return app


def _side_door(hook: VisitHook | None) -> SideDoor | None:
    if hook is None:
        return None
    route = Route("/visit", partial(_visit, hook), methods=["POST"])
    return SideDoor(hook.token, Starlette(routes=[route]))


async def _page(language: str, request: Request) -> Response:
    texts = catalogue.load(language)
    page = Template((_STATIC / "page.html").read_text(encoding="utf-8"))
    words = {"language": language, "noscript": texts["page.noscript"], "loading": texts["page.loading"]}
    return HTMLResponse(page.substitute({name: html.escape(word) for name, word in words.items()}))


def _files() -> dict[str, tuple[bytes, str]]:
    """Every file a page may load, by name: some 40 kB, and no path ever comes from a request."""
    paths = [path for path in _STATIC.iterdir() if path.suffix in _MEDIA_TYPES]
    return {path.name: (path.read_bytes(), _MEDIA_TYPES[path.suffix]) for path in paths}


async def _static(files: dict[str, tuple[bytes, str]], request: Request) -> Response:
    if (file := files.get(request.path_params["name"])) is None:
        return Response(status_code=404)
    return Response(file[0], media_type=file[1])


async def _strings(request: Request) -> Response:
    language = request.path_params["language"]
    if language not in catalogue.LANGUAGES:
        return JSONResponse({"ok": False, "code": "unknown-language"}, 404)
    return JSONResponse(dict(catalogue.load(language)))


async def _events(feed: Feed, request: Request) -> Response:
    return StreamingResponse(_stream(feed), media_type="text/event-stream")


async def _stream(feed: Feed) -> AsyncIterator[str]:
    reader = feed.subscribe()
    try:
        while (event := await reader.take(PING_S)) is not None:
            yield _wire(event)
    finally:
        feed.leave(reader)


def _wire(event: FeedEvent) -> str:
    # JSON has no bare line breaks, so an event is always one data line whatever was heard.
    return f"event: {event.kind}\ndata: {json.dumps(event.body(), ensure_ascii=False)}\n\n"


async def _snapshot(feed: Feed, request: Request) -> Response:
    return JSONResponse(feed.snapshot())


async def _listed(entries: Callable[[], list[dict[str, Any]]], request: Request) -> Response:
    try:
        return JSONResponse({"ok": True, "entries": await run_in_threadpool(entries)})
    except DeskguardError as error:
        return _failure(error)


async def _pause(feed: Feed, desk: DeskControl, request: Request) -> Response:
    reason = (await _body(request)).get("reason", "")
    if reason not in PAUSE_REASONS:
        return JSONResponse({"ok": False, "code": "bad-request"}, 400)
    # The reason is shown to every tab until listening goes on, and is kept nowhere else.
    feed.publish("pause_reason", {"reason": reason})
    return await _act(desk.pause)


async def _resume(feed: Feed, desk: DeskControl, request: Request) -> Response:
    feed.publish("pause_reason", {"reason": ""})
    return await _act(desk.resume)


async def _help(desk: DeskControl, request: Request) -> Response:
    return await _act(desk.call_help)


async def _visit(hook: VisitHook, request: Request) -> Response:
    try:
        return JSONResponse({"ok": True, "outcome": hook.take(await _body(request))})
    except DeskguardError as error:
        return _failure(error, 503 if error.code == "queue-full" else 400)


async def _hit_action(action: Callable[[str], bool], request: Request) -> Response:
    hit_id = (await _body(request)).get("hit_id")
    if not isinstance(hit_id, str) or not 0 < len(hit_id) <= 200:
        return JSONResponse({"ok": False, "code": "bad-request"}, 400)
    return await _act(partial(action, hit_id))


async def _act(action: Callable[[], bool | None]) -> Response:
    """`ok` is False with code "unknown-hit" when the card is gone already: nothing to complain about."""
    try:
        known = await run_in_threadpool(action)
    except DeskguardError as error:
        return _failure(error)
    if known is False:
        return JSONResponse({"ok": False, "code": "unknown-hit"})
    return JSONResponse({"ok": True})


def _failure(error: DeskguardError, status: int = 503) -> Response:
    answer = {"ok": False, "code": error.code, "problem": error.problem, "remedy": error.remedy}
    return JSONResponse(answer, status)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of a request; anything else, or too much of it, is an empty one."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _MOST_BODY_BYTES:
            return {}
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
