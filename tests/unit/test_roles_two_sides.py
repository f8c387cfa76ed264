"""Windows of two sides out of two channels: roles, numbers, and nothing said twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deskguard.hearing.roles.channels import ByChannels
from deskguard.settings import HearingSettings, RolesSettings
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk
from hearing_values import an_endpointer, brightness, chunked, outline, painted, windows_of
from roles_two_sides import (
    ALTERNATELY,
    EACH_IN_TURN,
    ROOM_RMS,
    LoudnessVad,
    Turn,
    chunks_of,
    finals,
    heard_by,
    roles_told,
    talk,
    two_sided,
)


@pytest.mark.parametrize("apart_db", [12.0, 6.0, 3.0])
def test_each_utterance_has_the_role_of_the_nearer_microphone(apart_db: float) -> None:
    windows = heard_by(two_sided(), chunks_of(talk(ALTERNATELY, apart_db=apart_db)))
    assert roles_told(windows) == EACH_IN_TURN
    assert all(0.9 < one.role_confidence < 1 for one in finals(windows))


def test_the_channels_can_be_turned_round() -> None:
    roles = RolesSettings(channels="visitor,staff")
    windows = heard_by(two_sided(roles), chunks_of(talk(ALTERNATELY)))
    assert roles_told(windows) == ["visitor", "staff", "visitor", "staff"]


def test_a_calibrated_gain_is_taken_off() -> None:
    pcm = talk(ALTERNATELY, apart_db=3.0, gain_db=8.0)
    assert (
        roles_told(heard_by(two_sided(RolesSettings(gain_difference_db=8.0)), chunks_of(pcm))) == EACH_IN_TURN
    )


def test_a_gain_nobody_calibrated_is_learnt_on_the_way() -> None:
    turns = [Turn(index % 2, 1 + 2.5 * index, 2.6 + 2.5 * index) for index in range(16)]
    sided = two_sided()
    told = roles_told(heard_by(sided, chunks_of(talk(turns, apart_db=3.0, gain_db=4.0))))
    assert told[-6:] == ["staff", "visitor"] * 3
    assert sided.separation_db == pytest.approx(3.0, abs=0.8)


def test_microphones_that_hear_both_alike_leave_the_role_unknown_and_lose_nothing() -> None:
    windows = heard_by(two_sided(), chunks_of(talk(ALTERNATELY, apart_db=0.5)))
    assert roles_told(windows) == ["unknown"] * 4
    assert all(one.role_confidence <= 0.5 for one in finals(windows))


def test_the_visitors_side_gives_final_windows_only() -> None:
    windows = heard_by(two_sided(), chunks_of(talk(ALTERNATELY)))
    assert {one.role for one in windows if not one.is_final} == {"staff"}


def test_numbers_are_unique_and_count_up_over_both_sides() -> None:
    windows = heard_by(two_sided(), chunks_of(talk(ALTERNATELY)))
    assert [one.utterance_id for one in finals(windows)] == [0, 1, 2, 3]
    spans = {(one.utterance_id, one.role) for one in windows}
    assert len(spans) == 4


def test_what_leaks_over_is_brought_down_to_the_room() -> None:
    pcm = talk([Turn(1, 1.0, 2.0), Turn(0, 2.1, 3.5)])
    staff = next(one for one in finals(heard_by(two_sided(), chunks_of(pcm))) if one.role == "staff")
    leaked = staff.pcm[: round(2.0 * SAMPLE_RATE_HZ) - staff.start_sample]
    assert leaked.size > 0.1 * SAMPLE_RATE_HZ
    assert np.sqrt(np.mean(leaked[:-1024] ** 2)) < 2 * ROOM_RMS
    own = staff.pcm[round(2.3 * SAMPLE_RATE_HZ) - staff.start_sample :][: SAMPLE_RATE_HZ // 2]
    assert np.array_equal(own, pcm[0, round(2.3 * SAMPLE_RATE_HZ) :][: SAMPLE_RATE_HZ // 2])


def test_both_are_heard_when_they_speak_at_once() -> None:
    turns = [Turn(index % 2, 1 + 2.4 * index, 2.6 + 2.4 * index) for index in range(8)]
    late = turns[-1].end_s
    pcm = talk([*turns, Turn(0, late + 1.0, late + 4.0), Turn(1, late + 2.0, late + 3.2)])
    last = [one for one in finals(heard_by(two_sided(), chunks_of(pcm))) if one.start_sample / 16000 > late]
    assert sorted(one.role for one in last) == ["staff", "visitor"]
    visitor = next(one for one in last if one.role == "visitor")
    assert visitor.start_sample / SAMPLE_RATE_HZ == pytest.approx(late + 1.7, abs=0.2)


def test_identical_channels_are_heard_as_one_microphone_is() -> None:
    pcm = painted([0.05] * 20 + [0.9] * 40 + [0.05] * 30 + [0.9] * 20)
    roles = RolesSettings()

    class Brightness(LoudnessVad):
        def probability(self, frame: np.ndarray) -> float:
            return brightness(frame)

        def probabilities(self, samples: np.ndarray) -> list[float]:
            return [self.probability(frame) for frame in samples.reshape(-1, 512)]

    single = windows_of(an_endpointer(), chunked(pcm))
    twice = ByChannels(HearingSettings(), roles, Brightness)
    windows = [window for one in chunks_of(np.stack([pcm, pcm])) for window in twice.feed(one)]
    windows += twice.finish()
    assert [outline(one)[:4] for one in windows] == [outline(one)[:4] for one in single]
    assert {(one.role, one.role_confidence) for one in windows} == {("unknown", 1.0)}
    assert twice.layout == "one-microphone"


@pytest.mark.parametrize(("dead", "layout"), [(0, "right-only"), (1, "left-only")])
def test_beside_a_dead_channel_the_other_is_one_microphone(dead: int, layout: str) -> None:
    pcm = talk(ALTERNATELY)
    pcm[dead] = 0
    sided = ByChannels(HearingSettings(), RolesSettings(), LoudnessVad)
    windows = [window for one in chunks_of(pcm) for window in sided.feed(one)] + sided.finish()
    assert roles_told(windows) == ["unknown"] * 4
    assert {one.role_confidence for one in windows} == {1.0}
    assert sided.layout == layout


def test_one_microphone_is_what_somebody_may_say() -> None:
    sided = ByChannels(HearingSettings(), RolesSettings(mode="one-microphone"), LoudnessVad)
    windows = [window for one in chunks_of(talk(ALTERNATELY)) for window in sided.feed(one)]
    assert {one.role for one in windows} == {"unknown"}
    assert sided.layout == "one-microphone"


def test_a_gap_ends_the_utterances_of_both_sides() -> None:
    pcm = talk([Turn(0, 0.8, 2.0), Turn(1, 1.0, 2.0)])
    sided = two_sided()
    windows = [window for one in chunks_of(pcm[:, :24_000]) for window in sided.feed(one)]
    windows += sided.feed(AudioChunk(start_sample=40_000, pcm=pcm[:, 24_000:32_000], lost_before=16_000))
    ended = [one.end_reason for one in windows if one.is_final]
    assert ended
    assert set(ended) == {"gap"}


def parted(pcm: np.ndarray, missing: int, begin: int, end: int) -> list[AudioChunk]:
    """Chunks of which one microphone is missing from here to there, as two joined devices give them."""
    out: list[AudioChunk] = []
    for one in chunks_of(pcm, [*range(800, pcm.shape[1], 800), begin, end]):
        lacks = (missing,) if begin <= one.start_sample < end else ()
        sound = one.pcm.copy()
        sound[list(lacks)] = 0
        is_break = one.start_sample in (begin, end)
        out.append(replace(one, pcm=sound, missing=lacks, is_break=is_break))
    return out


@pytest.mark.parametrize("missing", [0, 1])
def test_while_a_microphone_is_missing_nobody_is_taken_for_the_speaker(missing: int) -> None:
    turns = [Turn(index % 2, 1 + 2.5 * index, 2.6 + 2.5 * index) for index in range(12)]
    begin, end = round(10.8 * SAMPLE_RATE_HZ), round(20.7 * SAMPLE_RATE_HZ)
    sided = ByChannels(HearingSettings(), RolesSettings(mode="two-microphones"), LoudnessVad)
    windows, layouts = [], set()
    for one in parted(talk(turns), missing, begin, end):
        windows += sided.feed(one)
        if one.missing:
            layouts.add(sided.layout)
    last = finals(windows + sided.finish())
    inside = [one for one in last if begin <= one.start_sample < end]
    assert {(one.role, one.role_confidence) for one in inside} == {("unknown", 1.0)}
    assert len(inside) == 4
    told = [one.role for one in last if one not in inside]
    assert told == ["staff", "visitor"] * 4
    assert layouts == {"right-only" if missing == 0 else "left-only"}
    assert sided.layout == "two-sides"


def test_an_utterance_in_which_a_microphone_goes_ends_there_with_its_role() -> None:
    begin = round(1.9 * SAMPLE_RATE_HZ)
    sided = two_sided()
    windows = [one for part in parted(talk(ALTERNATELY), 1, begin, 10**9) for one in sided.feed(part)]
    first = next(one for one in windows if one.is_final)
    assert (first.role, first.end_reason) == ("staff", "gap")
    assert begin - 512 <= first.end_sample <= begin + 512


def test_a_pause_is_told_at_once() -> None:
    sided = two_sided()
    pcm = talk([Turn(0, 0.8, 3.0)])[:, :40_000]
    windows = [one for part in chunks_of(pcm) for one in sided.feed(part)]
    assert finals(windows) == []
    mark = AudioChunk(start_sample=40_000, pcm=np.zeros((2, 0), np.float32), is_break=True)
    (said,) = finals(sided.feed(mark))
    assert (said.role, said.end_reason) == ("staff", "gap")


@pytest.mark.parametrize(("dead", "name"), [(0, "staff"), (1, "visitor")])
def test_a_channel_that_falls_silent_is_named(dead: int, name: str) -> None:
    pcm = talk(ALTERNATELY)
    pcm[dead, 60_000:] = 0
    sided = ByChannels(HearingSettings(), RolesSettings(), LoudnessVad)
    for one in chunks_of(pcm[:, :60_000]):
        sided.feed(one)
    assert sided.notes == ()
    for one in chunks_of(pcm[:, 60_000:]):
        sided.feed(replace(one, start_sample=one.start_sample + 60_000))
    assert sided.notes == (f"{name}-microphone-silent",)


def test_a_channel_that_never_gave_anything_is_named_only_where_two_were_told() -> None:
    pcm = talk(ALTERNATELY)
    pcm[1] = 0
    asked = ByChannels(HearingSettings(), RolesSettings(), LoudnessVad)
    told = ByChannels(HearingSettings(), RolesSettings(mode="stereo", channels="visitor,staff"), LoudnessVad)
    for one in chunks_of(pcm):
        asked.feed(one)
        told.feed(one)
    assert asked.notes == ()
    assert told.notes == ("staff-microphone-silent",)


def test_the_end_of_the_stream_ends_what_is_open_and_counts_the_last_samples() -> None:
    pcm = talk([Turn(0, 0.8, 2.0)])[:, :30_000]
    (window,) = finals(heard_by(two_sided(), chunks_of(pcm)))
    assert window.end_reason == "stream_end"
    assert window.end_sample >= 30_000


def test_broken_samples_do_no_harm() -> None:
    pcm = talk(ALTERNATELY)
    pcm[0, 1000:1100] = np.nan
    pcm[1, 2000] = np.inf
    assert roles_told(heard_by(two_sided(), chunks_of(pcm))) == EACH_IN_TURN


def test_a_source_that_falls_back_to_one_channel_goes_on() -> None:
    pcm = talk(ALTERNATELY)
    sided = two_sided()
    windows = [window for one in chunks_of(pcm[:, :90_000]) for window in sided.feed(one)]
    for one in chunks_of(pcm[:, 90_000:]):
        start = one.start_sample + 90_000
        windows += sided.feed(AudioChunk(start_sample=start, pcm=one.pcm[:1]))
    assert len(finals(windows + sided.finish())) == 4


def test_microphones_that_go_on_hearing_both_alike_are_taken_for_one() -> None:
    turns = [Turn(index % 2, 1 + 2.5 * index, 2.6 + 2.5 * index) for index in range(12)]
    pcm = talk(turns, apart_db=0.5)
    asked, told = two_sided(), two_sided(RolesSettings(mode="stereo"))
    last = finals(heard_by(asked, chunks_of(pcm)))[-1]
    assert (asked.plan, last.role, last.role_confidence) == ("alike", "unknown", 1.0)
    assert len(finals(heard_by(two_sided(), chunks_of(pcm)))) == len(turns)
    last = finals(heard_by(told, chunks_of(pcm)))[-1]
    assert (told.plan, last.role) == ("both", "unknown")
    assert last.role_confidence <= 0.5
