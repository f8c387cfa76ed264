"""Frames of two channels in, what the channels are out: two microphones, one, or one of them dead.

Decided on the sound alone, at fixed frames, so it depends neither on names nor on how the audio was cut. It may
change while it runs: a channel dies or wakes, or what seemed a copy turns out to be none.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from deskguard.values import Pcm

Plan = Literal["undecided", "alike", "left", "right", "both"]
"""`alike`: one microphone in two channels; `left`, `right`: only that channel is alive; `both`: two sides."""

_SILENT_POWER = 1e-8
"""-80 dBFS: below the noise of any microphone and room, above the last bit of 16."""
_ALIVE_POWER = 1e-7
_COPY_RESIDUE = 1e-3
"""What part of one channel's power the other does not explain, at most, for a copy: -30 dB covers joint-stereo
codecs, and two microphones in one room never come near it."""
_EQUAL_DB = 1.0
_RECENT = 8
_DIFFERING_FROM, _DECIDED_FROM = 4, 16
"""Audible frames that decide: 0.13 s when the channels differ, else 0.5 s."""
_DEAD_FRAMES = 62
"""2 s of sound on the other channel."""
_GATED_DEAD_FRAMES = 1875
"""60 s for a channel that was silent before and woke: telephone systems send nothing while nobody speaks."""
_PANNED_FRAMES = 940
"""30 s without anything but a copy at another level: one microphone, unevenly mixed."""


class LayoutWatch:
    """What two channels are, frame by frame."""

    def __init__(self, *, is_told: bool = False) -> None:
        """`is_told`: somebody said that these are two sides; only dead channels are looked for."""
        self.plan: Plan = "both" if is_told else "undecided"
        self._is_told = is_told
        self._recent: deque[tuple[float, float, float]] = deque(maxlen=_RECENT)
        self._audible = 0
        self._silent = [0, 0]
        self._has_woken = [False, False]
        self._copies = 0
        self._is_panned = False

    def feed(self, frame: Pcm) -> Plan:
        """The plan after one more frame, (2, samples)."""
        left, right = frame[0].astype(np.float64), frame[1].astype(np.float64)
        powers = float(left @ left) / left.size, float(right @ right) / left.size
        if max(powers) < _SILENT_POWER:
            return self.plan
        self._audible += 1
        self._recent.append((*powers, float(left @ right) / left.size))
        look = self._look()
        self._copies = self._copies + 1 if look in ("alike", "panned") else 0
        for side in (0, 1):
            self._silent[side] = self._silent[side] + 1 if powers[side] < _SILENT_POWER else 0
        self.plan = self._next(look)
        return self.plan

    def _look(self) -> Plan | Literal["panned"]:
        """What the newest audible frames look like."""
        left, right, both = (sum(column) / len(self._recent) for column in zip(*self._recent, strict=True))
        if right < _SILENT_POWER and left > _ALIVE_POWER:
            return "left"
        if left < _SILENT_POWER and right > _ALIVE_POWER:
            return "right"
        if left * right == 0 or 1 - both * both / (left * right) > _COPY_RESIDUE:
            return "both"
        return "alike" if abs(10 * np.log10(left / right)) < _EQUAL_DB else "panned"

    def _next(self, look: Plan | Literal["panned"]) -> Plan:
        seen: Plan = "both" if look == "panned" else look
        if self.plan == "undecided":
            is_enough = self._audible >= (_DIFFERING_FROM if look == "both" else _DECIDED_FROM)
            return seen if is_enough else "undecided"
        if self.plan in ("left", "right"):
            return self._awake(seen)
        if self.plan == "alike":
            stays = look == "alike" or (look == "panned" and self._is_panned)
            return self._without_dead("alike" if stays else "both")
        if self._copies >= _PANNED_FRAMES and not self._is_told:
            self._is_panned = True
            return "alike"
        return self._without_dead("both")

    def _awake(self, seen: Plan) -> Plan:
        """The plan once a silent channel is heard again."""
        silent = 1 if self.plan == "left" else 0
        if self._silent[silent] or seen in ("left", "right"):
            return self.plan
        self._has_woken[silent] = True
        return "both" if self._is_told else seen

    def _without_dead(self, plan: Plan) -> Plan:
        for side, other in ((0, "right"), (1, "left")):
            most = _GATED_DEAD_FRAMES if self._has_woken[side] else _DEAD_FRAMES
            if self._silent[side] >= most:
                return "right" if other == "right" else "left"
        return plan
