"""A desk made of a list and a few functions, and the page as a clerk sees and uses it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from deskguard.desk.screen.app import DeskControl, build_app
from deskguard.desk.screen.feed import Feed
from deskguard.desk.screen.server import ScreenServer, page_url
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

TOKEN = "token-of-this-run"


def utc(ago_s: float = 0.0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()


def an_entry(hit_id: str, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
    entry = {
        "hit_id": hit_id,
        "rule_id": "T01",
        "phrase": "不知道",
        "heard": "我不知道",
        "clause": "第十八条",
        "standard_title": "窗口服务规范",
        "severity": "medium",
        "state": "confirmed",
        "raised_utc": utc(ago_s),
        "shown": True,
        "suppressed": None,
        "false_alarm": False,
        "advice": "我帮您问一下，请稍等。",
        "kind": "phrase",
        "why": {},
        "listed": True,
    }
    return {**entry, **more}


def a_card(hit_id: str, **more: Any) -> dict[str, Any]:
    clause = {"standard": "s003", "title": "窗口服务规范", "clause": "第十八条", "quote": "不得说“不知道”"}
    card = {
        **{
            key: value
            for key, value in an_entry(hit_id).items()
            if key not in ("shown", "suppressed", "false_alarm", "listed")
        },
        "replaces": "",
        "quote": clause["quote"],
        "clauses": [clause],
        "confidence": 0.9,
        "show_s": 60.0,
        "raised_epoch_ms": time.time() * 1000,
    }
    return {**card, **more}


class Desk:
    """A window with a screen: what a pipeline and a store would do, done with a list."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.entries: list[dict[str, Any]] = []
        self.told: list[str] = []
        self.failure: DeskguardError | None = None
        self.is_supervisor_there = False
        control = DeskControl(
            pause=lambda: self.become("paused"),
            resume=lambda: self.become("listening"),
            false_alarm=self.false_alarm,
            dismiss=self.dismiss,
            today=lambda: list(self.entries),
            call_help=self.call_help,
        )
        self.app = build_app(self.feed, control, TOKEN, "zh-CN")
        self.server = ScreenServer(self.app, 0)
        self.feed.publish("desk", {"window_id": "window-3"})
        self.become("listening")

    @property
    def url(self) -> str:
        return page_url(self.server.port, TOKEN)

    def become(self, state: str, since_utc: str | None = None) -> None:
        self.told.append(state)
        self.feed.publish("state", {"state": state, "since_utc": since_utc or utc(), "notes": []})

    def call_help(self) -> None:
        if self.failure:
            raise self.failure
        self.told.append("help")
        self.feed.publish("help", {"at_utc": utc(), "by": "button", "is_reached": self.is_supervisor_there})

    def dismiss(self, hit_id: str) -> bool:
        self.told.append(f"dismiss {hit_id}")
        self.feed.publish("card_gone", {"hit_id": hit_id, "reason": "dismissed"})
        return True

    def false_alarm(self, hit_id: str) -> bool:
        if self.failure:
            raise self.failure
        self.told.append(f"false-alarm {hit_id}")
        for entry in self.entries:
            if entry["hit_id"] == hit_id:
                entry["false_alarm"] = True
                self.feed.publish("today", {"entry": entry})
        self.feed.publish("card_gone", {"hit_id": hit_id, "reason": "false-alarm"})
        return True

    def show(self, hit_id: str, **more: Any) -> None:
        entry = an_entry(hit_id, **{key: more[key] for key in more if key in an_entry("")})
        self.entries.append(entry)
        self.feed.publish("today", {"entry": entry})
        self.feed.publish("card", a_card(hit_id, **more))


class Page:
    """What a clerk sees and does."""

    def __init__(self, driver: WebDriver, desk: Desk) -> None:
        self.driver = driver
        self.desk = desk

    def open(self, query: str = "") -> None:
        self.driver.get(self.desk.url + query)
        self.wait_for(lambda: self.text("window-id") == "window-3")

    def wait_for(self, holds: Any, within_s: float = 10) -> None:
        WebDriverWait(self.driver, within_s, poll_frequency=0.02).until(lambda _: holds())

    def text(self, element_id: str) -> str:
        return self.driver.find_element(By.ID, element_id).text

    def is_up(self, element_id: str) -> bool:
        return self.driver.find_element(By.ID, element_id).is_displayed()

    def click(self, element_id: str) -> None:
        self.driver.find_element(By.ID, element_id).click()

    def card_is(self, hit_id: str) -> bool:
        return (
            self.is_up("card")
            and self.driver.find_element(By.ID, "card").get_dom_attribute("data-hit-id") == hit_id
        )

    def rows(self) -> list[str]:
        script = "return [...document.querySelectorAll('#today-rows .row')].map((row) => row.innerText)"
        return list(self.driver.execute_script(script))

    def second_tab(self) -> Page:
        self.driver.switch_to.new_window("tab")
        other = Page(self.driver, self.desk)
        other.open()
        return other


# Every visible piece of text against the first opaque ground under it; WCAG AA: 4.5, or 3 for large text.
CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (rgb) => {
  const [r, g, b] = rgb.slice(0, 3).map((one) => {
    const ratio = one / 255;
    return ratio <= 0.03928 ? ratio / 12.92 : ((ratio + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = parse(getComputedStyle(one).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const poor = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility() || element.closest(".unseen, button:disabled")) continue;
  const style = getComputedStyle(element);
  const [one, other] = [light(parse(style.color)), light(ground(element))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) poor.push(`${element.className || element.id}: ${ratio.toFixed(2)}`);
}
return poor;
"""
