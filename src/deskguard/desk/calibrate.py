"""`deskguard calibrate`: one guided minute, or a recording of one; what it found, and the settings that
follow."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deskguard.desk import compose
from deskguard.desk.advising import advice, changes
from deskguard.desk.devices import with_devices
from deskguard.desk.measuring import Parts, UnfitError, measure_parts
from deskguard.desk.recorder import Recorder
from deskguard.desk.settings_file import check_writable, save
from deskguard.errors import DeskguardError
from deskguard.hearing.calibration import channel_plan
from deskguard.hearing.media import read_recording
from deskguard.i18n import catalogue
from deskguard.settings import own_settings_path
from deskguard.values import SAMPLE_RATE_HZ, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deskguard.desk.advising import Advice
    from deskguard.desk.settings_file import Changes
    from deskguard.settings import Settings
    from deskguard.values import Pcm

_MARKS = {"ok": "ok  ", "warn": "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateOptions:
    """What the command line says."""

    config: Path | None
    language: str | None
    durations_s: tuple[float, float, float]
    """Of the room, the clerk and the visitor."""
    recording: Path | None
    is_agreed: bool
    """Write without asking."""
    is_dry: bool
    """Write nothing."""
    named: Mapping[str, str | int]
    """Devices that the command line names, to be kept with what is measured of them."""


def run_calibrate(settings: Settings, options: CalibrateOptions) -> None:
    """Measure, tell, and write what was agreed to; raises DeskguardError for what cannot be measured or
    written."""
    texts = catalogue.load(options.language or settings.screen.language)
    guide = _Guide(texts)
    path = options.config or own_settings_path()
    if not options.is_dry:
        # Before the minute, not after it.
        check_writable(path)
    desk = with_devices(settings, options.named)
    if options.recording is not None:
        parts = _cut(options.recording, desk, options.durations_s, texts)
        recogniser = compose.load_recogniser(desk)
    else:
        recogniser = compose.load_recogniser(desk)
        parts = _recorded(desk, options, guide)
    try:
        measured = measure_parts(parts, desk, recogniser, compose.new_vad)
    except UnfitError as error:
        raise _told(error, texts) from None
    guide.found(advice(measured, desk))
    wanted = changes(measured, desk)
    named = {key: one for key, one in options.named.items() if getattr(settings.microphone, key) != one}
    if named:
        wanted = {"microphone": named, **wanted}
    if guide.agree(path, wanted, settings, options):
        save(path, wanted)
        guide.say("written", path=path)


def _recorded(settings: Settings, options: CalibrateOptions, guide: _Guide) -> Parts:
    """The guided minute."""
    from deskguard.hearing.two_microphones import chosen_devices, open_source

    if settings.microphone.visitor_device != "" and settings.roles.mode == "one-microphone":
        # It may have been set because the two stood badly: that is what is measured here.
        settings = settings.model_copy(update={"roles": settings.roles.model_copy(update={"mode": "auto"})})
    devices = chosen_devices(settings)
    room_s, clerk_s, visitor_s = options.durations_s
    guide.say("begin", devices=" + ".join(one.name for one in devices))
    with Recorder(open_source(settings, lambda *_: None)) as recorder:

        def take(step: str, duration_s: float) -> Pcm:
            guide.ask_for(step, duration_s, waits=not options.is_agreed)
            return recorder.take(duration_s, guide.count)

        room, clerk = take("room", room_s), take("clerk", clerk_s)
        # One device of two channels may be one microphone after all, and then no visitor is needed.
        both = np.concatenate([room, clerk], axis=1)
        is_pair = len(devices) > 1 or (room.shape[0] > 1 and channel_plan(both[:2]) != "alike")
        if is_pair and _may_be_two(settings):
            return Parts(room=room[:2], clerk=clerk[:2], visitor=take("visitor", visitor_s)[:2])
    return Parts(room=room[:1], clerk=clerk[:1])


def _cut(
    path: Path, settings: Settings, durations_s: tuple[float, float, float], texts: Mapping[str, str]
) -> Parts:
    """A recording of the minute, cut where its parts begin."""
    pcm = np.concatenate([one.pcm for one in read_recording(path)], axis=1)[: 2 if _may_be_two(settings) else 1]
    wanted = durations_s if pcm.shape[0] > 1 else durations_s[:2]
    edges = np.cumsum([0, *(round(one * SAMPLE_RATE_HZ) for one in wanted)])
    if pcm.shape[1] < edges[-1]:
        has_s, needed_s = seconds(pcm.shape[1]), seconds(int(edges[-1]))
        raise _told(UnfitError("too-short", path=path, has=f"{has_s:.1f}", needed=f"{needed_s:.1f}"), texts)
    parts = [pcm[:, begin:end] for begin, end in pairwise(edges)]
    return Parts(room=parts[0], clerk=parts[1], visitor=parts[2] if len(parts) > 2 else None)


def _may_be_two(settings: Settings) -> bool:
    """Whether two channels are to be taken for two microphones."""
    return settings.roles.mode != "one-microphone" or settings.microphone.visitor_device != ""


def _told(error: UnfitError, texts: Mapping[str, str]) -> DeskguardError:
    """In the reader's words."""
    values = dict(error.values)
    if "side" in values:
        values["who"] = texts[f"calibrate.who_{values['side']}"]
        values["side"] = texts[f"calibrate.side_{values['side']}"]
    problem = texts[f"calibrate.error_{error.code}"].format(**values)
    return DeskguardError(problem, texts[f"calibrate.error_{error.code}_fix"], error.code)


