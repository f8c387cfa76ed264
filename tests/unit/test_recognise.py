"""What the recogniser does around the model: lengths of windows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deskguard.hearing.recognise import _on_grid
from deskguard.values import SAMPLE_RATE_HZ

_MOST_S = 26
"""The longest utterance the settings allow, and its tail."""


@given(st.integers(1, _MOST_S * SAMPLE_RATE_HZ))
def test_a_window_is_filled_up_by_little_and_never_cut(samples: int) -> None:
    filled = _on_grid(samples)
    assert samples <= filled <= samples + max(0.32 * SAMPLE_RATE_HZ, 0.2 * samples)
    assert filled % 320 == 0  # whole pairs of mel frames
    assert _on_grid(filled) == filled


def test_there_are_few_lengths_because_compiled_code_is_kept_for_each() -> None:
    usual = {_on_grid(samples) for samples in range(SAMPLE_RATE_HZ, 13 * SAMPLE_RATE_HZ, 100)}
    assert len(usual) <= 24
