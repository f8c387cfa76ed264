"""Every desk beside what it should have: is it up to date, does it wait, has it refused, has it gone silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from deskguard.hub.accounts import desk_keys
from deskguard.hub.fleet import rows
from deskguard.hub.fleet.publishing import by_window
from deskguard.hub.store.times import utc_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from deskguard.hub.fleet.rows import Asked, Publication
    from deskguard.wire.release import Kind

Standing = Literal["own", "current", "restart", "waiting", "refused", "silent", "never"]
"""own: nothing was published for it; current: it has it; restart: taken, in force from its next start; waiting:
it has not asked since; refused: it keeps the old; silent: it has not asked for long; never: it never asked."""
SILENT_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rules or settings of one desk."""

    standing: Standing
    wanted: Publication | None
    serial: int
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A desk of the fleet."""

    desk_id: str
    window_id: str
    version: str
    """Of deskguard; empty: it never asked."""
    asked_utc: str
    rules: Part
    settings: Part


def desks(connection: Connection, now: datetime) -> list[Desk]:
    """All desks that are enrolled and not revoked, by window."""
    enrolled = [one for one in desk_keys.every(connection) if one["revoked_utc"] is None]
    asked = rows.asked(connection)
    holding = by_window(rows.publications(connection), {one["window_id"] for one in enrolled})
    return [_desk(one, asked.get(one["desk_id"]), holding[one["window_id"]], now) for one in enrolled]


def _desk(
    row: Mapping[str, Any], asked: Asked | None, wanted: Mapping[str, Publication], now: datetime
) -> Desk:
    is_silent = asked is not None and now - utc_moment(asked.asked_utc) > SILENT_AFTER
    rules, settings = (
        _part(kind, asked, wanted.get(kind), is_silent=is_silent) for kind in ("rules", "settings")
    )
    return Desk(
        desk_id=row["desk_id"],
        window_id=row["window_id"],
        version=asked.version if asked else "",
        asked_utc=asked.asked_utc if asked else "",
        rules=rules,
        settings=settings,
    )


def _part(kind: Kind, asked: Asked | None, wanted: Publication | None, *, is_silent: bool) -> Part:
    held: Mapping[str, Any] = {} if asked is None else asked.rules if kind == "rules" else asked.settings
    serial, refused = int(held.get("serial", 0)), int(held.get("refused", 0))
    # Without a number it was refused unread: no signature of this hall's was on it.
    is_unread = bool(held.get("reason")) and not refused and wanted is not None and serial < wanted.serial
    is_refused = is_unread or (wanted is not None and refused == wanted.serial)
    return Part(
        standing=_standing(asked, wanted, held, is_silent=is_silent, is_refused=is_refused),
        wanted=wanted,
        serial=serial,
        sha256=str(held.get("sha256", "")),
        reason=str(held.get("reason", "")) if is_refused else "",
    )


def _standing(
    asked: Asked | None,
    wanted: Publication | None,
    held: Mapping[str, Any],
    *,
    is_silent: bool,
    is_refused: bool,
) -> Standing:
    if wanted is None:
        return "own"
    if asked is None:
        return "never"
    if is_refused:
        return "refused"
    if is_silent:
        return "silent"
    if int(held.get("serial", 0)) != wanted.serial:
        return "waiting"
    return "current" if held.get("in_force", True) else "restart"
