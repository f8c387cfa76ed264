"""A computer in, what stands in the way of listening on it out, each with a remedy in one sentence.

What needs a device or a model is passed in, so the judging can be tested without either. A check that finds
trouble never stops the ones after it: somebody in front of a counter wants the whole list at once.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from deskguard.desk.store import FILE_NAME, Store
from deskguard.errors import DeskguardError
from deskguard.models.catalogue import load_catalogue
from deskguard.models.locate import is_path, locate, verify
from deskguard.values import SAMPLE_RATE_HZ, Pcm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deskguard.settings import Settings

Verdict = Literal["ok", "warn", "bad"]

RECORD_S = 2.0
DECODED_S = 3.0
"""Length of the crop that `time_decode` decodes."""
FRAME_S = 0.05
# A busy desk writes some 10 MB a day; SQLite, the log and the system want room beside it.
SCARCE_BYTES = 1_000_000_000
TOO_SCARCE_BYTES = 100_000_000
# The card is to be up 0.35 s after the phrase (median); a step that takes longer alone breaks that.
BRISK_S = 0.35
# Two clocks of one network differ by seconds; a battery that died, or a wrong zone, by hours.
CLOCK_SLACK_S = 120.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    ok: Verdict
    found: str
    remedy: str = ""
    """Empty when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """What the checks reach the world with."""

    models_folder: Path
    data_folder: Path
    record: Callable[[float], Pcm]
    """So many seconds of the configured microphone, one channel at 16 kHz."""
    time_decode: Callable[[], float]
    """Seconds the configured model takes for one live step over DECODED_S of sound, warmed up."""
    load_rules: Callable[[], int]
    """Loads the configured packs and returns how many phrases there are."""
    now_utc: Callable[[], datetime] = lambda: datetime.now(UTC)
    record_visitor: Callable[[float], Pcm] | None = None
    """The same of the second microphone, where the settings name one."""


def diagnose(settings: Settings, instruments: Instruments) -> list[Finding]:
    """Every check in turn; takes the time of a recording and a few decodes, about 5 s."""
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("python", _check_python),
        ("packages", _check_packages),
        ("model", lambda: _check_model(settings.model.name, instruments.models_folder)),
        ("rules", lambda: _check_rules(instruments.load_rules)),
        ("disk", lambda: _check_disk(instruments.data_folder)),
        ("clock", lambda: _check_clock(instruments.data_folder, instruments.now_utc())),
        ("screen port", lambda: _check_port(settings.screen.port)),
        ("cpu", lambda: _check_cpu(instruments.time_decode)),
        ("calibration", lambda: _check_calibration(settings)),
        ("microphone", lambda: _check_microphone(instruments.record)),
        ("microphone 2", lambda: _check_second(instruments.record_visitor)),
    )
    findings: list[Finding] = []
    for name, check in checks:
        try:
            findings.extend(check())
        except DeskguardError as error:
            findings.append(Finding(check=name, ok="bad", found=error.problem, remedy=error.remedy))
    return findings


