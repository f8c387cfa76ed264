"""The hall takes each event once, counts it, and tells it to whoever may see it; what desks say is not
believed.
"""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from deskguard.hub.keeping.retention import sweep
from deskguard.hub.trends import rollups
from deskguard.hub.trends.asking import Asked
from deskguard.wire.ulid import new_ulid
from feed_parts import A_HIT, BEGIN, a_visit, body_of, post, told
from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hall(hall: Hall) -> Iterator[Hall]:
    """One that also tells on what it takes."""
    with hall.nobody().client:
        yield hall


def rows(hall: Hall, question: str) -> list[tuple[Any, ...]]:
    with hall.state.store.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.text(question))]


def counted(hall: Hall) -> dict[str, int]:
    """What the sums of the last days say, by kind."""
    with hall.state.store.reading() as connection:
        return rollups.whole(connection, Asked(date(2026, 11, 1), date(2026, 11, 30))).counts


def test_events_are_taken_once_however_often_they_come(hall: Hall) -> None:
    desk, key = hall.desk()
    client = hall.nobody().client
    body = body_of(desk, told(1, **A_HIT), told(2), told(3))
    first, again = post(client, key, body), post(client, key, body)
    assert first.status_code == again.status_code == 200
    assert (first.json()["upto"], first.json()["accepted"], first.json()["repeated"]) == (3, 3, 0)
    assert (again.json()["upto"], again.json()["accepted"], again.json()["repeated"]) == (3, 0, 3)
    assert rows(hall, "SELECT COUNT(*), MAX(position) FROM hub_events") == [(3, 3)]
    assert counted(hall) == {"help": 2, "hit": 1}


def test_one_event_under_a_new_number_is_still_one_event(hall: Hall) -> None:
    desk, key = hall.desk()
    client = hall.nobody().client
    event = told(1)
    post(client, key, body_of(desk, event))
    other = new_ulid(BEGIN, lambda _bits: 2)
    answer = post(client, key, body_of(desk, event, {**told(2)}, stream=other)).json()
    assert (answer["accepted"], answer["repeated"]) == (1, 1)
    assert counted(hall) == {"help": 2}


def test_a_number_that_is_used_again_for_another_event_hides_nothing(hall: Hall) -> None:
    """A desk whose disk was set back to an earlier day counts on from there."""
    desk, key = hall.desk()
    client = hall.nobody().client
    kept = told(1)
    post(client, key, body_of(desk, kept, told(2), told(3)))
    answer = post(client, key, body_of(desk, kept, told(2), told(3), told(4))).json()
    assert (answer["upto"], answer["accepted"], answer["repeated"]) == (4, 3, 1)
    assert counted(hall) == {"help": 6}


def test_what_was_deleted_for_its_age_and_comes_again_is_not_counted_twice(hall: Hall) -> None:
    desk, key = hall.desk()
    client = hall.nobody().client
    body = body_of(desk, told(1), told(2))
    post(client, key, body)
    hall.clock.wind(days=181)
    assert sweep(hall.state)["events"] == 2
    answer = post(client, key, body).json()
    assert (answer["upto"], answer["accepted"], answer["repeated"]) == (2, 0, 2)
    assert counted(hall) == {}


def test_a_desk_that_names_another_desk_is_turned_away(hall: Hall) -> None:
    mine, key = hall.desk("window-1")
    other, _ = hall.desk("window-2")
    answer = post(hall.nobody().client, key, body_of(other, told(1)))
    assert answer.status_code == 403
    assert rows(hall, "SELECT COUNT(*) FROM hub_events") == [(0,)]
    assert mine.desk_id not in answer.text


def test_the_window_is_that_of_the_key(hall: Hall) -> None:
    desk, key = hall.desk("window-7")
    post(hall.nobody().client, key, body_of(desk, told(1)))
    assert rows(hall, "SELECT window_id FROM hub_events") == [("window-7",)]


