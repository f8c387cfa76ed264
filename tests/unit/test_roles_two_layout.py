"""What two channels are taken for: two sides, one microphone, or one that is dead."""

from __future__ import annotations

import numpy as np
import pytest

from deskguard.hearing.roles.layout import LayoutWatch
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import Pcm
from hearing_values import noise, silence
from roles_two_sides import ALTERNATELY, talk


def plans(pcm: Pcm, *, is_told: bool = False) -> list[str]:
    """The plan after each frame."""
    watch = LayoutWatch(is_told=is_told)
    whole = pcm.shape[1] - pcm.shape[1] % FRAME_SAMPLES
    return [watch.feed(pcm[:, at : at + FRAME_SAMPLES]) for at in range(0, whole, FRAME_SAMPLES)]


def pair(left: Pcm, right: Pcm) -> Pcm:
    return np.stack([left, right])


def test_channels_that_differ_are_two_sides_within_a_few_frames() -> None:
    told = plans(talk(ALTERNATELY))
    assert told[:3] == ["undecided"] * 3
    assert set(told[4:]) == {"both"}


@pytest.mark.parametrize("gain", [1.0, 0.95, -1.0])
def test_copies_are_one_microphone_whatever_their_sign(gain: float) -> None:
    sound = noise(2.0)
    told = plans(pair(sound, sound * np.float32(gain)))
    assert told[14] == "undecided"
    assert set(told[16:]) == {"alike"}


def test_what_a_codec_leaves_of_a_copy_is_still_one_microphone() -> None:
    sound = noise(2.0)
    assert plans(pair(sound, sound + noise(2.0, rms=0.0005, seed=2)))[-1] == "alike"


@pytest.mark.parametrize(("left", "right", "plan"), [(1, 0, "left"), (0, 1, "right")])
def test_a_dead_channel_leaves_the_other(left: int, right: int, plan: str) -> None:
    sound = noise(2.0)
    assert plans(pair(sound * np.float32(left), sound * np.float32(right)))[-1] == plan


def test_a_channel_that_wakes_makes_two_sides() -> None:
    right = np.concatenate([silence(3.0), noise(2.0, seed=2)])
    told = plans(pair(noise(5.0), right))
    assert told[60] == "left"
    assert told[-1] == "both"


def test_a_channel_that_dies_on_the_way_is_found_after_two_seconds() -> None:
    right = np.concatenate([noise(3.0, seed=2), silence(4.0)])
    told = plans(pair(noise(7.0), right))
    assert told[94 + 55] == "both"
    assert told[94 + 65] == "left"


def test_a_line_that_sends_nothing_while_nobody_speaks_is_not_dead() -> None:
    right = np.concatenate([silence(1.0), noise(1.0, seed=2), silence(5.0)])
    assert plans(pair(noise(7.0), right))[-1] == "both"


def test_noise_alike_on_both_does_not_hide_voices_that_differ() -> None:
    room = noise(2.0, rms=0.01)
    voices = talk(ALTERNATELY, room_rms=0.0)
    voices[:, : room.size] = voices[:, : room.size] * 0 + room
    told = plans(voices)
    assert told[40] == "alike"
    assert "both" in told


def test_one_voice_at_two_levels_is_two_sides_at_first_and_one_microphone_when_nothing_else_comes() -> None:
    sound = noise(40.0)
    told = plans(pair(sound, sound * np.float32(0.5)))
    assert told[100] == "both"
    assert told[-1] == "alike"


def test_silence_decides_nothing() -> None:
    assert set(plans(pair(silence(2.0), silence(2.0)))) == {"undecided"}


def test_told_two_sides_stay_two_sides_unless_one_dies() -> None:
    sound = noise(4.0)
    assert set(plans(pair(sound, sound), is_told=True)) == {"both"}
    assert plans(pair(sound, silence(4.0)), is_told=True)[-1] == "left"
