"""A block of samples and one more or less in, the block at its size out, changed where nobody hears it."""

from __future__ import annotations

import numpy as np

from deskguard.values import Pcm


def slipped(pcm: Pcm, step: int) -> Pcm:
    """With `step` 1 without one sample, with -1 with one twice, with 0 as it is.

    It happens where neighbours differ least: in a pause if there is one, else at a crest or between two
    samples that are all but equal.
    """
    if step == 0:
        return pcm
    place = int(np.argmin(np.abs(pcm[2:] - pcm[:-2]))) + 1 if step > 0 else int(np.argmin(np.abs(np.diff(pcm))))
    joined = [pcm[:place], pcm[place + 1 :]] if step > 0 else [pcm[: place + 1], pcm[place:]]
    return np.concatenate(joined)
