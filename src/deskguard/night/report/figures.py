"""What is told to figures, reckoned once: every report is written from these, so that all of them agree."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from deskguard.scoring.lines import judged
from deskguard.scoring.periods import PERS, Per, is_longer
from deskguard.scoring.results import several_scores
from deskguard.scoring.scorecard import usable
from deskguard.scoring.tally import By
from deskguard.scoring.values import Exposure, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from deskguard.night.told import Told
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.values import Finding

BYS: tuple[By, ...] = get_args(By)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over everything that is told; each of them stands in several reports."""

    recordings: int
    exposure: Exposure
    findings: int
    counted: int
    """Findings that count; of those on the same words one."""
    against: int
    """Those of `counted` that take points: what rates are of."""
    by_person: int
    """Those of `counted` that a person has confirmed."""
    waiting: int
    """Findings that do not count before a person has confirmed them."""
    points_each: int
    """Hundredths: what each finding that counts is worth by itself, added up; before rates and caps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that the reports say."""

    told: Told
    found: tuple[Judged, ...]
    """By path, place and rule."""
    scores: Mapping[tuple[By, Per], tuple[Score, ...]]
    """In natural order of the names (2 before 10), then of time."""
    totals: Totals
    days: tuple[date, ...]
    """Those that anything is known of, in order."""

    def of_card(self, by: By) -> tuple[Score, ...]:
        """The scores of the periods that the card is for."""
        return self.scores[by, self.told.card.period]

    @property
    def hall(self) -> tuple[Score, ...]:
        """The whole hall's scores, a period of the card each."""
        return self.of_card("hall")


def figures_of(told: Told) -> Figures:
    """Everything that the reports say; raises DeskguardError for a card whose blanks are not filled in."""
    ways = [(by, per) for by in BYS for per in PERS]
    # In order first: scores list their findings as they come.
    night = replace(
        told.night,
        parts=tuple(sorted(told.night.parts, key=lambda part: (part[0].path, part[0].sha256))),
        findings=tuple(sorted(told.night.findings, key=_place)),
    )
    scores = several_scores(night, usable(told.card), told.policy, ways)
    found = tuple(judged(night, told.card, told.policy))
    counted = [one for one in found if one.counts]
    days = {recording.day for recording, _ in told.night.parts}
    days |= {one.finding.recording.day for one in found}
    return Figures(
        told=replace(told, night=night),
        found=found,
        scores={way: tuple(sorted(listed, key=_by_name)) for way, listed in scores.items()},
        totals=Totals(
            recordings=len(told.night.parts),
            exposure=total(exposure for _, exposure in told.night.parts),
            findings=len(found),
            counted=len(counted),
            against=sum(one.item is not None and not one.item.gives for one in counted),
            by_person=sum(one.occurrence is not None and one.occurrence.source == "person" for one in counted),
            waiting=sum(one.waiting is not None for one in found),
            points_each=sum(one.points or 0 for one in counted),
        ),
        days=tuple(sorted(days)),
    )


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts names as people do: w2 before w10."""
    parts = _DIGITS.split(text)
    return tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in parts if one)


def latest(scores: Iterable[Score]) -> list[tuple[Score, tuple[Score, ...]]]:
    """Everybody's newest score with the ones before it, the newest of them first."""
    of_subject: dict[str, list[Score]] = {}
    for one in scores:
        of_subject.setdefault(one.subject, []).append(one)
    return [(listed[-1], tuple(reversed(listed[:-1]))) for listed in of_subject.values()]


def trend_pers(card_period: Per) -> tuple[Per, ...]:
    """What a trend is told by: days, weeks and months, and years where the card is for a year."""
    return tuple(per for per in PERS if per != "year" or not is_longer("year", card_period))


def _place(finding: Finding) -> tuple[object, ...]:
    recording = finding.recording
    where = recording.path, recording.sha256, finding.start_sample, finding.rule_id
    return *where, finding.end_sample, finding.finding_id


def _by_name(score: Score) -> tuple[object, ...]:
    return natural(score.subject), score.subject, score.period
