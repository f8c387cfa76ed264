"""Final texts in, the same in their order out, once it is known who spoke or waiting has taken long enough.

With one microphone the first utterances of a visit often have no role before its words or its voices have told
apart two people. Courtesy and manner ask who spoke, and nothing in them hurries by seconds; so they wait for
the role a little, and whatever was said meanwhile waits behind it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from deskguard.values import Hypothesis, Labelled

_MOST_SAMPLES = 12 * SAMPLE_RATE_HZ
_MOST_LATER = 4
"""Utterances that may wait behind one: with so many more the visit has told what it can tell for now."""


@dataclass(slots=True)
class _Held:
    said: Hypothesis
    is_open: bool
    """Its role may still be found."""


class Holding:
    """The newest final texts of one stream; a bounded number, for a bounded time."""

    def __init__(self) -> None:
        self._held: deque[_Held] = deque()

    def take(self, said: Hypothesis, *, is_open: bool) -> None:
        """Keep a final text; `is_open`: nobody knows yet who spoke, and it may still be found out."""
        self._held.append(_Held(said, is_open))

    def recast(self, label: Labelled) -> None:
        """It has been found out who spoke."""
        for one in self._held:
            if one.said.utterance_id == label.utterance_id:
                one.said = label.put_to(one.said)
                one.is_open = label.role == "unknown" and len(label.stretches) < 2

    def ready(self, now_sample: int) -> list[Hypothesis]:
        """What need not wait any more, now that the stream has come to here."""
        ready = []
        while self._held and not self._waits(self._held[0], now_sample):
            ready.append(self._held.popleft().said)
        return ready

    def time_for_others(self, now_sample: int) -> int:
        """How far time has passed for whoever is told in order: not beyond the beginning of what waits."""
        return min([now_sample, *(one.said.start_sample for one in self._held)])

    def finish(self) -> list[Hypothesis]:
        """All that is left: nothing more will be found out."""
        ready = [one.said for one in self._held]
        self._held.clear()
        return ready

    def _waits(self, one: _Held, now_sample: int) -> bool:
        is_late = now_sample - one.said.end_sample > _MOST_SAMPLES
        return one.is_open and not is_late and len(self._held) <= _MOST_LATER
