"""Audio of two channels in, speech windows of two sides out, each with its role: staff and visitor.

Each side has its own voice activity and endpointing, on its own channel. A side is heard only while the levels
say that it speaks; elsewhere its channel is brought down to its noise, so what leaks over from the other side
is not read twice. Real overlap stays: then both are heard. The visitor's side gives final windows only: nothing
of the visitor's is ever raised, so there is nothing to hurry for.

Everything happens 3 frames (96 ms) behind the audio, because who speaks is the median around a frame.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Protocol

import numpy as np

from deskguard.hearing.endpoint import Endpointer
from deskguard.hearing.roles.layout import LayoutWatch
from deskguard.hearing.roles.levels import MEDIAN_FRAMES, Balance, Floor, FrameLevels, Levels
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import AudioChunk, Pcm, Role, SpeechWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deskguard.hearing.roles.layout import Plan
    from deskguard.settings import HearingSettings, RolesSettings

_AHEAD = MEDIAN_FRAMES // 2
_HELD_UNDECIDED = 32
"""1 s: what is kept back while the channels say nothing of what they are."""
_SPEECH_FROM = 0.35
"""Silero's probability from which a frame's levels tell something."""
_LEAST_EVIDENCE_DB = 1.5
"""The median difference of an utterance, below which its speaker is not known."""
_LEAST_ALONE = 6
"""Frames in which a side spoke alone that outweigh those of overlap."""
_ODDS_PER_DB = 1.0
"""Log odds of a role per dB of difference."""
_BESIDE_SHARE = 0.25
"""What a dB over the other's leakage is worth beside one over the middle."""
_MOST_SURE = 0.999
_SHORT_FRAMES = 8
"""0.26 s: less than that may be the end of what the other side said, fading into the noise."""
_NO_WORD_FRAMES = 4
"""0.13 s: no word is shorter."""
_FADING = 0.25
"""6 dB below the other side's voice beside it."""
_REMEMBERED = 1000
"""32 s: longer than any utterance."""


class Endpointing(Protocol):
    """What a run needs of whoever splits audio into utterances: `Endpointer`, or both sides together."""

    @property
    def speech_samples(self) -> int: ...
    @property
    def is_speech(self) -> bool: ...
    def feed(self, chunk: AudioChunk) -> list[SpeechWindow]: ...
    def finish(self) -> list[SpeechWindow]: ...


class VoiceActivity(Protocol):
    """Speech probability of one stream."""

    def probability(self, frame: Pcm) -> float: ...
    def probabilities(self, samples: Pcm) -> list[float]: ...
    def reset(self) -> None: ...


@dataclass(slots=True)
class _Frame:
    chunk: AudioChunk
    """512 samples of both channels, fewer at a break."""
    levels: FrameLevels
    scores: tuple[float, float]
    has_speech: bool


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Who spoke in a frame."""

    start_sample: int
    difference_db: float | None
    """None where nobody spoke clearly."""
    powers: tuple[float, float]
    holds: tuple[bool, bool]


class _Side:
    """One channel's endpointing; the probability of the frame being fed is set from outside."""

    def __init__(self, settings: HearingSettings, role: Role) -> None:
        self.role = role
        self.score = 0.0
        self.gain = 1.0
        self.endpointer = Endpointer(settings, lambda _: self.score, lambda: None)
        self._ids: dict[int, int] = {}

    def feed(self, frame: _Frame, channel: int, score: float, gain: float) -> list[SpeechWindow]:
        self.score = score
        pcm = frame.chunk.pcm[channel]
        if gain < 1 or self.gain < 1:
            # A ramp: a step would be a click.
            pcm = (pcm * np.linspace(self.gain, gain, pcm.size, dtype=np.float32)).astype(np.float32)
        self.gain = gain
        return self.endpointer.feed(replace(frame.chunk, pcm=pcm[None], role="unknown"))

    def is_open(self, window: SpeechWindow) -> bool:
        """Whether windows of this utterance have been given already."""
        return window.utterance_id in self._ids

    def numbered(self, window: SpeechWindow, fresh: Callable[[], int]) -> SpeechWindow:
        number = self._ids.setdefault(window.utterance_id, -1)
        if number < 0:
            number = self._ids[window.utterance_id] = fresh()
        if window.is_final:
            del self._ids[window.utterance_id]
        return replace(window, utterance_id=number)


