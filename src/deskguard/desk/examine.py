"""`deskguard doctor`: the checks of doctor.py with a desk's real instruments, as lines to print."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deskguard import resources
from deskguard.desk import compose
from deskguard.desk.doctor import DECODED_S, Instruments, diagnose
from deskguard.hearing.microphone import record
from deskguard.hearing.two_microphones import chosen_devices
from deskguard.values import SAMPLE_RATE_HZ, SpeechWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deskguard.settings import Settings
    from deskguard.values import Pcm

_MARKS = {"ok": "ok  ", "warn": "warn", "bad": "BAD "}


def examine(settings: Settings, rules: Sequence[Path]) -> tuple[list[str], bool]:
    """Lines of check, finding and remedy, and whether nothing is bad."""
    folder = Path(settings.model.folder) if settings.model.folder else resources.models_folder()
    findings = diagnose(
        settings,
        Instruments(
            models_folder=folder,
            data_folder=compose.store_folder(settings),
            record=lambda duration_s: _record(settings, settings.microphone.device, duration_s),
            record_visitor=_record_visitor(settings),
            time_decode=lambda: _time_decode(settings),
            load_rules=lambda: len(compose.load_rules(settings, rules).rules),
        ),
    )
    lines = []
    for one in findings:
        lines.append(f"{_MARKS[one.ok]}  {one.check:<12} {one.found}")
        if one.remedy:
            lines.append(f"{'':<19}→ {one.remedy}")
    return lines, all(one.ok != "bad" for one in findings)


def _record(settings: Settings, device: str | int, duration_s: float) -> Pcm:
    """Raises DeskguardError when the devices do not fit what the settings want of them, too."""
    chosen_devices(settings)
    return record(settings.microphone.model_copy(update={"device": device}), duration_s)


def _record_visitor(settings: Settings) -> Callable[[float], Pcm] | None:
    second = settings.microphone.visitor_device
    if not settings.has_two_devices:
        return None
    return lambda duration_s: _record(settings, second, duration_s)


def _time_decode(settings: Settings) -> float:
    """The median of three live steps over a crop of noise shaped like speech; the first warms up."""
    recogniser = compose.load_recogniser(settings)
    samples = int(DECODED_S * SAMPLE_RATE_HZ)
    at = np.arange(samples) / SAMPLE_RATE_HZ
    # Syllables of noise at four a second: the encoder's cost does not depend on what it hears.
    noise = np.random.default_rng(1).standard_normal(samples) * (0.05 + 0.05 * np.sin(2 * np.pi * 4 * at))
    times = []
    for index in range(4):
        window = SpeechWindow(
            utterance_id=index,
            start_sample=0,
            pcm=noise.astype(np.float32),
            speech_end_sample=samples,
            taken_sample=samples,
        )
        begun = time.perf_counter()
        recogniser.decode(window)
        times.append(time.perf_counter() - begun)
    return sorted(times[1:])[1]
