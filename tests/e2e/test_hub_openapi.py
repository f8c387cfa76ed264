"""Whatever is sent to the routes of desks and clients, the answer is one that the description of the routes
allows.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from deskguard.hub.feed.metrics import Metrics
from feed_parts import body_of, post, told
from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
MINE = re.compile(r"^/api/v1/(events|feed|export/)|^/metrics")
QUICKLY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("hall")) as made:
        yield made


@pytest.fixture(scope="module")
def schema(hall: Hall) -> Any:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", hall.app)


def operations(schema: Any) -> list[Any]:
    return [one.ok() for one in schema.get_all_operations() if MINE.match(one.ok().path)]


def test_no_request_makes_the_hall_stumble(hall: Hall, schema: Any) -> None:
    desk, key = hall.desk()
    reader = hall.client_as("supervisor")
    post(reader, key, body_of(desk, told(1)))
    statuses: set[int] = set()
    tried = operations(schema)
    assert {one.path for one in tried} >= {"/api/v1/events", "/api/v1/feed", "/metrics"}
    for operation in tried:

        @QUICKLY
        @schemathesis_given(operation)
        def ask(case: Any) -> None:
            case.headers = {
                **dict(case.headers or {}),
                "authorization": f"Bearer {key}",
                "accept": "application/json",
            }
            answer = case.call(session=None, cookies=dict(reader.cookies))
            statuses.add(answer.status_code)
            assert answer.status_code < 500, answer.text

        ask()
    # They were not all turned away at the door.
    assert 200 in statuses


def schemathesis_given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())


def test_the_dashboard_for_grafana_asks_for_what_is_there() -> None:
    dashboard = json.loads((ROOT / "config/grafana/deskguard-hub.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"deskguard_hub_\w+", target["expr"])
    }
    there = {one.name for one in Metrics().registry.collect()}
    assert asked
    for name in asked:
        assert re.sub(r"_(total|bucket|sum|count)$", "", name) in there, name
