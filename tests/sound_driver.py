"""A sound driver made by hand, in PortAudio's place: devices that a test plugs in, and a script for each
opening."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

BLOCK_S = 0.05


@dataclass
class Status:
    input_overflow: bool = False


class PortAudioError(Exception):
    pass


def device(name: str, channels: int = 1, rate_hz: float = 48_000.0) -> dict[str, Any]:
    return {"name": name, "max_input_channels": channels, "default_samplerate": rate_hz}


class Driver:
    """What PortAudio offers of itself, with devices that a test plugs in and a script for each opening."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.plugged: list[dict[str, Any]] = [device("Speakers", 0), device("USB microphone", 2)]
        self._listed = list(self.plugged)
        self.default = type("Default", (), {"device": [1, 0]})()
        self.is_busy = False
        self.openings: list[Callable[[Stream], None]] = []
        """What happens as soon as the device is opened, the first time, the second time and so on."""
        self.openings_of: dict[int, list[Callable[[Stream], None]]] = {}
        """The same for the device of an index, where a test has several."""
        self.starts = 0
        """How often PortAudio was started anew."""
        self.opened: list[Stream] = []
        self.on_nothing_left: Callable[[], None] = lambda: None

    def query_devices(self) -> list[dict[str, Any]]:
        return self._listed

    def _terminate(self) -> None:
        assert all(one.is_closed for one in self.opened), "an open stream would have ended"
        self._listed = []
        self.starts += 1

    def _initialize(self) -> None:
        self.list_again()

    def list_again(self) -> None:
        self._listed = list(self.plugged)

    def InputStream(self, **options: Any) -> Stream:  # noqa: N802 - PortAudio's own name
        if self.is_busy:
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        openings = self.openings_of.get(options["device"], self.openings)
        if not openings:
            self.on_nothing_left()
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        self.opened.append(Stream(openings.pop(0), options))
        return self.opened[-1]

    def rec(self, frames: int, _rate_hz: int, channels: int, dtype: str, **options: Any) -> Any:
        if self.is_busy:
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        assert options["blocking"]
        return np.full((frames, channels), 0.25, dtype)


class Stream:
    """An opened device, which delivers what its script says."""

    def __init__(self, script: Callable[[Stream], None], options: dict[str, Any]) -> None:
        self.samplerate = options["samplerate"]
        self.channels = options["channels"]
        self.blocksize = options["blocksize"]
        self.device = options["device"]
        self._callback = options["callback"]
        self._script = script
        self.is_closed = False

    def start(self) -> None:
        self._script(self)

    def abort(self, ignore_errors: bool) -> None:
        assert ignore_errors

    def close(self, ignore_errors: bool) -> None:
        assert ignore_errors
        self.is_closed = True

    def speak(self, blocks: int = 1, level: float = 0.1, *, overflow: bool = False) -> None:
        """Blocks through the callback, which must copy them."""
        for _ in range(blocks):
            block = np.full((self.blocksize, self.channels), level, np.float32)
            self._callback(block, self.blocksize, None, Status(overflow))
            block[:] = 9.0


def speaking(blocks: int, level: float = 0.1) -> Callable[[Stream], None]:
    return lambda stream: stream.speak(blocks, level)
