"""Visits at a window that runs: kept, shown, told by the queue system; and calls for help."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deskguard.cli import main
from deskguard.desk.hook_file import FILE_NAME
from deskguard.desk.store import Store
from deskguard.values import SAMPLE_RATE_HZ, Courtesy, HelpCall, Manner, Visit
from hearing_values import silence
from rules_packs import entry, pack_file
from window_parts import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VISIT = Visit(visit_id="v1", channel="counter", start_sample=0, ticket="A012", begun_by="queue")
HELLO = Courtesy(
    courtesy_id="v1-hello",
    visit_id="v1",
    act_id="K.greet.hello",
    name="来有迎声",
    scene="greet",
    state="said",
    start_sample=0,
    end_sample=100,
    expected="您好",
)
LOUD = Manner(
    manner_id="m1", visit_id="v1", kind="loud", start_sample=1, end_sample=2, value=8, expected=6, unit="LU"
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Starts a window; ended after the test if the test has not ended it."""
    folder = tmp_path / "rules"
    folder.mkdir()
    pack = pack_file(folder, entry("我不知道", "T01"))
    desks: list[Desk] = []

    def make(**changes: Any) -> Desk:
        desks.append(desk := Desk(tmp_path / "desk", [pack], **changes))
        # Before its run has begun a window has nothing to record.
        if (desk.page.snapshot["state"] or {}).get("state") != "listening":
            desk.page.until("state", lambda payload: payload["state"] == "listening")
        return desk

    yield make
    for desk in desks:
        desk.end()


def help_calls(folder: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(folder / "desk" / "desk.sqlite3")) as store:
        return store.execute("SELECT by FROM help_calls ORDER BY position").fetchall()


def test_what_is_found_in_a_visit_is_kept_and_shown(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    for finding in (VISIT, HELLO, LOUD):
        desk.window.record(finding)
    shown = desk.page.until("visit", lambda payload: payload["visit"] and payload["visit"]["items"])["visit"]
    assert shown["ticket"] == "A012"
    assert [(one["name"], one["state"]) for one in shown["items"]] == [("来有迎声", "said")]
    day = desk.page.until("day", lambda payload: payload["manners"])
    assert (day["visits"], day["said"], day["manners"][0]["value"]) == (1, 1, 8)
    desk.window.record(replace(VISIT, end_sample=16_000, ended_by="queue"))
    over = desk.page.until("visit", lambda payload: payload["visit"] is None)
    assert over["last"]["visit_id"] == "v1"
    desk.end()
    kept = Store.open(tmp_path / "desk")
    (visit,) = kept.visits()
    kept.close()
    assert (visit["ticket"], visit["ended_by"]) == ("A012", "queue")
    assert [one["act_id"] for one in visit["courtesies"]] == ["K.greet.hello"]
    assert [one["kind"] for one in visit["manners"]] == ["loud"]


def test_the_days_numbers_go_on_after_a_restart(start: Callable[..., Desk]) -> None:
    first = start()
    for finding in (VISIT, HELLO, LOUD):
        first.window.record(finding)
    first.end()
    second = start()
    numbers = httpx.get(second.window.url + "snapshot", trust_env=False).json()["day"]
    if numbers is None or not numbers["visits"]:
        numbers = second.page.until("day", lambda payload: payload["visits"])
    assert (numbers["visits"], numbers["said"], len(numbers["manners"])) == (1, 1, 1)


def test_help_is_kept_and_the_page_learns_that_nobody_got_it(
    tmp_path: Path, start: Callable[..., Desk]
) -> None:
    desk = start()
    assert desk.page.press("help") == {"ok": True}
    told = desk.page.until("help")
    assert (told["by"], told["is_reached"]) == ("button", False)
    desk.end()
    assert help_calls(tmp_path) == [("button",)]


def test_help_reaches_a_supervisor_where_there_is_one(tmp_path: Path, start: Callable[..., Desk]) -> None:
    calls: list[HelpCall] = []

    def tell(call: HelpCall) -> bool:
        calls.append(call)
        return True

    desk = start(tell_supervisor=tell)
    desk.hears("今天办理居住证的手续")
    desk.page.press("help")
    assert desk.page.until("help")["is_reached"]
    desk.window.record(HelpCall(by="safe-word", at_sample=5))
    assert desk.page.until("help")["by"] == "safe-word"
    assert [one.by for one in calls] == ["button", "safe-word"]
    assert calls[0].at_sample > SAMPLE_RATE_HZ
    desk.end()
    assert help_calls(tmp_path) == [("button",), ("safe-word",)]


def test_the_queue_system_finds_the_desk_and_tells_it(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    hook = json.loads((tmp_path / "desk" / FILE_NAME).read_text("utf-8"))
    assert hook["token"] not in desk.window.url
    told = {"event": "called", "ticket": "A012", "event_id": "e1"}
    answers = [httpx.post(hook["url"], json=told, trust_env=False).json()["outcome"] for _ in range(2)]
    assert answers == ["taken", "repeated"]
    refused = httpx.post(hook["url"], json={**told, "event_id": "e2", "ticket": "A 12"}, trust_env=False)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad-ticket")
    for words in ("您好，请问您办什么业务", "我想办居住证", "好的，请您稍等"):
        desk.hears(words)
    begun = desk.page.until("visit", lambda payload: payload["visit"])
    assert begun["visit"]["ticket"] == "A012"
    httpx.post(hook["url"], json={**told, "event": "closed", "event_id": "e3"}, trust_env=False)
    desk.source.hear(silence(20))
    over = desk.page.until("visit", lambda payload: payload["visit"] is None)
    assert over["last"]["ticket"] == "A012"


def test_the_command_tells_the_desk_that_runs(
    tmp_path: Path, start: Callable[..., Desk], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = start()
    data = str(tmp_path / "desk")
    assert main(["visit", "called", "A012", "--data", data]) == 0
    assert main(["visit", "closed", "A012", "--data", data]) == 0
    assert capsys.readouterr().out.splitlines() == ["A012 called: taken", "A012 closed: taken"]
    assert main(["visit", "called", "A013", "--waiting", "4", "--data", data]) == 0
    assert main(["visit", "waiting", "3", "--longest", "540", "--data", data]) == 0
    assert capsys.readouterr().out.splitlines() == ["A013 called: taken", "waiting 3: taken"]
    assert main(["visit", "waiting", "-1", "--data", data]) == 2
    assert "waiting" in capsys.readouterr().err
    assert main(["visit", "called", "A 12", "--data", data]) == 2
    assert "ticket" in capsys.readouterr().err
    desk.end()
    assert main(["visit", "called", "A012", "--data", data]) == 2
    assert "start deskguard listen" in capsys.readouterr().err


def test_the_hook_keeps_its_token_when_the_desk_starts_again(
    tmp_path: Path, start: Callable[..., Desk]
) -> None:
    def hook() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((tmp_path / "desk" / FILE_NAME).read_text("utf-8"))
        return found

    first = start()
    before = hook()
    first.end()
    assert hook() == {"url": None, "token": before["token"]}
    start()
    assert hook()["token"] == before["token"]
    assert hook()["url"]
