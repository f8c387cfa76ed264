"""Which hub this desk belongs to: `hub.json` in its data folder, written by `deskguard join`, the user's alone.

It holds the desk's key, so it stands in no settings file, and nobody but the user who runs the desk can read
it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from deskguard.errors import DeskguardError
from deskguard.wire.events import Identity, Strict

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "hub.json"


class Membership(Strict):
    """What a desk was given when it joined."""

    v: Annotated[int, Field(ge=1, le=1)] = 1
    url: Annotated[str, Field(pattern=r"^https?://\S{1,500}$")]
    """Of the hub, without a slash at its end."""
    desk_id: Identity
    window_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    key: Annotated[str, Field(pattern=r"^[!-~]{16,200}$")]
    """Opens the hub to this desk; whoever has it can speak for the desk."""
    public_key: str = ""
    """What the hub signs rules and settings with; empty: it sends none."""


def read(folder: Path) -> Membership | None:
    """The hub that a desk has joined, None when it has not; raises DeskguardError (`hub-file-damaged`)."""
    path = folder / FILE_NAME
    try:
        return Membership.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DeskguardError(
            f"{path} cannot be read: {error.strerror or error}.",
            "run this as the user who ran deskguard join.",
            "hub-file-unreadable",
        ) from None
    except ValidationError:
        raise DeskguardError(
            f"{path} is damaged.", "delete it and join the hub again with a new code.", "hub-file-damaged"
        ) from None


def write(folder: Path, membership: Membership) -> None:
    """Keep a membership in place of an earlier one, whole or not at all; raises DeskguardError."""
    fresh = folder / f"{FILE_NAME}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        # Made with its rights: a file that is narrowed afterwards could be read in between.
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(membership.model_dump_json())
        fresh.replace(folder / FILE_NAME)
    except OSError as error:
        raise DeskguardError(
            f"{folder / FILE_NAME} cannot be written: {error.strerror or error}.",
            "name a folder that this user may write to with --data.",
            "folder-read-only",
        ) from None