class TwoSided:
    """Splits two channels into the utterances of two sides; what is no pair is heard as one microphone."""

    def __init__(
        self,
        hearing: HearingSettings,
        roles: RolesSettings,
        new_vad: Callable[[], VoiceActivity],
    ) -> None:
        names: list[Role] = ["staff", "visitor"] if roles.channels == "staff,visitor" else ["visitor", "staff"]
        self._sides = tuple(_Side(hearing, name) for name in names)
        self._vads = new_vad(), new_vad()
        self._is_asked = roles.mode == "auto"
        """Nobody said that these are two sides."""
        self._layout = LayoutWatch(is_told=not self._is_asked)
        self._levels = Levels()
        self._balance = Balance(roles.gain_difference_db)
        self._floor = Floor()
        self._ahead: deque[_Frame] = deque()
        self._behind: deque[float | None] = deque(maxlen=_AHEAD)
        self._evidence: deque[_Evidence] = deque(maxlen=_REMEMBERED)
        self._rest = np.zeros((2, 0), np.float32)
        self._start = 0
        self._has_begun = False
        self._is_break, self._lost = False, 0
        self._missing: tuple[int, ...] = ()
        self._were_two = not self._is_asked
        self._count = 0
        self.is_speech = False

    @property
    def speech_samples(self) -> int:
        """Samples of speech so far, of both sides."""
        return sum(one.endpointer.speech_samples for one in self._sides)

    @property
    def plan(self) -> Plan:
        """What the channels are taken for: microphones that hear all alike are one."""
        if self._missing:
            return "right" if 0 in self._missing else "left"
        plan = self._layout.plan
        return "alike" if plan == "both" and self._is_asked and self._balance.is_inseparable else plan

    @property
    def silent(self) -> Role | None:
        """Whose channel gives nothing although both did, or should: its microphone is muted or broken."""
        lone = {"left": 1, "right": 0}.get(self._layout.plan)
        return self._sides[lone].role if lone is not None and self._were_two and not self._missing else None

    @property
    def separation_db(self) -> float:
        """How far each voice lies from the middle between both; 0 until both were heard."""
        return self._balance.separation_db

    def feed(self, chunk: AudioChunk) -> list[SpeechWindow]:
        """The windows that end within `chunk`, less 96 ms, in order."""
        windows: list[SpeechWindow] = []
        is_gap = chunk.lost_before > 0 or chunk.is_break or chunk.missing != self._missing
        if is_gap or not self._has_begun:
            windows += self._flush() + self._broken_off(chunk)
            self._missing = chunk.missing
            self._start, self._has_begun = chunk.start_sample, True
            self._is_break, self._lost = chunk.is_break, chunk.lost_before
            for vad in self._vads:
                vad.reset()
        pair = chunk.pcm[:2] if chunk.pcm.shape[0] > 1 else np.repeat(chunk.pcm, 2, axis=0)
        clean = np.nan_to_num(pair, nan=0.0, posinf=1.0, neginf=-1.0)
        samples = np.concatenate([self._rest, clean], axis=1)
        whole = samples.shape[1] - samples.shape[1] % FRAME_SAMPLES
        for begin in range(0, whole, FRAME_SAMPLES):
            self._take(samples[:, begin : begin + FRAME_SAMPLES])
            windows += self._ready(_AHEAD if self.plan != "undecided" else _HELD_UNDECIDED)
        self._rest = samples[:, whole:].copy()
        return windows

    def finish(self) -> list[SpeechWindow]:
        """The windows of utterances that the end of the stream cuts off."""
        windows = self._flush()
        for channel in (0, 1):
            windows += self._told(channel, self._sides[channel].endpointer.finish())
        return sorted(windows, key=lambda one: one.start_sample)

    def _flush(self) -> list[SpeechWindow]:
        """All that is kept back, a partial frame too, as before a break."""
        if self._rest.shape[1]:
            rest, self._rest = self._rest, np.zeros((2, 0), np.float32)
            self._take(rest)
        return self._ready(0)

    def _broken_off(self, chunk: AudioChunk) -> list[SpeechWindow]:
        """What the break before `chunk` ends, at once and as what the channels were until then."""
        mark = replace(chunk, pcm=chunk.pcm[:1, :0], lost_before=0, is_break=True, role="unknown")
        windows: list[SpeechWindow] = []
        for channel, side in enumerate(self._sides):
            windows += self._told(channel, side.endpointer.feed(mark))
        return sorted(windows, key=lambda one: one.start_sample)

    def _take(self, pcm: Pcm) -> None:
        """Measure one frame and keep it until those after it are known."""
        missing = FRAME_SAMPLES - pcm.shape[1]
        padded = np.pad(pcm, ((0, 0), (0, missing))) if missing else pcm
        plan = self.plan if self._missing else self._layout.feed(padded)
        is_pair = plan in ("both", "undecided")
        scores = [0.0, 0.0]
        for channel in (0, 1) if is_pair else self._heard(plan):
            scores[channel] = self._vads[channel].probability(padded[channel])
        chunk = AudioChunk(start_sample=self._start, pcm=pcm, lost_before=self._lost, is_break=self._is_break)
        self._start += pcm.shape[1]
        self._is_break, self._lost = False, 0
        levels = self._levels.feed(padded, self._missing)
        has_speech = is_pair and max(scores) >= _SPEECH_FROM and levels.is_clear
        self._ahead.append(_Frame(chunk, levels, (scores[0], scores[1]), has_speech))

    def _ready(self, keep: int) -> list[SpeechWindow]:
        windows: list[SpeechWindow] = []
        while len(self._ahead) > keep:
            windows += self._listen()
        return windows

    def _listen(self) -> list[SpeechWindow]:
        """Hear the oldest frame that is kept back."""
        difference = self._median()
        frame = self._ahead.popleft()
        own = frame.levels.difference_db if frame.has_speech else None
        self._behind.append(own)
        plan = self.plan
        self._were_two = self._were_two or plan == "both"
        if self._layout.plan == "both" and own is not None and difference is not None:
            self._balance.learn(difference)
        holds = self._floor.feed(
            None if difference is None else difference - self._balance.middle_db, self._balance.separation_db
        )
        known = difference if own is not None else None
        self._evidence.append(_Evidence(frame.chunk.start_sample, known, frame.levels.powers, holds))
        windows: list[SpeechWindow] = []
        heard = self._heard(plan)
        for channel in (0, 1):
            self._sides[channel].endpointer.is_shared = plan != "both"
            is_held = channel in heard and (plan != "both" or holds[channel])
            gain = 1.0 if is_held or plan != "both" else frame.levels.share_of_floor(channel)
            score = frame.scores[channel] if is_held else 0.0
            windows += self._told(channel, self._sides[channel].feed(frame, channel, score, gain))
        self.is_speech = any(one.endpointer.is_speech for one in self._sides)
        return windows

    def _median(self) -> float | None:
        """The median difference around the oldest frame kept back, of frames with speech."""
        near = [*self._behind]
        for frame in list(self._ahead)[: _AHEAD + 1]:
            near.append(frame.levels.difference_db if frame.has_speech else None)
        known = [one for one in near if one is not None]
        return median(known) if known else None

    @staticmethod
    def _heard(plan: Plan) -> tuple[int, ...]:
        """The channels that are listened to."""
        return {"both": (0, 1), "right": (1,)}.get(plan, (0,))

    def _told(self, channel: int, windows: list[SpeechWindow]) -> Iterator[SpeechWindow]:
        """The windows that a run gets to see, with numbers and roles."""
        side = self._sides[channel]
        for window in windows:
            if window.is_hush and not side.is_open(window):
                continue
            if self.plan != "both":
                yield side.numbered(window, self._fresh)
                continue
            if not side.is_open(window):
                is_late_enough = window.is_final or side.role == "staff"
                if not is_late_enough or self._is_remnant(channel, window):
                    continue
            role, confidence = self._role(channel, window)
            marked = replace(window, role=role, role_confidence=confidence)
            yield side.numbered(marked, self._fresh)

    def _is_remnant(self, channel: int, window: SpeechWindow) -> bool:
        """Whether a window holds no more than how the other side's words faded."""
        inside = [one for one in self._within(window) if one.difference_db is not None]
        own = [one for one in inside if one.holds[channel]]
        others = [one.powers[1 - channel] for one in inside if not one.holds[channel]]
        if len(own) >= _SHORT_FRAMES or not others:
            return False
        if len(own) < _NO_WORD_FRAMES:
            return len(own) < len(others)
        is_faded = max(one.powers[channel] for one in own) < _FADING * max(others)
        return is_faded or median(self._towards(channel, one) for one in own) < 0

    def _towards(self, channel: int, evidence: _Evidence) -> float:
        """How much nearer to the microphone of `channel` than to the middle, dB."""
        difference = (evidence.difference_db or 0.0) - self._balance.middle_db
        return difference if channel == 0 else -difference

    def _within(self, window: SpeechWindow) -> Iterator[_Evidence]:
        start, end = window.start_sample, window.speech_end_sample
        return (one for one in self._evidence if start <= one.start_sample < end)

    def _fresh(self) -> int:
        self._count += 1
        return self._count - 1

    def _role(self, channel: int, window: SpeechWindow) -> tuple[Role, float]:
        """Whose an utterance is by the levels of its speech, and how sure that is."""
        inside = [
            (self._towards(channel, one), one.holds)
            for one in self._within(window)
            if one.difference_db is not None and one.holds[channel]
        ]
        alone = [value for value, holds in inside if not all(holds)]
        beside = [value for value, holds in inside if all(holds)]
        if len(alone) >= _LEAST_ALONE or not beside:
            towards = median(alone) if alone else 0.0
        else:
            # Wholly beside the other's words: what counts is how far it stands above their leakage.
            towards = _BESIDE_SHARE * (median(beside) + self._balance.separation_db)
        sure = min(_MOST_SURE, 1 / (1 + float(np.exp(-_ODDS_PER_DB * towards))))
        if towards < _LEAST_EVIDENCE_DB:
            return "unknown", round(min(sure, 0.5), 3)
        return self._sides[channel].role, round(sure, 3)
