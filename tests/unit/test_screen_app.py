"""The staff page's routes: who is let in, what every answer carries, and what the buttons reach."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deskguard.desk.screen.app import DeskControl, VisitHook, build_app
from deskguard.desk.screen.feed import Feed
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

TOKEN = "Zt3-token_of_the_run"
BASE = "http://127.0.0.1:8469"
SAME = {"Origin": BASE}


class Desk:
    """A desk that remembers what it was told."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.told: list[str] = []
        self.entries: list[dict[str, Any]] = []
        self.failure: DeskguardError | None = None

    def tell(self, what: str) -> None:
        if self.failure:
            raise self.failure
        self.told.append(what)

    def known(self, what: str, hit_id: str) -> bool:
        self.tell(f"{what} {hit_id}")
        return hit_id == "h1"

    def today(self) -> list[dict[str, Any]]:
        self.tell("today")
        return self.entries

    def control(self) -> DeskControl:
        return DeskControl(
            pause=lambda: self.tell("pause"),
            resume=lambda: self.tell("resume"),
            false_alarm=lambda hit_id: self.known("false-alarm", hit_id),
            dismiss=lambda hit_id: self.known("dismiss", hit_id),
            today=self.today,
            call_help=lambda: self.tell("help"),
        )

    def app(self, language: str = "zh-CN") -> Starlette:
        return build_app(self.feed, self.control(), TOKEN, language)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ask(app: Starlette, method: str, path: str, *, base: str = BASE, **more: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, **more)

    return asyncio.run(once())


def stream(app: Starlette, until: Callable[[str], bool], meanwhile: Callable[[], None]) -> str:
    """What the event stream says, from its start until `until` holds; `meanwhile` runs after the snapshot."""
    got: list[str] = []

    async def body() -> None:
        finished = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await finished.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] != "http.response.body":
                return
            got.append(message["body"].decode())
            if len(got) == 1:
                await asyncio.to_thread(meanwhile)
            if until("".join(got)):
                finished.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": f"/{TOKEN}/events",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:8469")],
            "server": ("127.0.0.1", 8469),
        }
        await asyncio.wait_for(app(scope, receive, send), 10)

    asyncio.run(body())
    return "".join(got)


# Who is let in


@pytest.mark.parametrize(
    "path", ["", "events", "snapshot", "today", "strings/en", "static/main.js", "static/page.css"]
)
@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "té"])
def test_every_route_needs_the_token(desk: Desk, path: str, token: str) -> None:
    answer = ask(desk.app(), "GET", f"/{token}/{path}" if token else f"/{path}")
    assert answer.status_code == 403
    assert "请使用 deskguard 启动时显示的完整地址" in answer.text
    assert TOKEN not in answer.text
    assert desk.told == []


@pytest.mark.parametrize("path", ["pause", "resume", "dismiss", "false-alarm", "help"])
def test_every_button_needs_the_token(desk: Desk, path: str) -> None:
    answer = ask(desk.app(), "POST", f"/wrong/{path}", json={"hit_id": "h1"}, headers=SAME)
    assert answer.status_code == 403
    assert desk.told == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8469", 200),
        ("localhost:8469", 200),
        ("127.0.0.1:8470", 403),
        ("127.0.0.1", 403),
        ("evil.example:8469", 403),
        ("127.0.0.1.evil.example:8469", 403),
        ("", 403),
    ],
)
def test_only_this_computers_names_are_hosts(desk: Desk, host: str, status: int) -> None:
    assert ask(desk.app(), "GET", f"/{TOKEN}/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (BASE, 200),
        ("http://127.0.0.1:8470", 403),
        ("http://localhost:8469", 403),  # the page was loaded from the other name
        ("https://127.0.0.1:8469", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_foreign_origin_is_refused(desk: Desk, method: str, origin: str, status: int) -> None:
    path = f"/{TOKEN}/" if method == "GET" else f"/{TOKEN}/resume"
    assert ask(desk.app(), method, path, headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 403),
    ],
)
def test_a_button_must_be_pressed_on_the_page(desk: Desk, headers: dict[str, str], status: int) -> None:
    answer = ask(desk.app(), "POST", f"/{TOKEN}/pause", headers=headers)
    assert answer.status_code == status
    assert desk.told == (["pause"] if status == 200 else [])


def test_buttons_cannot_be_pressed_by_following_a_link(desk: Desk) -> None:
    assert ask(desk.app(), "GET", f"/{TOKEN}/pause").status_code == 405
    assert desk.told == []


def test_address_without_the_last_slash_leads_to_the_page(desk: Desk) -> None:
    answer = ask(desk.app(), "GET", f"/{TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/{TOKEN}/")


# What every answer carries


