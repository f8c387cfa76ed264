"""Who gets into the hall, who does not, and what is left of it in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from deskguard.hub.accounts.setting_up import setup_code
from hub_parts import PASSWORD, Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path) as opened:
        yield opened


def actions(hall: Hall) -> list[str]:
    with hall.state.store.reading() as connection:
        rows = connection.execute(sa.text("SELECT action FROM hub_audit ORDER BY number"))
        return [str(one) for (one,) in rows]


def test_a_right_password_opens_and_is_noted(hall: Hall) -> None:
    visitor = hall.nobody()
    assert visitor.get("/password").headers["location"] == "/login?next=/password"
    answer = visitor.log_in("Supervisor", then="/password")
    assert (answer.status_code, answer.headers["location"]) == (303, "/password")
    assert "supervisor" in visitor.get("/password").text
    assert actions(hall) == ["login"]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(hall: Hall) -> None:
    cookie = hall.nobody().log_in("clerk").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(("name", "password"), [("clerk", "wrong"), ("nobody-here", PASSWORD), (" ", " ")])
def test_a_wrong_name_and_a_wrong_password_look_alike(hall: Hall, name: str, password: str) -> None:
    answer = hall.nobody().log_in(name, password)
    assert answer.status_code == 401
    assert "账户或密码不对" in answer.text
    assert "set-cookie" not in answer.headers
    assert actions(hall) == ["login.failed"]


@pytest.mark.parametrize("name", ["clerk", "never-was"])
def test_guessing_locks_a_name_for_longer_each_time(hall: Hall, name: str) -> None:
    visitor = hall.nobody()
    for _ in range(6):
        assert "暂时锁定" not in visitor.log_in(name, "guess").text
    assert "暂时锁定" in visitor.log_in(name, PASSWORD).text
    # That try counted, too: half a minute has become a whole one.
    hall.clock.wind(seconds=31)
    assert "暂时锁定" in visitor.log_in(name, "guess").text
    hall.clock.wind(hours=1, seconds=1)
    assert visitor.log_in(name).status_code == (303 if name == "clerk" else 401)


def test_a_session_ends_when_idle_and_at_the_end_of_a_shift(hall: Hall) -> None:
    visitor = hall.visitor("auditor")
    for _ in range(13):
        hall.clock.wind(minutes=55)
        assert visitor.get("/password").status_code == 200
    hall.clock.wind(minutes=10)
    assert visitor.get("/password").status_code == 303
    other = hall.visitor("auditor")
    hall.clock.wind(minutes=61)
    assert other.get("/password").status_code == 303


def test_logging_out_ends_the_session_for_whoever_has_the_cookie(hall: Hall) -> None:
    visitor, thief = hall.visitor("clerk"), hall.nobody()
    thief.client.cookies.update(visitor.client.cookies)
    assert thief.get("/password").status_code == 200
    visitor.post("/logout")
    assert thief.get("/password").status_code == 303
    assert actions(hall)[-1] == "logout"


def test_a_form_without_the_token_changes_nothing(hall: Hall) -> None:
    client = hall.client_as("clerk")
    assert client.post("/logout").status_code == 403
    assert client.post("/logout", data={"csrf": "another"}).status_code == 403
    assert client.get("/password").status_code == 200
    stranger = hall.nobody().client
    form = {"name": "clerk", "password": PASSWORD, "csrf": "x"}
    assert stranger.post("/login", data=form).status_code == 403


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"])
def test_nobody_is_sent_elsewhere_after_the_login(hall: Hall, then: str) -> None:
    assert hall.nobody().log_in("clerk", then=then).headers["location"] == "/"


def test_a_new_password_ends_all_other_sessions(hall: Hall) -> None:
    first, second = hall.visitor("clerk"), hall.visitor("clerk")
    new = "another one that is long"
    wrong = first.post("/password", {"old": "no", "new": new, "again": new})
    assert wrong.status_code == 422
    assert first.post("/password", {"old": PASSWORD, "new": "short", "again": "short"}).status_code == 422
    assert first.post("/password", {"old": PASSWORD, "new": new, "again": new}).status_code == 303
    assert first.get("/password").status_code == 200
    assert second.get("/password").status_code == 303
    assert hall.nobody().log_in("clerk", new).status_code == 303
    assert hall.nobody().log_in("clerk").status_code == 401


def test_the_first_account_needs_the_code_of_the_console(tmp_path: Path) -> None:
    with a_hall(tmp_path, is_peopled=False) as hall:
        visitor = hall.nobody()
        assert visitor.get("/").headers["location"] == "/setup"
        form = {"code": "0" * 24, "name": "王芳", "password": PASSWORD, "again": PASSWORD}
        assert visitor.post("/setup", form, on="/setup").status_code == 422
        right = {**form, "code": setup_code(tmp_path)}
        assert visitor.post("/setup", {**right, "again": "x"}, on="/setup").status_code == 422
        assert visitor.post("/setup", {**right, "name": "<b>"}, on="/setup").status_code == 422
        assert visitor.post("/setup", right, on="/setup").status_code == 303
        assert "管理员" in visitor.get("/password").text
        # Once there is an account the code opens nothing.
        other = hall.nobody()
        assert other.get("/setup").headers["location"] == "/login"
        assert other.post("/setup", {**right, "name": "second"}, on="/login").status_code == 404


def test_language_is_chosen_and_kept(hall: Hall) -> None:
    visitor = hall.nobody()
    assert '<html lang="zh-CN">' in visitor.get("/login").text
    visitor.post("/language", {"language": "en", "next": "/login"}, on="/login")
    assert '<html lang="en">' in visitor.get("/login").text
    visitor.post("/language", {"language": "../en", "next": "/login"}, on="/login")
    assert '<html lang="en">' in visitor.get("/login").text


def test_every_answer_forbids_what_pages_do_not_need(hall: Hall) -> None:
    for path in ("/login", "/healthz", "/static/hub.css", "/nowhere"):
        headers = hall.nobody().get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_body_that_is_too_long_is_refused(hall: Hall) -> None:
    client = hall.nobody().client
    assert client.post("/login", content=b"x" * (8 * 1024 * 1024 + 1)).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(9):
            yield b"x" * 1024 * 1024

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=endless(), headers=kind).status_code == 413


def test_a_hall_below_a_path_is_served_whether_or_not_the_proxy_takes_it_off(tmp_path: Path) -> None:
    with a_hall(tmp_path, base_path="/hall") as hall:
        for prefix in ("", "/hall"):
            visitor = hall.nobody()
            assert visitor.get(f"{prefix}/static/hub.css").status_code == 200
            page = visitor.get(f"{prefix}/login")
            assert page.status_code == 200
            assert 'action="/hall/login"' in page.text
            assert visitor.get(f"{prefix}/audit").headers["location"] == "/hall/login?next=/audit"
            assert visitor.get(f"{prefix}/healthz").json() == {"ok": True}
