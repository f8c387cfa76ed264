"""Levels of two microphones in, who speaks out: the nearer one is louder, by how much is learnt on the way.

A frame's level difference is the difference of the powers above their noise floors. Its median over 0.2 s says
whose it is (97-99 % of frames right with 10 % of the speech overlapping, where the mean of an utterance came to
88-90 %). What the difference is where nobody is nearer, the gain, starts as calibrated and follows the two
heaps that the differences form. From 6 dB of separation on, a difference well inside both heaps is more than
the leakage of one voice explains: both speak.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import SAMPLE_RATE_HZ, Pcm

MEDIAN_FRAMES = 7
"""0.22 s."""
LEAST_DB = 2.0
"""A difference that small does not say who speaks."""
_OVERLAP_DB = 6.0
"""What a channel must hold over the leakage of the other's voice to have a voice of its own."""
_WIDEST_OVERLAP_DB = 6.0
_OVERLAP_FRAMES = 4
"""0.13 s: a passing dip is no second voice."""
_MOST_DB = 40.0
_LEAST_SHARE = 0.1
"""Of a noise floor: what is left of a channel that holds no voice, at least."""
_FLOOR_BIAS = 1.5
"""The least smoothed power of some seconds lies below the mean of the noise."""
_CLEAR = 3.0
"""4.8 dB over the noise."""
_FLOOR_BLOCK_FRAMES, _FLOOR_BLOCKS = 16, 8
_SMOOTHING = 0.7
_LEAST_POWER = 1e-12
_KEPT_FRAMES = 120 * SAMPLE_RATE_HZ // FRAME_SAMPLES
_LEARN_EVERY = 31
_LEAST_HEAP_FRAMES = 62
"""2 s of speech of each."""
_LEAST_HEAP_SHARE = 0.1
_BIMODAL_SHARE = 0.8
"""Of the variance that lies between the heaps: an even spread has 0.75, one heap 0.64."""
_LEAST_HEAPS_APART_DB = 4.0
_INSEPARABLE_FRAMES = 312
_MOST_AWAY_SHARE = 0.1
_MOST_GAIN_ERROR_DB = 8.0
_HEAP_OVER_DB = 3.0
"""How far a heap may lie on the wrong side of the calibrated gain: one person who turns away makes two heaps on
one side."""


class NoiseFloor:
    """The power of a channel while nobody speaks: the least of the last 4 s."""

    def __init__(self) -> None:
        self._smooth: float | None = None
        self._blocks: deque[float] = deque(maxlen=_FLOOR_BLOCKS)
        self._least = np.inf
        self._count = 0

    def feed(self, power: float) -> float:
        """The floor after one more frame."""
        before = power if self._smooth is None else self._smooth
        self._smooth = _SMOOTHING * before + (1 - _SMOOTHING) * power
        self._least = min(self._least, self._smooth)
        self._count += 1
        floor = min(self._least, *self._blocks) if self._blocks else self._least
        if self._count == _FLOOR_BLOCK_FRAMES:
            self._blocks.append(self._least)
            self._least, self._count = np.inf, 0
        return _FLOOR_BIAS * floor


@dataclass(frozen=True, slots=True)
class FrameLevels:
    """One frame of two channels."""

    powers: tuple[float, float]
    floors: tuple[float, float]
    """Mean squares, 1 is full scale."""

    @property
    def difference_db(self) -> float:
        """How much louder the first channel is, noise apart, at most 40 dB."""
        left, right = (
            max(power - floor, _LEAST_SHARE * floor, _LEAST_POWER)
            for power, floor in zip(self.powers, self.floors, strict=True)
        )
        return float(np.clip(10 * np.log10(left / right), -_MOST_DB, _MOST_DB))

    @property
    def is_clear(self) -> bool:
        """Whether a channel stands out of its noise: what does not has no telling difference."""
        return any(power > _CLEAR * floor for power, floor in zip(self.powers, self.floors, strict=True))

    def share_of_floor(self, side: int) -> float:
        """The factor that brings a channel down to its noise, at most 1."""
        power, floor = self.powers[side], self.floors[side]
        return min(1.0, float(np.sqrt(floor / power))) if power > 0 else 1.0


