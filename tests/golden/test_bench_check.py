"""Accuracy on the recordings of the repository is no worse than before: what `make bench-check` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench.check import fixed_clips, load_baseline, measured, regressions

from deskguard.settings import Settings
from reading import read, untimed

if TYPE_CHECKING:
    from deskguard.hearing.recognise import Recogniser
    from deskguard.rules.pack import RuleSet


@pytest.mark.model
def test_accuracy_is_no_worse_than_the_baseline(recogniser: Recogniser, standards: RuleSet) -> None:
    replayer = untimed(Settings(), standards, recogniser)
    now = measured(lambda clip: read(replayer, clip), fixed_clips())
    assert regressions(now, load_baseline()) == []
