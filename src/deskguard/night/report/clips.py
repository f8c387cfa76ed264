"""A recording and the places of its findings to short clips, so that whoever decides can hear what was said.

The recording is read once from its beginning, in small pieces; only clips that are open lie in memory, so a
recording of ten hours takes no more than one of a minute. Personal data is silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deskguard.errors import DeskguardError
from deskguard.hearing.media import read_recording
from deskguard.hearing.media_out import write_opus
from deskguard.night.report.files import replaced
from deskguard.night.told import Clip
from deskguard.privacy.redact import personal
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from deskguard.values import AudioChunk, Passage, Pcm

Span = tuple[int, int]
FOLDER = "clips"
MARGIN_SAMPLES = 2 * SAMPLE_RATE_HZ
"""Before and after a finding: enough to tell what it answers to."""
MOST_SAMPLES = 30 * SAMPLE_RATE_HZ
FADE_SAMPLES = SAMPLE_RATE_HZ // 50
"""20 ms, outside of what is silenced: a hard edge clicks."""
PAD_SAMPLES = round(0.15 * SAMPLE_RATE_HZ)
"""How far the times of characters may be off: Whisper's steps are 20 ms, and sounds run into each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A clip to be cut."""

    finding_id: str
    start_sample: int
    """Of the finding."""
    end_sample: int
    silence: tuple[Span, ...] = ()
    """Where in the recording personal data is spoken."""


def cut(source: Path, spans: Sequence[Cut], folder: Path) -> dict[str, Clip]:
    """Write a clip for each finding of a recording under `folder`; the clips by the finding's id.

    A recording that breaks off gives the clips before the break; what lies beyond its end gives none. Raises
    DeskguardError for a recording that cannot be read, and for a folder that cannot be written.
    """
    waiting = sorted((_Open(one) for one in spans), key=lambda one: (one.start, one.end), reverse=True)
    if not waiting:
        return {}
    last = max(one.end for one in waiting)
    cutting: list[_Open] = []
    written: dict[str, Clip] = {}
    try:
        for chunk in read_recording(source):
            while waiting and waiting[-1].start < chunk.end_sample:
                cutting.append(waiting.pop())
            if not cutting:
                continue
            row = chunk.pcm.mean(axis=0, dtype=np.float32)
            for one in cutting:
                one.feed(chunk, row)
            for one in [one for one in cutting if one.end <= chunk.end_sample]:
                cutting.remove(one)
                _write(one, folder, written)
            if chunk.end_sample >= last:
                break
    except DeskguardError as error:
        if error.code != "truncated":
            raise
    for one in cutting:
        _write(one, folder, written)
    return written


def known(wanted: Cut, folder: Path, recorded_samples: int) -> Clip | None:
    """The clip of a finding that was cut before, if it is in `folder`."""
    path = f"{FOLDER}/{wanted.finding_id}.ogg"
    place = _Open(wanted)
    end = min(place.end, recorded_samples)
    if place.start >= end or not (folder / path).is_file():
        return None
    return Clip(path=path, start_sample=place.start, end_sample=end)


def personal_spans(passage: Passage) -> list[Span]:
    """Where in the audio the characters lie that redaction masks, with some room around; in order, apart."""
    spans: list[Span] = []
    for start_char, end_char in personal(passage.text):
        start, end = passage.span(start_char, end_char)
        start, end = max(0, start - PAD_SAMPLES), end + PAD_SAMPLES
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def silenced(pcm: Pcm, start_sample: int, silence: Iterable[Span]) -> Pcm:
    """(samples,) from `start_sample` on, with nothing at all where `silence` says, and fades outside of it."""
    gain = np.ones(len(pcm), np.float32)
    place = np.arange(start_sample, start_sample + len(pcm))
    for start, end in silence:
        away = np.maximum(start - place, place - (end - 1))
        gain = np.minimum(gain, np.clip(away.astype(np.float32) / FADE_SAMPLES, 0, 1))
    return pcm * gain


class _Open:
    """A clip that is being cut."""

    def __init__(self, wanted: Cut) -> None:
        self.wanted = wanted
        self.start = max(0, wanted.start_sample - MARGIN_SAMPLES)
        self.end = min(wanted.end_sample + MARGIN_SAMPLES, self.start + MOST_SAMPLES)
        self._parts: list[Pcm] = []

    def feed(self, chunk: AudioChunk, row: Pcm) -> None:
        """Take what of a chunk lies in the clip; `row` is its mean over the channels."""
        begin = max(0, self.start - chunk.start_sample)
        part = row[begin : max(begin, self.end - chunk.start_sample)]
        if part.size:
            self._parts.append(part)

    def pcm(self) -> Pcm:
        """All of it so far, with silence where it must be."""
        whole = np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)
        return silenced(whole, self.start, self.wanted.silence)


def _write(one: _Open, folder: Path, written: dict[str, Clip]) -> None:
    pcm = one.pcm()
    if not pcm.size:
        return
    path = f"{FOLDER}/{one.wanted.finding_id}.ogg"
    with replaced(folder / path) as temporary:
        write_opus(temporary, pcm)
    written[one.wanted.finding_id] = Clip(path=path, start_sample=one.start, end_sample=one.start + len(pcm))
