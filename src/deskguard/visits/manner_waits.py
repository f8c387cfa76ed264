"""Turns and passing time in, waiting out: questions without reply, silence while a visitor waits, private talk.

An utterance is told when it is over and read, up to `_SETTLE_S` after it began, so a silence is one only when
so much time more has passed. While a visitor speaks nobody keeps them waiting: their own speech is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deskguard.values import seconds
from deskguard.visits.manner_finding import Measured
from deskguard.visits.manner_turn import samples

if TYPE_CHECKING:
    from deskguard.settings import MannerSettings
    from deskguard.values import Visit
    from deskguard.visits.manner_turn import Turn

_SETTLE_S = 14.0
"""The longest utterance, 12 s, with its hangover and reading."""
_PATIENT = 4
"""How many times longer a wait may be that was announced."""
_OVERLAP_S = 0.3
"""A reply may begin so long before the question is over; staff that stops before that has not replied."""
_CHAT_GAP_S = 15.0
"""A longer pause ends a chat."""
_CHAT_SHARE = 0.35
"""Of a chat is speech: less is somebody at work who says a word now and then."""
_CHAT_BUSINESS = 0.01
"""Words of business for each syllable, at most."""
_MOST_BUSINESS = 2
"""In one utterance; with as many it is about the visitor's case."""


@dataclass(slots=True)
class _Wait:
    """Somebody waits for a word since some place."""

    since_sample: int
    visitor_spoke: int = 0
    """Samples of the visitor's own speech in it."""

    def lasted_s(self, until_sample: int) -> float:
        return max(0.0, seconds(until_sample - self.since_sample - self.visitor_spoke))


class QuestionWatch:
    """A visitor's question that nobody replies to; a repeated one is the same."""

    def __init__(self, settings: MannerSettings) -> None:
        self._within_s = settings.answer_within_s
        self._asked: _Wait | None = None
        self._kind: Literal["closed", "open"] = "closed"
        self._replied_sample = -1
        """Where staff's newest words end."""

    def hear(self, turn: Turn) -> list[Measured]:
        if turn.role == "visitor":
            if self._asked is not None:
                self._asked.visitor_spoke += max(0, turn.end_sample - turn.start_sample)
            elif turn.question != "no" and self._replied_sample < turn.end_sample + samples(_OVERLAP_S):
                self._asked, self._kind = _Wait(turn.end_sample), turn.question
            return []
        self._replied_sample = max(self._replied_sample, turn.end_sample)
        asked = self._asked
        if asked is None or turn.end_sample < asked.since_sample - samples(_OVERLAP_S):
            return []
        waited_s = asked.lasted_s(turn.start_sample)
        if turn.is_hum and self._kind == "open" and waited_s < self._within_s:
            return []
        self._asked = None
        return self._judged(asked, turn.start_sample)

    def tick(self, now_sample: int) -> list[Measured]:
        """Audio time has come to here."""
        asked = self._asked
        if asked is None or asked.lasted_s(now_sample) < self._within_s + _SETTLE_S:
            return []
        self._asked = None
        return self._judged(asked, now_sample)

    def finish(self, now_sample: int) -> list[Measured]:
        """Nothing more will be said."""
        asked, self._asked = self._asked, None
        return [] if asked is None else self._judged(asked, now_sample)

    def _judged(self, asked: _Wait, until_sample: int) -> list[Measured]:
        waited_s = asked.lasted_s(until_sample)
        if waited_s < self._within_s:
            return []
        return [
            Measured(
                kind="unanswered",
                start_sample=asked.since_sample,
                end_sample=until_sample,
                value=waited_s,
                expected=self._within_s,
                unit="s",
                why=(
                    f"no word to a question for {waited_s:.1f} s, bound {self._within_s:.1f}",
                    f"{seconds(asked.visitor_spoke):.1f} s of the visitor's own speech not counted",
                ),
            )
        ]


