"""What was said around a finding, and all that was found there, to rows and curves of one visit.

The night keeps no bounds of visits: those of a visit are taken from what was found in it, widened to the turns
beside it as long as nobody is silent for a minute. Loudness is not kept either; the clip shows its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.scoring.values import MANNER
from deskguard.values import SAMPLE_RATE_HZ, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deskguard.scoring.lines import Judged
    from deskguard.scoring.values import Finding, Spoken

_APART_SAMPLES = 60 * SAMPLE_RATE_HZ
_MOST_SAMPLES = 20 * 60 * SAMPLE_RATE_HZ
"""Of a visit on either side of the finding: a page, not a day."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance and what was found in it."""

    spoken: Spoken
    found: tuple[Judged, ...]
    is_here: bool
    """The finding that is looked at lies in it."""

    @property
    def start_s(self) -> float:
        return seconds(self.spoken.start_sample)

    @property
    def characters_per_s(self) -> float:
        """How fast it was said, pauses included."""
        length = max(SAMPLE_RATE_HZ // 5, self.spoken.end_sample - self.spoken.start_sample)
        return sum(one.isalnum() for one in self.spoken.text) / seconds(length)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of a recording around a finding."""

    turns: tuple[Turn, ...]
    beside: tuple[Judged, ...]
    """Found in the visit, but in no utterance: a silence, something that was not said."""
    start_sample: int
    end_sample: int

    @property
    def length_samples(self) -> int:
        return max(1, self.end_sample - self.start_sample)

    def share(self, sample: int) -> float:
        """Where a place lies in it, 0 to 100."""
        inside = min(max(sample, self.start_sample), self.end_sample)
        return round(100 * (inside - self.start_sample) / self.length_samples, 2)


def timeline(finding: Finding, found: Iterable[Judged], spoken: Sequence[Spoken]) -> Timeline:
    """The visit around a finding; `found` and `spoken` are all of its recording, or of more."""
    of_visit = [
        one
        for one in found
        if one.finding.recording.sha256 == finding.recording.sha256
        and one.finding.visit_id == finding.visit_id
        and abs(one.finding.start_sample - finding.start_sample) <= _MOST_SAMPLES
    ]
    start = min([finding.start_sample, *(one.finding.start_sample for one in of_visit)])
    end = max([finding.end_sample, *(one.finding.end_sample for one in of_visit)])
    ordered = sorted(spoken, key=lambda one: (one.start_sample, one.end_sample))
    start, end = _widened(start, end, ordered, finding)
    turns = [one for one in ordered if one.start_sample < end and start < one.end_sample]
    rows = tuple(
        Turn(
            one,
            tuple(each for each in of_visit if _lies_in(each.finding, one)),
            _lies_in(finding, one),
        )
        for one in turns
    )
    placed = {each.finding.finding_id for row in rows for each in row.found}
    beside = tuple(one for one in of_visit if one.finding.finding_id not in placed)
    return Timeline(rows, beside, start, end)


def _widened(start: int, end: int, ordered: Sequence[Spoken], finding: Finding) -> tuple[int, int]:
    """The bounds, with the turns next to them while the silences between are short."""
    for one in reversed(ordered):
        is_near = one.end_sample > start - _APART_SAMPLES and one.start_sample < start
        if is_near and finding.start_sample - one.start_sample <= _MOST_SAMPLES:
            start = one.start_sample
    for one in ordered:
        is_near = one.start_sample < end + _APART_SAMPLES and one.end_sample > end
        if is_near and one.end_sample - finding.end_sample <= _MOST_SAMPLES:
            end = one.end_sample
    return start, end


def _lies_in(finding: Finding, spoken: Spoken) -> bool:
    """Whether it was found in an utterance, by the same speaker as far as that is known."""
    is_there = finding.start_sample < spoken.end_sample and spoken.start_sample < finding.end_sample
    is_by_somebody = finding.is_spoken or finding.kind == MANNER
    return is_there and (not is_by_somebody or finding.role == spoken.role)
