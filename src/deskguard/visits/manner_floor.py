"""Turns of both sides in, who cut in on whom out: interruptions, and exchanges that heat up.

Both need overlap, so both need two sides that were heard apart. An utterance arrives when it is over, so the
one that was cut in on may arrive after the one that cut in: pairs are looked for from either.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from deskguard.values import seconds
from deskguard.visits.manner_finding import Measured
from deskguard.visits.manner_turn import samples

if TYPE_CHECKING:
    from deskguard.settings import MannerSettings
    from deskguard.visits.manner_normal import Habit
    from deskguard.visits.manner_turn import Turn

CUT_S = 0.5
"""How long before the visitor's end staff must start."""
GOES_ON_S = 1.0
"""How long staff must then go on."""
_HELD_S = 0.5
"""How long the visitor must have been speaking; before that both began at once."""
_YIELD_S = 2.0
"""Staff that was speaking when the visitor began, and goes on within this, keeps the floor; nobody took it."""
_SAME_S = 0.25
"""Utterances of one side so near are one speech that was cut for its length."""
_KEPT_TURNS, _KEPT_S = 24, 40.0
_HEATED_S = 20.0
_HEATED_OVERLAP_S = 1.0
"""Speech at once within `_HEATED_S`: two interruptions of half a second."""
_HEATED_LOUD = 2 / 3
"""Of the bound for loud speech: with both sides, overlap and pace together, less is sure enough."""
_HEATED_RATIO = 1.15


class FloorWatch:
    """Who has the floor, from the newest turns of both sides."""

    def __init__(self, settings: MannerSettings, staff: Habit, visitor: Habit) -> None:
        self._settings = settings
        self._staff = staff
        self._visitor = visitor
        self._turns: deque[Turn] = deque(maxlen=_KEPT_TURNS)
        self._told: deque[int] = deque(maxlen=_KEPT_TURNS)
        """Starts of the staff turns that were told as interruptions."""
        self._heat: Measured | None = None

    def hear(self, turn: Turn) -> list[Measured]:
        """Take a turn of either side."""
        newest = max([turn.end_sample, *(one.end_sample for one in self._turns)])
        kept = [one for one in self._turns if newest - one.end_sample <= samples(_KEPT_S)]
        self._turns = deque([*kept, turn], maxlen=_KEPT_TURNS)
        return [*self._interruptions(turn), *self._heated(newest)]

    def forget(self) -> None:
        """Another visit: nobody cuts in across its border."""
        self._turns.clear()
        self._told.clear()
        self._heat = None

    # Interruptions

    def _interruptions(self, newest: Turn) -> list[Measured]:
        """Those that the newest turn completes."""
        staff = [one for one in self._turns if one.role == "staff"]
        visitor = [one for one in self._turns if one.role == "visitor"]
        if newest.role == "staff":
            pairs = [(newest, other) for other in visitor]
        else:
            pairs = [(one, newest) for one in staff]
        found = []
        for one, other in pairs:
            if one.start_sample in self._told or not self._cuts_in(one, other):
                continue
            self._told.append(one.start_sample)
            found.append(self._interruption(one, other))
        return found

    def _cuts_in(self, staff: Turn, visitor: Turn) -> bool:
        end = self._speech_end(visitor)
        return (
            not staff.is_back_channel
            and not visitor.is_back_channel
            and staff.own_sample >= visitor.start_sample + samples(_HELD_S)
            and end - staff.own_sample >= samples(CUT_S)
            and self._speech_end(staff) - staff.own_sample >= samples(GOES_ON_S)
            and not self._keeps_floor(staff, visitor)
        )

    def _keeps_floor(self, staff: Turn, visitor: Turn) -> bool:
        """Whether staff was speaking when the visitor began, and only goes on."""
        return any(
            one.role == "staff"
            and not one.is_back_channel
            and one.start_sample < visitor.start_sample < one.end_sample
            and staff.start_sample - one.end_sample <= samples(_YIELD_S)
            for one in self._turns
        )

    def _speech_end(self, turn: Turn) -> int:
        """Where a speech ends that may have been cut into several utterances for its length."""
        end = turn.end_sample
        for one in sorted(self._turns, key=lambda one: one.start_sample):
            near = turn.start_sample < one.start_sample <= end + samples(_SAME_S)
            if one.role == turn.role and near:
                end = max(end, one.end_sample)
        return end

    def _interruption(self, staff: Turn, visitor: Turn) -> Measured:
        before = seconds(self._speech_end(visitor) - staff.own_sample)
        goes_on = seconds(self._speech_end(staff) - staff.own_sample)
        return Measured(
            kind="interruption",
            start_sample=staff.own_sample,
            end_sample=staff.end_sample,
            value=before,
            expected=CUT_S,
            unit="s",
            why=(
                f"began {before:.2f} s before the visitor's end, bound {CUT_S:.1f}",
                f"went on for {goes_on:.2f} s, bound {GOES_ON_S:.1f}",
                f"the visitor had spoken for {seconds(staff.own_sample - visitor.start_sample):.2f} s",
            ),
        )

    # Heated exchanges

    def _heated(self, newest: int) -> list[Measured]:
        recent = [one for one in self._turns if newest - one.end_sample <= samples(_HEATED_S)]
        loud = {
            role: [one for one in recent if one.role == role and self._is_loud(one)]
            for role in ("staff", "visitor")
        }
        overlap = sum(one.overlap_s(other) for one in loud["staff"] for other in loud["visitor"])
        both = [*loud["staff"], *loud["visitor"]]
        ratio = max((self._habit(one).rate_ratio(one) or 0.0 for one in both), default=0.0)
        if not all(loud.values()) or overlap < _HEATED_OVERLAP_S or ratio < _HEATED_RATIO:
            return []
        start = min(one.start_sample for one in both)
        if self._heat is not None and start - self._heat.end_sample <= samples(_HEATED_S):
            start = self._heat.start_sample
            overlap = max(overlap, self._heat.value)
        bound = _HEATED_LOUD * self._settings.loud_lu
        self._heat = Measured(
            kind="heated",
            start_sample=start,
            end_sample=max(one.end_sample for one in both),
            value=overlap,
            expected=_HEATED_OVERLAP_S,
            unit="s",
            role="unknown",
            why=(
                f"{overlap:.1f} s of both at once within {_HEATED_S:.0f} s, bound {_HEATED_OVERLAP_S:.1f}",
                f"both sides {bound:.1f} LU or more over their normal",
                f"the faster side {ratio:.2f} times its normal pace, bound {_HEATED_RATIO:.2f}",
                "a reason to offer help, against nobody",
            ),
        )
        return [self._heat]

    def _habit(self, turn: Turn) -> Habit:
        return self._staff if turn.role == "staff" else self._visitor

    def _is_loud(self, turn: Turn) -> bool:
        """A visitor who has not said enough to have a normal is compared with the clerk's."""
        bound = _HEATED_LOUD * self._settings.loud_lu
        over = self._habit(turn).over_lu(turn)
        if over is None and turn.role == "visitor":
            over = self._staff.over_lu(turn)
        return over is not None and over >= bound
