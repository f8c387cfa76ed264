"""Frames of audio in, speech probabilities out: Silero VAD v6, one frame at a time.

The network is the ONNX file that comes with faster-whisper. Its own wrapper restarts the recurrent state on
every call, so it cannot follow a stream; this one carries the state from frame to frame.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from deskguard.errors import DeskguardError
from deskguard.hearing.onnx import network
from deskguard.values import Pcm

FRAME_SAMPLES = 512
"""Silero v6 accepts no other window at 16 kHz (32 ms)."""
_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (1, 1, 128)


class SileroVad:
    """Speech probability of consecutive frames of one stream."""

    def __init__(self) -> None:
        self._network = _network()
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far, as after a gap."""
        self._h = np.zeros(_STATE_SHAPE, np.float32)
        self._c = np.zeros(_STATE_SHAPE, np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)

    def probability(self, frame: Pcm) -> float:
        """Probability, 0-1, that `frame`, (512,) float32, holds speech."""
        # NaN from a broken driver or file would poison the recurrent state for good.
        clean = np.nan_to_num(frame, nan=0.0, posinf=1.0, neginf=-1.0)
        batch = np.concatenate([self._context, clean])[None]
        out, self._h, self._c = self._network.run(None, {"input": batch, "h": self._h, "c": self._c})
        self._context = clean[-_CONTEXT_SAMPLES:]
        return float(out.reshape(-1)[0])

    def probabilities(self, samples: Pcm) -> list[float]:
        """The same of consecutive frames, (512 n,), to the last bit: the network takes frames of one stream as
        a batch, for half of the time (1 s at once, bench/README.md)."""
        if not samples.size:
            return []
        clean = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0).reshape(-1, FRAME_SAMPLES)
        before = np.concatenate([self._context[None], clean[:-1, -_CONTEXT_SAMPLES:]])
        batch = np.concatenate([before, clean], axis=1)
        out, self._h, self._c = self._network.run(None, {"input": batch, "h": self._h, "c": self._c})
        self._context = clean[-1, -_CONTEXT_SAMPLES:]
        return [float(one) for one in out.reshape(-1)]


@lru_cache(maxsize=1)
def _network() -> Any:
    """Loaded once: a stream's state lies outside of it, so any number of streams may share it."""
    return network(_path())


def _path() -> Path:
    from importlib.util import find_spec

    spec = find_spec("faster_whisper")
    path = Path(spec.origin).parent / "assets" / "silero_vad_v6.onnx" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise DeskguardError(
            "The Silero VAD network silero_vad_v6.onnx is not in the installed faster-whisper package.",
            "install faster-whisper 1.2.1 or newer.",
            "vad-missing",
        )
    return path
