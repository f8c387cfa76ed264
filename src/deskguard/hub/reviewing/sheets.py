"""What the card makes of one recording, as numbers: kept beside it, and added to the sums by day.

To judge a month of a hall takes a minute, and every decision of anybody may change it. But what a decision
changes is one recording: words on the same place lie in one, and items of the card are counted by the days of
recordings. So each recording has its sheet, and those whose recording has changed are made anew (`summing`).

part                                   kinds
found, found-rule, found-standard,     phrases, waiting, said, missing, manner, as trends tell them;
found-scene                            listed: what the list behind a number has; else: what is none of these
found, beside these                    recordings, visits
found-severity                         low, medium, high: phrases
found-manner                           manner; the key holds kind, unit, bound and value
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from deskguard.hub.reviewing.queue import Open, open_of
from deskguard.hub.store import sums
from deskguard.hub.store.sums import Cell, Pile
from deskguard.scoring.agreement import Decided, decided
from deskguard.scoring.review import FALLS
from deskguard.scoring.tally import Tally, Units, alone
from deskguard.scoring.values import MANNER, MISSING, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deskguard.scoring.lines import Judged
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.review import Deadlines
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.tally import Part
    from deskguard.scoring.values import Exposure, Finding, Recording

FOUND = "found"
SEVERITY = "found-severity"
SPREAD = "found-manner"
FORMAT = "1"
"""Changes whenever a sheet of the same recording would be another."""
APART = "\n"
"""Between the parts of a key: no id and no title holds one."""
SHEETS = (
    """CREATE TABLE hub_sheets (
        sha256 TEXT PRIMARY KEY, examination_id TEXT NOT NULL, examined_utc TEXT NOT NULL,
        decisions BIGINT NOT NULL, judged_by TEXT NOT NULL, day TEXT NOT NULL, window_id TEXT NOT NULL,
        clerk_id TEXT NOT NULL, items TEXT NOT NULL, decided TEXT NOT NULL, listed TEXT NOT NULL,
        waits TEXT NOT NULL, pile TEXT NOT NULL
    )""",
    "CREATE INDEX hub_sheets_by_day ON hub_sheets (day)",
)


class Listed(NamedTuple):
    """A finding against staff, as the list behind a number finds it."""

    finding_id: str
    start_sample: int
    rule_id: str
    standard: str
    scene: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One recording's."""

    items: Mapping[str, Units]
    """Of its tally."""
    decided: tuple[Decided, ...]
    listed: tuple[Listed, ...]
    waits: tuple[Open, ...]
    """For the queue."""
    pile: Pile

    def row(self) -> dict[str, str]:
        """Its columns."""
        items = {
            name: [one.counted, one.if_confirmed, one.findings, one.by_person, one.waiting]
            for name, one in self.items.items()
        }
        pile = [[cell.part, cell.kind, cell.key, *lies] for cell, lies in self.pile.items()]
        return {
            "items": json.dumps(items, ensure_ascii=False),
            "decided": json.dumps(self.decided),
            "listed": json.dumps(self.listed, ensure_ascii=False),
            "waits": json.dumps(self.waits, ensure_ascii=False),
            "pile": json.dumps(pile, ensure_ascii=False),
        }


def sheet_of(
    part: Part, found: Sequence[Judged], due: frozenset[str], card: Scorecard, policy: Policy
) -> Sheet:
    """The sheet of a recording, by all its findings; `due` are the acts that something asks for."""
    recording, exposure = part
    happened = [one.occurrence for one in found if one.is_lead and one.occurrence is not None]
    ((_, tally),) = alone([part], happened, card)
    standings = {one.finding.finding_id: one.standing for one in found}
    said = tuple(decided((one.finding for one in found), standings, policy))
    listed = tuple(
        Listed(
            one.finding.finding_id,
            one.finding.start_sample,
            one.finding.rule_id,
            standard_of(one.finding)[0],
            scene_of(one.finding),
            one.counts,
        )
        for one in found
        if is_listed(one.finding)
    )
    waits = tuple(waiting for one in found if (waiting := open_of(one)) is not None)
    return Sheet(tally.items, said, listed, waits, _pile(recording, exposure, found, due))


