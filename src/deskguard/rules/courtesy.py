"""What standards ask to be said: acts of courtesy, when each is expected, and the clauses that ask for it.

The words are in config/language/courtesy.toml, for all standards; an act is in force when a loaded standard has
a clause that asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from deskguard.values import ClauseRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deskguard.rules.schema import ActEntry, ExpectEntry, FrameEntry, PackFile

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
    protest: tuple[str, ...] = ()
    """Patterns of a visitor's words that count as the occasion once more: 怎么不早说."""
    unless: tuple[str, ...] = ()
    """Patterns without ~, any of which makes it no occasion: in the same utterance, for `visit-begins` in what
    the visitor says in that time."""
    occasion_frames: tuple[str, ...] = ()
    """Ids of the frames among the occasion's patterns: words that are meant so make the occasion as well."""
    unless_frames: tuple[str, ...] = ()
    occasion_by: OccasionBy = "staff"
    """Who says the occasion's words."""
    from_nth: int = 1
    """At which turn with the occasion, counted within the visit, it is expected first: 2 for what is wrong only
    when it is done again."""
    satisfied_by: tuple[str, ...] = ()
    """Ids of other acts that do as well."""
    gives_way_to: tuple[str, ...] = ()
    """Ids of acts that are expected instead, where both are: who says that papers are lacking has said why."""
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
    """Visits it applies to; none for what is said elsewhere, e.g. at somebody's door."""
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
    """All acts that the standards in force ask for, sorted by id."""

    acts: tuple[Act, ...] = ()


def courtesy_book(
    acts: Iterable[ActEntry], packs: Sequence[PackFile], frames: Iterable[FrameEntry]
) -> CourtesyBook:
    """The acts that clauses of `packs` ask for, with those clauses only; everything must have been checked."""
    spelled = {one.id: one.say for one in frames}
    titles = {one.pack.id: one.pack.title for one in packs}
    kept = [
        _act(entry, clauses, spelled)
        for entry in sorted(acts, key=lambda one: one.id)
        if (clauses := (*_clauses(entry, titles), *_described(entry.id, packs)))
    ]
    return CourtesyBook(acts=_among_themselves(kept))


def spelled_out(say: Iterable[str], frames: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Patterns with those of frames in the place of "@id", each once; circles end where they close."""
    found: dict[str, None] = {}
    waiting = list(say)
    entered: set[str] = set()
    while waiting:
        one = waiting.pop(0)
        if not one.startswith("@"):
            found[one] = None
        elif one not in entered:
            entered.add(one)
            waiting[:0] = frames.get(one[1:], ())
    return tuple(found)


def _framed(say: Iterable[str]) -> tuple[str, ...]:
    return tuple(one[1:] for one in say if one.startswith("@"))


def _clauses(entry: ActEntry, titles: Mapping[str, str]) -> tuple[ClauseRef, ...]:
    return tuple(
        ClauseRef(standard=one.standard, title=titles[one.standard], clause=one.clause, quote=one.quote)
        for one in entry.clause
        if one.standard in titles
    )


def _described(act_id: str, packs: Iterable[PackFile]) -> tuple[ClauseRef, ...]:
    return tuple(
        ClauseRef(standard=pack.pack.id, title=pack.pack.title, clause=one.clause, quote=one.quote)
        for pack in packs
        for one in pack.described
        if one.act == act_id
    )


def _act(entry: ActEntry, clauses: tuple[ClauseRef, ...], frames: Mapping[str, Sequence[str]]) -> Act:
    return Act(
        act_id=entry.id,
        scene=entry.scene,
        name=entry.name,
        requirement=entry.requirement,
        channels=entry.channels,
        say=entry.say,
        does_not_count=entry.does_not_count,
        advice=entry.advice,
        # A clause may be named here and in its own pack.
        clauses=tuple({one.clause: one for one in clauses}.values()),
        expect=_expect(entry.expect, frames) if entry.expect else None,
    )


def _expect(entry: ExpectEntry, frames: Mapping[str, Sequence[str]]) -> Expect:
    return Expect(
        when=entry.when,
        within_s=entry.within_s,
        within_turns=entry.within_turns,
        before_s=entry.before_s,
        occasion=spelled_out(entry.occasion, frames),
        protest=spelled_out(entry.protest, frames),
        unless=spelled_out(entry.unless, frames),
        occasion_frames=_framed(entry.occasion),
        unless_frames=_framed(entry.unless),
        occasion_by=entry.occasion_by,
        from_nth=entry.from_nth,
        satisfied_by=entry.satisfied_by,
        gives_way_to=entry.gives_way_to,
        live=entry.live,
    )


def _among_themselves(acts: Sequence[Act]) -> tuple[Act, ...]:
    """The acts, none of which names one that is not in force."""
    known = {one.act_id for one in acts}
    return tuple(
        replace(
            one,
            expect=replace(
                one.expect,
                satisfied_by=tuple(name for name in one.expect.satisfied_by if name in known),
                gives_way_to=tuple(name for name in one.expect.gives_way_to if name in known),
            ),
        )
        if one.expect
        else one
        for one in acts
    )
