"""Recordings and raw streams in, 16 kHz audio chunks out; the only module that imports PyAV.

PyAV carries FFmpeg, so every usual container and codec is read the same way, and the same resampler serves
files and microphones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from deskguard.errors import DeskguardError
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_SAMPLES = 800
"""50 ms: what a source delivers at a time. No hit depends on it."""
_MAX_CHANNELS = 64
_WAV_PROBE_BYTES = "4096"


class Resampler:
    """(channels, samples) blocks at any rate to (channels, samples) blocks at 16 kHz."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        import av

        self._av = av
        self._rate_hz = rate_hz
        # One mono filter a channel: FFmpeg has no names for some counts of channels.
        self._filters: list[Any] = []
        if rate_hz != SAMPLE_RATE_HZ:
            self._filters = [
                av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE_HZ) for _ in range(channels)
            ]

    def feed(self, block: Pcm) -> Pcm:
        """What is ready at 16 kHz; the filter holds back a few milliseconds."""
        if not self._filters:
            return block
        return np.stack([self._one(one, row) for one, row in zip(self._filters, block, strict=True)])

    def finish(self, channels: int) -> Pcm:
        """What the filter held back."""
        if not self._filters:
            return np.zeros((channels, 0), np.float32)
        return np.stack([_joined(one.resample(None)) for one in self._filters])

    def _one(self, one: Any, row: Pcm) -> Pcm:
        frame = self._av.AudioFrame.from_ndarray(np.ascontiguousarray(row[None]), format="fltp", layout="mono")
        frame.sample_rate = self._rate_hz
        return _joined(one.resample(frame))


def read_recording(path: Path, chunk_samples: int = CHUNK_SAMPLES) -> Iterator[AudioChunk]:
    """The chunks of a recording, all channels kept; raises DeskguardError for a file that is not sound.

    A file that breaks off is read as far as it goes; the error comes after the last good chunk.
    """
    import av

    try:
        container = av.open(str(path), metadata_errors="ignore", options=_looks_at(path))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise _not_sound(path, error) from None
    count = 0
    with container:
        if not container.streams.audio:
            raise DeskguardError(
                f"Recording {path} has no sound track ({container.format.name} file).",
                "give a wav, flac, mp3, m4a, ogg, opus or amr recording.",
                "not-audio",
            )
        for chunk in _chunks(_decoded(container, path), chunk_samples):
            count += chunk.pcm.shape[1]
            yield chunk
    if not count:
        raise DeskguardError(f"Recording {path} holds no sound (0 s).", "record it again.", "empty-audio")
    if _is_cut_wav(path):
        raise _breaks_off(path, "the file is shorter than its header says")


def _looks_at(path: Path) -> dict[str, str]:
    """How much libav reads before it says what a file is.

    Of a WAV its header says all; without this libav looks for other codecs in the samples, which takes
    longer than decoding a sentence.
    """
    return {"probesize": _WAV_PROBE_BYTES} if path.suffix.lower() in {".wav", ".wave"} else {}


def read_raw(stream: BinaryIO) -> Iterator[AudioChunk]:
    """The chunks of raw 16 kHz 16-bit little-endian mono from a pipe."""
    position, odd = 0, b""
    while block := stream.read(CHUNK_SAMPLES * 2):
        block = odd + block
        whole = len(block) // 2 * 2
        odd = block[whole:]
        pcm = (np.frombuffer(block[:whole], "<i2").astype(np.float32) / np.float32(32768))[None]
        if pcm.size:
            pcm.setflags(write=False)
            yield AudioChunk(start_sample=position, pcm=pcm)
            position += pcm.shape[1]


def _decoded(container: Any, path: Path) -> Iterator[Pcm]:
    import av

    resampler: Resampler | None = None
    shape: tuple[int, int] | None = None
    try:
        for frame in container.decode(container.streams.audio[0]):
            channels, rate_hz = len(frame.layout.channels), frame.sample_rate
            if not 1 <= channels <= _MAX_CHANNELS or rate_hz < 1000:
                raise DeskguardError(
                    f"Recording {path} has {channels} channels at {rate_hz} Hz.",
                    f"give 1 to {_MAX_CHANNELS} channels at 8000 Hz or more.",
                    "bad-format",
                )
            if resampler is None or shape != (channels, rate_hz):
                resampler, shape = Resampler(rate_hz, channels), (channels, rate_hz)
            yield resampler.feed(_as_float(frame, channels))
    except (av.FFmpegError, ValueError, OSError) as error:
        if resampler is None:
            raise _not_sound(path, error) from None
        raise _breaks_off(path, getattr(error, "strerror", None) or str(error)) from None
    if resampler is not None and shape is not None:
        yield resampler.finish(shape[0])


