"""Audio chunks in, speech windows out: VAD, pre-roll, hangover, and where to cut a speech that does not pause.

Everything happens on a grid of 512-sample frames counted from the first sample (or the first after a gap), so
the windows do not depend on how the audio was cut into chunks. While somebody speaks, a partial window is taken
every hop. When they pause, one more window is taken that already has the extent of a final one: if the pause
turns out to be the end, the final window is the same audio and its decoding can be used again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, EndReason, Pcm, Role, SpeechWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deskguard.settings import HearingSettings

_ONSET_FRAMES = 3
"""Speech frames in a row that begin an utterance (96 ms): a click or a cup on the desk is shorter."""
_HYSTERESIS = 0.15
"""Silero's own margin between the threshold to start and the one to go on."""
_TAIL_S = 0.3
"""Audio kept after the last speech; the pause window is taken when so much silence has passed."""
_HUSH_S = 0.2
"""Silence after which what is sure in the text read so far need not wait for the pause and its reading."""
_SHARED_HANGOVER_S = 0.35
"""On a microphone that several people share an utterance ends at this pause at most: whoever answers often does
so within 0.6 s, and an utterance has one speaker. Turns of the fixtures' conversations whose role was found at
once 0.88 instead of 0.74, CER 0.152 instead of 0.135 (base int8, 2026-11-29)."""
_LONG_UTTERANCE_S = 4.0
"""From here on a pause of `_TAIL_S` ends the utterance: the final reading of several turns at once held the
desk up for a second. CER on 66 AISHELL clips 0.184 with 6 s, 0.189 with 4 s, 0.194 with 3 s (base int8,
2026-11-21)."""
_LEAST_SPEECH_S = 0.5
"""Speech before the first live window: no phrase of the rules is shorter, and Whisper reads less as noise."""
_LIVE_LEAST_S = 3.5
_LIVE_MOST_S = 5.0
"""Live windows of a long utterance hold its end only: a step costs some 10 ms for each token it reads, and no
phrase of the rules takes longer than 3 s to say."""
_UNREAD_S = 0.15
"""Speech since the last live window that is worth another one, less than a syllable: a reading of mere silence
would hold up the one of the pause."""
_NO_AUDIO = np.zeros(0, np.float32)
_NO_AUDIO.setflags(write=False)
_CUT_SEARCH_S = 3.0
"""A speech without pause is cut at its least speech-like frame within so much of its end."""


