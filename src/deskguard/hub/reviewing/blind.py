"""Two people's verdicts on a finding, each without the other's: kept, compared, and settled where they agree.

A verdict is no decision. The second one that agrees makes the decision, in the night's store and by the rules
of `scoring.review`; where they differ a third person decides, who sees both. Kappa of the two is that of
`scoring.agreement`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.hub.store.times import utc_text
from deskguard.hub.store.turns import take_turn
from deskguard.privacy.redact import redact
from deskguard.scoring.agreement import kappa

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

Word = Literal["confirm", "reject"]
_ALL = "SELECT finding_id, by_whom, verdict, why, at_utc FROM hub_verdicts"
_INSERT = sa.text(
    "INSERT INTO hub_verdicts (finding_id, by_whom, verdict, why, at_utc)"
    " VALUES (:finding_id, :by_whom, :verdict, :why, :at_utc)"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one of two says."""

    finding_id: str
    by: str
    word: Word
    why: str
    """Redacted."""
    at_utc: str


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two people who look at the same findings agree."""

    pairs: int
    agreed: int
    kappa: float | None


def verdicts(connection: Connection, finding_id: str | None = None) -> dict[str, tuple[Verdict, ...]]:
    """All verdicts by finding, or those on one; of each finding the older first."""
    where = "" if finding_id is None else " WHERE finding_id = :finding_id"
    rows = connection.execute(
        sa.text(f"{_ALL}{where} ORDER BY finding_id, at_utc, by_whom"),
        {} if finding_id is None else {"finding_id": finding_id},
    )
    found: dict[str, list[Verdict]] = {}
    for name, by, word, why, at_utc in rows:
        found.setdefault(name, []).append(Verdict(name, by, cast("Word", word), why, at_utc))
    return {name: tuple(said) for name, said in found.items()}


def give(connection: Connection, verdict: Verdict) -> tuple[Verdict, ...]:
    """Keep a verdict; gives all there are on that finding now. Raises DeskguardError for a third, or a second
    one of the same person."""
    take_turn(connection, "verdicts")
    said = verdicts(connection, verdict.finding_id).get(verdict.finding_id, ())
    if any(one.by == verdict.by for one in said):
        raise DeskguardError(
            f"{verdict.by} has given a verdict on finding {verdict.finding_id} already.",
            "leave the second look to somebody else.",
            "same-reviewer",
        )
    if len(said) >= 2:
        raise DeskguardError(
            f"Two people have looked at finding {verdict.finding_id} already.",
            "load the queue again.",
            "decided-meanwhile",
        )
    connection.execute(
        _INSERT,
        {
            "finding_id": verdict.finding_id,
            "by_whom": verdict.by,
            "verdict": verdict.word,
            "why": verdict.why,
            "at_utc": verdict.at_utc,
        },
    )
    return (*said, verdict)


def verdict_of(finding_id: str, by: str, word: Word, why: str, at: datetime) -> Verdict:
    """A verdict as it may be kept; raises DeskguardError where a rejection has no reason."""
    kept = redact(why.strip())
    if word == "reject" and not kept:
        raise DeskguardError("To reject wants a reason, and none is given.", "write why.", "no-reason")
    return Verdict(finding_id, by, word, kept, utc_text(at))


def agreed(said: Iterable[Verdict]) -> Verdict | None:
    """The verdict that becomes the decision, signed by the first of the two; None: not two, or not alike."""
    two = list(said)
    return two[0] if len(two) == 2 and two[0].word == two[1].word else None


def pair_agreement(every: Mapping[str, tuple[Verdict, ...]]) -> PairAgreement:
    """Agreement of the two, over all findings that two have looked at."""
    pairs = [(said[0].word, said[1].word) for said in every.values() if len(said) >= 2]
    same = sum(first == second for first, second in pairs)
    return PairAgreement(len(pairs), same, kappa(pairs))
