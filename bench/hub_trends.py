"""How long the trends of a hall take with ten million events behind them: what programs and people really ask.

    python bench/hub_trends.py [--db sqlite|postgresql] [--windows 300] [--days 92] [--events 10000000]

The sums are written as intake would have added them up, for exactly so many events: visits, hits by rule,
standard, severity and scene, courtesies by act and scene, measured manner, false alarms, calls for help; by
hour, day and week, of each window and of the hall. Then `GET /api/v1/trends` is asked for every dimension and
1, 7, 31 and 92 days, by somebody who sees the whole hall, a tenth of the windows and two thirds of them; then
the page /trends. Prints p50 and p95 of each. PostgreSQL is started in a folder of its own.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from fastapi.testclient import TestClient

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "e2e")]

from deskguard.hub.accounts import passwords, people, sessions  # noqa: E402
from deskguard.hub.app import build_app  # noqa: E402
from deskguard.hub.opened import opened_store, state_of  # noqa: E402
from deskguard.hub.options import HubOptions  # noqa: E402
from deskguard.hub.store.sums import HALL  # noqa: E402

HOURS = range(9, 17)
DIMENSIONS = ("day", "hour", "window", "rule", "standard", "scene", "act")
PAGES = ("day", "window", "rule", "standard", "scene")
SPANS = (1, 7, 31, 92)
PASSWORD = "long enough for it"  # noqa: S105  of a bench


@dataclass(frozen=True)
class Sort:
    """One sort of event: its kind, the keys it is counted under, its share, and its total in thousandths."""

    kind: str
    keys: tuple[tuple[str, str], ...]
    share: float
    total: int = 0


def sorts() -> list[Sort]:
    """What a hall reports in a year, as far as that is known."""
    severities, scenes = ("low", "medium", "high"), [f"scene-{number}" for number in range(8)]
    found = [Sort("visit", (("channel", "counter"),), 8.0, 420_000)]
    for number in range(30):
        keys = (
            ("rule", f"T{number:02}"),
            ("standard", f"s{number % 4:03}"),
            ("severity", severities[number % 3]),
        )
        for scene in scenes[number % 4 :: 4]:
            found.append(Sort("hit", (*keys, ("scene", scene)), 0.03, 900))
            found.append(Sort("hit-withdrawn", (*keys, ("scene", scene)), 0.002, 400))
        found.append(Sort("false-alarm", (("rule", f"T{number:02}"),), 0.002))
    for number in range(14):
        keys = (("act", f"K.act.{number}"), ("scene", scenes[number % 8]))
        found.append(Sort("courtesy-said", keys, 2.0))
        found.append(Sort("courtesy-missing", keys, 0.3))
    for kind, unit in (("loud", "LUFS"), ("fast", "syllables/s"), ("interruption", "s"), ("long-silence", "s")):
        found += [Sort("manner", (("manner", f"{kind}:{unit}:{value}"),), 0.02) for value in range(10, 30)]
    found += [Sort("help", (), 0.01), Sort("paused", (), 0.3), Sort("microphone-lost", (), 0.01)]
    return found


class Filling:
    """Draws events and adds them up, day by day, as rows of hub_sums."""

    def __init__(self, connection: sa.Connection, options: argparse.Namespace) -> None:
        self._connection = connection
        self._windows = [f"w{number:03}" for number in range(options.windows)]
        self._sorts = sorts()
        shares = np.array([one.share for one in self._sorts])
        self._shares = np.tile(shares / shares.sum(), options.windows) / options.windows
        self._kinds = sorted({one.kind for one in self._sorts})
        self._places = self._cells()
        """Which sorts add to which cell of which part: rows of ones."""
        self._weeks: dict[str, dict[tuple[str, str, str], np.ndarray[Any, Any]]] = {}
        self._rng = np.random.default_rng(1)
        self.rows = 0

    def _cells(self) -> dict[tuple[str, str, str], np.ndarray[Any, Any]]:
        found: dict[tuple[str, str, str], np.ndarray[Any, Any]] = {}
        for place, one in enumerate(self._sorts):
            for part, key in (("kind", ""), *one.keys):
                found.setdefault((part, one.kind, key), np.zeros(len(self._sorts), np.int64))[place] = 1
        return found

    def day(self, day: date, many: int) -> None:
        """One day with so many events."""
        drawn = self._rng.multinomial(many, self._shares).reshape(len(self._windows), -1)
        cells = {
            place: np.stack([drawn @ ones, drawn @ (ones * self._totals)], 1)
            for place, ones in self._places.items()
        }
        for kind in self._kinds:
            counts, totals = cells["kind", kind, ""].T
            by_hour = self._rng.multinomial(counts, np.full(len(HOURS), 1 / len(HOURS)))
            each = np.divide(totals, counts, out=np.zeros(len(counts)), where=counts > 0).astype(np.int64)
            for place, hour in enumerate(HOURS):
                cells["hour", kind, f"{hour:02}"] = np.stack([by_hour[:, place], by_hour[:, place] * each], 1)
        self._put("day", day.isoformat(), cells)
        monday = (day - timedelta(days=day.weekday())).isoformat()
        week = self._weeks.setdefault(monday, {})
        for place, found in cells.items():
            week[place] = week[place] + found if place in week else found

    def finish(self) -> None:
        """The weeks of all days."""
        for monday, cells in self._weeks.items():
            self._put("week", monday, cells)

    @property
    def _totals(self) -> np.ndarray[Any, Any]:
        return np.array([one.total for one in self._sorts], np.int64)

    def _put(self, span: str, day: str, cells: dict[tuple[str, str, str], np.ndarray[Any, Any]]) -> None:
        rows: list[tuple[Any, ...]] = []
        for (part, kind, key), found in cells.items():
            values = [
                (HALL, *found.sum(0).tolist()),
                *((w, *row) for w, row in zip(self._windows, found.tolist(), strict=True)),
            ]
            rows += [
                (part, window, span, day, kind, key, count, total) for window, count, total in values if count
            ]
        rows.sort()
        self.rows += len(rows)
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("INSERT INTO hub_sums VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            return
        text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        driver: Any = self._connection.connection.driver_connection
        driver.cursor().execute("COPY hub_sums FROM STDIN", stream=io.BytesIO(text.encode()))


def fill(connection: sa.Connection, options: argparse.Namespace, last: date) -> int:
    """Sums of exactly so many events; gives how many rows they are."""
    filling = Filling(connection, options)
    days = [last - timedelta(days=back) for back in reversed(range(options.days))]
    of_day = np.random.default_rng(2).multinomial(options.events, np.full(len(days), 1 / len(days)))
    for day, many in zip(days, of_day.tolist(), strict=True):
        filling.day(day, many)
    filling.finish()
    there = connection.execute(
        sa.text("SELECT SUM(count) FROM hub_sums WHERE part = 'kind' AND window_id = '' AND span = 'day'")
    ).scalar_one()
    assert int(there) == options.events, there
    return filling.rows


class Asking:
    """Clients who see the whole hall, or some windows, with what their questions took."""

    def __init__(self, app: Any, store: Any, options: argparse.Namespace) -> None:
        self._app = app
        self._store = store
        self._repeat = options.repeat
        self.worst_ms: dict[str, float] = {}

    def client(self, *windows: str) -> TestClient:
        """A supervisor's."""
        at = datetime.now(UTC)
        new = people.NewAccount(
            name=f"s{secrets.token_hex(4)}",
            role="supervisor",
            password=PASSWORD,
            windows=windows,
            clerk_id="",
            must_change=False,
        )
        with self._store.writing() as connection:
            account = people.make(connection, new, at, passwords.hashed(PASSWORD))
            token: Any = sessions.begin(connection, account, at)
        client = TestClient(self._app, raise_server_exceptions=True)
        client.cookies.set(sessions.COOKIE, token)
        return client

    def ask(self, what: str, client: TestClient, path: str) -> None:
        """One question several times; the first is what nobody has asked before."""
        times = []
        for _ in range(self._repeat):
            begun = time.perf_counter()
            answer = client.get(path)
            times.append(1000 * (time.perf_counter() - begun))
            assert answer.status_code == 200, answer.text
        first = times[0]
        times.sort()
        p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
        group = what.split(maxsplit=1)[0]
        self.worst_ms[group] = max(self.worst_ms.get(group, 0.0), p95)
        print(
            f"{what:38} first {first:6.0f} ms  p50 {times[len(times) // 2]:6.0f} ms  p95 {p95:6.0f} ms",
            flush=True,
        )


