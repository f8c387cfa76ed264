"""What holds of endpointing and timing for any audio and any cutting of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskguard.desk.compose import new_endpointer
from deskguard.hearing.endpoint import Endpointer
from deskguard.hearing.media import read_recording
from deskguard.hearing.timing import Piece, character_spans
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.settings import HearingSettings, Settings
from deskguard.values import AudioChunk, Pcm, SpeechWindow
from golden_recordings import Recording
from hearing_values import an_endpointer, chunk, chunked, cut, outline, painted, windows_of
from strategies import cuttings, scores, timed_pieces

SHORT = HearingSettings(max_utterance_s=4.0, pre_roll_s=0.1, hangover_s=0.2, hop_s=0.1)
LONG = HearingSettings(max_utterance_s=25.0, pre_roll_s=2.0, hangover_s=3.0, hop_s=2.0)
some_settings = st.sampled_from([HearingSettings(), SHORT, LONG])


def outlines(windows: list[SpeechWindow]) -> list[tuple[object, ...]]:
    return [outline(one) for one in windows]


def finals(windows: list[SpeechWindow]) -> list[SpeechWindow]:
    return [one for one in windows if one.is_final]


@given(some_settings, scores(), st.data())
def test_windows_do_not_depend_on_how_audio_is_cut(
    hearing: HearingSettings, frames: list[float], data: st.DataObject
) -> None:
    stream = painted(frames)
    stream = stream[: stream.size - data.draw(st.integers(0, FRAME_SAMPLES))]
    expected = outlines(windows_of(an_endpointer(hearing), [chunk(stream)]))
    chunks = cut(stream, data.draw(cuttings(stream.size)))
    assert outlines(windows_of(an_endpointer(hearing), chunks)) == expected


@given(scores(200), scores(200), st.integers(1, 100_000), st.data())
def test_windows_around_a_gap_do_not_depend_on_how_audio_is_cut(
    before: list[float], after: list[float], lost: int, data: st.DataObject
) -> None:
    first = painted(before)[: len(before) * FRAME_SAMPLES - data.draw(st.integers(0, 600))]
    second = painted(after, seed=9)
    resumed = first.size + lost

    def windows(first_cuts: list[int], second_cuts: list[int]) -> list[SpeechWindow]:
        parts = cut(second, second_cuts, resumed)
        head = chunk(parts[0].pcm[0], resumed, lost_before=lost)
        return windows_of(an_endpointer(), [*cut(first, first_cuts), head, *parts[1:]])

    expected = outlines(windows([], []))
    assert outlines(windows(data.draw(cuttings(first.size)), data.draw(cuttings(second.size)))) == expected


@given(some_settings, scores(1200))
def test_utterances_share_no_audio_and_lose_no_speech(hearing: HearingSettings, frames: list[float]) -> None:
    stream = painted(frames)
    whole = finals(windows_of(an_endpointer(hearing), chunked(stream)))
    for before, after in pairwise(whole):
        assert before.end_sample <= after.start_sample
        assert before.utterance_id < after.utterance_id
    covered = np.zeros(len(frames), bool)
    for window in whole:
        assert np.array_equal(window.pcm, stream[window.start_sample : window.end_sample])
        covered[window.start_sample // FRAME_SAMPLES : window.end_sample // FRAME_SAMPLES] = True
    run = 0
    for frame, score in enumerate(frames):
        run = run + 1 if score >= 0.5 else 0
        if run >= 3:
            assert covered[frame - run + 1 : frame + 1].all()


@given(some_settings, scores(1200))
def test_no_window_is_longer_than_allowed_or_beyond_what_was_heard(
    hearing: HearingSettings, frames: list[float]
) -> None:
    longest = round(hearing.max_utterance_s * 16_000 / FRAME_SAMPLES) * FRAME_SAMPLES
    taken = 0
    for window in windows_of(an_endpointer(hearing), chunked(painted(frames), 4096)):
        assert 0 < window.pcm.size <= longest or (window.is_hush and not window.pcm.size)
        end_sample = window.taken_sample if window.is_hush else window.end_sample
        assert window.start_sample <= window.speech_end_sample <= end_sample
        assert window.end_sample <= window.taken_sample
        assert taken <= window.taken_sample
        taken = window.taken_sample


@given(scores(1200))
def test_an_utterance_that_ends_in_silence_was_read_at_its_pause_already(frames: list[float]) -> None:
    pauses: dict[int, SpeechWindow] = {}
    for window in windows_of(an_endpointer(), chunked(painted(frames), 2048)):
        if window.is_pause:
            pauses[window.utterance_id] = window
        # A long utterance ends at its pause at once; one that was closed later has the audio of the pause.
        if window.end_reason == "silence" and window.taken_sample > window.end_sample:
            pause = pauses[window.utterance_id]
            assert (pause.start_sample, pause.end_sample) == (window.start_sample, window.end_sample)


@given(scores(1500))
def test_positions_do_not_depend_on_where_the_stream_begins(frames: list[float]) -> None:
    stream, begin = painted(frames), 5_000_000_123
    here = windows_of(an_endpointer(), chunked(stream))
    there = windows_of(an_endpointer(), chunked(stream, start_sample=begin))
    assert [(one.start_sample + begin, one.end_sample + begin, one.end_reason) for one in here] == [
        (one.start_sample, one.end_sample, one.end_reason) for one in there
    ]


@given(timed_pieces())
def test_every_character_has_a_span_and_spans_do_not_go_back(piece: Piece) -> None:
    spans = character_spans(piece)
    assert len(spans) == len(piece.text)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    if spans:
        assert piece.start_sample <= edges[0]
        latest = max([piece.end_sample, *(one.start_sample or 0 for one in piece.times)])
        assert edges[-1] <= latest


@pytest.fixture(scope="module")
def speech() -> Pcm:
    """Two utterances of a real recording, one with a pause inside."""
    from golden_recordings import load

    return np.concatenate([one.pcm[0] for name in ("t08_pause", "t06_literal") for one in _chunks(load(name))])


def _chunks(recording: Recording) -> list[AudioChunk]:
    return list(read_recording(recording.path))


@pytest.fixture(scope="module")
def real_endpointer() -> Callable[[], Endpointer]:
    return lambda: new_endpointer(Settings())


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_real_voice_activity_gives_the_same_windows_for_any_cutting(
    speech: Pcm, real_endpointer: Callable[[], Endpointer], data: st.DataObject
) -> None:
    expected = outlines(windows_of(real_endpointer(), [chunk(speech)]))
    assert len([one for one in expected if one[-1] == "silence"]) >= 2
    chunks = cut(speech, data.draw(cuttings(speech.size)))
    assert outlines(windows_of(real_endpointer(), chunks)) == expected
