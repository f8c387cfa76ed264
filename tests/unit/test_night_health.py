"""health.json and the lock of a folder: whole at any moment, and one run at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.night.health import EVERY_S, FILE_NAME, HealthFile, NightHealth, read_health
from deskguard.night.run_lock import LOCK_NAME, OWNER_NAME, run_lock


class Clock:
    """Both clocks, wound by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def now_utc(self) -> str:
        return f"2026-11-21T20:00:{int(self.s):02d}+00:00"

    def now_s(self) -> float:
        return self.s


def a_file(folder: Path, clock: Clock) -> HealthFile:
    return HealthFile(folder, NightHealth(total=9, model="base"), clock.now_utc, clock.now_s)


def test_health_is_written_at_the_start_every_ten_seconds_and_at_the_end(tmp_path: Path) -> None:
    clock = Clock()
    file = a_file(tmp_path, clock)
    begun = read_health(tmp_path)
    assert begun is not None
    assert (begun.state, begun.total, begun.done, begun.model) == ("running", 9, 0, "base")
    assert begun.started_utc == begun.updated_utc == "2026-11-21T20:00:00+00:00"
    clock.s = EVERY_S - 1
    file.tell(done=1)
    assert read_health(tmp_path) == begun
    clock.s = EVERY_S
    file.tell(done=2, rate=20.0, eta_s=60.0)
    during = read_health(tmp_path)
    assert during is not None
    assert (during.done, during.rate, during.eta_s, during.exit_status) == (2, 20.0, 60.0, None)
    clock.s = EVERY_S + 1
    file.end(3, done=9, not_analysed=1)
    ended = read_health(tmp_path)
    assert ended is not None
    assert (ended.state, ended.exit_status, ended.eta_s, ended.not_analysed) == ("done", 3, None, 1)
    assert (ended.ended_utc, ended.started_utc) == ("2026-11-21T20:00:11+00:00", begun.started_utc)
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(("status", "state"), [(0, "done"), (3, "done"), (2, "failed"), (1, "failed")])
def test_the_exit_status_says_how_it_ended(tmp_path: Path, status: int, state: str) -> None:
    a_file(tmp_path, Clock()).end(status)
    ended = read_health(tmp_path)
    assert ended is not None
    assert ended.state == state


def test_a_folder_that_cannot_be_written_does_not_stop_the_night(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    file = a_file(tmp_path / "none", clock)
    clock.s = EVERY_S
    file.tell(done=1)
    file.end(0)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"v": 1, "unknown": 2}'])
def test_what_is_no_health_is_none_or_as_far_as_it_is_known(tmp_path: Path, text: str) -> None:
    assert read_health(tmp_path) is None
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    assert read_health(tmp_path) in (None, NightHealth())


def test_a_folder_is_made_and_held_and_given_free(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "reports"
    with run_lock(folder):
        told = json.loads((folder / OWNER_NAME).read_text(encoding="utf-8"))
        told_of = pytest.raises(DeskguardError, match=rf"process {told['pid']} on \S+, since \d{{4}}-")
        with told_of as caught, run_lock(folder):
            pass
        assert caught.value.code == "night-in-use"
    with run_lock(folder):
        pass
    assert not (folder / OWNER_NAME).exists()


@pytest.mark.parametrize("told", ["", "[]", '{"pid": "x"}', '{"pid": 1, "host": "h", "since": "soon"}'])
def test_an_owner_that_cannot_be_read_is_unknown(tmp_path: Path, told: str) -> None:
    with run_lock(tmp_path):
        (tmp_path / OWNER_NAME).write_text(told, encoding="utf-8")
        with pytest.raises(DeskguardError, match="process unknown"), run_lock(tmp_path):
            pass


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeskguardError, match="--out") as caught, run_lock(tmp_path / "file"):
        pass
    assert caught.value.code == "folder-unusable"
    (tmp_path / LOCK_NAME).mkdir()
    with pytest.raises(DeskguardError) as caught, run_lock(tmp_path):
        pass
    assert caught.value.code == "folder-unusable"
