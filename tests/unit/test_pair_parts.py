"""The parts that keep two microphones in step: samples by place, lags that are heard, offset and drift,
slips."""

from __future__ import annotations

import numpy as np
import pytest

from deskguard.hearing.pair.offset import Offset
from deskguard.hearing.pair.shared import BLOCK_SAMPLES, FARTHEST_SAMPLES, SharedSound
from deskguard.hearing.pair.slip import slipped
from deskguard.hearing.pair.track import NS_PER_SAMPLE, Track
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm
from hearing_values import noise, tone
from pair_streams import room

STRETCH_S = 2.0


def a_chunk(start: int, pcm: Pcm, captured_ns: int = 0) -> AudioChunk:
    return AudioChunk(start_sample=start, pcm=pcm[None] if pcm.ndim == 1 else pcm, captured_ns=captured_ns)


def test_a_track_gives_samples_by_place_and_names_what_is_missing() -> None:
    track = Track()
    sound = noise(0.1)
    track.feed(a_chunk(100, sound[:400]))
    track.feed(a_chunk(500, sound[400:800]))
    track.feed(a_chunk(2000, sound[800:]))
    assert np.array_equal(track.read(100, 900), sound[:800])
    assert np.array_equal(track.read(1990, 2010)[10:], sound[800:810])
    assert list(track.missing(0, 3000)) == [(0, 100), (900, 2000), (2800, 3000)]
    assert list(track.missing(150, 850)) == []
    assert list(track.missing(5000, 5010)) == [(5000, 5010)]
    assert [track.next_sample(one) for one in (0, 850, 900, 2800)] == [100, 850, 2000, None]


def test_a_track_forgets_what_nobody_asks_for() -> None:
    track = Track()
    sound = noise(1.0)
    track.feed(a_chunk(0, sound[:8000]))
    track.feed(a_chunk(9000, sound[8000:]))
    track.forget_before(9500)
    assert (track.start, track.end) == (9500, 17_000)
    assert np.array_equal(track.read(9500, 9600), sound[8500:8600])
    assert not track.read(0, 9500).any()
    track.forget()
    assert list(track.missing(9500, 9600)) == [(9500, 9600)]
    assert track.end == 17_000


def test_channels_of_one_device_are_mixed_and_broken_samples_do_no_harm() -> None:
    track = Track()
    track.feed(a_chunk(0, np.array([[1.0, np.nan, 0.0], [0.0, 0.0, np.inf]], np.float32)))
    assert track.read(0, 3).tolist() == [0.5, 0.0, 1.0]


def test_a_track_knows_when_a_sample_was_captured_and_how_late_its_chunks_come() -> None:
    track = Track()
    late_ns = [30, 7, 90] * 70
    for at, late in enumerate(late_ns):
        end = (at + 1) * 800
        track.feed(a_chunk(at * 800, noise(0.05), 1000 + end * NS_PER_SAMPLE + late))
    assert track.first == (0, 1030)
    assert track.delay_ns == 1007
    assert track.captured_ns(track.end) == 1000 + track.end * NS_PER_SAMPLE + 90
    silent = Track()
    silent.feed(a_chunk(0, noise(0.05)))
    assert (silent.captured_ns(0), silent.delay_ns) == (0, None)


