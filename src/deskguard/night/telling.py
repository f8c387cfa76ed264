"""The part of the store that a report is about: its findings, texts, and the sound behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.night.report import clips as clipping
from deskguard.night.told import Clip
from deskguard.scoring.values import SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deskguard.scoring.results import Night
    from deskguard.scoring.store import NightStore
    from deskguard.scoring.values import Finding, Recording, Spoken

Texts = dict[str, tuple["Spoken", ...]]


def within(night: Night, recordings: Iterable[str] | None) -> Night:
    """A night without the recordings that a report is not about; None: it is about all of them."""
    if recordings is None:
        return night
    wanted = set(recordings)
    return replace(
        night,
        parts=tuple(one for one in night.parts if one[0].sha256 in wanted),
        findings=tuple(one for one in night.findings if one.recording.sha256 in wanted),
    )


def texts_of(store: NightStore, night: Night) -> Texts:
    """What was said in each of the recordings, as far as it is kept."""
    return {one.sha256: tuple(store.spoken(one.sha256)) for one, _ in night.parts}


def clips_of(night: Night, texts: Texts, folder: Path) -> dict[str, Clip]:
    """The sound behind all findings but praise, cut where it is not in `folder` yet.

    A recording that is gone or cannot be read gives none.
    """
    clips: dict[str, Clip] = {}
    by_recording: dict[str, list[Finding]] = {}
    for one in night.findings:
        if one.kind != SAID:
            by_recording.setdefault(one.recording.sha256, []).append(one)
    for recording, _ in night.parts:
        found = by_recording.get(recording.sha256, [])
        clips |= clips_of_recording(recording, found, texts[recording.sha256], folder)
    return clips


def clips_of_recording(
    recording: Recording, found: Sequence[Finding], said: Sequence[Spoken], folder: Path
) -> dict[str, Clip]:
    """The clips of some findings of one recording; DeskguardError where the folder cannot be written."""
    silence = tuple(span for one in said for span in one.personal)
    wanted = [
        clipping.Cut(
            finding_id=one.finding_id,
            start_sample=one.start_sample,
            end_sample=one.end_sample,
            silence=silence,
        )
        for one in found
    ]
    known = {one.finding_id: clipping.known(one, folder, recording.duration_samples) for one in wanted}
    there = {name: clip for name, clip in known.items() if clip is not None}
    rest = [one for one in wanted if one.finding_id not in there]
    try:
        return {**there, **clipping.cut(Path(recording.path), rest, folder)}
    except DeskguardError as error:
        if error.code == "unwritable":
            raise
        return there
