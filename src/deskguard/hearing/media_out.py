"""Sound out: short pieces of a recording as Ogg Opus, which every browser plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from pathlib import Path

    from deskguard.values import Pcm

BIT_RATE = 24_000
"""Bits a second: speech that one can follow word by word, 3 kB a second."""
_FRAME_SAMPLES = 320
"""20 ms, as Opus has them."""


def write_opus(path: Path, pcm: Pcm) -> None:
    """Write (samples,) at 16 kHz as one Ogg Opus file; equal sound gives equal bytes with the same FFmpeg.

    Raises OSError for a path that cannot be written.
    """
    import av

    # Without bitexact the stream has a serial number by chance, and FFmpeg's version in its tags.
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        # Half of the search that Opus can make: 68 ms for 8 s of speech, not 93, and as many bytes.
        options = {"application": "voip", "compression_level": "5"}
        stream = container.add_stream("libopus", rate=SAMPLE_RATE_HZ, options=options)
        stream.layout = "mono"
        stream.bit_rate = BIT_RATE
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
        whole = np.clip(pcm, -1, 1).astype(np.float32)
        for start in range(0, max(len(whole), 1), _FRAME_SAMPLES):
            part = whole[start : start + _FRAME_SAMPLES]
            if part.size < _FRAME_SAMPLES:
                part = np.pad(part, (0, _FRAME_SAMPLES - part.size))
            frame = av.AudioFrame.from_ndarray(part[None], format="flt", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