def heard(first: Pcm, second: Pcm, offset: int = 0) -> list[int]:
    """What the shared sound of two channels says, block by block."""
    shared = SharedSound()
    said = []
    for at in range(0, first.size - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        block = np.stack([first[at : at + BLOCK_SAMPLES], second[at : at + BLOCK_SAMPLES]])
        found = shared.feed(block, offset)
        said += [] if found is None else [found]
    return said


@pytest.mark.parametrize("lag", [0, 5, -700, 4000, -FARTHEST_SAMPLES, FARTHEST_SAMPLES])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_lag_of_what_both_hear_is_found_to_the_sample(lag: int, sign: int) -> None:
    voice = room(8.0, apart_db=0.0)[0]
    second = sign * np.roll(voice, lag) + noise(8.0, rms=0.01, seed=4)
    found = heard(voice + noise(8.0, rms=0.01, seed=5), second, offset=300)
    assert found
    # One voice is as near to both, the other 47 samples farther from one of them.
    assert all(one - 300 - lag in (0, 47, -47) for one in found)


def test_nothing_is_found_where_nothing_is_shared() -> None:
    first, second = room(20.0, seed=1)[0], room(20.0, seed=2)[0]
    assert heard(first, second) == []
    hum = tone(20.0, hz=50.0, peak=0.05)
    assert heard(first + hum, second + hum) == []
    steady = noise(20.0)
    assert heard(steady, steady) == []


def test_a_lag_that_stands_alone_is_not_believed() -> None:
    offset = Offset(0, 100.0)
    offset.hear(16_000, 5000.0)
    assert (offset.at(16_000), offset.is_heard) == (100.0, False)
    offset.hear(32_000, -3000.0)
    offset.hear(48_000, -2950.0)
    assert offset.is_heard
    assert offset.at(48_000) == pytest.approx(-2960, abs=60)


def test_what_is_far_from_what_was_believed_needs_three_that_agree() -> None:
    offset = settled(200.0)
    at = 60 * SAMPLE_RATE_HZ
    for step in range(2):
        offset.hear(at + step, 4000.0)
    assert offset.at(at) == pytest.approx(200, abs=30)
    offset.hear(at + 2, 203.0)
    for step in range(3, 5):
        offset.hear(at + step, 4000.0)
    assert offset.at(at) == pytest.approx(200, abs=30)
    offset.hear(at + 5, 4000.0)
    assert offset.at(at) == pytest.approx(4000, abs=60)


def settled(value: float, drift: float = 0.0) -> Offset:
    """After a minute of lags, one a second, those of two speakers who take turns."""
    offset = Offset(0, value)
    for second in range(60):
        place = second * SAMPLE_RATE_HZ
        offset.hear(place, value + drift * place + (47 if second // 5 % 2 else -47))
    return offset


@pytest.mark.parametrize("drift", [200e-6, -100e-6, 0.0])
def test_drift_is_learnt_and_carries_on_through_silence(drift: float) -> None:
    offset = settled(0.0, drift)
    assert offset.drift == pytest.approx(drift, abs=40e-6)
    later = 360 * SAMPLE_RATE_HZ
    assert offset.at(later) == pytest.approx(drift * later, abs=0.015 * SAMPLE_RATE_HZ)


def test_a_gap_leaves_the_drift_and_asks_for_two_new_lags() -> None:
    offset = settled(0.0, 100e-6)
    drift = offset.drift
    place = 70 * SAMPLE_RATE_HZ
    offset.restart(place, None)
    assert not offset.is_heard
    offset.hear(place, 900.0)
    assert offset.at(place) < 200
    offset.hear(place + SAMPLE_RATE_HZ, 900.0)
    assert offset.at(place) == pytest.approx(900, abs=30)
    assert offset.drift == pytest.approx(drift, abs=20e-6)


def test_clocks_overrule_only_what_nobody_heard_lately_and_only_when_they_say_so_twice() -> None:
    offset = settled(0.0)
    soon, later = 70 * SAMPLE_RATE_HZ, 200 * SAMPLE_RATE_HZ
    for place in (soon, soon + 1, soon + 2):
        # One device delivers 0.4 s later than the other: that is no offset.
        offset.read_clocks(place, 6400.0)
    assert abs(offset.at(soon)) < 100
    offset.read_clocks(later, 6400.0 + 1500)
    offset.read_clocks(later, 6400.0 + 1500)
    assert abs(offset.at(later)) < 100
    offset.read_clocks(later, 6400.0 + 4000)
    assert abs(offset.at(later)) < 100
    offset.read_clocks(later, 6400.0 + 4000)
    assert offset.at(later) == pytest.approx(4000, abs=100)
    assert not offset.is_heard


def test_after_a_gap_the_clocks_are_believed_where_they_are_far_off() -> None:
    offset = settled(0.0, 200e-6)
    near, far = offset.at(70 * SAMPLE_RATE_HZ) + 1000, offset.at(70 * SAMPLE_RATE_HZ) - 4000
    kept = offset.at(70 * SAMPLE_RATE_HZ)
    offset.restart(70 * SAMPLE_RATE_HZ, near)
    assert offset.at(70 * SAMPLE_RATE_HZ) == kept
    offset.restart(70 * SAMPLE_RATE_HZ, far)
    assert offset.at(70 * SAMPLE_RATE_HZ) == far


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_slip_changes_the_length_by_one_and_nothing_jumps(step: int) -> None:
    wave = tone(0.1, hz=200.0)[: BLOCK_SAMPLES + step]
    after = slipped(wave, step)
    assert after.size == BLOCK_SAMPLES
    assert np.abs(np.diff(after)).max() <= 1.01 * np.abs(np.diff(wave)).max()


def test_a_slip_falls_into_a_pause() -> None:
    pause = slice(200, 260)
    voice = noise(0.1)
    voice[pause] = 0.001
    shorter = slipped(voice[: BLOCK_SAMPLES + 1], 1)
    assert np.array_equal(shorter[:200], voice[:200])
    assert np.array_equal(shorter[259:], voice[260 : BLOCK_SAMPLES + 1])
    longer = slipped(voice[: BLOCK_SAMPLES - 1], -1)
    assert np.array_equal(longer[:200], voice[:200])
    assert np.array_equal(longer[261:], voice[260 : BLOCK_SAMPLES - 1])
