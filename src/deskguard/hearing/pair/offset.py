"""Lags that were heard and clocks that were read in, how far the second microphone's axis lies off out.

Two sound cards have crystals of their own: the offset grows by up to some 200 samples a million. So offset and
drift are followed together (a Kalman filter of two states), slowly: whoever speaks is nearer to one
microphone, and a lag is off by up to 3 ms either way. A lag that stands alone is believed by nobody. Without
speech the drift found so far carries on, and the capture clocks say when that has gone wrong: they are right
to some 20 ms for ever.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from deskguard.values import SAMPLE_RATE_HZ

Numbers = npt.NDArray[np.float64]

_AGREE_SAMPLES = 160
"""10 ms: two lags that agree; two voices at 1.5 m differ by 9."""
_ASTRAY = 3
"""Lags in a row that agree with one another, and not with what was believed."""
_LAG_VARIANCE = 40.0**2
_CLOCK_VARIANCE = 4000.0**2
_RESTART_VARIANCE = 800.0**2
"""50 ms, a driver's block: what a gap may have shifted."""
_DRIFT_VARIANCE = 100e-6**2
_DRIFT_WALK = 1e-6**2 / (60 * SAMPLE_RATE_HZ)
"""A millionth in a minute: crystals change with the warmth."""
_MOST_DRIFT = 500e-6
_CLOCK_ASTRAY_SAMPLES = SAMPLE_RATE_HZ // 10
_CLOCK_TIMES = 2
_BIAS_SHARE = 0.2
_HEARD_LATELY_SAMPLES = 60 * SAMPLE_RATE_HZ
"""So long after a lag no clock is asked."""


class Offset:
    """What to add to a place on the first axis to get the same moment on the second's."""

    def __init__(self, place: int, offset: float) -> None:
        """`offset` at `place` by the capture clocks."""
        self._place = place
        self._state: Numbers = np.array([offset, 0.0])
        self._covariance: Numbers = np.diag([_CLOCK_VARIANCE, _DRIFT_VARIANCE])
        self._doubted: list[tuple[int, float]] = []
        self._bias = 0.0
        """How far the clocks are off: one device may deliver later than the other."""
        self._is_bias_known = False
        self._clock_astray = 0
        self._heard_at = place
        self.is_heard = False
        """Whether lags have confirmed it since the last gap."""

    @property
    def drift(self) -> float:
        """Samples that the second axis gains for each sample of the first."""
        return float(self._state[1])

    def at(self, place: int) -> float:
        """The offset there."""
        return float(self._state[0] + self._state[1] * (place - self._place))

    def restart(self, place: int, by_clocks: float | None) -> None:
        """There was a gap, up to `place`: the drift stays, the offset must be heard anew.

        While a device is away its axis goes by the clocks and does not drift, so after a long gap they know
        better.
        """
        if by_clocks is not None and abs(by_clocks + self._bias - self.at(place)) > _CLOCK_ASTRAY_SAMPLES:
            self._set(place, by_clocks + self._bias)
        self._doubt()

    def hear(self, place: int, offset: float) -> None:
        """Take what one stretch of sound says."""
        spread = 4 * np.sqrt(self._ahead(place)[0, 0] + _LAG_VARIANCE)
        if self.is_heard and abs(offset - self.at(place)) <= max(_AGREE_SAMPLES, spread):
            self._doubted.clear()
            self._learn(place, offset)
            return
        self._doubted = [one for one in self._doubted if abs(one[1] - offset) <= _AGREE_SAMPLES]
        self._doubted.append((place, offset))
        if len(self._doubted) < (_ASTRAY if self.is_heard else 2):
            return
        if self.is_heard:
            self._covariance[0, 0] += _RESTART_VARIANCE + (offset - self.at(place)) ** 2
        for heard in self._doubted:
            self._learn(*heard)
        self._doubted.clear()
        self.is_heard, self._is_bias_known = True, False

    def read_clocks(self, place: int, offset: float) -> None:
        """Take the offset by the capture clocks: it overrules what nothing confirms and is far off for long."""
        astray = offset + self._bias - self.at(place)
        if self.is_heard and place - self._heard_at < _HEARD_LATELY_SAMPLES:
            self._bias -= astray * (_BIAS_SHARE if self._is_bias_known else 1.0)
            self._is_bias_known = True
            astray = 0.0
        self._clock_astray = self._clock_astray + 1 if abs(astray) > _CLOCK_ASTRAY_SAMPLES else 0
        if self._clock_astray >= _CLOCK_TIMES:
            self._clock_astray = 0
            self._set(place, offset + self._bias)
            self._doubt()

    def _set(self, place: int, offset: float) -> None:
        self._move(max(place, self._place))
        self._state[0] = offset

    def _doubt(self) -> None:
        self._covariance[0, 0] += _RESTART_VARIANCE
        self._doubted.clear()
        self.is_heard = False

    def _ahead(self, place: int) -> Numbers:
        """How unsure offset and drift are there."""
        step = max(0, place - self._place)
        carry = np.array([[1.0, step], [0.0, 1.0]])
        walk = _DRIFT_WALK * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
        ahead: Numbers = carry @ self._covariance @ carry.T + walk
        return ahead

    def _move(self, place: int) -> None:
        self._covariance = self._ahead(place)
        self._state[0] = self.at(place)
        self._place = place

    def _learn(self, place: int, offset: float) -> None:
        self._move(max(place, self._place))
        gain = self._covariance[:, 0] / (self._covariance[0, 0] + _LAG_VARIANCE)
        self._state = self._state + gain * (offset - self._state[0])
        self._covariance = self._covariance - np.outer(gain, self._covariance[0])
        self._state[1] = np.clip(self._state[1], -_MOST_DRIFT, _MOST_DRIFT)
        self._heard_at = place
