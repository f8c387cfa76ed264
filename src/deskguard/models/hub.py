"""An edition in, its files from the model hub on disk out; the only import of huggingface_hub.

Slow or unreachable hubs are given up quickly: the other way, a USB stick, always works.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.models.progress import watching

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.models.catalogue import Edition
    from deskguard.models.progress import Progress

TIMEOUT_S = 10.0
PROBE_S = 5.0


def download(edition: Edition, target: Path, room: Path, progress: Progress | None) -> None:
    """Put the files of an edition into `target` at the pinned revision; raises DeskguardError.

    `room` holds what is half-downloaded.
    """
    from huggingface_hub import constants, get_session, hf_hub_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if edition.hub is None:
        raise ValueError("the edition names no hub")
    disable_progress_bars()
    with watching(room, "downloading from the hub", edition.size, progress):
        try:
            # The library itself tries five times over 24 s; one look tells as much.
            get_session().head(constants.ENDPOINT, timeout=PROBE_S)
            for entry in edition.files:
                hf_hub_download(
                    edition.hub.repo,
                    entry.name,
                    revision=edition.hub.revision,
                    local_dir=target,
                    etag_timeout=TIMEOUT_S,
                )
        # The library raises errors of its own, of its HTTP client and of the system; all mean the same here.
        except Exception as error:
            raise DeskguardError(
                f"the model hub did not give {edition.hub.repo} ({type(error).__name__}).",
                "check the network, or import the model from a USB stick.",
                "hub-unreachable",
            ) from None
    # Its book-keeping about the download.
    shutil.rmtree(target / ".cache", ignore_errors=True)
