"""What holds of two sides whatever is said and however the audio is cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from deskguard.hearing.roles.levels import Floor
from deskguard.values import SAMPLE_RATE_HZ
from hearing_values import outline
from roles_two_sides import Turn, chunks_of, finals, heard_by, talk, two_sided
from strategies import cuttings


@st.composite
def talks(draw: st.DrawFn) -> list[Turn]:
    """Turns of both sides, apart, at once and inside one another."""
    turns, at = [], 0.6
    for _ in range(draw(st.integers(1, 5))):
        length = draw(st.sampled_from([0.2, 0.6, 1.5]))
        turns.append(Turn(draw(st.integers(0, 1)), at, at + length))
        at = max(0.2, at + length + draw(st.sampled_from([-0.8, -0.2, 0.1, 0.9])))
    return turns


@given(talks(), st.sampled_from([12.0, 4.0, 0.0]), st.data())
@settings(max_examples=25, deadline=None)
def test_windows_of_two_sides_do_not_depend_on_how_audio_is_cut(
    turns: list[Turn], apart_db: float, data: st.DataObject
) -> None:
    pcm = talk(turns, apart_db=apart_db)
    places = data.draw(cuttings(pcm.shape[1]))

    def told(cut_at: list[int]) -> list[tuple[object, ...]]:
        windows = heard_by(two_sided(), chunks_of(pcm, cut_at))
        return [(one.role, one.role_confidence, *outline(one)) for one in windows]

    assert told([]) == told(places)


@given(talks(), st.sampled_from((0, 1)), st.data())
@settings(max_examples=20, deadline=None)
def test_nor_do_they_while_a_microphone_is_missing(turns: list[Turn], gone: int, data: st.DataObject) -> None:
    pcm = talk(turns)
    first, last = sorted(data.draw(st.lists(st.integers(1, pcm.shape[1]), min_size=2, max_size=2, unique=True)))
    pcm[gone, first:last] = 0

    def told(cut_at: list[int]) -> list[tuple[object, ...]]:
        chunks = [
            replace(one, missing=(gone,) if first <= one.start_sample < last else ())
            for one in chunks_of(pcm, [*cut_at, first, last])
        ]
        windows = heard_by(two_sided(), chunks)
        read = [one for one in windows if not one.is_hush]
        inside = [one for one in read if first <= one.start_sample and one.end_sample <= last]
        assert {one.role for one in inside} <= {"unknown"}
        return [(one.role, one.role_confidence, *outline(one)) for one in windows]

    assert told(data.draw(cuttings(pcm.shape[1]))) == told([])


@given(talks(), st.sampled_from([12.0, 4.0, 0.0]))
@settings(max_examples=25, deadline=None)
def test_numbers_are_unique_every_live_window_is_followed_by_a_final_one_and_audio_is_used_once(
    turns: list[Turn], apart_db: float
) -> None:
    windows = heard_by(two_sided(), chunks_of(talk(turns, apart_db=apart_db)))
    last = finals(windows)
    numbers = [one.utterance_id for one in last]
    assert len(set(numbers)) == len(numbers)
    assert {one.utterance_id for one in windows} == set(numbers)
    assert sorted({one.utterance_id for one in windows}) == list(range(len(numbers)))
    for role in ("staff", "visitor"):
        own = sorted((one for one in last if one.role == role), key=lambda one: one.start_sample)
        for before, after in pairwise(own):
            assert before.end_sample <= after.start_sample


@given(st.lists(st.none() | st.floats(-40, 40), max_size=60), st.floats(0, 20))
def test_once_somebody_has_spoken_somebody_has_the_word(
    values: list[float | None], separation_db: float
) -> None:
    floor = Floor()
    has_spoken = False
    for value in values:
        has_spoken = has_spoken or value is not None
        holds = floor.feed(value, separation_db)
        # A wait for a second voice to last may come before the first has been placed.
        assert any(holds) or not has_spoken or separation_db > 6


def test_a_talk_of_nobody_gives_no_window() -> None:
    pcm = talk([Turn(0, 0.0, 0.0)])
    assert heard_by(two_sided(), chunks_of(pcm)) == []
    assert pcm.shape[1] == round(1.5 * SAMPLE_RATE_HZ)
