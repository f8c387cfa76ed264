"""Rule packs to the lines that `deskguard rules check` prints: what is in force, what cannot be heard yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.authoring.acts import act_line, acts_of_pack
from deskguard.authoring.listing import total
from deskguard.rules.pack import load_packs
from deskguard.spotting.finding.spot import Spotter
from deskguard.spotting.meaning.judge import Meaning

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.authoring.words import Words


def check(paths: Sequence[Path], words: Words, only: Sequence[str] = ()) -> tuple[str, ...]:
    """A line for each pack, rule and clause, and a total; raises DeskguardError with every mistake."""
    rules = load_packs(paths, only)
    words = words.masking(rules)
    # Whatever only the engine could find wrong would be found here.
    Spotter(rules)
    Meaning(rules)
    lines: list[str] = []
    for pack in rules.packs:
        counts = words(
            "pack_counts", phrases=pack.phrases, spellings=pack.spellings, bans=len(pack.bans),
            described=len(pack.described),
        )  # fmt: skip
        lines.append(words("pack", pack_id=pack.pack_id, title=pack.title, version=pack.version, counts=counts))
        lines.append(f"  {pack.file}")
        lines.extend(
            f"  {rule.rule_id}  {words.shown(rule.phrase)}  {words(f'value.{rule.severity}')}  {ref.clause}"
            for rule in rules.rules.values()
            for ref in rule.clauses
            if ref.standard == pack.pack_id
        )
        lines.extend(f"  {act_line(act, words, pack.pack_id)}" for act in acts_of_pack(rules, pack.pack_id))
        lines.extend(f"  -    {ref.quote}  {words('not_heard')}  {ref.clause}" for ref in pack.described)
    lines.append(total(rules, words))
    return tuple(lines)
