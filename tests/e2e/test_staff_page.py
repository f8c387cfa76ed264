"""The staff page in a real browser on the real server; the desk behind it is a list and a few functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser_driver import console, make_driver, pretend
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from staff_page_parts import CONTRAST, Desk, Page, a_card, an_entry, utc

from deskguard.desk.screen.app import DeskControl, build_app
from deskguard.desk.screen.feed import Feed
from deskguard.desk.screen.server import ScreenServer
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.remote.webdriver import WebDriver

NASTY = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'

pytestmark = pytest.mark.browser


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
    for handle in browser.window_handles[1:]:
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(browser.window_handles[0])
    browser.execute_script("localStorage.clear()")
    browser.get("about:blank")


def test_card_says_what_was_heard_why_it_matters_and_what_to_say(page: Page, desk: Desk) -> None:
    assert page.text("idle-title") == "一切正常"
    desk.show("h1", heard="我不知道，你去问别人", severity="high")
    page.wait_for(lambda: page.card_is("h1"))
    assert not page.is_up("idle")
    assert page.text("card-severity-word") == "重要"
    assert page.text("card-heard") == "“我不知道，你去问别人”"
    assert page.text("card-say") == "我帮您问一下，请稍等。"
    assert page.text("card-basis") == "《窗口服务规范》 第十八条不得说“不知道”"
    assert not page.is_up("card-mark")
    assert console(page.driver) == []


def test_card_takes_no_focus_and_leaves_by_itself(page: Page, desk: Desk) -> None:
    page.driver.execute_script("document.getElementById('language').focus()")
    desk.show("h1", show_s=1.5)
    page.wait_for(lambda: page.card_is("h1"))
    assert page.driver.switch_to.active_element.get_dom_attribute("id") == "language"
    page.wait_for(lambda: not page.is_up("card"))
    assert page.is_up("idle")
    assert len(page.rows()) == 1


def test_time_until_the_card_is_on_the_screen_is_recorded(page: Page, desk: Desk) -> None:
    for n in range(3):
        desk.show(f"h{n}")
        page.wait_for(lambda n=n: page.card_is(f"h{n}"))
    page.wait_for(lambda: len(page.driver.execute_script("return deskguard.cardShown")) == 3)
    shown = page.driver.execute_script("return deskguard.cardShown")
    assert [one["hit_id"] for one in shown] == ["h0", "h1", "h2"]
    # Both clocks are this computer's; a second is far above any frame, far below a wrong unit or epoch.
    assert all(-5 < one["shown_epoch_ms"] - one["raised_epoch_ms"] < 1000 for one in shown)


def test_tentative_card_is_confirmed_in_place_and_a_withdrawn_one_goes(page: Page, desk: Desk) -> None:
    desk.show("h1", state="tentative")
    page.wait_for(lambda: page.card_is("h1") and page.is_up("card-mark"))
    assert page.text("card-mark") == "待确认"
    desk.feed.publish("card", a_card("h1"))
    page.wait_for(lambda: not page.is_up("card-mark"))
    assert page.card_is("h1")
    desk.feed.publish("today", {"entry": an_entry("h1", state="withdrawn")})
    desk.feed.publish("card_gone", {"hit_id": "h1", "reason": "withdrawn"})
    page.wait_for(lambda: not page.is_up("card"))
    assert page.rows() == []


# What a clerk could notice: sound, words read aloud or shown, a moved focus, anything that is animated.
WATCH = """
window.noticed = [];
const note = (what) => window.noticed.push(what);
for (const id of ["toast", "announce", "banners"])
  new MutationObserver(() => note(id)).observe(document.getElementById(id),
    { childList: true, characterData: true, subtree: true, attributes: true });
