"""Clips cut beside the examining, so that a night does not end with an hour of cutting.

Nothing hangs on it: what is not there when the reports are written is cut then, and what is wrong is told then.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.night.telling import clips_of_recording
from deskguard.scoring.values import SAID

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from deskguard.scoring.store import NightStore
    from deskguard.scoring.values import Examined, Finding


class Cutting:
    """One thread that cuts for one run; to be finished, or else stopped."""

    def __init__(self, store: NightStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._pool = ThreadPoolExecutor(1, "deskguard-clips")
        self._under_way: list[Future[None]] = []

    def take(self, examined: Examined) -> None:
        """Have the clips of a recording cut that has just been kept."""
        if any(one.kind != SAID for one in examined.findings):
            self._under_way.append(self._pool.submit(self._cut, examined))

    def finish(self) -> None:
        """Wait for all of them."""
        for one in self._under_way:
            one.result()
        self.stop()

    def stop(self) -> None:
        """Cut nothing more than what is begun."""
        self._pool.shutdown(cancel_futures=True)

    def _cut(self, examined: Examined) -> None:
        # As they are kept: a finding that was known already has the name it had.
        places = {_place(one) for one in examined.findings if one.kind != SAID}
        kept = self._store.findings_of(examined.recording.sha256)
        found = [one for one in kept if _place(one) in places]
        with suppress(DeskguardError):
            clips_of_recording(examined.recording, found, examined.spoken, self._folder)


def _place(finding: Finding) -> tuple[str, str, int, int]:
    """What tells a finding from others of its recording, whatever name it has."""
    return finding.rule_id, finding.kind, finding.start_sample, finding.end_sample
