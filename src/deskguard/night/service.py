"""A night that is installed, looked at and removed: units for systemd, or a task of Windows.

Where systemctl or schtasks does not work the files are written all the same, and the caller says what to run.
"""

from __future__ import annotations

import getpass
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.night.service_units import (
    NAME,
    NightTask,
    Scope,
    out_of_unit,
    score_command,
    service_unit,
    task_xml,
    timer_unit,
)
from deskguard.resources import data_folder
from deskguard.settings import find_settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.settings import Settings

SERVICE = f"{NAME}.service"
TIMER = f"{NAME}.timer"
_SYSTEM_UNITS = Path("/etc/systemd/system")
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asked for."""

    paths: tuple[Path, ...]
    at: tuple[int, int]
    scope: Scope = "user"
    out: Path | None = None
    """None: in the user's data folder."""
    config: Path | None = None
    options: tuple[str, ...] = ()
    """More of `deskguard score`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file, what it holds, and in which encoding."""

    path: Path
    text: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command, and whether it did what it should."""

    command: tuple[str, ...]
    is_good: bool
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A night that is installed."""

    place: Path | None
    """The unit's file; None on Windows."""
    out: Path | None
    lines: tuple[str, ...]
    """What the system says of it."""


def is_windows() -> bool:
    return sys.platform == "win32"


def plan(wanted: Wanted) -> tuple[NightTask, list[Made]]:
    """The files of a night; nothing is written. Raises DeskguardError for what cannot work."""
    settings = load_settings(find_settings(wanted.config))
    user, home = _whose(wanted)
    data = data_folder() if home is None else home / ".local" / "share" / "deskguard"
    out = (wanted.out or data / "night").absolute()
    paths = tuple(_there(path) for path in wanted.paths)
    for path in paths:
        if path.is_dir() and out.is_relative_to(path):
            raise DeskguardError(
                f"The reports would go to {out}, in {path}: their clips would be taken for recordings.",
                "give a folder for the reports with --out that is not among the recordings.",
                "out-among-recordings",
            )
    config = () if wanted.config is None else ("--config", str(_there(wanted.config)))
    task = NightTask(
        command=score_command(_program(), paths, out, (*config, *wanted.options)),
        out=out,
        writable=tuple(dict.fromkeys((out, *_store_folder(settings)))),
        folder=Path.cwd(),
        reads=paths,
        at=wanted.at,
        scope=wanted.scope,
        user=user,
    )
    if is_windows():
        today = datetime.now().astimezone().date().isoformat()
        return task, [Made(path=out / f"{NAME}.xml", text=task_xml(task, today), encoding="utf-16")]
    folder = units_folder(wanted.scope)
    return task, [
        Made(path=folder / SERVICE, text=service_unit(task)),
        Made(path=folder / TIMER, text=timer_unit(task)),
    ]


def install(task: NightTask, files: Sequence[Made]) -> list[Ran]:
    """Write the files and have the system take them up; raises DeskguardError when they cannot be written."""
    for folder in task.writable:
        _make_folder(folder, task.user if task.scope == "system" and not is_windows() else "")
    if is_windows():
        with tempfile.TemporaryDirectory() as place:
            file = Path(place, files[0].path.name)
            file.write_text(files[0].text, encoding=files[0].encoding)
            return _run_all([("schtasks", "/Create", "/F", "/TN", NAME, "/XML", str(file))])
    for made in files:
        _make_folder(made.path.parent)
        _write(made)
    return _run_all(enabling(task.scope))


def enabling(scope: Scope) -> list[tuple[str, ...]]:
    """What has systemd take the units up."""
    return [_systemctl(scope, "daemon-reload"), _systemctl(scope, "enable", "--now", TIMER)]


def remove(scope: Scope) -> list[Ran]:
    """Undo `install`; reports and store stay. Raises DeskguardError when there is none."""
    if is_windows():
        ran = _run(("schtasks", "/Delete", "/F", "/TN", NAME))
        if not ran.is_good:
            raise _none_installed(scope)
        return [ran]
    files = [units_folder(scope) / name for name in (TIMER, SERVICE)]
    if not any(one.exists() for one in files):
        raise _none_installed(scope)
    ran_first = _run(_systemctl(scope, "disable", "--now", TIMER))
    for one in files:
        try:
            one.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(one, error) from None
    return [ran_first, *_run_all([_systemctl(scope, "daemon-reload")])]


