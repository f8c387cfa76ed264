"""Speech in, a vector of the voice out: the encoder of Resemblyzer 0.1.4 (GE2E), run as ONNX without torch.

The front end is the package's own: 25 ms frames every 10 ms, 40 Slaney mel bands of the power spectrum, no
logarithm; windows of 1.6 s, 1.3 a second, whose vectors are averaged. The vector tells voices apart within one
visit; it says nothing about who somebody is and lives in memory only.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deskguard.errors import DeskguardError
from deskguard.hearing.onnx import network
from deskguard.hearing.roles.timbre import timbre
from deskguard.values import SAMPLE_RATE_HZ, Pcm

Vector = npt.NDArray[np.float32]

DIMENSIONS = 256
NETWORK_FILE = "ge2e.onnx"
BANDS_FILE = "melfb.npy"
SHA256 = {
    NETWORK_FILE: "a8b4d4f112ac1e8ccf9454a37f6d62aa239d1fc3680fd065c08b501d223ff464",
    BANDS_FILE: "71e5009d706135dcd003b2da183c36ec54ef7e098cf5cf238fa405f5216bcf8e",
}
_FRAME_SAMPLES = 400
_HOP_SAMPLES = 160
_WINDOW_FRAMES = 160
"""1.6 s, what the encoder was trained on."""
_STEP_FRAMES = round(SAMPLE_RATE_HZ / 1.3 / _HOP_SAMPLES)
_LEAST_COVERAGE = 0.75
"""A last window that is filled less is left out, unless it is the only one."""
_LEAST_DBFS = -30.0
"""Speech below this is raised to it; louder speech stays as it is."""


_MOST_SAMPLES = 6 * SAMPLE_RATE_HZ
TIMBRE_WEIGHT = np.float32(0.08)
"""A scatter of the timbre within a voice, beside a vector of length 1."""
_EDGE_SAMPLES = 320
_EDGE_DB = 25.0
"""What lies so far below the loudest 20 ms is no speech."""


class Embedder:
    """The voice encoder, loaded once: about 11 ms of one thread for a second of speech."""

    def __init__(self, folder: Path) -> None:
        """Load the two files of `folder`; raises DeskguardError when one is missing or damaged."""
        self._bands = np.load(io.BytesIO(_checked(folder / BANDS_FILE).read_bytes()), allow_pickle=False)
        self._network = network(_checked(folder / NETWORK_FILE))
        self._hann = periodic_hann(_FRAME_SAMPLES)

    def embed(self, pcm: Pcm) -> Vector:
        """The voice in `pcm`, (samples,) float32 at 16 kHz, as a unit vector (256,); zeros for silence."""
        clean = np.nan_to_num(pcm, nan=0.0, posinf=1.0, neginf=-1.0)
        raised = _raised(clean)
        if raised is None:
            return np.zeros(DIMENSIONS, np.float32)
        starts = window_starts(clean.size)
        needed = (starts[-1] + _WINDOW_FRAMES) * _HOP_SAMPLES
        bands = self.mel(np.pad(raised, (0, max(0, needed - clean.size))))
        batch = np.stack([bands[start : start + _WINDOW_FRAMES] for start in starts])
        (vectors,) = self._network.run(None, {"mel": batch})
        return unit(vectors.mean(axis=0))

    def voice(self, pcm: Pcm) -> Vector:
        """Vector and timbre of the speech in `pcm` side by side, as `onemic` compares voices.

        At most the first 6 s are used: more of it makes no voice clearer.
        """
        speech = spoken(pcm)[:_MOST_SAMPLES]
        return np.concatenate([self.embed(speech), TIMBRE_WEIGHT * timbre(speech)]).astype(np.float32)

    def mel(self, pcm: Pcm) -> npt.NDArray[np.float32]:
        """Mel bands of the power spectrum, (frames, 40): frame i is centred on sample 160 i."""
        padded = np.pad(pcm, _FRAME_SAMPLES // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME_SAMPLES)[::_HOP_SAMPLES]
        power = np.abs(np.fft.rfft(frames * self._hann)) ** 2
        return np.asarray(power @ self._bands.T, np.float32)


def spoken(pcm: Pcm) -> Pcm:
    """`pcm` without the silence before and after the speech, as far as there is any below it."""
    count = pcm.size // _EDGE_SAMPLES
    if count == 0:
        return pcm
    frames = np.nan_to_num(pcm[: count * _EDGE_SAMPLES]).reshape(count, _EDGE_SAMPLES)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    heard = np.flatnonzero(power > np.percentile(power, 95) * 10 ** (-_EDGE_DB / 10))
    if heard.size == 0:
        return pcm
    return pcm[heard[0] * _EDGE_SAMPLES : (heard[-1] + 1) * _EDGE_SAMPLES]


def periodic_hann(samples: int) -> npt.NDArray[np.float64]:
    """The Hann window whose next sample would be its first again, as spectra want it."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples))


def unit(vector: npt.NDArray[np.float32]) -> Vector:
    """The vector at length 1; one of length 0 stays."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 0 else vector, np.float32)


def window_starts(samples: int) -> list[int]:
    """The first frame of each window over `samples` of audio; the last one may reach beyond it."""
    frames = -(-(samples + 1) // _HOP_SAMPLES)
    steps = max(1, frames - _WINDOW_FRAMES + _STEP_FRAMES + 1)
    starts = list(range(0, steps, _STEP_FRAMES))
    covered = (samples - starts[-1] * _HOP_SAMPLES) / (_WINDOW_FRAMES * _HOP_SAMPLES)
    return starts[:-1] if covered < _LEAST_COVERAGE and len(starts) > 1 else starts


def _raised(pcm: Pcm) -> Pcm | None:
    """Quiet speech at the least level the encoder knows; None where there is nothing to raise."""
    power = float(np.mean(np.square(pcm, dtype=np.float64))) if pcm.size else 0.0
    if power <= 0:
        return None
    short_db = _LEAST_DBFS - 10 * np.log10(power)
    return pcm * np.float32(10 ** (short_db / 20)) if short_db > 0 else pcm


def _checked(path: Path) -> Path:
    """The path of a file whose every byte is as expected."""
    if not path.is_file():
        raise DeskguardError(
            f"The voice encoder's file {path.name} is not in {path.parent}.",
            'install deskguard again, or set mode = "two-microphones" or "stereo" in [roles].',
            "voice-model-missing",
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256[path.name]:
        raise DeskguardError(
            f"The voice encoder's file {path} has sha256 {found}, expected {SHA256[path.name]}.",
            "the file is damaged: install deskguard again.",
            "voice-model-damaged",
        )
    return path