@pytest.mark.parametrize(
    "path", [f"/{TOKEN}/", f"/{TOKEN}/today", f"/{TOKEN}/static/main.js", f"/{TOKEN}/no", "/wrong/"]
)
def test_every_answer_forbids_what_the_page_does_not_need(desk: Desk, path: str) -> None:
    headers = ask(desk.app(), "GET", path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


def test_page_has_no_inline_script_or_style_and_nothing_from_elsewhere(desk: Desk) -> None:
    page = ask(desk.app(), "GET", f"/{TOKEN}/").text
    assert re.search(r"<script(?![^>]*\bsrc=)", page) is None
    assert re.search(r"<style|\sstyle=|\son\w+=", page) is None
    assert re.findall(r'(?:src|href)="(?!static/|#)[^"]*"', page) == []
    assert TOKEN not in page


def test_files_have_the_media_types_that_browsers_insist_on(desk: Desk) -> None:
    types = [
        ask(desk.app(), "GET", f"/{TOKEN}/static/{name}").headers["content-type"]
        for name in ("main.js", "page.css")
    ]
    assert types == ["text/javascript; charset=utf-8", "text/css; charset=utf-8"]


@pytest.mark.parametrize("name", ["app.py", "..%2fapp.py", "..%2f..%2f..%2ferrors.py", "page.html", "%00"])
def test_only_the_pages_own_files_are_served(desk: Desk, name: str) -> None:
    assert ask(desk.app(), "GET", f"/{TOKEN}/static/{name}").status_code == 404


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_page_and_refusal_speak_the_desks_language(desk: Desk, language: str) -> None:
    app = desk.app(language)
    assert f'lang="{language}"' in ask(app, "GET", f"/{TOKEN}/").text
    assert f'lang="{language}"' in ask(app, "GET", "/wrong/").text


def test_catalogue_is_served_in_the_languages_there_are(desk: Desk) -> None:
    app = desk.app()
    assert ask(app, "GET", f"/{TOKEN}/strings/en").json()["action.dismiss"] == "Got it"
    assert ask(app, "GET", f"/{TOKEN}/strings/fr").status_code == 404


def test_unknown_language_is_an_error_with_a_remedy(desk: Desk) -> None:
    with pytest.raises(DeskguardError, match="zh-CN, en"):
        desk.app("fr")


# What the buttons reach


@pytest.mark.parametrize("path", ["dismiss", "false-alarm"])
@pytest.mark.parametrize(
    ("hit_id", "answer"), [("h1", {"ok": True}), ("gone", {"ok": False, "code": "unknown-hit"})]
)
def test_card_buttons_reach_the_desk(desk: Desk, path: str, hit_id: str, answer: dict[str, Any]) -> None:
    got = ask(desk.app(), "POST", f"/{TOKEN}/{path}", json={"hit_id": hit_id}, headers=SAME)
    assert (got.status_code, got.json()) == (200, answer)
    assert desk.told == [f"{path} {hit_id}"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"h1"',
        b"{}",
        b'{"hit_id": 7}',
        b'{"hit_id": ""}',
        b"\xff\xfe",
        b'{"hit_id": "%s"}' % (b"x" * 201),
        b" " * 5000,
    ],
)
def test_malformed_request_changes_nothing(desk: Desk, body: bytes) -> None:
    got = ask(desk.app(), "POST", f"/{TOKEN}/dismiss", content=body, headers=SAME)
    assert (got.status_code, got.json()["ok"]) == (400, False)
    assert desk.told == []


def test_pause_tells_the_desk_and_shows_the_reason_to_every_tab(desk: Desk) -> None:
    app = desk.app()
    assert ask(app, "POST", f"/{TOKEN}/pause", json={"reason": "private"}, headers=SAME).json() == {"ok": True}
    assert desk.feed.snapshot()["pause_reason"] == {"reason": "private"}
    assert ask(app, "POST", f"/{TOKEN}/resume", headers=SAME).json() == {"ok": True}
    assert desk.feed.snapshot()["pause_reason"] == {"reason": ""}
    assert desk.told == ["pause", "resume"]


def test_unknown_pause_reason_does_not_pause(desk: Desk) -> None:
    got = ask(desk.app(), "POST", f"/{TOKEN}/pause", json={"reason": "<b>"}, headers=SAME)
    assert got.status_code == 400
    assert desk.told == []


def test_desk_that_fails_says_what_and_how_to_mend_it(desk: Desk) -> None:
    desk.failure = DeskguardError("The disk is full.", "free some space.", "disk-full")
    got = ask(desk.app(), "POST", f"/{TOKEN}/false-alarm", json={"hit_id": "h1"}, headers=SAME)
    assert got.status_code == 503
    assert got.json() == {
        "ok": False,
        "code": "disk-full",
        "problem": "The disk is full.",
        "remedy": "free some space.",
    }
    assert ask(desk.app(), "GET", f"/{TOKEN}/today").status_code == 503


