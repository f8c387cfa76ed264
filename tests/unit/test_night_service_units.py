"""The texts that have a night run by itself: what systemd and Windows read in them is what was meant."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deskguard.errors import DeskguardError
from deskguard.night.service_units import (
    NightTask,
    out_of_unit,
    read_time,
    score_command,
    service_unit,
    task_xml,
    timer_unit,
)

RECORDINGS = Path("/srv/录音 2026/50%$HOME")
OUT = Path("/srv/reports & co")
TASK = NightTask(
    command=score_command(
        ("/opt/deskguard/bin/deskguard",), [RECORDINGS], OUT, ("--config", "/etc/desk guard.toml")
    ),
    out=OUT,
    writable=(OUT, Path("/var/lib/deskguard")),
    reads=(RECORDINGS,),
    folder=Path("/srv/50% of it"),
    at=(3, 5),
    user="hall",
)
SCHEMA = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def value(unit: str, key: str) -> str:
    (line,) = [one for one in unit.splitlines() if one.startswith(f"{key}=")]
    return line.partition("=")[2]


def test_systemd_reads_the_very_words_of_the_command() -> None:
    # systemd splits as a shell does, and halves %% and $$.
    words = [
        one.replace("%%", "%").replace("$$", "$") for one in shlex.split(value(service_unit(TASK), "ExecStart"))
    ]
    assert words == list(TASK.command)
    assert words[:4] == ["/opt/deskguard/bin/deskguard", "score", str(RECORDINGS), "--out"]


def test_a_night_may_write_its_reports_and_its_store_only() -> None:
    unit = service_unit(TASK)
    assert value(unit, "ProtectSystem") == "strict"
    assert shlex.split(value(unit, "ReadWritePaths")) == [str(OUT), "/var/lib/deskguard"]
    assert value(unit, "PrivateTmp") == "yes"
    assert value(unit, "Nice") == "19"
    assert value(unit, "WorkingDirectory") == "/srv/50%% of it"
    assert value(unit, "IOSchedulingClass") == "idle"
    assert value(unit, "SuccessExitStatus") == "3"


def test_temporary_folders_are_hidden_only_from_who_has_nothing_there() -> None:
    for task in (
        replace(TASK, reads=(Path("/tmp/recordings"),)),
        replace(TASK, writable=(Path("/var/tmp/x"),)),
    ):
        assert value(service_unit(task), "PrivateTmp") == "no"


def test_only_a_night_of_the_system_names_its_user_and_gives_up_what_takes_rights() -> None:
    assert "User=" not in service_unit(TASK)
    assert "ProtectKernelModules" not in service_unit(TASK)
    unit = service_unit(replace(TASK, scope="system"))
    assert value(unit, "User") == "hall"
    assert value(unit, "ProtectKernelModules") == "yes"


def test_a_timer_catches_up_with_a_night_that_was_missed() -> None:
    unit = timer_unit(TASK)
    assert value(unit, "OnCalendar") == "*-*-* 03:05:00"
    assert value(unit, "Persistent") == "true"
    assert value(unit, "RandomizedDelaySec") == "10min"


def test_where_the_reports_go_can_be_read_back() -> None:
    assert out_of_unit(service_unit(TASK)) == OUT
    assert out_of_unit("[Service]\nExecStart=/bin/true\n") is None


@pytest.mark.parametrize(("scope", "user"), [("user", "hall"), ("system", "S-1-5-18")])
def test_windows_reads_the_very_words_of_the_command(scope: str, user: str) -> None:
    root = ElementTree.fromstring(task_xml(replace(TASK, scope=scope), "2026-11-21").encode("utf-16"))  # type: ignore[arg-type]  # noqa: S314

    def text(path: str) -> str:
        found = root.find("/".join(f"{SCHEMA}{one}" for one in path.split("/")))
        assert found is not None
        return str(found.text)

    assert text("Actions/Exec/Command") == TASK.command[0]
    assert text("Actions/Exec/Arguments") == (
        f'score "{RECORDINGS}" --out "{OUT}" --config "/etc/desk guard.toml"'
    )
    assert text("Triggers/CalendarTrigger/StartBoundary") == "2026-11-21T03:05:00"
    assert text("Settings/StartWhenAvailable") == "true"
    assert text("Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert text("Settings/ExecutionTimeLimit") == "PT0S"
    assert text("Principals/Principal/UserId") == user


@pytest.mark.parametrize(
    ("text", "expected"), [("20:00", (20, 0)), ("3:05", (3, 5)), ("00:00", (0, 0)), ("23：59", (23, 59))]
)
def test_times_are_read(text: str, expected: tuple[int, int]) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize("text", ["", "24:00", "12:60", "8pm", "12", "12:5", "12:00:00"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(DeskguardError, match="--at 20:00") as caught:
        read_time(text)
    assert caught.value.code == "bad-time"
