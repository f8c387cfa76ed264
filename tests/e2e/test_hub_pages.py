"""The hall in a browser: first set-up, then every page of every role, by real clicks, without a complaint."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from browser_driver import console, make_driver, pretend
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from deskguard.hub.accounts.roles import ROLES
from hub_parts import PASSWORD, a_hall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = pytest.mark.browser
WAIT_S = 30


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    opened = make_driver(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.quit()


@contextmanager
def serving(data: Path) -> Iterator[tuple[str, list[str]]]:
    """The installed command over a data folder; its address and what it said."""
    command = [sys.executable, "-m", "deskguard", "hub", "--port", "0", "--data", str(data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=os.environ
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline()]
        address = re.search(r"http://[\d.:]+", told[0])
        assert address is not None
        if not (data / "peopled").exists():
            told.append(process.stdout.readline())
        try:
            yield address[0], told
        finally:
            process.terminate()
            assert process.wait(WAIT_S) == 0


def fill(driver: WebDriver, **fields: str) -> None:
    for name, value in fields.items():
        field = driver.find_element(By.CSS_SELECTOR, f"main [name={name}]")
        field.clear()
        field.send_keys(value)
    before = driver.find_element(By.TAG_NAME, "html")
    driver.find_element(By.CSS_SELECTOR, "main button.main").click()
    WebDriverWait(driver, WAIT_S).until(lambda one: one.find_element(By.TAG_NAME, "html") != before)


def text_of(driver: WebDriver) -> str:
    return driver.find_element(By.TAG_NAME, "body").text


def test_the_first_account_is_made_from_the_address_on_the_console(driver: WebDriver, tmp_path: Path) -> None:
    with serving(tmp_path) as (_, told):
        setup = re.search(r"http://\S+/setup\?code=\w+", told[1])
        assert setup is not None
        driver.get(setup[0])
        driver.find_element(By.NAME, "password").send_keys("short")
        assert not driver.execute_script("return document.querySelector('[name=password]').checkValidity()")
        fill(driver, name="王芳", password=PASSWORD, again=PASSWORD)
        assert "管理员" in text_of(driver)
        driver.find_element(By.LINK_TEXT, "账户").click()
        fill(driver, name="李雷")
        assert len(driver.find_element(By.CSS_SELECTOR, ".secret").text) == 19
        assert console(driver) == []


def test_every_role_opens_every_page_it_is_shown(driver: WebDriver, tmp_path: Path) -> None:
    with a_hall(tmp_path) as hall:
        hall.desk("window-1")
    (tmp_path / "peopled").touch()
    with serving(tmp_path) as (address, _):
        for role in ROLES:
            driver.get(f"{address}/login")
            driver.delete_all_cookies()
            driver.get(f"{address}/login")
            fill(driver, name=role, password=PASSWORD)
            ways = [one.get_attribute("href") for one in driver.find_elements(By.CSS_SELECTOR, "nav a")]
            assert ways
            for language in ("English", "中文"):
                for way in ways:
                    driver.get(str(way))
                    assert driver.find_elements(By.CSS_SELECTOR, "nav a[aria-current]"), way
                    assert driver.find_element(By.TAG_NAME, "h1").text or role == "supervisor", way
                    assert console(driver) == [], way
                button = driver.find_element(By.CSS_SELECTOR, "button[name=language]")
                assert button.text == language
                button.click()


def test_pages_are_usable_by_keyboard_and_on_a_tablet(driver: WebDriver, tmp_path: Path) -> None:
    with a_hall(tmp_path):
        pass
    (tmp_path / "peopled").touch()
    with serving(tmp_path) as (address, _):
        driver.get(f"{address}/login")
        driver.delete_all_cookies()
        driver.get(f"{address}/login")
        fill(driver, name="administrator", password=PASSWORD)
        driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
        skip = driver.switch_to.active_element
        assert skip.get_attribute("class") == "skip"
        skip.send_keys(Keys.ENTER)
        assert driver.execute_script("return document.activeElement.id") == "content"
        pretend(driver, 768, 1024)
        for path in ("accounts", "desks", "settings"):
            driver.get(f"{address}/{path}")
            width = driver.execute_script("return document.documentElement.scrollWidth")
            assert width <= 768, path