def test_today_lists_what_the_desk_has(desk: Desk) -> None:
    desk.entries = [{"hit_id": "h1", "phrase": "不知道", "shown": True}]
    assert ask(desk.app(), "GET", f"/{TOKEN}/today").json() == {"ok": True, "entries": desk.entries}


def test_help_reaches_the_desk(desk: Desk) -> None:
    assert ask(desk.app(), "POST", f"/{TOKEN}/help", headers=SAME).json() == {"ok": True}
    assert desk.told == ["help"]


# The queue system's hook

HOOK = "hook-token_of_this_desk"


class Hook:
    """A hook that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.failure: DeskguardError | None = None

    def take(self, body: dict[str, Any]) -> str:
        if self.failure:
            raise self.failure
        self.told.append(body)
        return "taken"

    def app(self, desk: Desk) -> Starlette:
        return build_app(desk.feed, desk.control(), TOKEN, "zh-CN", VisitHook(HOOK, self.take))


@pytest.fixture
def hook() -> Hook:
    return Hook()


def test_a_program_of_this_computer_tells_the_hook(desk: Desk, hook: Hook) -> None:
    told = {"event": "called", "ticket": "A012", "event_id": "e1"}
    answer = ask(hook.app(desk), "POST", f"/{HOOK}/visit", json=told)
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "outcome": "taken"})
    assert hook.told == [told]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["", "events", "snapshot", "today", "strings/en", "static/main.js", "help"])
def test_the_hooks_token_opens_nothing_else(desk: Desk, hook: Hook, path: str) -> None:
    for method in ("GET", "POST"):
        assert ask(hook.app(desk), method, f"/{HOOK}/{path}").status_code in (404, 405)
    assert desk.told == []


@pytest.mark.parametrize("token", ["", "wrong", HOOK[:-1], HOOK + "x", TOKEN])
def test_the_hook_opens_to_its_own_token_only(desk: Desk, hook: Hook, token: str) -> None:
    answer = ask(hook.app(desk), "POST", f"/{token}/visit", json={}, headers=SAME)
    assert answer.status_code == (404 if token == TOKEN else 403)
    assert hook.told == []


@pytest.mark.parametrize(
    "headers",
    [
        SAME,
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "a.b:8469"},
    ],
)
def test_no_web_page_can_use_the_hook(desk: Desk, hook: Hook, headers: dict[str, str]) -> None:
    assert ask(hook.app(desk), "POST", f"/{HOOK}/visit", json={}, headers=headers).status_code == 403
    assert hook.told == []


@pytest.mark.parametrize(("code", "status"), [("bad-ticket", 400), ("queue-full", 503)])
def test_the_sender_learns_what_was_wrong(desk: Desk, hook: Hook, code: str, status: int) -> None:
    hook.failure = DeskguardError("It is wrong.", "mend it.", code)
    answer = ask(hook.app(desk), "POST", f"/{HOOK}/visit", content=b"{")
    assert answer.status_code == status
    assert answer.json() == {"ok": False, "code": code, "problem": "It is wrong.", "remedy": "mend it."}


def test_an_app_without_a_hook_has_no_side_door(desk: Desk) -> None:
    assert ask(desk.app(), "POST", "//visit", json={}).status_code == 403


# The stream


def test_stream_begins_with_the_snapshot_and_goes_on_with_events(desk: Desk) -> None:
    desk.feed.publish("state", {"state": "listening"})
    heard = "第一行\n\nevent: card\ndata: {}\r\n第二行"
    text = stream(
        desk.app(), lambda got: "event: today" in got, lambda: desk.feed.publish("today", {"entry": heard})
    )
    first, second, rest = text.split("\n\n")
    assert (rest, first.split("\n")[0], second.split("\n")[0]) == ("", "event: snapshot", "event: today")
    assert json.loads(first.split("\n")[1].removeprefix("data: "))["state"] == {"state": "listening"}
    assert json.loads(second.split("\n")[1].removeprefix("data: ")) == {"entry": heard}


def test_stream_marks_a_gap(desk: Desk) -> None:
    desk.feed = Feed(depth=2)

    def too_much() -> None:
        for n in range(5):
            desk.feed.publish("today", {"entry": n})

    text = stream(desk.app(), lambda got: got.count("event: today") == 2, too_much)
    assert 'data: {"entry": 3, "gap": true}' in text
    assert 'data: {"entry": 4}' in text


def test_stream_that_has_gone_is_forgotten(desk: Desk) -> None:
    stream(desk.app(), lambda got: "event: snapshot" in got, lambda: None)
    assert desk.feed.reader_count == 0
