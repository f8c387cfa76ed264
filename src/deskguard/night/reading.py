"""Final windows of a recording in, what the mind makes of them out: read in batches, understood in order.

By day a window is read when it is there. At night the next hundred are there as well, and those of one length
are read together. The mind takes them one by one and second by second, as it does by day. Where the model has
several lanes, the next hundred are read while the mind works on these; what comes out is the same.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskguard.desk.alerts import Moment
from deskguard.night.hanging import forward
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deskguard.desk.mind import Mind, Outcome
    from deskguard.hearing.recognise import Recogniser
    from deskguard.night.spending import Stopwatch
    from deskguard.values import SpeechWindow

_MOST_WINDOWS = 96
_MOST_SAMPLES = 300 * SAMPLE_RATE_HZ
"""Audio read ahead at most: with what the encoder says of it some 50 MB."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Windows that are being read."""

    windows: list[SpeechWindow]
    read: Future[None] | None
    """None: they will be read when they are wanted."""


class Reading:
    """One recording; holds the windows that have not been read yet. To be closed."""

    def __init__(
        self,
        recogniser: Recogniser,
        mind: Mind,
        beam_below: float,
        watch: Stopwatch,
        check: Callable[[list[SpeechWindow]], None],
    ) -> None:
        """`check` sees each batch once it has been read and may refuse the recording by an error."""
        self._recogniser = recogniser
        self._mind = mind
        self._beam_below = beam_below
        self._watch = watch
        self._check = check
        self._reader = ThreadPoolExecutor(1) if recogniser.lanes > 1 else None
        self._under_way: _Batch | None = None
        self._waiting: list[SpeechWindow] = []
        self._samples = 0
        self._time = 0
        """Whole seconds that the mind knows to have passed."""

    def feed(self, windows: Iterable[SpeechWindow]) -> Iterator[Outcome]:
        """Take windows in the order in which they end; those that are not final are left out."""
        for window in windows:
            if window.is_final:
                self._waiting.append(window)
                self._samples += window.pcm.size
        if len(self._waiting) >= _MOST_WINDOWS or self._samples >= _MOST_SAMPLES:
            yield from self._read()

    def finish(self, heard_sample: int) -> Iterator[Outcome]:
        """The recording is over, at `heard_sample`."""
        yield from self._read()
        yield from self._read()
        yield from self._pass(heard_sample)
        yield from self._mind.finish(lambda: _at(heard_sample))

    def close(self) -> None:
        """Nothing more is wanted; what was read for nothing is forgotten."""
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)
        self._recogniser.forget_ahead()

    def _read(self) -> Iterator[Outcome]:
        """Begin with what waits, and understand what was begun before."""
        before, self._under_way = self._under_way, None
        windows, self._waiting, self._samples = self._waiting, [], 0
        if windows and self._reader is None:
            yield from self._understand(_Batch(windows, None))
        elif windows and self._reader is not None:
            read = self._reader.submit(self._recogniser.read_ahead, windows, self._beam_below)
            self._under_way = _Batch(windows, read)
        if before is not None:
            yield from self._understand(before)

    def _understand(self, batch: _Batch) -> Iterator[Outcome]:
        with self._watch.stage("recognise"):
            if batch.read is None:
                self._recogniser.read_ahead(batch.windows, self._beam_below)
            else:
                batch.read.result()
        self._check(batch.windows)
        for window in batch.windows:
            forward()
            yield from self._pass(window.taken_sample)
            with self._watch.stage("understand"):
                outcomes = list(self._mind.feed(window, lambda at=window.taken_sample: _at(at)))  # type: ignore[misc]
            yield from outcomes

    def _pass(self, until_sample: int) -> Iterator[Outcome]:
        """Let the seconds go by until there, as they do while a desk listens."""
        with self._watch.stage("understand"):
            outcomes: list[Outcome] = []
            while (self._time + 1) * SAMPLE_RATE_HZ < until_sample:
                self._time += 1
                outcomes += self._mind.tick(self._time * SAMPLE_RATE_HZ)
        yield from outcomes


def _at(sample: int) -> Moment:
    return Moment(sample, int(sample * 1_000_000_000 / SAMPLE_RATE_HZ))
