"""A thread that asks the hub now and then whether there are newer rules or settings, and takes them.

The desk asks; nobody can reach into it. A hub that cannot be reached changes nothing: the desk goes on with
what it has and asks again, ever more rarely up to a bound.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.desk.fleet.adopting import Adopter, News

log = logging.getLogger(__name__)

PATH = "/api/v1/fleet/pull"
_MOST_WAIT_S = 900.0


class Puller:
    """Asks every `every_s` seconds until it is stopped."""

    def __init__(
        self,
        adopter: Adopter,
        post: Callable[[str, dict[str, Any]], Any],
        tell: Callable[[News], None],
        *,
        version: str,
        every_s: float,
    ) -> None:
        """`post` sends JSON to a path of the hub and returns the JSON answered, or raises DeskguardError;
        `tell` gets what became of each release."""
        self._adopter = adopter
        self._post = post
        self._tell = tell
        self._version = version
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
        self._failing = ""

    def start(self) -> None:
        """Begin to ask; at once for the first time."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being taken is taken to its end."""
        self._ended.set()
        self._thread.join(5.0)

    def pull(self) -> bool:
        """Ask once; False when the hub could not be asked."""
        try:
            answer = self._post(PATH, self._adopter.question(self._version).model_dump(mode="json"))
        except DeskguardError as error:
            if error.code != self._failing:
                log.info("the hub cannot be asked for rules: %s", error.code)
            self._failing = error.code
            return False
        self._failing = ""
        for news in self._adopter.take(answer):
            log.log(
                logging.INFO if news.outcome == "adopted" else logging.WARNING,
                "%s of the hub %s: %s", news.kind, news.outcome, news.told,
            )  # fmt: skip
            self._tell(news)
        return True

    def _run(self) -> None:
        wait_s = 0.0
        while not self._ended.wait(wait_s):
            try:
                is_reached = self.pull()
            except Exception:
                # Rules of the hub must not keep a desk from listening; the next time may go well.
                log.exception("rules of the hub could not be taken")
                is_reached = False
            wait_s = self._every_s if is_reached else min(max(wait_s, self._every_s) * 2, _MOST_WAIT_S)
