"""A real hall, desks that join it, a real browser: rules are edited, published and pulled over the network."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from browser_driver import console, make_driver
from hall_server import PATIENCE_S, HubProgram, serving
from listening import CLERK_ONLY, Listening
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from sound_server import sound_server, wait_until

from deskguard.desk.fleet.choosing import FollowingWatcher
from deskguard.desk.fleet.opening import open_fleet
from deskguard.desk.reporting import joining
from deskguard.hub.accounts import desk_keys
from deskguard.hub.fleet import library, publishing, rows
from deskguard.hub.fleet.keys import signing_key
from deskguard.hub.store.times import utc_text
from deskguard.rules.pack import load_packs
from deskguard.settings import HubSettings, Settings, WindowSettings
from deskguard.wire.release import Pull
from hub_parts import PASSWORD, Hall, a_hall
from rules_packs import HEADER, entry
from window_parts import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.desk.fleet.adopting import News

PACK = HEADER + entry("我也没办法", say=["我没办法"], examples=["我没办法"])
OTHER = HEADER + entry("不归我管", examples=["这不归我管"])


def keep(hall: Hall, pack: str) -> str:
    origin = library.Origin("test", "", utc_text(hall.clock()))
    with hall.state.store.writing() as connection:
        return library.keep(connection, {"test.toml": pack.encode()}, origin).version


def publish(hall: Hall, version: str, windows: str = "*") -> int:
    order = publishing.Order(
        windows=publishing.windows_of(windows), author="test", note="why", now=hall.clock()
    )
    key = signing_key(hall.state.data)
    with hall.state.store.writing() as connection:
        return publishing.publish_rules(connection, version, order, key).serial


def test_publications_at_the_same_moment_take_numbers_of_their_own(hall: Hall) -> None:
    version = keep(hall, PACK)
    with ThreadPoolExecutor(8) as pool:
        serials = list(pool.map(lambda at: publish(hall, version, f"window-{at}"), range(24)))
    assert sorted(serials) == list(range(1, 25))
    with hall.state.store.reading() as connection:
        for at in range(24):
            assert rows.newest_for(connection, "rules", f"window-{at}") == serials[at]


def test_versions_publications_and_desks_are_kept_as_they_were_given(hall: Hall) -> None:
    version = keep(hall, PACK)
    serial = publish(hall, version, "east-* west-1")
    asked = Pull.model_validate({"version": "1.0", "rules": {"serial": 3, "reason": "bad-rules"}})
    with hall.state.store.writing() as connection:
        for _ in range(2):
            rows.note_asked(connection, "d1", "east-1", asked, utc_text(hall.clock()))
    with hall.state.store.reading() as connection:
        assert rows.files(connection, version) == {"test.toml": PACK.encode()}
        found = rows.publication(connection, serial)
        assert found is not None
        assert (found.windows, found.version) == (("east-*", "west-1"), version)
        assert rows.asked(connection)["d1"].rules["reason"] == "bad-rules"
    assert keep(hall, PACK) == version


def joined_desk(hall: Hall, url: str, data: Path) -> Settings:
    """A desk that has joined as window east-1 over the network."""
    with hall.state.store.writing() as connection:
        code = desk_keys.new_code(connection, "east-1", "test", hall.clock())
    settings = Settings(window=WindowSettings(id="east-1"), hub=HubSettings(pull_every_s=10))
    joining.join(settings, data, url, code)
    return settings


def test_a_desk_that_joins_takes_what_is_published_for_it_and_goes_back_with_it(
    hall: Hall, tmp_path: Path
) -> None:
    data = tmp_path / "desk"
    with serving(hall) as url:
        settings = joined_desk(hall, url, data)
        first, second = keep(hall, PACK), keep(hall, OTHER)
        for version in (first, second, first):
            publish(hall, version, "east-*")
            assert taken(settings, data) == [("adopted", version)]
        assert taken(settings, data) == []
        with hall.state.store.reading() as connection:
            (desk,) = rows.asked(connection).values()
    assert (desk.window_id, desk.rules["serial"], desk.rules["sha256"]) == ("east-1", 3, first)
    (home,) = [one for one in (data / "fleet" / "rules").iterdir() if one.name == first]
    assert (home / "test.toml").read_text(encoding="utf-8") == PACK


def test_what_was_changed_in_the_database_is_refused_by_the_desk(hall: Hall, tmp_path: Path) -> None:
    """Whoever can write the hall's database, but has not its key, gives no desk other rules."""
    import sqlalchemy as sa

    data = tmp_path / "desk"
    with serving(hall) as url:
        settings = joined_desk(hall, url, data)
        first = keep(hall, PACK)
        publish(hall, first)
        assert taken(settings, data) == [("adopted", first)]
        publish(hall, keep(hall, OTHER))
        with hall.state.store.writing() as connection:
            change = "UPDATE hub_publications SET envelope = REPLACE(envelope, '不归我管', '不归你管')"
            assert connection.execute(sa.text(change)).rowcount == 2
        assert taken(settings, data) == [("refused", "")]
    assert (data / "fleet" / "rules" / first / "test.toml").read_text(encoding="utf-8") == PACK


def taken(settings: Settings, data: Path) -> list[tuple[str, str]]:
    """What becomes of a desk's next question, once it has been answered."""
    fleet = open_fleet(settings, data)
    assert fleet is not None
    news: list[News] = []
    try:
        assert fleet.pull(news.append)
    finally:
        fleet.stop()
    return [(one.outcome, one.sha256) for one in news]


