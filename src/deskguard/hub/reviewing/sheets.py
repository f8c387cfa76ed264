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
from typing import TYPE_CHECKING, Any, Literal

from deskguard.hub.store import sums
from deskguard.hub.store.sums import Cell, Pile
from deskguard.scoring.agreement import Decided, decided
from deskguard.scoring.review import FALLS
from deskguard.scoring.values import MANNER, MISSING, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deskguard.scoring.lines import Judged
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.scorecard import Scorecard
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
        clerk_id TEXT NOT NULL, happened TEXT NOT NULL, decided TEXT NOT NULL, pile TEXT NOT NULL
    )""",
    "CREATE INDEX hub_sheets_by_day ON hub_sheets (day)",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an occurrence: all that a score asks."""

    recording: Recording
    item_id: str
    finding_id: str
    visit_id: str
    is_counted: bool
    source: Literal["machine", "person"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One recording's."""

    happened: tuple[Kept, ...]
    decided: tuple[Decided, ...]
    pile: Pile

    def row(self) -> dict[str, str]:
        """Its columns."""
        happened = [
            [one.item_id, one.finding_id, one.visit_id, int(one.is_counted), one.source]
            for one in self.happened
        ]
        pile = [[cell.part, cell.kind, cell.key, *lies] for cell, lies in self.pile.items()]
        return {
            "happened": json.dumps(happened, ensure_ascii=False),
            "decided": json.dumps(self.decided),
            "pile": json.dumps(pile, ensure_ascii=False),
        }


def sheet_of(
    recording: Recording, exposure: Exposure, found: Sequence[Judged], due: frozenset[str], policy: Policy
) -> Sheet:
    """The sheet of a recording, by all its findings; `due` are the acts that something asks for."""
    leads = [one for one in found if one.is_lead and one.occurrence is not None]
    happened = tuple(
        Kept(
            recording=recording,
            item_id=one.occurrence.item_id,
            finding_id=one.finding.finding_id,
            visit_id=one.finding.visit_id,
            is_counted=one.occurrence.is_counted,
            source=one.occurrence.source,
        )
        for one in leads
        if one.occurrence is not None
    )
    standings = {one.finding.finding_id: one.standing for one in found}
    said = tuple(decided((one.finding for one in found), standings, policy))
    return Sheet(happened, said, _pile(recording, exposure, found, due))


def happened_of(recording: Recording, text: str) -> Iterator[Kept]:
    """What happened in a recording, by its column."""
    for item_id, finding_id, visit_id, is_counted, source in json.loads(text):
        yield Kept(recording, item_id, finding_id, visit_id, bool(is_counted), source)


def decided_of(text: str) -> list[Decided]:
    """What people decided, by its column."""
    return [Decided(*one) for one in json.loads(text)]


def pile_of(row: Any) -> Pile:
    """What a sheet adds to the sums, by its row."""
    return {
        Cell(part, row.window_id, row.day, kind, key): [count, total]
        for part, kind, key, count, total in json.loads(row.pile)
    }


def judged_by(card: Scorecard, policy: Policy, due: Iterable[str]) -> str:
    """By what findings are judged: another card or policy, or other acts, make all sheets anew."""
    told = "\n".join((FORMAT, card.sha256, repr(policy), *sorted(due)))
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

    def put(part: str, kind: str, key: str = "", count: int = 1) -> None:
        sums.put(pile, Cell(part, recording.window_id, recording.day.isoformat(), kind, key), count)

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
