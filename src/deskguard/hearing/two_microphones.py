"""The microphones that the settings name, opened: one as it is, two joined into one stream of two channels.

Each microphone has a thread of its own, since each waits for its own device; what they deliver meets in one
bounded queue and is joined by `pair.pairing`. While one is lost the other goes on, and whoever is told the
state is told which is missing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from deskguard.errors import DeskguardError
from deskguard.hearing.microphone import CaptureState, Device, Microphone, SoundSystem, find_device
from deskguard.hearing.pair.pairing import Pairing, Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.settings import Settings
    from deskguard.values import AudioChunk

OnState = Callable[[CaptureState, tuple[str, ...]], None]
"""Is told the state of both, and codes of what is missing: "visitor-microphone-lost"."""

_SIDES: tuple[Side, Side] = (0, 1)
_WAITING = 400
"""Chunks of 50 ms of both: ten seconds, as in the driver's own queues; whoever finds it full waits, and that
one's driver counts what is lost."""
_LOOK_S = 0.2


def chosen_devices(settings: Settings) -> tuple[Device, ...]:
    """The one or two devices to listen to; raises DeskguardError when they are not there or do not fit the
    mode."""
    mode, microphone = settings.roles.mode, settings.microphone
    first = find_device(microphone.device)
    has_second = microphone.visitor_device != ""
    if has_second and mode == "stereo":
        raise DeskguardError(
            f'[roles] mode is "stereo", one device of two channels, and visitor_device names a second device '
            f"({microphone.visitor_device!r}).",
            'set mode to "auto" or "two-microphones", or visitor_device to "".',
            "two-devices-in-stereo",
        )
    if settings.has_two_devices:
        second = find_device(microphone.visitor_device)
        if second.index == first.index:
            raise DeskguardError(
                f"Both microphones are the same device: {first.index} {first.name}.",
                "name two devices of: deskguard devices; or leave visitor_device empty.",
                "same-microphone",
            )
        return first, second
    if mode in ("two-microphones", "stereo") and first.channels < 2:
        raise DeskguardError(
            f'[roles] mode is "{mode}", and microphone {first.index} {first.name!r} has one channel.',
            'name a second device with visitor_device, take one of two channels, or set mode to "auto".',
            "one-channel",
        )
    return (first,)


def open_source(
    settings: Settings, on_state: OnState, system: SoundSystem | None = None
) -> Microphone | TwoMicrophones:
    """What to listen to, not yet started; raises DeskguardError as `chosen_devices` does."""
    if len(chosen_devices(settings)) == 1:
        return Microphone(settings.microphone, lambda state: on_state(state, ()), system)
    return TwoMicrophones(settings, on_state, system or SoundSystem())


class TwoMicrophones:
    """Two microphones with clocks of their own as one source of two channels."""

    def __init__(self, settings: Settings, on_state: OnState, system: SoundSystem) -> None:
        """Raises DeskguardError when one of them is not there."""
        first = settings.microphone
        second = first.model_copy(update={"device": first.visitor_device})
        self._both = tuple(
            Microphone(one, partial(self._on_state, side), system)
            for side, one in zip(_SIDES, (first, second), strict=True)
        )
        self._names = settings.roles.channels.split(",")
        self._tell = on_state
        self._told: queue.Queue[tuple[Side, AudioChunk | BaseException | Literal["lost", "ended"]]]
        self._told = queue.Queue(_WAITING)
        self._states: list[CaptureState | None] = [None, None]
        self._state_lock = threading.Lock()
        self._is_stopped = threading.Event()

    def pause(self) -> None:
        """Close both devices; nothing is heard until `resume`."""
        for one in self._both:
            one.pause()

    def resume(self) -> None:
        for one in self._both:
            one.resume()

    def stop(self) -> None:
        """End the stream of chunks."""
        self._is_stopped.set()
        for one in self._both:
            one.stop()

    def chunks(self) -> Iterator[AudioChunk]:
        """Chunks of both until `stop`; raises DeskguardError if one cannot be opened to begin with."""
        threads = [
            threading.Thread(target=self._capture, args=(side,), name=f"microphone-{side}", daemon=True)
            for side in _SIDES
        ]
        for thread in threads:
            thread.start()
        pairing = Pairing()
        try:
            for side, what in self._messages():
                if isinstance(what, BaseException):
                    raise what
                yield from pairing.lose(side) if what == "lost" else pairing.feed(side, what)
            yield from pairing.finish()
        finally:
            self.stop()

    def _messages(self) -> Iterator[tuple[Side, AudioChunk | BaseException | Literal["lost"]]]:
        """What both tell, until both have ended; after `stop` a driver that hangs is not waited for."""
        running = len(self._both)
        while running:
            try:
                side, what = self._told.get(timeout=_LOOK_S)
            except queue.Empty:
                if self._is_stopped.is_set():
                    return
                continue
            if what == "ended":
                running -= 1
            else:
                yield side, what

    def _capture(self, side: Side) -> None:
        """The thread of one microphone: what fails in it ends both."""
        try:
            for chunk in self._both[side].chunks():
                self._put(side, chunk)
        except BaseException as error:
            self._put(side, error)
        finally:
            self._put(side, "ended")

    def _put(self, side: Side, what: AudioChunk | BaseException | Literal["lost", "ended"]) -> None:
        while True:
            try:
                return self._told.put((side, what), timeout=_LOOK_S)
            except queue.Full:
                if self._is_stopped.is_set():
                    # Nobody reads any more.
                    return None

    def _on_state(self, side: Side, state: CaptureState) -> None:
        if state == "microphone-lost":
            self._put(side, "lost")
        with self._state_lock:
            self._states[side] = state
            together, missing = self._together()
            if together is not None:
                self._tell(together, missing)

    def _together(self) -> tuple[CaptureState | None, tuple[str, ...]]:
        """The state of both; one that listens is enough, and then the other's loss is told by its code."""
        if all(one == "microphone-lost" for one in self._states):
            return "microphone-lost", ()
        if "listening" in self._states:
            lost = [
                name for name, one in zip(self._names, self._states, strict=True) if one == "microphone-lost"
            ]
            return "listening", tuple(f"{name}-microphone-lost" for name in lost)
        return ("paused" if "paused" in self._states else None), ()
