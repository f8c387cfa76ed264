"""What was measured of a desk in, verdicts with remedies and the settings to change out.

Recall in the texts is that of the bench (README there): clean 0.96, hall babble at 10 dB 0.91, far away 0.87.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.desk.measuring import Measured
    from deskguard.desk.settings_file import Changes
    from deskguard.hearing.calibration import Between, RoomSound, VoiceSound
    from deskguard.settings import Settings

_LOUD_ROOM_DBFS = -35.0
"""A quiet office lies at -65 to -55."""
_HUM_DBFS, _HUM_RATIO = -55.0, 0.5
_QUIET_VOICE_DBFS = -50.0
"""Speech at half a metre comes at -40 to -20."""
_CLIPPED_RATIO = 0.001
_FAIR_SNR_DB, _GOOD_SNR_DB = 10.0, 20.0
_FAR_FALL_DB, _NEAR_FALL_DB = 14.0, 16.0
"""Between what a distance of 2 dB under the echo gives and one of 8 dB over it (hearing.calibration)."""
_WEAK_SEPARATION_DB = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing that was found; its words are "calibrate.found_CODE" and, with a remedy,
    "calibrate.do_CODE"."""

    code: str
    ok: Literal["ok", "warn"]
    values: dict[str, str] = field(default_factory=dict)
    side: str = ""
    """Whose microphone; empty where it is about both or the only one."""


def advice(measured: Measured, settings: Settings) -> list[Advice]:
    """All that was found, good and bad."""
    found: list[Advice] = []
    for channel, (room, voice) in enumerate(zip(measured.rooms, measured.voices, strict=True)):
        side = "" if measured.between is None else "staff" if channel == measured.clerks else "visitor"
        found += [_room(room, side), *_hum(room, side), *_voice(voice, side)]
    if measured.are_alike:
        found.append(Advice(code="alike", ok="warn" if settings.microphone.visitor_device != "" else "ok"))
    if measured.between is not None:
        found += _between(measured, measured.between, settings)
    found.append(_normal(measured))
    return found


def changes(measured: Measured, settings: Settings) -> Changes:
    """What the settings should say, as far as they do not say so already."""
    wanted: dict[str, dict[str, str | float]] = {"roles": {}, "manner": {}}
    between = measured.between
    if between is not None:
        wanted["roles"]["mode"] = _mode(between, settings)
    if between is not None and between.is_separable:
        wanted["roles"]["channels"] = _channels(measured)
        wanted["roles"]["gain_difference_db"] = round(between.gain_difference_db, 1)
    if measured.normal_lufs is not None:
        wanted["manner"]["normal_lufs"] = round(measured.normal_lufs, 1)
    if measured.normal_syllables_per_s is not None:
        wanted["manner"]["normal_syllables_per_s"] = round(measured.normal_syllables_per_s, 2)
    kept = {
        table: {key: value for key, value in keys.items() if getattr(getattr(settings, table), key) != value}
        for table, keys in wanted.items()
    }
    return {table: keys for table, keys in kept.items() if keys}


def _mode(between: Between, settings: Settings) -> str:
    mode = settings.roles.mode
    if mode == "none":
        # Somebody does not want voices compared.
        return mode
    if not between.is_separable:
        return "one-microphone"
    return "auto" if mode == "one-microphone" else mode


def _channels(measured: Measured) -> str:
    return "staff,visitor" if measured.clerks == 0 else "visitor,staff"


def _room(room: RoomSound, side: str) -> Advice:
    is_loud = room.floor_dbfs > _LOUD_ROOM_DBFS
    return Advice(
        code="loud-room" if is_loud else "room",
        ok="warn" if is_loud else "ok",
        values={"floor": f"{room.floor_dbfs:.0f}"},
        side=side,
    )


def _hum(room: RoomSound, side: str) -> Iterator[Advice]:
    if room.hum_dbfs > _HUM_DBFS and room.hum_ratio > _HUM_RATIO:
        yield Advice(code="hum", ok="warn", values={"hum": f"{room.hum_dbfs:.0f}"}, side=side)


def _voice(voice: VoiceSound, side: str) -> Iterator[Advice]:
    values = {"level": f"{voice.level_dbfs:.0f}", "snr": f"{voice.snr_db:.0f}"}
    if voice.snr_db < _FAIR_SNR_DB:
        yield Advice(code="noisy", ok="warn", values=values, side=side)
    else:
        code = "voice" if voice.snr_db >= _GOOD_SNR_DB else "voice-fair"
        yield Advice(code=code, ok="ok", values=values, side=side)
    if voice.level_dbfs < _QUIET_VOICE_DBFS:
        yield Advice(code="quiet", ok="warn", values=values, side=side)
    if voice.clipped_ratio > _CLIPPED_RATIO:
        yield Advice(code="clipping", ok="warn", values={"ratio": f"{voice.clipped_ratio:.1%}"}, side=side)
    if voice.fall_db is not None:
        fall = {"fall": f"{voice.fall_db:.0f}"}
        if voice.fall_db < _FAR_FALL_DB:
            yield Advice(code="echo", ok="warn", values=fall, side=side)
        else:
            code = "near" if voice.fall_db >= _NEAR_FALL_DB else "near-fair"
            yield Advice(code=code, ok="ok", values=fall, side=side)


def _between(measured: Measured, between: Between, settings: Settings) -> Iterator[Advice]:
    values = {"separation": f"{between.separation_db:.1f}", "gain": f"{between.gain_difference_db:+.1f}"}
    if not between.is_separable:
        yield Advice(code="inseparable", ok="warn", values=values)
        return
    is_weak = between.separation_db < _WEAK_SEPARATION_DB
    yield Advice(
        code="weak-separation" if is_weak else "separation", ok="warn" if is_weak else "ok", values=values
    )
    if _channels(measured) != settings.roles.channels:
        yield Advice(code="swapped", ok="warn")


def _normal(measured: Measured) -> Advice:
    lufs, pace = measured.normal_lufs, measured.normal_syllables_per_s
    if lufs is None or pace is None:
        return Advice(code="no-pace", ok="warn", values={"lufs": "—" if lufs is None else f"{lufs:.1f}"})
    return Advice(code="normal", ok="ok", values={"lufs": f"{lufs:.1f}", "pace": f"{pace:.1f}"})
