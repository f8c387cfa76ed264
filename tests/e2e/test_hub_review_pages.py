"""Deciding in a real hall: on both databases, and by keyboard with the sound in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser_driver import console, make_driver, pretend
from hall_server import PATIENCE_S, serving
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from deskguard.hearing.media_out import write_opus
from deskguard.hub.store import settings
from deskguard.hub.store.sums import Cell, add
from hub_findings import THEIRS, doubtful, drawn, keep
from hub_parts import PASSWORD, Hall, a_hall

if TYPE_CHECKING:
    from pathlib import Path

DRAWN = """
const ink = getComputedStyle(document.documentElement).getPropertyValue('--series-1').trim();
const wanted = [1, 3, 5].map((at) => parseInt(ink.slice(at, at + 2), 16));
const canvas = document.querySelector('#visit-chart canvas');
const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height * 0.4);
let many = 0;
for (let at = 0; at < data.length; at += 4) many += wanted.every((one, part) => one === data[at + part]);
return many;
"""
"""How many points of the upper part of the picture have the colour of the loudness curve."""


def test_two_who_agree_an_appeal_and_a_second_reviewer(hall: Hall) -> None:
    sampled = drawn(THEIRS)
    keep(hall, sampled)
    address = f"/review/{sampled.finding_id}"
    hall.add("zhao", "reviewer")
    for name in ("zhao", "reviewer"):
        assert hall.visitor(name).post(address, {"act": "confirm"}).status_code == 303
    assert (
        hall.visitor("clerk").post(f"/mine/{sampled.finding_id}", {"act": "appeal", "why": "没说"}).status_code
        == 303
    )
    hall.visitor("supervisor").post(address, {"act": "overturn", "why": "没有说"})
    assert hall.state.night.finding(sampled.finding_id)[1].state == "overturned"


def test_pages_and_sums_say_the_same_on_both_databases(hall: Hall) -> None:
    keep(hall, doubtful(), drawn(THEIRS))
    with hall.state.store.writing() as connection:
        pile = {Cell("kind", name, "2026-11-28", "visit"): [n, 60_000] for name, n in (("w1", 3), ("w2", 4))}
        add(connection, pile)
    visitor = hall.visitor("supervisor")
    assert (
        visitor.post("/trends/training", {"day": "2026-11-28", "name": "培训", "windows": "w1"}).status_code
        == 303
    )
    for path in ("/review", "/review/agreement", "/trends?by=day", "/trends", "/reports?period=2026-11"):
        assert visitor.get(path).status_code == 200, path
    client = hall.client_as("supervisor")
    told = client.get("/api/v1/trends?by=window&first=2026-11-28&last=2026-11-28").json()["rows"]
    assert [(one["key"], one["counts"], one["visit_s"]) for one in told] == [
        ("w1", {"visit": 3}, 60.0),
        ("w2", {"visit": 4}, 60.0),
    ]


@pytest.mark.browser
def test_a_finding_is_heard_and_decided_by_keyboard(tmp_path: Path) -> None:
    with a_hall(tmp_path / "data") as hall, serving(hall) as address:
        first, second = doubtful(16_000), doubtful(320_000)
        keep(hall, first, second)
        folder = tmp_path / "clips"
        folder.mkdir()
        for one in (first, second):
            tone = 0.3 * np.sin(np.arange(5 * 16_000) * 2 * np.pi * 220 / 16_000)
            write_opus(folder / f"{one.finding_id}.ogg", tone.astype(np.float32))
        with hall.state.store.writing() as connection:
            settings.put(connection, [("clips_folder", str(folder))])
        driver = make_driver(tmp_path / "profile")
        try:
            wait = WebDriverWait(driver, PATIENCE_S)
            driver.get(f"{address}/login?next=/review")
            driver.find_element(By.NAME, "name").send_keys("reviewer")
            driver.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
            wait.until(lambda _: driver.find_elements(By.ID, "queue"))
            driver.find_element(By.TAG_NAME, "body").send_keys("f")
            driver.switch_to.active_element.send_keys(Keys.ENTER)
            wait.until(lambda _: driver.find_elements(By.ID, "decide"))
            here = driver.current_url
            painted = (
                "const c = document.querySelector('canvas');"
                "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0)"
            )
            wait.until(lambda _: driver.execute_script(painted))
            driver.find_element(By.TAG_NAME, "body").send_keys(" ")
            wait.until(
                lambda _: driver.execute_script("return document.querySelector('audio').currentTime") > 0
            )
            driver.find_element(By.TAG_NAME, "body").send_keys("r")
            wait.until(lambda _: driver.find_element(By.ID, "wants-why").is_displayed())
            assert driver.current_url == here
            driver.switch_to.active_element.send_keys("听不清", Keys.ESCAPE)
            driver.find_element(By.TAG_NAME, "body").send_keys("r")
            wait.until(lambda _: driver.current_url != here)
            states = {hall.state.night.finding(one.finding_id)[1].state for one in (first, second)}
            assert states == {"rejected", "proposed"}
            wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, "#visit-chart canvas"))
            assert driver.execute_script(DRAWN) > 0, "the curves of the visit are drawn"
            for width in (800, 1280):
                pretend(driver, width, 900, prefers_color_scheme="dark")
                # The chart takes its new width with the next frame.
                fits = f"return document.documentElement.scrollWidth <= {width}"
                wait.until(lambda _, fits=fits: driver.execute_script(fits))
            assert console(driver) == []
        finally:
            driver.quit()