class Levels:
    """Powers and noise floors of two channels, frame by frame."""

    def __init__(self) -> None:
        self._floors = NoiseFloor(), NoiseFloor()

    def feed(self, frame: Pcm, missing: tuple[int, ...] = ()) -> FrameLevels:
        """`missing`: channels in which silence stands for sound; nothing is learnt of them."""
        powers = tuple(float(np.dot(one, one)) / one.size for one in frame)
        left, right = (
            0.0 if side in missing else floor.feed(power)
            for side, (floor, power) in enumerate(zip(self._floors, powers, strict=True))
        )
        return FrameLevels((powers[0], powers[1]), (left, right))


class Balance:
    """Where the middle between the two voices lies, and how far they are from it."""

    def __init__(self, gain_difference_db: float) -> None:
        self._calibrated = gain_difference_db
        self._values: deque[float] = deque(maxlen=_KEPT_FRAMES)
        self._count = 0
        self._is_level = False
        self.middle_db = gain_difference_db
        self.separation_db = 0.0
        """Of each voice from the middle; 0 until both have been heard."""

    @property
    def is_inseparable(self) -> bool:
        """Whether both microphones have heard all speech alike for 10 s: they say nothing of who speaks."""
        return len(self._values) >= _INSEPARABLE_FRAMES and self._is_level

    def learn(self, difference_db: float) -> None:
        """Take the median difference of one more frame in which somebody spoke."""
        self._values.append(difference_db)
        self._count += 1
        if self._count % _LEARN_EVERY == 0:
            self._find_heaps()
            away = np.abs(np.asarray(self._values) - self.middle_db) >= LEAST_DB
            self._is_level = float(np.mean(away)) < _MOST_AWAY_SHARE

    def _find_heaps(self) -> None:
        """Otsu's threshold: the cut with the most variance between the heaps it makes."""
        edges = np.arange(-_MOST_DB, _MOST_DB + 1) - 0.5
        counts, _ = np.histogram(np.asarray(self._values), np.append(edges, _MOST_DB + 0.5))
        places = edges + 0.5
        below, total = np.cumsum(counts), counts.sum()
        above = total - below
        weighted = np.cumsum(counts * places)
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = weighted / below, (weighted[-1] - weighted) / above
            between = np.where((below > 0) & (above > 0), below * above * (high - low) ** 2, 0) / total**2
        cut = int(np.argmax(between))
        variance = float(np.average((places - weighted[-1] / total) ** 2, weights=counts))
        least = max(_LEAST_HEAP_FRAMES, _LEAST_HEAP_SHARE * total)
        if min(below[cut], above[cut]) < least or between[cut] < _BIMODAL_SHARE * variance:
            return
        self._take(float(low[cut]), float(high[cut]))

    def _take(self, low: float, high: float) -> None:
        middle = (low + high) / 2
        is_across = low - self._calibrated <= _HEAP_OVER_DB and high - self._calibrated >= -_HEAP_OVER_DB
        is_near = abs(middle - self._calibrated) <= _MOST_GAIN_ERROR_DB
        if high - low >= _LEAST_HEAPS_APART_DB and is_across and is_near:
            self.middle_db, self.separation_db = middle, (high - low) / 2


class Floor:
    """Who has the word: the sides that speak now, by the median difference from the middle."""

    def __init__(self) -> None:
        self.holds = (False, False)
        self._between = 0

    def feed(self, from_middle_db: float | None, separation_db: float) -> tuple[bool, bool]:
        """(first, second); None, where nobody speaks, leaves it as it was."""
        if from_middle_db is None:
            return self.holds
        width = min(_WIDEST_OVERLAP_DB, separation_db - _OVERLAP_DB)
        if width > 0 and abs(from_middle_db) < width:
            self._between += 1
            if self._between >= _OVERLAP_FRAMES:
                self.holds = (True, True)
            return self.holds
        self._between = 0
        if abs(from_middle_db) >= LEAST_DB or self.holds[0] == self.holds[1]:
            self.holds = (from_middle_db > 0, from_middle_db <= 0)
        return self.holds
