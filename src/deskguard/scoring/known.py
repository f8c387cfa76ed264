"""The names that findings can have with the rules in force, and what a card selects that none ever has."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.scoring.occurrences import matches

if TYPE_CHECKING:
    from deskguard.rules.ruleset import RuleSet
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.settings import Settings
    from deskguard.visits.manner_book import MannerBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Everything that a select can name."""

    rules: frozenset[str]
    kinds: frozenset[str]
    acts: frozenset[str]
    manner: frozenset[str]
    clauses: frozenset[str]


def known_names(rules: RuleSet, manner: MannerBook) -> Names:
    """The names of what is in force."""
    clauses = [one for rule in rules.rules.values() for one in rule.clauses]
    clauses += [one for act in rules.courtesy.acts for one in act.clauses]
    clauses += [one for rule in manner.rules.values() for one in rule.clauses]
    return Names(
        rules=frozenset(rules.rules),
        kinds=frozenset(rule.kind for rule in rules.rules.values()),
        acts=frozenset(act.act_id for act in rules.courtesy.acts),
        manner=frozenset(manner.rules),
        clauses=frozenset(one.clause for one in clauses),
    )


def check_names(card: Scorecard, settings: Settings, rules: RuleSet | None = None) -> None:
    """Raise DeskguardError for names in a card that nothing has by the rules of the settings.

    `rules`: those, where they have been loaded already.
    """
    from deskguard.rules.pack import load_packs
    from deskguard.visits.manner_book import load_manner

    if rules is None:
        rules = load_packs([Path(one) for one in settings.rules.packs], settings.rules.only)
    if idle := idle_in(card, known_names(rules, load_manner(rules.packs))):
        listed = "\n".join(f"  - {one}" for one in idle)
        raise DeskguardError(
            f"Scorecard {card.file} looks for what nothing finds:\n{listed}\n",
            "mend these, or take the rules in use that they belong to.",
            "card-idle",
        )


def idle_in(card: Scorecard, names: Names) -> list[str]:
    """A sentence for each name in a card that nothing in force has."""
    found = []
    for _, item in card.items():
        for key in ("rules", "kinds", "acts", "manner", "clauses"):
            known: frozenset[str] = getattr(names, key)
            for pattern in getattr(item.select, key, ()):
                if not any(matches(name, [pattern]) for name in known):
                    close = difflib.get_close_matches(pattern, known, n=1)
                    hint = f'; did you mean "{close[0]}"?' if close else "."
                    found.append(f'item {item.item_id}, {key}: "{pattern}" is nothing in force{hint}')
    return found
