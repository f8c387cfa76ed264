"""How long questions to the roll-ups take with ten million events behind them.

    python bench/hub_trends.py [--db PLACE] [--password-file FILE] [--windows 300] [--days 90] [--events N]

The roll-up rows are written as intake would have summed them: for each day, hour and window, visits, hits by
rule, courtesies by act and manner, with counts drawn so that they add up to about so many events. Then each
dimension is asked for 7, 30 and all days, for all windows and for some. Prints p50 and p95 of each.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from deskguard.hub.store.opening import HubStore
from deskguard.hub.trends import rollups

KINDS = (
    *[("visit", "", "", "counter", "", 8.0)],
    *[("hit", f"T{number:02}", "s003", "", "medium", 0.05) for number in range(1, 16)],
    *[("courtesy-said", f"K.act.{number}", "", f"scene-{number % 8}", "", 2.0) for number in range(14)],
    *[("courtesy-missing", f"K.act.{number}", "", f"scene-{number % 8}", "", 0.3) for number in range(14)],
    *[("manner", kind, "", "", "", 0.2) for kind in ("loud", "fast", "interruption", "long-silence")],
)
INSERT = sa.text(
    "INSERT INTO hub_counts VALUES"
    " (:day, :hour, :window, :kind, :rule, :standard, :scene, :severity, :n, :total)"
)


def fill(store: HubStore, options: argparse.Namespace, last: date) -> tuple[int, int]:
    """Rows and events."""
    rng = np.random.default_rng(1)
    each = sum(kind[-1] for kind in KINDS)
    share = options.events / (options.days * options.windows * 8 * each)
    rows = events = 0
    for back in range(options.days):
        day = (last - timedelta(days=back)).isoformat()
        batch: list[dict[str, Any]] = []
        for number in range(options.windows):
            for hour in range(9, 17):
                for kind, rule, standard, scene, severity, mean in KINDS:
                    many = int(rng.poisson(mean * share))
                    if many:
                        batch.append(
                            {
                                "day": day,
                                "hour": hour,
                                "window": f"w{number:03}",
                                "kind": kind,
                                "rule": rule,
                                "standard": standard,
                                "scene": scene,
                                "severity": severity,
                                "n": many,
                                "total": many * 1.5,
                            }
                        )
                        events += many
        rows += len(batch)
        with store.writing() as connection:
            connection.execute(INSERT, batch)
    return rows, events


def ask(store: HubStore, last: date, days: int) -> None:
    """Print how long each question takes."""
    for by in ("day", "hour", "window", "rule", "standard", "scene"):
        times = []
        for _ in range(12):
            begun = time.perf_counter()
            with store.reading() as connection:
                rollups.sums(connection, by, (last - timedelta(days=days - 1), last))  # type: ignore[arg-type]
            times.append(1000 * (time.perf_counter() - begun))
        times.sort()
        print(f"{by:9} {days:3} days  p50 {times[len(times) // 2]:7.0f} ms  p95 {times[-1]:7.0f} ms")


def main() -> None:
    """Fill a store and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", default="")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--events", type=int, default=10_000_000)
    options = parser.parse_args()
    password = None if options.password_file is None else options.password_file.read_text().strip()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = HubStore.open(options.db or str(folder / "hub.sqlite3"), folder, password)
        stack.callback(store.close)
        last = datetime.now(UTC).date()
        begun = time.perf_counter()
        rows, events = fill(store, options, last)
        print(f"{platform.platform()}; {store.dialect}; {events} events in {rows} rows of the roll-up")
        print(f"filled in {time.perf_counter() - begun:.0f} s")
        for days in (7, 30, options.days):
            ask(store, last, days)


if __name__ == "__main__":
    main()
