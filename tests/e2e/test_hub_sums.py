"""Sums by day are what a plain count over the events says: whatever comes in whatever order, and after it goes.

The same on both databases. The count here knows nothing of sums: it looks at every event that is kept.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_server import PASSWORD

from deskguard.hub.feed import counting
from deskguard.hub.feed.intake import Arrived, take
from deskguard.hub.keeping.retention import sweep
from deskguard.hub.store import settings as decided
from deskguard.hub.store import tables
from deskguard.hub.store.opening import HubStore
from deskguard.hub.store.sums import covered
from deskguard.hub.trends import rollups
from deskguard.hub.trends.asking import Asked
from deskguard.scoring.store_engine import open_engine
from deskguard.wire.batch import unpack
from deskguard.wire.ulid import new_ulid
from feed_parts import A_HIT, BEGIN, a_visit, body_of, post, told
from hub_parts import Hall

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS = ("east-1", "east-2", "west-1")
DIMENSIONS = ("day", "hour", "window", "rule", "standard", "scene", "act")
Rows = dict[str, dict[str, int]]


# One hall for all examples: each begins by emptying it.
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


KINDS = st.one_of(
    st.fixed_dictionaries(
        {
            "rule_id": st.sampled_from(["T01", "T02"]),
            "standard": st.sampled_from(["", "s000", "s003"]),
            "severity": st.sampled_from(["low", "high"]),
            "state": st.sampled_from(["confirmed", "withdrawn"]),
            "confidence": st.sampled_from([0.0, 0.333, 1.0]),
            "scene": st.sampled_from(["", "greet"]),
        }
    ).map(lambda one: {**A_HIT, "clauses": [], **one}),
    st.fixed_dictionaries(
        {"act_id": st.sampled_from(["K.a", "K.b"]), "state": st.sampled_from(["said", "missing"])}
    ).map(lambda one: {"kind": "courtesy", "scene": "greet", **one}),
    st.fixed_dictionaries({"value": st.sampled_from([-31.26, 0.0, 3.14159, 3.1, 412.0])}).map(
        lambda one: {"kind": "manner", "manner": "loud", "expected": 1.0, "unit": "LU", **one}
    ),
    st.integers(0, 5).map(
        lambda minutes: {
            **{"kind": "visit", "visit_id": "v", "channel": "counter", "begin": BEGIN.isoformat()},
            "end": (BEGIN + timedelta(minutes=minutes, microseconds=1)).isoformat() if minutes else None,
        }
    ),
    st.sampled_from(
        [
            {"kind": "help", "by": "button"},
            {"kind": "false-alarm", "rule_id": "T01", "hit_id": "h"},
            {"kind": "state", "state": "paused", "reason": "away"},
            {"kind": "state", "state": "listening"},
        ]
    ),
)
EVENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 45 * 24 * 60), KINDS), min_size=1, max_size=40)
"""The desk, how many minutes ago, and what."""


class Desks:
    """The three desks of a hall, and all that they ever said."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        with hall.state.store.writing() as connection:
            for table in ("hub_events", "hub_sums", "hub_streams", "hub_desks"):
                connection.execute(sa.delete(sa.table(table)))
        self.desks = [hall.desk(window)[0] for window in WINDOWS]
        self._serial = 0

    def batches(self, events: list[tuple[int, int, dict[str, Any]]], size: int) -> list[tuple[int, list[Any]]]:
        """Events of each desk as it sends them, so many at once."""
        of_desk: dict[int, list[Any]] = defaultdict(list)
        for place, minutes, fields in events:
            of_desk[place].append(told(len(of_desk[place]) + 1, BEGIN - timedelta(minutes=minutes), **fields))
        return [
            (place, made[first : first + size])
            for place, made in of_desk.items()
            for first in range(0, len(made), size)
        ]

    def arrived(self, place: int, events: list[Any]) -> Arrived:
        """A batch on a stream of its own, so that its numbers stand in nobody's way."""
        self._serial += 1
        stream = new_ulid(BEGIN, lambda _bits: self._serial)
        body = body_of(self.desks[place], *events, stream=stream)
        return Arrived(self.desks[place], unpack(body, is_gzip=True), BEGIN)


