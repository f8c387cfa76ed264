"""Whether a recording can be examined: its loudest second, and the language that is spoken in it."""

from __future__ import annotations

import numpy as np
import pytest

from deskguard.errors import DeskguardError
from deskguard.night.suitability import Language, Level
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, SpeechWindow


def level_of(*seconds: float) -> Level:
    """Of a recording whose seconds are noise of these amplitudes, in pieces of 50 ms."""
    level, noise = Level(), np.random.default_rng(1)
    for at, amplitude in enumerate(seconds):
        for piece in range(20):
            pcm = (noise.standard_normal((1, 800)) * amplitude).astype(np.float32)
            level.feed(AudioChunk(start_sample=at * SAMPLE_RATE_HZ + piece * 800, pcm=pcm))
    level.finish()
    return level


def test_the_loudest_second_counts() -> None:
    assert level_of(0.0, 0.1, 0.0).dbfs == pytest.approx(-20, abs=0.2)
    assert level_of(0.0001, 0.0001).is_too_quiet
    assert not level_of(0.0001, 0.01, 0.0001).is_too_quiet
    assert level_of(0.0).dbfs == -200


def test_the_louder_channel_counts() -> None:
    level = Level()
    pcm = np.stack([np.zeros(16_000), np.full(16_000, 0.1)]).astype(np.float32)
    level.feed(AudioChunk(start_sample=0, pcm=pcm))
    assert level.dbfs == pytest.approx(-20, abs=0.1)


def window(voiced_s: float) -> SpeechWindow:
    return SpeechWindow(
        utterance_id=0,
        start_sample=0,
        pcm=np.zeros(16, np.float32),
        speech_end_sample=16,
        taken_sample=16,
        end_reason="silence",
        voiced_samples=int(voiced_s * SAMPLE_RATE_HZ),
    )


@pytest.mark.parametrize(
    ("shares", "is_refused"),
    [
        ({"zh": 0.9, "en": 0.1}, False),
        ({"yue": 0.6, "zh": 0.2}, False),
        ({"en": 0.95, "zh": 0.02}, True),
        ({"ja": 0.3, "ko": 0.3, "zh": 0.1}, False),
    ],
)
def test_another_language_is_refused_only_when_it_is_plain(shares: dict[str, float], is_refused: bool) -> None:
    language = Language(lambda _: shares)
    if not is_refused:
        language.check([window(12)])
        return
    with pytest.raises(DeskguardError) as caught:
        language.check([window(12)])
    assert caught.value.code == "wrong-language"


def test_a_few_words_tell_no_language_and_it_is_asked_once() -> None:
    asked: list[int] = []

    def listen(windows: list[SpeechWindow]) -> dict[str, float]:
        asked.append(len(windows))
        return {"zh": 1.0}

    language = Language(listen)
    language.check([window(3)])
    assert asked == []
    language.check([window(9)])
    language.check([window(9)])
    assert asked == [2]
