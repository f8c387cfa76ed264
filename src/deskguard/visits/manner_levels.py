"""Staff's turns in, sustained loudness and pace out: how far over the clerk's own normal, and for how long.

One loud word is no raised voice. What counts is a stretch: utterances in a row that pass the bound, two of them
or so much speech in one. Until a normal is known the first utterances wait, and are judged by it afterwards.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deskguard.visits.manner_finding import Measured
from deskguard.visits.manner_turn import samples

if TYPE_CHECKING:
    from deskguard.settings import MannerSettings
    from deskguard.visits.manner_normal import Habit
    from deskguard.visits.manner_turn import Turn

_NEAR_S = 30.0
"""A stretch ends when staff has been silent for so long."""
_ENOUGH_TURNS = 2
_MOST_WAITING = 12

_Kind = Literal["loud", "fast", "slow"]


@dataclass(slots=True)
class _Stretch:
    """Utterances in a row that passed a bound."""

    start_sample: int
    end_sample: int
    turns: int = 0
    voiced_s: float = 0.0
    longest_s: float = 0.0
    amount: float = 0.0
    """LU times seconds, or syllables."""

    def add(self, turn: Turn, amount: float) -> None:
        self.end_sample = max(self.end_sample, turn.end_sample)
        self.turns += 1
        self.voiced_s += turn.voiced_s
        self.longest_s = max(self.longest_s, turn.voiced_s)
        self.amount += amount


class LevelWatch:
    """Loud, fast and slow speech of one clerk."""

    def __init__(self, settings: MannerSettings, habit: Habit) -> None:
        self._settings = settings
        self._habit = habit
        self._stretches: dict[_Kind, _Stretch] = {}
        self._waiting: deque[tuple[Turn, frozenset[str]]] = deque(maxlen=_MOST_WAITING)

    def hear(self, turn: Turn, excuses: frozenset[str]) -> list[Measured]:
        """Judge a turn of staff in a visit; `excuses` are what the visitor makes right."""
        self._waiting.append((turn, excuses))
        knew = self._knows()
        if not knew:
            self._habit.learn(turn)
        if not self._knows():
            return []
        found = []
        while self._waiting:
            found += self._judge(*self._waiting.popleft(), learn=knew)
        return found

    def learn(self, turn: Turn) -> None:
        """Take a turn outside visits, which is nobody's business, for what it says of the normal."""
        if not self._over(turn):
            self._habit.learn(turn)

    def _knows(self) -> bool:
        return self._habit.loudness_lufs is not None

    def _over(self, turn: Turn) -> bool:
        return (self._habit.over_lu(turn) or 0.0) >= self._settings.loud_lu

    def _judge(self, turn: Turn, excuses: frozenset[str], *, learn: bool) -> list[Measured]:
        found = [
            *self._judge_loudness(turn, is_right="louder" in excuses),
            *self._judge_pace(turn, slow_is_right="slower" in excuses),
        ]
        if learn:
            unusual = {kind for kind, one in self._stretches.items() if one.end_sample == turn.end_sample}
            self._habit.learn(
                turn,
                loudness="loud" not in unusual and "louder" not in excuses,
                rate=not unusual & {"fast", "slow"} and "slower" not in excuses,
            )
        return found

    def _judge_loudness(self, turn: Turn, *, is_right: bool) -> list[Measured]:
        over = self._habit.over_lu(turn)
        if over is None:
            return []
        if is_right or over < self._settings.loud_lu:
            self._stretches.pop("loud", None)
            return []
        stretch = self._extend("loud", turn, over * turn.voiced_s)
        return self._told("loud", stretch, stretch.amount / stretch.voiced_s, self._settings.loud_lu)

    def _judge_pace(self, turn: Turn, *, slow_is_right: bool) -> list[Measured]:
        normal, ratio = self._habit.syllables_per_s, self._habit.rate_ratio(turn)
        if normal is None or ratio is None:
            return []
        fast, slow = self._settings.fast_ratio, self._settings.slow_ratio
        kind: _Kind | None = "fast" if ratio >= fast else None
        if ratio <= slow and not slow_is_right:
            kind = "slow"
        if kind != "fast":
            self._stretches.pop("fast", None)
        if kind != "slow":
            self._stretches.pop("slow", None)
        if kind is None:
            return []
        stretch = self._extend(kind, turn, turn.syllables)
        return self._told(
            kind, stretch, stretch.amount / stretch.voiced_s, normal * (fast if kind == "fast" else slow)
        )

    def _extend(self, kind: _Kind, turn: Turn, amount: float) -> _Stretch:
        stretch = self._stretches.get(kind)
        if stretch is None or turn.start_sample - stretch.end_sample > samples(_NEAR_S):
            stretch = self._stretches[kind] = _Stretch(turn.start_sample, turn.end_sample)
        stretch.add(turn, amount)
        return stretch

    def _is_sustained(self, kind: _Kind, stretch: _Stretch) -> bool:
        """Pace needs twice as much: of itself it varies more from one sentence to the next than level does."""
        enough_s = self._settings.sustained_s
        in_a_row = stretch.turns >= _ENOUGH_TURNS
        if kind == "loud":
            return in_a_row or stretch.longest_s >= enough_s
        return (in_a_row and stretch.voiced_s >= enough_s) or stretch.longest_s >= 2 * enough_s

    def _told(self, kind: _Kind, stretch: _Stretch, value: float, expected: float) -> list[Measured]:
        if not self._is_sustained(kind, stretch):
            return []
        normal = self._habit.loudness_lufs if kind == "loud" else self._habit.syllables_per_s
        unit = "LU" if kind == "loud" else "syllables/s"
        return [
            Measured(
                kind=kind,
                start_sample=stretch.start_sample,
                end_sample=stretch.end_sample,
                value=value,
                expected=expected,
                unit=unit,
                why=(
                    f"normal {normal:.1f} {'LUFS' if kind == 'loud' else unit}",
                    f"{value:.1f} {unit} over {stretch.voiced_s:.1f} s of speech, bound {expected:.1f}",
                    f"{stretch.turns} utterances in a row, the longest {stretch.longest_s:.1f} s",
                ),
            )
        ]
