"""The visit on the staff page, in a real browser: the checklist, its hints, the day's numbers, and help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser_driver import console, make_driver, pretend
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from staff_page_parts import CONTRAST, Desk, Page, utc

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.remote.webdriver import WebDriver

pytestmark = pytest.mark.browser

ADVICE = "对不起，系统出了故障，我们正在抢修，请您稍等。"
NASTY = '<img src=x onerror="window.harmed=1">'
DAY = {
    "visits": 12,
    "said": 38,
    "missing": 4,
    "manners": [
        {"kind": "fast", "unit": "syllables/s", "times": 3, "value": 6.1, "expected": 5.8},
        {"kind": "loud", "unit": "LU", "times": 2, "value": 8.2, "expected": 6.0},
    ],
}


def an_item(act_id: str, name: str, state: str = "open", **more: Any) -> dict[str, Any]:
    fixed = {"asked": True, "times": int(state == "said"), "can_still_help": False, "hint_utc": None}
    return {"act_id": act_id, "name": name, "state": state, "advice": ADVICE, **fixed, **more}


def a_visit(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    fixed = {"visit_id": "v1", "channel": "counter", "ticket": "A012", "since_utc": utc(75), "ended_utc": None}
    return {**fixed, "items": list(items), **more}


HELLO = an_item("K.greet.hello", "来有迎声")
FAILURE = an_item("K.system.failure", "系统故障要致歉")
BYE = an_item("K.bye", "走有送声")
WAIT = an_item("K.wait.notice", "请稍候", "said", asked=False, times=2)


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk()
    one.server.start()
    yield one
    one.server.stop()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    driver = make_driver(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: WebDriver, desk: Desk) -> Iterator[Page]:
    pretend(browser, 1280, 800, prefers_color_scheme="light")
    console(browser)
    one = Page(browser, desk)
    one.open()
    yield one
    browser.execute_script("localStorage.clear()")
    browser.get("about:blank")


def going(desk: Desk, *items: dict[str, Any], **more: Any) -> None:
    desk.feed.publish("visit", {"visit": a_visit(*items, **more), "last": None})


def lines(page: Page, which: str = "") -> list[tuple[str, str]]:
    """Each line's state and what a clerk reads in it."""
    script = """const read = (one) =>
          [...one.querySelectorAll("span:not(.unseen), p")].map((part) => part.textContent);
        return [...document.querySelectorAll("#visit-lines .act" + arguments[0])]
          .map((line) => [line.dataset.state, read(line)])"""
    return [(state, " ".join(texts).strip()) for state, texts in page.driver.execute_script(script, which)]


def hints(page: Page) -> list[str]:
    return [text for _, text in lines(page, ".is-hint")]


def test_the_list_ticks_itself_and_goes_when_the_visitor_does(page: Page, desk: Desk) -> None:
    assert page.text("visit-empty") == "现在没有人办理。有人来时，这里会自己打勾。"
    going(desk, HELLO, BYE)
    page.wait_for(lambda: lines(page) == [("open", "来有迎声"), ("open", "走有送声")])
    assert page.text("visit-ticket") == "A012 号"
    assert page.text("visit-time").startswith("01:1")
    assert not page.is_up("visit-empty")
    going(desk, {**HELLO, "state": "said"}, BYE, WAIT)
    page.wait_for(lambda: lines(page) == [("said", "来有迎声"), ("open", "走有送声")])
    assert page.text("visit-extra-list") == "请稍候 ×2"
    desk.feed.publish("visit", {"visit": None, "last": None})
    page.wait_for(lambda: page.is_up("visit-empty"))
    assert lines(page) == []
    assert console(page.driver) == []


def test_the_visit_before_says_what_was_not_heard_and_what_would_do(page: Page, desk: Desk) -> None:
    over = a_visit({**HELLO, "state": "said"}, {**FAILURE, "state": "missing"}, ended_utc=utc(20))
    desk.feed.publish("visit", {"visit": None, "last": over})
    page.wait_for(lambda: page.text("visit-title") == "上一位")
    assert lines(page) == [("said", "来有迎声"), ("missing", f"系统故障要致歉 没听到 可以说：{ADVICE}")]
    desk.feed.publish("visit", {"visit": None, "last": {**over, "ended_utc": utc(200)}})
    page.wait_for(lambda: page.is_up("visit-empty"))


# What a clerk could notice beside the line itself.
WATCH = """
window.noticed = [];
for (const id of ["toast", "announce", "banners", "card"])
  new MutationObserver(() => window.noticed.push(id)).observe(document.getElementById(id),
    { childList: true, characterData: true, subtree: true, attributes: true });
document.addEventListener("focusin", () => window.noticed.push("focus"));
HTMLMediaElement.prototype.play = () => window.noticed.push("sound");
"""


