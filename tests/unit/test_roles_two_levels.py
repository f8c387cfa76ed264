"""Who has the word by the levels of two channels."""

from __future__ import annotations

import numpy as np
import pytest

from deskguard.hearing.roles.levels import Balance, Floor, FrameLevels, Levels, NoiseFloor
from deskguard.hearing.vad import FRAME_SAMPLES
from hearing_values import noise


def learnt(values: list[float], gain_db: float = 0.0) -> Balance:
    balance = Balance(gain_db)
    for value in np.random.default_rng(3).permutation(values):
        balance.learn(float(value))
    return balance


def around(db: float, frames: int) -> list[float]:
    return list(np.random.default_rng(2).normal(db, 1.0, frames))


def test_the_floor_is_the_noise_and_not_the_speech_over_it() -> None:
    floor = NoiseFloor()
    for index in range(200):
        found = floor.feed(0.01 if index % 60 < 40 else 0.0001)
    assert 0.00005 < found < 0.0005


def test_a_difference_is_of_what_stands_above_the_noise() -> None:
    levels = FrameLevels(powers=(0.011, 0.002), floors=(0.001, 0.001))
    assert levels.difference_db == pytest.approx(10.0)


def test_silence_on_one_side_is_a_great_difference_and_no_error() -> None:
    assert FrameLevels(powers=(0.01, 0.0), floors=(0.0, 0.0)).difference_db == 40.0
    assert FrameLevels(powers=(0.0, 0.0), floors=(0.0, 0.0)).difference_db == 0.0


def test_what_does_not_stand_out_of_the_noise_is_not_clear() -> None:
    assert FrameLevels(powers=(0.004, 0.001), floors=(0.001, 0.001)).is_clear
    assert not FrameLevels(powers=(0.002, 0.002), floors=(0.001, 0.001)).is_clear


def test_levels_are_mean_squares() -> None:
    frame = np.stack([np.full(FRAME_SAMPLES, 0.5), noise(1.0)[:FRAME_SAMPLES]]).astype(np.float32)
    assert Levels().feed(frame).powers[0] == pytest.approx(0.25)


def test_two_heaps_give_the_middle_and_the_separation() -> None:
    balance = learnt([*around(16, 300), *around(-8, 200)])
    assert balance.middle_db == pytest.approx(4.0, abs=0.6)
    assert balance.separation_db == pytest.approx(12.0, abs=0.6)


def test_a_gain_as_large_as_the_separation_is_still_found() -> None:
    balance = learnt([*around(7, 300), *around(1, 300)])
    assert balance.middle_db == pytest.approx(4.0, abs=0.6)


def test_one_voice_alone_moves_nothing() -> None:
    balance = learnt(around(12, 500), gain_db=1.0)
    assert (balance.middle_db, balance.separation_db) == (1.0, 0.0)


def test_a_clerk_who_turns_away_is_not_taken_for_two_people() -> None:
    balance = learnt([*around(16, 300), *around(9, 300)])
    assert (balance.middle_db, balance.separation_db) == (0.0, 0.0)


def test_the_louder_side_has_the_word_and_keeps_it_where_nothing_is_clear() -> None:
    floor = Floor()
    told = [floor.feed(value, 0.0) for value in (None, 5.0, 1.0, None, -1.0, -5.0)]
    first, second = (True, False), (False, True)
    assert told == [(False, False), first, first, first, first, second]


def test_a_level_between_both_voices_is_both_once_they_are_known_to_be_apart() -> None:
    floor = Floor()
    assert [floor.feed(value, 0.0) for value in (12.0, 3.0, 3.0, 3.0, 3.0, 3.0)][-1] == (True, False)
    told = [floor.feed(value, 12.0) for value in (12.0, 3.0, 3.0, 3.0, 3.0, -12.0)]
    assert told == [(True, False)] * 4 + [(True, True), (False, True)]


def test_somebody_has_the_word_even_where_both_are_equally_near() -> None:
    assert Floor().feed(0.5, 0.0) == (True, False)
