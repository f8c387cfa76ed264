"""Where the sound behind a finding lies, and what part of the recording it is.

`deskguard score` writes clips beside its reports, with personal data silenced. The hall plays those that lie in
the folder that its settings name, or in `clips` of its data folder. It cuts none itself, and without a clip
there is nothing to hear.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.hub.store import settings

if TYPE_CHECKING:
    from deskguard.hub.state import HubState

FOLDER = "clips"
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
    folders = [state.data / FOLDER, *([Path(named)] if named else [])]
    paths = [folder / f"{finding_id}.ogg" for folder in folders]
    return next((path for path in paths if path.is_file()), None)
