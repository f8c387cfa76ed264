"""What a desk may tell the hall: a closed list of kinds, each with a closed list of fields.

Nothing here can hold what was said: every text is a code or an id of few characters, checked by a pattern, so
that neither a transcript nor markup nor a formula of a spreadsheet can travel as one. A kind or field that is
not in this file is refused on both sides. `at` is the desk's own time with its offset: an event falls on the
day that the window had.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from deskguard.wire.ulid import PATTERN as ULID_PATTERN

VERSION = 1
MOST_CLAUSES = 12

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A word of a list that is written somewhere in this project or in a pack."""
OptionalCode = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$")]
Identity = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$")]
"""A name that the desk gave to something: a hit, a visit."""
OptionalIdentity = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.:-]{0,99})?$")]
ClauseName = Annotated[str, Field(pattern=r"^[\w.()（）、·-]{1,40}$")]
"""How a standard numbers its clauses: 5.2, 第十一条."""
Hash = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z.+-]{1,40}$")]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Measured = Annotated[float, Field(ge=-1e6, le=1e6)]
Count = Annotated[int, Field(ge=0, le=10**9)]
_LONGEST_TIME = 40
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


def _told_time(value: object) -> datetime:
    """ISO 8601 with an offset; ValueError for what has none, or lies outside of any desk's life."""
    if isinstance(value, str):
        if len(value) > _LONGEST_TIME:
            raise ValueError("it is too long")
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("it must be a time with its offset from UTC")
    # Near the ends of the calendar a change of offset overflows.
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR or abs(value.utcoffset() or timedelta()) > timedelta(
        hours=16
    ):
        raise ValueError("it must lie between the years 2000 and 2200")
    return value


Told = Annotated[datetime, BeforeValidator(_told_time)]


class Strict(BaseModel):
    """Refuses unknown keys and does not guess types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Clause(Strict):
    """A clause of a written standard."""

    standard: Code
    clause: ClauseName


class Envelope(Strict):
    """What every event has."""

    v: Literal[1] = 1
    id: Annotated[str, Field(pattern=ULID_PATTERN)]
    seq: Annotated[int, Field(ge=1, le=2**53)]
    """Its place in what this desk sends: rising, without a doubled number."""
    at: Told
    """When it happened, by the desk's clock."""


class DeskEvent(Envelope):
    """A desk has started or stopped, and what it works with."""

    kind: Literal["desk"] = "desk"
    online: bool
    version: Version
    rules_sha256: Hash = ""
    settings_sha256: Hash = ""


class StateEvent(Envelope):
    """What the desk's ears do."""

    kind: Literal["state"] = "state"
    state: Literal["starting", "listening", "paused", "microphone-lost", "stopped"]
    reason: Literal["", "away", "private", "other"] = ""
    """Why somebody paused."""


class HealthEvent(Envelope):
    """What was heard, lost and skipped since the start, and codes of what is wrong now."""

    kind: Literal["health"] = "health"
    heard_s: Seconds
    speech_s: Seconds
    lost_s: Seconds
    backlog_s: Seconds
    rtf: Seconds
    """Decoding seconds per second of speech."""
    skipped: Count
    notes: Annotated[tuple[Code, ...], Field(max_length=16)] = ()


class VisitEvent(Envelope):
    """A visit has begun (`end` is null) or is over."""

    kind: Literal["visit"] = "visit"
    visit_id: Identity
    begin: Told
    end: Told | None = None
    channel: Literal["counter", "phone-in", "phone-out"]
    begun_by: Literal["queue", "greeting", "speech"] = "speech"
    ended_by: Literal["", "queue", "farewell", "next-visit", "silence", "stream-end"] = ""
    waiting: Count | None = None
    """Tickets that wait for this window when it begins, where the queue system tells; null: not known."""


class QueueEvent(Envelope):
    """How many wait for this window, as the queue system told the desk."""

    kind: Literal["queue"] = "queue"
    waiting: Count | None = None
    """Null: not told."""
    longest_s: Seconds | None = None
    """For how long the first of them had waited at `at`; null: not told."""


class HitEvent(Envelope):
    """A phrase of a standard was said, or one that was told is withdrawn; not what was heard."""

    kind: Literal["hit"] = "hit"
    hit_id: Identity
    rule_id: Code
    clauses: Annotated[tuple[Clause, ...], Field(max_length=MOST_CLAUSES)] = ()
    standard: OptionalCode = ""
    """Of the first clause."""
    severity: Literal["low", "medium", "high"]
    state: Literal["confirmed", "withdrawn"]
    confidence: Annotated[float, Field(ge=0, le=1)]
    shown: bool
    """Whether the clerk saw a card."""
    visit_id: OptionalIdentity = ""
    scene: OptionalCode = ""


class CourtesyEvent(Envelope):
    """An act of courtesy of a visit that is over: said, or missing."""

    kind: Literal["courtesy"] = "courtesy"
    act_id: Code
    state: Literal["said", "missing"]
    scene: OptionalCode = ""
    visit_id: OptionalIdentity = ""


class MannerEvent(Envelope):
    """How something was said: a measured value beside the bound that it passed."""

    kind: Literal["manner"] = "manner"
    manner: Literal[
        "loud", "fast", "slow", "interruption", "unanswered", "long-silence", "private-chat", "heated"
    ]
    value: Measured
    expected: Measured
    unit: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z/]{0,19}$|^$")] = ""
    visit_id: OptionalIdentity = ""


class HelpEvent(Envelope):
    """Somebody at the window calls for help."""

    kind: Literal["help"] = "help"
    by: Literal["button", "safe-word"]


class FalseAlarmEvent(Envelope):
    """The clerk says that a hit was none."""

    kind: Literal["false-alarm"] = "false-alarm"
    rule_id: Code
    hit_id: Identity


class PackEvent(Envelope):
    """The desk took rules or settings that were sent to it, or kept the ones it had."""

    kind: Literal["pack"] = "pack"
    outcome: Literal["adopted", "refused"]
    reason: OptionalCode = ""
    sha256: Hash = ""


Event = Annotated[
    DeskEvent
    | StateEvent
    | HealthEvent
    | VisitEvent
    | QueueEvent
    | HitEvent
    | CourtesyEvent
    | MannerEvent
    | HelpEvent
    | FalseAlarmEvent
    | PackEvent,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
EVENTS: TypeAdapter[list[Event]] = TypeAdapter(list[Event])
KINDS = (
    "desk", "state", "health", "visit", "queue", "hit", "courtesy", "manner", "help", "false-alarm", "pack",
)  # fmt: skip
ABOUT_A_PERSON = frozenset({"hit", "courtesy", "manner", "false-alarm"})
"""Kinds that say something of how a clerk works: held back by default until the next day."""
