"""A headless Chromium for the tests that look at the staff page; skips with a reason where there is none."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.remote.webdriver import WebDriver

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,800",
)


def make_driver(profile: Path) -> WebDriver:
    """A browser with a profile folder of its own; `quit()` it at the end. Its console is kept for `console`."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # Proxies of the environment must not stand between the driver and loopback.
    service = webdriver.ChromeService(chromedriver, env={**os.environ, "no_proxy": "*", "NO_PROXY": "*"})
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(20)
    return driver


def console(driver: WebDriver) -> list[str]:
    """What the page complained about since the last call: warnings and errors."""
    lines: list[dict[str, str]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [line["message"] for line in lines if line["level"] in ("WARNING", "SEVERE")]


def pretend(driver: WebDriver, width: int, height: int, **features: str) -> None:
    """Set the size of the view and media features, e.g. `prefers_color_scheme="dark"`."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
