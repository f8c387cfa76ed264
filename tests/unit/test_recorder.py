"""Stretches of a source that goes on: what was said between them is not kept, what goes wrong is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from deskguard.desk.recorder import Recorder
from deskguard.errors import DeskguardError
from deskguard.values import AudioChunk
from hearing_values import chunk


class Endless:
    """A microphone whose samples count up; it may fail, lose samples, or lack one of two."""

    def __init__(self, *, fails: bool = False, lost: int = 0, missing: tuple[int, ...] = ()) -> None:
        self._stopped = threading.Event()
        self._fails = fails
        self._lost = lost
        self._missing = missing

    def chunks(self) -> Iterator[AudioChunk]:
        position = 0
        while not self._stopped.wait(0.001):
            if self._fails and position > 4000:
                raise DeskguardError("the microphone cannot be opened.", "close it.", "microphone-busy")
            pcm = np.arange(position, position + 800, dtype=np.float32)
            # Whoever is missing comes after a while, and goes again.
            missing = () if 4000 <= position < 8000 else self._missing
            yield replace(chunk(pcm, position, lost_before=self._lost), missing=missing)
            position += 800

    def stop(self) -> None:
        self._stopped.set()

    def pause(self) -> None:
        """Nobody pauses it."""

    def resume(self) -> None:
        """Nor resumes it."""


def test_a_stretch_is_whole_and_the_next_comes_later() -> None:
    left: list[float] = []
    with Recorder(Endless()) as recorder:
        first = recorder.take(0.5, left.append)
        second = recorder.take(0.3, left.append)
    assert first.shape == (1, 8000)
    assert second.shape == (1, 4800)
    for one in (first, second):
        assert np.array_equal(np.diff(one[0]), np.ones(one.shape[1] - 1))
    assert second[0, 0] > first[0, -1]
    assert left[0] == 0.5
    assert left.count(0.0) == 2


def test_a_source_that_fails_is_told() -> None:
    with Recorder(Endless(fails=True)) as recorder, pytest.raises(DeskguardError, match="cannot be opened"):
        recorder.take(5.0, lambda _: None)


def test_of_two_devices_that_begin_one_after_the_other_the_stretch_begins_with_both() -> None:
    with Recorder(Endless(missing=(1,))) as recorder:
        assert recorder.take(0.25, lambda _: None)[0, 0] == 4000


@pytest.mark.parametrize("source", [Endless(lost=4000), Endless(missing=(1,))])
def test_sound_that_is_lost_while_it_is_measured_is_told(source: Endless) -> None:
    with Recorder(source) as recorder, pytest.raises(DeskguardError) as failure:
        recorder.take(2.0, lambda _: None)
    assert failure.value.code == "microphone-lost"


def test_the_source_is_stopped_when_all_is_taken() -> None:
    source = Endless()
    with Recorder(source) as recorder:
        recorder.take(0.1, lambda _: None)
    assert source._stopped.is_set()