class _Guide:
    """The console: what to do, what was found, what would be written."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._is_screen = sys.stdout.isatty()

    def say(self, key: str, **values: object) -> None:
        self._print(self._texts[f"calibrate.{key}"].format(**values))

    def ask_for(self, step: str, duration_s: float, *, waits: bool) -> None:
        """Tell what comes now, and wait until somebody is ready for it."""
        self._print("")
        self.say(f"step_{step}", seconds=f"{duration_s:.0f}")
        if step != "room":
            self._print("")
            self._print("    " + self._texts[f"calibrate.read_{step}"])
            self._print("")
        if waits:
            self._answer("ready")
        self.say("recording")

    def count(self, left_s: float) -> None:
        """How much is still to be heard; one line that is written over, and nothing where that cannot be."""
        if self._is_screen:
            line = self._texts["calibrate.left"].format(seconds=f"{left_s:.0f}")
            sys.stdout.write(f"\r{line}   " + ("\n" if left_s <= 0 else ""))
            sys.stdout.flush()

    def found(self, all_found: list[Advice]) -> None:
        self._print("")
        self.say("found")
        for one in all_found:
            text = self._texts[f"calibrate.found_{one.code}"].format(**one.values)
            if one.side:
                side = self._texts[f"calibrate.side_{one.side}"]
                text = self._texts["calibrate.of_side"].format(side=side, text=text)
            self._print(f"{_MARKS[one.ok]}  {text}")
            if one.ok == "warn":
                self._print(f"      → {self._texts[f'calibrate.do_{one.code}']}")

    def agree(self, path: Path, wanted: Changes, settings: Settings, options: CalibrateOptions) -> bool:
        """Show what would be written, and whether it is to be."""
        self._print("")
        if not wanted:
            self.say("no_change", path=path)
            return False
        self.say("change", path=path)
        for table, keys in wanted.items():
            for key, value in keys.items():
                before = getattr(getattr(settings, table), key)
                self._print(f"    [{table}] {key} = {before!r} → {value!r}".replace("'", '"'))
        if options.is_dry:
            self.say("dry")
            return False
        if options.is_agreed or self._answer("ask").strip().lower() in ("y", "yes", "是", "好"):
            return True
        self.say("not_written")
        return False

    def _answer(self, key: str) -> str:
        """A line from the keyboard; nobody at it has said no."""
        sys.stdout.write(self._texts[f"calibrate.{key}"] + " ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            self._print("")
        return line

    def _print(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
