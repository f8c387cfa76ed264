"""The page of a night in a real browser, opened as a file: plots are drawn, clips play, no more is loaded."""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from browser_driver import console, make_driver, pretend
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait
from staff_page_parts import CONTRAST

import golden_recordings
from deskguard.night.report import page_parts
from deskguard.night.report.clips import Cut, cut
from deskguard.night.report.figures import figures_of
from deskguard.night.report.write import write_reports
from deskguard.values import SAMPLE_RATE_HZ
from night_report_values import NASTY, the_findings, the_told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

    from deskguard.night.told import Told

pytestmark = pytest.mark.browser

CLIPS = 12
COLOURS = """
return [...document.querySelectorAll(".plot")].map((plot) => {
  const canvas = plot.querySelector("canvas");
  const { width, height } = canvas;
  const seen = new Map();
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  for (let at = 0; at < pixels.length; at += 4) {
    if (!pixels[at + 3]) continue;
    const colour = `${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`;
    seen.set(colour, (seen.get(colour) || 0) + 1);
  }
  const many = [...seen.values()];
  const drawn = many.reduce((a, b) => a + b, 0);
  return { name: plot.dataset.plot, width, colours: many.filter((one) => one > 20).length, drawn };
});
"""
PLAY = """
const [audio, done] = arguments;
audio.play().then(() => {
  const look = () => (audio.currentTime > 0.2
    ? done({ ready: audio.readyState, duration: audio.duration, at: audio.currentTime })
    : setTimeout(look, 50));
  look();
}, (error) => done({ error: `${error.name}: ${error.message}` }));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("night")


@pytest.fixture(scope="module")
def told(folder: Path) -> Told:
    """The night with clips cut from a real recording."""
    cuts = [
        Cut(
            finding_id=one.finding_id,
            start_sample=(3 + at) * SAMPLE_RATE_HZ,
            end_sample=(5 + at) * SAMPLE_RATE_HZ,
        )
        for at, one in enumerate(the_findings()[:CLIPS])
    ]
    clips = cut(golden_recordings.FOLDER / "demo_counter.flac", cuts, folder)
    assert len(clips) == CLIPS
    told = the_told(folder, clips=clips)
    write_reports(told, folder)
    return told


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    driver = make_driver(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: WebDriver, told: Told, folder: Path) -> WebDriver:
    return opened(browser, folder)


def opened(browser: WebDriver, folder: Path, width: int = 1280, scheme: str = "light") -> WebDriver:
    pretend(browser, width, 900, prefers_color_scheme=scheme)
    console(browser)
    browser.get((folder / "report.html").as_uri())
    return browser


def found(page: WebDriver, selector: str) -> list[Any]:
    return page.find_elements(By.CSS_SELECTOR, selector)


def visible(page: WebDriver) -> list[Any]:
    return found(page, ".entry:not([hidden])")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_plot_is_drawn_and_nothing_complains(
    browser: WebDriver, told: Told, folder: Path, scheme: str
) -> None:
    page = opened(browser, folder, scheme=scheme)
    drawn = page.execute_script(COLOURS)
    assert [one["name"] for one in drawn] == [
        *("windows", "trend-day", "trend-week", "trend-month", "items", "time"),
    ]
    for one in drawn:
        assert one["width"] > 300
        # Text, lines of the grid, and at least two colours of the plot.
        assert one["colours"] >= 4, one
        assert one["drawn"] > 3000, one
    assert console(page) == []


def test_clips_play(page: WebDriver) -> None:
    players = found(page, "audio")
    assert len(players) == CLIPS
    page.find_element(By.TAG_NAME, "h1").click()
    played = page.execute_async_script(PLAY, players[0])
    assert played.get("error") is None
    assert played["ready"] >= 2
    assert played["duration"] == pytest.approx(6, abs=0.2)
    other = page.execute_async_script(PLAY, players[1])
    assert other.get("error") is None
    # One clip at a time.
    assert page.execute_script("return arguments[0].paused && !arguments[1].paused", *players[:2])
    assert console(page) == []


def test_clips_beside_the_page_play(
    browser: WebDriver, told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_parts, "MOST_EMBEDDED_BYTES", 0)
    write_reports(told, folder)
    try:
        page = opened(browser, folder)
        page.find_element(By.TAG_NAME, "h1").click()
        player = found(page, "audio")[0]
        assert player.get_attribute("src").startswith("file:")
        played = page.execute_async_script(PLAY, player)
        assert played.get("error") is None and played["duration"] == pytest.approx(6, abs=0.2)
        assert console(page) == []
    finally:
        monkeypatch.undo()
        write_reports(told, folder)


class Listener:
    """A server that counts who comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_no_network_is_asked_whatever_was_heard(
    browser: WebDriver, told: Told, folder: Path, tmp_path: Path
) -> None:
    listener = Listener()
    try:
        words = f'<img src="{listener.url}a"><link rel=stylesheet href="{listener.url}b">"\'><svg onload=x>'
        first = told.night.findings[0]
        findings = (replace(first, evidence=words, title=words, advice=words), *told.night.findings[1:])
        nasty = replace(told, night=replace(told.night, findings=findings))
        write_reports(nasty, tmp_path)
        page = opened(browser, tmp_path)
        assert any(words in one.text for one in found(page, "blockquote"))
        loaded = page.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
        assert [one for one in loaded if not one.startswith("data:")] == []
        assert console(page) == []
        # Even script of ours could not.
        script = (
            "const done = arguments[1]; fetch(arguments[0]).then(() => done('came'), () => done('refused'))"
        )
        assert page.execute_async_script(script, listener.url) == "refused"
        page.execute_script("new Image().src = arguments[0]", listener.url)
        page.execute_script("navigator.sendBeacon(arguments[0])", listener.url)
        WebDriverWait(page, 5).until(lambda _: len(console(page)) > 0)
        assert listener.asked == []
    finally:
        listener.server.shutdown()
        listener.server.server_close()


