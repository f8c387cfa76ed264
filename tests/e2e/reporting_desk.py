"""A desk that reports to a hall's program as fast as it is taken, for tests of what is kept."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from deskguard.desk.reporting import joining
from deskguard.hub.accounts.desk_keys import DeskKey
from deskguard.settings import Settings
from feed_parts import body_of, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hall_server import HubProgram

PATIENCE_S = 90.0


def now() -> datetime:
    return datetime.now(UTC)


class Reporting:
    """A desk that reports batch by batch: one that was not acknowledged is sent again before the next.

    Of several processes of one hall each batch, and each try, goes to the next one, as through a proxy.
    """

    def __init__(self, hubs: Sequence[HubProgram], folder: Path, window: str) -> None:
        self._hubs = hubs
        self._member = joining.join(Settings(), folder, hubs[0].url, hubs[0].code(window))
        self.statuses: list[int] = []
        """Of each try; 0: there was no answer."""
        self.acknowledged: list[str] = []
        self.watching = 0
        """How many look on, by the last answer."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def desk_id(self) -> str:
        return self._member.desk_id

    def stop(self) -> None:
        """Have the last batch acknowledged, and end."""
        self._ended.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        desk = DeskKey(self._member.desk_id, self._member.window_id)
        headers = {
            **{"authorization": f"Bearer {self._member.key}", "content-type": "application/json"},
            "content-encoding": "gzip",
        }
        where = itertools.cycle(self._hubs)
        seq = 1
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            while not self._ended.is_set():
                events = [told(seq + n, now()) for n in range(5)]
                while True:
                    body = body_of(desk, *events, sent=now())
                    try:
                        answer = client.post(f"{next(where).url}/api/v1/events", content=body, headers=headers)
                    except httpx.HTTPError:
                        self.statuses.append(0)
                        continue
                    self.statuses.append(answer.status_code)
                    if answer.status_code == 200:
                        break
                    time.sleep(0.02)
                assert answer.json()["upto"] == seq + 4
                self.watching = answer.json()["watching"]
                self.acknowledged += [one["id"] for one in events]
                seq += 5
