"""A recording on the modelled clock: what waits, what is skipped, and when alerts are raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from deskguard.desk.mind import Mind, Outcome
from deskguard.desk.modelled import ModelledRun
from deskguard.rules.pack import RuleSet
from deskguard.values import Alert, AudioChunk, Hypothesis, Passage, SpeechWindow, seconds
from hearing_values import (
    EAGER,
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

# 15 frames of quiet, 3.84 s of speech, quiet; the phrase is spoken from 1.6 s to 2.4 s.
STREAM = painted([QUIET] * 15 + [SPEECH] * 120 + [QUIET] * 40)
SCRIPT = spoken("您好，这个我不知道，你去问别人吧", 0.6)
PHRASE_END_S = 2.4


class Desk:
    """A modelled run with a recogniser that costs what a clock says."""

    def __init__(self, cost_s: float = 0.05, script: Passage = SCRIPT, rules: RuleSet | None = None) -> None:
        self.clock = HandClock()
        self.recogniser = ScriptedRecogniser(script, before=self._work)
        self.cost_s: Callable[[SpeechWindow], float] = lambda _window: cost_s
        self.mind = Mind(self.recogniser, rules or a_rule_set("我不知道"), EAGER, "run")  # type: ignore[arg-type]
        self.run = ModelledRun(an_endpointer(), self.mind, 60.0, self.clock)

    def _work(self, window: SpeechWindow) -> None:
        self.clock.wind_s(self.cost_s(window))

    def outcomes(self, chunks: list[AudioChunk] | None = None) -> list[Outcome]:
        return list(self.run.run(chunked(STREAM) if chunks is None else chunks))


def alerts(outcomes: list[Outcome]) -> list[Alert]:
    return [one for one in outcomes if isinstance(one, Alert)]


def texts(outcomes: list[Outcome]) -> list[str]:
    return [one.text for one in outcomes if isinstance(one, Hypothesis) and one.is_final]


def test_the_phrase_is_found_while_the_speaker_goes_on() -> None:
    outcomes = Desk().outcomes()
    first, second = alerts(outcomes)
    assert (first.hit.state, second.hit.state) == ("tentative", "confirmed")
    assert first.hit.hit_id == second.hit.hit_id
    assert first.hit.heard == "我不知道"
    assert first.suppressed is None
    # Within a hop, a chunk and the compute of a step after the last sample of the phrase.
    assert PHRASE_END_S < seconds(first.raised_sample) <= PHRASE_END_S + 0.192 + 0.05 + 0.05
    assert texts(outcomes) == [SCRIPT.text]


def test_compute_delays_the_alert_by_just_as_much() -> None:
    free, dear = (alerts(Desk(cost).outcomes())[0] for cost in (0.0, 0.15))
    assert free.hit == dear.hit
    assert seconds(dear.raised_sample - free.raised_sample) == pytest.approx(0.15, abs=0.001)
    assert dear.raised_ns == pytest.approx(seconds(dear.raised_sample) * 1e9, abs=100_000)


def test_a_fast_recogniser_reads_every_window() -> None:
    desk = Desk(0.01)
    desk.outcomes()
    assert desk.run.skipped == 0
    assert desk.mind.work.steps == len(desk.recogniser.windows)
    partial = [one for one in desk.recogniser.windows if not one.is_final]
    assert len(partial) > 15


def test_a_slow_recogniser_skips_partial_windows_counts_them_and_still_alerts() -> None:
    fast, slow = Desk(0.01), Desk(0.7)
    fast.outcomes()
    outcomes = slow.outcomes()
    assert slow.run.skipped > 5
    assert slow.mind.work.steps + slow.run.skipped == fast.mind.work.steps
    assert texts(outcomes) == [SCRIPT.text]
    assert alerts(outcomes)[0].suppressed is None
    assert alerts(outcomes)[-1].hit.state == "confirmed"


def test_the_newest_window_is_read_after_a_slow_step() -> None:
    desk = Desk(0.0)
    desk.cost_s = lambda window: 1.0 if window.pcm.size < 17_000 else 0.0
    desk.outcomes()
    first, second = desk.recogniser.windows[:2]
    assert seconds(second.taken_sample - first.taken_sample) == pytest.approx(1.0, abs=0.2)


def test_every_final_window_is_read_however_far_behind_the_recogniser_is() -> None:
    stream = painted(([QUIET] * 20 + [SPEECH] * 20) * 10 + [QUIET] * 20)
    desk = Desk(5.0)
    desk.outcomes(chunked(stream))
    finals = [one.utterance_id for one in desk.recogniser.windows if one.is_final]
    assert finals == list(range(10))


def test_a_hit_that_is_read_too_late_is_kept_without_a_card() -> None:
    desk = Desk(0.0)
    desk.cost_s = lambda window: 9.0 if not window.is_final else 0.0
    reasons = {one.suppressed for one in alerts(desk.outcomes())}
    assert reasons == {"too-old"}


def test_the_time_of_whoever_takes_the_outcomes_is_not_compute() -> None:
    quick, slow = Desk(), Desk()

    def taken_slowly(outcomes: Iterator[Outcome]) -> list[Outcome]:
        out = []
        for one in outcomes:
            out.append(one)
            slow.clock.wind_s(3.0)
        return out

    raised = [one.raised_sample for one in alerts(quick.outcomes())]
    late = taken_slowly(slow.run.run(chunked(STREAM)))
    assert [one.raised_sample for one in alerts(late)] == raised
    assert slow.run.skipped == quick.run.skipped


def test_audio_and_losses_are_counted() -> None:
    desk = Desk()
    pieces = chunked(STREAM)
    later = pieces[-1].end_sample + 8000
    desk.outcomes([*pieces, chunk(STREAM[:800], later, lost_before=8000)])
    assert desk.run.heard_samples == STREAM.size + 800
    assert desk.run.lost_samples == 8000
    assert seconds(desk.run.speech_samples) == pytest.approx(120 * 512 / 16_000, abs=0.001)


def test_silence_costs_no_step() -> None:
    desk = Desk()
    assert desk.outcomes(chunked(painted([QUIET] * 200))) == []
    assert desk.mind.work.steps == 0
