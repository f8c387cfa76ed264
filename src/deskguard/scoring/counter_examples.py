"""Overturned findings to counter-examples for whoever writes the rules, as lines of a pack.

Words are redacted already, so a number in them is a mark: it stands for one. The lines go under the rule's
[[phrase]] or [[ban]]; `deskguard rules test` then fails until the rule leaves those words alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deskguard.scoring.review import FALLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deskguard.scoring.review import Standing
    from deskguard.scoring.values import Finding


def counter_examples(
    findings: Iterable[Finding], standings: Mapping[str, Standing], *, rejected: bool = False
) -> dict[str, list[str]]:
    """Words that must not raise a rule, by its id, each once: of overturned findings, or of rejected ones, too.

    Only phrases and bans have counter-examples.
    """
    found: dict[str, dict[str, None]] = {}
    for one in fallen(findings, standings, rejected=rejected):
        found.setdefault(one.rule_id, {})[one.evidence.strip()] = None
    return {rule_id: list(texts) for rule_id, texts in found.items()}


def fallen(
    findings: Iterable[Finding], standings: Mapping[str, Standing], *, rejected: bool = False
) -> Iterator[Finding]:
    """Overturned findings with words in them, or rejected ones, too; by rule, day and id."""
    wanted = FALLS if rejected else frozenset({"overturned"})
    for one in sorted(findings, key=lambda one: (one.rule_id, one.recording.day, one.finding_id)):
        standing = standings.get(one.finding_id)
        if standing is not None and standing.state in wanted and one.is_spoken and one.evidence.strip():
            yield one


def pack_lines(offered: Mapping[str, Iterable[str]]) -> list[str]:
    """The lines for a pack, rule by rule."""
    lines: list[str] = []
    for rule_id, texts in offered.items():
        lines += [f"# {rule_id}", "counter_examples = ["]
        lines += [f"  {_quoted(text)}," for text in texts]
        lines += ["]", ""]
    return lines[:-1]


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, too, but TOML wants one more of them.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
