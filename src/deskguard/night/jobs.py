"""What goes to whoever examines a recording, and what comes back; all of it can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.rules.pack import RuleSet
    from deskguard.scoring.values import Examined, NotAnalysed, Recording
    from deskguard.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every recording of a run is examined with."""

    settings: Settings
    """Those of the night: model and beam are what the night uses."""
    rules: RuleSet
    model: str
    """As findings name it."""
    settings_sha256: str
    """Of the settings that change what is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One recording to examine."""

    recording: Recording
    """Its length is not known yet."""
    channels: str = ""
    """Whose microphone each channel is, "staff,visitor" or the other way round; empty: as the settings say."""
    size: int = 0
    """Bytes of the file."""
    modified_ns: int = 0
    """When the file was last written to, since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one recording cost; costs of several add up."""

    audio_samples: int = 0
    speech_samples: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0
    """Of the process that examined it, so far."""
    stages_s: Mapping[str, float] = field(default_factory=dict)
    """Wall time by stage."""

    def __add__(self, other: Spent) -> Spent:
        stages = dict(self.stages_s)
        for name, value in other.stages_s.items():
            stages[name] = stages.get(name, 0.0) + value
        return Spent(
            audio_samples=self.audio_samples + other.audio_samples,
            speech_samples=self.speech_samples + other.speech_samples,
            wall_s=self.wall_s + other.wall_s,
            cpu_s=self.cpu_s + other.cpu_s,
            peak_rss_mb=max(self.peak_rss_mb, other.peak_rss_mb),
            stages_s=stages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one job: an examination, or why there is none; parts left out are listed in either case."""

    job: Job
    examined: Examined | None = None
    not_analysed: tuple[NotAnalysed, ...] = ()
    spent: Spent = field(default_factory=Spent)
    worker: str = ""
    """Who did it: host and process."""
