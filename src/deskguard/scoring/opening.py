"""The settings to an open store; the packages it needs come with the night extra, and their lack is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.resources import data_folder

if TYPE_CHECKING:
    from deskguard.scoring.store import NightStore
    from deskguard.settings import ScoringSettings

FILE_NAME = "night.sqlite3"


def open_store(settings: ScoringSettings, place: str | None = None, *, create: bool = False) -> NightStore:
    """The store at `place`, else where the settings say; raises DeskguardError.

    Without `create` a store in a file must be there already.
    """
    try:
        from deskguard.scoring.store import NightStore
    except ModuleNotFoundError as error:
        raise _extra_missing(error) from None
    where = place or settings.store or str(data_folder() / FILE_NAME)
    return NightStore.open(where, _password(settings.password_file), create=create)


def need_night_extra() -> None:
    """Raise DeskguardError when the packages of the night are missing."""
    try:
        import deskguard.scoring.store  # noqa: F401
    except ModuleNotFoundError as error:
        raise _extra_missing(error) from None


def _extra_missing(error: ModuleNotFoundError) -> DeskguardError:
    return DeskguardError(
        f"The night's store needs a package that is not installed: {error.name}.",
        'install the night extra: pip install "deskguard[night]"',
        "night-extra-missing",
    )


def _password(file: str) -> str | None:
    if not file:
        return None
    try:
        return Path(file).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DeskguardError(
            f"The password file {file} cannot be read: {why}.",
            "mend [scoring] password_file.",
            "file-unreadable",
        ) from None
