"""A recording in a microphone's place: due times, pauses, stops."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from deskguard.desk.pacing import PacedRecording, Pacer
from deskguard.values import SAMPLE_RATE_HZ
from hearing_values import SPEECH, an_endpointer, chunked, painted, tone

FAST = 1e6
"""So fast that nothing waits."""


def test_chunks_are_due_when_their_last_sample_would_be_captured() -> None:
    chunks = list(Pacer(20).paced(chunked(tone(0.5))))
    for before, after in pairwise(chunks):
        samples = after.end_sample - before.end_sample
        assert after.captured_ns - before.captured_ns == pytest.approx(
            samples / SAMPLE_RATE_HZ / 20 * 1e9, abs=2
        )


def test_no_chunk_comes_before_it_is_due() -> None:
    for one in Pacer(20).paced(chunked(tone(0.5))):
        assert time.monotonic_ns() >= one.captured_ns


def test_audio_and_losses_pass_unchanged() -> None:
    given = chunked(tone(0.5))
    taken = list(Pacer(FAST).paced(given))
    assert [(one.start_sample, one.pcm.tobytes(), one.lost_before) for one in taken] == [
        (one.start_sample, one.pcm.tobytes(), one.lost_before) for one in given
    ]


def a_recording(states: list[str], **options: float) -> PacedRecording:
    return PacedRecording(lambda: chunked(tone(1.0)), states.append, speed=FAST, **options)


def test_it_listens_from_its_first_chunk_to_its_last() -> None:
    states: list[str] = []
    chunks = list(a_recording(states).chunks())
    assert states == ["listening"]
    assert chunks[-1].end_sample == SAMPLE_RATE_HZ
    assert not any(one.is_break for one in chunks)


def test_what_falls_into_a_pause_is_not_heard() -> None:
    states: list[str] = []
    recording = a_recording(states)
    chunks = recording.chunks()
    heard = [next(chunks) for _ in range(3)]
    recording.pause()
    mark = next(chunks)
    # The recording plays on unheard; the next chunk is asked for after it was resumed.
    recording.resume()
    after = list(chunks)
    assert states == ["listening", "paused", "listening"]
    assert mark.is_break
    assert mark.pcm.shape == (1, 0)
    assert mark.start_sample == heard[-1].end_sample
    assert after[0].is_break
    assert after[0].start_sample == heard[-1].end_sample + 800
    assert not any(one.is_break for one in after[1:])
    assert sum(one.lost_before for one in after) == 0


def test_a_pause_ends_the_utterance_before_it_at_once() -> None:
    recording = PacedRecording(lambda: chunked(painted([SPEECH] * 60)), lambda _state: None, speed=FAST)
    endpointer = an_endpointer()
    chunks = recording.chunks()
    for _ in range(20):
        endpointer.feed(next(chunks))
    recording.pause()
    (window,) = [one for one in endpointer.feed(next(chunks)) if one.is_final]
    assert window.end_reason == "gap"


def test_a_stopped_recording_gives_nothing_more() -> None:
    recording = a_recording([])
    chunks = recording.chunks()
    next(chunks)
    recording.stop()
    assert list(chunks) == []


def test_lingering_can_be_cut_short() -> None:
    recording = a_recording([], linger_s=3600)
    recording_chunks = recording.chunks()
    for one in recording_chunks:
        if one.end_sample == SAMPLE_RATE_HZ:
            recording.stop()
