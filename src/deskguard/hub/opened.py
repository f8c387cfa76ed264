"""Options to an open hall: its store and the one state that all routes share."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deskguard.hub.oidc.config import load
from deskguard.hub.oidc.provider import Provider
from deskguard.hub.state import HubState
from deskguard.hub.store.opening import FILE_NAME, HubStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deskguard.hub.options import HubOptions


def place_of(options: HubOptions) -> str:
    """Where the database lies: as named, else a file in the data folder."""
    return options.db or str(options.folder / FILE_NAME)


@contextmanager
def opened_store(options: HubOptions, *, create: bool = True) -> Iterator[HubStore]:
    """The hall's store, closed at the end; raises DeskguardError."""
    store = HubStore.open(place_of(options), options.folder, options.database_password(), create=create)
    try:
        yield store
    finally:
        store.close()


def utc_now() -> datetime:
    """The wall clock of this computer: the one place where the hall reads it."""
    return datetime.now(UTC)


def state_of(
    store: HubStore, data: Path, options: HubOptions, now: Callable[[], datetime] = utc_now
) -> HubState:
    """All that routes are given; raises DeskguardError for an OIDC file that cannot be used."""
    return HubState(
        store=store,
        night=store.night,
        data=data,
        now=now,
        base_path=options.base_path,
        secure_cookies=options.has_tls or options.behind_proxy,
        behind_proxy=options.behind_proxy,
        demo=options.demo,
        oidc=None if options.oidc is None else Provider(load(options.oidc)),
    )
