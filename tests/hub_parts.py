"""A whole hall for tests: the real application over a real store, a hand clock, people of every role."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient

from deskguard.hub.accounts import desk_keys, passwords, people, sessions
from deskguard.hub.accounts.roles import ROLES, RoleName
from deskguard.hub.app import build_app
from deskguard.hub.opened import opened_store, state_of
from deskguard.hub.options import HubOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from httpx import Response

    from deskguard.hub.state import HubState

PASSWORD = "long enough for anybody"
BEGIN = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


@cache
def _hash() -> str:
    # Once: it is slow on purpose.
    return passwords.hashed(PASSWORD)


class WoundClock:
    """UTC that stands still until it is wound on."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at

    def wind(self, **by: float) -> None:
        self.at += timedelta(**by)


class Visitor:
    """A browser without eyes: keeps cookies and sends the token of the page it saw last."""

    def __init__(self, app: FastAPI) -> None:
        self.client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
        self.client.headers["accept"] = "text/html"

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(path, **more)

    def post(
        self, path: str, form: dict[str, Any] | None = None, on: str = "/password", **more: Any
    ) -> Response:
        """Send a form with the token that the page `on` shows."""
        if form is None and more:
            return self.client.post(path, headers={"x-csrf-token": self.token(on)}, **more)
        return self.client.post(path, data={**(form or {}), "csrf": self.token(on)})

    def token(self, on: str) -> str:
        found = re.search(r'name="csrf" content="([^"]+)"', self.client.get(on, follow_redirects=True).text)
        assert found is not None
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD, then: str = "/") -> Response:
        return self.post("/login", {"name": name, "password": password, "next": then}, on="/login")


@dataclass
class Hall:
    """A hall with one account for each role, named as the role."""

    state: HubState
    app: FastAPI
    clock: WoundClock
    ids: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, role: RoleName, windows: tuple[str, ...] = (), clerk_id: str = "") -> str:
        new = people.NewAccount(
            name=name, role=role, password=PASSWORD, windows=windows, clerk_id=clerk_id, must_change=False
        )
        with self.state.store.writing() as connection:
            self.ids[name] = people.make(connection, new, self.clock(), _hash())
        return self.ids[name]

    def nobody(self) -> Visitor:
        return Visitor(self.app)

    def visitor(self, name: str) -> Visitor:
        """Somebody who is logged in."""
        found = self.nobody()
        # Not through the login: to check a password is slow on purpose, and the login has tests of its own.
        with self.state.store.writing() as connection:
            token = sessions.begin(connection, self.ids[name], self.clock())
        found.client.cookies.set(sessions.COOKIE, token)
        return found

    def client_as(self, name: str) -> TestClient:
        return self.visitor(name).client

    def desk(self, window_id: str = "window-1") -> tuple[desk_keys.DeskKey, str]:
        """A desk that has joined, and its key."""
        with self.state.store.writing() as connection:
            code = desk_keys.new_code(connection, window_id, "test", self.clock())
            joined = desk_keys.enrol(connection, code, self.clock())
        assert joined is not None
        return joined.desk, joined.key


@contextmanager
def a_hall(
    data: Path,
    db: str = "",
    password_file: Path | None = None,
    *,
    is_peopled: bool = True,
    base_path: str = "",
    oidc: Path | None = None,
) -> Iterator[Hall]:
    """A hall in a folder of its own; SQLite unless `db` names another database."""
    options = HubOptions(data=data, db=db, password_file=password_file, base_path=base_path, oidc=oidc)
    clock = WoundClock()
    with opened_store(options) as store:
        state = state_of(store, data, options, clock)
        hall = Hall(state, build_app(state), clock)
        for role in ROLES if is_peopled else ():
            hall.add(role, role, clerk_id="clerk-7" if role == "clerk" else "")
        yield hall
