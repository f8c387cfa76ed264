"""A microphone as an endless stream of 16 kHz chunks; the only module that imports sounddevice.

The audio callback only copies the block, notes its time and the driver's overflow mark, and puts it in a
bounded queue. A microphone that stops delivering is taken for gone: it is looked for again, by name, until it
is back, and the gap is a number of lost samples in the first chunk after it. While paused the device is closed.

PortAudio finds devices only when it starts, and starts anew only while none is open. So of two microphones the
one that is lost is opened again as it was listed; when that fails for long, the other lets go for a moment.
"""

from __future__ import annotations

import queue
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deskguard.errors import DeskguardError
from deskguard.hearing.media import Resampler
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deskguard.settings import MicrophoneSettings

CaptureState = Literal["listening", "paused", "microphone-lost"]

_BLOCK_S = 0.05
_QUEUE_BLOCKS = 200
"""Ten seconds of blocks: the reader only resamples them, so this fills when the machine is frozen."""
_RETRY_S, _RETRY_LATER_S, _SOON_S = 0.5, 3.0, 60.0
"""How often a lost microphone is looked for, in the first minute and later: each time the drivers write lines
of their own to the log."""
_SLOW_START = 3
"""How many times longer a device that was just opened may keep silent. On a busy machine its first block took
more than a second, and closing and opening it for that lost three more (8 busy processes on 2 cores,
PulseAudio, 2026-11-21)."""
_LOOK_S = 0.2
"""How often a pause or a stop is looked for while no block comes."""
_ASK_AFTER_S, _ASK_AT_MOST_EVERY_S = 10.0, 600.0
"""When a lost microphone asks the other to let go, so that devices are listed anew: after so long, then after
twice as long each time. It costs the other some 0.3 s of sound."""
_MAX_CHANNELS = 2
"""Channels beyond the first two carry nothing a desk uses."""


@dataclass(frozen=True, slots=True)
class Device:
    """An input device as the system lists it."""

    index: int
    name: str
    channels: int
    rate_hz: float
    is_default: bool


@dataclass(frozen=True, slots=True)
class _Block:
    pcm: Pcm
    """(samples, channels) as the driver delivers it."""
    captured_ns: int
    has_overflowed: bool


def list_devices() -> list[Device]:
    """All input devices."""
    sd = _sounddevice()
    default = sd.default.device[0]
    return [
        Device(index, one["name"], one["max_input_channels"], one["default_samplerate"], index == default)
        for index, one in enumerate(sd.query_devices())
        if one["max_input_channels"] > 0
    ]


def find_device(wanted: str | int) -> Device:
    """The device of that index or (part of a) name, the default for ""; raises DeskguardError with a list."""
    devices = list_devices()
    if not devices:
        raise DeskguardError(
            "No microphone: the system lists no input device.",
            "plug one in or enable it in the system's sound settings, then run: deskguard devices",
            "no-microphone",
        )
    if wanted == "":
        return next((one for one in devices if one.is_default), devices[0])
    if isinstance(wanted, int):
        found = [one for one in devices if one.index == wanted]
    else:
        found = [one for one in devices if one.name == wanted]
        found = found or [one for one in devices if wanted.lower() in one.name.lower()]
    if len(found) == 1:
        return found[0]
    listing = "; ".join(f"{one.index} {one.name}" for one in (found or devices))
    problem = "fits several devices" if found else "is not an input device"
    raise DeskguardError(
        f"Microphone {wanted!r} {problem}: {listing}.",
        "give the index or the whole name of one of these.",
        "no-such-microphone",
    )


def record(settings: MicrophoneSettings, duration_s: float) -> Pcm:
    """`duration_s` of the first channel at 16 kHz, for `doctor`."""
    sd = _sounddevice()
    device = find_device(settings.device)
    rate_hz = int(device.rate_hz)
    try:
        block = sd.rec(int(duration_s * rate_hz), rate_hz, 1, "float32", device=device.index, blocking=True)
    except sd.PortAudioError as error:
        raise _busy(device, error) from None
    resampler = Resampler(rate_hz, 1)
    pcm: Pcm = np.concatenate([resampler.feed(block.T), resampler.finish(1)], axis=1)[0]
    return pcm


