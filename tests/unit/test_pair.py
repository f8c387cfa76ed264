"""Two microphones joined: who is missing, pauses, gaps, late beginnings, clocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deskguard.hearing.pair.pairing import Pairing, Side
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm
from hearing_values import noise
from pair_streams import BEGAN_NS, Card, delivered, in_turn, joined, recorded, room, sound_of

FIRST, SECOND = noise(4.0, seed=21), noise(4.0, seed=22)
LATER = 100 * SAMPLE_RATE_HZ


def later(chunks: list[AudioChunk], by: int = LATER, *, is_break: bool = False) -> list[AudioChunk]:
    """The same chunks so many samples later; the first of them after a pause, or after a loss."""
    moved = [
        replace(
            one,
            start_sample=one.start_sample + by,
            captured_ns=one.captured_ns + by * 62_500,
            is_break=is_break and index == 0,
        )
        for index, one in enumerate(chunks)
    ]
    return [replace(moved[0], lost_before=0 if is_break else by), *moved[1:]]


def mark(place: int) -> AudioChunk:
    return AudioChunk(start_sample=place, pcm=np.zeros((1, 0), np.float32), is_break=True)


def fed(pairing: Pairing, first: list[AudioChunk], second: list[AudioChunk]) -> list[AudioChunk]:
    out: list[AudioChunk] = []
    for side, chunk in in_turn(first, second):
        assert chunk is not None
        out += pairing.feed(side, chunk)
    return out


def test_two_microphones_are_two_channels_of_one_stream() -> None:
    out = joined(in_turn(delivered(FIRST), delivered(SECOND)))
    assert np.array_equal(sound_of(out), np.stack([FIRST, SECOND]))
    assert {(one.missing, one.is_break, one.lost_before) for one in out} == {((), False, 0)}
    assert not any(one.pcm.flags.writeable for one in out)


def test_chunks_carry_the_capture_time_of_their_last_sample() -> None:
    chunks = delivered(FIRST)
    began_ns = chunks[0].captured_ns - 800 * 62_500
    out = joined(in_turn(chunks, delivered(SECOND)))
    assert {one.captured_ns - one.end_sample * 62_500 for one in out} == {began_ns}


def test_a_pause_is_one_break_without_loss() -> None:
    pairing = Pairing()
    before = fed(pairing, delivered(FIRST), delivered(SECOND[:-300]))
    first_mark = pairing.feed(0, mark(FIRST.size))
    second_mark = pairing.feed(1, mark(SECOND.size - 300))
    after = fed(pairing, later(delivered(FIRST), is_break=True), later(delivered(SECOND), is_break=True))
    assert first_mark == []
    *rest, pause = second_mark
    assert (pause.is_break, pause.pcm.shape, pause.lost_before) == (True, (2, 0), 0)
    heard = sound_of([*before, *rest])
    assert np.array_equal(heard, np.stack([FIRST, SECOND])[:, : heard.shape[1]])
    assert heard.shape[1] == SECOND.size - 300
    assert after[0].is_break
    assert after[0].start_sample == LATER
    assert not any(one.is_break for one in after[1:])
    assert sum(one.lost_before for one in after) == 0
    assert np.array_equal(after[0].pcm, np.stack([FIRST, SECOND])[:, : after[0].pcm.shape[1]])


@pytest.mark.parametrize("gone", [0, 1])
def test_a_pause_while_one_is_lost_breaks_at_once_and_it_may_come_back_after_it(gone: Side) -> None:
    other: Side = 0 if gone else 1
    pairing = Pairing()
    fed(pairing, delivered(FIRST), delivered(SECOND))
    pairing.lose(gone)
    sounds = (FIRST, SECOND)
    for chunk in later(delivered(sounds[other]), FIRST.size):
        pairing.feed(other, replace(chunk, lost_before=0))
    assert pairing.feed(gone, mark(FIRST.size)) == []
    assert pairing.feed(other, mark(2 * FIRST.size))[-1].is_break
    out: list[AudioChunk] = []
    for chunk in later(delivered(sounds[other]), is_break=True):
        out += pairing.feed(other, chunk)
    assert out[0].missing == (gone,)
    assert np.array_equal(out[0].pcm[other], sounds[other][: out[0].pcm.shape[1]])


def test_after_a_pause_a_microphone_that_cannot_be_opened_is_not_waited_for() -> None:
    pairing = Pairing()
    fed(pairing, delivered(FIRST), delivered(SECOND))
    pairing.feed(0, mark(FIRST.size))
    pairing.feed(1, mark(SECOND.size))
    out: list[AudioChunk] = []
    for chunk in later(delivered(FIRST), is_break=True):
        out += pairing.feed(0, chunk)
    assert out == []
    out = pairing.lose(1)
    assert {one.missing for one in out} == {(1,)}
    assert out[0].is_break


def test_what_both_lose_is_a_gap_however_long() -> None:
    hours = 5 * 3600 * SAMPLE_RATE_HZ
    pairing = Pairing()
    out = fed(pairing, delivered(FIRST), delivered(SECOND))
    out += pairing.lose(0) + pairing.lose(1)
    out += (
        fed(pairing, later(delivered(FIRST), hours), later(delivered(SECOND), hours + 100)) + pairing.finish()
    )
    gap = next(one for one in out if one.lost_before)
    assert (gap.start_sample, gap.lost_before, gap.missing) == (hours, hours - FIRST.size, (1,))
    assert not gap.is_break
    assert out[-1].end_sample == hours + 100 + SECOND.size
    assert sum(one.pcm.shape[1] + one.lost_before for one in out) == out[-1].end_sample
    assert len(out) < 600


def test_a_microphone_that_begins_late_is_waited_for_and_its_clock_places_it() -> None:
    late = Card(begins_s=1.5)
    pairing = Pairing()
    first = delivered(FIRST)
    for chunk in first:
        assert pairing.feed(0, chunk) == []
    out: list[AudioChunk] = []
    for chunk in delivered(SECOND, late):
        out += pairing.feed(1, chunk)
    assert out[0].missing == (1,)
    joint = next(one for one in out if not one.missing)
    assert joint.start_sample == 24_000
    assert np.array_equal(joint.pcm[1], SECOND[: joint.pcm.shape[1]])
    assert joint.is_break


def test_nobody_is_waited_for_longer_than_twelve_seconds() -> None:
    pairing = Pairing()
    sound = noise(15.0, seed=5)
    out: list[AudioChunk] = []
    for chunk in delivered(sound):
        out += pairing.feed(0, chunk)
        if chunk.end_sample < 12 * SAMPLE_RATE_HZ:
            assert out == []
    assert out[-1].end_sample > 14.9 * SAMPLE_RATE_HZ
    # What comes too late for its place is not heard, and nothing is told twice.
    late = [
        one for chunk in delivered(noise(15.0, seed=6)) for one in pairing.feed(1, chunk)
    ] + pairing.finish()
    places = [one.start_sample for one in [*out, *late]]
    assert places == sorted(places)
    assert out[-1].end_sample + sum(one.pcm.shape[1] for one in late) == sound.size


def test_one_who_stops_without_a_word_holds_the_other_up_for_twelve_seconds_at_most() -> None:
    pairing = Pairing()
    out = fed(pairing, delivered(FIRST), delivered(SECOND))
    for chunk in later(delivered(noise(13.0)), FIRST.size):
        out += pairing.feed(0, replace(chunk, lost_before=0))
    assert out[-1].missing == (1,)
    assert out[-1].end_sample > 16.9 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("late_s", [0.4, -0.4])
def test_a_late_device_is_brought_into_step_by_what_both_hear_and_nothing_is_lost_on_the_way(
    late_s: float,
) -> None:
    sound = room(14.0)
    card = Card(late_s=late_s)
    pairing = Pairing()
    out = fed(pairing, delivered(sound[0]), delivered(recorded(sound[1], card), card))
    assert pairing.offset_samples == pytest.approx(0, abs=80)
    # Only before the clocks say that both have begun.
    assert [one.start_sample for one in out if one.missing and one.start_sample > 0.4 * SAMPLE_RATE_HZ] == []


def test_drift_that_nobody_hears_is_made_good_by_the_clocks() -> None:
    """Silence, 500 samples a million apart: without clocks 0.24 s in 8 minutes."""
    card, minutes = Card(ppm=500.0), 8
    pairing = Pairing()
    silence = np.zeros((1, 8000), np.float32)
    worst = 0
    for index in range(minutes * 120):
        end = (index + 1) * 8000
        pairing.feed(0, AudioChunk(start_sample=end - 8000, pcm=silence, captured_ns=ns(Card(), end)))
        pairing.feed(1, AudioChunk(start_sample=end - 8000, pcm=silence, captured_ns=ns(card, end)))
        worst = max(worst, abs(round(card.place(end / SAMPLE_RATE_HZ)) - end - pairing.offset_samples))
    assert worst < 0.15 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("gone", [0, 1])
def test_a_quarter_of_an_hour_away_is_none_of_drift(gone: Side) -> None:
    """A device that is away goes by the clocks: 300 samples a million would be off by 0.27 s."""
    sound, card, away_s = room(40.0), Card(ppm=300.0), 900
    cards = (Card(), card)
    pairing = Pairing()
    both = delivered(sound[0]), delivered(recorded(sound[1], card), card)
    fed(pairing, *both)
    pairing.lose(gone)
    back_ns = both[0][-1].captured_ns + away_s * 1_000_000_000
    other: Side = 0 if gone else 1
    last = both[other][-1]
    silence = np.zeros((1, 16_000), np.float32)
    for second in range(away_s + 2):
        start = last.end_sample + second * 16_000
        captured_ns = BEGAN_NS + round(cards[other].moment_s(start + 16_000) * 1e9)
        pairing.feed(other, AudioChunk(start_sample=start, pcm=silence, captured_ns=captured_ns))
    before = both[gone][-1]
    gap = (back_ns - before.captured_ns) // 62_500
    for step in range(20):
        begin = before.end_sample + gap + step * 800
        captured_ns = back_ns + round(cards[gone].moment_s((step + 1) * 800) * 1e9)
        pcm = np.zeros((1, 800), np.float32)
        chunk = AudioChunk(
            start_sample=begin, pcm=pcm, lost_before=gap if step == 0 else 0, captured_ns=captured_ns
        )
        pairing.feed(gone, chunk)
    # Where each is at the moment of its return.
    places = [0, 0]
    places[gone] = before.end_sample + gap
    places[other] = round(cards[other].place((back_ns - BEGAN_NS) / 1e9))
    assert abs(pairing.offset_samples - (places[1] - places[0])) < 0.1 * SAMPLE_RATE_HZ


def ns(card: Card, place: int) -> int:
    return 1_000_000_000 + round(card.moment_s(place) * 1e9)


def test_without_capture_times_places_are_taken_as_they_are() -> None:
    bare = [[replace(one, captured_ns=0) for one in delivered(sound)] for sound in (FIRST, SECOND)]
    pairing = Pairing()
    out = [
        made for pair in zip(*bare, strict=True) for side in (0, 1) for made in pairing.feed(side, pair[side])
    ]  # type: ignore[arg-type]
    heard = sound_of(out)
    assert np.array_equal(heard, np.stack([FIRST, SECOND])[:, : heard.shape[1]])


def test_a_device_of_two_channels_is_mixed_to_one() -> None:
    both: Pcm = np.stack([FIRST, np.zeros_like(FIRST)])
    chunks = [replace(one, pcm=both[:, one.start_sample : one.end_sample]) for one in delivered(FIRST)]
    out = joined(in_turn(chunks, delivered(SECOND)))
    assert np.array_equal(sound_of(out)[0], FIRST / 2)


def test_nothing_in_is_nothing_out() -> None:
    pairing = Pairing()
    assert pairing.lose(0) + pairing.lose(1) + pairing.finish() == []
    assert Pairing().finish() == []
