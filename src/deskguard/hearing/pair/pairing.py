"""Two streams of chunks in, one stream of two channels out, kept in step.

The first microphone's samples are the axis of time. The second's are laid beside them: at first by the capture
clocks, soon by what both hear (`offset`); drift is made good sample by sample (`slip`), a larger step at once.
Where a microphone is missing the other goes on, with silence beside it; the stream breaks where one goes or
comes back, and every chunk says which are missing. What both lack is a gap like any other, and a pause is one
pause.

All is decided on a grid of 512 samples, so it does not matter how the audio was cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from deskguard.hearing.pair.offset import Offset
from deskguard.hearing.pair.shared import BLOCK_SAMPLES, HALF_STRETCH, SharedSound
from deskguard.hearing.pair.slip import slipped
from deskguard.hearing.pair.track import NS_PER_SAMPLE, Track
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm

if TYPE_CHECKING:
    from collections.abc import Iterator

Side = Literal[0, 1]

_FARTHEST_AHEAD = 12 * SAMPLE_RATE_HZ
"""How far one may get ahead before the other is taken for missing: more than a driver's queue holds, so a
computer that froze loses nothing here. Who is told to have gone is not waited for at all."""
_KEPT = SAMPLE_RATE_HZ
"""What stays to be read again: more than the farthest step back."""
_STEP = 256
"""16 ms: from here on the offset is put right at once."""


@dataclass(slots=True)
class _Microphone:
    track: Track = field(default_factory=Track)
    state: Literal["awaited", "here", "missing"] = "awaited"
    """`awaited`: it has not begun, or is paused."""
    shift: int = 0
    """What to add to a place of the output to get the microphone's own."""
    is_laid: bool = False
    """Whether its shift has been found: it has begun."""

    @property
    def end(self) -> int:
        """How far it reaches, in places of the output."""
        return self.track.end - self.shift


