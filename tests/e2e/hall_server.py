"""A hall of the tests on loopback, for browsers and desks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from deskguard.hub.options import HubOptions
from deskguard.hub.serving import bind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub_parts import Hall

PATIENCE_S = 30.0


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
