"""Findings that wait, and some that do not, to the order in which people look at them.

First what may end somebody's work (fatal), then appeals by their deadline, then what is late, what two people
saw differently, what waits by severity; last a sample of what the machine alone counts, so that its word is
looked after. The sample is taken by the finding's name: the same findings whoever asks, and nobody chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from deskguard.hub.reviewing.blind import Verdict
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.values import Finding

Why = Literal["fatal", "appeal", "disagreed", "waiting", "second", "sample"]
"""Why somebody should look: `second`: one of two who look apart from each other has; `sample`: by lot."""
SAMPLE_OF = 20
"""One in so many of what the machine alone counts goes to two people: enough to tell its precision."""
_SEVERITY = {"high": 0, "medium": 1, "low": 2, None: 3}
_ORDER: dict[Why, int] = {"fatal": 0, "appeal": 1, "disagreed": 2, "second": 3, "waiting": 4, "sample": 5}
_BLIND: tuple[Why, ...] = ("sample", "second")


class Open(NamedTuple):
    """What the queue has to know of a finding that anybody should look at."""

    finding_id: str
    clerk_id: str
    why: Why
    """As long as nobody has looked at it blind."""
    severity: str | None
    due_utc: str
    decided_by: tuple[str, ...] = ()
    """Who may not decide again, on one that is appealed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding in the queue of one person."""

    finding_id: str
    why: Why
    severity: str | None
    due_utc: str
    is_late: bool

    @property
    def is_blind(self) -> bool:
        """Two people decide apart from each other: what the machine and the other think is not shown."""
        return self.why in _BLIND


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a queue is."""

    name: str
    """As decisions are signed: the clerk's id of who is a clerk as well."""
    verdicts: Mapping[str, tuple[Verdict, ...]]
    """Of all findings that somebody looked at blind, by the finding's id."""
    now_utc: str


def is_sampled(finding: Finding) -> bool:
    """Whether the lot falls on a finding."""
    return finding.is_spoken and int(finding.finding_id[:8], 16) % SAMPLE_OF == 0


def open_of(one: Judged) -> Open | None:
    """A finding as the queue has it; None: nobody need look."""
    finding, standing = one.finding, one.standing
    why = _why(one)
    if why is None:
        return None
    # Of others the clerk's own acts are known by the state alone.
    made = standing.decisions if why == "appeal" else ()
    by = tuple(each.by for each in made if each.act not in ("appeal", "acknowledge"))
    clerk = finding.recording.clerk_id
    return Open(finding.finding_id, clerk, why, finding.severity, standing.due_utc, by)


def queue(found: Iterable[Open], reader: Reader) -> list[Entry]:
    """What a person should look at, the most urgent first; nothing of their own, nothing they are done with."""
    entries = [entry for one in found if (entry := _entry(one, reader)) is not None]
    return sorted(entries, key=_urgency)


def counts(entries: Collection[Entry]) -> dict[Why, int]:
    """How many there are of each reason, in the order of the queue."""
    return {why: sum(one.why == why for one in entries) for why in _ORDER}


def after(entries: Iterable[Entry], finding_id: str) -> str:
    """The id of the entry that follows one; of the first where that one is not in the queue; empty: none."""
    ids = [one.finding_id for one in entries]
    if finding_id in ids:
        ids = [*ids[ids.index(finding_id) + 1 :], *ids[: ids.index(finding_id)]]
    return ids[0] if ids else ""


def _entry(one: Open, reader: Reader) -> Entry | None:
    said = reader.verdicts.get(one.finding_id, ())
    is_own = bool(one.clerk_id) and one.clerk_id == reader.name
    if is_own or reader.name in one.decided_by or any(each.by == reader.name for each in said):
        return None
    why = one.why
    if said and why != "appeal":
        why = "second" if len(said) == 1 else "disagreed"
    # Both are UTC of fixed width; a deadline has no parts of a second.
    is_late = bool(one.due_utc) and reader.now_utc[:26] > f"{one.due_utc[:19]}.000000"
    return Entry(one.finding_id, why, one.severity, one.due_utc, is_late)


def _why(one: Judged) -> Why | None:
    """Why anybody should look at a finding at first; None: nobody need."""
    if one.standing.state == "appealed":
        return "appeal"
    if one.standing.state != "proposed":
        return None
    if one.waiting is not None:
        return "fatal" if one.waiting == "fatal" else "waiting"
    return "sample" if one.counts and is_sampled(one.finding) else None


def _urgency(entry: Entry) -> tuple[object, ...]:
    due = entry.due_utc or "9999"
    return (
        _ORDER[entry.why],
        not entry.is_late,
        due if entry.why == "appeal" else "",
        _SEVERITY[entry.severity],
        due,
        entry.finding_id,
    )
