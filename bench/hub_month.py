"""How long the pages over the night's results take in a hall of 300 windows: trends, scorecards, findings.

    python bench/hub_month.py [--db sqlite|postgresql] [--windows 300] [--days 31] [--visits 40] [--keep FOLDER]

Some days at a window are made by the real rules as those of `hub --demo-data`, and stand again at every window
and on every working day under other names. Then the pages are opened: for the first time, again, and after
somebody has decided on a finding, as it goes on all day. Prints the times, and the memory of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from fastapi.testclient import TestClient

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "e2e")]

from deskguard.hub.accounts import passwords, people, sessions  # noqa: E402
from deskguard.hub.app import build_app  # noqa: E402
from deskguard.hub.demo import hall as demo  # noqa: E402
from deskguard.hub.demo.examining import DemoExaminer  # noqa: E402
from deskguard.hub.opened import opened_store, state_of  # noqa: E402
from deskguard.hub.options import HubOptions  # noqa: E402
from deskguard.rules.pack import load_packs  # noqa: E402
from deskguard.scoring import store_rows  # noqa: E402
from deskguard.scoring.review import Decision  # noqa: E402
from deskguard.scoring.store import Wanted  # noqa: E402
from deskguard.scoring.values import Examined, NightRun, finding_id  # noqa: E402

SAMPLES = 16
"""Days that are made; the others are the same under other names."""
PASSWORD = "long enough for it"  # noqa: S105  of a bench


def samples(last: date, visits: int) -> list[Examined]:
    """Some days at a window."""
    examiner = DemoExaminer(load_packs([], ()))
    several = list(demo.sittings(last, visits))
    return [examiner.examine(one)[0] for one in several[:: max(1, len(several) // SAMPLES)][:SAMPLES]]


def at(one: Examined, window: int, day: date) -> Examined:
    """The same at another window on another day."""
    name = f"bench-{window:03}"
    recording = replace(
        one.recording,
        sha256=f"{abs(hash((name, day))):064x}",
        path=f"{name}/{day}.flac",
        window_id=name,
        clerk_id=f"clerk-{window:03}",
        day=day,
    )
    findings = tuple(
        replace(
            each,
            recording=recording,
            finding_id=finding_id(recording, each.rule_id, each.start_sample, each.end_sample),
        )
        for each in one.findings
    )
    return replace(one, examination=replace(one.examination, recording=recording), findings=findings, spoken=())


def fill(state: Any, options: argparse.Namespace, last: date) -> int:
    """The hall's month, all rows of a day at once; gives how many findings it has."""
    made = samples(last, options.visits)
    run = NightRun(
        run_id="bench", started_utc=datetime.now(UTC).isoformat(), rules_sha256="0" * 64, model="demo"
    )
    state.night.begin_run(run)
    findings = number = 0
    for back in range(options.days):
        day = last - timedelta(days=back)
        if day.weekday() >= 5:
            continue
        several = []
        for window in range(options.windows):
            several.append(at(made[number % len(made)], window, day))
            number += 1
        findings += sum(len(one.findings) for one in several)
        rows = [(one, one.examination.examination_id) for one in several]
        with state.store.writing() as connection:
            put(connection, "night_recordings", [store_rows.recording_row(one.recording) for one in several])
            moment = f"{day}T20:00:00+00:00"
            put(
                connection,
                "night_examinations",
                [store_rows.examination_row(one.examination, one.exposure, "bench", moment) for one in several],
            )
            put(
                connection,
                "night_findings",
                [store_rows.finding_row(each, name) for one, name in rows for each in one.findings],
            )
    print(f"{number} recordings, {sum(one.exposure.visits for one in made) // len(made)} visits each")
    return findings