class SoundSystem:
    """PortAudio as the microphones of one desk share it; safe to use from the thread of each."""

    def __init__(self, ask_after_s: float = _ASK_AFTER_S) -> None:
        """`ask_after_s`: how long a lost microphone is looked for before the other is first asked to let go."""
        self.ask_after_s = ask_after_s
        self._lock = threading.Lock()
        self._open = 0
        self.is_release_asked = False
        """Whoever has a device open should close it and open it again."""

    def open(self, device: Device, callback: Callable[[Pcm, int, Any, Any], None]) -> Any:
        """A running stream of up to two channels; raises DeskguardError when the device is not to be had."""
        sd = _sounddevice()
        with self._turn():
            self._open += 1
            try:
                stream = sd.InputStream(
                    samplerate=device.rate_hz,
                    blocksize=int(device.rate_hz * _BLOCK_S),
                    device=device.index,
                    channels=min(device.channels, _MAX_CHANNELS),
                    dtype="float32",
                    callback=callback,
                )
                stream.start()
            except sd.PortAudioError as error:
                self._open -= 1
                raise _busy(device, error) from None
        return stream

    def close(self, stream: Any) -> None:
        """Close a stream whose device may be gone; a driver that hangs is left behind in its thread."""
        closing = threading.Thread(target=self._abort, args=(stream,), name="close-microphone", daemon=True)
        closing.start()
        closing.join(timeout=1.0)
        self._open -= 1

    def list_again(self) -> None:
        """Make PortAudio look for devices again; not while one is open, for that would end it."""
        with self._turn():
            if self._open == 0:
                self.is_release_asked = False
                sd = _sounddevice()
                sd._terminate()
                sd._initialize()

    def ask_for_release(self) -> None:
        """Let whoever has a device open close it, so that devices can be listed again."""
        self.is_release_asked = self._open > 0

    def _abort(self, stream: Any) -> None:
        sd = _sounddevice()
        with self._turn():
            try:
                stream.abort(ignore_errors=True)
                stream.close(ignore_errors=True)
            except sd.PortAudioError:
                return

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """PortAudio's lists bear one caller at a time; but nobody waits for a driver that hangs."""
        has_turn = self._lock.acquire(timeout=1.0)
        try:
            yield
        finally:
            if has_turn:
                self._lock.release()


