"""Rule packs to the lines that `deskguard rules check` prints: what is in force, what cannot be heard yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.rules.pack import load_packs
from deskguard.spotting.spot import Spotter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def check(paths: Sequence[Path], only: Sequence[str] = ()) -> tuple[str, ...]:
    """A line for each pack, phrase and described ban, and a total; raises DeskguardError with every mistake."""
    rules = load_packs(paths, only)
    Spotter(rules)
    lines: list[str] = []
    for pack in rules.packs:
        lines.append(
            f"{pack.pack_id}  {pack.title}  version {pack.version}: {_count(pack.phrases, 'phrase')}, "
            f"{_count(pack.spellings, 'spelling')}, {len(pack.described)} described only  ({pack.file})"
        )
        lines.extend(
            f"  {rule.rule_id}  {rule.phrase}  {rule.severity}  {ref.clause}"
            for rule in rules.rules.values()
            for ref in rule.clauses
            if ref.standard == pack.pack_id
        )
        lines.extend(
            f"  -    {ref.quote}  (described, not listened for)  {ref.clause}" for ref in pack.described
        )
    variants = sum(len(rule.variants) for rule in rules.rules.values())
    lines.append(
        f"{_count(len(rules.packs), 'pack')}, {_count(len(rules.rules), 'rule')}, "
        f"{_count(variants, 'spelling')}; sha256 {rules.sha256}"
    )
    return tuple(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
