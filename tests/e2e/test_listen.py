"""The daemon with a real sound server: what is played is heard, and what goes wrong is survived."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_driver import console, make_driver
from listening import Listening
from selenium.webdriver.common.by import By
from small_disk import fill, small_disk
from sound_server import SoundServer, sound_server, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
ROOT = FIXTURES.parents[1]
RETURN_S = 3.0

pytestmark = [pytest.mark.sound_server, pytest.mark.model, pytest.mark.usefixtures("model_folder")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    with sound_server(tmp_path) as one:
        yield one


@pytest.fixture
def desk(server: SoundServer, tmp_path: Path) -> Iterator[Listening]:
    listening = Listening(server.env, tmp_path / "data")
    listening.wait_until_it_listens()
    yield listening
    listening.kill()


def test_a_phrase_played_to_the_microphone_is_a_card_and_is_stored(
    server: SoundServer, desk: Listening, tmp_path: Path
) -> None:
    server.play(FIXTURES / "t01_literal.flac")
    entry = desk.wait_for_entry("T01")
    assert entry["shown"]
    assert desk.get("snapshot")["card"]["rule_id"] == "T01"
    wait_until("it is confirmed", lambda: desk.wait_for_entry("T01")["state"] == "confirmed")
    assert desk.stop() == 0
    with closing(sqlite3.connect(next((tmp_path / "data").glob("*.sqlite*")))) as store:
        assert store.execute("select count(*) from hits").fetchone()[0] >= 1
        assert store.execute("select ended_reason from runs").fetchall() == [("stopped",)]
    # What was said stands in the store, redacted, and never in the log.
    assert not any(entry["heard"] in line for line in desk.logged)


def test_innocent_speech_and_silence_raise_no_card(server: SoundServer, desk: Listening) -> None:
    for name in ("ok_t02_question", "ok_t11_prescribed", "silence_room"):
        server.play(FIXTURES / f"{name}.flac")
    health = desk.get("snapshot")["health"]
    assert health["speech_s"] > 2.0
    assert desk.today() == []


@pytest.mark.parametrize("unplug", ["server", "microphone"])
def test_a_microphone_that_vanishes_is_found_again_and_the_gap_is_shown(
    server: SoundServer, desk: Listening, unplug: str
) -> None:
    (server.kill if unplug == "server" else server.pull_plug)()
    desk.wait_for_state("microphone-lost", 5.0)
    wait_until("the page is told", lambda: "microphone-lost" in desk.get("snapshot")["health"]["notes"])
    away_s = 2.0
    time.sleep(away_s)  # not synchronisation: how long the microphone is away
    (server.start if unplug == "server" else server.plug_in)()
    # Twice what is promised: the machine that runs the tests may be busy.
    desk.wait_for_state("listening", 2 * RETURN_S)
    wait_until("the gap is counted", lambda: desk.get("snapshot")["health"]["lost_s"] >= away_s)
    server.play(FIXTURES / "t01_literal.flac")
    assert desk.wait_for_entry("T01")["shown"]


def test_while_paused_nothing_is_heard(server: SoundServer, desk: Listening) -> None:
    # A reading from before the first sound would leave out what was lost until the microphone opened.
    desk.wait_until_it_hears()
    assert desk.post("pause", reason="private")["ok"]
    desk.wait_for_state("paused")
    lost_s, began_s = desk.lost_s(), time.monotonic()
    server.play(FIXTURES / "t01_literal.flac")
    paused_s = time.monotonic() - began_s
    assert desk.post("resume")["ok"]
    desk.wait_for_state("listening")
    server.play(FIXTURES / "t02_literal.flac")
    assert desk.wait_for_entry("T02")
    assert "T01" not in {one["rule_id"] for one in desk.today()}
    # A busy machine may really lose some of what came after; the pause is no part of it.
    assert desk.lost_s() - lost_s < paused_s


def test_killed_and_started_again_today_is_still_there(
    server: SoundServer, desk: Listening, tmp_path: Path
) -> None:
    server.play(FIXTURES / "t01_literal.flac")
    hit_id = desk.wait_for_entry("T01")["hit_id"]
    assert desk.post("false-alarm", hit_id=hit_id)["ok"]
    time.sleep(1.0)  # the store writes every quarter of a second; a kill may lose what is younger
    desk.kill()
    again = Listening(server.env, tmp_path / "data")
    try:
        again.wait_until_it_listens()
        entry = again.wait_for_entry("T01")
        assert entry["hit_id"] == hit_id
        assert entry["false_alarm"]
        server.play(FIXTURES / "t02_literal.flac")
        assert again.wait_for_entry("T02")
    finally:
        again.kill()


def test_on_a_full_disk_cards_still_come_and_are_written_when_there_is_room(
    server: SoundServer, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "size=2m") as disk:
        desk = Listening(server.env, disk / "data")
        try:
            desk.wait_until_it_listens()
            fill(disk / "ballast")
            server.play(FIXTURES / "t01_literal.flac")
            assert desk.wait_for_entry("T01")["shown"]
            wait_until("the page is told", lambda: "store-failing" in desk.get("snapshot")["health"]["notes"])
            (disk / "ballast").unlink()
            wait_until("all is written", lambda: "store-failing" not in desk.get("snapshot")["health"]["notes"])
            assert desk.stop() == 0
            with closing(sqlite3.connect(disk / "data" / "desk.sqlite3")) as store:
                assert ("T01",) in store.execute("select rule_id from hits").fetchall()
        finally:
            desk.kill()


def test_a_second_daemon_on_one_desk_is_refused(server: SoundServer, desk: Listening, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "deskguard", "listen", "--port", "0", "--data", str(tmp_path / "data")],
        env=server.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert str(desk.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_rules_edited_while_listening_take_effect_and_a_bad_edit_keeps_the_last_good(
    server: SoundServer, tmp_path: Path
) -> None:
    pack = tmp_path / "pack.toml"
    source = (ROOT / "config" / "standards" / "s002.toml").read_text("utf-8")
    pack.write_text(source, "utf-8")
    desk = Listening(server.env, tmp_path / "data", "--rules", str(pack))
    try:
        desk.wait_until_it_listens()
        before = desk.get("snapshot")["rules"]["sha256"]
        pack.write_text(source.replace('severity = "', 'severity = "very ', 1), "utf-8")
        wait_until("the bad edit is reported", lambda: desk.get("snapshot")["rules"]["error"])
        assert desk.get("snapshot")["rules"]["sha256"] == before
        pack.write_text(source.replace('version = "', 'version = "2', 1), "utf-8")
        wait_until("the good edit is in force", lambda: not desk.get("snapshot")["rules"]["error"])
        server.play(FIXTURES / "t02_literal.flac")
        assert desk.wait_for_entry("T02")
    finally:
        desk.kill()


@pytest.mark.browser
def test_the_card_appears_in_the_browser_and_its_buttons_work(
    server: SoundServer, desk: Listening, tmp_path: Path
) -> None:
    driver = make_driver(tmp_path / "profile")
    try:
        driver.get(desk.url)
        server.play(FIXTURES / "t01_literal.flac")
        wait_until("the card is up", lambda: "我不知道" in driver.find_element(By.TAG_NAME, "main").text)
        hit_id = desk.wait_for_entry("T01")["hit_id"]
        driver.find_element(By.ID, "card-false-alarm").click()
        wait_until("it is stored", lambda: desk.wait_for_entry("T01")["false_alarm"])
        driver.refresh()
        wait_until("today is listed again", lambda: "我不知道" in driver.find_element(By.TAG_NAME, "body").text)
        assert desk.wait_for_entry("T01")["hit_id"] == hit_id
        assert console(driver) == []
    finally:
        driver.quit()


@pytest.mark.parametrize("device", ["no such microphone", "99"])
def test_a_wrong_microphone_is_named_with_those_there_are(
    server: SoundServer, tmp_path: Path, device: str
) -> None:
    answer = _listen(server.env, tmp_path, "--device", device)
    assert answer.returncode == 2
    assert device in answer.stderr
    assert "default" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_any_microphone_listen_says_so(tmp_path: Path, server: SoundServer) -> None:
    server.kill()
    answer = _listen(server.env, tmp_path)
    assert answer.returncode == 2
    assert "No microphone" in answer.stderr
    assert "Fix:" in answer.stderr


def _listen(env: dict[str, str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deskguard", "listen", "--port", "0", "--data", str(folder / "data"), *options],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
