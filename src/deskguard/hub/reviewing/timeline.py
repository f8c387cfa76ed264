"""What was said around a finding, and all that was found there, to rows and curves of one visit.

The night keeps no bounds of visits: those of a visit are taken from what was found in it, widened to the turns
beside it as long as nobody is silent for a minute. How loud and how fast is kept of staff only, shown beside a
finding that is still held against somebody, or to the clerk whom it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskguard.scoring.review import FALLS
from deskguard.scoring.values import MANNER, SAID
from deskguard.values import SAMPLE_RATE_HZ, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from deskguard.scoring.lines import Judged
    from deskguard.scoring.values import Curve, Finding, Spoken

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

    @property
    def most_over_lu(self) -> float | None:
        """The loudest second, LU over the clerk's usual; None: not known."""
        values = () if self.spoken.curve is None else self.spoken.curve.over_lu
        return max((one for one in values if one is not None), default=None)

    @property
    def fastest(self) -> float | None:
        """Syllables a second where it was fastest; None: not known."""
        values = () if self.spoken.curve is None else self.spoken.curve.syllables_per_s
        return max((one for one in values if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of a recording around a finding."""

    turns: tuple[Turn, ...]
    beside: tuple[Judged, ...]
    """Found in the visit, but in no utterance: a silence, something that was not said."""
    start_sample: int
    end_sample: int

    @property
    def has_curves(self) -> bool:
        """Whether anything is known of how loud or how fast staff spoke here."""
        return any(one.spoken.curve is not None for one in self.turns)

    @property
    def length_samples(self) -> int:
        return max(1, self.end_sample - self.start_sample)

    def share(self, sample: int) -> float:
        """Where a place lies in it, 0 to 100."""
        inside = min(max(sample, self.start_sample), self.end_sample)
        return round(100 * (inside - self.start_sample) / self.length_samples, 2)


def is_open_to_view(one: Judged) -> bool:
    """Whether others than the clerk may see how staff spoke around a finding: it is against somebody, and holds
    or waits; what has fallen, or is praise, is nobody's reason to look."""
    finding = one.finding
    return finding.kind != SAID and finding.role != "visitor" and one.standing.state not in FALLS


def drawn(line: Timeline, here: Judged, title: Callable[[Finding], str]) -> dict[str, Any]:
    """What the page's script draws: times in seconds of the recording, and a value for each second."""
    found = [*(each for turn in line.turns for each in turn.found), *line.beside]
    usual = [one.usual_syllables_per_s for turn in line.turns if (one := turn.spoken.curve) is not None]
    known = [one for one in usual if one is not None]
    return {
        "first": seconds(line.start_sample),
        "last": seconds(line.end_sample),
        "turns": [
            [seconds(one.spoken.start_sample), seconds(one.spoken.end_sample), one.spoken.role]
            for one in line.turns
        ],
        "marks": [
            {
                "at": seconds(each.finding.start_sample),
                "name": title(each.finding),
                "here": each.finding.finding_id == here.finding.finding_id,
            }
            for each in found
            if each.finding.kind != SAID
        ],
        "level": _values(line, lambda one: one.over_lu),
        "pace": _values(line, lambda one: one.syllables_per_s),
        "usual": known[-1] if known else None,
    }


def _values(line: Timeline, of: Callable[[Curve], Sequence[float | None]]) -> list[list[float | None]]:
    """Middles of seconds and their values; after each utterance a gap, so that no line leads over silence."""
    found: list[list[float | None]] = []
    for turn in line.turns:
        curve = turn.spoken.curve
        values = () if curve is None else of(curve)
        if curve is not None and values:
            found += [[curve.first_s + at + 0.5, value] for at, value in enumerate(values)]
            found.append([curve.first_s + len(values), None])
    return found


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