def test_a_hint_is_one_line_that_stands_out_and_nothing_else(page: Page, desk: Desk) -> None:
    going(desk, HELLO, FAILURE)
    page.wait_for(lambda: len(lines(page)) == 2)
    page.driver.execute_script("document.getElementById('language').focus()")
    page.driver.execute_script(WATCH)
    going(desk, HELLO, {**FAILURE, "can_still_help": True, "hint_utc": utc()})
    page.wait_for(lambda: hints(page) == [f"系统故障要致歉 可以说：{ADVICE}"])
    assert page.driver.execute_script("return window.noticed") == []
    assert not page.is_up("card")
    going(desk, HELLO, {**FAILURE, "state": "said"})
    page.wait_for(lambda: hints(page) == [])
    assert lines(page)[1] == ("said", "系统故障要致歉")


def test_a_hint_stands_out_for_some_seconds_also_when_the_page_is_opened_late(page: Page, desk: Desk) -> None:
    going(desk, {**HELLO, "can_still_help": True, "hint_utc": utc(18.5)})
    page.wait_for(lambda: len(hints(page)) == 1)
    page.wait_for(lambda: hints(page) == [])
    page.driver.refresh()
    page.wait_for(lambda: len(lines(page)) == 1)
    assert hints(page) == []


def test_the_list_moves_neither_the_card_nor_the_focus(page: Page, desk: Desk) -> None:
    pretend(page.driver, 1280, 800, prefers_color_scheme="light", prefers_reduced_motion="reduce")
    desk.show("h1")
    page.wait_for(lambda: page.card_is("h1"))
    place = "return document.getElementById('card').getBoundingClientRect().top"
    page.driver.execute_script("document.getElementById('card-dismiss').focus()")
    before = page.driver.execute_script(place)
    going(desk, HELLO, {**FAILURE, "can_still_help": True, "hint_utc": utc()}, BYE, WAIT)
    page.wait_for(lambda: len(lines(page)) == 3)
    assert page.driver.execute_script(place) == before
    assert page.driver.switch_to.active_element.get_dom_attribute("id") == "card-dismiss"


def test_a_call_says_so(page: Page, desk: Desk) -> None:
    going(desk, HELLO, channel="phone-in", ticket="")
    page.wait_for(lambda: page.text("visit-channel") == "来电")
    assert not page.is_up("visit-ticket")


def test_a_page_that_is_opened_during_a_visit_has_its_list(page: Page, desk: Desk) -> None:
    going(desk, HELLO)
    page.driver.refresh()
    page.wait_for(lambda: lines(page) == [("open", "来有迎声")])


def test_the_days_numbers_are_values_and_stay_folded_until_asked_for(page: Page, desk: Desk) -> None:
    assert not page.is_up("day")
    desk.feed.publish("day", DAY)
    page.wait_for(lambda: page.is_up("day"))
    assert page.text("day-counts").split("\n")[0].replace(" ", "").startswith("接待12位")
    assert not page.is_up("day-values")
    page.driver.find_element(By.CSS_SELECTOR, "#day summary").click()
    shown = page.text("day-values").split()
    assert shown[:5] == ["语速，较快时", "6.1", "音节/秒", "参考", "5.8"]
    assert "不是评价" in page.text("day-measured")
    page.click("language")
    page.wait_for(lambda: "Loudness above normal" in page.text("day-values"))


def test_names_follow_the_language_and_words_to_say_stay_chinese(page: Page, desk: Desk) -> None:
    going(desk, HELLO, {**FAILURE, "can_still_help": True, "hint_utc": utc()}, an_item("K.new", "新的一条"))
    page.wait_for(lambda: len(lines(page)) == 3)
    page.click("language")
    page.wait_for(lambda: page.text("visit-title") == "This visit")
    texts = [text for _, text in lines(page)]
    # An act that is newer than the catalogue keeps the name it has.
    assert texts == ["Greeting", f"Apology for a failure You could say: {ADVICE}", "新的一条"]


