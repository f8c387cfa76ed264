"""Chunks in, speech windows out, by what the source has: one channel, or two that may be two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.hearing.endpoint import Endpointer
from deskguard.hearing.roles.sides import TwoSided

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskguard.hearing.roles.sides import VoiceActivity
    from deskguard.settings import HearingSettings, RolesSettings
    from deskguard.values import AudioChunk, SpeechWindow


class ByChannels:
    """Endpointing that is chosen by the first chunk: whoever makes it need not know the source yet."""

    def __init__(
        self, hearing: HearingSettings, roles: RolesSettings, new_vad: Callable[[], VoiceActivity]
    ) -> None:
        self._hearing = hearing
        self._roles = roles
        self._new_vad = new_vad
        self._chosen: Endpointer | TwoSided | None = None

    @property
    def speech_samples(self) -> int:
        """Samples of speech so far."""
        return 0 if self._chosen is None else self._chosen.speech_samples

    @property
    def is_speech(self) -> bool:
        """Whether the newest frame held speech."""
        return self._chosen is not None and self._chosen.is_speech

    @property
    def layout(self) -> str:
        """What the channels are taken for: `two-sides`, `one-microphone`, or the one channel that is alive."""
        plan = self._chosen.plan if isinstance(self._chosen, TwoSided) else "alike"
        names = {"both": "two-sides", "left": "left-only", "right": "right-only"}
        return names.get(plan, "one-microphone")

    @property
    def are_alike(self) -> bool:
        """Whether two channels hear the same, as one microphone does."""
        return isinstance(self._chosen, TwoSided) and self._chosen.plan == "alike"

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what is wrong with the channels: "staff-microphone-silent", "visitor-microphone-silent"."""
        silent = self._chosen.silent if isinstance(self._chosen, TwoSided) else None
        return () if silent is None else (f"{silent}-microphone-silent",)

    def feed(self, chunk: AudioChunk) -> list[SpeechWindow]:
        """The windows that end within `chunk`, in order."""
        if self._chosen is None:
            self._chosen = self._choose(int(chunk.pcm.shape[0]))
        return self._chosen.feed(chunk)

    def finish(self) -> list[SpeechWindow]:
        """The windows of utterances that the end of the stream cuts off."""
        return [] if self._chosen is None else self._chosen.finish()

    def _choose(self, channels: int) -> Endpointer | TwoSided:
        if channels > 1 and self._roles.mode not in ("one-microphone", "none"):
            return TwoSided(self._hearing, self._roles, self._new_vad)
        vad = self._new_vad()
        endpointer = Endpointer(self._hearing, vad.probability, vad.reset, vad.probabilities)
        endpointer.is_shared = self._roles.mode != "none"
        return endpointer
