"""Recordings of a desk's three situations in, what they say of its microphones and its clerk out.

A quiet room, the clerk reading, somebody reading at the visitor's place. A recording that says nothing is
`UnfitError`; what was measured and is not good is for `advising`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from deskguard.desk import compose
from deskguard.hearing import calibration as sound
from deskguard.hearing.loudness import measure
from deskguard.hearing.media import CHUNK_SAMPLES
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk
from deskguard.visits.manner_book import load_manner
from deskguard.visits.manner_normal import Habit, Normal
from deskguard.visits.manner_turn import turn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from deskguard.hearing.recognise import Recogniser
    from deskguard.hearing.roles.sides import VoiceActivity
    from deskguard.settings import Settings
    from deskguard.values import Pcm, SpeechWindow

LEAST_SPEECH_S = 3.0
"""Of somebody who reads for 20 s some 15 are speech; below this a level is chance."""
MOST_CLIPPED_RATIO = 0.01
"""Beyond it levels are those of the limit, not of the voice."""


class UnfitError(Exception):
    """Why nothing can be measured: a code, and what belongs into its text."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What was recorded, (channels, samples) each."""

    room: Pcm
    clerk: Pcm
    visitor: Pcm | None = None
    """None with one microphone: what stands nearer cannot be told."""

    @property
    def channels(self) -> int:
        return int(self.room.shape[0])

    def of(self, channel: int) -> list[Pcm]:
        return [one[channel] for one in (self.room, self.clerk, self.visitor) if one is not None]

    def only(self, channel: int) -> Parts:
        """The same heard by one microphone."""
        return Parts(room=self.room[channel : channel + 1], clerk=self.clerk[channel : channel + 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the recordings say."""

    rooms: tuple[sound.RoomSound, ...]
    """Of each microphone."""
    voices: tuple[sound.VoiceSound, ...]
    """Of each microphone: who reads on its own side. With one microphone the clerk alone."""
    between: sound.Between | None
    """None with one microphone."""
    are_alike: bool
    """Two channels of one microphone."""
    clerks: int
    """Which microphone is the clerk's."""
    normal_lufs: float | None
    normal_syllables_per_s: float | None
    """None where nothing that was read has a pace."""


def measure_parts(
    parts: Parts, settings: Settings, recogniser: Recogniser, new_vad: Callable[[], VoiceActivity]
) -> Measured:
    """All of it; raises UnfitError for recordings that say nothing."""
    _check_sound(parts, settings.roles.channels.split(","))
    are_alike = parts.visitor is not None and sound.channel_plan(np.concatenate(_all(parts), axis=1)) == "alike"
    if are_alike or parts.visitor is None:
        parts = parts.only(0)
    clerk_speech = _speech(parts.clerk, new_vad)
    _check_speech(clerk_speech, "staff")
    between, clerks = None, 0
    visitor_speech = clerk_speech
    if parts.visitor is not None:
        visitor_speech = _speech(parts.visitor, new_vad)
        _check_speech(visitor_speech, "visitor")
        between = _between(parts, clerk_speech, visitor_speech)
        # With one microphone it is the first that is listened to.
        clerks = 0 if between.is_first_the_clerks or not between.is_separable else 1
    rooms = tuple(sound.room_sound(one) for one in parts.room)
    voices = tuple(
        sound.voice_sound(parts.clerk[channel], clerk_speech, rooms[channel])
        if channel == clerks or parts.visitor is None
        else sound.voice_sound(parts.visitor[channel], visitor_speech, rooms[channel])
        for channel in range(parts.channels)
    )
    _check_clipping(voices, clerks)
    normal = _normal(parts.clerk[clerks], settings, recogniser)
    return Measured(
        rooms=rooms,
        voices=voices,
        between=between,
        are_alike=are_alike,
        clerks=clerks,
        normal_lufs=normal.loudness_lufs,
        normal_syllables_per_s=normal.syllables_per_s,
    )


def _all(parts: Parts) -> list[Pcm]:
    return [one for one in (parts.room, parts.clerk, parts.visitor) if one is not None]


def _check_sound(parts: Parts, names: list[str]) -> None:
    silent = [
        channel for channel in range(parts.channels) if all(sound.is_silent(one) for one in parts.of(channel))
    ]
    if len(silent) == parts.channels:
        raise UnfitError("silence")
    if silent:
        raise UnfitError("dead-channel", side=names[silent[0]], channel=silent[0] + 1)


def _speech(pcm: Pcm, new_vad: Callable[[], VoiceActivity]) -> npt.NDArray[np.bool_]:
    """Frames in which any microphone hears speech."""
    heard = np.stack([sound.speech_frames(one, new_vad().probability) for one in pcm])
    return np.asarray(heard.any(axis=0))


def _check_speech(has_speech: npt.NDArray[np.bool_], side: str) -> None:
    heard_s = float(has_speech.sum()) * FRAME_SAMPLES / SAMPLE_RATE_HZ
    if heard_s < LEAST_SPEECH_S:
        raise UnfitError("no-speech", side=side, heard=f"{heard_s:.1f}", needed=f"{LEAST_SPEECH_S:.0f}")


def _between(
    parts: Parts, clerk_speech: npt.NDArray[np.bool_], visitor_speech: npt.NDArray[np.bool_]
) -> sound.Between:
    assert parts.visitor is not None  # noqa: S101 - the caller has looked
    quiet = np.zeros(parts.room.shape[1], dtype=bool)
    clerk = sound.level_difference_db([(parts.room, quiet), (parts.clerk, clerk_speech)])
    visitor = sound.level_difference_db([(parts.room, quiet), (parts.visitor, visitor_speech)])
    if clerk is None or visitor is None:
        raise UnfitError("hidden", side="staff" if clerk is None else "visitor")
    return sound.Between(clerk_db=clerk, visitor_db=visitor)


def _check_clipping(voices: tuple[sound.VoiceSound, ...], clerks: int) -> None:
    worst = max(range(len(voices)), key=lambda one: voices[one].clipped_ratio)
    ratio = voices[worst].clipped_ratio
    if ratio > MOST_CLIPPED_RATIO:
        raise UnfitError("clipped", side="staff" if worst == clerks else "visitor", ratio=f"{ratio:.0%}")


def _normal(pcm: Pcm, settings: Settings, recogniser: Recogniser) -> Normal:
    """Loudness and pace of ordinary reading, by the very measures that manner is judged with."""
    words = load_manner(())
    habit = Habit(Normal(), least=1)
    for window in _finals(pcm, settings):
        turn = turn_of(replace(recogniser.decode(window), sound=measure(window)), words)
        if turn is not None:
            habit.learn(turn)
    return Normal(loudness_lufs=habit.loudness_lufs, syllables_per_s=habit.syllables_per_s)


def _finals(pcm: Pcm, settings: Settings) -> Iterator[SpeechWindow]:
    endpointer = compose.new_plain_endpointer(settings)
    for at in range(0, pcm.size, CHUNK_SAMPLES):
        for window in endpointer.feed(AudioChunk(start_sample=at, pcm=pcm[None, at : at + CHUNK_SAMPLES])):
            if window.is_final:
                yield window
    yield from endpointer.finish()