def put(connection: sa.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Many rows at once."""
    columns = list(rows[0])
    named = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        source = f"SELECT {named} FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))"  # noqa: S608
        few = [rows[first : first + 5000] for first in range(0, len(rows), 5000)]
        given: list[Any] = [{"rows": json.dumps(one)} for one in few]
    else:
        source, given = f"VALUES (:{', :'.join(columns)})", [rows]
    for one in given:
        connection.execute(sa.text(f"INSERT INTO {table} ({named}) {source}"), one)


class Pages:
    """What a supervisor opens."""

    def __init__(self, state: Any) -> None:
        self._state = state
        moment = datetime.now(UTC)
        new = people.NewAccount(
            name=f"s{secrets.token_hex(4)}",
            role="supervisor",
            password=PASSWORD,
            windows=(),
            clerk_id="",
            must_change=False,
        )
        with state.store.writing() as connection:
            account = people.make(connection, new, moment, passwords.hashed(PASSWORD))
            token: Any = sessions.begin(connection, account, moment)
        self._client = TestClient(build_app(state))
        self._client.cookies.set(sessions.COOKIE, token)

    def get(self, path: str) -> str:
        """A page."""
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text[:300]
        return str(answer.text)

    def open(self, what: str, path: str, times: int = 1) -> str:
        """Open a page and tell how long it takes; gives it."""
        took: list[float] = []
        cpu_s = time.process_time()
        for _ in range(times):
            begun = time.perf_counter()
            page = self.get(path)
            took.append(time.perf_counter() - begun)
        cpu_s = (time.process_time() - cpu_s) / times
        took.sort()
        print(
            f"{what:44} p50 {took[len(took) // 2]:6.2f} s  most {took[-1]:6.2f} s  of a core {cpu_s:6.2f} s",
            flush=True,
        )
        return page


def decide(state: Any, name: str) -> None:
    """Somebody confirms a finding."""
    decision = Decision(finding_id=name, act="confirm", by="somebody", at_utc=datetime.now(UTC).isoformat())
    state.night.decide(decision)


def measure(state: Any, last: date, options: argparse.Namespace) -> None:
    """Every page: first, again, after a decision."""
    pages = Pages(state)
    month = f"{last:%Y-%m}"
    span = f"first={last - timedelta(days=30)}&last={last}"
    ways = {
        "trends": f"/trends?{span}",
        "trends by rule": f"/trends?by=rule&{span}",
        "reports of the month": f"/reports?period={month}",
        "score of a window": f"/reports/score?by=window&subject=bench-001&period={month}",
        "findings behind a rule": f"/trends/findings?by=rule&key=T03&{span}",
        "findings behind a window": f"/trends/findings?by=window&key=bench-001&{span}",
    }
    newest = state.night.night(Wanted(windows=("bench-001",))).findings
    open_ids = [one.finding_id for one in newest if one.is_spoken]
    begun, cpu_s, times = time.perf_counter(), time.process_time(), 0
    while "段录音没有算进来" in pages.get(ways["trends"]):
        times += 1
    took_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu_s
    print(f"all recordings summed up in {took_s:.0f} s ({cpu_s:.0f} s of a core), {times} pages meanwhile")
    for what, path in ways.items():
        pages.open(f"{what}, first", path)
        pages.open(f"{what}, again", path, 5)
    for what, path in ways.items():
        decide(state, open_ids.pop())
        pages.open(f"{what}, after a decision", path)
    page = pages.open("queue of those who decide, first", "/review")
    decide(state, open_ids.pop())
    pages.open("queue of those who decide, after a decision", "/review")
    name = page.split('href="/review/', 1)[1][:20]
    pages.open("one finding", f"/review/{name}", 3)
    print(f"memory of the process: {psutil.Process().memory_info().rss / 2**20:.0f} MB")


def main() -> None:
    """Fill a store and open its pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--visits", type=int, default=40)
    parser.add_argument(
        "--keep", type=Path, help="a folder in which the hall stays, and is found the next time"
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="deskguard-bench-"))
        )
        hub = HubOptions(data=folder / "hub")
        if options.db == "postgresql":
            from postgres_server import PASSWORD as DATABASE_PASSWORD
            from postgres_server import postgres_server

            server = stack.enter_context(postgres_server())
            (folder / "word").write_text(DATABASE_PASSWORD, encoding="utf-8")
            hub = HubOptions(data=folder / "hub", db=server.create("bench"), password_file=folder / "word")
        store = stack.enter_context(opened_store(hub))
        state = state_of(store, hub.folder, hub)
        last = datetime.now().astimezone().date()
        begun = time.perf_counter()
        with store.reading() as connection:
            findings = connection.execute(sa.text("SELECT COUNT(*) FROM night_findings")).scalar_one()
        findings = findings or fill(state, options, last)
        print(f"{platform.platform()}, {options.db}, load {os.getloadavg()[0]:.1f}")
        print(f"{findings} findings, filled in {time.perf_counter() - begun:.0f} s")
        measure(state, last, options)
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
