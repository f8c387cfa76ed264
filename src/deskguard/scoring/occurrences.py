"""Findings, where they stand, and a card to occurrences: each under one item, counted or waiting for a person.

Words that break several rules are one occurrence: most of the shorter hit lies in the longer, as on a card of
the desk. Of the items that are about it, a fatal one goes first, then the one with the most points for each,
then the card's order: nothing is taken twice for the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from deskguard.scoring.review import FALLS, PROPOSED, STANDS, Standing
from deskguard.scoring.values import MANNER, MISSING, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deskguard.scoring.policy import Policy
    from deskguard.scoring.scorecard import Item, Scorecard
    from deskguard.scoring.values import Finding

Waiting = Literal["fatal", "needs-person", "item-review", "unknown-role", "low-confidence", "appealed"]
"""Why a finding does not count before a person confirms it."""
_MOST_OF = 0.6
"""How much of the shorter hit must lie in the longer: as on the cards of a desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One thing that happened, under one item of the card."""

    item_id: str
    findings: tuple[Finding, ...]
    """All on the same words; the one that decides first."""
    waiting: Waiting | None = None
    """Why it does not count yet; None: it counts."""
    source: Literal["machine", "person"] = "machine"
    """Who says that it counts."""

    @property
    def lead(self) -> Finding:
        return self.findings[0]

    @property
    def is_counted(self) -> bool:
        return self.waiting is None


def occurrences(
    findings: Iterable[Finding], standings: Mapping[str, Standing], card: Scorecard, policy: Policy
) -> list[Occurrence]:
    """Everything that the card is about, in order of recording and place; the rest is left out.

    Left out are the visitors' own words, what a person has rejected, and remarks (softened) that no person has
    confirmed.
    """
    chooser = _Chooser(card)
    found: list[Occurrence] = []
    for group in same_words(one for one in findings if _may_count(one, standings)):
        if (occurrence := _occurrence(group, chooser, standings, policy)) is not None:
            found.append(occurrence)
    return found


class _Chooser:
    """The items of a card that are about a finding, looked up once for all that are alike in what is asked."""

    def __init__(self, card: Scorecard) -> None:
        self._items = [
            (section.windows if section.for_named_only else None, item) for section, item in card.items()
        ]
        self._known: dict[tuple[object, ...], tuple[Item, ...]] = {}

    def about(self, finding: Finding) -> tuple[Item, ...]:
        """In the order of the card."""
        window = finding.recording.window_id
        clauses = tuple(one.clause for one in finding.clauses)
        key = finding.kind, finding.rule_id, finding.severity, clauses, window
        if key not in self._known:
            self._known[key] = tuple(
                item
                for windows, item in self._items
                if (windows is None or matches(window, windows)) and selects(item, finding)
            )
        return self._known[key]

    def heaviest(self, group: Sequence[Finding]) -> Item | None:
        """The item that a group of findings on the same words falls under."""
        named = {item.item_id for one in group for item in self.about(one)}
        return max(
            (item for _, item in self._items if item.item_id in named),
            key=lambda item: (item.fatal, item.each.hundredths),
            default=None,
        )


def same_words(findings: Iterable[Finding]) -> Iterator[list[Finding]]:
    """Findings grouped: hits by one role on the same words together, everything else by itself."""
    ordered = sorted(
        findings, key=lambda one: (one.recording.sha256, one.start_sample, one.end_sample, one.finding_id)
    )
    groups: list[list[Finding]] = []
    open_groups: list[list[Finding]] = []
    for one in ordered:
        if not one.is_spoken:
            groups.append([one])
            continue
        open_groups = [
            group
            for group in open_groups
            if group[0].recording.sha256 == one.recording.sha256
            and max(other.end_sample for other in group) > one.start_sample
        ]
        home = next((group for group in open_groups if any(_is_same(one, other) for other in group)), None)
        if home is None:
            home = []
            groups.append(home)
            open_groups.append(home)
        home.append(one)
    yield from groups


def selects(item: Item, finding: Finding) -> bool:
    """Whether an item of the card is about a finding."""
    select = item.select
    if select is None or (finding.kind == SAID) != item.gives:
        return False
    if select.severity and finding.is_spoken and finding.severity not in select.severity:
        return False
    by_id = {MISSING: select.acts, SAID: select.acts}.get(finding.kind, select.rules)
    if finding.kind == MANNER:
        by_id = tuple(f"manner.{kind}" for kind in select.manner)
    return (
        matches(finding.rule_id, by_id)
        or (finding.is_spoken and matches(finding.kind, select.kinds))
        or any(matches(clause.clause, select.clauses) for clause in finding.clauses)
    )


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether any pattern fits, with * for anything."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def waiting(finding: Finding, standing: Standing, item: Item, policy: Policy) -> Waiting | None:
    """Why a finding does not count yet under an item; None: it counts."""
    if standing.state in STANDS:
        return None
    least = policy.min_confidence if item.min_confidence is None else item.min_confidence
    reasons: dict[Waiting, bool] = {
        "appealed": standing.state == "appealed",
        "fatal": item.fatal,
        "needs-person": finding.needs_person,
        "item-review": item.review,
        "unknown-role": finding.role == "unknown" and not policy.counts_unknown_role,
        "low-confidence": finding.confidence is not None and finding.confidence < least,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _occurrence(
    group: Sequence[Finding], chooser: _Chooser, standings: Mapping[str, Standing], policy: Policy
) -> Occurrence | None:
    item = chooser.heaviest(group)
    if item is None:
        return None
    chosen = [one for one in group if item in chooser.about(one)]
    why = {one.finding_id: waiting(one, _standing(one, standings), item, policy) for one in chosen}

    def rank(one: Finding) -> tuple[bool, bool, int]:
        is_sure = _standing(one, standings).state in STANDS
        return why[one.finding_id] is not None, not is_sure, one.start_sample - one.end_sample

    lead = min(chosen, key=rank)
    return Occurrence(
        item_id=item.item_id,
        findings=(lead, *(one for one in group if one is not lead)),
        waiting=why[lead.finding_id],
        source="person" if _standing(lead, standings).state in STANDS else "machine",
    )


def _may_count(finding: Finding, standings: Mapping[str, Standing]) -> bool:
    standing = _standing(finding, standings)
    if standing.state in FALLS or finding.role == "visitor":
        return False
    return not finding.softened or standing.state != "proposed"


def _standing(finding: Finding, standings: Mapping[str, Standing]) -> Standing:
    return standings.get(finding.finding_id, PROPOSED)


def _is_same(one: Finding, other: Finding) -> bool:
    """Whether two hits are on the same words of the same speaker."""
    if one.role != other.role:
        return False
    shared = min(one.end_sample, other.end_sample) - max(one.start_sample, other.start_sample)
    shorter = min(one.end_sample - one.start_sample, other.end_sample - other.start_sample)
    return shared > 0 and shared >= _MOST_OF * shorter
