"""Every route of the hall, as every role and as nobody: a route that is forgotten here fails."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from deskguard.hub.accounts.guard import anybody, desk_of
from deskguard.hub.accounts.roles import ALLOWED, ROLES
from deskguard.hub.accounts.sessions import COOKIE
from deskguard.hub.feed.api import desk_soon
from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PUBLIC = {
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/login/oidc"),
    ("GET", "/login/oidc/back"),
    ("POST", "/language"),
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("POST", "/api/v1/enrol"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/static"),
    ("GET", "/metrics"),
}
"""What is open to everybody. Its forms carry a token of their own, enrolling a code, the way back from an OIDC
provider what it began with, and from other computers /metrics wants a token, too."""
PROVIDER = 'issuer = "http://127.0.0.1:9"\nclient_id = "hall"\naddress = "http://localhost"\n'


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    file = tmp_path_factory.mktemp("oidc") / "oidc.toml"
    file.write_text(PROVIDER, encoding="utf-8")
    with a_hall(tmp_path_factory.mktemp("hall"), oidc=file) as opened:
        yield opened


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        yield opened


def routes_of(routes: Iterable[Any]) -> Iterator[tuple[str, str, Any]]:
    """Method, path and route of all that is served, of routers within routers as well."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes)
        elif hasattr(route, "path"):
            for method in getattr(route, "methods", None) or {"GET"}:
                if method not in ("HEAD", "OPTIONS"):
                    yield method, route.path, route


def guards_of(dependant: Any) -> set[Any]:
    """Every dependency of a route, and of those the same."""
    found = set()
    for one in getattr(dependant, "dependencies", ()):
        found |= {one.call} | guards_of(one)
    return found


def guard_of(route: Any) -> Any:
    """The permission a route needs; `anybody` or `desk_of` themselves; None for one that is open."""
    found = guards_of(getattr(route, "dependant", None))
    permissions = {one.permission for one in found if hasattr(one, "permission")}
    assert len(permissions) <= 1, f"{route.path} asks for {permissions}"
    if permissions:
        return permissions.pop()
    if desk_soon in found:
        # It remembers for a moment what desk_of found.
        return desk_of
    return next((one for one in (anybody, desk_of) if one in found), None)


def filled(path: str) -> str:
    """A path with something in its places."""
    return re.sub(r"\{[^}]+\}", "abcdef0123456789", path)


def every(hall: Hall) -> list[tuple[str, str, Any]]:
    return [(method, path, guard_of(route)) for method, path, route in routes_of(hall.app.routes)]


def status_of(hall: Hall, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of an answer, of which no more is read: some routes stream until the reader goes away."""
    return asyncio.run(_status_of(hall, method, path, headers))


async def _status_of(hall: Hall, method: str, path: str, headers: dict[str, str]) -> int:
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    bodies = [{"type": "http.request", "body": b""}]

    async def receive() -> dict[str, Any]:
        if bodies:
            return bodies.pop()
        await told
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not told.done():
            told.set_result(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
    }
    running = asyncio.create_task(hall.app(scope, receive, send))
    await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED, timeout=60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return told.result() if told.done() else 0


def headers_of(hall: Hall, role: str, *, has_token: bool) -> dict[str, str]:
    visitor = hall.visitor(role)
    headers = {"accept": "application/json", "cookie": f"{COOKIE}={visitor.client.cookies[COOKIE]}"}
    return {**headers, "x-csrf-token": visitor.token("/password")} if has_token else headers


def test_only_what_is_named_here_is_open(hall: Hall) -> None:
    found = every(hall)
    assert len(found) > 30
    assert {(method, path) for method, path, guard in found if guard is None} == PUBLIC


def test_nobody_gets_nothing_else(hall: Hall) -> None:
    guarded = [(method, filled(path)) for method, path, guard in every(hall) if guard is not None]
    headers = {"accept": "application/json"}
    assert {(*one, status_of(hall, *one, headers)) for one in guarded} == {(*one, 401) for one in guarded}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_it_may_and_nothing_else(hall: Hall, role: Any) -> None:
    wrong = []
    headers = headers_of(hall, role, has_token=True)
    for method, path, guard in every(hall):
        if guard in (None, anybody):
            continue
        status = status_of(hall, method, filled(path), headers)
        if guard is desk_of:
            # No person's cookie is a desk's key.
            is_right = status == 401
        elif guard in ALLOWED[role]:
            is_right = status not in (401, 403) and 0 < status < 500
        else:
            is_right = status == 403
        wrong += [] if is_right else [(method, path, status)]
    assert wrong == []


def test_nothing_is_changed_without_the_token(hall: Hall) -> None:
    let_in = []
    for method, path, guard in every(hall):
        if method == "GET" or guard in (None, desk_of):
            continue
        role = next((one for one in ROLES if guard is anybody or guard in ALLOWED[one]), None)
        assert role is not None
        status = status_of(hall, method, filled(path), headers_of(hall, role, has_token=False))
        let_in += [] if status == 403 else [(method, path, status)]
    assert let_in == []


def test_a_desk_that_was_revoked_gets_nothing(fresh: Hall) -> None:
    desk, key = fresh.desk()
    client = fresh.nobody().client
    paths = [(method, filled(path)) for method, path, guard in every(fresh) if guard is desk_of]
    assert paths
    fresh.visitor("administrator").post(f"/desks/{desk.desk_id}/revoke")
    bearer = {"authorization": f"Bearer {key}"}
    assert {client.request(method, path, headers=bearer).status_code for method, path in paths} == {401}


def test_a_person_sees_their_windows_only(fresh: Hall) -> None:
    fresh.add("east", "administrator", ("east-*",))
    fresh.desk("east-1")
    fresh.desk("west-1")
    page = fresh.visitor("east").get("/desks").text
    assert "east-1" in page
    assert "west-1" not in page
    assert fresh.visitor("east").post("/desks/code", {"window": "west-2"}).status_code == 403
