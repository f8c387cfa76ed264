"""A minute of a desk measured: real voice activity, a recogniser that reads what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from calibration_minute import SECONDS, minute
from deskguard.desk import compose
from deskguard.desk.measuring import Measured, Parts, UnfitError, measure_parts
from deskguard.hearing.loudness import sustained_lufs
from deskguard.settings import RolesSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Pcm, SpeechWindow
from hearing_values import spoken


@dataclass
class Reader:
    """Reads so many syllables a second of voiced time in whatever it is given."""

    pace: float = 5.0
    windows: int = 0

    def decode(self, window: SpeechWindow) -> Hypothesis:
        self.windows += 1
        count = round(self.pace * window.voiced_samples / SAMPLE_RATE_HZ)
        return Hypothesis(
            utterance_id=window.utterance_id,
            passage=spoken("春" * count, window.start_sample / SAMPLE_RATE_HZ, 0.1),
            start_sample=window.start_sample,
            end_sample=window.end_sample,
            is_final=True,
            average_log_probability=-0.2,
        )


def parts_of(pcm: Pcm) -> Parts:
    edges = np.cumsum([0, *(round(one * SAMPLE_RATE_HZ) for one in SECONDS)])
    room, clerk, visitor = (pcm[:, begin:end] for begin, end in pairwise(edges))
    return Parts(room=room, clerk=clerk, visitor=visitor if pcm.shape[0] > 1 else None)


def measured(pcm: Pcm, settings: Settings | None = None, pace: float = 5.0) -> Measured:
    reader: Any = Reader(pace)
    return measure_parts(parts_of(pcm), settings or Settings(), reader, compose.new_vad)


def refusal(pcm: Pcm) -> UnfitError:
    with pytest.raises(UnfitError) as failure:
        measured(pcm)
    return failure.value


@pytest.fixture(scope="module")
def usual() -> Measured:
    return measured(minute(gain_db=4.0))


def test_gain_separation_and_order_are_those_of_the_recording(usual: Measured) -> None:
    assert usual.between is not None
    assert usual.between.gain_difference_db == pytest.approx(4.0, abs=0.5)
    assert usual.between.separation_db == pytest.approx(10.0, abs=0.5)
    assert usual.clerks == 0
    assert not usual.are_alike


def test_each_microphone_is_measured_with_its_own_reader(usual: Measured) -> None:
    assert usual.rooms[0].floor_dbfs - usual.rooms[1].floor_dbfs == pytest.approx(4.0, abs=0.3)
    assert all(one.snr_db > 30 and one.fall_db is not None and one.fall_db > 25 for one in usual.voices)
    assert all(one.clipped_ratio == 0 for one in usual.voices)


def test_the_normal_is_that_of_the_clerks_own_reading(usual: Measured) -> None:
    clerk = parts_of(minute(gain_db=4.0)).clerk[0]
    whole = sustained_lufs(clerk)
    assert whole is not None
    assert usual.normal_lufs == pytest.approx(whole, abs=2.0)
    assert usual.normal_syllables_per_s == pytest.approx(5.0, abs=0.3)


def test_turned_round_all_is_turned_round(usual: Measured) -> None:
    turned = measured(minute(gain_db=4.0)[::-1])
    assert turned.clerks == 1
    assert turned.between is not None and usual.between is not None
    assert turned.between.gain_difference_db == pytest.approx(-usual.between.gain_difference_db, abs=0.1)
    assert turned.normal_lufs == pytest.approx(usual.normal_lufs)


def test_an_echoing_room_is_heard_as_one() -> None:
    falls = [measured(minute(echo=echo)[:1]).voices[0].fall_db for echo in (None, (8.0, 0.5), (-2.0, 0.5))]
    dry, near, far = (one if one is not None else 0.0 for one in falls)
    assert dry > 25
    assert 16 < near < 20
    assert far < 14.5


def test_one_microphone_is_measured_alone() -> None:
    one = measured(minute()[:1])
    assert (one.between, one.clerks, one.are_alike, len(one.rooms)) == (None, 0, False, 1)
    assert one.normal_lufs is not None


def test_two_channels_that_are_copies_are_one_microphone() -> None:
    one = measured(np.repeat(minute()[:1], 2, axis=0))
    assert one.are_alike
    assert one.between is None


def test_microphones_that_cannot_be_told_apart_are_measured_by_the_first() -> None:
    near = measured(minute(apart_db=1.0)[::-1])
    assert near.between is not None
    assert not near.between.is_separable
    assert near.clerks == 0


def test_a_reading_without_a_pace_leaves_it_out() -> None:
    assert measured(minute()[:1], pace=0.0).normal_syllables_per_s is None


def test_recordings_that_say_nothing_are_refused_with_a_code() -> None:
    pcm = minute()
    assert refusal(np.zeros_like(pcm)).code == "silence"
    dead = pcm.copy()
    dead[1] = 0
    error = refusal(dead)
    assert (error.code, error.values["side"], error.values["channel"]) == ("dead-channel", "visitor", 2)
    rng = np.random.default_rng(3)
    room = (rng.standard_normal(pcm.shape) * 0.001).astype(np.float32)
    assert (refusal(room).code, refusal(room).values["side"]) == ("no-speech", "staff")
    mute = pcm.copy()
    mute[:, 11 * SAMPLE_RATE_HZ :] = room[:, 11 * SAMPLE_RATE_HZ :]
    assert (refusal(mute).code, refusal(mute).values["side"]) == ("no-speech", "visitor")
    assert refusal(np.clip(pcm * 12, -1, 1).astype(np.float32)).code == "clipped"


def test_a_dead_channel_is_named_for_whom_the_settings_say_it_is() -> None:
    dead = minute()
    dead[1] = 0
    settings = Settings(roles=RolesSettings(channels="visitor,staff"))
    with pytest.raises(UnfitError) as failure:
        measured(dead, settings)
    assert failure.value.values["side"] == "staff"
