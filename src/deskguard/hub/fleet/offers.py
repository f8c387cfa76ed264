"""Overturned findings to counter-examples that rule authors may take, and what became of each offer.

What is offered is what `deskguard review counter-examples` prints: redacted words, without who said them and
where. The hall keeps of an offer only its name, a hash of rule and words, so that the words go when the finding
does; what was accepted stands in the rules from then on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import sqlalchemy as sa

from deskguard.errors import DeskguardError
from deskguard.privacy.redact import redact
from deskguard.scoring.counter_examples import fallen
from deskguard.scoring.store import Wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from sqlalchemy.engine import Connection

    from deskguard.rules.ruleset import RuleSet
    from deskguard.scoring.store import NightStore

Outcome = Literal["accepted", "dismissed"]
MOST_SIGNS = 500
"""Longer words are no example of anything."""
TABLES = (
    """CREATE TABLE hub_offers (
        offer_id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, outcome TEXT NOT NULL, version TEXT NOT NULL,
        why TEXT NOT NULL, by_whom TEXT NOT NULL, at_utc TEXT NOT NULL
    )""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Words that a person said are no breach of a rule that was raised by them."""

    offer_id: str
    rule_id: str
    title: str
    """The rule's wording."""
    text: str
    """Redacted."""
    times: int
    """How many findings with these words were overturned."""
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What somebody did with an offer."""

    rule_id: str
    outcome: Outcome
    version: str
    """The version of the rules that it was accepted into; empty where it was dismissed."""
    why: str
    """Redacted."""
    by: str
    at_utc: str


def offer_id(rule_id: str, text: str) -> str:
    """The name of an offer: the same for the same words under the same rule."""
    return hashlib.sha256(f"{rule_id}\n{text}".encode()).hexdigest()[:20]


def offers(night: NightStore, windows: Collection[str]) -> list[Offer]:
    """Everything that overturned findings in some windows offer, or in all; the newest first."""
    decided = night.decided("overturn", Wanted(windows=tuple(windows)))
    found: dict[str, Offer] = {}
    for one in fallen(decided.findings, decided.standings):
        text, day = one.evidence.strip(), one.recording.day
        if len(text) > MOST_SIGNS:
            continue
        name = offer_id(one.rule_id, text)
        known = found.get(name)
        found[name] = Offer(
            offer_id=name,
            rule_id=one.rule_id,
            title=one.title,
            text=text,
            times=1 + (known.times if known else 0),
            last_day=max(day, known.last_day) if known else day,
        )
    return sorted(found.values(), key=lambda one: (one.last_day, one.rule_id, one.offer_id), reverse=True)


def is_there(offer: Offer, rules: RuleSet) -> bool:
    """Whether a rule set has these very words as a counter-example already."""
    rule = rules.rules.get(offer.rule_id)
    lines = [] if rule is None else [one.lines() for one in rule.counter_examples]
    return any(len(one) == 1 and one[0][1] == offer.text for one in lines)


def settled(connection: Connection) -> dict[str, Settled]:
    """All offers that somebody has dealt with, by name."""
    question = sa.text("SELECT offer_id, rule_id, outcome, version, why, by_whom, at_utc FROM hub_offers")
    return {
        row.offer_id: Settled(
            rule_id=row.rule_id,
            outcome=cast("Outcome", row.outcome),
            version=row.version,
            why=row.why,
            by=row.by_whom,
            at_utc=row.at_utc,
        )
        for row in connection.execute(question)
    }


def settle(connection: Connection, made: Mapping[str, Settled]) -> None:
    """Keep what became of offers; raises DeskguardError (`decided-meanwhile`) when somebody was faster."""
    put = sa.text(
        "INSERT INTO hub_offers VALUES (:offer_id, :rule_id, :outcome, :version, :why, :by, :at_utc)"
        " ON CONFLICT (offer_id) DO NOTHING"
    )
    for name, one in made.items():
        row = {
            "offer_id": name, "rule_id": one.rule_id, "outcome": one.outcome, "version": one.version,
            "why": redact(one.why.strip()), "by": one.by, "at_utc": one.at_utc,
        }  # fmt: skip
        if connection.execute(put, row).rowcount == 0:
            raise DeskguardError(
                "Somebody has dealt with one of these counter-examples meanwhile.",
                "load the page again.",
                "decided-meanwhile",
            )


def reopen(connection: Connection, names: Iterable[str]) -> list[str]:
    """Offer again what was dismissed; gives the names of those that were."""
    take = sa.text("DELETE FROM hub_offers WHERE offer_id = :name AND outcome = 'dismissed'")
    return [name for name in names if connection.execute(take, {"name": name}).rowcount]