@pytest.mark.parametrize("key", ["", "wrong", "x" * 300, "ключ"])
def test_without_its_key_nobody_reports(hall: Hall, key: str) -> None:
    desk, _ = hall.desk()
    headers = {b"authorization": f"Bearer {key}".encode()}
    answer = hall.nobody().client.post("/api/v1/events", content=body_of(desk, told(1)), headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"", "gzip", 400),
        (b"{}", "identity", 400),
        (gzip.compress(b"\xff"), "gzip", 400),
        (b"x" * 3_000_000, "identity", 413),
        (gzip.compress(bytes(50_000_000)), "gzip", 413),
        (b"{}", "br", 415),
    ],
)
def test_what_is_no_batch_is_refused(hall: Hall, body: bytes, encoding: str, status: int) -> None:
    _, key = hall.desk()
    assert post(hall.nobody().client, key, body, encoding).status_code == status


def test_an_event_of_no_use_is_refused_for_good_and_the_rest_is_kept(hall: Hall) -> None:
    desk, key = hall.desk()
    answer = post(
        hall.nobody().client, key, body_of(desk, told(1), told(2, kind="heard", text="x"), told(3))
    ).json()
    assert answer["refused"] == [[2, "unknown-kind"]]
    assert (answer["upto"], answer["accepted"]) == (3, 2)


def test_a_clock_that_is_wrong_is_set_right_and_nothing_lies_ahead_of_now(hall: Hall) -> None:
    desk, key = hall.desk()
    ahead = BEGIN + timedelta(days=3)
    events = [told(1, ahead - timedelta(minutes=10)), told(2, ahead + timedelta(days=9))]
    answer = post(hall.nobody().client, key, body_of(desk, *events, sent=ahead)).json()
    assert answer["skew_s"] == pytest.approx(3 * 86_400)
    times = rows(hall, "SELECT at_utc FROM hub_events ORDER BY seq")
    assert [one[0][:16] for one in times] == ["2026-11-30T00:50", "2026-11-30T01:00"]


def test_days_are_those_of_the_window_and_late_events_fall_on_theirs(hall: Hall) -> None:
    desk, key = hall.desk()
    late = BEGIN - timedelta(days=2, hours=10)  # 27 November in UTC, and 23:00 there
    post(hall.nobody().client, key, body_of(desk, told(1, late), a_visit(2, 12.5, BEGIN - timedelta(hours=1))))
    found = rows(
        hall,
        "SELECT day, part, key, kind, count, total FROM hub_sums WHERE window_id = '' AND span = 'day'"
        " AND part IN ('hour', 'channel') ORDER BY day, part",
    )
    assert found == [
        ("2026-11-27", "hour", "23", "help", 1, 0),
        ("2026-11-30", "channel", "counter", "visit", 1, 750_000),
        ("2026-11-30", "hour", "08", "visit", 1, 750_000),
    ]


def test_the_feed_is_read_on_page_by_page(hall: Hall) -> None:
    desk, key = hall.desk()
    client = hall.client_as("supervisor")
    post(client, key, body_of(desk, *(told(seq) for seq in range(1, 6))))
    first = client.get("/api/v1/feed?limit=3", headers={"accept": "application/json"}).json()
    rest = client.get(f"/api/v1/feed?after={first['position']}", headers={"accept": "application/json"}).json()
    assert [one["position"] for one in first["events"] + rest["events"]] == [1, 2, 3, 4, 5]
    assert (first["is_end"], rest["is_end"]) == (False, True)
    assert rest["events"][0]["kind"] == "help"


def test_a_reader_sees_only_its_own_windows(hall: Hall) -> None:
    hall.add("narrow", "supervisor", windows=("east-*",))
    client = hall.client_as("narrow")
    for window in ("east-1", "west-1"):
        desk, key = hall.desk(window)
        post(client, key, body_of(desk, told(1)))
    page = client.get("/api/v1/feed", headers={"accept": "application/json"}).json()
    assert [one["window_id"] for one in page["events"]] == ["east-1"]
    sheet = client.get("/api/v1/export/events.csv?since=2026-11-01&until=2026-11-30").text
    assert "east-1" in sheet
    assert "west-1" not in sheet
    wall = client.get("/wall").text
    assert "east-1" in wall
    assert "west-1" not in wall