class SilenceWatch:
    """A visitor who waits long without a word from staff, and was not asked to."""

    def __init__(self, settings: MannerSettings) -> None:
        self._bound_s = settings.wait_s
        self._wait: _Wait | None = None
        self._is_announced = False
        self._is_told = False

    def begin(self, start_sample: int) -> None:
        """A visit begins."""
        self._restart(start_sample, is_announced=False)

    def announce(self) -> None:
        """Staff has asked to wait."""
        self._is_announced = True

    def hear(self, turn: Turn, *, is_present: bool) -> list[Measured]:
        wait = self._wait
        if wait is None:
            return []
        if turn.role == "visitor":
            inside = turn.end_sample - max(turn.start_sample, wait.since_sample)
            wait.visitor_spoke += max(0, inside)
            return []
        # Speech after the silence shows that somebody was there to wait through it.
        found = self._judged(wait, turn.start_sample) if is_present else []
        self._restart(max(turn.end_sample, wait.since_sample), is_announced=turn.is_wait_notice)
        return found

    def tick(self, now_sample: int, visit: Visit) -> list[Measured]:
        """Audio time has come to here; only a ticket that is still open shows that somebody waits."""
        wait = self._wait
        if wait is None or self._is_told or visit.begun_by != "queue" or visit.end_sample is not None:
            return []
        return self._judged(wait, now_sample - samples(_SETTLE_S))

    def _restart(self, sample: int, *, is_announced: bool) -> None:
        self._wait, self._is_announced, self._is_told = _Wait(sample), is_announced, False

    def _judged(self, wait: _Wait, until_sample: int) -> list[Measured]:
        bound_s = self._bound_s * (_PATIENT if self._is_announced else 1)
        waited_s = wait.lasted_s(until_sample)
        if waited_s < bound_s:
            return []
        self._is_told = True
        asked = "after being asked to" if self._is_announced else "without being asked to"
        return [
            Measured(
                kind="long-silence",
                start_sample=wait.since_sample,
                end_sample=until_sample,
                value=waited_s,
                expected=bound_s,
                unit="s",
                why=(f"waited {waited_s:.1f} s {asked}, bound {bound_s:.1f}",),
            )
        ]


class ChatWatch:
    """Staff that talks on and on, not to the visitor and not about business, while one waits."""

    def __init__(self, settings: MannerSettings) -> None:
        self._bound_s = settings.chat_s
        self.forget()

    def forget(self) -> None:
        """Somebody else spoke, or staff spoke to the visitor: no chat."""
        self._start: int | None = None
        self._end = 0
        self._voiced_s = 0.0
        self._business = 0
        self._length = 0

    def hear(self, turn: Turn, *, is_present: bool) -> list[Measured]:
        is_theirs = turn.is_addressed or turn.is_wait_notice or turn.business >= _MOST_BUSINESS
        if turn.role != "staff" or is_theirs or not is_present:
            self.forget()
            return []
        if self._start is None or turn.start_sample - self._end > samples(_CHAT_GAP_S):
            self.forget()
            self._start = turn.start_sample
        self._end = max(self._end, turn.end_sample)
        self._voiced_s += turn.voiced_s
        self._business += turn.business
        self._length += turn.length
        return self._judged(self._start)

    def _judged(self, start: int) -> list[Measured]:
        lasted_s = seconds(self._end - start)
        share = self._voiced_s / lasted_s if lasted_s else 0.0
        business = self._business / max(1, self._length)
        if lasted_s < self._bound_s or share < _CHAT_SHARE or business > _CHAT_BUSINESS:
            return []
        return [
            Measured(
                kind="private-chat",
                start_sample=start,
                end_sample=self._end,
                value=lasted_s,
                expected=self._bound_s,
                unit="s",
                why=(
                    f"staff alone spoke for {lasted_s:.0f} s, bound {self._bound_s:.0f}",
                    f"{100 * share:.0f} % of it speech, at least {100 * _CHAT_SHARE:.0f} %",
                    f"{100 * business:.1f} words of business in 100 syllables, at most"
                    f" {100 * _CHAT_BUSINESS:.0f}",
                    "for a person to decide",
                ),
            )
        ]
