"""Words typed by a supervisor to a conversation with times, for the engine to judge as if it had been heard.

One line is one utterance; 员： or 客： (staff:, visitor:) at its start says whose. A line without that is the
clerk's. Times are made up: five characters a second, a breath at each comma, half a second between speakers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.spotting.scene import Said, Scene
from deskguard.values import SAMPLE_RATE_HZ, Passage, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPEAKERS: dict[str, Role] = {
    "员": "staff", "工作人员": "staff", "staff": "staff",
    "客": "visitor", "群众": "visitor", "visitor": "visitor",
}  # fmt: skip
_BEGINNING = re.compile(rf"\s*({'|'.join(_SPEAKERS)})\s*[:：]\s*", re.IGNORECASE)
_CHARACTER = SAMPLE_RATE_HZ // 5
_PAUSE = round(0.3 * SAMPLE_RATE_HZ)
_BETWEEN = SAMPLE_RATE_HZ // 2
_AFTERWARDS = 60 * SAMPLE_RATE_HZ
"""Nothing more is said: every condition that waits has waited long enough."""
_PUNCTUATION = frozenset("，,。．.、；;：:！!？?…—")


@dataclass(frozen=True, slots=True)
class Line:
    """What one speaker says."""

    role: Role
    text: str


def read_talk(text: str) -> tuple[Line, ...]:
    """The lines of a conversation; empty ones are left out."""
    lines = []
    for line in text.splitlines():
        found = _BEGINNING.match(line)
        role = _SPEAKERS[found.group(1).lower()] if found else "staff"
        words = line[found.end() if found else 0 :].strip()
        if words:
            lines.append(Line(role, words))
    return tuple(lines)


def spoken(lines: Iterable[Line]) -> list[Said]:
    """The lines as if they had been said one after the other."""
    at = 0
    said = []
    for line in lines:
        passage = _passage(line.text, at)
        said.append(Said(role=line.role, passage=passage))
        at = passage.spans[-1][1] + _BETWEEN
    return said


def scene(said: Sequence[Said], number: int) -> Scene:
    """One utterance with all the others around it, and nothing more to come."""
    return Scene(
        said=said[number],
        before=tuple(said[:number]),
        after=tuple(said[number + 1 :]),
        is_closed=True,
        heard_until_sample=said[-1].end_sample + _AFTERWARDS,
    )


def _passage(text: str, start_sample: int) -> Passage:
    spans = []
    at = start_sample
    for one in text:
        end = at + (_PAUSE if one in _PUNCTUATION else _CHARACTER)
        spans.append((at, end))
        at = end
    return Passage(text=text, spans=tuple(spans))
