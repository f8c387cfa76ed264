"""A window from start to stop: real store, real page on a free port, scripted sound and recognition."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deskguard.desk.store import Store
from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from deskguard.rules.watch import PackWatcher
from deskguard.settings import ScreenSettings, Settings, StoreSettings
from deskguard.values import Hypothesis
from hearing_values import EAGER
from rules_packs import entry, pack_file
from window_parts import PATIENCE_S, Desk

KNOW = entry("我不知道", "T01", advice="我帮您问一下")
AT_FIRST_SIGHT = EAGER.model_copy(update={"screen": ScreenSettings(port=0)})


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    return pack_file(folder, KNOW)


@pytest.fixture
def start(tmp_path: Path, pack: Path) -> Iterator[Callable[..., Desk]]:
    """Starts a window; ended after the test if the test has not ended it."""
    desks: list[Desk] = []

    def make(folder: str = "desk", **changes: Any) -> Desk:
        desks.append(Desk(tmp_path / folder, [pack], **changes))
        return desks[-1]

    yield make
    for desk in desks:
        desk.end()


def test_what_is_said_becomes_a_card_a_record_and_a_line_of_today(
    tmp_path: Path, start: Callable[..., Desk]
) -> None:
    desk = start()
    first, *_ = desk.hears("这个政策，我不知道")
    assert first.suppressed is None
    card = desk.page.until("card")
    assert (card["heard"], card["advice"], card["rule_id"]) == ("我不知道", "我帮您问一下", "T01")
    assert card["clauses"][0]["quote"] == "quoted"
    (line,) = desk.page.today()
    assert line["hit_id"] == card["hit_id"]
    assert line["state"] == "confirmed"
    assert desk.window.health.steps > 0
    assert desk.window.health.speech_s > 1
    desk.end()
    kept = Store.open(tmp_path / "desk")
    assert [one["hit_id"] for one in kept.today()] == [card["hit_id"]]
    assert kept.unfinished_runs() == ()
    kept.close()


def test_the_page_is_gone_when_the_source_ends(start: Callable[..., Desk]) -> None:
    desk = start()
    assert httpx.get(desk.window.url, trust_env=False).status_code == 200
    desk.end()
    with pytest.raises(httpx.ConnectError):
        httpx.get(desk.window.url, trust_env=False)


def test_the_page_learns_the_window_the_rules_and_the_state(start: Callable[..., Desk], pack: Path) -> None:
    desk = start()
    if (desk.page.snapshot["state"] or {}).get("state") != "listening":
        desk.page.until("state", lambda payload: payload["state"] == "listening")
    snapshot = httpx.get(desk.window.url + "snapshot", trust_env=False).json()
    assert snapshot["desk"] == {"window_id": "window-1"}
    assert snapshot["rules"]["sha256"] == load_packs([pack]).sha256
    assert snapshot["rules"]["error"] is None
    assert snapshot["state"]["state"] == "listening"


def test_levels_reach_the_page(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.say("您好")
    level = desk.page.until("level", lambda payload: payload["speech"])
    assert -60 < level["dbfs"] < 0


def test_an_edit_of_the_rules_takes_effect_without_a_restart(start: Callable[..., Desk], pack: Path) -> None:
    desk = start()
    assert desk.hears("您先去那边排队") == []
    pack_file(pack.parent, KNOW, entry("去那边排队", "P2"))
    desk.page.until("rules", lambda payload: payload["sha256"] == load_packs([pack]).sha256)
    alerts = desk.hears("您先去那边排队")
    assert {one.hit.rule_id for one in alerts} == {"P2"}


def test_a_bad_edit_keeps_the_last_good_rules_and_says_so(start: Callable[..., Desk], pack: Path) -> None:
    desk = start()
    good = load_packs([pack]).sha256
    pack.write_text(pack.read_text("utf-8").replace("severity", "severety"), "utf-8")
    news = desk.page.until("rules", lambda payload: payload["error"])
    assert news["sha256"] == good
    assert "severety" in news["error"]
    assert str(pack) in news["error"]
    desk.page.until("health", lambda payload: "rules-rejected" in payload["notes"])
    assert {one.hit.rule_id for one in desk.hears("我不知道啊")} == {"T01"}
    pack_file(pack.parent, KNOW)
    assert not desk.page.until("rules")["error"]
    desk.page.until("health", lambda payload: payload["notes"] == [])


def test_an_edit_made_while_the_model_was_loading_is_not_missed(
    tmp_path: Path, start: Callable[..., Desk], pack: Path
) -> None:
    before, watcher = load_packs([pack]), PackWatcher([pack])
    pack_file(pack.parent, KNOW, entry("去那边排队", "P2"))
    desk = start(rules=before, watcher=watcher)
    edited = load_packs([pack]).sha256
    if (desk.page.snapshot["rules"] or {}).get("sha256") != edited:
        desk.page.until("rules", lambda payload: payload["sha256"] == edited)
    assert {one.hit.rule_id for one in desk.hears("您先去那边排队")} == {"P2"}


def test_pause_and_resume_reach_the_source_and_the_page(start: Callable[..., Desk]) -> None:
    desk = start()
    assert desk.page.press("pause", reason="away") == {"ok": True}
    assert desk.source.is_paused
    desk.page.until("state", lambda payload: payload["state"] == "paused")
    assert desk.page.press("resume") == {"ok": True}
    assert not desk.source.is_paused
    desk.page.until("state", lambda payload: payload["state"] == "listening")


def test_words_before_a_pause_are_read_at_once(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.say("我不知道")
    desk.page.press("pause", reason="")
    while True:
        outcome = desk.outcome()
        if isinstance(outcome, Hypothesis) and outcome.is_final:
            assert outcome.text == "我不知道"
            return


def test_a_false_alarm_is_kept(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.hears("我不知道")
    hit_id = desk.page.until("card")["hit_id"]
    assert desk.page.press("false-alarm", hit_id=hit_id) == {"ok": True}
    assert desk.page.until("card_gone")["reason"] == "false-alarm"
    assert (
        desk.page.until("today", lambda payload: payload["entry"]["false_alarm"])["entry"]["hit_id"] == hit_id
    )
    assert desk.page.press("false-alarm", hit_id="nobody")["code"] == "unknown-hit"
    desk.end()
    kept = Store.open(tmp_path / "desk")
    assert [one["false_alarm"] for one in kept.today()] == [True]
    kept.close()


def test_a_card_the_clerk_put_away_does_not_come_back_when_it_is_confirmed(start: Callable[..., Desk]) -> None:
    desk = start(settings=AT_FIRST_SIGHT)
    gate = threading.Event()
    desk.hold_after_first_sight(gate)
    rest = desk.begin_to_say("我不知道")
    assert desk.first_alert().hit.state == "tentative"
    card = desk.page.until("card")
    assert desk.page.press("dismiss", hit_id=card["hit_id"]) == {"ok": True}
    gate.set()
    desk.source.hear(rest)
    assert desk.first_alert().hit.state == "confirmed"
    desk.source.end()
    assert "card" not in desk.page.rest()


def test_a_card_the_later_text_denies_is_taken_down(start: Callable[..., Desk]) -> None:
    desk = start(settings=AT_FIRST_SIGHT)
    gate = threading.Event()
    desk.hold_after_first_sight(gate)
    rest = desk.begin_to_say("我不知道")
    hit_id = desk.first_alert().hit.hit_id
    desk.recogniser.script = replace(desk.recogniser.script, text="您请稍等")
    gate.set()
    desk.source.hear(rest)
    gone = desk.page.until("card_gone")
    assert (gone["hit_id"], gone["reason"]) == (hit_id, "withdrawn")
    desk.page.until("today", lambda payload: payload["entry"]["state"] == "withdrawn")
    assert desk.page.today() == []


def test_a_confirmed_hit_whose_next_words_give_a_way_is_taken_down_and_stays_on_record(
    tmp_path: Path, start: Callable[..., Desk], pack: Path
) -> None:
    way = {"say": ["我帮您问"], "where": "after", "next_turns": 1, "next_s": 8}
    pack_file(pack.parent, entry("我不知道", "T01", unless=[way]))
    desk = start()
    assert [one.hit.state for one in desk.hears("我不知道")][-1] == "confirmed"
    hit_id = desk.page.until("card")["hit_id"]
    alerts = desk.hears("我帮您问一下")
    assert [(one.hit.hit_id, one.hit.state) for one in alerts] == [(hit_id, "withdrawn")]
    gone = desk.page.until("card_gone")
    assert (gone["hit_id"], gone["reason"]) == (hit_id, "withdrawn")
    line = desk.page.until("today", lambda payload: not payload["entry"]["listed"])["entry"]
    assert (line["hit_id"], line["state"]) == (hit_id, "withdrawn")
    assert desk.page.today() == []
    desk.end()
    with closing(sqlite3.connect(tmp_path / "desk" / "desk.sqlite3")) as store:
        ((state, why),) = store.execute("SELECT state, why FROM hits").fetchall()
        states = store.execute("SELECT state FROM hit_states ORDER BY position").fetchall()
    assert state == "withdrawn"
    assert "我帮您问" in why
    # Whether it was tentative first depends on whether a pause or a partial text was read first.
    assert [one for (one,) in states if one != "tentative"] == ["confirmed", "withdrawn"]


def test_hits_on_the_same_words_are_one_card_and_one_line(start: Callable[..., Desk], pack: Path) -> None:
    pack_file(pack.parent, KNOW, entry("不知道", "T02", clause="2"), entry("这个我不知道", "T03", clause="3"))
    desk = start()
    alerts = {one.hit.rule_id: one for one in desk.hears("这个我不知道")}
    assert {rule_id: one.suppressed for rule_id, one in alerts.items()} == {
        "T01": "contained",
        "T02": "contained",
        "T03": None,
    }
    card = desk.page.until("card", lambda payload: len(payload["clauses"]) == 3)
    assert [one["clause"] for one in card["clauses"]] == ["3", "1.1", "2"]
    assert [one["rule_id"] for one in desk.page.today()] == ["T03"]


def test_profanity_is_masked_on_the_page_and_kept_as_heard(
    tmp_path: Path, start: Callable[..., Desk], pack: Path
) -> None:
    pack_file(pack.parent, entry("他妈的", "RUDE", masked=True))
    desk = start()
    desk.hears("他妈的，等着")
    card = desk.page.until("card")
    assert (card["rule_id"], card["heard"], card["phrase"]) == ("RUDE", "他××", "他××")
    (line,) = desk.page.today()
    assert (line["heard"], line["phrase"]) == ("他××", "他××")
    desk.end()
    kept = Store.open(tmp_path / "desk")
    assert [one["heard"] for one in kept.today()] == ["他妈的"]
    kept.close()


def test_what_a_person_decides_is_stored_and_never_shown(
    tmp_path: Path, start: Callable[..., Desk], pack: Path
) -> None:
    pack_file(pack.parent, entry("给点辛苦费", "FEE", needs_person=True), KNOW)
    desk = start()
    assert {one.suppressed for one in desk.hears("给点辛苦费吧")} == {"needs-person"}
    desk.hears("我不知道")
    # The first card and the first line are those of the other phrase.
    assert desk.page.until("card")["rule_id"] == "T01"
    assert [one["rule_id"] for one in desk.page.today()] == ["T01"]
    desk.end()
    kept = Store.open(tmp_path / "desk")
    assert {one["rule_id"]: one["suppressed"] for one in kept.today()}["FEE"] == "needs-person"
    kept.close()


def test_a_line_marked_as_false_alarm_stays_one_line(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.hears("我不知道")
    first = desk.page.until("today")["entry"]
    desk.page.press("false-alarm", hit_id=first["hit_id"])
    marked = desk.page.until("today", lambda payload: payload["entry"]["false_alarm"])["entry"]
    # The page knows a line by its run and its hit.
    assert (marked["run_id"], marked["hit_id"]) == (first["run_id"], first["hit_id"])
    assert (marked["why"], marked["kind"]) == (first["why"], "phrase")


def test_a_jump_of_the_clock_is_noted_and_times_go_on_from_the_new_one(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.wall.ahead = timedelta(hours=5)
    desk.page.until("health", lambda payload: "clock-jump" in payload["notes"])
    desk.hears("我不知道")
    raised = datetime.fromisoformat(desk.page.until("card")["raised_utc"])
    assert abs(raised - (datetime.now(UTC) + timedelta(hours=5))) < timedelta(seconds=PATIENCE_S)


def test_a_clock_that_drifts_a_little_is_not_a_jump(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.wall.ahead = timedelta(seconds=3)
    for _ in range(3):
        assert desk.page.until("health")["notes"] == []


def test_two_windows_cannot_share_a_data_folder(start: Callable[..., Desk]) -> None:
    desk = start()
    with pytest.raises(DeskguardError) as failure:
        start()
    assert "desk" in failure.value.problem
    assert desk.hears("我不知道")


def test_a_port_in_use_is_told_and_leaves_the_store_free(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    port = httpx.URL(desk.window.url).port
    taken = Settings(screen=ScreenSettings(port=port))
    with pytest.raises(DeskguardError) as failure:
        start("other", settings=taken)
    assert failure.value.code == "port-in-use"
    Store.open(tmp_path / "other").close()
    assert desk.hears("我不知道")


def test_transcripts_are_not_kept_when_the_settings_say_so(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start(settings=Settings(screen=ScreenSettings(port=0), store=StoreSettings(transcripts="none")))
    desk.hears("今天办理居住证的手续")
    desk.end()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "desk").rglob("*") if path.is_file())
    assert "居住证".encode() not in kept


def test_transcripts_are_kept_otherwise(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.hears("今天办理居住证的手续")
    desk.end()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "desk").rglob("*") if path.is_file())
    assert "居住证".encode() in kept


def test_a_source_that_fails_ends_the_window_in_order(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.end(DeskguardError("The microphone is gone.", "plug it in.", "microphone-gone"))
    with pytest.raises(DeskguardError, match="microphone is gone"):
        desk.outcome()
    # The store was closed in order: it can be opened again, and no run is left open.
    kept = Store.open(tmp_path / "desk")
    assert kept.unfinished_runs() == ()
    kept.close()


def test_logs_hold_no_word_of_what_was_said(
    start: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "deskguard")
    desk = start()
    desk.hears("我不知道")
    desk.page.press("pause", reason="")
    desk.end()
    assert caplog.records
    assert not [one for one in caplog.records if "知道" in one.getMessage()]


def test_a_failing_ticker_ends_the_window_instead_of_leaving_it_half_blind(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.hears("今天办理居住证的手续")
    desk.wall.failure = OSError("the clock is gone")
    with pytest.raises(OSError, match="clock is gone"):
        while True:
            desk.outcome()
