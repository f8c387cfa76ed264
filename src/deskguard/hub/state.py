"""What every route of the hall is given: one value, made once when the server starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

    from deskguard.hub.oidc.provider import Provider
    from deskguard.hub.store.opening import HubStore
    from deskguard.scoring.store import NightStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HubState:
    """The open store, where files lie, and how the server stands in the network."""

    store: HubStore
    night: NightStore
    data: Path
    """Holds secrets, packs, clips and backups; the user's alone."""
    now: Callable[[], datetime]
    """UTC; the hall's only clock."""
    base_path: str = ""
    """What stands before every path where a proxy serves the hall below one: "/hall"."""
    secure_cookies: bool = False
    """Whether browsers reach the hall by TLS."""
    behind_proxy: bool = False
    demo: bool = False
    """Whether what is shown is made up; every page says so."""
    oidc: Provider | None = None
    """Where people may log in besides; None: nowhere."""

    @property
    def has_passwords(self) -> bool:
        """Whether the hall's own passwords open it."""
        return self.oidc is None or self.oidc.settings.passwords

    def today(self) -> date:
        """The day it is in the hall, by this computer's time zone; UTC has another one for some hours."""
        return self.now().astimezone().date()
