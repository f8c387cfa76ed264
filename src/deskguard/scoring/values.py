"""What the night knows, as frozen values: recordings, how each was examined, what was found and what was not.

Positions are integer samples since the recording began, as by day; days are calendar days of the place. Words
in a finding are redacted before they come here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.values import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deskguard.values import ClauseRef, Role, Severity

PHRASE = "phrase"
MISSING = "courtesy-missing"
SAID = "courtesy-said"
MANNER = "manner"
"""Kinds of finding; beside them the kind of a described ban: "deflection", "threat" and so on."""
NOT_SPOKEN = frozenset({MISSING, SAID, MANNER})
"""Kinds that are no words against a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A sound file by its content; the rest is what a path, a manifest or somebody told of it."""

    sha256: str
    """Of the file's bytes: the same recording under another name is the same."""
    path: str
    """As given."""
    window_id: str
    clerk_id: str = ""
    """Empty: not told."""
    day: date
    """When it was made; a recording over midnight belongs to the day it began."""
    started_at: str = ""
    """ISO 8601, when it began; empty: not told."""
    roles: tuple[Role, ...] = ()
    """Whose microphone each channel is; empty: not told."""
    duration_samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much there was to find something in; exposures add up, part by part."""

    visits: int = 0
    audio_samples: int = 0
    staff_samples: int = 0
    """Speech of staff."""
    visitor_samples: int = 0
    unknown_samples: int = 0
    """Speech whose speaker is not known."""
    silent_samples: int = 0
    not_analysed: tuple[tuple[str, int], ...] = ()
    """Reason code and samples that nobody listened to, sorted by the code."""

    def __add__(self, other: Exposure) -> Exposure:
        return total((self, other))

    @property
    def audio_s(self) -> float:
        return seconds(self.audio_samples)

    @property
    def speech_samples(self) -> int:
        """Speech of whomever."""
        return self.staff_samples + self.visitor_samples + self.unknown_samples

    @property
    def own_samples(self) -> int:
        """Speech that may be staff's: what findings against staff are measured by."""
        return self.staff_samples + self.unknown_samples

    @property
    def not_analysed_samples(self) -> int:
        return sum(samples for _, samples in self.not_analysed)


def total(exposures: Iterable[Exposure]) -> Exposure:
    """All of them together."""
    several = list(exposures)
    left_out: dict[str, int] = {}
    for one in several:
        for reason, samples in one.not_analysed:
            left_out[reason] = left_out.get(reason, 0) + samples
    return Exposure(
        visits=sum(one.visits for one in several),
        audio_samples=sum(one.audio_samples for one in several),
        staff_samples=sum(one.staff_samples for one in several),
        visitor_samples=sum(one.visitor_samples for one in several),
        unknown_samples=sum(one.unknown_samples for one in several),
        silent_samples=sum(one.silent_samples for one in several),
        not_analysed=tuple(sorted(left_out.items())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A recording looked through with one set of rules, one model and one set of settings: done once."""

    recording: Recording
    rules_sha256: str
    model: str
    settings_sha256: str = ""
    """Of the settings that change what is found."""

    @property
    def examination_id(self) -> str:
        """The same for the same content, rules, model and settings, wherever and whenever it is done."""
        return _digest(self.recording.sha256, self.rules_sha256, self.model, self.settings_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a rule looks for, at one place of a recording: with everything a score rests on."""

    finding_id: str
    """Of recording, rule and span: the same again when the recording is examined again."""
    recording: Recording
    visit_id: str
    """Empty: outside of any visit."""
    kind: str
    rule_id: str
    """Of the phrase or ban, of the act of courtesy, or "manner." and the kind of manner."""
    title: str
    """The pack's wording, the act's name, or the kind of manner."""
    clauses: tuple[ClauseRef, ...]
    severity: Severity | None = None
    """Phrases and bans only."""
    role: Role
    start_sample: int
    end_sample: int
    value: float | None = None
    """Manner: what was measured."""
    expected: float | None = None
    """Manner: the bound that `value` passed."""
    unit: str = ""
    confidence: float | None = None
    """Probability that the words were said; None where nothing estimates it."""
    softened: bool = False
    """The context lowers it to a remark."""
    needs_person: bool = False
    """The rule says that a person decides."""
    evidence: str = ""
    """What was said there, redacted."""
    advice: str = ""
    """What would have been right."""
    why: tuple[str, ...] = ()
    """Decisions, no transcript text."""
    rules_sha256: str
    model: str

    @property
    def is_spoken(self) -> bool:
        """Words against a rule, not an act of courtesy or manner."""
        return self.kind not in NOT_SPOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How an utterance of staff went, a value for each second; None where that second has none."""

    first_s: int
    """The second of the recording that the first values are of."""
    over_lu: tuple[float | None, ...] = ()
    """Louder than the clerk's usual, LU."""
    syllables_per_s: tuple[float | None, ...] = ()
    """Of voiced time, over the three seconds around."""
    usual_syllables_per_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A final text as it may be kept: redacted."""

    start_sample: int
    end_sample: int
    role: Role
    text: str
    personal: tuple[tuple[int, int], ...] = ()
    """Samples of the recording in which the words lie that were masked: silence in every clip."""
    curve: Curve | None = None
    """Of staff in a visit, as far as a standard in force asks how things are said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """All that one examination yielded; it is kept whole or not at all."""

    examination: Examination
    exposure: Exposure
    findings: tuple[Finding, ...] = ()
    spoken: tuple[Spoken, ...] = ()

    @property
    def recording(self) -> Recording:
        return self.examination.recording


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAnalysed:
    """A file that could not be examined, or part of one, and why."""

    path: str
    reason: str
    """A code: "unreadable", "duplicate", "too-quiet" and so on."""
    detail: str = ""
    window_id: str = ""
    """As far as the path tells."""
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightRun:
    """One run over recordings, on one machine or many."""

    run_id: str
    started_utc: str
    """ISO 8601 with offset."""
    host: str = ""
    version: str = ""
    """Of deskguard."""
    rules_sha256: str
    model: str
    settings_sha256: str = ""
    card_id: str = ""
    workers: int = 1


def finding_id(recording: Recording, rule_id: str, start_sample: int, end_sample: int) -> str:
    """The name of a finding, from what it is."""
    return _digest(recording.sha256, rule_id, str(start_sample), str(end_sample))


def _digest(*parts: str) -> str:
    # 80 bits: the chance that any two of ten million findings agree is 4e-11.
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
