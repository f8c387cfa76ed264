"""Voice activity: a stream is the same however many of its frames come at once."""

from __future__ import annotations

import numpy as np

from deskguard.hearing.vad import FRAME_SAMPLES, SileroVad

FRAMES = 60


def test_frames_at_once_are_scored_as_one_by_one_to_the_last_bit() -> None:
    chance = np.random.default_rng(3)
    loudness = np.repeat(chance.uniform(0, 0.3, FRAMES), FRAME_SAMPLES)
    pcm = (chance.standard_normal(FRAMES * FRAME_SAMPLES) * loudness).astype(np.float32)
    pcm[100], pcm[5000] = np.nan, np.inf
    alone, together = SileroVad(), SileroVad()
    one_by_one = [alone.probability(frame) for frame in pcm.reshape(-1, FRAME_SAMPLES)]
    at_once: list[float] = []
    begin = 0
    for frames in (1, 0, 31, 2, 26):
        end = begin + frames * FRAME_SAMPLES
        at_once += together.probabilities(pcm[begin:end])
        begin = end
    assert at_once == one_by_one
    assert len(set(one_by_one)) == FRAMES


def test_streams_that_share_the_network_share_nothing_else() -> None:
    pcm = np.random.default_rng(4).standard_normal(10 * FRAME_SAMPLES).astype(np.float32) * np.float32(0.1)
    first = SileroVad()
    fresh = first.probabilities(pcm)
    first.probabilities(pcm)
    assert SileroVad().probabilities(pcm) == fresh
