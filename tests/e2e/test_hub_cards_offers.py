"""Scorecards and counter-examples in a real hall: on both databases, and by mouse in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browser_driver import console, make_driver, pretend
from hall_server import PATIENCE_S, serving
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select
from selenium.webdriver.support.wait import WebDriverWait

from deskguard.hub.accounts import sessions
from deskguard.hub.fleet import library, rows
from deskguard.hub.store.times import utc_text
from hub_findings import THEIRS, keep
from hub_parts import Hall, a_hall
from rules_packs import HEADER, entry
from scoring_values import a_finding, decision

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

PACK = HEADER + entry("我也没办法", say=["我没办法"], severity="high", examples=["我没办法"])
WORDS = "我没办法替您签字"
BLANKS = {
    "base": 100, "badge": 1, "idling": 2, "software": 5, "games": 5, "late": 1, "absent": 10, "meetings": 1,
    "leave": 1, "bonus": 2, "excellent": 95, "competent": 80, "basic": 60, "failed": 60,
}  # fmt: skip


def an_offer(hall: Hall) -> str:
    """A version of the rules, and an overturned finding whose words it raises."""
    origin = library.Origin("test", "first", utc_text(hall.clock()))
    with hall.state.store.writing() as connection:
        version = library.keep(connection, {"test.toml": PACK.encode()}, origin).version
    one = a_finding(rule_id="P1", title="我也没办法", evidence=WORDS, recording=THEIRS)
    keep(hall, one)
    for hour, (act, by) in enumerate((("confirm", "wu"), ("appeal", "clerk-7"), ("overturn", "li")), 3):
        at_utc = f"2026-11-29T{hour:02}:00:00+00:00"
        hall.state.night.decide(decision(one, act, by, at_utc=at_utc, why="不是这个意思"))  # type: ignore[arg-type]
    return version


def log_in(driver: WebDriver, hall: Hall, address: str, name: str) -> None:
    with hall.state.store.writing() as connection:
        token = sessions.begin(connection, hall.ids[name], hall.clock())
    driver.get(f"{address}/static/hub.css")
    driver.delete_all_cookies()
    driver.add_cookie({"name": sessions.COOKIE, "value": token})


def complaints(driver: WebDriver) -> list[str]:
    """What the browser complains of; the style sheet that it was shown first has no icon."""
    return [one for one in console(driver) if "favicon.ico" not in one]


def fits(driver: WebDriver) -> bool:
    """Whether a narrow window need not be scrolled sideways, in light and dark."""
    pretend(driver, 800, 900, prefers_color_scheme="dark")
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    pretend(driver, 1280, 900, prefers_color_scheme="light")
    return bool(wide <= 800)


def test_a_card_is_filled_in_and_chosen_and_scores_on_both_databases(hall: Hall) -> None:
    keep(hall, a_finding(recording=THEIRS))
    manager = hall.visitor("supervisor")
    form = {f"fill.{name}": str(value) for name, value in BLANKS.items()}
    kept = manager.post("/scorecards/card/s003.d12/fill", {"title": "年度考核", **form})
    assert kept.headers["location"] == "/scorecards/fill/1"
    chosen = {"scope": "", "card": "fill:1", "since": "2026-01-01"}
    assert manager.post("/scorecards/choose", chosen).status_code == 303
    assert (
        manager.post("/scorecards/choose", {**chosen, "card": "s004.d04", "scope": "s004"}).status_code == 303
    )
    assert [one.serial for one in hall.state.night.card_choices()] == [1, 2]
    assert "年度考核" in manager.get("/reports?period=2026").text
    assert "安阳地区医院" in manager.get("/reports?period=2026-11&standard=s004").text
    assert manager.get("/scorecards").text.count("s003.d12.1") >= 2


def test_an_offer_is_accepted_and_another_dismissed_on_both_databases(hall: Hall) -> None:
    version = an_offer(hall)
    author = hall.visitor("rule-author")
    address = f"/rules/version/{version}/offered"
    (name,) = re.findall(r'name="offer" value="([0-9a-f]{20})"', author.get(address).text)
    assert author.post(address, {"act": "dismiss", "offer": name}).status_code == 303
    assert author.post(address, {"act": "again", "offer": name}).status_code == 303
    assert author.post(address, {"act": "accept", "offer": name}).status_code == 303
    with hall.state.store.reading() as connection:
        (made,) = [one for one in rows.versions(connection) if one.parent == version]
        files = rows.files(connection, made.version)
    assert files is not None and WORDS in files["test.toml"].decode()
    assert author.post(address, {"act": "dismiss", "offer": name}).status_code == 422


@pytest.mark.browser
def test_blanks_are_filled_in_and_the_card_put_in_force_by_mouse(tmp_path: Path) -> None:
    with a_hall(tmp_path / "data") as hall, serving(hall) as address:
        driver = make_driver(tmp_path / "profile")
        try:
            wait = WebDriverWait(driver, PATIENCE_S)
            log_in(driver, hall, address, "supervisor")
            driver.get(f"{address}/scorecards/card/s003.d12")
            for name, value in BLANKS.items():
                if name != "late":
                    driver.find_element(By.ID, f"fill-{name}").send_keys(str(value))
            assert fits(driver)
            driver.find_element(By.CSS_SELECTOR, "#fill button.main").click()
            wait.until(lambda _: driver.current_url.endswith("/scorecards/fill/1"))
            assert driver.find_element(By.CSS_SELECTOR, "p.problem").text.endswith("late")
            driver.find_element(By.ID, "fill-late").send_keys("1")
            driver.find_element(By.CSS_SELECTOR, "#fill button.main").click()
            wait.until(lambda _: driver.current_url.endswith("/scorecards/fill/2"))
            assert driver.find_elements(By.CSS_SELECTOR, "p.problem") == []
            driver.get(f"{address}/scorecards")
            assert fits(driver)
            card = Select(driver.find_element(By.CSS_SELECTOR, "#choose select[name=card]"))
            card.select_by_value("fill:2")
            driver.find_element(By.CSS_SELECTOR, "#choose button.main").click()
            wait.until(lambda _: driver.find_elements(By.ID, "history"))
            assert "s003.d12.2" in driver.find_element(By.ID, "in-force").text
            driver.add_cookie({"name": "deskguard-language", "value": "en"})
            driver.get(f"{address}/scorecards")
            assert "All standards together" in driver.find_element(By.ID, "in-force").text
            assert complaints(driver) == []
        finally:
            driver.quit()


@pytest.mark.browser
def test_a_counter_example_is_marked_and_accepted_by_mouse(tmp_path: Path) -> None:
    with a_hall(tmp_path / "data") as hall, serving(hall) as address:
        version = an_offer(hall)
        driver = make_driver(tmp_path / "profile")
        try:
            wait = WebDriverWait(driver, PATIENCE_S)
            log_in(driver, hall, address, "rule-author")
            driver.get(f"{address}/rules/version/{version}/offered")
            label = driver.find_element(By.CSS_SELECTOR, "#offers td label")
            assert label.text == WORDS
            label.click()
            assert fits(driver)
            driver.find_element(By.CSS_SELECTOR, "#offers button[value=accept]").click()
            wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, ".done"))
            assert version not in driver.current_url
            assert driver.find_elements(By.ID, "offers") == []
            driver.find_element(By.CSS_SELECTOR, ".done a").click()
            wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, ".problem"))
            assert WORDS in driver.find_element(By.TAG_NAME, "main").text
            assert complaints(driver) == []
        finally:
            driver.quit()
