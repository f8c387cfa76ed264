"""A hall of the tests on loopback, for browsers and desks: in this process, or as the program itself."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import sqlalchemy as sa
import uvicorn

from deskguard.hub.accounts import desk_keys
from deskguard.hub.opened import opened_store
from deskguard.hub.options import HubOptions
from deskguard.hub.serving import bind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.hub.store.opening import HubStore
    from hub_parts import Hall

PATIENCE_S = 30.0
START_S = 60.0


@contextmanager
def serving(hall: Hall) -> Iterator[str]:
    """The hall on loopback; gives its address."""
    listener = bind(HubOptions(data=hall.state.data, port=0))
    server = uvicorn.Server(uvicorn.Config(hall.app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@contextmanager
def running(*programs: HubProgram) -> Iterator[None]:
    """Programs of the hall, started, and killed at the end."""
    try:
        for one in programs:
            one.start()
        yield
    finally:
        for one in programs:
            one.kill()


class HubProgram:
    """`deskguard hub` as a process of its own, on the same port after each start."""

    def __init__(self, data: Path, place: str = "", password_file: Path | None = None, *options: str) -> None:
        self.data = data
        self.port = 0
        self.logged: list[str] = []
        """What it wrote to its console, of all starts."""
        self._place, self._password_file = place, password_file
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def with_data(self, data: Path) -> HubProgram:
        """Another process on the same database, with a data folder of its own."""
        return HubProgram(data, self._place, self._password_file, *self._options)

    def begin(self) -> None:
        """Start it, and do not wait for it."""
        where = ["--data", str(self.data), "--port", str(self.port), *self._options]
        where += ["--db", self._place] if self._place else []
        where += ["--password-file", str(self._password_file)] if self._password_file else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deskguard", "hub", *where],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.begin()
        until_s = time.monotonic() + START_S
        while not self.is_well():
            assert self._process is not None
            assert self._process.poll() is None, "".join(self.logged)
            assert time.monotonic() < until_s, "the hall does not answer"
            time.sleep(0.05)

    def is_well(self) -> bool:
        """Whether it answers, and its database it."""
        if not self.port:
            return False
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False, timeout=PATIENCE_S).status_code == 200
        except httpx.HTTPError:
            return False

    def wait(self) -> int:
        """Wait until it ends by itself; gives its exit status."""
        assert self._process is not None
        return self._process.wait(START_S)

    def stop(self) -> int:
        """Tell it to stop; gives its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(START_S)
        self._process = None
        return status

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE_S)
            self._process = None

    @contextmanager
    def store(self) -> Iterator[HubStore]:
        """Its store, opened by another program."""
        options = HubOptions(data=self.data, db=self._place, password_file=self._password_file)
        with opened_store(options) as store:
            yield store

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with self.store() as store, store.reading() as connection:
            return [tuple(row) for row in connection.execute(sa.text(question))]

    def code(self, window: str = "window-1") -> str:
        """A code with which a desk may join."""
        with self.store() as store, store.writing() as connection:
            return desk_keys.new_code(connection, window, "test", datetime.now(UTC))

    def _read(self, stream: Any) -> None:
        for line in stream:
            if found := re.search(r"is at http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
            self.logged.append(line)
