"""Rule pack files on disk to the newest rules, without a restart: ask now and then whether anything changed.

Asking is cheap while nothing does (names, times and sizes). A changed file is read; if any mistake is in it the
error is returned once, and whoever asked keeps the rules that were good. Make the watcher before loading the
packs, so that no edit falls between.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.rules.pack import RuleSet, load_packs, rule_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_Signature = tuple[tuple[str, int, int, int], ...]


class PackWatcher:
    """Watches the files and folders that `load_packs` would read, shared frames and bans among them."""

    def __init__(self, paths: Sequence[Path], only: Sequence[str] = (), language: Path | None = None) -> None:
        self._paths = tuple(paths)
        self._only = tuple(only)
        self._language = language
        self._signature = self._look()
        self._digest = self._read()

    def poll(self) -> RuleSet | DeskguardError | None:
        """New rules when files changed and are good, the error (once) when bad, None when nothing changed."""
        signature = self._look()
        if signature == self._signature:
            return None
        # Looked at before it is read: a change in between is another change, seen by the next poll.
        self._signature = signature
        digest = self._read()
        if digest == self._digest:
            return None
        self._digest = digest
        try:
            return load_packs(self._paths, self._only, self._language)
        except DeskguardError as error:
            return error

    def _look(self) -> _Signature:
        """Name, time, size and inode of each file; a file that is gone has only its name."""
        seen: list[tuple[str, int, int, int]] = []
        for path in rule_files(self._paths, self._language):
            try:
                stat = path.stat()
            except OSError:
                seen.append((str(path), 0, -1, 0))
            else:
                seen.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(seen)

    def _read(self) -> str:
        """A digest of names and contents; what cannot be read counts as gone."""
        digest = hashlib.sha256()
        for path in rule_files(self._paths, self._language):
            digest.update(str(path).encode(errors="replace"))
            try:
                content = path.read_bytes()
            except OSError:
                digest.update(b"\0gone")
            else:
                digest.update(b"\0" + hashlib.sha256(content).digest())
        return digest.hexdigest()
