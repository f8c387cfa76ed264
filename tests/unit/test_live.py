"""A stream through the threads of a desk: order, losses, failures, and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from deskguard.desk.live import LiveRun
from deskguard.desk.mind import Mind, Outcome
from deskguard.desk.modelled import ModelledRun
from deskguard.errors import DeskguardError
from deskguard.settings import QueueSettings, Settings
from deskguard.values import Alert, AudioChunk, Hypothesis, Passage, SpeechWindow
from hearing_values import (
    QUIET,
    SPEECH,
    HandClock,
    ScriptedRecogniser,
    a_rule_set,
    an_endpointer,
    chunk,
    chunked,
    painted,
    spoken,
)

STREAM = painted([QUIET] * 15 + [SPEECH] * 120 + [QUIET] * 40)
SCRIPT = spoken("您好，这个我不知道，你去问别人吧", 0.6)
PATIENCE_S = 60.0
"""Far beyond what a busy machine needs; only a test that fails waits so long."""


def a_mind(recogniser: ScriptedRecogniser) -> Mind:
    return Mind(recogniser, a_rule_set("我不知道", "你去问"), Settings(), "run")  # type: ignore[arg-type]


def a_run(
    recogniser: ScriptedRecogniser,
    queues: QueueSettings | None = None,
    watch: Callable[[AudioChunk, bool], None] | None = None,
) -> LiveRun:
    return LiveRun(an_endpointer(), a_mind(recogniser), queues or QueueSettings(), watch=watch)


def hits(outcomes: Iterable[Outcome]) -> set[tuple[str, str, int]]:
    """The confirmed hits."""
    return {
        (one.hit.rule_id, one.hit.heard, one.hit.start_sample)
        for one in outcomes
        if isinstance(one, Alert) and one.hit.state == "confirmed"
    }


def texts(outcomes: Iterable[Outcome]) -> list[str]:
    return [one.text for one in outcomes if isinstance(one, Hypothesis) and one.is_final]


def no_thread_is_left() -> bool:
    """Waits for the threads of a run to end."""
    for thread in threading.enumerate():
        if thread.name in ("capture", "ear"):
            thread.join(PATIENCE_S)
            if thread.is_alive():
                return False
    return True


def test_live_and_modelled_runs_agree_on_texts_and_hits() -> None:
    live = list(a_run(ScriptedRecogniser(SCRIPT)).run(chunked(STREAM)))
    modelled = list(
        ModelledRun(an_endpointer(), a_mind(ScriptedRecogniser(SCRIPT)), 60.0, HandClock()).run(chunked(STREAM))
    )
    assert texts(live) == texts(modelled) == [SCRIPT.text]
    assert hits(live) == hits(modelled)
    assert {rule for rule, *_ in hits(live)} == {"我不知道", "你去问"}
    assert no_thread_is_left()


def test_audio_speech_and_steps_are_counted() -> None:
    recogniser = ScriptedRecogniser(SCRIPT)
    run = a_run(recogniser)
    list(run.run(chunked(STREAM)))
    assert run.heard_samples == STREAM.size
    assert run.speech_samples == 120 * 512
    assert run.lost_samples == 0
    assert run.backlog_samples == 0


def test_the_level_meter_sees_every_chunk_and_whether_it_held_speech() -> None:
    seen: list[tuple[int, bool]] = []
    run = a_run(
        ScriptedRecogniser(SCRIPT), watch=lambda chunk, speech: seen.append((chunk.start_sample, speech))
    )
    list(run.run(chunked(STREAM)))
    assert [start for start, _ in seen] == [one.start_sample for one in chunked(STREAM)]
    assert any(speech for _, speech in seen)
    assert not seen[0][1]
    assert not seen[-1][1]


def test_a_slow_recogniser_skips_partials_reads_all_finals_and_still_alerts() -> None:
    stream = painted(([QUIET] * 20 + [SPEECH] * 60 + [QUIET] * 20) * 4)
    script = Passage(
        text="我不知道" * 4,
        spans=tuple(span for part in range(4) for span in spoken("我不知道", 0.8 + 3.2 * part).spans),
    )
    all_heard = threading.Event()

    def until_all_is_heard(_window: SpeechWindow) -> None:
        # The first step lasts until the whole stream has been captured and endpointed.
        assert all_heard.wait(PATIENCE_S)

    heard_s: list[int] = []

    def watch(chunk: AudioChunk, _speech: bool) -> None:
        heard_s.append(chunk.end_sample)
        if chunk.end_sample == stream.size:
            all_heard.set()

    recogniser = ScriptedRecogniser(script, before=until_all_is_heard)
    run = a_run(recogniser, watch=watch)
    outcomes = list(run.run(chunked(stream)))
    assert [one.utterance_id for one in recogniser.windows if one.is_final] == [0, 1, 2, 3]
    assert run.skipped > 10
    assert len(hits(outcomes)) == 4
    assert run.lost_samples == 0


def test_audio_beyond_the_bounds_is_dropped_and_counted_but_no_final_window() -> None:
    # Forty utterances of 1.3 s while the first step lasts; two seconds may wait in each queue.
    stream = painted(([SPEECH] * 20 + [QUIET] * 20) * 40)
    all_captured = threading.Event()

    def source() -> Iterator[AudioChunk]:
        yield from chunked(stream)
        all_captured.set()

    def until_all_is_captured(_window: SpeechWindow) -> None:
        assert all_captured.wait(PATIENCE_S)

    recogniser = ScriptedRecogniser(SCRIPT, before=until_all_is_captured)
    run = a_run(recogniser, QueueSettings(capture_s=2.0, final_s=2.0))
    list(run.run(source()))
    assert run.lost_samples > 0
    assert run.heard_samples + run.lost_samples == stream.size
    finals = [one.utterance_id for one in recogniser.windows if one.is_final]
    assert finals == list(range(len(finals)))


def test_a_failing_source_is_told_to_the_caller_after_what_came_before() -> None:
    def source() -> Iterator[AudioChunk]:
        yield from chunked(STREAM)
        raise DeskguardError("The microphone is gone.", "plug it in.", "microphone-gone")

    taken: list[Outcome] = []
    with pytest.raises(DeskguardError, match="microphone is gone"):
        taken.extend(a_run(ScriptedRecogniser(SCRIPT)).run(source()))
    assert no_thread_is_left()


def test_what_came_before_a_failing_source_is_still_read() -> None:
    def source() -> Iterator[AudioChunk]:
        yield from chunked(STREAM)
        raise OSError("broken")

    taken: list[Outcome] = []
    with pytest.raises(OSError, match="broken"):
        for outcome in a_run(ScriptedRecogniser(SCRIPT)).run(source()):
            taken.append(outcome)
    assert texts(taken) == [SCRIPT.text]


def test_a_failing_ear_is_told_to_the_caller_and_stops_the_capture() -> None:
    def watch(_chunk: AudioChunk, _speech: bool) -> None:
        raise RuntimeError("the meter broke")

    def endless() -> Iterator[AudioChunk]:
        position = 0
        while True:
            one = chunk(np.zeros(800, np.float32), position)
            position = one.end_sample
            yield one

    with pytest.raises(RuntimeError, match="meter broke"):
        list(a_run(ScriptedRecogniser(SCRIPT), watch=watch).run(endless()))
    assert no_thread_is_left()


def test_a_failing_recogniser_is_told_to_the_caller_and_stops_the_threads() -> None:
    def fail(_window: SpeechWindow) -> None:
        raise RuntimeError("decoder broke")

    with pytest.raises(RuntimeError, match="decoder broke"):
        list(a_run(ScriptedRecogniser(SCRIPT, before=fail)).run(chunked(STREAM)))
    assert no_thread_is_left()


def test_a_caller_that_stops_early_leaves_no_thread_behind() -> None:
    def endless() -> Iterator[AudioChunk]:
        position = 0
        while True:
            for one in chunked(STREAM, start_sample=position):
                yield one
                position = one.end_sample

    outcomes = a_run(ScriptedRecogniser(SCRIPT)).run(endless())
    assert next(outcomes) is not None
    outcomes.close()  # type: ignore[attr-defined]
    assert no_thread_is_left()


def test_an_empty_stream_ends_at_once() -> None:
    assert list(a_run(ScriptedRecogniser(SCRIPT)).run([])) == []
    assert no_thread_is_left()


def test_alerts_are_raised_on_the_clock_of_the_capture() -> None:
    # Captured long ago on the monotonic clock: what is read now is as late as that.
    late = [
        AudioChunk(start_sample=one.start_sample, pcm=one.pcm, captured_ns=1 + one.end_sample * 62_500)
        for one in chunked(STREAM)
    ]
    outcomes = list(a_run(ScriptedRecogniser(SCRIPT)).run(late))
    alerts = [one for one in outcomes if isinstance(one, Alert)]
    assert {one.suppressed for one in alerts} == {"too-old"}
    for alert in alerts:
        assert alert.raised_sample / 16_000 == pytest.approx(alert.raised_ns / 1e9, abs=0.01)
