"""What standards ask to be said: acts of courtesy, when each is expected, and the clauses that ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deskguard.values import ClauseRef

Requirement = Literal["required", "recommended"]
Channel = Literal["counter", "phone-in", "phone-out"]
When = Literal["visit-begins", "visit-ends", "after", "after-wait"]
"""`after-wait`: staff speaks to a visitor again who was kept waiting in silence."""
OccasionBy = Literal["staff", "visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """When an act is expected, and until when."""

    when: When
    within_s: float
    """Seconds after the beginning of the visit, or after the end of the occasion's words."""
    within_turns: int
    """Turns of staff that count: the first or the last of a visit, or those after the occasion. The turn of an
    occasion in staff's own words always counts as well, and is not one of them."""
    before_s: float = 0.0
    """Words that ended so long before the occasion, or less, count as well."""
    occasion: tuple[str, ...] = ()
    """For `after`: patterns without ~, any of which makes the occasion; those of frames are spelled out."""
    unless: tuple[str, ...] = ()
    """Patterns without ~, any of which makes it no occasion: in the same utterance, for `visit-begins` in what
    the visitor says in that time."""
    occasion_by: OccasionBy = "staff"
    """Who says the occasion's words."""
    from_nth: int = 1
    """At which turn with the occasion, counted within the visit, it is expected first: 2 for what is wrong only
    when it is done again."""
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
    """What is said instead of it and does not do: a place of `say` inside a place of these is not the act. Some
    are single syllables, which hold no place of `say`; they are there for people to read."""
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