@pytest.mark.parametrize(
    "path", ["/api/v1/feed", "/api/v1/export/events.csv?since=2026-11-01&until=2026-11-30"]
)
@pytest.mark.parametrize("who", ["clerk", "reviewer", "rule-author", "administrator", "auditor"])
def test_others_may_not_read_the_feed(hall: Hall, path: str, who: str) -> None:
    assert hall.client_as(who).get(path).status_code == 403


def test_reading_and_exporting_stand_in_the_audit_log(hall: Hall) -> None:
    client = hall.client_as("supervisor")
    client.get("/api/v1/feed", headers={"accept": "application/json"})
    client.get("/api/v1/export/events.xlsx?since=2026-11-01&until=2026-11-30")
    client.get("/wall")
    actions = {one[0] for one in rows(hall, "SELECT action FROM hub_audit")}
    assert {"feed.read", "export.events", "wall.open"} <= actions


def test_the_board_shows_what_windows_do_and_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with a_hall(tmp_path) as hall:
        client = hall.client_as("supervisor")
        desk, key = hall.desk("window-1")
        hall.desk("window-2")
        state = told(2, kind="state", state="paused", reason="away")
        post(
            client,
            key,
            body_of(desk, told(1, kind="desk", online=True, version="1.0"), state, a_visit(3), told(4)),
        )
        before, ids = _tiles(client), hall.ids
    with a_hall(tmp_path, is_peopled=False) as hall:
        hall.ids |= ids
        after = _tiles(hall.client_as("supervisor"))
    assert [one["window"] for one in before] == ["window-1", "window-2"]
    mine = before[0]
    assert (mine["online"], mine["state"], mine["reason"]) == (True, "paused", "away")
    assert mine["visit"]["id"] == "v1"
    assert mine["help"].startswith("2026-11-30T01:00")
    assert before[1]["state"] == "unknown"
    # Heat is of the last hour, and made of events a restart does not read.
    assert [{**one, "heat": 0} for one in after] == [{**one, "heat": 0} for one in before]


def _tiles(client: Any) -> list[dict[str, Any]]:
    page = client.get("/wall").text
    part = page.split('id="wall-tiles">', 1)[1].split("</script>", 1)[0]
    found: list[dict[str, Any]] = json.loads(part)
    return sorted(found, key=lambda one: one["window"])


def test_totals_are_there_for_this_computer_and_for_whoever_has_the_token(hall: Hall) -> None:
    desk, key = hall.desk()
    client = hall.nobody().client
    post(client, key, body_of(desk, told(1)))
    assert client.get("/metrics").status_code == 401
    token = (hall.state.data / "metrics.token").read_bytes().hex()
    text = client.get("/metrics", headers={"authorization": f"Bearer {token}"}).text
    assert 'deskguard_hub_events_total{kind="help"} 1.0' in text
    assert "window-1" not in text


def test_openapi_describes_what_desks_send(hall: Hall) -> None:
    described = hall.nobody().client.get("/api/v1/openapi.json").json()
    schema = described["paths"]["/api/v1/events"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    kinds = {one["properties"]["kind"]["const"] for one in schema["properties"]["events"]["items"]["oneOf"]}
    assert {"hit", "visit", "false-alarm"} <= kinds
    assert "$ref" not in json.dumps(schema)


def test_what_a_desk_has_lost_stands_on_the_page_of_desks(hall: Hall) -> None:
    desk, key = hall.desk("w-7")
    assert 'class="tag warn"' not in hall.visitor("administrator").get("/desks").text
    post(hall.nobody().client, key, body_of(desk, told(1), lost=4321))
    assert ">4321</span>" in hall.visitor("administrator").get("/desks").text
