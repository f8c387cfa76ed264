"""What holds of loudness for any audio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskguard.hearing.loudness import BLOCK_SAMPLES, HOP_SAMPLES, momentary_lufs, sustained_lufs
from deskguard.values import Pcm
from hearing_values import noise, silence


@st.composite
def audio(draw: st.DrawFn) -> Pcm:
    """Stretches of noise at levels from silence to full scale, 0.1-4 s."""
    stretches = draw(st.lists(st.tuples(st.floats(-90, -10), st.integers(1, 8)), min_size=1, max_size=5))
    seed = draw(st.integers(0, 9))
    return np.concatenate([noise(0.1 * tenths, 10 ** (level / 20), seed) for level, tenths in stretches])


@given(audio(), st.floats(-30, 10))
def test_gain_moves_what_lies_above_the_gate_by_as_much(pcm: Pcm, gain_db: float) -> None:
    quiet = momentary_lufs(pcm)
    moved = momentary_lufs(pcm * np.float32(10 ** (gain_db / 20)))
    heard = quiet > -100
    assert moved[heard] == pytest.approx(quiet[heard] + gain_db, abs=0.01)


@given(audio(), st.integers(0, 20_000))
def test_what_comes_later_does_not_change_a_block(pcm: Pcm, more: int) -> None:
    whole = momentary_lufs(np.concatenate([pcm, silence(more / 16_000), noise(0.5, 0.01)]))
    part = momentary_lufs(pcm)
    # The weighting has no delay of its own, so a block feels its neighbour over a few milliseconds.
    sure = part[: max(0, (pcm.size - BLOCK_SAMPLES - HOP_SAMPLES) // HOP_SAMPLES + 1)]
    heard = sure > -60
    assert whole[: sure.size][heard] == pytest.approx(sure[heard], abs=0.05)


@given(audio())
def test_the_held_level_lies_among_the_blocks(pcm: Pcm) -> None:
    blocks = momentary_lufs(pcm)
    held = sustained_lufs(pcm)
    if held is None:
        assert not (blocks > -70).any()
    else:
        assert blocks[blocks > -70].min() - 1e-6 <= held <= blocks.max() + 1e-6
