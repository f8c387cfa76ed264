"""Events to rows of the roll-up; see `tables` for what is counted under which key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from deskguard.wire.events import (
    CourtesyEvent,
    FalseAlarmEvent,
    HelpEvent,
    HitEvent,
    MannerEvent,
    StateEvent,
    VisitEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deskguard.wire.events import Event


class What(NamedTuple):
    """What is counted, without when and where."""

    kind: str
    rule_id: str = ""
    standard: str = ""
    scene: str = ""
    severity: str = ""


class Where(NamedTuple):
    """The hour and the window that something is counted for."""

    day: str
    hour: int
    window_id: str


def counted(event: Event) -> tuple[What, float] | None:  # noqa: PLR0911  one line for each kind
    """What an event adds one to, and how much to `total`; None for what is only shown."""
    if isinstance(event, HitEvent):
        kind = "hit" if event.state == "confirmed" else "hit-withdrawn"
        return What(kind, event.rule_id, event.standard, event.scene, event.severity), event.confidence
    if isinstance(event, VisitEvent):
        if event.end is None:
            return None
        return What("visit", scene=event.channel), max(0.0, (event.end - event.begin).total_seconds())
    if isinstance(event, CourtesyEvent):
        return What(f"courtesy-{event.state}", event.act_id, scene=event.scene), 0.0
    if isinstance(event, MannerEvent):
        return What("manner", event.manner), event.value
    if isinstance(event, FalseAlarmEvent):
        return What("false-alarm", event.rule_id), 0.0
    if isinstance(event, HelpEvent):
        return What("help", event.by), 0.0
    if isinstance(event, StateEvent) and event.state in ("paused", "microphone-lost"):
        return What(event.state), 0.0
    return None


def rolled_up(several: Iterable[tuple[Where, Event]]) -> list[dict[str, Any]]:
    """The rows that some events add up to, each key once, in the order of keys."""
    sums: dict[tuple[Where, What], list[float]] = {}
    for where, event in several:
        found = counted(event)
        if found is not None:
            row = sums.setdefault((where, found[0]), [0, 0.0])
            row[0] += 1
            row[1] += found[1]
    return [
        {**where._asdict(), **what._asdict(), "count": int(count), "total": total}
        for (where, what), (count, total) in sorted(sums.items())
    ]
