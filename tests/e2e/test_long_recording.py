"""A recording of a whole day: read to the last sample, in memory that does not depend on its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from deskguard.desk.usage import rss_mb
from deskguard.hearing.media import read_recording
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from pathlib import Path

HOURS = 10


@pytest.mark.slow
def test_ten_hours_are_read_whole_without_being_held_in_memory(tmp_path: Path) -> None:
    minute = np.zeros(60 * SAMPLE_RATE_HZ, np.float32)
    with soundfile.SoundFile(tmp_path / "day.flac", "w", SAMPLE_RATE_HZ, 1) as file:
        for _ in range(HOURS * 60):
            file.write(minute)
    chunks = read_recording(tmp_path / "day.flac")
    next(chunks)
    before_mb = rss_mb()
    end = 0
    for chunk in chunks:
        end = chunk.end_sample
    assert end == HOURS * 3600 * SAMPLE_RATE_HZ
    # Ten hours are 2,300 MB as float32.
    assert rss_mb() - before_mb < 60
