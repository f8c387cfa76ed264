"""Loudness by the standard's own figures, and the level that speech holds in spite of what falls over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deskguard.desk.mind import Mind
from deskguard.hearing.loudness import (
    BLOCK_SAMPLES,
    HOP_SAMPLES,
    k_weighted,
    measure,
    momentary_lufs,
    sustained_lufs,
)
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Pcm, SpeechWindow
from hearing_values import EAGER, ScriptedRecogniser, a_rule_set, moment, noise, silence, spoken, tone

SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
"""BS.1770-5, tables 1 and 2, for 48 kHz."""


def a_window(pcm: Pcm, start_sample: int = 0, **changes: object) -> SpeechWindow:
    window = SpeechWindow(
        utterance_id=1,
        start_sample=start_sample,
        pcm=pcm,
        speech_end_sample=start_sample + pcm.size,
        taken_sample=start_sample + pcm.size,
        end_reason="silence",
        voiced_samples=pcm.size,
    )
    return replace(window, **changes)  # type: ignore[arg-type]


def syllables(count: int, level_db: float = -20.0, seed: int = 3, spread_db: float = 3.0) -> Pcm:
    """Something like speech: tones of 0.16 s at slightly different levels with 0.06 s between them."""
    levels = level_db + np.random.default_rng(seed).normal(0.0, spread_db, count)
    pieces = [
        part
        for at, level in enumerate(levels)
        for part in (tone(0.16, hz=300.0 + 80 * (at % 7), peak=10 ** (level / 20)), silence(0.06))
    ]
    return np.concatenate(pieces)


def level_of(pcm: Pcm) -> float:
    found = sustained_lufs(pcm)
    assert found is not None
    return found


def filtered_at_48_khz(signal: np.ndarray) -> np.ndarray:
    """The standard's cascade sample by sample, as it is written there."""
    for (b0, b1, b2), (a1, a2) in (SHELF, HIGH_PASS):
        out = np.zeros_like(signal)
        x1 = x2 = y1 = y2 = 0.0
        for at, x in enumerate(signal):
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            out[at] = y
            x1, x2, y1, y2 = x, x1, y, y1
        signal = out
    return signal


@pytest.mark.parametrize("dbfs", [0.0, -20.0, -40.0])
def test_a_sine_of_997_hz_reads_as_the_standard_says(dbfs: float) -> None:
    """Full scale in one channel is -3.01 LKFS; every dB is one LU."""
    blocks = momentary_lufs(tone(3.0, hz=997.0, peak=10 ** (dbfs / 20)))
    assert blocks[1:-1] == pytest.approx(-3.01 + dbfs, abs=0.01)


@pytest.mark.parametrize("hz", [40.0, 100.0, 500.0, 1500.0, 3000.0, 7000.0])
def test_each_frequency_weighs_as_in_the_standards_own_filter(hz: float) -> None:
    times = np.arange(14_400) / 48_000
    expected = filtered_at_48_khz(0.5 * np.sin(2 * np.pi * hz * times))[9_600:]
    found = k_weighted(tone(1.0, hz=hz))[4_000:-4_000]
    assert 10 * np.log10(np.mean(found**2) / np.mean(expected**2)) == pytest.approx(0.0, abs=0.03)


def test_speech_reads_as_with_another_meter() -> None:
    meter = pytest.importorskip("pyloudnorm", reason="pyloudnorm, a loudness meter to compare with")
    for seed in range(5):
        pcm = syllables(40, seed=seed)
        other = meter.Meter(SAMPLE_RATE_HZ, filter_class="DeMan").integrated_loudness(pcm)
        assert level_of(pcm) == pytest.approx(other, abs=0.8)


@pytest.mark.parametrize("gain_db", [-25.0, -6.0, 6.0, 12.0])
def test_a_louder_voice_is_louder_by_as_many_lu(gain_db: float) -> None:
    pcm = syllables(20, level_db=-25.0)
    louder = (pcm * 10 ** (gain_db / 20)).astype(np.float32)
    assert level_of(louder) - level_of(pcm) == pytest.approx(gain_db, abs=0.02)


@pytest.mark.parametrize("pcm", [silence(0.0), silence(0.2), silence(3.0), noise(2.0, rms=1e-5)])
def test_silence_has_no_loudness(pcm: Pcm) -> None:
    assert sustained_lufs(pcm) is None
    sound = measure(a_window(pcm, start_sample=512))
    assert (sound.loudness_lufs, sound.start_sample) == (None, 512)


