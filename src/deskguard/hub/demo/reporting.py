"""What the desks of the demo hall would have told: an examination to events, through the hall's own intake.

So that roll-ups, wall and feed have what they have in a real hall. Codes and numbers only, as always.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deskguard.hub.feed.intake import Arrived, take
from deskguard.scoring.values import MANNER, MISSING, SAID
from deskguard.values import seconds
from deskguard.wire.batch import MOST_EVENTS, Batch, Head
from deskguard.wire.events import (
    Clause,
    CourtesyEvent,
    DeskEvent,
    HitEvent,
    MannerEvent,
    QueueEvent,
    StateEvent,
    VisitEvent,
)
from deskguard.wire.ulid import new_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskguard.hub.accounts.desk_keys import DeskKey
    from deskguard.hub.state import HubState
    from deskguard.scoring.values import Examined, Finding
    from deskguard.wire.events import Event


class Outbox:
    """What one desk tells, in its order."""

    def __init__(self, state: HubState, desk: DeskKey) -> None:
        self._state = state
        self._desk = desk
        self._rng = random.Random(desk.window_id)  # noqa: S311 - names, not secrets
        self._stream = new_ulid(state.now(), self._rng.getrandbits)
        self._seq = 0

    def tell(self, examined: Examined, visits: Sequence[tuple[str, float, float]]) -> None:
        """One day's events; `visits` are id, begin and end in seconds of the recording."""
        began = datetime.fromisoformat(examined.recording.started_at).astimezone()
        self._send(sorted(self._day(examined, visits, began), key=lambda one: one[0]))

    def be_there(self) -> None:
        """The desk is on and listens now."""
        now = self._state.now()
        self._send([(now - timedelta(seconds=2), {"kind": "desk", "online": True, "version": "0.1.0"})])
        self._send([(now - timedelta(seconds=1), {"kind": "state", "state": "listening"})])
        waiting = self._rng.randrange(8)
        longest_s = 90.0 * waiting if waiting else None
        self._send([(now, {"kind": "queue", "waiting": waiting, "longest_s": longest_s})])

    def _day(
        self, examined: Examined, visits: Sequence[tuple[str, float, float]], began: datetime
    ) -> Iterator[tuple[datetime, dict[str, object]]]:
        for visit_id, first_s, last_s in visits:
            begin, end = began + timedelta(seconds=first_s), began + timedelta(seconds=last_s)
            yield end, {
                "kind": "visit", "visit_id": visit_id, "begin": begin, "end": end, "channel": "counter",
                "begun_by": "queue", "ended_by": "queue",
            }  # fmt: skip
        for one in examined.findings:
            at = began + timedelta(seconds=seconds(one.end_sample))
            yield at, _told(one)

    def _send(self, told: Sequence[tuple[datetime, dict[str, object]]]) -> None:
        for first in range(0, len(told), MOST_EVENTS):
            events = tuple(self._event(at, one) for at, one in told[first : first + MOST_EVENTS])
            now = self._state.now()
            head = Head(desk_id=self._desk.desk_id, stream=self._stream, sent=now)
            take(self._state.store, [Arrived(self._desk, Batch(head, events), now)])

    def _event(self, at: datetime, told: dict[str, object]) -> Event:
        self._seq += 1
        kind = _KINDS[str(told["kind"])]
        return kind.model_validate(
            {**told, "id": new_ulid(at, self._rng.getrandbits), "seq": self._seq, "at": at}
        )


def _told(one: Finding) -> dict[str, object]:
    """A finding as an event of the day."""
    if one.kind in (SAID, MISSING):
        scene = one.rule_id.split(".")[1] if "." in one.rule_id else ""
        state = "said" if one.kind == SAID else "missing"
        return {
            "kind": "courtesy",
            "act_id": one.rule_id,
            "state": state,
            "scene": scene,
            "visit_id": one.visit_id,
        }
    if one.kind == MANNER:
        return {
            "kind": "manner", "manner": one.title, "value": one.value or 0.0, "expected": one.expected or 0.0,
            "unit": one.unit, "visit_id": one.visit_id,
        }  # fmt: skip
    clauses = tuple(Clause(standard=each.standard, clause=each.clause) for each in one.clauses[:12])
    return {
        "kind": "hit", "hit_id": one.finding_id, "rule_id": one.rule_id, "clauses": clauses,
        "standard": one.clauses[0].standard if one.clauses else "", "severity": one.severity or "low",
        "state": "confirmed", "confidence": one.confidence or 1.0, "shown": not one.softened,
        "visit_id": one.visit_id,
    }  # fmt: skip


_KINDS: dict[
    str, type[DeskEvent | StateEvent | VisitEvent | QueueEvent | HitEvent | CourtesyEvent | MannerEvent]
] = {
    "desk": DeskEvent,
    "state": StateEvent,
    "visit": VisitEvent,
    "queue": QueueEvent,
    "hit": HitEvent,
    "courtesy": CourtesyEvent,
    "manner": MannerEvent,
}
