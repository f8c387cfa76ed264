"""Where the sound behind a finding lies, and what part of the recording it is.

`deskguard score` writes clips beside its reports, with personal data silenced. The hall plays those that lie in
the folder that its settings name; those of what is deleted go as well. It cuts none itself, and without a clip
there is nothing to hear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deskguard.hub.keeping.person import clips_folder, clips_of
from deskguard.hub.store import settings

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.hub.state import HubState

SETTING = "clips_folder"
MEDIA_TYPE = "audio/ogg"
MARGIN_S = 2.0
"""What the night keeps before and after a finding."""
_NAME = re.compile(r"[0-9a-f]{20}")


def clip_of(state: HubState, finding_id: str) -> Path | None:
    """The clip of a finding, if there is one."""
    if _NAME.fullmatch(finding_id) is None:
        return None
    with state.store.reading() as connection:
        named = settings.get(connection, SETTING)
    folder = clips_folder(named)
    if folder is None:
        return None
    # Where they are by custom first: to look through all folders takes a while.
    for usual in (folder, folder / "clips"):
        if (path := usual / f"{finding_id}.ogg").is_file():
            return path
    return next(iter(clips_of([finding_id], folder)), None)
