"""What a desk that has joined a hub takes from it: opened at the start, asked for while it runs.

Settings hold from the start on, rules at once. What was taken and is of no use any more, such as rules that a
newer deskguard does not load, leaves the desk's own in force until the hub sends better ones.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from deskguard import __version__
from deskguard.desk.fleet.adopting import Adopter
from deskguard.desk.fleet.pulling import Puller
from deskguard.desk.fleet.shelf import Shelf
from deskguard.errors import DeskguardError
from deskguard.wire.pushed import laid_over

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from deskguard.desk.fleet.adopting import News
    from deskguard.desk.reporting.link import Link
    from deskguard.desk.reporting.membership import Membership
    from deskguard.settings import Settings
    from deskguard.wire.release import Kind

log = logging.getLogger(__name__)


class Fleet:
    """One desk's share of what its hub sends."""

    def __init__(self, settings: Settings, folder: Path, joined: Membership, link: Link) -> None:
        self._link = link
        self._takes = settings.hub.take
        self._every_s = settings.hub.pull_every_s
        self._shelf = Shelf(folder, joined.public_key)
        self._adopter = Adopter(
            self._shelf, joined.public_key, joined.window_id, only=settings.rules.only, takes=self._takes
        )
        self._puller: Puller | None = None
        self._useless: dict[Kind, tuple[int, str]] = {}
        """What was taken and does not load any more: its number and why."""
        self.settings = self._with_hubs(settings)
        """The desk's settings with the hub's laid over."""

    def rules_from(self, own: Callable[[], Sequence[Path]]) -> Callable[[], Sequence[Path]]:
        """Where the rules lie now: the hub's, once there are any that load, else the desk's own."""
        if "rules" not in self._takes:
            return own
        try:
            self._shelf.try_taken(self.settings.rules.only)
        except DeskguardError as error:
            log.warning("rules of the hub are of no use, the desk's own are in force: %s", error)
            self._useless["rules"] = (self._shelf.held("rules").serial, error.code)

        def where() -> Sequence[Path]:
            taken = self._shelf.taken_rules()
            return own() if taken is None else [taken]

        return where

    def start(self, tell: Callable[[News], None]) -> None:
        """Begin to ask the hub; `tell` gets what becomes of each release."""
        self._puller = self._new_puller(tell)
        self._puller.start()

    def pull(self, tell: Callable[[News], None]) -> bool:
        """Ask once, here and now; False when the hub could not be asked."""
        return self._new_puller(tell).pull()

    def standing(self) -> dict[str, dict[str, Any]]:
        """How what the hub publishes stands here, of each kind, for the page; called where `tell` is, or before
        `start`."""
        found = self._adopter.standing()
        for kind, (number, code) in self._useless.items():
            if not found[kind].refused and self._shelf.held(kind).serial == number:
                found[kind] = replace(found[kind], refused=code, number=number)
        return {kind: asdict(one) for kind, one in found.items()}

    def stop(self) -> None:
        """Ask no more."""
        if self._puller is not None:
            self._puller.stop()
        self._link.close()

    def _new_puller(self, tell: Callable[[News], None]) -> Puller:
        return Puller(self._adopter, self._link.post_json, tell, version=__version__, every_s=self._every_s)

    def _with_hubs(self, settings: Settings) -> Settings:
        if "settings" not in self._takes:
            return settings
        try:
            return laid_over(settings, self._shelf.values())
        except DeskguardError as error:
            log.warning("settings of the hub are of no use, the desk's own are in force: %s", error)
            self._useless["settings"] = (self._shelf.held("settings").serial, error.code)
            return settings


def open_fleet(settings: Settings, folder: Path) -> Fleet | None:
    """What a desk takes from its hub; None where it has joined none or takes nothing. Raises DeskguardError."""
    from deskguard.desk.reporting import membership
    from deskguard.desk.reporting.link import Link

    joined = membership.read(folder)
    if joined is None or not joined.public_key or not settings.hub.take:
        return None
    link = Link(settings.hub.url or joined.url, joined.key, settings.hub.ca_file)
    return Fleet(settings, folder, joined, link)
