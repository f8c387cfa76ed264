"""Normalised characters to those that say nothing: hesitations and syllables said twice.

A speaker may put 嗯, 那个 or 就是 into the middle of any phrase, and may start a word over: 不归不归我管. Such
characters are marked, not dropped, because the same ones may be part of what is meant: 这个我不清楚.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskguard.language.text import Normalised

_HESITATIONS = frozenset("嗯呃额啊哎诶唉哦噢喔唔呢嘛")
_FILLERS = ("就是说", "那个", "这个", "就是", "的话")
_LONGEST_REPEAT = 2


def filler_groups(text: Normalised) -> tuple[int, ...]:
    """For each character 0, or the number of the filler or repeat that it belongs to, counted from 1."""
    groups = [0] * len(text.chars)
    count = at = 0
    while at < len(text.chars):
        length = _filler_at(text.chars, at) or _repeat_at(text.chars, at)
        if length:
            count += 1
            groups[at : at + length] = [count] * length
        at += max(length, 1)
    return tuple(groups)


def _filler_at(chars: str, at: int) -> int:
    """The length of the filler word that begins at `at`, or 0."""
    if chars[at] in _HESITATIONS:
        return 1
    return next((len(filler) for filler in _FILLERS if chars.startswith(filler, at)), 0)


def _repeat_at(chars: str, at: int) -> int:
    """How many characters from `at` on say once more what stands before them, or 0."""
    for length in range(_LONGEST_REPEAT, 0, -1):
        if at >= length and chars[at : at + length] == chars[at - length : at]:
            return length
    return 0