def judge_recording(pcm: Pcm) -> Finding:
    """Whether a few seconds of a microphone can be worked with. Levels are RMS of 50 ms frames, in dBFS."""
    frame = int(SAMPLE_RATE_HZ * FRAME_S)
    if pcm.size < frame:
        return _microphone("bad", "it delivered no sound", "plug it in again and run deskguard doctor.")
    if not np.isfinite(pcm).all():
        return _microphone(
            "bad", "it delivers values that are no numbers", "update its driver, or take another."
        )
    if not np.any(pcm):
        return _microphone(
            "bad", "digital silence: muted, or no microphone", "unmute it, or name another device."
        )
    frames = pcm[: pcm.size // frame * frame].reshape(-1, frame).astype(np.float64)
    rms = np.sqrt(np.mean(frames**2, axis=1))
    level, floor = (_dbfs(float(np.percentile(rms, one))) for one in (95, 10))
    peak = _dbfs(float(np.abs(pcm).max()))
    clipped = float(np.mean(np.abs(pcm) >= 0.99))
    found = f"level {level:.0f} dBFS, noise floor {floor:.0f} dBFS, peak {peak:.0f} dBFS"
    troubles = (
        # 0.1 %: one clipped consonant in two seconds is no trouble, a clipped vowel is.
        (clipped > 0.001, f", {clipped:.1%} clipped", "turn its gain down until nothing clips."),
        # Speech at half a metre comes at -40 to -20 dBFS, a quiet office at -65 to -55.
        (peak < -60, ": hardly a sound", "speak while this runs, and turn its gain up."),
        (floor > -35, ": loud background", "move it within 30 cm of the clerk, or turn its gain down."),
        (level - floor < 10, ": nothing stands out", "speak while this runs; if you did, move it nearer."),
    )
    for is_so, what, remedy in troubles:
        if is_so:
            return _microphone("warn", found + what, remedy)
    return _microphone("ok", found)


def _microphone(ok: Verdict, found: str, remedy: str = "") -> Finding:
    return Finding(check="microphone", ok=ok, found=found, remedy=remedy)


def _dbfs(amplitude: float) -> float:
    """An amplitude relative to full scale, in dB; silence is -120."""
    return 20 * float(np.log10(max(amplitude, 1e-6)))


def _check_python() -> Iterator[Finding]:
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding(check="python", ok="ok", found=found)


def _check_packages() -> Iterator[Finding]:
    """The installed packages against what deskguard's own metadata asks for at a desk."""
    wrong: list[str] = []
    versions: list[str] = []
    for name, least in _requirements():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        versions.append(f"{name} {version}")
        if _numbers(version) < _numbers(least):
            wrong.append(f"{name} {version} is older than {least}")
    if wrong:
        yield Finding(
            check="packages",
            ok="bad",
            found="; ".join(wrong),
            remedy='run python -m pip install --upgrade "deskguard[desk]".',
        )
        return
    yield Finding(check="packages", ok="ok", found=", ".join(versions))


def _requirements() -> list[tuple[str, str]]:
    """Names and least versions of what a desk needs, from the metadata of the installed deskguard."""
    try:
        asked = metadata.requires("deskguard") or []
    except metadata.PackageNotFoundError:
        raise DeskguardError(
            "deskguard runs from its source without being installed.",
            "run make setup, or python -m pip install -e .[desk] in its folder.",
            "not-installed",
        ) from None
    found = []
    for line in asked:
        requirement, _, marker = line.partition(";")
        if "extra" in marker and "desk" not in marker:
            continue
        match = re.match(r"([A-Za-z0-9._-]+)[^>]*(?:>=\s*([0-9.]+))?", requirement)
        if match is not None:
            found.append((match[1], match[2] or "0"))
    return found


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(one) for one in release[0].split(".")] if release else []
    return tuple(numbers + [0] * (4 - len(numbers)))


def _check_model(name: str, folder: Path) -> Iterator[Finding]:
    path = locate(name, folder)
    names = [] if is_path(name) else [name]
    for one in [*names, *load_catalogue().names("vad")]:
        checks = verify(one, folder)
        wrong = [check.file for check in checks if not check.is_good]
        pinned = all(check.sha == "ok" for check in checks)
        what = "every hash is right" if pinned else "its hashes are not in the catalogue"
        if wrong:
            yield Finding(
                check="model",
                ok="bad",
                found=f"{one}: {', '.join(wrong)} damaged or not what the catalogue says",
                remedy=f"run deskguard models get {one}.",
            )
        else:
            yield Finding(check="model", ok="ok", found=f"{one}: {what}")
    if not names:
        yield Finding(check="model", ok="ok", found=f"{path}: complete; nothing vouches for its files")


def _check_rules(load_rules: Callable[[], int]) -> Iterator[Finding]:
    count = load_rules()
    if count == 0:
        yield Finding(
            check="rules", ok="bad", found="no phrase to listen for", remedy="mend [rules] in the settings."
        )
        return
    yield Finding(check="rules", ok="ok", found=f"{count} phrases")


def _check_disk(folder: Path) -> Iterator[Finding]:
    home = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    try:
        free = shutil.disk_usage(home).free
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"deskguard")
    except OSError as error:
        yield Finding(
            check="disk",
            ok="bad",
            found=f"data folder {folder} cannot be written: {error.strerror or error}",
            remedy="give this user the right to write there, or name another [store] folder.",
        )
        return
    found = f"data folder {folder}, {free / 1e9:.1f} GB free"
    if free < SCARCE_BYTES:
        verdict: Verdict = "bad" if free < TOO_SCARCE_BYTES else "warn"
        yield Finding(check="disk", ok=verdict, found=found, remedy="free some space, 1 GB at least.")
        return
    yield Finding(check="disk", ok="ok", found=found)