class Microphone:
    """The configured microphone, kept open for as long as there is one."""

    def __init__(
        self,
        settings: MicrophoneSettings,
        on_state: Callable[[CaptureState], None],
        system: SoundSystem | None = None,
    ) -> None:
        """`system` is shared by the microphones of one desk."""
        self._settings = settings
        self._on_state = on_state
        self._system = system or SoundSystem()
        self._lost_since_s, self._ask_at_s, self._ask_after_s = 0.0, 0.0, self._system.ask_after_s
        self._blocks: queue.Queue[_Block] = queue.Queue(_QUEUE_BLOCKS)
        self._dropped = 0
        self._is_paused = threading.Event()
        self._is_stopped = threading.Event()
        self._position = 0
        self._gap_since_ns: int | None = None
        self._is_gap_asked_for = False
        self._state: CaptureState | None = None
        self.device: Device = find_device(settings.device)

    def pause(self) -> None:
        """Close the device; nothing is heard until `resume`."""
        self._is_paused.set()

    def resume(self) -> None:
        self._is_paused.clear()

    def stop(self) -> None:
        """End the stream of chunks."""
        self._is_stopped.set()

    def chunks(self) -> Iterator[AudioChunk]:
        """Chunks until `stop`; raises DeskguardError if the microphone cannot be opened to begin with."""
        stream: Any = self._open()
        while not self._is_stopped.is_set():
            if stream is not None:
                yield from self._heard(stream)
                self._system.close(stream)
            if self._is_paused.is_set():
                yield from self._paused()
            elif not (self._is_stopped.is_set() or self._system.is_release_asked):
                self._tell("microphone-lost")
            stream = self._reopened()

    def _heard(self, stream: Any) -> Iterator[AudioChunk]:
        """Chunks of one opened stream, until it goes silent or is paused or stopped."""
        rate_hz = int(stream.samplerate)
        resampler = Resampler(rate_hz, int(stream.channels))
        last_ns = time.monotonic_ns()
        patience_s = _SLOW_START * self._settings.lost_after_s
        while (block := self._next_block(patience_s)) is not None:
            patience_s = self._settings.lost_after_s
            self._tell("listening")
            pcm: Pcm = resampler.feed(np.ascontiguousarray(block.pcm.T))
            if self._gap_since_ns is not None:
                yield self._after_gap(pcm, block.captured_ns, self._gap_since_ns)
            else:
                lost = self._take_dropped(rate_hz, block)
                self._position += lost
                yield self._chunk(pcm, block.captured_ns, lost)
            self._gap_since_ns = None
            last_ns = block.captured_ns
        # A stream that was opened and gave nothing belongs to the gap.
        self._gap_since_ns = self._gap_since_ns or last_ns

    def _next_block(self, patience_s: float) -> _Block | None:
        """The next block; None when none came in time, or when the device is to be closed."""
        until = time.monotonic() + patience_s
        while not (self._is_stopped.is_set() or self._is_paused.is_set() or self._system.is_release_asked):
            try:
                return self._blocks.get(timeout=min(_LOOK_S, max(0.0, until - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= until:
                    return None
        return None

    def _paused(self) -> Iterator[AudioChunk]:
        """Say at once that the stream breaks here, then wait."""
        self._is_gap_asked_for = True
        yield self._chunk(np.zeros((1, 0), np.float32), time.monotonic_ns(), 0, is_break=True)
        self._tell("paused")
        while self._is_paused.is_set() and not self._is_stopped.wait(0.1):
            pass

    def _after_gap(self, pcm: Pcm, captured_ns: int, since_ns: int) -> AudioChunk:
        """The first chunk after the device was away: time went on, and what was said meanwhile is lost."""
        gap = max(0, (captured_ns - since_ns) * SAMPLE_RATE_HZ // 1_000_000_000 - pcm.shape[1])
        self._position += gap
        was_asked_for, self._is_gap_asked_for = self._is_gap_asked_for, False
        return self._chunk(pcm, captured_ns, 0 if was_asked_for else gap, is_break=was_asked_for)

    def _chunk(self, pcm: Pcm, captured_ns: int, lost: int, *, is_break: bool = False) -> AudioChunk:
        own = np.ascontiguousarray(pcm, dtype=np.float32)
        own.setflags(write=False)
        chunk = AudioChunk(
            start_sample=self._position,
            pcm=own,
            lost_before=lost,
            captured_ns=captured_ns,
            is_break=is_break,
        )
        self._position = chunk.end_sample
        return chunk

    def _take_dropped(self, rate_hz: int, block: _Block) -> int:
        """Samples at 16 kHz lost before `block`; the driver does not say how many, so at least a block."""
        dropped, self._dropped = self._dropped, 0
        if block.has_overflowed:
            dropped += block.pcm.shape[0]
        return dropped * SAMPLE_RATE_HZ // rate_hz

    def _reopened(self) -> Any:
        """A stream on the same microphone, or None after a wait when it is not there."""
        if self._is_stopped.is_set():
            return None
        try:
            self._system.list_again()
            self.device = find_device(self._wanted())
            stream = self._open()
        except DeskguardError:
            self._tell("microphone-lost")
            self._is_stopped.wait(self._patience_s())
            return None
        self._lost_since_s, self._ask_after_s = 0.0, self._system.ask_after_s
        return stream

    def _patience_s(self) -> float:
        """How long to wait before the next look; now and then the other microphone is asked to let go first."""
        now_s = time.monotonic()
        if not self._lost_since_s:
            self._lost_since_s, self._ask_at_s = now_s, now_s + self._ask_after_s
        if now_s >= self._ask_at_s:
            self._system.ask_for_release()
            self._ask_after_s = min(2 * self._ask_after_s, _ASK_AT_MOST_EVERY_S)
            self._ask_at_s = now_s + self._ask_after_s
        return _RETRY_S if now_s - self._lost_since_s < _SOON_S else _RETRY_LATER_S

    def _wanted(self) -> str | int:
        """What to look for: indexes change when devices come and go, so the name found at first."""
        return self.device.name if isinstance(self._settings.device, int) else self._settings.device

    def _open(self) -> Any:
        self._blocks = queue.Queue(_QUEUE_BLOCKS)
        return self._system.open(self.device, self._callback)

    def _callback(self, indata: Pcm, frames: int, _time: Any, status: Any) -> None:
        block = _Block(indata.copy(), time.monotonic_ns(), bool(status.input_overflow))
        try:
            self._blocks.put_nowait(block)
        except queue.Full:
            self._dropped += frames

    def _tell(self, state: CaptureState) -> None:
        if state != self._state:
            self._state = state
            self._on_state(state)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise DeskguardError(
            "The package sounddevice is not installed.",
            'install the desk extra: pip install "deskguard[desk]"',
            "no-sounddevice",
        ) from None
    except OSError:
        raise DeskguardError(
            "PortAudio, the system's sound library, is missing.",
            "install it (Debian: apt-get install libportaudio2).",
            "no-portaudio",
        ) from None
    return sounddevice


def _busy(device: Device, error: Exception) -> DeskguardError:
    reason = str(error).split("[")[0].strip()
    return DeskguardError(
        f"Microphone {device.index} {device.name!r} cannot be opened: {reason}.",
        "close the program that uses it, or choose another one from: deskguard devices",
        "microphone-busy",
    )