def test_words_of_the_desk_are_never_markup(page: Page, desk: Desk) -> None:
    hint: dict[str, Any] = {"can_still_help": True, "hint_utc": utc()}
    going(
        desk, an_item(NASTY, NASTY, advice=NASTY, **hint), {**WAIT, "act_id": "x", "name": NASTY}, ticket=NASTY
    )
    page.wait_for(lambda: len(lines(page)) == 1)
    assert NASTY in lines(page)[0][1]
    assert page.driver.execute_script("return window.harmed") is None
    assert console(page.driver) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_of_a_visit_stands_out_from_its_ground(page: Page, desk: Desk, scheme: str) -> None:
    pretend(page.driver, 1280, 800, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    hint = {**FAILURE, "can_still_help": True, "hint_utc": utc()}
    going(desk, {**HELLO, "state": "said"}, hint, {**BYE, "state": "missing"}, WAIT)
    desk.feed.publish("day", DAY)
    page.wait_for(lambda: len(lines(page)) == 3 and page.is_up("day"))
    page.driver.execute_script("document.getElementById('day').open = true")
    page.click("help")
    assert page.driver.execute_script(CONTRAST) == []


@pytest.mark.parametrize("width", [360, 640, 1060, 1920])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_visit_fits_the_page(page: Page, desk: Desk, width: int, language: str) -> None:
    pretend(page.driver, width, 800, prefers_color_scheme="light")
    page.open(f"?lang={language}")
    hint = {**FAILURE, "advice": "长" * 80, "can_still_help": True, "hint_utc": utc()}
    going(
        desk, HELLO, hint, {**WAIT, "name": "名字很长的一句好话" * 6, "act_id": "x"}, ticket="综合服务1-0123456"
    )
    desk.feed.publish("day", DAY)
    page.wait_for(lambda: len(lines(page)) == 2 and page.is_up("day"))
    page.driver.execute_script("document.getElementById('day').open = true")
    page.click("help")
    scroll, inner = page.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert scroll <= inner
    for element_id in ("visit", "day", "help", "help-bar", "language"):
        box = page.driver.find_element(By.ID, element_id).rect
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, element_id
    # The tools stay beside the window's name.
    tools, name = (page.driver.find_element(By.ID, one).rect for one in ("help", "window-id"))
    assert abs(tools["y"] - name["y"]) < 40


def test_help_is_called_after_some_seconds_and_nobody_is_said_to_have_got_it(page: Page, desk: Desk) -> None:
    page.click("help")
    assert page.text("help-count") == "3 秒后发出求助"
    assert "help" not in desk.told
    page.wait_for(lambda: "help" in desk.told)
    page.wait_for(lambda: page.text("banners") != "")
    assert "没有人收到" in page.text("banners") and "请当面叫人" in page.text("banners")
    assert not page.is_up("help-bar")
    page.driver.find_element(By.CSS_SELECTOR, ".banner button").click()
    page.wait_for(lambda: page.text("banners") == "")
    assert desk.told.count("help") == 1
    assert console(page.driver) == []


def test_a_supervisor_who_was_reached_is_said(page: Page, desk: Desk) -> None:
    desk.is_supervisor_there = True
    desk.call_help()
    page.wait_for(lambda: "已呼叫主管" in page.text("banners"))
    assert "没有人收到" not in page.text("banners")


def test_a_call_can_be_taken_back(page: Page, desk: Desk) -> None:
    page.click("help")
    page.click("help-undo")
    assert page.text("toast") == "求助已撤销，没有发出。"
    assert not page.is_up("help-bar")
    # The call that was taken back would have come before this one.
    page.click("help")
    page.wait_for(lambda: "help" in desk.told)
    assert desk.told.count("help") == 1


def test_a_call_can_be_taken_back_with_the_keyboard(page: Page, desk: Desk) -> None:
    page.driver.execute_script("document.getElementById('help').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for(lambda: page.is_up("help-bar"))
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element.get_dom_attribute("id") == "help-undo"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for(lambda: not page.is_up("help-bar"))
    assert page.driver.switch_to.active_element.get_dom_attribute("id") == "help"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait_for(lambda: not page.is_up("help-bar"))
    assert "help" not in desk.told


def test_pressing_twice_is_one_call_and_no_taking_back(page: Page, desk: Desk) -> None:
    page.click("help")
    page.click("help")
    page.wait_for(lambda: "help" in desk.told)
    assert desk.told.count("help") == 1


def test_leaving_the_page_calls_at_once(page: Page, desk: Desk) -> None:
    page.click("help")
    page.driver.get("about:blank")
    page.wait_for(lambda: "help" in desk.told)
    page.open()


def test_a_call_that_cannot_be_kept_is_said(page: Page, desk: Desk) -> None:
    desk.failure = DeskguardError("The disk is full.", "free some space.", "disk-full")
    page.click("help")
    page.wait_for(lambda: page.text("toast") == "没有成功：The disk is full.")
