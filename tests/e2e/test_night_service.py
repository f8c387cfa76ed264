"""The installed `deskguard service`, units read by systemd itself, and a lock whose holder is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deskguard.night.health import HealthFile, NightHealth
from deskguard.night.run_lock import OWNER_NAME, run_lock
from night_parts import wait_until

COMMAND = Path(sys.executable).with_name("deskguard")
HOLD = """
import sys, time
from pathlib import Path
from deskguard.night.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    time.sleep(600)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="systemd")


class Home:
    """A user whose settings and data are in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = folder / "config" / "systemd" / "user"
        # No bus: systemctl cannot reach any systemd, whatever the machine of the test runs.
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"},
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        (folder / "run").mkdir()

    def run(self, *arguments: str | Path, status: int = 0) -> str:
        """A `deskguard service` command that must end with `status` and never with a traceback."""
        done = subprocess.run(
            [str(COMMAND), "service", *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            cwd=self.folder,
            env=self.environment,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "the home").mkdir()
    return Home(tmp_path / "the home")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "录音 1%"
    folder.mkdir()
    return folder


@linux
def test_a_night_is_installed_looked_at_and_removed(home: Home, recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    dry = home.run("install", "--night", recordings, "--out", out, "--at", "21:30", "--dry-run")
    assert not home.units.exists()
    told = home.run("install", "--night", recordings, "--out", out, "--at", "21:30", "--language", "en")
    assert "systemctl --user enable --now deskguard-night.timer" in told
    for name in ("deskguard-night.service", "deskguard-night.timer"):
        assert (home.units / name).read_text(encoding="utf-8") in dry
    assert "OnCalendar=*-*-* 21:30:00" in dry
    assert f"ExecStart={COMMAND} score" in dry
    assert "Nothing has run" in home.run("status", "--night", "--language", "en")
    HealthFile(out, NightHealth(total=4)).end(3, done=4, not_analysed=1)
    assert "Last run: done, 4 of 4 recordings, 1 not analysed" in home.run(
        "status", "--night", "--language", "en"
    )
    home.run("remove", "--night")
    assert list(home.units.iterdir()) == []
    assert out.is_dir()
    for action in ("remove", "status"):
        assert "No night is installed" in home.run(action, "--night", status=2)


@linux
@pytest.mark.parametrize("whose", ["--user", "--system"])
def test_systemd_has_nothing_against_the_units(
    home: Home, recordings: Path, tmp_path: Path, whose: str
) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    text = home.run("install", "--night", whose, recordings, "--out", tmp_path / "reports", "--dry-run")
    files = []
    for part in text.split("# /")[1:]:
        place, _, unit = part.partition("\n")
        files.append(tmp_path / Path(place).name)
        files[-1].write_text(unit, encoding="utf-8")
    verify = ["systemd-analyze", "verify", *(["--user"] if whose == "--user" else []), *map(str, files)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, env=home.environment, timeout=60)
    assert len(files) == 2
    assert [line for line in done.stderr.splitlines() if "deskguard-night" in line] == []
    assert done.returncode == 0, done.stderr


@linux
def test_mistakes_are_told(home: Home, recordings: Path, tmp_path: Path) -> None:
    assert '"25:00"' in home.run("install", "--night", recordings, "--at", "25:00", status=2)
    assert "does not exist" in home.run("install", "--night", tmp_path / "none", status=2)
    among = home.run("install", "--night", recordings, "--out", recordings / "reports", status=2)
    assert "taken for recordings" in among
    assert "--out DIR" in home.run("install", "--night", "--system", recordings, "--dry-run", status=2)
    config = tmp_path / "bad.toml"
    config.write_text("[scoring]\nstroe = 1\n", encoding="utf-8")
    assert "stroe" in home.run("install", "--night", recordings, "--config", config, status=2)
    assert "--night" in home.run("install", recordings, status=2)


def test_the_lock_of_a_night_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)])
    try:
        wait_until((tmp_path / OWNER_NAME).is_file)
    finally:
        holder.kill()
        holder.wait(60)
    assert (tmp_path / OWNER_NAME).is_file()
    with run_lock(tmp_path):
        pass
