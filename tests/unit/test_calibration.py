"""What a room and voices measure: levels, hum, echo, and which microphone is nearer to whom."""

from __future__ import annotations

import numpy as np
import pytest

from deskguard.hearing import calibration as sound
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import SAMPLE_RATE_HZ, Pcm
from hearing_values import noise, silence, tone
from pair_streams import room as two_voices

QUIET = sound.RoomSound(floor_dbfs=-70.0, hum_dbfs=-90.0, hum_ratio=0.1)


def bursts(duration_s: float, rms: float = 0.1, floor: float = 0.0003) -> tuple[Pcm, np.ndarray]:
    """Noise that comes and goes four times a second, and the frames in which it is there."""
    pcm = noise(duration_s, rms=floor, seed=2)
    is_on = np.arange(pcm.size) % 4096 < 2048
    pcm += np.where(is_on, noise(duration_s, rms=rms, seed=3), 0).astype(np.float32)
    frames = is_on[: pcm.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return pcm, frames.all(axis=1)


@pytest.mark.parametrize("rms", [0.0001, 0.003, 0.1])
def test_the_floor_of_a_room_is_its_level(rms: float) -> None:
    assert sound.room_sound(noise(3.0, rms=rms)).floor_dbfs == pytest.approx(20 * np.log10(rms), abs=0.3)


def test_a_door_that_slams_is_no_noise_floor() -> None:
    pcm = noise(3.0, rms=0.001)
    pcm[16_000:20_000] += noise(0.25, rms=0.3)
    assert sound.room_sound(pcm).floor_dbfs == pytest.approx(-60, abs=0.5)


@pytest.mark.parametrize("hz", [50.0, 60.0, 100.0, 150.0])
def test_hum_of_the_mains_is_told_from_noise(hz: float) -> None:
    hum = sound.room_sound(noise(3.0, rms=0.0005) + tone(3.0, hz=hz, peak=0.01))
    assert hum.hum_dbfs == pytest.approx(-43, abs=0.5)
    assert hum.hum_ratio > 0.9
    plain = sound.room_sound(noise(3.0, rms=0.01))
    assert plain.hum_ratio < 0.05
    other = sound.room_sound(noise(3.0, rms=0.0005) + tone(3.0, hz=77.0, peak=0.01))
    assert other.hum_ratio < 0.1


def test_a_voice_has_a_level_over_the_room() -> None:
    pcm, speech = bursts(8.0)
    room = sound.room_sound(noise(3.0, rms=0.0003))
    voice = sound.voice_sound(pcm, speech, room)
    assert voice.speech_s == pytest.approx(4.0, abs=0.1)
    assert voice.level_dbfs == pytest.approx(-20, abs=0.3)
    assert voice.snr_db == pytest.approx(50.5, abs=0.5)
    assert voice.clipped_ratio == 0


def test_clipping_is_counted_in_the_voice() -> None:
    pcm, speech = bursts(4.0)
    loud = np.clip(pcm * 6, -1, 1).astype(np.float32)
    assert sound.voice_sound(loud, speech, QUIET).clipped_ratio == pytest.approx(0.1, abs=0.03)


def test_echo_keeps_a_voice_from_falling_and_noise_hides_it() -> None:
    pcm, speech = bursts(8.0)
    dry = sound.voice_sound(pcm, speech, QUIET).fall_db
    rng = np.random.default_rng(1)
    tail = rng.standard_normal(8000) * 10 ** (-3.0 * np.arange(8000) / 8000)
    tail[0] = float(np.sqrt(np.sum(tail**2)))
    wet = np.fft.irfft(np.fft.rfft(pcm, pcm.size + 8000) * np.fft.rfft(tail, pcm.size + 8000))[: pcm.size]
    echoing = sound.voice_sound((wet / 100).astype(np.float32), speech, QUIET).fall_db
    assert dry is not None and echoing is not None
    assert dry > 25
    assert echoing < 18
    noisy = sound.RoomSound(floor_dbfs=-35.0, hum_dbfs=-90.0, hum_ratio=0.0)
    assert sound.voice_sound(pcm, speech, noisy).fall_db is None


@pytest.mark.parametrize(("apart_db", "gain_db"), [(10.0, 0.0), (6.0, 4.0), (3.0, -5.0)])
def test_two_places_give_gain_and_separation(apart_db: float, gain_db: float) -> None:
    room = np.stack([noise(2.0, rms=0.0005, seed=1), noise(2.0, rms=0.0005, seed=2)])
    places = []
    for near in (0, 1):
        pcm, speech = bursts(6.0, floor=0.0)
        both = np.stack([pcm, pcm])
        both[1 - near] *= 10 ** (-apart_db / 20)
        both += np.stack([noise(6.0, rms=0.0005, seed=5), noise(6.0, rms=0.0005, seed=6)])
        both[0] *= 10 ** (gain_db / 20)
        quiet = room * np.array([[10 ** (gain_db / 20)], [1.0]], np.float32)
        parts = [(quiet, np.zeros(quiet.shape[1], bool)), (both.astype(np.float32), speech)]
        places.append(sound.level_difference_db(parts))
    clerk, visitor = places
    assert clerk is not None and visitor is not None
    between = sound.Between(clerk_db=clerk, visitor_db=visitor)
    assert between.gain_difference_db == pytest.approx(gain_db, abs=0.3)
    assert between.separation_db == pytest.approx(apart_db, abs=0.3)
    assert between.is_first_the_clerks
    turned = sound.Between(clerk_db=visitor, visitor_db=clerk)
    assert not turned.is_first_the_clerks
    assert turned.gain_difference_db == between.gain_difference_db


def test_voices_that_stand_out_nowhere_have_no_difference() -> None:
    both = np.stack([noise(3.0, rms=0.01, seed=1), noise(3.0, rms=0.01, seed=2)])
    assert sound.level_difference_db([(both, np.zeros(93, bool))]) is None


@pytest.mark.parametrize(("apart_db", "is_separable"), [(1.9, False), (2.0, True)])
def test_below_two_decibels_levels_do_not_tell_who_speaks(apart_db: float, is_separable: bool) -> None:
    assert sound.Between(clerk_db=apart_db, visitor_db=-apart_db).is_separable is is_separable


def test_channels_are_known_for_what_they_are() -> None:
    voices = two_voices(6.0)
    assert sound.channel_plan(voices) == "both"
    assert sound.channel_plan(np.stack([voices[0], voices[0]])) == "alike"
    assert [sound.is_silent(one) for one in (silence(1.0), voices[0], np.zeros(0, np.float32))] == [
        True,
        False,
        True,
    ]


def test_frames_of_speech_are_those_the_voice_activity_says() -> None:
    pcm = np.concatenate([np.full(FRAME_SAMPLES, level, np.float32) for level in (0.1, 0.6, 0.9, 0.4)])
    told = sound.speech_frames(np.append(pcm, np.float32(0.9)), lambda frame: float(frame[0]))
    assert told.tolist() == [False, True, True, False]
    assert SAMPLE_RATE_HZ % FRAME_SAMPLES != 0
