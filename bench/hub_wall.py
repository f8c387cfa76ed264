"""How soon the wall of 300 windows is there, and how long a browser is busy with its news.

    python bench/hub_wall.py [--windows 300] [--opens 10] [--seconds 30]

The real server in a process of its own, a headless Chromium on the same two cores. Every window has told its
state and its queue; while one looks on, each tells one event in 5 s. First paint is the browser's own (first
contentful paint, from the beginning of the navigation); `all there` is when every window has its tile. An
update's work is all tasks of the page's main thread, divided by the updates it was sent; `longest` is the
longest single task after loading, as the browser reports those over 50 ms (0: there was none).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import heading, save
from deskguard.hub.accounts import sessions
from deskguard.wire.batch import Head, pack
from deskguard.wire.ulid import new_ulid
from hub_feed import a_hub, an_event, at

WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration);
}).observe({ entryTypes: ["longtask"] });
window.updates = 0;
const plain = window.EventSource;
window.EventSource = class extends plain {
  addEventListener(name, heard, ...more) {
    super.addEventListener(name, (news) => { window.updates += 1; return heard(news); }, ...more);
  }
  set onmessage(heard) { super.onmessage = (news) => { window.updates += 1; return heard(news); }; }
};
new MutationObserver((_, self) => {
  if (document.querySelectorAll(".tile").length < %d) return;
  window.thereMs = performance.now();
  self.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


class Desks(threading.Thread):
    """Windows that tell one event in 5 s each, until stopped."""

    def __init__(self, url: str, desks: list[tuple[str, str]]) -> None:
        super().__init__(daemon=True)
        self._url, self._desks = url, desks
        self.ready, self.over = threading.Event(), threading.Event()

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        import httpx

        limits = httpx.Limits(max_connections=16, max_keepalive_connections=16)
        async with httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=60, limits=limits) as client:
            streams = {desk: new_ulid(datetime.now(UTC)) for desk, _ in self._desks}
            seq = 0
            while not self.over.is_set():
                begun_s = time.monotonic()
                for place, (desk, key) in enumerate(self._desks):
                    events = self._first(place) if seq == 0 else [an_event(seq + 1, (place + seq) % 4)]
                    head = Head(desk_id=desk, stream=streams[desk], sent=datetime.now(UTC))
                    headers = {"authorization": f"Bearer {key}", "content-encoding": "gzip"}
                    await client.post("/api/v1/events", content=pack(head, events), headers=headers)
                    if seq:
                        due_s = begun_s + 5 * place / len(self._desks)
                        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                    if self.over.is_set():
                        return
                seq += 2 if seq == 0 else 1
                self.ready.set()

    def _first(self, place: int) -> list[str]:
        now = datetime.now(UTC)
        base = {"v": 1, "at": now.isoformat()}
        state = {**base, "id": new_ulid(now), "seq": 1, "kind": "state", "state": "listening"}
        queue = {
            **base,
            "id": new_ulid(now),
            "seq": 2,
            "kind": "queue",
            "waiting": place % 9,
            "longest_s": 60.0,
        }
        return [json.dumps(state), json.dumps(queue)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--opens", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    print(heading("no model, the hall's wall"))
    from browser_driver import make_driver

    figures: dict[str, Any] = {}
    with a_hub("sqlite") as hub, tempfile.TemporaryDirectory(prefix="deskguard-bench-") as folder:
        desks = Desks(hub.url, hub.desks(options.windows))
        desks.start()
        assert desks.ready.wait(120), "the desks could not tell their state"
        driver = make_driver(Path(folder))
        try:
            driver.get(f"{hub.url}/static/hub.css")
            driver.add_cookie({"name": sessions.COOKIE, "value": hub.cookie()})
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH % options.windows})
            driver.execute_cdp_cmd("Performance.enable", {})
            for how in ("/wall", "/wall?wall=1"):
                figures[how] = _looked_at(driver, hub.url + how, options)
                print(how, figures[how])
        finally:
            driver.quit()
            desks.over.set()
    save("hub_wall", figures)


def _looked_at(driver: Any, url: str, options: argparse.Namespace) -> dict[str, float]:
    paint, there = [], []
    for _ in range(options.opens):
        driver.get(url)
        time.sleep(1.0)
        asked = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
        paint.append(float(driver.execute_script(asked)))
        there.append(float(driver.execute_script("return window.thereMs")))
    time.sleep(2.0)
    driver.execute_script("window.longest = 0; window.updates = 0")
    before = _task_s(driver)
    time.sleep(options.seconds)
    busy_s = _task_s(driver) - before
    updates = int(driver.execute_script("return window.updates"))
    return {
        "first_paint_ms_p50": round(at(sorted(paint), 0.5)),
        "first_paint_ms_max": round(max(paint)),
        "all_there_ms_p50": round(at(sorted(there), 0.5)),
        "all_there_ms_max": round(max(there)),
        "updates": updates,
        "main_thread_ms_each": round(1000 * busy_s / max(1, updates), 1),
        "longest_task_ms": round(float(driver.execute_script("return window.longest"))),
    }


def _task_s(driver: Any) -> float:
    found = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))


if __name__ == "__main__":
    main()
