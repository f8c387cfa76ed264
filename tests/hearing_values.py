"""Audio, voice activity and recognition made by hand, for tests that need no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from deskguard.desk.alerts import Moment
from deskguard.hearing.endpoint import Endpointer
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.rules.pack import Rule, RuleSet, Variant
from deskguard.settings import AlertSettings, HearingSettings, Settings, SpottingSettings
from deskguard.values import (
    SAMPLE_RATE_HZ,
    AudioChunk,
    Candidate,
    ClauseRef,
    EndReason,
    Hit,
    Hypothesis,
    Look,
    Passage,
    Pcm,
    Severity,
    SpeechWindow,
    Suspect,
)

SPEECH, QUIET = 0.9, 0.05
EAGER = Settings(alerts=AlertSettings(tentative_from=0.5), spotting=SpottingSettings(confirm_from=1.0))
"""A desk that confirms nothing at first sight, and shows what is not confirmed."""


def silence(duration_s: float) -> Pcm:
    return np.zeros(round(duration_s * SAMPLE_RATE_HZ), np.float32)


def tone(duration_s: float, hz: float = 1000.0, peak: float = 0.5, rate_hz: int = SAMPLE_RATE_HZ) -> Pcm:
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (peak * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def noise(duration_s: float, rms: float = 0.05, seed: int = 1) -> Pcm:
    count = round(duration_s * SAMPLE_RATE_HZ)
    return (np.random.default_rng(seed).standard_normal(count) * rms).clip(-1, 1).astype(np.float32)


def chunk(pcm: Pcm, start_sample: int = 0, *, lost_before: int = 0, is_break: bool = False) -> AudioChunk:
    return AudioChunk(
        start_sample=start_sample, pcm=pcm[None], lost_before=lost_before, is_break=is_break, captured_ns=0
    )


def cut(pcm: Pcm, places: Iterable[int], start_sample: int = 0) -> list[AudioChunk]:
    """The samples as chunks that end at `places` and at the end."""
    edges = sorted({0, pcm.size, *(place for place in places if 0 < place < pcm.size)})
    return [chunk(pcm[begin:end], start_sample + begin) for begin, end in pairwise(edges)]


def chunked(pcm: Pcm, size: int = 800, start_sample: int = 0) -> list[AudioChunk]:
    return cut(pcm, range(size, pcm.size, size), start_sample)


def painted(scores: Sequence[float], seed: int = 7) -> Pcm:
    """Frames of unlike samples whose greatest is the score that `brightness` will give them."""
    frames = np.random.default_rng(seed).uniform(0.0, 1.0, (len(scores), FRAME_SAMPLES)).astype(np.float32)
    frames *= np.asarray(scores, np.float32)[:, None]
    if len(scores):
        frames[:, 0] = scores
    return frames.reshape(-1)


def brightness(frame: Pcm) -> float:
    """The voice activity of painted audio: the greatest sample of a frame."""
    return float(frame.max())


def an_endpointer(settings: HearingSettings | None = None) -> Endpointer:
    return Endpointer(settings or HearingSettings(), brightness, lambda: None)


def windows_of(endpointer: Endpointer, chunks: Iterable[AudioChunk]) -> list[SpeechWindow]:
    return [window for one in chunks for window in endpointer.feed(one)] + endpointer.finish()


def outline(window: SpeechWindow) -> tuple[object, ...]:
    """All of a window in a form that can be compared."""
    return (
        window.utterance_id,
        window.start_sample,
        window.pcm.tobytes(),
        window.speech_end_sample,
        window.taken_sample,
        window.is_pause,
        window.end_reason,
    )


def a_window(
    start_sample: int = 0,
    samples: int = 16_000,
    utterance_id: int = 0,
    end_reason: EndReason | None = None,
    *,
    is_hush: bool = False,
) -> SpeechWindow:
    return SpeechWindow(
        utterance_id=utterance_id,
        start_sample=start_sample,
        pcm=np.zeros(samples, np.float32),
        speech_end_sample=start_sample + samples,
        taken_sample=start_sample + samples,
        end_reason=end_reason,
        is_hush=is_hush,
    )


def spoken(text: str, start_s: float = 0.0, char_s: float = 0.2) -> Passage:
    """Text at an even pace from `start_s` on."""
    marks = [round((start_s + index * char_s) * SAMPLE_RATE_HZ) for index in range(len(text) + 1)]
    return Passage(text=text, spans=tuple(pairwise(marks)))


def heard(
    passage: Passage,
    utterance_id: int = 0,
    *,
    is_final: bool = False,
    alternatives: Sequence[Passage] = (),
    log_probability: float = -0.2,
) -> Hypothesis:
    return Hypothesis(
        utterance_id=utterance_id,
        passage=passage,
        start_sample=0,
        end_sample=passage.spans[-1][1] if passage.spans else 0,
        is_final=is_final,
        average_log_probability=log_probability,
        alternatives=tuple(alternatives),
    )


def finder(*phrases: str) -> Callable[[Passage], list[Candidate]]:
    """Finds each phrase, as the rule of that name, by its plain characters."""

    def find(passage: Passage) -> list[Candidate]:
        return [
            Candidate(
                rule_id=phrase,
                variant=phrase,
                start_char=at,
                end_char=at + len(phrase),
                tier="characters",
                syllables=len(phrase),
            )
            for phrase in phrases
            for at in range(len(passage.text))
            if passage.text.startswith(phrase, at)
        ]

    return find


def unaligned(hypothesis: Hypothesis) -> Hypothesis:
    return hypothesis


def a_hit(
    rule_id: str = "R1",
    hit_id: str = "h1",
    *,
    state: str = "confirmed",
    confidence: float = 0.9,
    span_s: tuple[float, float] = (1.0, 2.0),
    heard: str = "我不知道",
    role: str = "unknown",
) -> Hit:
    return Hit(
        hit_id=hit_id,
        utterance_id=0,
        rule_id=rule_id,
        variant=heard,
        tier="characters",
        heard=heard,
        state=state,  # type: ignore[arg-type]
        confidence=confidence,
        start_sample=round(span_s[0] * SAMPLE_RATE_HZ),
        end_sample=round(span_s[1] * SAMPLE_RATE_HZ),
        role=role,  # type: ignore[arg-type]
    )


def moment(at_s: float) -> Moment:
    return Moment(round(at_s * SAMPLE_RATE_HZ), round(at_s * 1e9))


@dataclass
class HandClock:
    """A clock that only goes on when it is wound."""

    ns: int = 1_000_000_000

    def __call__(self) -> int:
        return self.ns

    def wind_s(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


@dataclass
class ScriptedRecogniser:
    """Reads what a script says was spoken, as far as the window reaches.

    `before` is called with each window first: to wind a clock, to wait for an event, or to fail.
    """

    script: Passage
    before: Callable[[SpeechWindow], None] = lambda _window: None
    windows: list[SpeechWindow] = field(default_factory=list)

    def decode(self, window: SpeechWindow) -> Hypothesis:
        self.before(window)
        self.windows.append(window)
        inside = [
            index
            for index, (begin, end) in enumerate(self.script.spans)
            if window.start_sample <= begin and end <= window.end_sample
        ]
        return Hypothesis(
            utterance_id=window.utterance_id,
            passage=Passage(
                text="".join(self.script.text[index] for index in inside),
                spans=tuple(self.script.spans[index] for index in inside),
            ),
            start_sample=window.start_sample,
            end_sample=window.end_sample,
            is_final=window.is_final,
            average_log_probability=-0.2,
            role=window.role,
            role_confidence=window.role_confidence,
            decode_ns=1000,
        )

    def align(self, hypothesis: Hypothesis) -> Hypothesis:
        return hypothesis

    def look(self, hypothesis: Hypothesis, suspects: Sequence[Suspect]) -> tuple[Look | None, ...]:
        return (Look(log_ratio=0.0, tokens=1),) * len(suspects)


def a_rule_set(*phrases: str, severity: Severity = "medium", cooldown_s: float | None = None) -> RuleSet:
    """A rule for each phrase, named by it."""
    rules = {
        phrase: Rule(
            rule_id=phrase,
            phrase=phrase,
            clauses=(ClauseRef(standard="s1", title="Standard", clause="1", quote="quoted"),),
            severity=severity,
            cooldown_s=cooldown_s,
            advice=f"instead of {phrase}",
            variants=(Variant(text=phrase),),
        )
        for phrase in phrases
    }
    return RuleSet(rules=rules, sha256="0" * 64, packs=())
