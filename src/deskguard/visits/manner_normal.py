"""How loud and how fast somebody speaks when nothing is the matter: measured once, else learned while it runs.

`deskguard calibrate` measures a clerk's own level and pace. Without it they are the median of what was said so
far, from the first few utterances on. What is loud or fast is never learned, or a clerk who shouts for ten
minutes would have shouting for a normal.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.settings import MannerSettings
    from deskguard.visits.manner_turn import Turn

_LEAST = 5
"""Utterances before a median counts."""
_REMEMBERED = 200
"""Utterances the median is taken of: some half an hour of speech."""
_RAISED_LU = 5.0
"""Above the quieter quarter of one's utterances: ordinary speech lies within 2-3 LU of it."""
_LEAST_VOICED_S = 0.4
"""Speech in an utterance that has a level: one momentary block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A clerk's own calibrated level and pace; None where nobody measured it."""

    loudness_lufs: float | None = None
    """Sustained momentary loudness of ordinary speech, as `hearing.loudness` measures it."""
    syllables_per_s: float | None = None
    """Of voiced time."""

    @classmethod
    def of(cls, settings: MannerSettings) -> Normal:
        """What calibration wrote into the settings."""
        return cls(
            loudness_lufs=settings.normal_lufs or None,
            syllables_per_s=settings.normal_syllables_per_s or None,
        )


class Habit:
    """One speaker's normal, given or learned; bounded memory."""

    def __init__(self, given: Normal, least: int = _LEAST) -> None:
        self._given = given
        self._least = least
        self._loudness: deque[float] = deque(maxlen=_REMEMBERED)
        self._rates: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def loudness_lufs(self) -> float | None:
        if self._given.loudness_lufs is not None:
            return self._given.loudness_lufs
        return _ordinary(self._loudness) if len(self._loudness) >= self._least else None

    @property
    def syllables_per_s(self) -> float | None:
        if self._given.syllables_per_s is not None:
            return self._given.syllables_per_s
        return median(self._rates) if len(self._rates) >= self._least else None

    def learn(self, turn: Turn, *, loudness: bool = True, rate: bool = True) -> None:
        """Take an utterance for ordinary speech, its loudness or its pace or both."""
        if loudness and turn.loudness_lufs is not None and turn.voiced_s >= _LEAST_VOICED_S:
            self._loudness.append(turn.loudness_lufs)
        if rate and turn.syllables_per_s is not None:
            self._rates.append(turn.syllables_per_s)

    def over_lu(self, turn: Turn) -> float | None:
        """How much louder than normal, LU; None where that cannot be told."""
        normal = self.loudness_lufs
        if normal is None or turn.loudness_lufs is None or turn.voiced_s < _LEAST_VOICED_S:
            return None
        return turn.loudness_lufs - normal

    def rate_ratio(self, turn: Turn) -> float | None:
        """How many times as fast as normal; None where that cannot be told."""
        normal = self.syllables_per_s
        if normal is None or turn.syllables_per_s is None:
            return None
        return turn.syllables_per_s / normal


def _ordinary(loudness: Iterable[float]) -> float:
    """The median of what is not loud: the first utterances may hold a raised voice before a normal is known."""
    ranked = sorted(loudness)
    quarter = ranked[len(ranked) // 4]
    return median(one for one in ranked if one < quarter + _RAISED_LU)
