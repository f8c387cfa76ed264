"""Findings that wait, and some that do not, to the order in which people look at them.

First what may end somebody's work (fatal), then appeals by their deadline, then what is late, what two people
saw differently, what waits by severity; last a sample of what the machine alone counts, so that its word is
looked after. The sample is taken by the finding's name: the same findings whoever asks, and nobody chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding in the queue of one person."""

    judged: Judged
    why: Why
    is_late: bool
    is_blind: bool
    """Two people decide apart from each other: what the machine and the other think is not shown."""


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


def queue(found: Iterable[Judged], reader: Reader) -> list[Entry]:
    """What a person should look at, the most urgent first; nothing of their own, nothing they are done with."""
    entries = [entry for one in found if (entry := _entry(one, reader)) is not None]
    return sorted(entries, key=_urgency)


def counts(entries: Collection[Entry]) -> dict[Why, int]:
    """How many there are of each reason, in the order of the queue."""
    return {why: sum(one.why == why for one in entries) for why in _ORDER}


def after(entries: Iterable[Entry], finding_id: str) -> str:
    """The id of the entry that follows one; of the first where that one is not in the queue; empty: none."""
    ids = [one.judged.finding.finding_id for one in entries]
    if finding_id in ids:
        ids = [*ids[ids.index(finding_id) + 1 :], *ids[: ids.index(finding_id)]]
    return ids[0] if ids else ""


def _entry(one: Judged, reader: Reader) -> Entry | None:
    finding, standing = one.finding, one.standing
    if finding.recording.clerk_id and finding.recording.clerk_id == reader.name:
        return None
    said = reader.verdicts.get(finding.finding_id, ())
    why = _why(one, said)
    if why is None or any(each.by == reader.name for each in said):
        return None
    if standing.state == "appealed" and any(
        each.by == reader.name for each in standing.decisions if each.act not in ("appeal", "acknowledge")
    ):
        return None
    is_blind = why in ("sample", "second")
    return Entry(one, why, standing.is_late(reader.now_utc), is_blind)


def _why(one: Judged, said: Collection[Verdict]) -> Why | None:
    """Why anybody should look at a finding; None: nobody need."""
    if one.standing.state == "appealed":
        return "appeal"
    if one.standing.state != "proposed":
        return None
    if said:
        return "second" if len(said) == 1 else "disagreed"
    if one.waiting is not None:
        return "fatal" if one.waiting == "fatal" else "waiting"
    return "sample" if one.counts and is_sampled(one.finding) else None


def _urgency(entry: Entry) -> tuple[object, ...]:
    one = entry.judged
    due = one.standing.due_utc or "9999"
    return (
        _ORDER[entry.why],
        not entry.is_late,
        due if entry.why == "appeal" else "",
        _SEVERITY[one.finding.severity],
        due,
        one.finding.finding_id,
    )
