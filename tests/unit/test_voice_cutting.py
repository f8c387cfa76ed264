"""Where the speaker of an utterance may change: at its short pauses, and at the clause that begins there."""

from __future__ import annotations

import numpy as np

from deskguard.hearing.roles.cutting import Cut, cuts
from deskguard.values import SAMPLE_RATE_HZ, Passage, Pcm
from hearing_values import spoken


def speech(*parts_s: float, room: float = 1e-4, level: float = 0.1) -> Pcm:
    """Noise as loud as speech and pauses, one after the other, in seconds."""
    noise = np.random.default_rng(7)
    loud = [level if at % 2 == 0 else room for at in range(len(parts_s))]
    parts = [
        noise.normal(0, gain, round(one * SAMPLE_RATE_HZ)) for gain, one in zip(loud, parts_s, strict=True)
    ]
    return np.concatenate(parts).astype(np.float32)


def near(cut: Cut, seconds: float) -> bool:
    return abs(cut.at_sample - seconds * SAMPLE_RATE_HZ) <= 0.03 * SAMPLE_RATE_HZ


THANKS = spoken("谢谢你啊，不客气，请慢走", 0.0, 0.2)
"""不 begins at 1.0 s."""


def test_a_pause_of_a_fifth_of_a_second_may_be_a_change_of_speakers() -> None:
    (cut,) = cuts(speech(0.9, 0.2, 1.4), THANKS, 0)
    assert near(cut, 1.0)
    assert THANKS.text[cut.at_char :] == "不客气，请慢走"


def test_the_closure_of_a_consonant_is_no_pause() -> None:
    assert cuts(speech(0.9, 0.08, 1.4), THANKS, 0) == ()


def test_a_place_is_counted_from_the_beginning_of_the_sound() -> None:
    start = 7 * SAMPLE_RATE_HZ
    later = Passage(text=THANKS.text, spans=tuple((a + start, b + start) for a, b in THANKS.spans))
    assert cuts(speech(0.9, 0.2, 1.4), later, start) == cuts(speech(0.9, 0.2, 1.4), THANKS, 0)


def test_what_is_too_short_for_a_voice_is_not_cut_off() -> None:
    assert cuts(speech(0.15, 0.2, 2.0), THANKS, 0) == ()


def test_a_loud_room_hides_no_pause() -> None:
    (cut,) = cuts(speech(0.9, 0.25, 1.4, room=0.02), THANKS, 0)
    assert near(cut, 1.02)


def test_of_many_pauses_the_longest_three_count() -> None:
    parts = [0.5, 0.2, 0.5, 0.3, 0.5, 0.14, 0.5, 0.25, 0.5]
    text = spoken("一二，三四，五六，七八，九十，一二", 0.0, 0.2)
    found = cuts(speech(*parts), text, 0)
    assert len(found) == 3
    assert not any(near(one, 2.07) for one in found)


def test_a_text_without_clauses_is_cut_at_the_character_that_is_nearest() -> None:
    (cut,) = cuts(speech(0.9, 0.2, 1.4), spoken("谢谢你啊不客气请慢走", 0.0, 0.25), 0)
    assert cut.at_char == 4


def test_silence_and_a_single_character_are_whole() -> None:
    assert cuts(np.zeros(SAMPLE_RATE_HZ, np.float32), THANKS, 0) == ()
    assert cuts(speech(0.9, 0.2, 1.4), spoken("好", 0.0, 0.2), 0) == ()
    assert cuts(np.zeros(0, np.float32), THANKS, 0) == ()
