"""The recordings of fixtures/audio through the desk's own pipeline with the real model.

Each recording is read once, as fast as the machine allows, and every test looks at that. Exact transcripts are
never asked for: they change with library, model and machine. What is asked for is which rules are found where,
which innocent sentences are flagged, that silence stays silent, and a ceiling for the character error rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench.common import edit_distance

import golden_recordings
from deskguard.desk.compose import new_endpointer
from deskguard.desk.live import LiveRun
from deskguard.desk.mind import Beside, Mind, Outcome
from deskguard.desk.modelled import ModelledRun
from deskguard.desk.pacing import Pacer
from deskguard.hearing.media import read_recording
from deskguard.language.text import normalise
from deskguard.settings import RolesSettings, Settings
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.values import Alert, Hit, Hypothesis, Pcm, SpeechWindow, seconds
from golden_recordings import Place, Recording
from hearing_values import HandClock, a_window, cut

if TYPE_CHECKING:
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet

pytestmark = pytest.mark.model

RECORDINGS = golden_recordings.names()


def marked(name: str) -> object:
    """Conversations take minutes."""
    is_long = golden_recordings.load(name).condition == "conversation"
    return pytest.param(name, marks=pytest.mark.slow) if is_long else name


ALL = [marked(name) for name in RECORDINGS]
SILENT = [name for name in RECORDINGS if not golden_recordings.load(name).has_speech]
SPOKEN = [marked(name) for name in RECORDINGS if golden_recordings.load(name).has_speech]


@dataclass(frozen=True)
class Reading:
    """What the desk made of a recording."""

    recording: Recording
    outcomes: Sequence[Outcome]

    @property
    def finals(self) -> list[Hypothesis]:
        return [one for one in self.outcomes if isinstance(one, Hypothesis) and one.is_final]

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.finals)

    @property
    def hits(self) -> list[Hit]:
        """The last state of every hit."""
        return list({one.hit.hit_id: one.hit for one in self.outcomes if isinstance(one, Alert)}.values())

    @property
    def confirmed(self) -> list[Hit]:
        return [hit for hit in self.hits if hit.state == "confirmed"]


@pytest.fixture(scope="session")
def reading(recogniser: Recogniser, standards: RuleSet) -> Callable[[str], Reading]:
    """Reads a recording, each one once in a session."""
    known: dict[str, Reading] = {}
    beside = Beside(rulebook=Rulebook.of(standards, Settings().spotting))

    def read(name: str) -> Reading:
        if name not in known:
            recording = golden_recordings.load(name)
            is_mono = next(iter(read_recording(recording.path))).pcm.shape[0] == 1
            # On one microphone nobody looks who speaks: what is asked for is what was said.
            settings = Settings(roles=RolesSettings(mode="none" if is_mono else "auto"))
            mind = Mind(recogniser, standards, settings, name, beside)
            run = ModelledRun(new_endpointer(settings), mind, settings.queues.final_s)
            known[name] = Reading(recording, tuple(run.run(read_recording(recording.path))))
        return known[name]

    return read


def overlaps(hit: Hit, place: Place) -> bool:
    """Whether a hit lies where the manifest says; estimated places are up to 0.25 s off."""
    slack_s = 0.25
    return seconds(hit.start_sample) < place.end_s + slack_s and place.start_s - slack_s < seconds(
        hit.end_sample
    )


MISSED = {
    ("conv_closing_time", "T12", "别磨蹭了"): "Whisper base hears 别无胜了",
    ("conv_closing_time", "T13", "刚才不是说了吗"): "Whisper base hears 刚才不是书的码",
    ("conv_pushed_around", "T15", "不能办"): "Whisper base hears 不能牌子",
    ("t04_quiet", "T04", "这不归我管"): "Whisper base hears 这部规模管",
    ("t12_telephone_8k", "T12", "快点，我要下班了"): "Whisper base hears 快点我又下班了",
    ("t13_variant", "T13", "都跟你说几遍了"): "Whisper base hears 都跟你输几遍了",
    ("t15_long_turn_seam", "T15", "这个不能办"): "a way forward is given in the same turn",
}
"""Breaches that are not found, as measured 2026-11-21 with base int8, beam 5, by characters and by sound."""

ALSO = {
    "conv_pushed_around": {"C01"},  # 谁让你来的你找谁
    "t01_variant": {"C01"},  # 等通知吧
    "t04_quiet": {"T03", "C01"},  # 不归我管，给物业打电话 is a brush-off, too
    "t05_stereo_48k": {"T02"},  # 我也说不准
    "t06_clipped": {"T14"},  # 排队去
    "t06_variant": {"C01"},  # 跟我说也没用
    "t07_at_file_end": {
        "T08"
    },  # 都在这张单子上，你自己看; near 牌子上，自己看, and heard so on some processors only
    "t11_variant": {"T15"},  # 今天不办
}
"""Rules that the clerk breaks beside the one that the recording was made for."""

FLAGGED = {
    "conv_complaint_polite": {"T02", "T04", "T10"},  # the visitor says so
    "conv_phone_polite": {"T01", "T02"},  # the visitor says so
    "conv_pushed_around": {"T01", "T02", "T15"},  # the visitor says so, and asks why
    "demo_counter": {"T01", "T02"},  # the visitor says so
    "ok_t01_near_sound": {"T01", "T02"},  # 我只道 sounds like 我知道, and Whisper writes the phrase
    "ok_t10_no_limit": {"T10"},  # Whisper writes 没时间 apart from 限制 now and then
    "ok_t15_way_forward": {"T15"},  # 不能办 is said, but a way forward with it
    "t05_stereo_48k": {"T01", "T02"},  # the visitor, on the other microphone
}
"""Innocent words that may be flagged: who speaks and what is meant is not decided yet."""

CEILINGS = {
    "conv_closing_time": 0.30,  # 0.15
    "conv_phone_polite": 0.45,  # 0.31
    "ok_t01_near_sound": 0.25,  # 0.15
    "ok_t02_about_visitor": 0.25,  # 0.13
    "ok_t04_mine": 0.30,  # 0.20
    "ok_t09_not_wordy": 0.25,  # 0.13
    "ok_t11_come_tomorrow": 0.30,  # 0.20
    "ok_t15_near_sound": 0.35,  # 0.21
    "t03_hall_10db": 0.30,  # 0.17
    "t03_hall_20db": 0.30,  # 0.17
    "t04_quiet": 0.30,  # 0.20
    "t05_literal": 0.25,  # 0.11
    "t05_stereo_48k": 0.25,  # 0.14
    "t08_variant": 0.25,  # 0.12
    "t09_literal": 0.40,  # 0.25, and 0.375 on another processor: one more of eight characters
    "t09_variant": 0.40,  # 0.27
    "t12_variant_fast": 0.35,  # 0.22
    "t13_variant": 0.40,  # 0.27
    "t15_variant": 0.30,  # 0.20
}
"""Of character error rates, about 0.1 above what was measured 2026-11-21 with base int8 (in the remarks)."""
USUAL_CEILING = 0.2
"""For all others: at most 0.1 was measured."""


@pytest.mark.parametrize("name", ALL)
def test_every_breach_is_found_where_it_was_said(name: str, reading: Callable[[str], Reading]) -> None:
    read = reading(name)
    for place in read.recording.expects:
        if (name, place.rule_id, place.phrase) in MISSED:
            continue
        own = [hit for hit in read.confirmed if hit.rule_id == place.rule_id and overlaps(hit, place)]
        assert len(own) == 1, f"{place.rule_id} {place.phrase} at {place.start_s} s"


def is_one_card(hit: Hit, rule_id: str, read: Reading) -> bool:
    """Whether the hit is of a described ban that shows no card of its own beside that of the breach."""
    last = {one.hit.hit_id: one for one in read.outcomes if isinstance(one, Alert)}
    own = {one.suppressed for one in last.values() if one.hit.rule_id == rule_id}
    return hit.rule_id.startswith("C") and (last[hit.hit_id].suppressed is not None or None not in own)


@pytest.mark.parametrize("name", ALL)
def test_nothing_else_is_flagged_than_what_is_known(name: str, reading: Callable[[str], Reading]) -> None:
    read = reading(name)
    unasked = [
        hit
        for hit in read.confirmed
        if hit.rule_id not in ALSO.get(name, ())
        and not any(
            overlaps(hit, place)
            and (hit.rule_id in (place.rule_id, *place.also) or is_one_card(hit, place.rule_id, read))
            for place in read.recording.expects
        )
    ]
    assert {hit.rule_id for hit in unasked} <= FLAGGED.get(name, set())
    for hit in unasked:
        assert any(overlaps(hit, trap) for trap in read.recording.traps), hit.rule_id


@pytest.mark.parametrize("name", SILENT)
def test_without_speech_there_is_no_text_and_no_hit(name: str, reading: Callable[[str], Reading]) -> None:
    read = reading(name)
    assert read.text == ""
    assert read.hits == []


@pytest.mark.parametrize("name", SPOKEN)
def test_the_character_error_rate_stays_under_its_ceiling(name: str, reading: Callable[[str], Reading]) -> None:
    read = reading(name)
    said, heard = normalise(read.recording.text).chars, normalise(read.text).chars
    cer = edit_distance(said, heard) / len(said)
    assert cer <= CEILINGS.get(name, USUAL_CEILING)


@pytest.mark.parametrize("name", ALL)
def test_every_character_has_its_place_in_the_audio(name: str, reading: Callable[[str], Reading]) -> None:
    for hypothesis in [one for one in reading(name).outcomes if isinstance(one, Hypothesis)]:
        for passage in (hypothesis.passage, *hypothesis.alternatives):
            assert len(passage.spans) == len(passage.text)
            edges = [edge for span in passage.spans for edge in span]
            assert edges == sorted(edges)
            if edges:
                assert hypothesis.start_sample <= edges[0] <= edges[-1] <= hypothesis.end_sample


@pytest.mark.parametrize("name", ALL)
def test_every_hit_ends_and_tells_why(name: str, reading: Callable[[str], Reading]) -> None:
    for hit in reading(name).hits:
        assert hit.state in ("confirmed", "withdrawn")
        assert len(hit.why) >= 2
        assert any(line.startswith(("confirmed", "withdrawn")) for line in hit.why)
        assert hit.start_sample <= hit.end_sample


@pytest.mark.parametrize("name", ALL)
def test_finals_are_told_once_and_in_order(name: str, reading: Callable[[str], Reading]) -> None:
    finals = reading(name).finals
    assert [one.utterance_id for one in finals] == list(range(len(finals)))
    for before, after in pairwise(finals):
        assert before.end_sample <= after.start_sample


def rules_of(outcomes: Sequence[Outcome]) -> set[str]:
    """The rules with a confirmed hit."""
    return {one.hit.rule_id for one in outcomes if isinstance(one, Alert) and one.hit.state == "confirmed"}


def texts_of(outcomes: Sequence[Outcome]) -> list[str]:
    return [one.text for one in outcomes if isinstance(one, Hypothesis) and one.is_final]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["t08_pause", "two_rules_one_utterance"])
def test_real_pace_and_fast_agree(
    name: str, reading: Callable[[str], Reading], recogniser: Recogniser, standards: RuleSet
) -> None:
    read = reading(name)
    mind = Mind(recogniser, standards, Settings(), "real-pace")
    run = LiveRun(new_endpointer(Settings()), mind, Settings().queues, pace=Pacer().paced)
    outcomes = list(run.run(read_recording(read.recording.path)))
    assert texts_of(outcomes) == texts_of(read.outcomes)
    assert rules_of(outcomes) == rules_of(read.outcomes)


@pytest.mark.parametrize("name", ["t08_pause", "t06_literal"])
@pytest.mark.parametrize("size", [160, 1333, 3000])
def test_texts_and_hits_do_not_depend_on_how_audio_is_cut(
    name: str, size: int, recogniser: Recogniser, standards: RuleSet
) -> None:
    chunks = list(read_recording(golden_recordings.load(name).path))
    whole = np.concatenate([one.pcm[0] for one in chunks])

    def outcomes(places: range) -> list[Outcome]:
        # Compute costs nothing on this clock, so every window is read at any size below a hop.
        mind = Mind(recogniser, standards, Settings(), "run")
        run = ModelledRun(new_endpointer(Settings()), mind, 60.0, HandClock())
        return list(run.run(cut(whole, places)))

    def hits(found: list[Outcome]) -> list[Hit]:
        return [one.hit for one in found if isinstance(one, Alert) and one.hit.state == "confirmed"]

    usual = outcomes(range(800, whole.size, 800))
    other = outcomes(range(size, whole.size, size))
    assert texts_of(usual)
    assert texts_of(other) == texts_of(usual)
    assert [one.rule_id for one in hits(other)] == [one.rule_id for one in hits(usual)] != []
    for one, same in zip(hits(other), hits(usual), strict=True):
        # A hit keeps the place of the live window that confirmed it: another one at another size.
        assert abs(one.start_sample - same.start_sample) <= 4000
        assert abs(one.end_sample - same.end_sample) <= 4000


def speech_of(name: str) -> Pcm:
    return np.concatenate([one.pcm[0] for one in read_recording(golden_recordings.load(name).path)])[:44_000]


def final_window(pcm: Pcm) -> SpeechWindow:
    empty = a_window(samples=pcm.size, end_reason="silence")
    return SpeechWindow(
        utterance_id=empty.utterance_id,
        start_sample=empty.start_sample,
        pcm=pcm,
        speech_end_sample=empty.speech_end_sample,
        taken_sample=empty.taken_sample,
        end_reason=empty.end_reason,
    )


def test_a_window_of_another_recording_at_the_same_place_is_read_anew(recogniser: Recogniser) -> None:
    first = recogniser.decode(final_window(speech_of("t06_literal")))
    other = recogniser.decode(final_window(speech_of("t01_literal")))
    assert normalise(first.text).chars != normalise(other.text).chars
    again = recogniser.decode(final_window(speech_of("t01_literal")))
    assert again.text == other.text
    assert again.decode_ns == 0


def test_broken_samples_do_not_break_reading(recogniser: Recogniser) -> None:
    pcm = speech_of("t06_literal").copy()
    pcm[20_000:20_005] = [np.nan, np.inf, -np.inf, 3.0, -3.0]
    assert recogniser.decode(final_window(pcm)).text


def test_a_window_of_one_frame_is_read_without_harm(recogniser: Recogniser) -> None:
    hypothesis = recogniser.decode(final_window(np.zeros(512, np.float32)))
    assert recogniser.align(hypothesis).text == hypothesis.text


def test_only_the_newest_hypothesis_can_be_aligned(recogniser: Recogniser) -> None:
    first = recogniser.decode(final_window(speech_of("t06_literal")))
    second = recogniser.decode(final_window(speech_of("t01_literal")))
    assert recogniser.align(first) is first
    aligned = recogniser.align(second)
    assert aligned.text == second.text
    assert len(aligned.passage.spans) == len(aligned.text)
