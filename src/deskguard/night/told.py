"""What the reports of a run are written from: everything in it once, so that all of them say the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.scoring.policy import Policy
    from deskguard.scoring.results import Night
    from deskguard.scoring.scorecard import Scorecard
    from deskguard.scoring.values import NotAnalysed, Spoken
    from deskguard.scoring.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """The sound behind a finding, cut with a margin; personal data in it is silent."""

    path: str
    """Relative to the folder of the reports, with forward slashes."""
    start_sample: int
    """Where it begins in the recording."""
    end_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One run, or whatever part of the store a report is asked about."""

    night: Night
    card: Scorecard
    policy: Policy
    words: Words
    spoken: Mapping[str, tuple[Spoken, ...]] = field(default_factory=dict)
    """By the sha256 of the recording."""
    not_analysed: tuple[NotAnalysed, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    """As summary.json has it."""
    clips: Mapping[str, Clip] = field(default_factory=dict)
    """By the id of the finding; not every finding has one."""
