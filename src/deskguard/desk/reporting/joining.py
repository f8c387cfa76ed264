"""`deskguard join URL CODE`: a one-time code for this desk's own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from deskguard.desk.reporting import membership
from deskguard.desk.reporting.link import Link
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.desk.reporting.membership import Membership
    from deskguard.settings import Settings

PATH = "/api/v1/enrol"


def join(settings: Settings, folder: Path, url: str, code: str) -> Membership:
    """Use a code up and keep what the hub hands out; raises DeskguardError and changes nothing then."""
    link = Link(url, ca_file=settings.hub.ca_file)
    try:
        answer = link.post_json(PATH, {"code": code.strip()})
    finally:
        link.close()
    given = answer if isinstance(answer, dict) else {}
    fields = {name: one for name in ("desk_id", "window_id", "key", "public_key") if (one := given.get(name))}
    try:
        joined = membership.Membership.model_validate({"url": link.url, **fields})
    except ValidationError:
        raise DeskguardError(
            f"What {link.url} answers is not what a hub hands out.",
            "check the address of the hub.",
            "hub-strange",
        ) from None
    membership.write(folder, joined)
    return joined


def join_lines(settings: Settings, folder: Path, url: str, code: str) -> list[str]:
    """The same for the command line, in the language of the settings."""
    from deskguard.i18n import catalogue

    texts = catalogue.load(settings.screen.language)
    joined = join(settings, folder, url, code)
    lines = [texts["join.joined"].format(url=joined.url, window=joined.window_id)]
    if joined.window_id != settings.window.id:
        lines.append(texts["join.other_window"].format(window=joined.window_id, own=settings.window.id))
    return lines