def test_what_is_shorter_than_a_block_is_one_by_itself() -> None:
    assert momentary_lufs(tone(0.2, hz=997.0)).size == 1
    assert momentary_lufs(tone(0.2, hz=997.0))[0] == pytest.approx(-9.03, abs=0.1)
    assert momentary_lufs(tone(0.4, hz=997.0)).size == 1
    assert momentary_lufs(tone(1.0, hz=997.0)).size == 1 + (SAMPLE_RATE_HZ - BLOCK_SAMPLES) // HOP_SAMPLES


def test_pauses_do_not_make_a_voice_softer() -> None:
    pcm = syllables(12)
    spread = np.concatenate([silence(0.3), pcm, silence(1.5), pcm, silence(0.6)])
    assert level_of(spread) == pytest.approx(level_of(pcm), abs=0.7)


def test_any_second_of_even_speech_tells_the_level() -> None:
    pcm = syllables(60, spread_db=1.0)
    whole = level_of(pcm)
    cuts = [pcm[start : start + SAMPLE_RATE_HZ] for start in range(0, pcm.size - SAMPLE_RATE_HZ, 4_000)]
    assert np.sqrt(np.mean([(level_of(cut) - whole) ** 2 for cut in cuts])) < 1.0


def test_a_cup_put_down_is_not_a_raised_voice() -> None:
    pcm = syllables(25)
    cup = pcm.copy()
    cup[40_000:44_000] += noise(0.25, rms=0.4)
    blocks = momentary_lufs(cup)
    mean = 10 * np.log10(np.mean(10 ** (blocks / 10)))
    assert mean > level_of(pcm) + 6
    assert level_of(cup) < level_of(pcm) + 3


@pytest.mark.parametrize("room_rms", [0.0, 0.001, 0.01])
def test_speech_begins_where_it_rises_from_the_room(room_rms: float) -> None:
    pcm = np.concatenate([silence(0.3), syllables(15), silence(0.3)]) + noise(15 * 0.22 + 0.6, rms=room_rms)
    sound = measure(a_window(pcm.astype(np.float32), start_sample=16_000))
    assert abs(sound.start_sample - 16_000 - 4_800) <= 1_024


def test_the_rest_of_a_sound_is_what_the_window_knows() -> None:
    window = a_window(syllables(10), start_sample=3_200, speech_end_sample=30_000, voiced_samples=20_480)
    sound = measure(window)
    assert (sound.end_sample, sound.voiced_samples) == (30_000, 20_480)


def test_broken_samples_do_not_spread() -> None:
    pcm = syllables(10)
    broken = pcm.copy()
    broken[100] = np.nan
    assert level_of(broken) == pytest.approx(level_of(pcm), abs=0.1)


def test_a_final_hypothesis_says_how_it_sounded_and_a_live_one_does_not() -> None:
    mind = Mind(ScriptedRecogniser(spoken("您好请坐")), a_rule_set("我不知道"), EAGER, "run")  # type: ignore[arg-type]
    final = a_window(syllables(10))
    told = [
        one
        for window in (replace(final, end_reason=None), replace(final, end_reason=None, is_pause=True), final)
        for one in mind.feed(window, lambda: moment(3.0))
        if isinstance(one, Hypothesis)
    ]
    assert [one.sound for one in told] == [None, None, measure(final)]


def test_each_second_of_speech_has_its_own_level() -> None:
    """Half a second of room, two seconds quiet, two 12 LU louder: seconds of the axis, not of the window."""
    voice = np.concatenate([tone(2.0, hz=997.0, peak=0.05), tone(2.0, hz=997.0, peak=0.2)])
    sound = measure(a_window(np.concatenate([silence(0.5), voice]), start_sample=10 * SAMPLE_RATE_HZ))
    assert sound.start_sample // SAMPLE_RATE_HZ == 10
    assert len(sound.levels_lufs) == 5
    levels = [one for one in sound.levels_lufs if one is not None]
    assert levels[1] == pytest.approx(-3.01 + 20 * np.log10(0.05), abs=0.2)
    assert levels[3] - levels[1] == pytest.approx(12.04, abs=0.2)


def test_a_second_of_silence_within_speech_has_no_level() -> None:
    voice = tone(1.0, hz=997.0)
    sound = measure(a_window(np.concatenate([voice, silence(3.0), voice])))
    # A block of 0.4 s that holds the edge of a word belongs to the second of its middle.
    assert [one is None for one in sound.levels_lufs] == [False, False, True, False, False]
