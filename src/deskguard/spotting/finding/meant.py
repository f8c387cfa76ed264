"""How a spelling lies in what was heard, to the words that were perhaps said: what the second look scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.language.syllables import clause_syllables
from deskguard.rules.spelling import NUMBER
from deskguard.spotting.finding.align import WHOLE, Step, way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.rules.spelling import Spelling
    from deskguard.spotting.finding.heard import Heard, Place


def wording(heard: Heard, spelling: Spelling, start: int, steps: Sequence[Step]) -> str:
    """The spelling's own characters with what was heard in its gaps, its fillers and its pauses.

    In the script and width of normalised text, but 您 stays 您. Positions in `steps` count from `start`.
    """
    chars = spelling.key
    said: list[str] = []
    for step in steps:
        at = None if step.text is None else start + step.text
        if at is not None and at in heard.text.breaks and said:
            said.append("，")
        if step.phrase is not None:
            char = chars[step.phrase]
            is_same = at is not None and heard.text.chars[at] == char
            said.append(_spoken(heard, at) if is_same and at is not None else char)
        elif at is not None and (step.in_gap or heard.fillers[at]):
            said.append(_spoken(heard, at))
    return "".join(said)


def wording_by_sound(heard: Heard, spelling: Spelling, place: Place) -> str:
    """The same for a place that sounds like the spelling; a number is left as it was heard, so is all of it."""
    if NUMBER in spelling.pieces:
        return ""
    meant = [sound for piece in spelling.pieces for sound in clause_syllables(piece)]
    span = range(place.start, place.end)
    costs = [
        [
            0
            if char == heard.text.chars[at]
            else WHOLE // 10
            if sound in (heard.sounds[at], heard.usual[at])
            else WHOLE
            for at in span
        ]
        for char, sound in zip(spelling.key, meant, strict=True)
    ]
    gaps, end = [0] * len(meant), 0
    for piece, gap in zip(spelling.pieces, spelling.gaps, strict=False):
        end += len(piece)
        gaps[end - 1] = gap
    added = [1 if heard.fillers[at] else WHOLE for at in span]
    return wording(heard, spelling, place.start, way(costs, [WHOLE] * len(meant), gaps, added))


def _spoken(heard: Heard, at: int) -> str:
    """A character as it was heard; 您 and 你 are one for comparing, but not for the ear."""
    char = heard.text.chars[at]
    return heard.surface[heard.text.origin[at]] if char == "你" else char
