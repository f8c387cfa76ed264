"""A live folder of rule packs to the versions it has held: every one kept whole, under the hash of its files.

    LIVE/*.toml                  what desks listen for
    LIVE/versions/HASH/*.toml    each version; HASH is the sha256 of names and contents
    LIVE/versions/ledger.jsonl   one JSON object a line: who published which version when, and why

A folder inside LIVE is not read by a desk. Publishing a version again is how one goes back. The ledger only
grows; it also holds the hash by meaning (`rules_sha256`) that a desk writes beside what it heard.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.authoring.files import flush, replaced
from deskguard.authoring.words import complaint
from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deskguard.authoring.words import Words

FOLDER = "versions"
LEDGER = "ledger.jsonl"
LOCK = "publishing.lock"
SHOWN = 12
"""Characters of a hash that are shown; six or more name a version."""
_HASH = re.compile(r"[0-9a-f]{6,64}")

Files = dict[str, bytes]
"""Pack files by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger."""

    version: str
    rules_sha256: str
    published: str
    """ISO 8601 with offset, by the clock of the computer that published."""
    author: str
    note: str
    packs: tuple[str, ...]
    rules: int
    v: int = 1


def read_files(folder: Path, words: Words) -> Files:
    """The packs of a folder, or one file; raises DeskguardError when there is none or it cannot be read."""
    try:
        paths = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
        if not paths:
            raise complaint(words, "no_packs", "no-rules", path=folder)
        return {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise complaint(
            words, "unreadable", "file-unreadable", path=folder, why=error.strerror or error
        ) from None


def hash_of(files: Mapping[str, bytes]) -> str:
    """The address of a version: names and contents, in the order of names."""
    listed = [[name, hashlib.sha256(content).hexdigest()] for name, content in sorted(files.items())]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def read_ledger(live: Path, words: Words) -> list[Entry]:
    """Every publication, oldest first; none for a folder that never had one."""
    path = live / FOLDER / LEDGER
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise complaint(
            words, "unreadable", "file-unreadable", path=path, why=error.strerror or error
        ) from None
    except UnicodeDecodeError as error:
        raise complaint(words, "not_utf8", "bad-encoding", path=path, at=error.start) from None
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            table = json.loads(line)
            entries.append(Entry(**{**table, "packs": tuple(table["packs"])}))
        except (ValueError, TypeError, KeyError):
            raise complaint(words, "bad_ledger", "bad-ledger", path=path, line=number) from None
    return entries


def live_version(live: Path, words: Words) -> str | None:
    """The hash of what lies in the live folder now; None when no pack does."""
    if not live.is_dir() or not any(live.glob("*.toml")):
        return None
    return hash_of(read_files(live, words))


def find(live: Path, text: str, words: Words) -> Path:
    """The folder of the version that `text` (six or more characters of either hash) names, checked whole."""
    entries = read_ledger(live, words)
    named = text.strip().lower()
    if _HASH.fullmatch(named):
        found = {
            one.version
            for one in entries
            if one.version.startswith(named) or one.rules_sha256.startswith(named)
        }
        if len(found) == 1:
            return _checked(live, found.pop(), words)
        if found:
            listed = words.joined(sorted(one[:SHOWN] for one in found))
            raise complaint(words, "version_ambiguous", "unknown-version", given=text[:64], found=listed)
    known = list(dict.fromkeys(one.version[:SHOWN] for one in reversed(entries)))
    close = difflib.get_close_matches(named, known, n=3) or known[:3]
    listed = words.joined(close) if close else words("none")
    raise complaint(words, "version_unknown", "unknown-version", given=text[:64], live=live, known=listed)


def keep(live: Path, files: Mapping[str, bytes], words: Words) -> Path:
    """Store a version under its hash, whole or not at all; one that is there already stays as it is."""
    home = live / FOLDER / hash_of(files)
    if home.is_dir():
        return _checked(live, home.name, words)
    staging = home.with_name(f".{home.name}.{os.getpid()}.new")
    try:
        staging.mkdir(parents=True)
        try:
            for name, content in files.items():
                (staging / name).write_bytes(content)
                flush(staging / name)
            staging.replace(home)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise complaint(words, "unwritable", "unwritable", path=home, why=error.strerror or error) from None
    return home


def put_live(live: Path, files: Mapping[str, bytes], entry: Entry, words: Words) -> None:
    """Make the live folder hold exactly these packs and write it into the ledger; on failure it is as it was.

    Each file is renamed into place, so a desk never reads half of one. Between the first rename and the last a
    desk may see some old and some new files; it then goes on with the rules it has and looks again.
    """
    before = read_files(live, words) if live_version(live, words) else {}
    ledger = live / FOLDER / LEDGER
    with replaced(ledger, words) as written:
        lines = ledger.read_bytes() if ledger.is_file() else b""
        written.write_bytes(lines + json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
        flush(written)
        try:
            _place(live, files)
        except OSError:
            with suppress(OSError):
                _place(live, before)
            raise


@contextmanager
def publishing(live: Path, words: Words) -> Iterator[None]:
    """Only one publication at a time."""
    lock = live / FOLDER / LOCK
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.open("x").close()
    except FileExistsError:
        raise complaint(words, "publishing", "publishing", path=lock) from None
    except OSError as error:
        raise complaint(words, "unwritable", "unwritable", path=live, why=error.strerror or error) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _place(live: Path, files: Mapping[str, bytes]) -> None:
    """New files beside the old ones, then renamed over them, then the old ones that are no more go."""
    fresh: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            target = live / name
            if target.is_file() and target.read_bytes() == content:
                continue
            temporary = live / f".{name}.{os.getpid()}.new"
            fresh.append((temporary, target))
            temporary.write_bytes(content)
            flush(temporary)
        for temporary, target in fresh:
            temporary.replace(target)
        for path in live.glob("*.toml"):
            if path.name not in files:
                path.unlink()
    finally:
        for temporary, _ in fresh:
            temporary.unlink(missing_ok=True)


def _checked(live: Path, version: str, words: Words) -> Path:
    """The folder of a version, if it still holds what its hash says."""
    home = live / FOLDER / version
    try:
        is_whole = home.is_dir() and hash_of(read_files(home, words)) == version
    except DeskguardError:
        is_whole = False
    if not is_whole:
        raise complaint(words, "version_damaged", "version-damaged", path=home, version=version[:SHOWN])
    return home
