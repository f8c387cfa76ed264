"""`health.json`: how the night in a folder stands, for whoever looks from outside.

One JSON object, replaced as a whole, so that a reader never sees half of it. A run that was killed leaves it at
"running"; that `updated_utc` is older than a minute tells so.
"""

from __future__ import annotations

import json
import logging
import math
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from deskguard import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

FILE_NAME = "health.json"
EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NightHealth:
    """One line for the hub."""

    v: int = 1
    state: Literal["running", "done", "failed"] = "running"
    started_utc: str = ""
    """This and the next two: ISO 8601 with offset."""
    updated_utc: str = ""
    ended_utc: str = ""
    """Empty while it runs."""
    done: int = 0
    """Recordings with an outcome in this run."""
    total: int = 0
    """Recordings of this run; what was finished by earlier ones is not among them."""
    not_analysed: int = 0
    """Of those done: without an examination."""
    rate: float = 0.0
    """Hours of audio in an hour; 0 while it is not known."""
    eta_s: float | None = None
    """Seconds to the end at that pace; None while it is not known."""
    exit_status: int | None = None
    """Of the command, once it has ended."""
    version: str = __version__
    """Of deskguard."""
    model: str = ""
    rules_sha256: str = ""


class HealthFile:
    """The file as the run itself writes it; a disk that fails does not stop the night."""

    def __init__(
        self,
        folder: Path,
        health: NightHealth,
        now_utc: Callable[[], str] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now_utc` dates the file for people, `now_s` (monotonic seconds) says how old it is."""
        self._folder = folder
        self._now_utc = now_utc or _utc
        self._now_s = now_s
        self._written_s = -math.inf
        self._fails = False
        self.health = replace(health, started_utc=health.started_utc or self._now_utc())
        self._write()

    def tell(self, **changes: Any) -> None:
        """Note fields of NightHealth; they are written with the next ten seconds' turn."""
        self.health = replace(self.health, **changes)
        if self._now_s() - self._written_s >= EVERY_S:
            self._write()

    def end(self, exit_status: int, **changes: Any) -> None:
        """The run is over: 0 and 3 are "done", all else is "failed"."""
        self.health = replace(
            self.health,
            state="done" if exit_status in (0, 3) else "failed",
            ended_utc=self._now_utc(),
            eta_s=None,
            exit_status=exit_status,
            **changes,
        )
        self._write()

    def _write(self) -> None:
        self._written_s = self._now_s()
        self.health = replace(self.health, updated_utc=self._now_utc())
        fresh = self._folder / f"{FILE_NAME}.new"
        try:
            fresh.write_text(json.dumps(asdict(self.health)) + "\n", encoding="utf-8")
            _replace(fresh, self._folder / FILE_NAME)
        except OSError as error:
            if not self._fails:
                log.warning("%s cannot be written: %s", self._folder / FILE_NAME, error.strerror)
            self._fails = True
        else:
            self._fails = False


def read_health(folder: Path) -> NightHealth | None:
    """What the last run in a folder told; None where there is none, or none that can be read."""
    try:
        told = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        known = {name: told[name] for name in asdict(NightHealth()) if name in told}
        return NightHealth(**known)
    except (OSError, ValueError, TypeError):
        return None


def _replace(fresh: Path, place: Path) -> None:
    """Put the new file in the old one's place; on Windows a reader may hold that for a moment."""
    for _ in range(3):
        with suppress(PermissionError):
            fresh.replace(place)
            return
        time.sleep(0.05)
    fresh.replace(place)


def _utc() -> str:
    # A look at the wall clock: the file is dated for people.
    return datetime.now(UTC).isoformat(timespec="seconds")