def _chunks(blocks: Iterator[Pcm], samples: int) -> Iterator[AudioChunk]:
    """Blocks of any size as chunks of `samples`; a change of channel count keeps the first count."""
    position, channels = 0, 0
    waiting: list[Pcm] = []
    held = 0
    failure: DeskguardError | None = None
    try:
        for block in blocks:
            channels = channels or block.shape[0]
            fitted = _with_channels(block, channels)
            waiting.append(fitted)
            held += fitted.shape[1]
            if held < samples:
                continue
            rest = np.concatenate(waiting, axis=1)
            while rest.shape[1] >= samples:
                yield _chunk(position, rest[:, :samples])
                position += samples
                rest = rest[:, samples:]
            waiting, held = [rest], rest.shape[1]
    except DeskguardError as error:
        failure = error
    if held:
        yield _chunk(position, np.concatenate(waiting, axis=1))
    if failure is not None:
        raise failure


def _chunk(position: int, pcm: Pcm) -> AudioChunk:
    own = np.ascontiguousarray(pcm, dtype=np.float32)
    own.setflags(write=False)
    return AudioChunk(start_sample=position, pcm=own)


def _with_channels(block: Pcm, channels: int) -> Pcm:
    if block.shape[0] >= channels:
        return block[:channels]
    return np.concatenate([block, np.repeat(block[:1], channels - block.shape[0], axis=0)])


def _as_float(frame: Any, channels: int) -> Pcm:
    """A decoded frame as float32 (channels, samples) in [-1, 1]."""
    if frame.format.is_planar and channels >= 8:
        # PyAV 18 crashes on eight planes and more; interleaved samples are safe.
        import av

        frame = av.AudioResampler(format="flt").resample(frame)[0]
    raw = frame.to_ndarray()
    rows = raw if frame.format.is_planar else raw.reshape(-1, channels).T
    pcm: Pcm = rows.astype(np.float32)
    if rows.dtype.kind == "u":
        pcm = (pcm - np.float32(128)) / np.float32(128)
    elif rows.dtype.kind == "i":
        pcm = pcm / np.float32(-float(np.iinfo(rows.dtype).min))
    return pcm


def _joined(frames: list[Any]) -> Pcm:
    rows = [frame.to_ndarray()[0] for frame in frames]
    return np.concatenate(rows) if rows else np.zeros(0, np.float32)


def _is_cut_wav(path: Path) -> bool:
    """Whether a WAV file is shorter than its header says; FFmpeg reads such a file without a word.

    A header of 0 or 0xFFFFFFFF is a stream's: its writer did not know the length.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8 or head[:4] != b"RIFF":
        return False
    declared = int.from_bytes(head[4:8], "little")
    return 0 < declared < 0xFFFFFFFF and declared + 8 > path.stat().st_size


def _breaks_off(path: Path, reason: str) -> DeskguardError:
    return DeskguardError(
        f"Recording {path} breaks off: {reason}.",
        "copy it again; what came before the break was read.",
        "truncated",
    )


def _not_sound(path: Path, error: Exception) -> DeskguardError:
    if not path.exists():
        return DeskguardError(f"Recording {path} does not exist.", "check the path.", "file-missing")
    if path.is_dir():
        return DeskguardError(f"Recording {path} is a folder.", "give a file.", "not-audio")
    if path.stat().st_size == 0:
        return DeskguardError(f"Recording {path} is empty (0 bytes).", "record it again.", "empty-audio")
    reason = getattr(error, "strerror", None) or str(error)
    return DeskguardError(
        f"Recording {path} cannot be read as sound: {reason}.",
        "give a wav, flac, mp3, m4a, ogg, opus or amr recording.",
        "not-audio",
    )
