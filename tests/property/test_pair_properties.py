"""What holds of two microphones joined into one stream, however they are cut, lost, late or drifting."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deskguard.hearing.pair.pairing import Pairing
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm
from hearing_values import noise
from pair_streams import Card, Fed, delivered, in_turn, joined, recorded, room, sound_of, whole
from strategies import cuttings

SECONDS = 6
SAMPLES = SECONDS * SAMPLE_RATE_HZ
FIRST, SECOND = noise(SECONDS, seed=11), noise(SECONDS, seed=12)


@st.composite
def holes(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Stretches that a microphone lost: blocks, moments, seconds; none at the very beginning."""
    edges = sorted(draw(st.lists(st.integers(1, SAMPLES), max_size=6, unique=True)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return [one for one in pairs if one[0] < one[1]]


@st.composite
def orders(draw: st.DrawFn, first: list[AudioChunk], second: list[AudioChunk]) -> list[Fed]:
    """The chunks of both in any order of arrival."""
    fed: list[Fed] = []
    rest: tuple[list[AudioChunk], list[AudioChunk]] = (list(first), list(second))
    for side in draw(st.lists(st.sampled_from((0, 1)), max_size=200)):
        if rest[side]:
            fed.append((side, rest[side].pop(0)))  # type: ignore[arg-type]
    return fed + in_turn(*rest)


@given(st.data(), holes(), holes())
@settings(max_examples=60)
def test_the_joined_stream_does_not_depend_on_cutting_or_order(
    data: st.DataObject, first_holes: list[tuple[int, int]], second_holes: list[tuple[int, int]]
) -> None:
    def told(first_cuts: list[int], second_cuts: list[int], *, in_any_order: bool) -> list[tuple[object, ...]]:
        first = delivered(FIRST, cuts=first_cuts, holes=first_holes)
        second = delivered(SECOND, cuts=second_cuts, holes=second_holes)
        fed = data.draw(orders(first, second)) if in_any_order else in_turn(first, second)
        return [whole(one) for one in joined(fed)]

    expected = told([], [], in_any_order=False)
    assert told(data.draw(cuttings(SAMPLES)), data.draw(cuttings(SAMPLES)), in_any_order=True) == expected


@given(holes(), holes(), st.integers(0, 8000))
@settings(max_examples=60)
def test_every_sample_stands_at_its_place_or_is_counted_as_missing(
    first_holes: list[tuple[int, int]], second_holes: list[tuple[int, int]], later: int
) -> None:
    """Clocks alike, nothing heard by both: the second begins `later` and stays there."""
    second = Card(begins_s=later / SAMPLE_RATE_HZ)
    chunks = joined(in_turn(delivered(FIRST, holes=first_holes), delivered(SECOND, second, holes=second_holes)))
    assert chunks[0].start_sample == 0
    for before, after in pairwise(chunks):
        assert after.start_sample == before.end_sample + after.lost_before
        if after.missing != before.missing:
            assert after.is_break or after.lost_before
    for side, (sound, lost, begins) in enumerate(((FIRST, first_holes, 0), (SECOND, second_holes, later))):
        truth, is_there = expected(sound, lost, begins, chunks[-1].end_sample)
        for one in chunks:
            own = slice(one.start_sample, one.end_sample)
            assert is_there[own].all() if side not in one.missing else not is_there[own].any()
            assert np.array_equal(one.pcm[side], truth[own])
    lost = sum(one.lost_before for one in chunks)
    assert sum(one.pcm.shape[1] for one in chunks) + lost == chunks[-1].end_sample


def expected(
    sound: Pcm, lost: list[tuple[int, int]], begins: int, samples: int
) -> tuple[Pcm, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """What a channel holds, silence where its microphone is missing, and where it is not."""
    pcm, is_there = np.zeros(samples + begins, np.float32), np.zeros(samples + begins, bool)
    end = min(samples, begins + sound.size)
    pcm[begins:end], is_there[begins:end] = sound[: end - begins], True
    for first, last in lost:
        pcm[begins + first : begins + last], is_there[begins + first : begins + last] = 0.0, False
    return pcm[:samples], is_there[:samples]


@given(
    st.sampled_from([-200.0, -60.0, 0.0, 100.0, 200.0]),
    st.floats(-0.5, 0.5),
    st.floats(0, 0.4),
    st.integers(0, 3),
)
@settings(max_examples=12)
def test_voices_bring_two_clocks_into_step_and_keep_them_there(
    ppm: float, late_s: float, begins_s: float, seed: int
) -> None:
    """The second card's blocks come up to half a second earlier or later than its clock says."""
    sound = room(40.0, seed=seed)
    card = Card(ppm=ppm, begins_s=begins_s, late_s=late_s)
    pairing = Pairing()
    errors_s: list[tuple[float, float]] = []
    for side, chunk in in_turn(delivered(sound[0]), delivered(recorded(sound[1], card), card)):
        assert chunk is not None
        for out in pairing.feed(side, chunk):
            place = out.end_sample
            wanted = card.place(place / SAMPLE_RATE_HZ)
            errors_s.append(
                (place / SAMPLE_RATE_HZ, (place + pairing.offset_samples - wanted) / SAMPLE_RATE_HZ)
            )
    late = [abs(error_s) for at_s, error_s in errors_s if at_s > 12.0]
    assert len(late) > 500
    assert max(late) < 0.008


@given(st.sampled_from([-200.0, 200.0]), st.data())
@settings(max_examples=8)
def test_while_clocks_drift_the_cutting_does_not_matter_either(ppm: float, data: st.DataObject) -> None:
    """The first chunks stay: they place the streams, and of longer ones a clock that drifts tells other
    times."""
    sound = room(12.0)
    card = Card(ppm=ppm)
    second = recorded(sound[1], card)

    def told(first_cuts: list[int], second_cuts: list[int]) -> list[tuple[object, ...]]:
        first = delivered(sound[0], cuts=[80, *(one for one in first_cuts if one > 80)])
        others = delivered(second, card, cuts=[80, *(one for one in second_cuts if one > 80)])
        fed = in_turn(first, others)
        return [(one.start_sample, one.missing, one.pcm.tobytes()) for one in joined(fed)]

    cuts = data.draw(cuttings(sound.shape[1])), data.draw(cuttings(second.size))
    assert told(*cuts) == told([], [])


@given(st.sampled_from((0, 1)), st.integers(0, SAMPLES), st.booleans())
def test_a_microphone_that_goes_for_good_leaves_the_other_whole(gone: int, at: int, is_told: bool) -> None:
    other = 1 - gone
    sounds = [FIRST, SECOND]
    chunks = [delivered(one) for one in sounds]
    lost = [one for one in chunks[gone] if one.end_sample <= at]
    fed: list[Fed] = in_turn(lost, []) if gone == 0 else in_turn([], lost)
    if is_told:
        fed.append((gone, None))  # type: ignore[arg-type]
    fed += in_turn(chunks[0], []) if other == 0 else in_turn([], chunks[1])
    out = joined(fed)
    assert np.array_equal(sound_of(out)[other], sounds[other])
    heard = sum(one.pcm.shape[1] for one in out if gone not in one.missing)
    assert heard == at // 800 * 800
    assert all(other not in one.missing for one in out)