def plain(hall: Hall, by: str, asked: Asked) -> tuple[Rows, dict[str, float]]:
    """Counts and lengths of visits for each value of a dimension, one event after the other."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    lengths: dict[str, float] = defaultdict(float)
    with hall.state.store.reading() as connection:
        rows = connection.execute(sa.text("SELECT * FROM hub_events")).all()
    for row in rows:
        fields = json.loads(row.body)
        if not asked.first.isoformat() <= row.day <= asked.last.isoformat():
            continue
        globs = [one for one in (asked.sees, asked.only) if one]
        if not all(any(fnmatchcase(row.window_id, each) for each in one) for one in globs):
            continue
        kind = kind_of(row.kind, fields)
        name = value_of(by, row, fields)
        if kind is None or not name:
            continue
        counts[name][kind] += 1
        if kind == "visit":
            length = datetime.fromisoformat(fields["end"]) - datetime.fromisoformat(fields["begin"])
            lengths[name] += round(length.total_seconds(), 3)
    return {name: dict(found) for name, found in counts.items()}, lengths


def kind_of(kind: str, fields: dict[str, Any]) -> str | None:
    """What an event is counted as."""
    if kind == "hit":
        return "hit" if fields["state"] == "confirmed" else "hit-withdrawn"
    if kind == "courtesy":
        return f"courtesy-{fields['state']}"
    if kind == "visit":
        return "visit" if fields["end"] else None
    if kind == "state":
        return fields["state"] if fields["state"] in ("paused", "microphone-lost") else None
    return kind if kind in ("manner", "help", "false-alarm") else None


def value_of(by: str, row: Any, fields: dict[str, Any]) -> str:
    """Where an event stands in a dimension; empty: nowhere."""
    local = datetime.fromisoformat(row.at_utc).astimezone(timezone(timedelta(hours=8)))
    named = {"day": row.day, "hour": str(local.hour), "window": row.window_id}
    if by in named:
        return named[by]
    if by == "act":
        return str(fields.get("act_id", ""))
    if by == "rule":
        return str(fields.get("rule_id", ""))
    return str(fields.get(by, ""))


def summed(hall: Hall, by: Any, asked: Asked) -> tuple[Rows, dict[str, float]]:
    with hall.state.store.reading() as connection:
        found = rollups.sums(connection, by, asked)
    return {one.key: one.counts for one in found}, {one.key: one.visit_s for one in found}


def check(hall: Hall, first: date, last: date) -> None:
    """Every dimension, for everybody and for who sees some windows, beside the plain count."""
    for sees, only in (((), ()), (("east-*",), ()), ((), ("west-?",)), (("east-*",), ("*-2",)), (("no",), ())):
        asked = Asked(first, last, sees, only)
        for by in DIMENSIONS:
            counts, lengths = plain(hall, by, asked)
            found, found_lengths = summed(hall, by, asked)
            assert found == counts, (by, asked)
            for name, length in lengths.items():
                assert found_lengths[name] == pytest.approx(length, abs=1e-6)


def everything(hall: Hall) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """All sums as they lie in the store."""
    with hall.state.store.reading() as connection:
        rows = connection.execute(sa.text("SELECT * FROM hub_sums")).all()
    return {tuple(row[:6]): tuple(row[6:]) for row in rows}


@EXAMPLES
@given(
    events=EVENTS,
    size=st.integers(1, 9),
    repeats=st.lists(st.integers(0, 60), max_size=12),
    order=st.randoms(use_true_random=False),
    together=st.integers(1, 5),
    span=st.tuples(st.integers(0, 50), st.integers(0, 50)),
)
def test_sums_are_the_plain_count_for_any_order_and_repetition(  # noqa: PLR0917 - what is drawn
    hall: Hall,
    events: list[Any],
    size: int,
    repeats: list[int],
    order: Any,
    together: int,
    span: tuple[int, int],
) -> None:
    desks = Desks(hall)
    batches = desks.batches(events, size)
    sent = [*batches, *(batches[one % len(batches)] for one in repeats)]
    order.shuffle(sent)
    for first in range(0, len(sent), together):
        take(hall.state.store, [desks.arrived(*one) for one in sent[first : first + together]])
    assert sum(len(made) for _, made in batches) == len(events)
    last = BEGIN.date() - timedelta(days=min(span))
    check(hall, BEGIN.date() - timedelta(days=max(span)), last)
    check(hall, date(2026, 1, 1), date(2026, 12, 31))
    # Counted anew they are the same, to the last row.
    before = everything(hall)
    with hall.state.store.writing() as connection:
        counting.count_anew(connection)
    assert everything(hall) == before


@EXAMPLES
@given(events=EVENTS, cut=st.integers(0, 40), chunk=st.integers(1, 10))
def test_what_is_too_old_leaves_the_sums_as_well(hall: Hall, events: list[Any], cut: int, chunk: int) -> None:
    desks = Desks(hall)
    for number, one in enumerate(desks.batches(events, 3)):
        arrived = desks.arrived(*one)
        received = BEGIN + timedelta(minutes=number)
        take(hall.state.store, [Arrived(arrived.desk, arrived.batch, received)])
    before = (BEGIN + timedelta(minutes=cut)).isoformat(timespec="microseconds")
    position = gone = 0
    while True:
        with hall.state.store.writing() as connection:
            many, position = counting.forget(connection, before, position, chunk)
        gone += many
        if not position:
            break
    with hall.state.store.reading() as connection:
        kept = connection.execute(sa.text("SELECT received_utc FROM hub_events")).scalars().all()
    assert all(one >= before for one in kept) and len(kept) + gone == len(events)
    check(hall, date(2026, 1, 1), date(2026, 12, 31))
    after = everything(hall)
    assert all(count > 0 for count, _ in after.values())
    with hall.state.store.writing() as connection:
        counting.count_anew(connection)
    assert everything(hall) == after


@given(st.dates(date(2026, 1, 1), date(2027, 3, 1)), st.integers(-3, 120))
def test_days_are_covered_once_by_weeks_and_what_is_left(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    found: list[date] = []
    for span, begin, end in covered(first, last):
        step = 7 if span == "week" else 1
        for offset in range(0, (end - begin).days + 1, step):
            monday = begin + timedelta(days=offset)
            assert span == "day" or monday.weekday() == 0
            found += [monday + timedelta(days=each) for each in range(step)]
    assert sorted(found) == [first + timedelta(days=each) for each in range(more + 1)]


def test_retention_takes_events_out_of_the_sums(hall: Hall) -> None:
    desk, key = hall.desk("w1")
    post(hall.nobody().client, key, body_of(desk, told(1, **A_HIT), told(2)))
    hall.clock.wind(days=100)
    post(hall.nobody().client, key, body_of(desk, told(3, hall.clock.at), sent=hall.clock.at))
    with hall.state.store.writing() as connection:
        decided.put(connection, [("events_days", "90")])
    assert sweep(hall.state)["events"] == 2
    with hall.state.store.reading() as connection:
        whole = rollups.whole(connection, Asked(date(2026, 1, 1), date(2027, 12, 31)))
    assert whole.counts == {"help": 1}


def test_an_account_sees_sums_of_its_own_windows_only(hall: Hall) -> None:
    hall.add("narrow", "supervisor", windows=("east-*",))
    for number, window in enumerate(WINDOWS):
        desk, key = hall.desk(window)
        # The same desk's numbers at every window: names differ by their time.
        post(hall.nobody().client, key, body_of(desk, told(1, BEGIN - timedelta(seconds=number), **A_HIT)))
    ask = "/api/v1/trends?by={}&first=2026-11-30&last=2026-11-30"
    for who, seen in (("narrow", ["east-1", "east-2"]), ("supervisor", list(WINDOWS))):
        client = hall.client_as(who)
        rows = client.get(ask.format("window")).json()["rows"]
        assert [one["key"] for one in rows] == seen
        for by in ("day", "rule", "standard"):
            (row,) = client.get(ask.format(by)).json()["rows"]
            assert row["hits"] == len(seen), by
        assert ("west-1" in client.get("/trends").text) == ("west-1" in seen)
    only = hall.client_as("supervisor").get(f"{ask.format('window')}&window=west-*").json()["rows"]
    assert [one["key"] for one in only] == ["west-1"]


def test_rates_are_for_each_visit_and_carry_their_bounds(hall: Hall) -> None:
    desk, key = hall.desk("w1")
    courtesy = [
        told(seq, kind="courtesy", act_id="K.greet.hello", state=state, scene="greet", visit_id="v1")
        for seq, state in ((20, "said"), (21, "said"), (22, "missing"))
    ]
    manner = [
        told(seq, kind="manner", manner="loud", value=value, expected=-20.0, unit="LUFS", visit_id="v1")
        for seq, value in ((30, -15.0), (31, -12.04), (32, -9.0))
    ]
    visits = [a_visit(seq, 2.0, visit_id=f"v{seq}") for seq in range(1, 9)]
    post(hall.nobody().client, key, body_of(desk, *visits, told(10, **A_HIT), *courtesy, *manner))
    answer = hall.client_as("supervisor").get("/api/v1/trends?by=rule").json()
    (rule,) = answer["rows"]
    assert rule["hit_rate"]["visits"] == 8 and rule["hit_rate"]["value"] == 0.125
    assert rule["hit_rate"]["low"] < 0.125 < rule["hit_rate"]["high"]
    assert answer["manner"] == [{"kind": "loud", "unit": "LUFS", "count": 3, "quartiles": [-15.0, -12.0, -9.0]}]
    (act,) = hall.client_as("supervisor").get("/api/v1/trends?by=act").json()["rows"]
    assert (act["key"], act["courtesy"]["said"], act["courtesy"]["due"]) == ("K.greet.hello", 2, 3)
    page = hall.visitor("supervisor").get("/trends").text
    for text in ("各窗口报来的数", "K.greet.hello", "-15.0 / -12.0 / -9.0 LUFS", "平均 2.0 分钟"):
        assert text in page, text


# ---- stores of before ----

OLD_EVENT = (
    "INSERT INTO hub_events (position, desk_id, event_id, seq, window_id, kind, at_utc, day, received_utc,"
    " body) VALUES (:position, 'd', :id, :position, :window, :kind, :at, :day, :at, :body)"
)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_store_of_before_is_summed_up_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    place = str(tmp_path / "old.sqlite3")
    if kind == "postgresql":
        place = request.getfixturevalue("postgres").create(f"old_{secrets.token_hex(6)}")
    an_old_store(place, old_events())
    for _ in range(2):
        store = HubStore.open(place, tmp_path / "data", PASSWORD)
        try:
            with store.reading() as connection:
                asked = Asked(date(2026, 11, 1), date(2026, 11, 30))
                found = rollups.sums(connection, "rule", asked)
                assert [(one.key, one.counts, one.exposure) for one in found] == [("T01", {"hit": 2}, 1)]
                (day,) = rollups.sums(connection, "day", asked._replace(first=date(2026, 11, 30)))
                assert day.counts == {"hit": 1, "visit": 1} and day.visit_s == 90
                assert tables.applied(connection) == [name for name, _ in tables.STEPS]
        finally:
            store.close()


def an_old_store(place: str, events: list[dict[str, Any]]) -> None:
    """As the steps before sums left it."""
    engine = open_engine(place, PASSWORD)
    before = [name for name, _ in tables.STEPS].index(tables.SUMS_STEP)
    with engine.begin() as connection:
        tables.migrate(connection, tables.STEPS[:before])
        for number, event in enumerate(events, 1):
            connection.execute(sa.text(OLD_EVENT), {"position": number, "id": f"e{number}", **event})
        connection.execute(sa.text("UPDATE hub_sequence SET value = :n"), {"n": len(events)})
        connection.execute(
            sa.text("INSERT INTO hub_counts VALUES ('2026-11-30', 9, 'w1', 'hit', 'T01', '', '', '', 1, 0.9)")
        )
    engine.dispose()


def old_events() -> list[dict[str, Any]]:
    hit = json.dumps({name: value for name, value in A_HIT.items() if name != "kind"} | {"scene": ""})
    visit = {"visit_id": "v", "begin": "2026-11-30T09:00:00+08:00", "end": "2026-11-30T09:01:30+08:00"}
    at = "2026-11-30T01:00:00.000000+00:00"
    return [
        {"window": "w1", "kind": "hit", "at": at, "day": "2026-11-30", "body": hit},
        {"window": "w2", "kind": "hit", "at": at, "day": "2026-11-28", "body": hit},
        {
            "window": "w1",
            "kind": "visit",
            "at": at,
            "day": "2026-11-30",
            "body": json.dumps({**visit, "channel": "counter"}),
        },
        {"window": "w1", "kind": "desk", "at": at, "day": "2026-11-30", "body": "{}"},
    ]


def test_the_day_of_the_hall_is_that_of_its_clock(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        # Eight in the evening by UTC; in the hall it is four in the morning of the first of December.
        hall.clock.at = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
        desk, key = hall.desk("w1")
        post(hall.nobody().client, key, body_of(desk, told(1, hall.clock.at), sent=hall.clock.at))
        client = hall.client_as("supervisor")
        answer = client.get("/api/v1/trends?by=day").json()
        assert answer["last"] == "2026-12-01"
        assert [one["key"] for one in answer["rows"]] == ["2026-12-01"]
        assert 'name="last" value="2026-12-01"' in client.get("/trends").text
        assert "2026-12" in client.get("/reports").text
    finally:
        monkeypatch.undo()
        time.tzset()
