"""What is wrong with two microphones reaches the page, the records and the log; scripted sound, real voice
activity."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from deskguard.settings import MicrophoneSettings, ScreenSettings, Settings
from hearing_values import noise
from rules_packs import entry, pack_file
from window_parts import Desk, Payload

KNOW = entry("我不知道", "T01", advice="我帮您问一下")
CLERK = (
    "您好，请问您要办什么业务",
    "请您出示一下身份证",
    "请您在这里签字",
    "请您稍等",
    "您的材料已经收好了",
    "请慢走",
)
VISITOR = ("我想办一下居住证", "谢谢您", "我要等多久", "请问在哪儿交费", "我什么时候来取", "好的，谢谢")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Of two devices, by its settings."""
    folder = tmp_path / "rules"
    folder.mkdir()
    settings = Settings(screen=ScreenSettings(port=0), microphone=MicrophoneSettings(visitor_device="Visitor"))
    made = Desk(tmp_path / "desk", [pack_file(folder, KNOW)], settings=settings)
    yield made
    made.end()


def noting(*codes: str) -> Callable[[Payload], bool]:
    return lambda payload: payload["notes"] == list(codes)


def test_a_missing_microphone_is_told_while_the_other_is_listened_to(
    tmp_path: Path, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.source.on_state("listening")
    desk.window.on_state("listening", ("visitor-microphone-lost",))
    told = desk.page.until("state", noting("visitor-microphone-lost"))
    assert told["state"] == "listening"
    desk.page.until("health", noting("visitor-microphone-lost"))
    desk.source.hear_both(np.stack([noise(1.0, rms=0.001)] * 2), missing=(1,))
    health = desk.page.until("health", lambda payload: payload["heard_s"] >= 1.0)
    assert health["lost_s"] == 1.0
    desk.window.on_state("listening", ())
    desk.page.until("state", noting())
    desk.page.until("health", noting())
    desk.end()
    assert "note visitor-microphone-lost" in caplog.text
    assert "over: visitor-microphone-lost" in caplog.text
    with closing(sqlite3.connect(tmp_path / "desk" / "desk.sqlite3")) as store:
        (lost_s,) = store.execute("SELECT max(lost_s) FROM health").fetchone()
        assert lost_s == 1.0


def test_swapped_microphones_are_told_and_nobody_is_hinted_at(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for clerk, visitor in zip(CLERK, VISITOR, strict=True):
        desk.hears(clerk, side=1)
        desk.hears(visitor, side=0)
    desk.page.until("state", noting("microphones-swapped"))
    desk.page.until("health", noting("microphones-swapped"))
    alerts = desk.hears("这个我不知道", side=0)
    assert {one.hit.role for one in alerts} == {"unknown"}
    assert {one.suppressed for one in alerts} == {"role-unknown"}
    assert "note microphones-swapped" in caplog.text
    assert not any(word in caplog.text for word in (*CLERK, *VISITOR))


def test_microphones_in_their_places_are_not_told(desk: Desk) -> None:
    for clerk, visitor in zip(CLERK, VISITOR, strict=True):
        desk.hears(clerk, side=0)
        desk.hears(visitor, side=1)
    # A busy machine may be called slow meanwhile; that is no note on microphones.
    assert set(desk.window.health.notes) <= {"slow-cpu"}
    alerts = desk.hears("这个我不知道", side=0)
    assert {one.hit.role for one in alerts} == {"staff"}


def test_a_channel_that_dies_is_told_until_it_is_heard_again(desk: Desk) -> None:
    room = np.stack([noise(1.0, rms=0.003, seed=1), noise(1.0, rms=0.003, seed=2)])
    desk.source.hear_both(room)
    dead = np.stack([noise(4.0, rms=0.003, seed=3), np.zeros(64_000, np.float32)])
    desk.source.hear_both(dead)
    desk.page.until("health", noting("visitor-microphone-silent"))
    desk.source.hear_both(room)
    desk.page.until("health", noting())
    assert desk.window.health.notes == ()


def test_two_devices_that_hear_the_same_are_told(desk: Desk) -> None:
    same = noise(3.0, rms=0.003)
    desk.source.hear_both(np.stack([same, same]))
    desk.page.until("state", noting("microphones-alike"))
    desk.source.hear_both(np.stack([noise(1.0, rms=0.003, seed=1), noise(1.0, rms=0.003, seed=2)]))
    desk.page.until("state", noting())
