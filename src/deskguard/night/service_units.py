"""What runs every night, as texts: units for systemd, a task for Windows. Values in, texts out.

Both start a run that was missed as soon as the computer is up again, at the lowest priority, and never two at a
time. The units let it write where its reports and its store lie and nowhere else.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from deskguard.errors import DeskguardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAME = "deskguard-night"
Scope = Literal["user", "system"]
# Half a hall that begins at the same second would ask one file server at once.
_DELAY_MIN = 10
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  nothing is written there
_SYSTEM_ONLY = ("Hostname", "KernelLogs", "KernelModules")
_SYSTEM_ACCOUNT = "S-1-5-18"


@dataclass(frozen=True, slots=True, kw_only=True)
class NightTask:
    """One run a day."""

    command: tuple[str, ...]
    """The program with its options, every path absolute."""
    out: Path
    """Where the reports go."""
    writable: tuple[Path, ...]
    """Folders it writes to, `out` among them."""
    reads: tuple[Path, ...]
    """What it is given."""
    folder: Path
    """Where it starts: relative paths in the settings mean what they mean here."""
    at: tuple[int, int]
    """Hour and minute of the place's own time."""
    scope: Scope = "user"
    user: str = ""
    """Whose a task of the whole system runs as."""


def read_time(text: str) -> tuple[int, int]:
    """Hour and minute of "20:00"; raises DeskguardError."""
    found = re.fullmatch(r"(\d{1,2})[:：](\d{2})", text.strip())
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return int(found[1]), int(found[2])
    raise DeskguardError(
        f'"{text[:20]}" is not a time of day.', "write it as HH:MM, such as --at 20:00.", "bad-time"
    )


def service_unit(task: NightTask) -> str:
    """`deskguard-night.service`."""
    whose = f"User={task.user}\n" if task.scope == "system" and task.user else ""
    # To give these up takes rights that a user's own systemd does not have, and then nothing would start.
    whole = "".join(f"Protect{what}=yes\n" for what in _SYSTEM_ONLY) if task.scope == "system" else ""
    hides_temporary = not any(
        one.is_relative_to(folder) for one in (*task.writable, *task.reads) for folder in _TEMPORARY
    )
    return f"""\
# Written by deskguard service install --night; it is written anew by the next one.
[Unit]
Description=deskguard, recordings scored against the standard

[Service]
Type=oneshot
{whose}ExecStart={" ".join(map(_argument, task.command))}
# 3: all was scored but some recordings, which are listed with the reason.
SuccessExitStatus=3
WorkingDirectory={str(task.folder).replace("%", "%%")}
Nice=19
CPUSchedulingPolicy=idle
IOSchedulingClass=idle
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={" ".join(map(_path, task.writable))}
PrivateTmp={"yes" if hides_temporary else "no"}
ProtectControlGroups=yes
ProtectKernelTunables=yes
{whole}RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0027

[X-Deskguard]
Out={task.out}
"""


def timer_unit(task: NightTask) -> str:
    """`deskguard-night.timer`."""
    hour, minute = task.at
    return f"""\
# Written by deskguard service install --night; it is written anew by the next one.
[Unit]
Description=deskguard, every night

[Timer]
OnCalendar=*-*-* {hour:02d}:{minute:02d}:00
RandomizedDelaySec={_DELAY_MIN}min
Persistent=true

[Install]
WantedBy=timers.target
"""


def out_of_unit(text: str) -> Path | None:
    """Where a service unit's reports go; None when it is none of ours."""
    found = re.search(r"^\[X-Deskguard\]\nOut=(.+)$", text, re.MULTILINE)
    return Path(found[1]) if found else None


def task_xml(task: NightTask, day: str) -> str:
    """A task of the Windows Task Scheduler, to be written as UTF-16; `day` (ISO 8601) is its first."""
    program, *arguments = task.command
    hour, minute = task.at
    # Who is logged on, or the system itself, whoever is.
    who = (
        f"<UserId>{_SYSTEM_ACCOUNT}</UserId>"
        if task.scope == "system"
        else f"<UserId>{escape(task.user)}</UserId>\n      <LogonType>InteractiveToken</LogonType>"
    )
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>deskguard, recordings scored against the standard: {escape(str(task.out))}</Description>
    <URI>\\{NAME}</URI>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>{day}T{hour:02d}:{minute:02d}:00</StartBoundary>
      <Enabled>true</Enabled>
      <RandomDelay>PT{_DELAY_MIN}M</RandomDelay>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      {who}
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>9</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(subprocess.list2cmdline(arguments))}</Arguments>
      <WorkingDirectory>{escape(str(task.folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def score_command(
    program: Sequence[str], paths: Iterable[Path], out: Path, options: Sequence[str]
) -> tuple[str, ...]:
    """What a night runs."""
    return (*program, "score", *map(str, paths), "--out", str(out), *options)


def _argument(text: str) -> str:
    """One word of ExecStart: quoted, and without what systemd would put in its place."""
    return _quoted(text).replace("$", "$$")


def _path(path: Path) -> str:
    return _quoted(str(path))


def _quoted(text: str) -> str:
    told = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return told if re.fullmatch(r"[\w@%+=:,./\\-]+", told) else f'"{told}"'
