"""A window's tile from what its desk told: how many wait, since when, and when nobody knows any more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from deskguard.hub.feed.live import LiveBoard
from deskguard.hub.feed.reading import Stored

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


class Board:
    """One window's tile."""

    def __init__(self) -> None:
        self.board = LiveBoard(lambda: NOW)
        self.position = 0

    def hears(self, kind: str, at: datetime = NOW, **body: Any) -> dict[str, Any]:
        """The tile after an event."""
        self.position += 1
        moment = at.isoformat()
        event = Stored(
            self.position, "d1", f"e{self.position}", self.position, "w1", kind, moment, "2026-11-30", moment,
            json.dumps(body),
        )  # fmt: skip
        self.board.feed([event])
        _, tiles = self.board.newer(0, lambda _: True)
        told: dict[str, Any] = json.loads(tiles[0])
        return told


def test_a_tile_knows_how_many_wait_and_since_when() -> None:
    board = Board()
    assert board.hears("state", state="listening", reason="")["queue"] is None
    tile = board.hears("queue", waiting=7, longest_s=540.0)
    since = (NOW - timedelta(seconds=540)).isoformat()
    assert tile["queue"] == {"waiting": 7, "since": since, "at": NOW.isoformat()}
    assert board.hears("queue", waiting=6, longest_s=None)["queue"]["since"] == ""
    assert board.hears("queue", waiting=None, longest_s=None)["queue"] is None


def test_a_desk_that_is_off_tells_of_no_queue() -> None:
    board = Board()
    board.hears("queue", waiting=7, longest_s=None)
    tile = board.hears("desk", online=False, version="1", rules_sha256="")
    assert (tile["queue"], tile["visit"]) == (None, None)


def test_rules_that_change_leave_the_queue_as_it_is() -> None:
    board = Board()
    board.hears("queue", waiting=7, longest_s=None)
    assert board.hears("desk", online=True, version="1", rules_sha256="a" * 64)["queue"]["waiting"] == 7
