"""Changes of settings into the user's own file, comments and all else kept; the only module that imports
tomlkit.

The file is written beside itself and put in its place only once it has been read back as settings, so a power
cut or a full disk leaves the old one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError
from deskguard.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Changes = Mapping[str, Mapping[str, str | float]]
"""Table, key, new value."""


def changed_text(text: str, changes: Changes) -> str:
    """A settings file's text with these keys set; whatever else it holds stays as it is."""
    # tomlkit writes what it adds with the line ends of Unix.
    is_windows = "\r\n" in text
    plain = text.replace("\r\n", "\n")
    expected = tomllib.loads(plain)
    for table, keys in changes.items():
        expected[table] = {**expected.get(table, {}), **keys}
    changed = _edited(plain, changes, _add_below)
    if not _says(changed, expected):
        # Written some other way than key by key under a heading.
        changed = _edited(plain, changes, _add_at_end)
    return changed.replace("\n", "\r\n") if is_windows else changed


def _says(text: str, expected: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == expected
    except tomllib.TOMLDecodeError:
        return False


def _edited(text: str, changes: Changes, add: Callable[[Any, str, str | float], None]) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    for table, keys in changes.items():
        if table not in document:
            if document.as_string().strip():
                document.add(tomlkit.nl())
            document[table] = tomlkit.table()
        section: Any = document[table]
        for key, value in keys.items():
            if key in section:
                section[key] = value
            else:
                add(section, key, value)
    return document.as_string()


def _add_at_end(section: Any, key: str, value: str | float) -> None:
    section[key] = value


def _add_below(section: Any, key: str, value: str | float) -> None:
    """Below the last key, before comments that already belong to what follows."""
    import tomlkit

    last = list(section)[-1:]
    if last:
        trivia = section.item(last[0]).trivia
        trivia.trail = trivia.trail.rstrip("\n") + f"\n{key} = {tomlkit.item(value).as_string()}\n"
    else:
        section[key] = value


def check_writable(path: Path) -> None:
    """Raises DeskguardError when `save` could not write there; leaves nothing behind."""
    with _told(path):
        _home(path).mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open("r+b"):
                pass
        with tempfile.TemporaryFile(dir=_home(path)):
            pass


def save(path: Path, changes: Changes) -> None:
    """Set these keys in the file, which is made if there is none; raises DeskguardError and leaves it as it
    was."""
    check_writable(path)
    with _told(path):
        raw = path.read_bytes() if path.exists() else b""
        text = changed_text(raw.decode("utf-8-sig"), changes)
        # A mark at the beginning, which Notepad writes, stays.
        fresh = text.encode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=_home(path))
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(fresh)
                file.flush()
                os.fsync(file.fileno())
            load_settings(beside)
            if path.exists():
                shutil.copymode(path, beside)
            beside.replace(path.resolve())
        finally:
            beside.unlink(missing_ok=True)


def _home(path: Path) -> Path:
    """The folder in which the file really lies; a link stays a link."""
    return path.resolve().parent


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeskguardError(
            f"Settings file {path} cannot be written: {error.strerror or error}.",
            "give this user the right to write it, or name another file with --config.",
            "settings-unwritable",
        ) from None
