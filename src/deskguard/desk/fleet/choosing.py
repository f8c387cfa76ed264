"""Which rules a desk listens for: those of the command line, else the hub's, else those of its settings.

The hub's come and change while the desk runs, so the watcher asks anew where they are each time it looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from deskguard.rules.watch import PackWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from deskguard.rules.ruleset import RuleSet


class FollowingWatcher:
    """A PackWatcher of wherever the rules lie now."""

    def __init__(self, where: Callable[[], Sequence[Path]], only: Sequence[str] = ()) -> None:
        """`where` is asked at each look and must be cheap."""
        self._where = where
        self._only = tuple(only)
        self._paths = tuple(where())
        self._watcher = PackWatcher(self._paths, self._only)

    def poll(self) -> RuleSet | DeskguardError | None:
        """As PackWatcher: new rules, the error (once) when they are bad, None when nothing changed."""
        paths = tuple(self._where())
        if paths == self._paths:
            return self._watcher.poll()
        self._paths = paths
        self._watcher = PackWatcher(paths, self._only)
        try:
            return load_packs(paths, self._only)
        except DeskguardError as error:
            return error