def _check_clock(folder: Path, now: datetime) -> Iterator[Finding]:
    """A clock before something that already happened has gone backwards; records would be filed wrongly."""
    past = {"deskguard's own files": datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)}
    newest = _newest_record(folder)
    if newest is not None:
        past["the newest record of this desk"] = datetime.fromisoformat(newest)
    what, latest = max(past.items(), key=lambda one: one[1])
    if (latest - now).total_seconds() > CLOCK_SLACK_S:
        yield Finding(
            check="clock",
            ok="warn",
            found=f"it shows {now:%Y-%m-%d %H:%M} UTC, but {what} is of {latest:%Y-%m-%d %H:%M} UTC",
            remedy="set the clock, and let the system set it by itself (NTP).",
        )
        return
    yield Finding(check="clock", ok="ok", found=f"{now:%Y-%m-%d %H:%M} UTC")


def _newest_record(folder: Path) -> str | None:
    """The latest time in the desk's store; None when there is none that this version can ask."""
    if not (folder / FILE_NAME).exists():
        return None
    try:
        store = Store.open_reader(folder)
    except DeskguardError as error:
        if error.code == "store-older":
            # The next start of `listen` brings it up to date; nothing stands in the way.
            return None
        raise
    try:
        return store.newest_utc()
    finally:
        store.close()


def _check_port(port: int) -> Iterator[Finding]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        if os.name == "posix":
            # As the server does, so that a port just left is not called taken.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            yield Finding(
                check="screen port",
                ok="bad",
                found=f"{LOOPBACK}:{port} cannot be opened: {error.strerror or error}",
                remedy="stop the other program (or deskguard, if it runs), or set [screen] port = 0.",
            )
            return
    yield Finding(check="screen port", ok="ok", found=f"{LOOPBACK}:{port or 'any'} is free")


def _check_cpu(time_decode: Callable[[], float]) -> Iterator[Finding]:
    step_s = time_decode()
    cores = os.cpu_count() or 1
    found = (
        f"{1000 * step_s:.0f} ms for {DECODED_S:.0f} s of speech (RTF {step_s / DECODED_S:.2f}), {cores} cores"
    )
    slower = "set [hearing] hop_s larger, take a smaller model (tiny), or close other programs."
    if step_s >= DECODED_S:
        yield Finding(check="cpu", ok="bad", found=f"{found}: cannot keep up", remedy=slower)
    elif step_s > BRISK_S:
        yield Finding(check="cpu", ok="warn", found=f"{found}: cards will come late", remedy=slower)
    else:
        yield Finding(check="cpu", ok="ok", found=found)


def _check_calibration(settings: Settings) -> Iterator[Finding]:
    """What `calibrate` wrote; without it the clerk's normal is learnt anew with every start."""
    lufs, pace = settings.manner.normal_lufs, settings.manner.normal_syllables_per_s
    if not lufs:
        yield Finding(
            check="calibration",
            ok="warn",
            found="this desk is not calibrated; what is normal is learnt while it runs",
            remedy="run deskguard calibrate: it takes a minute.",
        )
        return
    found = f"clerk's normal {lufs:.1f} LUFS" + (f", {pace:.1f} syllables/s" if pace else "")
    if settings.microphone.visitor_device != "":
        found += f"; microphones {settings.roles.gain_difference_db:+.1f} dB apart in gain"
    yield Finding(check="calibration", ok="ok", found=found)


def _check_second(record: Callable[[float], Pcm] | None) -> Iterator[Finding]:
    if record is not None:
        yield from (replace(one, check="microphone 2") for one in _check_microphone(record))


def _check_microphone(record: Callable[[float], Pcm]) -> Iterator[Finding]:
    try:
        pcm = record(RECORD_S)
    except (ImportError, OSError) as error:
        # sounddevice raises OSError when it finds no PortAudio library.
        linux = "run apt-get install libportaudio2." if sys.platform.startswith("linux") else ""
        yield _microphone(
            "bad",
            f"sound input cannot be used: {error}",
            linux or 'run python -m pip install "deskguard[desk]".',
        )
        return
    yield judge_recording(pcm)