class Pairing:
    """Joins two microphones; takes what each delivers, in any order of arrival."""

    def __init__(self) -> None:
        self._both = (_Microphone(), _Microphone())
        self._shared = SharedSound()
        self._offset: Offset | None = None
        self._clocks: tuple[int | None, ...] = (None, None)
        self._place = 0
        self._is_running = False
        self._lost = 0
        self._missing: tuple[int, ...] | None = None
        """As the newest chunk said; None before the first."""
        self._is_break = False

    @property
    def offset_samples(self) -> int:
        """What is added now to a place of the first microphone to get the second's."""
        first, second = self._both
        return second.shift - first.shift

    def feed(self, side: Side, chunk: AudioChunk) -> list[AudioChunk]:
        """What is complete with this chunk of one microphone."""
        one = self._both[side]
        if chunk.is_break and chunk.pcm.shape[1] == 0:
            one.state = "awaited" if one.state == "here" else one.state
            return self._paused(chunk.captured_ns)
        is_gap = one.state != "here" or chunk.start_sample != one.track.end
        one.state = "here"
        one.track.feed(chunk)
        if self._is_running:
            self._lay()
        if is_gap and self._offset is not None:
            newest = tuple(each.track.newest_delay_ns for each in self._both)
            self._offset.restart(max(self._place, chunk.start_sample - one.shift), self._by_clocks(newest))
        self._read_clocks()
        return self._drain()

    def lose(self, side: Side) -> list[AudioChunk]:
        """That microphone has gone: the other does not wait for it any more."""
        self._both[side].state = "missing"
        return self._drain()

    def finish(self) -> list[AudioChunk]:
        """What is left, as far as either reaches."""
        for one in self._both:
            one.state = "missing" if one.state == "awaited" else one.state
        out = self._drain()
        return out + self._until(max((one.end for one in self._here), default=self._place))

    @property
    def _here(self) -> list[_Microphone]:
        return [one for one in self._both if one.state == "here"]

    @property
    def _laid(self) -> list[_Microphone]:
        return [one for one in self._both if one.is_laid]

    def _drain(self) -> list[AudioChunk]:
        self._give_up()
        if not self._here or not (self._is_running or self._begin()):
            return []
        out: list[AudioChunk] = []
        while self._reach() - self._place >= BLOCK_SAMPLES:
            out += self._until(self._place + BLOCK_SAMPLES)
        return out

    def _reach(self) -> int:
        """How far all are known who are waited for; a sample less, for the one that a slip may leave out."""
        self._catch_up()
        reach = min(one.end for one in self._both if one.state != "missing") - 1
        # What all lack is passed over at once.
        self._skip_gap(self._place + max(0, reach - self._place) // BLOCK_SAMPLES * BLOCK_SAMPLES)
        return reach

    def _catch_up(self) -> None:
        """Take a step that is too far for slips at once, before anybody asks how far the second reaches."""
        step = self._wanted_step()
        if abs(step) >= _STEP:
            self._both[1].shift += step
            self._shared.forget()

    def _give_up(self) -> None:
        """Whom the other can wait for no longer is missing."""
        farthest = max((one.end for one in self._here), default=0)
        is_late = any(one.track.end - one.track.start > _FARTHEST_AHEAD for one in self._here)
        for one in self._both:
            is_behind = farthest - one.end > _FARTHEST_AHEAD
            if is_behind if self._is_running else (is_late and one.state == "awaited"):
                one.state = "missing"

    def _begin(self) -> bool:
        """Go on from where the first of them begins, once all are here who are not missing."""
        if any(one.state == "awaited" for one in self._both):
            return False
        self._lay()
        start = min(one.track.start - one.shift for one in self._here)
        if self._missing is None:
            # The output begins with whatever was first.
            for one in self._laid:
                one.shift += start
            start = 0
        self._place = max(self._place, start)
        self._is_running = True
        if self._offset is not None and self._missing is None:
            self._offset = Offset(self._place, self._both[1].shift)
        return True

    def _lay(self) -> None:
        """Find the shift of whoever has begun and has none: by the capture clocks."""
        for one, other in (self._both, self._both[::-1]):
            if one.is_laid or one.track.first is None:
                continue
            start, start_ns = one.track.first
            one.shift, one.is_laid = start, True
            if other.is_laid and other.track.first is not None:
                place, place_ns = other.track.first
                later_ns = start_ns - place_ns if start_ns and place_ns else 0
                one.shift -= place - other.shift + round(later_ns / NS_PER_SAMPLE)
                self._offset = Offset(self._place, self._both[1].shift)

    def _read_clocks(self) -> None:
        clocks = tuple(one.track.delay_ns for one in self._both)
        if clocks != self._clocks and self._offset is not None:
            self._clocks = clocks
            by_clocks = self._by_clocks(clocks)
            if by_clocks is not None:
                self._offset.read_clocks(self._place, by_clocks)

    def _by_clocks(self, delays_ns: tuple[int | None, ...]) -> float | None:
        """The second's shift by how far each one's capture times run behind its samples."""
        first_ns, second_ns = delays_ns
        if first_ns is None or second_ns is None:
            return None
        return self._both[0].shift + (first_ns - second_ns) / NS_PER_SAMPLE

    def _paused(self, captured_ns: int) -> list[AudioChunk]:
        """The end of a stretch and a break, once nobody delivers any more."""
        if self._here or not self._is_running:
            return []
        out = self._until(min((one.end for one in self._both if one.state == "awaited"), default=0))
        self._is_running, self._is_break = False, True
        for one in self._both:
            one.track.forget()
        self._shared.forget()
        missing = self._missing or ()
        silence = np.zeros((2, 0), np.float32)
        return [*out, self._chunk(self._place, silence, missing, captured_ns)]

    def _until(self, place: int) -> list[AudioChunk]:
        out: list[AudioChunk] = []
        while self._place < place:
            out += self._block(min(BLOCK_SAMPLES, place - self._place))
            self._skip_gap(place)
        return out

    def _skip_gap(self, place: int) -> None:
        """Pass over whole blocks that neither heard: a gap may be hours long."""
        nearest = place
        for one in self._laid:
            sample = one.track.next_sample(self._place + one.shift)
            nearest = nearest if sample is None else min(nearest, sample - one.shift)
        blocks = (nearest - self._place) // BLOCK_SAMPLES
        if blocks > 0:
            self._lost += blocks * BLOCK_SAMPLES
            self._place += blocks * BLOCK_SAMPLES
            self._shared.forget()

    def _block(self, size: int) -> list[AudioChunk]:
        """The next samples of both, in pieces of which each lacks the same microphones throughout."""
        begin = self._place
        step = max(-1, min(1, self._wanted_step())) if size == BLOCK_SAMPLES else 0
        first, second = self._both
        holes = [list(self._holes(one, size)) for one in self._both]
        pcm = np.stack([self._read(first, size), slipped(self._read(second, size + step), step)])
        second.shift += step
        self._place += size
        if size == BLOCK_SAMPLES and not any(holes):
            self._listen(pcm)
        else:
            self._shared.forget()
        out = [
            self._chunk(begin + start, pcm[:, start:end], missing, self._captured_ns(begin + end, missing))
            for start, end, missing in self._pieces(holes, size)
        ]
        for one in self._laid:
            one.track.forget_before(self._place + one.shift - _KEPT)
        return out

    def _wanted_step(self) -> int:
        """By how many samples the second is not where it should be."""
        return 0 if self._offset is None else round(self._offset.at(self._place)) - self._both[1].shift

    def _read(self, one: _Microphone, size: int) -> Pcm:
        start = self._place + one.shift
        return one.track.read(start, start + size)

    def _holes(self, one: _Microphone, size: int) -> Iterator[tuple[int, int]]:
        """Where in the next samples that microphone is missing."""
        start = self._place + one.shift
        for begin, end in one.track.missing(start, start + size):
            yield begin - start, end - start

    def _pieces(
        self, holes: list[list[tuple[int, int]]], size: int
    ) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """Start, end and who is missing, of what at least one has heard; the rest is lost."""
        edges = sorted({0, size, *(edge for some in holes for hole in some for edge in hole)})
        for start, end in pairwise(edges):
            missing = tuple(
                side for side, some in enumerate(holes) if any(a <= start and end <= b for a, b in some)
            )
            if len(missing) == len(holes):
                self._lost += end - start
            else:
                yield start, end, missing

    def _captured_ns(self, place: int, missing: tuple[int, ...]) -> int:
        heard = self._both[0 if 0 not in missing else 1]
        return heard.track.captured_ns(place + heard.shift)

    def _listen(self, pcm: Pcm) -> None:
        heard = self._shared.feed(pcm, self._both[1].shift)
        if heard is not None and self._offset is not None:
            self._offset.hear(self._place - HALF_STRETCH, heard)

    def _chunk(self, start: int, pcm: Pcm, missing: tuple[int, ...], captured_ns: int) -> AudioChunk:
        own = np.ascontiguousarray(pcm)
        own.setflags(write=False)
        lost, self._lost = self._lost, 0
        is_change = self._missing is not None and missing != self._missing
        chunk = AudioChunk(
            start_sample=start,
            pcm=own,
            lost_before=lost,
            is_break=(self._is_break or is_change) and not lost,
            captured_ns=captured_ns,
            missing=missing,
        )
        self._missing = missing
        self._is_break = self._is_break and own.shape[1] == 0
        return chunk