def ask_all(asking: Asking, last: date, options: argparse.Namespace) -> None:
    """Every question."""
    two_thirds = [f"w{number:03}" for number in range(options.windows) if number % 3]
    for who, windows in (("hall", ()), ("tenth", ("w0[0-2]*",)), ("two-thirds", tuple(two_thirds))):
        client = asking.client(*windows)
        for days in SPANS:
            span = f"first={last - timedelta(days=days - 1)}&last={last}"
            for by in DIMENSIONS:
                asking.ask(f"{who} {days} days by {by}", client, f"/api/v1/trends?by={by}&{span}")
    for who, windows in (("page", ()), ("page-of-two-thirds", tuple(two_thirds))):
        client = asking.client(*windows)
        for days in SPANS:
            span = f"first={last - timedelta(days=days - 1)}&last={last}"
            for by in PAGES:
                asking.ask(f"{who} {days} days by {by}", client, f"/trends?by={by}&{span}")


def main() -> None:
    """Fill a store and ask it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=12)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deskguard-bench-")))
        hub = HubOptions(data=folder / "hub")
        if options.db == "postgresql":
            from postgres_server import PASSWORD as DATABASE_PASSWORD
            from postgres_server import postgres_server

            server = stack.enter_context(postgres_server())
            (folder / "word").write_text(DATABASE_PASSWORD, encoding="utf-8")
            hub = HubOptions(data=folder / "hub", db=server.create("bench"), password_file=folder / "word")
        store = stack.enter_context(opened_store(hub))
        last = datetime.now().astimezone().date()
        begun = time.perf_counter()
        with store.writing() as connection:
            rows = fill(connection, options, last)
        if options.db == "postgresql":
            # As its own housekeeping does soon after.
            with store.writing() as connection:
                connection.execute(sa.text("ANALYZE hub_sums"))
        took_s = time.perf_counter() - begun
        print(f"{platform.platform()}, {options.db}, load {os.getloadavg()[0]:.1f}")
        size = f"{options.events} events, {options.windows} windows, {options.days} days"
        print(f"{size}: {rows} sums in {took_s:.0f} s")
        app = build_app(state_of(store, hub.folder, hub))
        asking = Asking(app, store, options)
        ask_all(asking, last, options)
        told = ", ".join(f"{group} {worst:.0f} ms" for group, worst in asking.worst_ms.items())
        print(f"worst p95: {told}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
