"""What of a window's news may be told to the hall, and when: pure, so that the promise can be read and tested.

Told at once are the desk's own state and health, that a visit begins and ends, how many wait, and calls for
help. What says how a clerk works (hits, courtesy, manner, false alarms) waits for the next day by default:
nobody watches a person live. What was said is never told: no event has room for it. Hits of visitors, of nobody
known, and those that wait for a person's judgement are not told at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from deskguard.desk.reporting.outbox import Entry
from deskguard.values import Alert, Courtesy, Manner, Visit
from deskguard.wire.events import ABOUT_A_PERSON, EVENT, MOST_CLAUSES
from deskguard.wire.ulid import new_ulid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deskguard.desk.visit_records import Finding
    from deskguard.settings import HubSettings

_NOT_TOLD = frozenset(
    {
        *("role-visitor", "role-unknown", "softened", "low-confidence"),
        *("awaiting-confirmation", "contained", "withdrawn", "needs-person"),
    }
)
"""Why a hit showed no card, and is told to nobody either."""
_VISITS_REMEMBERED = 4
_SAME_QUEUE = timedelta(minutes=5)
"""So long the same number of people who wait is not told again."""
_SAME_WAIT = timedelta(seconds=5)
_QUEUE_HOLDS = timedelta(minutes=15)
"""So long a visit that begins is told with how many waited last."""


def utc_text(moment: datetime) -> str:
    """UTC of fixed width, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def next_day(moment: datetime) -> str:
    """The first moment of the local day after, as UTC text."""
    tomorrow = moment.astimezone().date() + timedelta(days=1)
    return utc_text(datetime.combine(tomorrow, time.min).astimezone())


