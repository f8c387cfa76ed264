"""How loud and how fast staff spoke, second by second: of staff, in visits, over their usual, and no more."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from deskguard.scoring.curves import curves
from deskguard.scoring.store_rows import spoken_of, spoken_row
from deskguard.scoring.values import Curve, Spoken
from deskguard.settings import MannerSettings
from deskguard.values import Hypothesis, Role
from manner_talk import a_visit, at, said, the_book

CALIBRATED = MannerSettings(normal_lufs=-25.0, normal_syllables_per_s=5.0)
VISIT = a_visit(end_sample=at(60.0))
TEXT = "请您先填这张表再到二号窗口"


def spoke(role: Role, start_s: float, *levels: float | None, text: str = TEXT) -> Hypothesis:
    """Words that take as many seconds as there are levels."""
    one = said(role, start_s, text, float(len(levels)))
    assert one.sound is not None
    return replace(one, sound=replace(one.sound, levels_lufs=levels))


def test_loudness_is_told_over_the_usual_and_for_each_second() -> None:
    one = spoke("staff", 10.0, -25.0, -17.5, None)
    found = curves([one], [VISIT], the_book(), CALIBRATED)[one.utterance_id]
    assert (found.first_s, found.over_lu) == (10, (0.0, 7.5, None))
    assert found.usual_syllables_per_s == 5.0


def test_the_usual_is_learned_where_nobody_measured_it_and_never_from_what_is_loud() -> None:
    calm = [spoke("staff", 4.0 * number, -25.0, -25.0, -25.0) for number in range(6)]
    shouted = spoke("staff", 40.0, -13.0, -13.0, -13.0)
    assert shouted.sound is not None
    shouted = replace(shouted, sound=replace(shouted.sound, loudness_lufs=-13.0))
    found = curves([*calm, shouted], [VISIT], the_book(), MannerSettings())
    assert found[shouted.utterance_id].over_lu == (12.0, 12.0, 12.0)


def test_before_a_usual_is_known_there_is_no_loudness() -> None:
    one = spoke("staff", 1.0, -25.0, -25.0, -25.0)
    found = curves([one], [VISIT], the_book(), MannerSettings())[one.utterance_id]
    assert found.over_lu == ()
    assert found.syllables_per_s


def test_the_pace_of_even_speech_is_the_same_everywhere() -> None:
    one = said("staff", 3.2, TEXT * 2, 6.0)
    found = curves([one], [VISIT], the_book(), CALIBRATED)[one.utterance_id]
    known = [value for value in found.syllables_per_s if value is not None]
    assert len(found.syllables_per_s) == 7
    assert known == pytest.approx([len(TEXT) * 2 / 6.0] * len(known), abs=0.7)


def test_words_that_come_faster_at_the_end_show_there() -> None:
    one = said("staff", 0.0, TEXT * 2, 8.0)
    marks = [at(0.5 * number) for number in range(13)] + [at(6.0 + 0.15 * number) for number in range(14)]
    spans = tuple(pairwise(marks))
    one = replace(one, passage=replace(one.passage, spans=spans))
    found = curves([one], [VISIT], the_book(), CALIBRATED)[one.utterance_id]
    known = [value for value in found.syllables_per_s if value is not None]
    assert known[0] == pytest.approx(2.0, abs=0.3)
    assert max(known) == known[-1] > 4.0


@pytest.mark.parametrize("role", ["visitor", "unknown"])
def test_of_others_than_staff_nothing_is_kept(role: Role) -> None:
    assert curves([spoke(role, 10.0, -10.0, -10.0)], [VISIT], the_book(), CALIBRATED) == {}


def test_outside_of_visits_nothing_is_kept() -> None:
    assert curves([spoke("staff", 70.0, -10.0, -10.0)], [VISIT], the_book(), CALIBRATED) == {}


def test_a_window_that_looks_for_no_loudness_keeps_none() -> None:
    one = spoke("staff", 10.0, -10.0, -10.0, -10.0)
    quiet = the_book().without(["manner.loud"])
    found = curves([one], [VISIT], quiet, CALIBRATED)[one.utterance_id]
    assert found.over_lu == ()
    assert found.syllables_per_s
    nothing = the_book().without(["manner.loud", "manner.fast", "manner.slow"])
    assert curves([one], [VISIT], nothing, CALIBRATED) == {}


@pytest.mark.parametrize("curve", [None, Curve(first_s=3, over_lu=(1.5, None), usual_syllables_per_s=4.6)])
def test_a_curve_is_a_short_text_in_its_row(curve: Curve | None) -> None:
    spoken = Spoken(start_sample=0, end_sample=10, role="staff", text="您好", curve=curve)
    row = spoken_row(spoken, "e", 0)
    assert isinstance(row["curve"], str)
    assert spoken_of(row) == spoken