def test_what_was_heard_is_never_markup(page: WebDriver) -> None:
    assert any(one.text == NASTY for one in found(page, "blockquote"))
    assert page.execute_script("return window.harmed") is None
    assert found(page, "main img, main script") == []


def test_filters_show_what_fits_and_say_how_many(page: WebDriver, told: Told) -> None:
    totals = figures_of(told).totals
    assert len(visible(page)) == totals.findings
    assert page.find_element(By.ID, "shown").text == f"显示 {totals.findings} 条，共 {totals.findings} 条"
    Select(page.find_element(By.NAME, "code")).select_by_value("=counted")
    assert len(visible(page)) == totals.counted
    Select(page.find_element(By.NAME, "window")).select_by_value("=w1")
    assert {one.get_attribute("data-window") for one in visible(page)} == {"w1"}
    Select(page.find_element(By.NAME, "window")).select_by_value("=")
    assert {one.get_attribute("data-window") for one in visible(page)} == {""}
    Select(page.find_element(By.NAME, "rule")).select_by_value("=B1")
    assert visible(page) == []
    assert page.find_element(By.ID, "nothing").text == "没有符合条件的。"
    page.find_element(By.CSS_SELECTOR, "#filters button").click()
    WebDriverWait(page, 5).until(lambda _: len(visible(page)) == totals.findings)
    Select(page.find_element(By.NAME, "state")).select_by_value("=overturned")
    assert [one.get_attribute("data-state") for one in visible(page)] == ["overturned"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_text_can_be_read_on_any_screen(
    browser: WebDriver, told: Told, folder: Path, width: int, scheme: str
) -> None:
    page = opened(browser, folder, width, scheme)
    page.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert page.execute_script(CONTRAST) == []
    # Nothing sticks out to the side.
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_everything_can_be_reached_and_has_a_name(page: WebDriver) -> None:
    unnamed = page.execute_script(
        """
        const named = (one) => one.getAttribute("aria-label") || one.labels?.length || one.textContent.trim();
        return [...document.querySelectorAll("audio, select, button, a, summary, [role=img]")]
          .filter((one) => one.checkVisibility() && !named(one)).map((one) => one.outerHTML);
        """
    )
    assert unnamed == []
    for link in found(page, "nav a"):
        assert found(page, link.get_attribute("href").split("#")[1].join(("#", ""))), link.text
    levels = [int(one.tag_name[1]) for one in found(page, "h1, h2, h3, h4")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))


def test_it_prints_as_paper_by_day(browser: WebDriver, told: Told, folder: Path) -> None:
    page = opened(browser, folder, scheme="dark")
    pdf = page.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(pdf["data"]) > 50_000
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    ground = page.execute_script("return getComputedStyle(document.querySelector('.tile')).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    ground = page.execute_script("return getComputedStyle(document.querySelector('.tile')).backgroundColor")
    assert ground != "rgb(255, 255, 255)"
    assert console(page) == []
