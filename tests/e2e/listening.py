"""`deskguard listen` as a process of its own, seen through its staff page."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

from sound_server import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


CLERK_ONLY = '[visits]\nchannel = "phone-in"\n'


class Listening:
    """A running desk, by default one that hears the clerk and nobody else; stop it with `stop`, or kill it."""

    def __init__(self, env: Mapping[str, str], data: Path, *options: str, settings: str = CLERK_ONLY) -> None:
        config = data.parent / "deskguard.toml"
        config.write_text(settings, "utf-8")
        options = ("--data", str(data), "--config", str(config), *options)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deskguard", "listen", "--port", "0", *options],
            env=dict(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.printed: list[str] = []
        self.logged: list[str] = []
        for stream, lines in ((self.process.stdout, self.printed), (self.process.stderr, self.logged)):
            threading.Thread(target=lambda s=stream, keep=lines: keep.extend(s), daemon=True).start()

    def wait_until_it_listens(self) -> None:
        wait_until("the address is printed", lambda: self.url or self.process.poll() is not None, 60)
        assert self.process.poll() is None, "".join(self.logged)
        self.wait_for_state("listening")

    @property
    def url(self) -> str:
        found = re.search(r"http://\S+", "".join(self.printed))
        return found.group(0) if found else ""

    def get(self, what: str) -> Any:
        with urllib.request.urlopen(self.url + what, timeout=10) as answer:  # noqa: S310 - our own loopback page
            return json.load(answer)

    def post(self, what: str, **body: str) -> Any:
        host = self.url.split("/")[2]
        request = urllib.request.Request(  # noqa: S310 - our own loopback page
            self.url + what,
            data=json.dumps(body).encode(),
            headers={"Origin": f"http://{host}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def state(self) -> str:
        return str((self.get("snapshot")["state"] or {}).get("state"))

    def wait_for_state(self, state: str, timeout_s: float = 30.0) -> None:
        wait_until(f"the desk is {state}", lambda: self.state() == state, timeout_s)

    def wait_until_it_hears(self) -> None:
        """Until a reading of its health counts sound, and with it whatever was lost before."""
        wait_until("sound is heard", lambda: (self.get("snapshot")["health"] or {}).get("heard_s", 0.0) > 0)

    def lost_s(self) -> float:
        """Seconds of sound lost so far, by the newest reading; there is one from `wait_until_it_hears` on."""
        return float(self.get("snapshot")["health"]["lost_s"])

    def today(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get("today")["entries"]
        return entries

    def wait_for_entry(self, rule_id: str) -> dict[str, Any]:
        wait_until(f"{rule_id} is listed", lambda: any(one["rule_id"] == rule_id for one in self.today()))
        return next(one for one in self.today() if one["rule_id"] == rule_id)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)