def test_a_window_at_work_hears_by_the_rules_that_its_hall_publishes(hall: Hall, tmp_path: Path) -> None:
    data, own = tmp_path / "desk", tmp_path / "own.toml"
    own.write_text(HEADER + entry("我不知道", "T01"), encoding="utf-8")
    with serving(hall) as url:
        settings = joined_desk(hall, url, data)
        fleet = open_fleet(settings, data)
        assert fleet is not None
        where = fleet.rules_from(lambda: [own])
        desk = Desk(tmp_path / "window", where(), watcher=FollowingWatcher(where))
        try:
            assert {one.hit.rule_id for one in desk.hears("我不知道啊")} == {"T01"}
            version = keep(hall, HEADER + entry("去那边排队", "P2", examples=["您先去那边排队"]))
            publish(hall, version, "east-1")
            news: list[News] = []
            assert fleet.pull(news.append)
            assert [one.outcome for one in news] == ["adopted"]
            desk.page.until("rules", lambda payload: payload["sha256"] == load_packs(where()).sha256)
            assert {one.hit.rule_id for one in desk.hears("您先去那边排队")} == {"P2"}
        finally:
            desk.end()
            fleet.stop()


@pytest.mark.browser
def test_a_table_is_edited_and_published_in_the_browser(tmp_path: Path) -> None:
    with a_hall(tmp_path / "data") as hall, serving(hall) as url:
        version = keep(hall, PACK)
        driver = make_driver(tmp_path / "profile")
        try:
            wait = WebDriverWait(driver, PATIENCE_S)
            driver.get(f"{url}/login?next=/rules/version/{version}/table/spellings")
            driver.find_element(By.NAME, "name").send_keys("rule-author")
            driver.find_element(By.NAME, "password").send_keys(PASSWORD)
            driver.find_element(By.CSS_SELECTOR, 'form[action$="/login"] button').click()
            wait.until(lambda page: page.find_elements(By.ID, "add"))
            driver.find_element(By.ID, "add").click()
            fields = driver.find_elements(By.CSS_SELECTOR, "tr[data-new] textarea, tr[data-new] select")
            for field, text in zip(fields, ("test", "P9", "", "你自己看着办"), strict=False):
                field.send_keys(text)
            fields[2].find_elements(By.TAG_NAME, "option")[1].click()
            save = driver.find_element(By.CSS_SELECTOR, "#edit button.main")
            save.click()
            problem = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "[role=alert]"))
            assert "P9" in problem.text
            # What was refused stands there as it was typed.
            fields = driver.find_elements(By.CSS_SELECTOR, "tr[data-new] textarea")
            assert [one.get_property("value") for one in fields][:3] == ["test", "P9", "你自己看着办"]
            fields[1].clear()
            fields[1].send_keys("P1")
            driver.find_element(By.CSS_SELECTOR, "#edit button.main").click()
            wait.until(lambda page: "/against/" in page.current_url)
            assert "你自己看着办" in driver.find_element(By.TAG_NAME, "main").text
            made = driver.current_url.split("/")[5]
            driver.get(f"{url}/rules/version/{made}")
            driver.find_element(By.CSS_SELECTOR, 'form[action$="/publish"] [name=note]').send_keys("why")
            driver.find_element(By.CSS_SELECTOR, 'form[action$="/publish"] button').click()
            wait.until(lambda page: page.current_url.endswith("/fleet"))
            # The 422 of the refused edit is told by the browser, and nothing else.
            assert [one for one in console(driver) if "422" not in one] == []
        finally:
            driver.quit()
        with hall.state.store.reading() as connection:
            (sent,) = rows.publications(connection)
            body = json.loads(json.loads(rows.envelope(connection, sent.serial))["body"])
    assert sent.version == made
    assert "你自己看着办" in body["files"]["test.toml"]


@pytest.mark.sound_server
@pytest.mark.model
@pytest.mark.usefixtures("model_folder")
def test_the_staff_page_of_a_running_desk_says_what_of_the_hall_is_not_in_force(
    hub: HubProgram, tmp_path: Path
) -> None:
    """This desk keeps to packs that the hall's rules lack, and its settings hold from the next start on."""
    data = tmp_path / "data"
    settings = f'{CLERK_ONLY}[rules]\nonly = ["s003"]\n[hub]\npull_every_s = 10\n'
    joining.join(Settings(), data, hub.url, hub.code("east-1"))

    def fleet() -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = desk.get("snapshot")["fleet"]
        return found

    with sound_server(tmp_path) as sound:
        desk = Listening(sound.env, data, settings=settings)
        desk.wait_until_it_listens()
        nothing = {"refused": "", "number": 0, "waits": False}
        assert fleet() == {"rules": nothing, "settings": nothing}
        order = publishing.Order(windows=("*",), author="test", note="why", now=datetime.now(UTC))
        key = signing_key(hub.data)
        with hub.store() as store, store.writing() as connection:
            origin = library.Origin("test", "", utc_text(order.now))
            version = library.keep(connection, {"test.toml": PACK.encode()}, origin).version
            publishing.publish_rules(connection, version, order, key)
            publishing.publish_settings(connection, {"alerts": {"max_per_hour": 3}}, order, key)
        wait_until("both are told", lambda: fleet()["rules"]["refused"] and fleet()["settings"]["waits"])
        assert fleet()["rules"] == {"refused": "bad-rules", "number": 1, "waits": False}
        assert fleet()["settings"] == {"refused": "", "number": 2, "waits": True}
        assert desk.stop() == 0
        desk = Listening(sound.env, data, settings=settings)
        desk.wait_until_it_listens()
        assert fleet()["rules"] == {"refused": "bad-rules", "number": 1, "waits": False}
        assert fleet()["settings"] == {"refused": "", "number": 2, "waits": False}
        assert desk.stop() == 0
