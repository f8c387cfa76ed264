"""The staff page's server: loopback only, prompt to stop, quiet, and clear when the port is taken."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest
from staff_page_parts import TOKEN, Desk

from deskguard.desk.screen.server import ScreenServer
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk()
    one.server.start()
    yield one
    one.server.stop()


def test_port_in_use_is_an_error_that_names_the_port_and_the_fix(desk: Desk) -> None:
    with pytest.raises(DeskguardError, match=rf"port in use \(127\.0\.0\.1:{desk.server.port}\)") as caught:
        ScreenServer(desk.app, desk.server.port).start()
    assert caught.value.code == "port-in-use"
    assert "[screen] port" in caught.value.remedy


def test_server_listens_on_loopback_only(desk: Desk) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as other:
        # The same port of another address is still free.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.2", desk.server.port))
    answer = httpx.get(desk.url, trust_env=False)
    assert answer.status_code == 200
    assert "server" not in answer.headers


def test_server_stops_at_once_with_streams_open_and_starts_again(desk: Desk) -> None:
    ready = threading.Event()
    ended = threading.Event()

    def listen() -> None:
        with httpx.Client(trust_env=False) as client, client.stream("GET", desk.url + "events") as answer:
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    assert json.loads(line.removeprefix("data:"))["state"]["state"] == "listening"
                    ready.set()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    assert ready.wait(10)
    port = desk.server.port
    began = time.monotonic()
    desk.server.stop()
    assert ended.wait(10)
    # The grace period for streams that were not told to end is 1 s.
    assert time.monotonic() - began < 0.9
    desk.server = ScreenServer(desk.app, port)
    desk.server.start()
    assert httpx.get(desk.url, trust_env=False).status_code == 200


def test_nothing_is_logged_while_the_page_is_used(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk.show("h1", heard="这句话不能进日志")
    with httpx.Client(trust_env=False) as client, client.stream("GET", desk.url + "events") as answer:
        assert any("这句话不能进日志" in line for line in answer.iter_lines())
    logged = [one.getMessage() for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert [line for line in logged if "这句话" in line or TOKEN in line] == []
