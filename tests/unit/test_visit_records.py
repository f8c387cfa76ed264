"""Visits and findings through a real store file and back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deskguard.desk.store import Store
from deskguard.values import ClauseRef, Courtesy, Manner, Run, SceneSpan, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-11-22T01:00:00+00:00"
CLAUSE = ClauseRef(standard="s001", title="标准", clause="a9.0", quote="您好")
VISIT = Visit(visit_id="run-v1", channel="counter", start_sample=100)
COURTESY = Courtesy(
    courtesy_id="run-c1",
    visit_id="run-v1",
    act_id="K.greet.hello",
    name="来有迎声",
    scene="greet",
    state="open",
    start_sample=100,
    end_sample=200,
    expected="您好",
    clauses=(CLAUSE,),
    can_still_help=True,
    why=("visit begins",),
)
MANNER = Manner(
    manner_id="run-m1",
    visit_id="run-v1",
    kind="loud",
    start_sample=150,
    end_sample=300,
    value=9.5,
    expected=6.0,
    unit="LU",
    clauses=(CLAUSE,),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path)) as opened:
        opened.begin_run(
            Run(
                run_id="run",
                started_utc=NOW,
                window_id="w",
                device="test",
                model="base",
                rules_sha256="0",
            )
        )
        yield opened


def test_a_visit_comes_back_with_what_was_found_in_it(store: Store) -> None:
    for one in (VISIT, COURTESY, MANNER):
        store.save_finding("run", one, NOW)
    (visit,) = store.visits("2026-11-22")
    assert (visit["visit_id"], visit["end_sample"], visit["scenes"]) == ("run-v1", None, [])
    (courtesy,) = visit["courtesies"]
    assert (courtesy["act_id"], courtesy["state"], courtesy["why"]) == (
        "K.greet.hello",
        "open",
        ["visit begins"],
    )
    assert courtesy["clauses"][0]["quote"] == "您好"
    (manner,) = visit["manners"]
    assert (manner["kind"], manner["value"], manner["unit"]) == ("loud", 9.5, "LU")


def test_what_is_told_again_takes_the_place_of_what_was_told(store: Store) -> None:
    for one in (VISIT, COURTESY):
        store.save_finding("run", one, NOW)
    scene = SceneSpan(scene="greet", start_sample=100, end_sample=200)
    store.save_finding("run", replace(VISIT, end_sample=900, ended_by="farewell", scenes=(scene,)), NOW)
    store.save_finding("run", replace(COURTESY, state="said", end_sample=250), NOW)
    (visit,) = store.visits("2026-11-22")
    assert (visit["end_sample"], visit["ended_by"]) == (900, "farewell")
    assert visit["scenes"] == [{"scene": "greet", "start_sample": 100, "end_sample": 200}]
    assert [(one["state"], one["end_sample"]) for one in visit["courtesies"]] == [("said", 250)]


def test_old_visits_are_forgotten_with_all_that_was_found(store: Store) -> None:
    for one in (VISIT, COURTESY, MANNER):
        store.save_finding("run", one, NOW)
    store.save_help_call("run", NOW, "button")
    assert store.forget_before("2026-11-23T00:00:00+00:00") >= 2
    assert store.visits("2026-11-22") == []
    with closing(store._connection.cursor()) as cursor:
        for table in ("visits", "courtesies", "manners", "help_calls"):
            assert cursor.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
