"""Pack files on disk to a rule set and to their own content, entry by entry.

The rule set that `load_packs` gives has the packs merged; who edits them wants to know what stands where.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.rules.pack import load_packs, rule_files
from deskguard.rules.schema import PackFile, SharedFile
from deskguard.settings import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from deskguard.rules.ruleset import RuleSet
    from deskguard.rules.schema import BanEntry, PhraseEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Packs:
    """A rule set and the files it was made of."""

    rules: RuleSet
    files: Mapping[Path, PackFile]
    """In the order of their ids."""
    shared: Mapping[Path, SharedFile]

    def entries(self, rule_id: str) -> Iterator[tuple[Path, PhraseEntry | BanEntry]]:
        """Every entry behind a rule, with its file."""
        for path, pack in self.files.items():
            yield from ((path, one) for one in pack.phrase if one.id == rule_id)
            yield from ((path, one) for one in pack.ban if one.id == rule_id)
        for path, shared in self.shared.items():
            yield from ((path, one) for one in shared.ban if one.id == rule_id)


def load(paths: Sequence[Path], only: Sequence[str] = ()) -> Packs:
    """The rules of files and folders with the files themselves; raises DeskguardError with every mistake."""
    rules = load_packs(paths, only)
    wanted = {one.file: one.pack_id for one in rules.packs}
    files: dict[Path, PackFile] = {}
    shared: dict[Path, SharedFile] = {}
    for path in rule_files(paths):
        table = read_toml(path, "Rule pack")
        if str(path) in wanted:
            files[path] = PackFile.model_validate_json(json.dumps(table, default=str))
        elif "pack" not in table:
            shared[path] = SharedFile.model_validate_json(json.dumps(table, default=str))
    ordered = dict(sorted(files.items(), key=lambda one: one[1].pack.id))
    return Packs(rules=rules, files=ordered, shared=shared)