class Endpointer:
    """Splits one channel into utterances.

    Input samples are used exactly once: consecutive utterances never share audio, and what lies between them is
    silence. `speech_probability` is called with consecutive (512,) frames; `reset_vad` after a gap. A change of
    role is a gap, too: an utterance has one speaker.
    """

    def __init__(
        self,
        settings: HearingSettings,
        speech_probability: Callable[[Pcm], float],
        reset_vad: Callable[[], None],
        speech_probabilities: Callable[[Pcm], list[float]] | None = None,
    ) -> None:
        """`speech_probabilities`: the same of any number of frames at once, (512 n,), where that is cheaper."""
        self._settings = settings
        self._speech_probability = speech_probability
        self._speech_probabilities = speech_probabilities
        self._reset_vad = reset_vad
        self._hop = _frames(settings.hop_s)
        self._pre_roll = _frames(settings.pre_roll_s)
        self._hangover = _frames(settings.hangover_s)
        self.is_shared = False
        """Whether several people speak into this microphone and nothing else parts them."""
        self._tail = min(_frames(_TAIL_S), self._hangover)
        self._hush = _frames(_HUSH_S)
        self._live_least, self._live_most = _frames(_LIVE_LEAST_S), _frames(_LIVE_MOST_S)
        self._least = self._pre_roll + _frames(_LEAST_SPEECH_S)
        self._unread = _frames(_UNREAD_S)
        self._goes_on_from = settings.speech_threshold - _HYSTERESIS
        self._max_frames = _frames(settings.max_utterance_s)
        self._next_utterance = 0
        self._has_begun = False
        self._rest = np.zeros(0, np.float32)
        self._frame_start = 0
        self._idle: deque[Pcm] = deque(maxlen=self._pre_roll + _ONSET_FRAMES)
        self._onset = 0
        self._frames: list[Pcm] = []
        self._scores: list[float] = []
        self._start = 0
        self._silence = 0
        self._live_first = 0
        self._live_end = 0
        self._role: Role = "unknown"
        self.speech_samples = 0
        """Samples of speech so far, for the summary."""
        self.is_speech = False
        """Whether the newest frame held speech, for the level meter."""

    def feed(self, chunk: AudioChunk, channel: int = 0) -> list[SpeechWindow]:
        """The windows that end within `chunk`, in order."""
        is_gap = chunk.lost_before > 0 or chunk.is_break or chunk.role != self._role
        windows = self._end("gap") if is_gap else []
        if is_gap or not self._has_begun:
            self._restart(chunk.start_sample)
        self._role = chunk.role
        samples = np.concatenate([self._rest, chunk.pcm[channel]])
        whole = samples.size - samples.size % FRAME_SAMPLES
        for begin, score in zip(range(0, whole, FRAME_SAMPLES), self._scored(samples[:whole]), strict=True):
            windows += self._frame(samples[begin : begin + FRAME_SAMPLES], score)
        self._rest = samples[whole:].copy()
        return windows

    def finish(self) -> list[SpeechWindow]:
        """The window of an utterance that the end of the stream cuts off."""
        return self._end("stream_end")

    def _end(self, reason: EndReason) -> list[SpeechWindow]:
        """What the stream breaking off here leaves; a partial frame counts."""
        windows = []
        if self._rest.size and self._frames:
            frame = np.pad(self._rest, (0, FRAME_SAMPLES - self._rest.size))
            windows = self._frame(frame, self._speech_probability(frame))
        self._rest = np.zeros(0, np.float32)
        return windows + self._close(reason)

    def _restart(self, start_sample: int) -> None:
        self._reset_vad()
        self._has_begun = True
        self._rest = np.zeros(0, np.float32)
        self._idle.clear()
        self._onset = 0
        self._frame_start = start_sample

    def _scored(self, samples: Pcm) -> Iterable[float]:
        """The speech probability of each whole frame; where they come one by one, when it is asked for."""
        if self._speech_probabilities is not None:
            return self._speech_probabilities(samples)
        return map(self._speech_probability, samples.reshape(-1, FRAME_SAMPLES))

    def _frame(self, frame: Pcm, score: float) -> list[SpeechWindow]:
        self._frame_start += FRAME_SAMPLES
        if not self._frames:
            self._wait_for_speech(frame, score)
            return []
        self._frames.append(frame)
        self._scores.append(score)
        self.is_speech = score >= self._goes_on_from
        if self.is_speech and self._silence >= self._tail:
            # What came before the pause has been read as a whole; live windows go on from here.
            self._live_first = max(0, len(self._frames) - 1 - self._pre_roll)
        self._silence = 0 if self.is_speech else self._silence + 1
        self.speech_samples += FRAME_SAMPLES * self.is_speech
        return self._windows_now()

    def _wait_for_speech(self, frame: Pcm, score: float) -> None:
        self._idle.append(frame)
        self.is_speech = score >= self._settings.speech_threshold
        self._onset = self._onset + 1 if self.is_speech else 0
        if self._onset < _ONSET_FRAMES:
            return
        self._frames = list(self._idle)
        self._scores = [0.0] * (len(self._frames) - self._onset) + [1.0] * self._onset
        self._start = self._frame_start - len(self._frames) * FRAME_SAMPLES
        self._silence = 0
        self.speech_samples += FRAME_SAMPLES * self._onset
        self._idle.clear()
        self._onset = 0

    def _windows_now(self) -> list[SpeechWindow]:
        length = len(self._frames)
        is_long = length * FRAME_SAMPLES >= _LONG_UTTERANCE_S * SAMPLE_RATE_HZ
        hangover = min(self._hangover, _frames(_SHARED_HANGOVER_S)) if self.is_shared else self._hangover
        if self._silence >= (self._tail if is_long else hangover):
            return self._close("silence")
        if length >= self._max_frames:
            return self._cut()
        if self._silence == self._tail:
            return [self._window(length, None, is_pause=True)]
        windows = []
        is_due = length % self._hop == 0 and length - self._live_first >= self._least
        unread = length - self._silence - self._live_end
        if self._silence < self._tail and is_due and unread > self._unread:
            self._live_end = length
            windows.append(self._window(length, None, first=self._live_start()))
        if self._silence == self._hush < self._tail:
            windows.append(self._hushed())
        return windows

    def _live_start(self) -> int:
        """Where a live window begins: after the last pause, at a frame of little speech if it would be long."""
        length = len(self._scores)
        if length - self._live_first <= self._live_most:
            return self._live_first
        earliest, latest = length - self._live_most, length - self._live_least
        return earliest + int(np.argmin(self._scores[earliest:latest]))

    def _close(self, reason: EndReason) -> list[SpeechWindow]:
        """End the utterance after its tail of silence; what follows may be the next one's pre-roll."""
        if not self._frames:
            return []
        keep = len(self._frames) - max(0, self._silence - self._tail)
        window = self._window(keep, reason)
        self._idle.extend(self._frames[keep:])
        self._begin_next([], [])
        return [window]

    def _cut(self) -> list[SpeechWindow]:
        """End a speech without pause at its least speech-like frame; the rest begins the next utterance."""
        search = min(_frames(_CUT_SEARCH_S), len(self._scores) // 2)
        first = len(self._scores) - search
        keep = first + int(np.argmin(self._scores[first:])) + 1
        window = self._window(keep, "max_length")
        start = self._start + keep * FRAME_SAMPLES
        silence = self._silence
        self._begin_next(self._frames[keep:], self._scores[keep:])
        if not self._frames:
            return [window]
        self._start = start
        self._silence = min(silence, len(self._frames))
        return [window]

    def _begin_next(self, frames: list[Pcm], scores: list[float]) -> None:
        self._next_utterance += 1
        self._frames = frames
        self._scores = scores
        self._silence = 0
        self._live_first = 0
        self._live_end = 0

    def _window(
        self, length: int, reason: EndReason | None, *, is_pause: bool = False, first: int = 0
    ) -> SpeechWindow:
        pcm = np.concatenate(self._frames[first:length])
        pcm.setflags(write=False)
        silence = max(0, self._silence - (len(self._frames) - length))
        return SpeechWindow(
            utterance_id=self._next_utterance,
            start_sample=self._start + first * FRAME_SAMPLES,
            pcm=pcm,
            speech_end_sample=self._start + (length - silence) * FRAME_SAMPLES,
            taken_sample=self._frame_start,
            is_pause=is_pause,
            end_reason=reason,
            voiced_samples=FRAME_SAMPLES * self._voiced(first, length),
            role=self._role,
        )

    def _hushed(self) -> SpeechWindow:
        """That nobody has spoken for a moment: nothing to read."""
        return SpeechWindow(
            utterance_id=self._next_utterance,
            start_sample=self._start,
            pcm=_NO_AUDIO,
            speech_end_sample=self._frame_start - self._silence * FRAME_SAMPLES,
            taken_sample=self._frame_start,
            is_hush=True,
            role=self._role,
        )

    def _voiced(self, first: int, length: int) -> int:
        return sum(score >= self._goes_on_from for score in self._scores[first:length])


def _frames(duration_s: float) -> int:
    return max(1, round(duration_s * SAMPLE_RATE_HZ / FRAME_SAMPLES))
