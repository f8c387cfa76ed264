"""Each window as it is now, from the events that came; kept in memory and made anew from the store at a start.

A tile has a version that rises with each change of any tile, so a reader asks for what is newer than it has and
gets each window once, however much happened. Versions are those of one board, which has a name: a reader that
comes from the board of another process gets everything. Heat is what calls for a supervisor's attention in the
last hour: calls for help, heated talk, hits; what desks hold back until the next day is not in it.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deskguard.hub.feed.reading import Stored

KINDS = ("desk", "state", "health", "visit", "queue", "help")
"""Events that a tile is made of."""
HEAT_LASTS = timedelta(hours=1)
_HEAT_FROM = ((6, 3), (3, 2), (1, 1))
"""Points to levels."""
_MOST_POINTS = 50


@dataclass(slots=True)
class _Tile:
    told: dict[str, Any]
    version: int = 0
    text: str = ""
    heat: list[tuple[datetime, int]] = field(default_factory=list)


class LiveBoard:
    """The tiles of all windows; safe to use from several threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.name = secrets.token_hex(4)
        self._now = now
        self._guard = threading.Lock()
        self._tiles: OrderedDict[str, _Tile] = OrderedDict()
        self._version = 0

    @property
    def version(self) -> int:
        return self._version

    def know(self, windows: Iterable[tuple[str, str]]) -> None:
        """Show these (window, desk) even before they report, and no others."""
        wanted = dict(windows)
        with self._guard:
            for window in [one for one in self._tiles if one not in wanted]:
                del self._tiles[window]
                self._version += 1
            for window, desk in wanted.items():
                if window not in self._tiles:
                    self._changed(window, _Tile(_blank(window, desk)))

    def feed(self, events: Iterable[Stored]) -> None:
        """Take events in, in the order they were taken."""
        with self._guard:
            for event in events:
                tile = self._tiles.get(event.window_id)
                if tile is None:
                    tile = _Tile(_blank(event.window_id, event.desk_id))
                _apply(tile, event, json.loads(event.body))
                self._changed(event.window_id, tile)

    def newer(self, version: int, sees: Callable[[str], bool]) -> tuple[int, list[str]]:
        """The version now, and the tiles that changed since, as JSON texts; oldest change first."""
        with self._guard:
            found = []
            for window, tile in reversed(self._tiles.items()):
                if tile.version <= version:
                    break
                if sees(window):
                    found.append(tile.text)
            return self._version, found[::-1]

    def windows(self) -> list[str]:
        """The windows there are."""
        with self._guard:
            return list(self._tiles)

    def states(self) -> dict[str, int]:
        """How many windows are in each state."""
        counts: dict[str, int] = {}
        with self._guard:
            for tile in self._tiles.values():
                state = str(tile.told["state"] if tile.told["online"] else "offline")
                counts[state] = counts.get(state, 0) + 1
        return counts

    def _changed(self, window: str, tile: _Tile) -> None:
        self._version += 1
        tile.version = self._version
        now = self._now()
        tile.heat = [(at, points) for at, points in tile.heat if now - at < HEAT_LASTS][-_MOST_POINTS:]
        points = sum(one for _, one in tile.heat)
        tile.told["heat"] = next((level for least, level in _HEAT_FROM if points >= least), 0)
        tile.text = json.dumps(tile.told, ensure_ascii=False, separators=(",", ":"))
        self._tiles[window] = tile
        self._tiles.move_to_end(window)


def _blank(window: str, desk: str) -> dict[str, Any]:
    return {
        **{"window": window, "desk": desk, "online": False, "state": "unknown", "reason": "", "since": ""},
        **{
            "seen": "",
            "notes": [],
            "version": "",
            "rules": "",
            "visit": None,
            "queue": None,
            "help": "",
            "health": None,
            "heat": 0,
        },
    }


def _apply(tile: _Tile, event: Stored, body: dict[str, Any]) -> None:
    told = tile.told
    told["desk"], told["seen"] = event.desk_id, event.received_utc
    if event.kind == "desk":
        told.update(online=body["online"], version=body["version"], rules=body["rules_sha256"][:12])
        if not body["online"]:
            told.update(visit=None, queue=None)
    elif event.kind == "state":
        told.update(
            state=body["state"], reason=body["reason"], since=event.at_utc, online=body["state"] != "stopped"
        )
    elif event.kind == "health":
        # A desk that is heard runs, whatever was lost on the way.
        told.update(online=True, notes=body["notes"], health={name: body[name] for name in ("lost_s", "rtf")})
    elif event.kind == "visit":
        _visit(told, body)
    elif event.kind == "queue":
        told["queue"] = _queue(event, body)
    elif event.kind == "help":
        told["help"] = event.at_utc
    _heat(tile, event, body)


def _visit(told: dict[str, Any], body: dict[str, Any]) -> None:
    if body["end"] is None:
        begin = datetime.fromisoformat(body["begin"]).astimezone(UTC).isoformat()
        told["visit"] = {
            "id": body["visit_id"],
            "begin": begin,
            "channel": body["channel"],
            "waiting": body["waiting"],
        }
    elif told["visit"] is not None and told["visit"]["id"] == body["visit_id"]:
        told["visit"] = None
        told["help"] = ""


def _queue(event: Stored, body: dict[str, Any]) -> dict[str, Any] | None:
    """How many wait, since when the first of them does, and when it was so; None: no word of either."""
    longest_s = body["longest_s"]
    if body["waiting"] is None and longest_s is None:
        return None
    at = datetime.fromisoformat(event.at_utc)
    since = "" if longest_s is None else (at - timedelta(seconds=longest_s)).astimezone(UTC).isoformat()
    return {"waiting": body["waiting"], "since": since, "at": event.at_utc}


def _heat(tile: _Tile, event: Stored, body: dict[str, Any]) -> None:
    points = {
        "help": 3,
        "hit": 2 if body.get("severity") == "high" else 1,
        "manner": 2 if body.get("manner") == "heated" else 1,
    }.get(event.kind, 0)
    if points and body.get("state") != "withdrawn":
        tile.heat.append((datetime.fromisoformat(event.at_utc), points))
