"""The wall in a real browser: tiles that tell what windows do and change by themselves; nothing the page
complains of.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from browser_driver import console, make_driver, pretend
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from deskguard.hub.accounts import sessions
from feed_parts import BEGIN, a_visit, body_of, post, told
from hub_parts import Hall, a_hall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = pytest.mark.browser
PATIENCE_S = 60.0


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path / "hall") as made:
        yield made


@pytest.fixture
def address(hall: Hall) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(hall.app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "open streams keep the server from ending"


@pytest.fixture
def browser(tmp_path: Path, hall: Hall, address: str) -> Iterator[WebDriver]:
    driver = make_driver(tmp_path / "profile")
    with hall.state.store.writing() as connection:
        token = sessions.begin(connection, hall.ids["supervisor"], hall.clock())
    driver.get(f"{address}/static/hub.css")
    driver.add_cookie({"name": sessions.COOKIE, "value": token})
    yield driver
    driver.quit()


def complaints(driver: WebDriver) -> list[str]:
    """What the browser complains of; the style sheet that it was shown first has no icon."""
    return [one for one in console(driver) if "favicon.ico" not in one]


def until(driver: WebDriver, holds: Callable[[], Any]) -> Any:
    return WebDriverWait(driver, PATIENCE_S, 0.05).until(lambda _: holds())


def tiles(driver: WebDriver) -> dict[str, tuple[str, str]]:
    """Window to mood and words of its tile."""
    script = "return [...document.querySelectorAll('.tile')]"
    script += ".map(tile => [tile.dataset.window, tile.dataset.mood, tile.innerText])"
    return {window: (mood, text) for window, mood, text in driver.execute_script(script)}


def report(hall: Hall, window: str, *events: dict[str, Any]) -> None:
    desk, key = hall.desk(window)
    assert post(hall.nobody().client, key, body_of(desk, *events)).status_code == 200


LISTENS = told(1, kind="state", state="listening")


def test_tiles_tell_what_windows_do_and_change_by_themselves(
    hall: Hall, address: str, browser: WebDriver
) -> None:
    report(hall, "w-1", LISTENS)
    report(hall, "w-2", LISTENS, told(2, kind="state", state="paused", reason="away"))
    report(hall, "w-3", LISTENS, told(2, kind="state", state="microphone-lost"))
    report(hall, "w-4", LISTENS, a_visit(2))
    desk, key = hall.desk("w-5")
    browser.get(f"{address}/wall")
    found = until(browser, lambda: len(tiles(browser)) == 5 and tiles(browser))
    assert {window: mood for window, (mood, _) in found.items()} == {
        **{"w-1": "good", "w-2": "warn", "w-3": "bad", "w-4": "busy", "w-5": "off"}
    }
    assert "离开" in found["w-2"][1]
    assert post(hall.nobody().client, key, body_of(desk, LISTENS, told(2))).status_code == 200
    until(browser, lambda: tiles(browser)["w-5"][0] == "help")
    assert complaints(browser) == []


def test_three_hundred_windows_are_found_filtered_and_read_in_both_languages(
    hall: Hall, address: str, browser: WebDriver
) -> None:
    for place in range(300):
        hall.desk(f"w-{place:03d}")
    report(hall, "w-007", LISTENS, told(2))
    browser.get(f"{address}/wall")
    until(browser, lambda: len(tiles(browser)) == 300)
    browser.find_element(By.ID, "find").send_keys("w-00")
    until(browser, lambda: len(tiles(browser)) == 10)
    Select(browser.find_element(By.ID, "filter")).select_by_value("attention")
    assert list(until(browser, lambda: len(tiles(browser)) == 1 and tiles(browser))) == ["w-007"]
    browser.add_cookie({"name": "deskguard-language", "value": "en"})
    pretend(browser, 1024, 768, prefers_color_scheme="dark")
    browser.get(f"{address}/wall")
    assert "HELP" in until(browser, lambda: len(tiles(browser)) == 300 and tiles(browser))["w-007"][1]
    is_wide = browser.execute_script("return document.documentElement.scrollWidth > innerWidth")
    assert not is_wide, "a tablet need not scroll sideways"
    assert complaints(browser) == []


def test_who_waits_is_shown_sorted_and_found(hall: Hall, address: str, browser: WebDriver) -> None:
    report(hall, "w-1", LISTENS, told(2, kind="queue", waiting=2))
    visit = {**a_visit(2), "waiting": 5}
    report(hall, "w-2", LISTENS, visit, told(3, kind="queue", waiting=4, longest_s=540.0))
    report(hall, "w-3", LISTENS, told(2, kind="queue", waiting=0))
    report(hall, "w-4", LISTENS)
    away = told(3, kind="state", state="paused", reason="away")
    report(hall, "w-5", LISTENS, told(2, kind="queue", longest_s=60.0), away)
    hall.clock.wind(minutes=2)
    browser.get(f"{address}/wall")
    found = until(browser, lambda: len(tiles(browser)) == 5 and tiles(browser))
    assert "等候 2 人" in found["w-1"][1] and "等候 0 人" in found["w-3"][1]
    assert "等候" not in found["w-4"][1]
    assert "等候 4 人" in found["w-2"][1] and "最久等了 11 分" in found["w-2"][1] and "2 分" in found["w-2"][1]
    clock = browser.execute_script(
        "return new Intl.DateTimeFormat('zh-CN', {hour: '2-digit', minute: '2-digit', hour12: false})"
        ".format(new Date(arguments[0]))",
        BEGIN.isoformat(),
    )
    assert f"{clock} 开始" in found["w-2"][1]
    assert "最久等了 3 分" in found["w-5"][1]
    assert "共等候 6 人" in browser.find_element(By.ID, "counts").text
    Select(browser.find_element(By.ID, "order")).select_by_value("waiting")
    assert list(until(browser, lambda: tiles(browser)))[:3] == ["w-2", "w-1", "w-5"]
    Select(browser.find_element(By.ID, "filter")).select_by_value("waiting")
    assert set(until(browser, lambda: len(tiles(browser)) == 3 and tiles(browser))) == {"w-1", "w-2", "w-5"}
    assert complaints(browser) == []


def test_what_a_desk_is_called_is_never_markup(hall: Hall, address: str, browser: WebDriver) -> None:
    desk, _ = hall.desk("w-1")
    with hall.state.store.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE hub_desks SET window_id = '</script><img src=x onerror=document.title=1>'"
        )
    browser.get(f"{address}/wall")
    found = until(browser, lambda: tiles(browser))
    assert list(found) == ["</script><img src=x onerror=document.title=1>"]
    assert browser.execute_script("return document.querySelectorAll('main img').length") == 0
    assert desk.window_id not in found


LAID_OUT = """
const view = {width: innerWidth, height: innerHeight};
const size = (part) => (part ? parseFloat(getComputedStyle(part).fontSize) : 0);
return [...document.querySelectorAll('.tile')].map((tile) => {
    const box = tile.getBoundingClientRect();
    const name = tile.querySelector('.tile-name');
    const state = tile.querySelector('.tile-state');
    return {
        window: tile.dataset.window, large: tile.classList.contains('large'),
        inside: box.left >= 0 && box.top >= 0 && box.right <= view.width + 1 && box.bottom <= view.height + 1,
        cut: name.scrollWidth > name.clientWidth + 1 || tile.scrollHeight > tile.clientHeight + 1,
        name: size(name), state: state.offsetParent === null ? 0 : size(state),
    };
});
"""
FROM_5_M_PX = 37
"""16 minutes of arc at 5 m are 23 mm: so many points of a 55-inch screen of 1920 by 1080."""


def laid_out(browser: WebDriver) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.execute_script(LAID_OUT)
    return found


def is_full(browser: WebDriver) -> bool:
    return bool(browser.execute_script("return document.fullscreenElement === document.getElementById('wall')"))


def is_laid_out_full(browser: WebDriver) -> bool:
    """The page is told of full screen, and how large it is then, a moment after it fills the screen."""
    big = "return document.getElementById('wall').classList.contains('big')"
    label = browser.find_element(By.ID, "full").get_attribute("textContent")
    return is_full(browser) and browser.execute_script(big) and label in {"退出全屏", "Leave full screen"}


def on_screen(browser: WebDriver, address: str, how: str) -> None:
    """The wall as a screen in the hall shows it."""
    pretend(browser, 1920, 1080)
    browser.get(f"{address}/wall?wall=1" if how == "wall=1" else f"{address}/wall")
    if how == "full screen":
        browser.find_element(By.ID, "full").click()
        until(browser, lambda: is_laid_out_full(browser))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("how", ["wall=1", "full screen"])
def test_eight_windows_are_read_from_five_metres(
    hall: Hall, address: str, browser: WebDriver, how: str, language: str
) -> None:
    browser.add_cookie({"name": "deskguard-language", "value": language})
    for place in range(6):
        report(hall, f"window-{place}", LISTENS, told(2, kind="queue", waiting=place, longest_s=600.0))
    report(hall, "window-6", LISTENS, a_visit(2))
    report(hall, "window-7", LISTENS, told(2, kind="state", state="microphone-lost"))
    on_screen(browser, address, how)
    until(browser, lambda: len(tiles(browser)) == 8)
    found = until(browser, lambda: all(one["inside"] for one in laid_out(browser)) and laid_out(browser))
    assert [one["window"] for one in found if one["cut"]] == []
    assert min(min(one["name"], one["state"]) for one in found) >= FROM_5_M_PX
    wide = "return document.documentElement.scrollWidth > innerWidth"
    assert not browser.execute_script(wide)
    assert complaints(browser) == []


@pytest.mark.parametrize("how", ["wall=1", "full screen"])
def test_of_three_hundred_windows_those_that_need_somebody_are_read_from_five_metres(
    hall: Hall, address: str, browser: WebDriver, how: str
) -> None:
    for place in range(300):
        hall.desk(f"w-{place:03d}")
    for place in range(0, 120, 2):
        report(hall, f"w-{place:03d}", LISTENS, told(2, kind="queue", waiting=place % 7))
    report(hall, "w-201", LISTENS, told(2))
    report(hall, "w-203", LISTENS, told(2, kind="state", state="microphone-lost"))
    report(hall, "w-205", LISTENS, told(2, kind="state", state="paused", reason="away"))
    on_screen(browser, address, how)
    until(browser, lambda: len(tiles(browser)) == 300)
    found = until(browser, lambda: all(one["inside"] for one in laid_out(browser)) and laid_out(browser))
    assert len(found) == 300 and [one["window"] for one in found if one["cut"]] == []
    large = [one for one in found if one["large"]]
    assert [one["window"] for one in large] == ["w-201", "w-203", "w-205"]
    assert min(min(one["name"], one["state"]) for one in large) >= FROM_5_M_PX
    # The others are told by their sign and place; their names are for whoever comes nearer.
    assert min(one["name"] for one in found) >= 16
    assert complaints(browser) == []


def test_forty_windows_are_read_from_five_metres_as_far_as_they_need_somebody(
    hall: Hall, address: str, browser: WebDriver
) -> None:
    for place in range(40):
        report(hall, f"w-{place}", LISTENS, told(2, kind="queue", waiting=9, longest_s=60.0))
    report(hall, "w-7", LISTENS, told(2))
    on_screen(browser, address, "wall=1")
    until(browser, lambda: len(tiles(browser)) == 40)
    found = until(browser, lambda: all(one["inside"] for one in laid_out(browser)) and laid_out(browser))
    assert [one["window"] for one in found if one["cut"]] == []
    assert min(one["name"] for one in found) >= FROM_5_M_PX
    assert complaints(browser) == []


def test_the_button_leaves_full_screen_and_the_page_is_as_before(
    hall: Hall, address: str, browser: WebDriver
) -> None:
    report(hall, "w-1", LISTENS)
    on_screen(browser, address, "full screen")
    button = browser.find_element(By.ID, "full")
    assert button.get_attribute("textContent") == "退出全屏"
    browser.execute_script("arguments[0].click()", button)
    until(browser, lambda: not is_full(browser))
    until(browser, lambda: button.text == "全屏")
    assert not browser.execute_script("return document.getElementById('wall').classList.contains('big')")
    assert complaints(browser) == []


def test_a_screen_nobody_sits_at_shows_the_wall_and_nothing_else(
    hall: Hall, address: str, browser: WebDriver
) -> None:
    report(hall, "w-1", LISTENS)
    on_screen(browser, address, "wall=1")
    until(browser, lambda: tiles(browser))
    assert not browser.find_element(By.CSS_SELECTOR, ".top").is_displayed()
    until(browser, lambda: browser.find_element(By.ID, "now").text)
    browser.get(f"{address}/wall?wall=2")
    assert tiles(browser) == {}


def test_a_wall_whose_login_is_over_asks_for_it_again(hall: Hall, address: str, browser: WebDriver) -> None:
    report(hall, "w-1", LISTENS)
    browser.get(f"{address}/wall")
    until(browser, lambda: tiles(browser))
    with hall.state.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM hub_sessions")
    # The stream ends some time; here at once.
    browser.execute_script("window.deskguardWall.source.dispatchEvent(new Event('error'))")
    until(browser, lambda: "/login" in browser.current_url)