def state(scope: Scope) -> State:
    """How the installed night stands; raises DeskguardError when there is none."""
    if is_windows():
        ran = _run(("schtasks", "/Query", "/TN", NAME, "/V", "/FO", "LIST"))
        if not ran.is_good:
            raise _none_installed(scope)
        return State(place=None, out=None, lines=tuple(ran.said.splitlines()))
    place = units_folder(scope) / SERVICE
    try:
        out = out_of_unit(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise _none_installed(scope) from None
    asked = [
        _systemctl(scope, "show", TIMER, "--property=ActiveState,NextElapseUSecRealtime,LastTriggerUSec"),
        _systemctl(scope, "show", SERVICE, "--property=Result,ExecMainStatus"),
    ]
    lines = [line for ran in map(_run, asked) if ran.is_good for line in ran.said.splitlines()]
    return State(place=place, out=out, lines=tuple(lines))


def units_folder(scope: Scope) -> Path:
    """Where systemd looks for units."""
    from platformdirs import user_config_path

    return _SYSTEM_UNITS if scope == "system" else user_config_path("systemd") / "user"


def _program() -> tuple[str, ...]:
    """The installed command beside this Python, else the module."""
    here = Path(sys.executable)
    program = here.with_name("deskguard.exe" if is_windows() else "deskguard")
    return (str(program),) if program.is_file() else (str(here), "-m", "deskguard")


def _whose(wanted: Wanted) -> tuple[str, Path | None]:
    """As whom it runs, and the home of that user if it is another: of the system's, whose the reports are."""
    if is_windows() or wanted.scope == "user":
        return getpass.getuser(), None
    import pwd

    if wanted.out is None:
        raise DeskguardError(
            "A night of the whole system needs a folder for its reports.",
            "give one with --out DIR; it runs as the user whose that folder is.",
            "out-missing",
        )
    folder = wanted.out.absolute()
    while not folder.exists():
        folder = folder.parent
    owner = pwd.getpwuid(folder.stat().st_uid)
    return owner.pw_name, Path(owner.pw_dir)


def _store_folder(settings: Settings) -> list[Path]:
    """Where the store's file lies, unless that is beside the reports or no file at all."""
    store = settings.scoring.store
    return [] if not store or "://" in store else [Path(store).absolute().parent]


def _there(path: Path) -> Path:
    if not path.exists():
        raise DeskguardError(f"{path} does not exist.", "give the path of what is there.", "file-missing")
    return path.absolute()


def _make_folder(folder: Path, user: str = "") -> None:
    """Make a folder, and give it with those above that are new to a user."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in new if user else ():
            shutil.chown(one, user)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _write(made: Made) -> None:
    fresh = made.path.with_name(f"{made.path.name}.new")
    try:
        fresh.write_text(made.text, encoding=made.encoding)
        fresh.replace(made.path)
    except OSError as error:
        raise _unwritable(made.path, error) from None


def _unwritable(path: Path, error: OSError) -> DeskguardError:
    return DeskguardError(
        f"{path} cannot be written: {error.strerror}.",
        "run it as a user who may write there; --system needs root.",
        "file-unwritable",
    )


def _none_installed(scope: Scope) -> DeskguardError:
    return DeskguardError(
        f"No night is installed for this {scope}.",
        "install one with deskguard service install --night PATH, or say --system or --user.",
        "no-service",
    )


def _systemctl(scope: Scope, *words: str) -> tuple[str, ...]:
    return ("systemctl", *(("--user",) if scope == "user" else ()), *words)


def _run_all(commands: Sequence[tuple[str, ...]]) -> list[Ran]:
    """One after the other, as far as they go."""
    done: list[Ran] = []
    for command in commands:
        done.append(_run(command) if all(one.is_good for one in done) else Ran(command=command, is_good=False))
    return done


def _run(command: tuple[str, ...]) -> Ran:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Ran(command=command, is_good=False, said=type(error).__name__)
    return Ran(command=command, is_good=done.returncode == 0, said=(done.stdout + done.stderr).strip())