document.addEventListener("focusin", () => note("focus"));
const animate = Element.prototype.animate;
Element.prototype.animate = function (...given) {
  if (this.id !== "card-left") note(`animation of ${this.id}`);
  return animate.apply(this, given);
};
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () { note("sound"); return play.apply(this); };
"""


@pytest.mark.parametrize("state", ["tentative", "confirmed"])
def test_a_withdrawn_card_disappears_without_a_word(page: Page, desk: Desk, state: str) -> None:
    page.driver.execute_script("document.getElementById('language').focus()")
    desk.show("h1", state=state)
    page.wait_for(lambda: page.card_is("h1"))
    page.driver.execute_script(WATCH)
    desk.feed.publish("card_gone", {"hit_id": "h1", "reason": "withdrawn"})
    desk.feed.publish("today", {"entry": {"hit_id": "h1", "state": "withdrawn", "listed": False}})
    page.wait_for(lambda: not page.is_up("card"))
    assert page.is_up("idle")
    page.wait_for(lambda: page.rows() == [])
    assert page.driver.execute_script("return window.noticed") == []
    assert page.driver.switch_to.active_element.get_dom_attribute("id") == "language"
    assert not page.is_up("toast")
    # The same watch does notice a card that comes.
    desk.show("h2")
    page.wait_for(lambda: page.card_is("h2"))
    assert "animation of card" in page.driver.execute_script("return window.noticed")
    assert console(page.driver) == []


def test_another_clause_joins_the_card_that_is_up(page: Page, desk: Desk) -> None:
    clauses = [
        {"standard": "s003", "title": f"规范{n}", "clause": f"第{n}条", "quote": f"不得{n}"} for n in range(4)
    ]
    desk.show("h1", clauses=clauses[:1])
    page.wait_for(lambda: page.card_is("h1"))
    assert page.text("card-basis").split() == ["《规范0》", "第0条不得0"]
    page.driver.execute_script(WATCH)
    desk.feed.publish("card", a_card("h1", clauses=clauses, severity="high"))
    page.wait_for(lambda: "规范3" in page.text("card-basis"))
    assert "另有 2 条：《规范2》 第2条；《规范3》 第3条" in page.text("card-basis")
    assert page.text("card-severity-word") == "重要"
    assert page.driver.execute_script("return window.noticed") == []


def test_a_longer_form_takes_the_cards_place_and_is_no_new_interruption(page: Page, desk: Desk) -> None:
    desk.show("h1", heard="我不知道")
    page.wait_for(lambda: page.card_is("h1"))
    page.driver.execute_script(WATCH)
    desk.feed.publish("card", a_card("h2", heard="我不知道，你去问别人", replaces="h1"))
    page.wait_for(lambda: page.card_is("h2"))
    assert page.text("card-heard") == "“我不知道，你去问别人”"
    assert page.driver.execute_script("return window.noticed") == []
    page.click("card-dismiss")
    page.wait_for(lambda: not page.is_up("card"))
    assert "dismiss h2" in desk.told


def test_a_line_that_is_part_of_another_leaves_the_list(page: Page, desk: Desk) -> None:
    desk.show("h1")
    page.wait_for(lambda: len(page.rows()) == 1)
    gone = {"hit_id": "h1", "state": "confirmed", "listed": False}
    desk.feed.publish("today", {"entry": gone})
    page.wait_for(lambda: page.rows() == [])
    assert page.text("today-counts") == ""


WHY = {
    "zh-CN": ["字相同，4 个音节", "3 种例外都不符合"],
    "en": ["same characters, 4 syllables", "no exception"],
}


def test_why_is_there_for_who_asks(page: Page, desk: Desk) -> None:
    desk.show("h1", why=WHY)
    page.wait_for(lambda: page.card_is("h1"))
    assert not page.is_up("card-why-lines")
    summary = page.driver.find_element(By.CSS_SELECTOR, "#card-why summary")
    assert summary.text == "为什么"
    summary.click()
    assert page.text("card-why-lines").splitlines() == WHY["zh-CN"]
    # A later state leaves it open, another card does not.
    desk.feed.publish("card", a_card("h1", why={**WHY, "zh-CN": ["字相同"]}))
    page.wait_for(lambda: page.text("card-why-lines") == "字相同")
    desk.show("h2", why=WHY)
    page.wait_for(lambda: page.card_is("h2"))
    assert not page.is_up("card-why-lines")
    row = page.driver.find_element(By.CSS_SELECTOR, ".row[data-hit-id=h2] details")
    row.find_element(By.TAG_NAME, "summary").click()
    assert row.find_element(By.TAG_NAME, "ul").text.splitlines() == WHY["zh-CN"]
    page.click("language")
    page.wait_for(lambda: row.find_element(By.TAG_NAME, "ul").text.splitlines() == WHY["en"])
    assert page.driver.find_element(By.CSS_SELECTOR, "#card-why summary").text == "Why"
    assert console(page.driver) == []


def test_without_a_trace_there_is_nothing_to_ask(page: Page, desk: Desk) -> None:
    desk.show("h1")
    page.wait_for(lambda: page.card_is("h1"))
    assert not page.is_up("card-why")


def test_got_it_and_false_alarm_reach_the_desk(page: Page, desk: Desk) -> None:
    desk.show("h1")
    page.wait_for(lambda: page.card_is("h1"))
    page.click("card-dismiss")
    page.wait_for(lambda: not page.is_up("card"))
    desk.show("h2")
    page.wait_for(lambda: page.card_is("h2"))
    page.click("card-false-alarm")
    page.wait_for(lambda: "已记误报" in page.rows()[0])
    assert not page.is_up("card")
    assert desk.told[1:] == ["dismiss h1", "false-alarm h2"]
    assert page.text("today-counts").split() == ["2", "条", "1", "条误报"]
    assert console(page.driver) == []


def test_click_meant_for_the_card_before_does_not_put_away_the_next(page: Page, desk: Desk) -> None:
    desk.show("h1")
    page.wait_for(lambda: page.card_is("h1"))
    page.driver.execute_script(
        """
        const click = () => { document.getElementById("card-dismiss").click(); window.hasClicked = true; };
        const seen = { attributes: true, attributeFilter: ["data-hit-id"] };
        new MutationObserver(click).observe(document.getElementById("card"), seen);
        """
    )
    desk.show("h2")
    page.wait_for(lambda: page.driver.execute_script("return window.hasClicked"))
    # In its first frame the card is still transparent.
    page.wait_for(lambda: page.card_is("h2"))

    def put_away() -> bool:
        page.click("card-dismiss")
        return not page.is_up("card")

    page.wait_for(lambda: not page.is_up("card") or put_away())
    assert [one for one in desk.told if one.startswith("dismiss")] == ["dismiss h2"]


def test_an_entry_of_the_list_can_be_marked_later(page: Page, desk: Desk) -> None:
    desk.show("h1", show_s=0.5)
    page.wait_for(lambda: len(page.rows()) == 1)
    page.wait_for(lambda: not page.is_up("card"))
    page.driver.find_element(By.CSS_SELECTOR, ".row[data-hit-id=h1] button").click()
    page.wait_for(lambda: "已记误报" in page.rows()[0])
    assert desk.told[1:] == ["false-alarm h1"]
    assert not page.driver.find_element(By.CSS_SELECTOR, ".row[data-hit-id=h1] button").is_displayed()


def test_failure_to_store_is_said(page: Page, desk: Desk) -> None:
    desk.failure = DeskguardError("The disk is full.", "free some space.", "disk-full")
    desk.show("h1")
    page.wait_for(lambda: page.card_is("h1"))
    page.click("card-false-alarm")
    page.wait_for(lambda: page.is_up("toast"))
    assert page.text("toast") == "没有成功：The disk is full."
    assert page.is_up("card")


def test_reload_and_second_tab_show_the_card_and_the_list(page: Page, desk: Desk) -> None:
    desk.show("h1", phrase="急什么")
    page.wait_for(lambda: page.card_is("h1"))
    page.driver.refresh()
    page.wait_for(lambda: page.card_is("h1") and len(page.rows()) == 1)
    first = page.driver.current_window_handle
    other = page.second_tab()
    other.wait_for(lambda: other.card_is("h1") and "急什么" in other.rows()[0])
    other.click("card-dismiss")
    other.wait_for(lambda: not other.is_up("card"))
    page.driver.switch_to.window(first)
    page.wait_for(lambda: not page.is_up("card"))
    assert len(page.rows()) == 1
    assert console(page.driver) == []


def test_fifth_tab_retires_the_first_which_can_come_back(page: Page, desk: Desk) -> None:
    first = page.driver.current_window_handle
    for _ in range(4):
        page.second_tab()
    page.driver.switch_to.window(first)
    page.wait_for(lambda: page.text("status-word") == "已在别处打开")
    page.click("idle-action")
    page.wait_for(lambda: page.text("status-word") == "正在聆听")


def test_what_was_heard_is_never_markup(page: Page, desk: Desk) -> None:
    desk.show("h1", heard=NASTY, phrase=NASTY, advice=NASTY, standard_title=NASTY, clause=NASTY, clauses=[])
    desk.feed.publish("rules", {"sha256": "x", "packs": [], "error": NASTY})
    desk.feed.publish("desk", {"window_id": NASTY})
    page.wait_for(lambda: page.card_is("h1") and NASTY in page.rows()[0])
    page.wait_for(lambda: page.driver.find_elements(By.CSS_SELECTOR, ".banner-detail"))
    assert page.text("card-heard") == f"“{NASTY}”"
    assert page.driver.execute_script("return window.harmed") is None
    assert page.driver.find_elements(By.CSS_SELECTOR, "main img, .banners img, main script") == []
    assert console(page.driver) == []


def test_page_cannot_be_made_to_run_markup(page: Page) -> None:
    script = "try { document.body.innerHTML = arguments[0]; return 'ran' } catch (error) { return error.name }"
    assert page.driver.execute_script(script, NASTY) == "TypeError"


def test_pause_with_a_reason_and_resume(page: Page, desk: Desk) -> None:
    page.click("pause-more")
    menu = page.driver.switch_to.active_element
    assert menu.text == "离开"
    menu.send_keys(Keys.ARROW_DOWN)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for(lambda: page.text("status-word") == "已暂停")
    page.wait_for(lambda: page.text("status-reason") == "私人谈话")
    assert page.text("idle-title") == "已暂停"
    page.click("pause")
    page.wait_for(lambda: page.text("status-word") == "正在聆听")
    assert desk.told == ["listening", "paused", "listening"]


def test_language_is_switched_everywhere_and_kept(page: Page, desk: Desk) -> None:
    desk.show("h1", shown=False, suppressed="cooldown")
    page.wait_for(lambda: page.card_is("h1"))
    assert "未提示：同一提示刚刚出现过" in page.rows()[0]
    page.click("language")
    page.wait_for(lambda: page.text("status-word") == "Listening")
    assert page.text("card-dismiss") == "Got it"
    assert "Not shown: the same hint had just appeared" in page.rows()[0]
    assert page.driver.execute_script("return document.documentElement.lang") == "en"
    page.open()
    assert page.text("status-word") == "Listening"
    page.open("?lang=zh-CN")
    assert page.text("status-word") == "正在聆听"


def test_no_chinese_of_ours_is_left_in_english(page: Page, desk: Desk) -> None:
    page.open("?lang=en")
    for state in ("listening", "paused", "microphone-lost", "starting", "stopped"):
        desk.become(state)
        page.wait_for(
            lambda state=state: page.driver.execute_script("return document.body.dataset.state") == state
        )
        words = page.driver.find_element(By.TAG_NAME, "body").text.replace("中文", "")
        assert [one for one in words if "\u4e00" <= one <= "\u9fff"] == []


def test_lost_microphone_is_said_and_the_gap_is_named(page: Page, desk: Desk) -> None:
    desk.become("microphone-lost", since_utc=utc(15))
    page.wait_for(lambda: page.driver.find_elements(By.CSS_SELECTOR, ".banner[data-code=microphone-lost]"))
    assert "检查麦克风插头" in page.text("banners")
    assert page.text("status-word") == "麦克风断开"
    desk.become("listening")
    page.wait_for(lambda: "没有听到" in page.text("banners"))
    assert "（00:15）" in page.text("banners")
    page.driver.find_element(By.CSS_SELECTOR, ".banner button").click()
    page.wait_for(lambda: page.text("banners") == "")


def test_what_is_wrong_with_two_microphones_is_said_in_both_languages(page: Page, desk: Desk) -> None:
    desk.become("listening")
    codes = ["microphones-swapped", "visitor-microphone-lost", "staff-microphone-silent"]
    desk.feed.publish("health", {"heard_s": 75.0, "notes": codes})
    page.wait_for(lambda: len(page.driver.find_elements(By.CSS_SELECTOR, ".banner")) == len(codes))
    shown = page.text("banners")
    assert "两支麦克风好像放反了" in shown and "不认定是谁说的" in shown
    assert "群众那边的麦克风断开" in shown and "工作人员的麦克风没有声音" in shown
    page.click("language")
    page.wait_for(lambda: "seem to be swapped" in page.text("banners"))
    assert "The visitor's microphone is gone" in page.text("banners")
    assert [one for one in page.text("banners") if "\u4e00" <= one <= "\u9fff"] == []
    desk.feed.publish("health", {"heard_s": 76.0, "notes": []})
    page.wait_for(lambda: page.text("banners") == "")


def test_what_the_hall_published_and_is_not_in_force_is_said_until_it_is_or_is_put_away(
    page: Page, desk: Desk
) -> None:
    desk.become("listening")
    well = {"refused": "", "number": 3, "waits": False}
    refused = {"refused": "release-tampered", "number": 4, "waits": False}
    desk.feed.publish("fleet", {"rules": refused, "settings": {**well, "waits": True}})
    page.wait_for(lambda: len(page.driver.find_elements(By.CSS_SELECTOR, ".banner")) == 2)
    shown = page.text("banners")
    assert "大厅下发的规则没有采用" in shown
    assert "编号 4：签名和内容对不上" in shown
    assert "下次启动后生效" in shown
    page.click("language")
    page.wait_for(lambda: "they hold from the next start on" in page.text("banners"))
    assert [one for one in page.text("banners") if "\u4e00" <= one <= "\u9fff"] == []
    # A clerk can do nothing about it: once read it stays away, until there is something else to say.
    for _ in range(2):
        page.driver.find_element(By.CSS_SELECTOR, ".banner button").click()
    page.wait_for(lambda: page.text("banners") == "")
    unknown = {"refused": "bad-rules", "number": 5, "waits": False}
    desk.feed.publish("fleet", {"rules": unknown, "settings": {**well, "waits": True}})
    page.wait_for(lambda: "bad-rules" in page.text("banners"))
    assert len(page.driver.find_elements(By.CSS_SELECTOR, ".banner")) == 1
    desk.feed.publish("fleet", {"rules": well, "settings": well})
    page.wait_for(lambda: page.text("banners") == "")


def test_trouble_is_shown_with_a_remedy_until_it_is_over(page: Page, desk: Desk) -> None:
    desk.feed.publish("rules", {"sha256": "x", "packs": [], "error": "Pack a.toml, phrase 7: no."})
    desk.feed.publish(
        "health", {"heard_s": 75.0, "lost_s": 2.0, "windows_skipped": 3, "notes": ["store-failing", "new-code"]}
    )
    page.wait_for(lambda: len(page.driver.find_elements(By.CSS_SELECTOR, ".banner")) == 3)
    shown = page.text("banners")
    assert "仍在使用上一份正确的规则" in shown and "Pack a.toml, phrase 7: no." in shown
    assert "检查磁盘空间" in shown and "new-code" in shown
    assert page.text("figures").split() == ["已听", "01:15", "漏听", "00:02", "跳过", "3", "次识别"]
    desk.feed.publish("rules", {"sha256": "y", "packs": [], "error": None})
    desk.feed.publish("health", {"heard_s": 80.0, "lost_s": 2.0, "windows_skipped": 3, "notes": []})
    page.wait_for(lambda: page.text("banners") == "")


def test_page_comes_back_when_the_server_does(page: Page, desk: Desk) -> None:
    port = desk.server.port
    desk.server.stop()
    page.wait_for(lambda: page.text("status-word") == "正在重新连接")
    desk.entries.append(an_entry("h7"))
    desk.server = ScreenServer(desk.app, port)
    desk.server.start()
    page.wait_for(lambda: page.text("status-word") == "正在聆听")
    page.wait_for(lambda: len(page.rows()) == 1)


def test_page_of_an_older_run_says_that_its_address_has_expired(page: Page, desk: Desk) -> None:
    deaf = DeskControl(
        pause=lambda: None,
        resume=lambda: None,
        false_alarm=lambda _: False,
        dismiss=lambda _: False,
        today=lambda: [],
        call_help=lambda: None,
    )
    port = desk.server.port
    desk.server.stop()
    desk.server = ScreenServer(build_app(Feed(), deaf, "another-token", "zh-CN"), port)
    desk.server.start()
    page.wait_for(lambda: page.text("status-word") == "地址已失效")


def test_events_that_were_dropped_are_caught_up_with(page: Page, desk: Desk) -> None:
    desk.show("h1")
    page.wait_for(lambda: len(page.rows()) == 1)
    # The event about this entry never reached the tab; the next one says so.
    desk.entries.append(an_entry("h2"))
    desk.feed.publish("health", {"heard_s": 1.0, "notes": [], "gap": True})
    page.wait_for(lambda: len(page.rows()) == 2)
    assert page.card_is("h1")


def test_long_list_is_shown_in_steps_and_keeps_focus(page: Page, desk: Desk) -> None:
    desk.entries += [an_entry(f"h{n}", ago_s=n) for n in range(120)]
    page.open()
    page.wait_for(lambda: len(page.rows()) == 50)
    page.driver.execute_script("document.querySelector('.row[data-hit-id=h3] button').focus()")
    desk.show("new")
    page.wait_for(lambda: page.driver.find_elements(By.CSS_SELECTOR, ".row[data-hit-id=new]"))
    focused = "return document.activeElement.closest('.row')?.dataset.hitId"
    assert page.driver.execute_script(focused) == "h3"
    page.click("today-more")
    page.wait_for(lambda: len(page.rows()) == 100)


def test_everything_can_be_reached_with_the_keyboard(page: Page, desk: Desk) -> None:
    desk.show("h1")
    page.wait_for(lambda: page.card_is("h1"))
    page.driver.execute_script("document.activeElement.blur()")
    reached = []
    for _ in range(12):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(page.driver.switch_to.active_element.get_dom_attribute("id"))
        if reached[-1] == "card-dismiss":
            break
    assert [one for one in reached if one] == ["pause", "pause-more", "help", "language", "card-dismiss"]
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for(lambda: not page.is_up("card"))
    assert page.driver.switch_to.active_element.get_dom_attribute("id") == "stage"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("severity", ["low", "medium", "high"])
def test_text_stands_out_from_its_ground(page: Page, desk: Desk, scheme: str, severity: str) -> None:
    pretend(page.driver, 1280, 800, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    desk.show("h1", severity=severity, state="tentative", shown=False, suppressed="cooldown")
    desk.feed.publish("health", {"heard_s": 9.0, "notes": ["store-failing"]})
    desk.feed.publish("rules", {"sha256": "x", "packs": [], "error": "Pack a.toml: no."})
    page.wait_for(lambda: page.card_is("h1") and page.text("banners") != "" and len(page.rows()) == 1)
    poor = page.driver.execute_script(CONTRAST)
    assert poor == []


@pytest.mark.parametrize("width", [360, 640, 1060, 1920])
def test_nothing_is_cut_off_or_scrolls_sideways(page: Page, desk: Desk, width: int) -> None:
    pretend(page.driver, width, 800, prefers_color_scheme="light")
    desk.show("h1", heard="这里没有断开的地方" * 12, advice="abcdefghijklmnop" * 8)
    page.wait_for(lambda: page.card_is("h1"))
    scroll, inner = page.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert scroll <= inner
    for element_id in ("card", "card-say", "card-heard", "today-rows"):
        element = page.driver.find_element(By.ID, element_id)
        assert int(element.get_property("scrollWidth")) <= int(element.get_property("clientWidth")), element_id
    for element_id in ("pause", "help", "language", "card-dismiss", "card-false-alarm"):
        box = page.driver.find_element(By.ID, element_id).rect
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_card_comes_into_view_when_the_list_is_scrolled(page: Page, desk: Desk) -> None:
    pretend(page.driver, 380, 720, prefers_color_scheme="light")
    desk.entries += [an_entry(f"h{n}", ago_s=n) for n in range(40)]
    page.open()
    page.wait_for(lambda: len(page.rows()) == 40)
    page.driver.execute_script("scrollTo(0, 2000)")
    desk.show("new")
    page.wait_for(lambda: page.card_is("new"))
    top = "return document.getElementById('card').getBoundingClientRect().top"
    page.wait_for(lambda: 0 <= page.driver.execute_script(top) < 100)
