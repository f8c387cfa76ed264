"""What standards ask to be said: acts of courtesy, when each is expected, and the clauses that ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deskguard.values import ClauseRef

Requirement = Literal["required", "recommended"]
Channel = Literal["counter", "phone-in", "phone-out"]
When = Literal["visit-begins", "visit-ends", "after"]
OccasionBy = Literal["staff", "visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """When an act is expected, and until when."""

    when: When
    within_s: float
    """Seconds after the beginning of the visit, or after the end of the occasion's words."""
    within_turns: int
    """Turns of staff that count: after the occasion (that of the occasion included), or the last of a visit."""
    occasion: tuple[str, ...] = ()
    """For "after": patterns without ~, any of which makes the occasion; those of frames are spelled out."""
    unless: tuple[str, ...] = ()
    """Patterns without ~; any of them in the utterance of the occasion makes it none."""
    occasion_by: OccasionBy = "staff"
    """Who says the occasion's words."""
    from_nth: int = 1
    """At which utterance with an occasion, counted within the visit, it is expected first: 2 for what is wrong
    only when it is done again."""
    satisfied_by: tuple[str, ...] = ()
    """Ids of other acts that do as well."""
    live: bool = False
    """A gentle hint while it can still help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that standards ask to be said, with the wordings that count."""

    act_id: str
    scene: str
    name: str
    """Short, for screens."""
    requirement: Requirement
    channels: tuple[Channel, ...]
    """Visits it applies to."""
    say: tuple[str, ...]
    """Patterns without ~, any of which is the act."""
    does_not_count: tuple[str, ...]
    """What is said instead of it and does not do, even where a pattern of `say` is part of it."""
    advice: str
    """A wording that would do, for the screen."""
    clauses: tuple[ClauseRef, ...]
    """Of the standards in force; never empty."""
    expect: Expect | None = None
    """Unset: never missing, only noticed when said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtesyBook:
    """All acts that the standards in force ask for, by id."""

    acts: tuple[Act, ...] = ()
