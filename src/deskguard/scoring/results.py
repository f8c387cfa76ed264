"""All that the night knows and a card to everybody's scores, for days, weeks, months or years."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deskguard.scoring.grading import placed
from deskguard.scoring.imported import Imports
from deskguard.scoring.longer import mean_of
from deskguard.scoring.occurrences import occurrences
from deskguard.scoring.periods import is_longer
from deskguard.scoring.score import score_of
from deskguard.scoring.scorecard import usable
from deskguard.scoring.tally import Tally, alone, day_tallies, rolled_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from deskguard.scoring.periods import Per, Period
    from deskguard.scoring.policy import Policy
    from deskguard.scoring.review import Standing
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.tally import By, Part
    from deskguard.scoring.values import Finding, Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a score is made of."""

    parts: tuple[Part, ...] = ()
    """Every examined recording once, with what there was in it."""
    findings: tuple[Finding, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """Of findings on which somebody has decided; the others are proposed."""
    imports: Imports = field(default_factory=Imports)


def scores(night: Night, card: Scorecard, policy: Policy, by: By, per: Per) -> list[Score]:
    """The scores of the hall, of every window or of every clerk, in the order of their names and of time.

    Raises DeskguardError when figures of the card are not filled in.
    """
    return several_scores(night, card, policy, [(by, per)])[by, per]


def several_scores(
    night: Night, card: Scorecard, policy: Policy, wanted: Iterable[tuple[By, Per]]
) -> dict[tuple[By, Per], list[Score]]:
    """The same for several ways of looking at it, each finding judged once."""
    happened = occurrences(night.findings, night.standings, usable(card), policy)
    return scores_of_recordings(alone(night.parts, happened, card), night.imports, card, policy, wanted)


def scores_of_recordings(
    recordings: Iterable[tuple[Recording, Tally]],
    imports: Imports,
    card: Scorecard,
    policy: Policy,
    wanted: Iterable[tuple[By, Per]],
) -> dict[tuple[By, Per], list[Score]]:
    """The same from the tallies of recordings."""
    several = tuple(recordings)
    days: dict[By, dict[tuple[str, date], Tally]] = {}
    found = {}
    for by, per in wanted:
        if by not in days:
            days[by] = day_tallies(several, card, by)
        found[by, per] = scores_of_days(days[by], card, policy, (by, per), imports)
    return found


def scores_of_days(
    days: Mapping[tuple[str, date], Tally],
    card: Scorecard,
    policy: Policy,
    wanted: tuple[By, Per],
    imports: Imports,
) -> list[Score]:
    """The same from the tallies of days."""
    by, per = wanted
    is_mean = is_longer(per, card.period)
    own = rolled_up(days, card.period if is_mean else per)
    told = {subject: imports.of(subject, by) for subject, _ in own}
    single = {
        (subject, period): score_of((by, subject, period), tally, card, policy, told[subject])
        for (subject, period), tally in own.items()
    }
    if not is_mean:
        return placed(_ordered(single), policy)
    of_subject: dict[str, list[Score]] = {}
    for one in _ordered(single):
        of_subject.setdefault(one.subject, []).append(one)
    means: dict[tuple[str, Period], Score] = {}
    for (subject, period), tally in rolled_up(days, per).items():
        parts = [one for one in of_subject[subject] if period.holds(one.period)]
        means[subject, period] = mean_of(parts, period, tally, card, (policy, told[subject]))
    return placed(_ordered(means), policy)


def _ordered(found: Mapping[tuple[str, Period], Score]) -> list[Score]:
    return [found[key] for key in sorted(found)]