def tally_of(part: Part, text: str) -> Tally:
    """The tally of a recording, by its column."""
    recording, exposure = part
    items = {
        name: Units(
            counted=counted,
            if_confirmed=if_confirmed,
            findings=tuple(findings),
            by_person=tuple(by_person),
            waiting=tuple(waiting),
        )
        for name, (counted, if_confirmed, findings, by_person, waiting) in json.loads(text).items()
    }
    return Tally(exposure=exposure, recordings=1, windows=frozenset({recording.window_id}), items=items)


def decided_of(text: str) -> list[Decided]:
    """What people decided, by its column."""
    return [Decided(*one) for one in json.loads(text)]


def listed_of(text: str) -> list[Listed]:
    """Findings against staff, by their column."""
    return [Listed(*one) for one in json.loads(text)]


def waits_of(text: str) -> list[Open]:
    """What waits for somebody, by its column."""
    several: list[tuple[Any, ...]] = json.loads(text)
    return [Open(name, clerk, why, severity, due, tuple(by)) for name, clerk, why, severity, due, by in several]


def pile_of(row: Any) -> Pile:
    """What a sheet adds to the sums, by its row."""
    return {
        Cell(part, row.window_id, row.day, kind, key): [count, total]
        for part, kind, key, count, total in json.loads(row.pile)
    }


def judged_by(card: Scorecard, policy: Policy, deadlines: Deadlines, due: Iterable[str]) -> str:
    """By what findings are judged: another card, policy or deadline, or other acts, make all sheets anew."""
    told = "\n".join((FORMAT, card.sha256, repr(policy), repr(deadlines), *sorted(due)))
    return hashlib.sha256(told.encode()).hexdigest()


def against(one: Judged) -> bool:
    """Words against a rule that count by the card."""
    return one.counts and one.finding.is_spoken and one.item is not None and not one.item.gives


def is_listed(finding: Finding) -> bool:
    """Whether the list behind a number has it: what is said against staff, whatever became of it."""
    return finding.kind != SAID and finding.role != "visitor"


def standard_of(finding: Finding) -> tuple[str, str]:
    """Id and title of the standard of its first clause; empty without clauses."""
    first = finding.clauses[0] if finding.clauses else None
    return ("", "") if first is None else (first.standard, first.title)


def scene_of(finding: Finding) -> str:
    """Acts are named after their scene: K.greet.hello."""
    parts = finding.rule_id.split(".")
    return parts[1] if finding.kind in (SAID, MISSING) and len(parts) > 1 else ""


def _pile(recording: Recording, exposure: Exposure, found: Iterable[Judged], due: frozenset[str]) -> Pile:
    pile: Pile = {}
    window, day = recording.window_id, recording.day.isoformat()

    def put(part: str, kind: str, key: str = "", count: int = 1) -> None:
        sums.put(pile, Cell(part, window, day, kind, key), count)

    put(FOUND, "recordings")
    if exposure.visits:
        put(FOUND, "visits", count=exposure.visits)
    for one in found:
        finding, kinds = one.finding, _kinds(one, due)
        standard, scene = standard_of(finding), scene_of(finding)
        for kind in kinds:
            put(FOUND, kind)
            put(f"{FOUND}-rule", kind, APART.join((finding.rule_id, finding.title)))
            if standard[0]:
                put(f"{FOUND}-standard", kind, APART.join(standard))
            if scene:
                put(f"{FOUND}-scene", kind, scene)
        if "phrases" in kinds and finding.severity:
            put(SEVERITY, finding.severity)
        if "manner" in kinds and finding.value is not None:
            bound = f"{finding.expected or 0.0:.3g}"
            put(SPREAD, "manner", APART.join((finding.title, finding.unit, bound, f"{finding.value:.3g}")))
    return pile


def _kinds(one: Judged, due: frozenset[str]) -> list[str]:
    """What a finding counts as."""
    finding = one.finding
    holds = one.standing.state not in FALLS and finding.role != "visitor"
    is_due = holds and finding.rule_id in due
    kinds = {
        "phrases": against(one),
        "waiting": one.waiting is not None,
        "said": is_due and finding.kind == SAID,
        "missing": is_due and finding.kind == MISSING,
        "manner": holds and finding.kind == MANNER,
        "listed": is_listed(finding),
    }
    return [kind for kind, is_so in kinds.items() if is_so] or ["else"]
