"""Where an utterance begins, pauses and ends, with voice activity painted into the audio."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from deskguard.hearing.endpoint import Endpointer
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.settings import HearingSettings
from deskguard.values import SAMPLE_RATE_HZ, SpeechWindow
from hearing_values import (
    QUIET,
    SPEECH,
    an_endpointer,
    brightness,
    chunk,
    chunked,
    cut,
    outline,
    painted,
    windows_of,
)

PRE_ROLL, HANGOVER, TAIL, HOP, LONGEST = 9, 19, 9, 6, 375
"""The default settings in frames of 512 samples."""


def run(scores: list[float], settings: HearingSettings | None = None) -> list[SpeechWindow]:
    return windows_of(an_endpointer(settings), chunked(painted(scores)))


def finals(windows: list[SpeechWindow]) -> list[SpeechWindow]:
    return [one for one in windows if one.is_final]


def in_frames(samples: int) -> int:
    assert samples % FRAME_SAMPLES == 0
    return samples // FRAME_SAMPLES


@pytest.mark.parametrize(("speech_frames", "utterances"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1)])
def test_three_speech_frames_in_a_row_begin_an_utterance(speech_frames: int, utterances: int) -> None:
    windows = run([QUIET] * 20 + [SPEECH] * speech_frames + [QUIET] * 40)
    assert len(finals(windows)) == utterances


def test_clicks_with_quiet_between_them_begin_nothing() -> None:
    assert run(([SPEECH] * 2 + [QUIET]) * 30) == []


def test_an_utterance_has_its_pre_roll_and_tail() -> None:
    scores = [QUIET] * 30 + [SPEECH] * 20 + [QUIET] * 40
    (window,) = finals(run(scores))
    assert in_frames(window.start_sample) == 30 - PRE_ROLL
    assert in_frames(window.speech_end_sample) == 50
    assert in_frames(window.end_sample) == 50 + TAIL
    assert in_frames(window.taken_sample) == 50 + HANGOVER
    assert window.end_reason == "silence"


def test_speech_in_the_first_sample_has_less_pre_roll() -> None:
    (window,) = finals(run([SPEECH] * 10 + [QUIET] * 30))
    assert window.start_sample == 0


def test_windows_hold_the_audio_of_the_places_they_name() -> None:
    scores = [QUIET] * 12 + [SPEECH] * 42 + [QUIET] * 12 + [SPEECH] * 9 + [QUIET] * 40
    stream = painted(scores)
    windows = windows_of(an_endpointer(), chunked(stream))
    assert len(windows) > 5
    for window in windows:
        assert np.array_equal(window.pcm, stream[window.start_sample : window.end_sample])


def test_partial_windows_are_taken_every_hop() -> None:
    windows = run([SPEECH] * 40 + [QUIET] * 30)
    partial = [one for one in windows if not (one.is_final or one.is_pause or one.is_hush)]
    # The first comes with the pre-roll and half a second of speech, 25 frames.
    # There is none at 42: the four frames of speech since 36 are less than a syllable.
    assert [in_frames(one.pcm.size) for one in partial] == [30, 36]
    assert {one.end_reason for one in partial} == {None}


@pytest.mark.parametrize(("more", "count"), [(4, 3), (5, 3), (6, 4)])
def test_speech_that_no_live_window_has_heard_gets_one(more: int, count: int) -> None:
    """A window was taken at frame 42; less than a syllable after it waits for the pause."""
    windows = run([SPEECH] * (42 + more) + [QUIET] * 30)
    partial = [one for one in windows if not (one.is_final or one.is_pause or one.is_hush)]
    assert len(partial) == count
    assert sum(one.is_pause for one in windows) == 1


def test_live_windows_of_a_long_utterance_hold_its_end_only() -> None:
    stream = painted([SPEECH] * 320 + [QUIET] * 30)
    windows = windows_of(an_endpointer(), chunked(stream))
    late = [one for one in windows if not one.is_final and one.taken_sample > 200 * FRAME_SAMPLES]
    late = [one for one in late if not one.is_hush]
    assert len(late) > 10
    for window in late:
        assert window.is_pause or 3.5 <= window.pcm.size / SAMPLE_RATE_HZ <= 5.1
        assert np.array_equal(window.pcm, stream[window.start_sample : window.end_sample])
    (final,) = finals(windows)
    assert final.start_sample == 0


def test_a_short_silence_is_told_before_the_pause_is_read_with_nothing_to_read() -> None:
    windows = run([SPEECH] * 20 + [QUIET] * 40)
    (hush,) = [one for one in windows if one.is_hush]
    (pause,) = [one for one in windows if one.is_pause]
    assert hush.pcm.size == 0
    assert in_frames(hush.taken_sample) == 26
    assert hush.taken_sample < pause.taken_sample
    assert (hush.utterance_id, hush.speech_end_sample) == (pause.utterance_id, pause.speech_end_sample)


def test_a_live_window_begins_at_the_quietest_frame() -> None:
    scores = [SPEECH] * 300
    scores[100] = 0.4
    window = next(one for one in run(scores) if one.taken_sample == 240 * FRAME_SAMPLES)
    assert in_frames(window.start_sample) == 100


def test_the_pause_window_is_the_audio_of_the_final_one() -> None:
    windows = run([QUIET] * 20 + [SPEECH] * 20 + [QUIET] * 40)
    (pause,) = [one for one in windows if one.is_pause]
    (final,) = finals(windows)
    assert (pause.start_sample, pause.end_sample) == (final.start_sample, final.end_sample)
    assert np.array_equal(pause.pcm, final.pcm)
    assert pause.taken_sample == pause.end_sample
    assert in_frames(final.taken_sample - pause.taken_sample) == HANGOVER - TAIL


def test_a_hangover_shorter_than_the_tail_leaves_no_room_for_a_pause_window() -> None:
    settings = HearingSettings(hangover_s=0.2)
    windows = run([SPEECH] * 20 + [QUIET] * 20, settings)
    assert not any(one.is_pause for one in windows)
    (final,) = finals(windows)
    assert in_frames(final.end_sample) == 26


def test_a_pause_shorter_than_the_hangover_does_not_end_an_utterance() -> None:
    windows = run([SPEECH] * 20 + [QUIET] * (HANGOVER - 1) + [SPEECH] * 20 + [QUIET] * 30)
    assert len(finals(windows)) == 1
    assert len([one for one in windows if one.is_pause]) == 2


def test_a_long_utterance_ends_at_a_short_pause() -> None:
    windows = run([SPEECH] * 190 + [QUIET] * TAIL + [SPEECH] * 20 + [QUIET] * 30)
    assert [in_frames(one.pcm.size) for one in finals(windows)] == [199, 20 + TAIL]


def test_consecutive_utterances_share_no_audio() -> None:
    windows = finals(run(([SPEECH] * 10 + [QUIET] * HANGOVER) * 4 + [QUIET] * 30))
    assert len(windows) == 4
    for before, after in itertools.pairwise(windows):
        assert before.end_sample <= after.start_sample
        assert before.utterance_id < after.utterance_id


def test_quiet_after_an_utterance_is_the_pre_roll_of_the_next() -> None:
    gap = HANGOVER
    first, second = finals(run([SPEECH] * 10 + [QUIET] * gap + [SPEECH] * 10 + [QUIET] * 30))
    # Of the 19 quiet frames the first keeps 9 as its tail, and the second takes the 9 nearest to it.
    assert in_frames(second.start_sample) == 10 + gap - PRE_ROLL
    assert in_frames(first.end_sample) == 10 + TAIL


def test_speech_without_a_pause_is_cut_at_its_quietest_frame() -> None:
    scores = [SPEECH] * 400 + [QUIET] * 30
    scores[340] = 0.4
    scores[200] = 0.36
    windows = finals(run(scores))
    assert [one.end_reason for one in windows] == ["max_length", "silence"]
    # The quieter frame 200 is more than 3 s before the end and not looked at.
    assert in_frames(windows[0].end_sample) == 341
    assert windows[1].start_sample == windows[0].end_sample


def test_the_rest_of_a_cut_speech_goes_on_at_once() -> None:
    scores = [SPEECH] * 500 + [QUIET] * 30
    scores[300] = 0.4
    windows = run(scores)
    after = [one for one in windows if one.utterance_id == 1]
    assert in_frames(after[0].start_sample) == 301
    # Partial windows keep to hops of the new utterance: the 74 frames already there are followed by frame 78.
    assert in_frames(after[0].pcm.size) == 78


def test_speech_that_never_ends_is_cut_again_and_again() -> None:
    windows = finals(run([SPEECH] * 1500))
    assert all(in_frames(one.pcm.size) <= LONGEST for one in windows)
    assert windows[0].start_sample == 0
    assert windows[-1].end_sample == 1500 * FRAME_SAMPLES
    for before, after in itertools.pairwise(windows):
        assert before.end_sample == after.start_sample


def test_a_gap_ends_the_utterance_and_begins_a_new_grid() -> None:
    endpointer = an_endpointer()
    spoken = painted([SPEECH] * 20)
    begun = endpointer.feed(chunk(spoken))
    after = 20 * FRAME_SAMPLES + 777
    ended = endpointer.feed(chunk(painted([SPEECH] * 20, seed=8), after, lost_before=777))
    assert not finals(begun)
    assert finals(ended)[0].end_reason == "gap"
    assert finals(ended)[0].end_sample == 20 * FRAME_SAMPLES
    (last,) = finals(endpointer.finish())
    assert last.start_sample == after
    assert last.end_reason == "stream_end"


def test_a_break_ends_the_utterance_even_without_samples() -> None:
    endpointer = an_endpointer()
    endpointer.feed(chunk(painted([SPEECH] * 20)))
    (window,) = endpointer.feed(chunk(np.zeros(0, np.float32), 20 * FRAME_SAMPLES, is_break=True))
    assert window.end_reason == "gap"
    assert endpointer.finish() == []


def test_a_gap_in_a_frame_keeps_the_part_that_was_heard() -> None:
    endpointer = an_endpointer()
    spoken = painted([SPEECH] * 21)[:-100]
    endpointer.feed(chunk(spoken))
    (window,) = finals(endpointer.feed(chunk(painted([QUIET]), spoken.size + 5000, lost_before=5000)))
    assert np.array_equal(window.pcm[: spoken.size], spoken)
    assert not window.pcm[spoken.size :].any()


def test_pre_roll_does_not_reach_back_over_a_gap() -> None:
    endpointer = an_endpointer()
    endpointer.feed(chunk(painted([QUIET] * 20)))
    after = 20 * FRAME_SAMPLES + 16_000
    endpointer.feed(chunk(painted([SPEECH] * 20), after, lost_before=16_000))
    (window,) = finals(endpointer.finish())
    assert window.start_sample == after


def test_an_onset_does_not_add_up_over_a_gap() -> None:
    endpointer = an_endpointer()
    endpointer.feed(chunk(painted([SPEECH] * 2)))
    after = 2 * FRAME_SAMPLES + 16_000
    endpointer.feed(chunk(painted([SPEECH] + [QUIET] * 30), after, lost_before=16_000))
    assert endpointer.finish() == []


def test_the_voice_activity_is_reset_at_the_start_and_after_each_gap() -> None:
    resets: list[int] = []
    endpointer = Endpointer(HearingSettings(), brightness, lambda: resets.append(1))
    endpointer.feed(chunk(painted([QUIET] * 4)))
    endpointer.feed(chunk(painted([QUIET] * 4), 4 * FRAME_SAMPLES))
    assert len(resets) == 1
    endpointer.feed(chunk(painted([QUIET]), 9 * FRAME_SAMPLES, lost_before=FRAME_SAMPLES))
    endpointer.feed(chunk(painted([QUIET]), 10 * FRAME_SAMPLES, is_break=True))
    assert len(resets) == 3


def test_the_end_of_the_stream_ends_the_utterance_with_its_partial_frame() -> None:
    stream = painted([SPEECH] * 12)[:-200]
    windows = windows_of(an_endpointer(), chunked(stream, 333))
    (window,) = finals(windows)
    assert window.end_reason == "stream_end"
    assert np.array_equal(window.pcm[: stream.size], stream)
    assert window.pcm.size - stream.size == 200


def test_the_end_of_a_quiet_stream_gives_nothing() -> None:
    endpointer = an_endpointer()
    assert windows_of(endpointer, chunked(painted([QUIET] * 100))) == []
    assert endpointer.finish() == []


@pytest.mark.parametrize("size", [1, 7, 160, 511, 512, 513, 4096, 1_000_000])
def test_the_size_of_chunks_does_not_matter(size: int) -> None:
    stream = painted([QUIET] * 12 + [SPEECH] * 30 + [QUIET] * 25 + [SPEECH] * 8)
    expected = [outline(one) for one in windows_of(an_endpointer(), [chunk(stream)])]
    assert [outline(one) for one in windows_of(an_endpointer(), chunked(stream, size))] == expected


def test_only_the_first_channel_is_heard() -> None:
    loud, quiet = painted([SPEECH] * 20), painted([QUIET] * 20)
    endpointer = an_endpointer()
    both = chunk(loud)
    one = type(both)(start_sample=0, pcm=np.stack([quiet, loud]))
    assert endpointer.feed(one) == []
    assert endpointer.finish() == []


def test_windows_cannot_be_written_to() -> None:
    for window in run([SPEECH] * 20 + [QUIET] * 30):
        assert not window.pcm.flags.writeable


def test_speech_is_counted_once() -> None:
    endpointer = an_endpointer()
    windows_of(endpointer, chunked(painted([QUIET] * 10 + [SPEECH] * 20 + [QUIET] * 30 + [SPEECH] * 5)))
    assert endpointer.speech_samples == 25 * FRAME_SAMPLES


def test_speech_of_the_newest_frame_is_known_to_the_meter() -> None:
    endpointer = an_endpointer()
    endpointer.feed(chunk(painted([SPEECH] * 5)))
    assert endpointer.is_speech
    endpointer.feed(chunk(painted([QUIET] * 5), 5 * FRAME_SAMPLES))
    assert not endpointer.is_speech


def test_a_stream_may_begin_anywhere() -> None:
    stream = painted([SPEECH] * 20 + [QUIET] * 30)
    (window,) = finals(windows_of(an_endpointer(), cut(stream, [1000], start_sample=123_457)))
    assert window.start_sample == 123_457
    assert window.taken_sample <= 123_457 + stream.size


def test_a_day_of_samples_keeps_exact_positions() -> None:
    start = 24 * 3600 * SAMPLE_RATE_HZ + 1
    (window,) = finals(windows_of(an_endpointer(), chunked(painted([SPEECH] * 9), 700, start_sample=start)))
    assert window.start_sample == start


def test_after_a_pause_live_windows_begin_at_it_and_pause_and_final_ones_at_the_beginning() -> None:
    speech, pause = 40, 12
    scores = [QUIET] * 20 + [SPEECH] * speech + [QUIET] * pause + [SPEECH] * speech + [QUIET] * 40
    windows = run(scores)
    begin = 20 - PRE_ROLL
    resumed = 20 + speech + pause
    live = [one for one in windows if not (one.is_final or one.is_pause or one.is_hush)]
    before = [one for one in live if in_frames(one.taken_sample) <= resumed]
    after = [one for one in live if in_frames(one.taken_sample) > resumed]
    assert before
    assert after
    assert {in_frames(one.start_sample) for one in before} == {begin}
    assert {in_frames(one.start_sample) for one in after} == {resumed - PRE_ROLL}
    whole = [one for one in windows if one.is_final or one.is_pause]
    assert {in_frames(one.start_sample) for one in whole} == {begin}
