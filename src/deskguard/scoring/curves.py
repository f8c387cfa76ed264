"""Utterances of staff in visits to how loud and how fast they went, second by second, beside a finding.

What is kept is as little as answers the question: staff alone, in visits alone, relative to the clerk's own
usual level, and only where a standard in force asks for it: a window that has switched loudness off keeps none.
The usual is that of the whole recording, calibrated or learned as by day, so it may lie some tenths beside the
one that a finding was judged by at its moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.language.text import normalise
from deskguard.scoring.findings import visit_at
from deskguard.scoring.values import Curve
from deskguard.values import SAMPLE_RATE_HZ, seconds
from deskguard.visits.manner_normal import Habit, Normal
from deskguard.visits.manner_turn import turn_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deskguard.settings import MannerSettings
    from deskguard.values import Hypothesis, Visit
    from deskguard.visits.manner_book import MannerBook
    from deskguard.visits.manner_turn import Turn

_AROUND_S = 1
"""Seconds on either side that a pace is taken over: a single one holds three to six syllables."""
_LEAST_S = 0.5
"""Of speech that a pace is told for."""


def curves(
    said: Iterable[Hypothesis], visits: Sequence[Visit], book: MannerBook, settings: MannerSettings
) -> dict[int, Curve]:
    """The curve of each utterance that has one, by its id; `said` are the final texts of a recording in order.

    `book` holds the kinds of manner in force at the window.
    """
    is_level, is_pace = "loud" in book.rules, bool({"fast", "slow"} & book.rules.keys())
    if not (is_level or is_pace):
        return {}
    spoken = [(one, turn) for one in said if (turn := turn_of(one, book)) is not None and turn.role == "staff"]
    habit = _habit([turn for _, turn in spoken], settings)
    found = {}
    for one, turn in spoken:
        if one.sound is None or not visit_at(visits, turn.start_sample):
            continue
        usual_lufs = habit.loudness_lufs if is_level else None
        curve = Curve(
            first_s=turn.start_sample // SAMPLE_RATE_HZ,
            over_lu=_over(one.sound.levels_lufs, usual_lufs),
            syllables_per_s=_pace(one, turn) if is_pace else (),
            usual_syllables_per_s=_rounded(habit.syllables_per_s) if is_pace else None,
        )
        if any(value is not None for value in (*curve.over_lu, *curve.syllables_per_s)):
            found[one.utterance_id] = curve
    return found


def _habit(turns: Iterable[Turn], settings: MannerSettings) -> Habit:
    """What is usual in a recording: what is loud is never learned, as by day."""
    habit = Habit(Normal.of(settings))
    for turn in turns:
        if (habit.over_lu(turn) or 0.0) < settings.loud_lu:
            habit.learn(turn)
    return habit


def _over(levels_lufs: Iterable[float | None], usual_lufs: float | None) -> tuple[float | None, ...]:
    if usual_lufs is None:
        return ()
    return tuple(None if one is None else round(one - usual_lufs, 1) for one in levels_lufs)


def _pace(said: Hypothesis, turn: Turn) -> tuple[float | None, ...]:
    """Syllables a second around each second; their mean is what the utterance was judged by.

    Nothing for what has no pace: too short, numbers, a doubtful reading.
    """
    length_s = seconds(turn.end_sample - turn.start_sample)
    if turn.syllables_per_s is None or length_s <= 0:
        return ()
    text = normalise(said.text)
    first, last = turn.start_sample // SAMPLE_RATE_HZ, (turn.end_sample - 1) // SAMPLE_RATE_HZ
    # Latin words have fewer syllables than letters, pauses none: spread, so that the sum is the utterance's.
    each, voiced = turn.syllables / len(text.chars), turn.voiced_s / length_s
    counts = [0.0] * (last - first + 1)
    for origin in text.origin:
        start, end = said.passage.spans[origin]
        middle = min(max((start + end) // 2, turn.start_sample), turn.end_sample - 1)
        counts[middle // SAMPLE_RATE_HZ - first] += each
    found: list[float | None] = []
    for second in range(first, last + 1):
        around = range(max(first, second - _AROUND_S), min(last, second + _AROUND_S) + 1)
        begin, end = around.start * SAMPLE_RATE_HZ, around.stop * SAMPLE_RATE_HZ
        heard_s = seconds(min(end, turn.end_sample) - max(begin, turn.start_sample)) * voiced
        many = sum(counts[one - first] for one in around)
        found.append(round(many / heard_s, 1) if heard_s >= _LEAST_S else None)
    return tuple(found)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