@dataclass(frozen=True, slots=True)
class _Queue:
    """Those who wait, as was told to the hall last."""

    waiting: int | None
    since: datetime | None
    """Since when the first of them has waited."""
    told: datetime

    def says(self, other: _Queue) -> bool:
        """Whether the other is no news: the same people wait, and it was told a moment ago."""
        if self.waiting != other.waiting or not timedelta() <= other.told - self.told < _SAME_QUEUE:
            return False
        if self.since is None or other.since is None:
            return self.since is other.since
        return abs(self.since - other.since) <= _SAME_WAIT


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What is held under this name is not to be told; if it is on its way, `otherwise` is told instead."""

    name: str
    otherwise: Entry


class Policy:
    """Turns what happens at one window into entries of the outbox; remembers only what it has told."""

    def __init__(self, settings: HubSettings, utc_of: Callable[[int], str]) -> None:
        """`utc_of` tells when a sample was heard, as UTC text."""
        self._kinds = frozenset(settings.send)
        self._hits = settings.hits
        self._utc_of = utc_of
        self._told: set[str] = set()
        self._hit_rules: dict[str, str] = {}
        """The rule of each hit that was told."""
        self._visits: list[Visit] = []
        self._queue: _Queue | None = None
        self._queue_heard: datetime | None = None

    def desk(self, at: datetime, *, online: bool, version: str, rules_sha256: str) -> list[Entry]:
        """The desk has started or stops."""
        return self._entry("desk", at, online=online, version=version, rules_sha256=rules_sha256)

    def state(self, at: datetime, state: str, reason: str) -> list[Entry]:
        """What the ears do now."""
        return self._entry("state", at, state=state, reason=reason)

    def health(self, at: datetime, reading: Mapping[str, Any]) -> list[Entry]:
        """A reading of what was heard, lost and skipped: the fields of Health."""
        figures = ("heard_s", "speech_s", "lost_s", "backlog_s", "rtf")
        fields: dict[str, Any] = {name: max(0.0, float(reading[name])) for name in figures}
        fields |= {"skipped": reading["windows_skipped"], "notes": list(reading["notes"][:16])}
        return self._entry("health", at, **fields)

    def help(self, at: datetime, by: str) -> list[Entry]:
        """Somebody called for help."""
        return self._entry("help", at, by=by)

    def queue(self, at: datetime, waiting: int | None, longest_s: float | None) -> list[Entry]:
        """How many wait for this window; nothing when that was told a moment ago."""
        since = None if longest_s is None else at - timedelta(seconds=longest_s)
        now = _Queue(waiting, since, at)
        self._queue_heard = at
        if self._queue is not None and self._queue.says(now):
            return []
        self._queue = now
        told_s = None if longest_s is None else round(max(0.0, longest_s), 1)
        return self._entry("queue", at, waiting=waiting, longest_s=told_s)

    def _waiting(self, at: datetime) -> int | None:
        """How many wait, as far as the queue system told lately."""
        if self._queue is None or self._queue_heard is None:
            return None
        return self._queue.waiting if timedelta() <= at - self._queue_heard < _QUEUE_HOLDS else None

    def finding(self, at: datetime, finding: Finding) -> list[Entry]:
        """A visit, or what was found in one."""
        if isinstance(finding, Visit):
            return self._visit(at, finding)
        if isinstance(finding, Courtesy):
            return self._courtesy(at, finding)
        return self._manner(at, finding)

    def alert(self, at: datetime, alert: Alert) -> list[Entry | TakeBack]:
        """A hit that is sure and the clerk's, once; and that it is none, if it was told."""
        hit = alert.hit
        stands = hit.state == "confirmed" and alert.suppressed not in _NOT_TOLD
        if stands == (hit.hit_id in self._hit_rules):
            return []
        if stands:
            self._hit_rules[hit.hit_id] = hit.rule_id
        else:
            del self._hit_rules[hit.hit_id]
        visit, scene = self._around(hit.start_sample)
        clauses = [{"standard": one.standard, "clause": one.clause} for one in alert.clauses[:MOST_CLAUSES]]
        entries = self._entry(
            "hit",
            at,
            hit.hit_id,
            hit_id=hit.hit_id,
            rule_id=hit.rule_id,
            clauses=clauses,
            standard=clauses[0]["standard"] if clauses else "",
            severity=alert.severity,
            state="confirmed" if stands else "withdrawn",
            confidence=min(1.0, max(0.0, round(hit.confidence, 3))),
            shown=alert.suppressed is None,
            visit_id=visit,
            scene=scene,
        )
        return [one if stands else TakeBack(hit.hit_id, one) for one in entries]

    def false_alarm(self, at: datetime, hit_id: str) -> list[Entry]:
        """The clerk says that a hit is none; of a hit that was not told, nothing is."""
        if hit_id not in self._hit_rules:
            return []
        fields = {"rule_id": self._hit_rules[hit_id], "hit_id": hit_id}
        return self._entry("false-alarm", at, f"false-alarm {hit_id}", **fields)

    def pack(self, at: datetime, *, outcome: str, reason: str, sha256: str) -> list[Entry]:
        """Rules or settings that the hub sent were taken or refused."""
        return self._entry("pack", at, outcome=outcome, reason=reason, sha256=sha256)

    def _visit(self, at: datetime, visit: Visit) -> list[Entry]:
        self._visits = [one for one in self._visits if one.visit_id != visit.visit_id][-_VISITS_REMEMBERED:]
        self._visits.append(visit)
        name = f"{visit.visit_id} {'begun' if visit.end_sample is None else 'over'}"
        if name in self._told:
            return []
        self._told.add(name)
        if visit.end_sample is not None:
            self._told.discard(f"{visit.visit_id} begun")
        return self._entry(
            "visit",
            at,
            visit_id=visit.visit_id,
            begin=_local(self._utc_of(visit.start_sample)),
            end=None if visit.end_sample is None else _local(self._utc_of(visit.end_sample)),
            channel=visit.channel,
            begun_by=visit.begun_by,
            ended_by=visit.ended_by or "",
            waiting=self._waiting(at) if visit.end_sample is None else None,
        )

    def _courtesy(self, at: datetime, courtesy: Courtesy) -> list[Entry]:
        name = f"{courtesy.courtesy_id} {courtesy.state}"
        if courtesy.state == "open" or name in self._told:
            return []
        self._told.add(name)
        fields = {"act_id": courtesy.act_id, "state": courtesy.state, "scene": courtesy.scene}
        return self._entry("courtesy", at, courtesy.courtesy_id, **fields, visit_id=courtesy.visit_id)

    def _manner(self, at: datetime, manner: Manner) -> list[Entry]:
        if manner.manner_id in self._told or manner.role == "visitor":
            return []
        self._told.add(manner.manner_id)
        figures = {"value": round(manner.value, 2), "expected": round(manner.expected, 2), "unit": manner.unit}
        return self._entry(
            "manner", at, manner.manner_id, manner=manner.kind, **figures, visit_id=manner.visit_id
        )

    def _around(self, sample: int) -> tuple[str, str]:
        """The visit and the scene a sample lies in, as far as they are known."""
        for visit in reversed(self._visits):
            if visit.start_sample <= sample and (visit.end_sample is None or sample < visit.end_sample):
                scenes = [one.scene for one in visit.scenes if one.start_sample <= sample]
                return visit.visit_id, scenes[-1] if scenes else ""
        return "", ""

    def _entry(self, kind: str, at: datetime, name: str = "", **fields: Any) -> list[Entry]:
        """An entry, checked against what may travel; none for a kind that is not to be told."""
        is_personal = kind in ABOUT_A_PERSON
        if kind not in self._kinds or (is_personal and self._hits == "never"):
            return []
        told = {"seq": 1, "id": new_ulid(at), "at": _local(utc_text(at)), "kind": kind, **fields}
        event = EVENT.validate_json(json.dumps(told))
        body = event.model_dump(mode="json", exclude={"seq"})
        if is_personal and self._hits == "next-day":
            return [Entry(body, next_day(at), name)]
        return [Entry(body, "", name)]


def _local(utc: str) -> str:
    """A UTC text as the desk's own time, so that it falls on the day that the window had."""
    return datetime.fromisoformat(utc).astimezone().isoformat(timespec="milliseconds")
