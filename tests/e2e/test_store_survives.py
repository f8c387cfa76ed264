"""The store under what really happens to a desk: killed, started twice, on a full or a read-only disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_disk import fill, small_disk

from deskguard.desk.store import FILE_NAME, Store
from deskguard.desk.store_writer import StoreWriter
from deskguard.errors import DeskguardError
from store_values import NOON, a_hypothesis, a_run, an_alert

# Saves hit after hit and says each number once it is on disk.
BUSY_DESK = """
import sys
from pathlib import Path
from store_values import NOON, a_run, an_alert
from deskguard.desk.store import Store
from deskguard.desk.store_writer import StoreWriter

store = Store.open(Path(sys.argv[1]), "window-7")
writer = StoreWriter(store, commit_every_s=0.001)
writer.begin_run(a_run())
number = 0
while True:
    for _ in range(5):
        writer.save_alert("run-1", an_alert(f"hit-{number}"), NOON)
        number += 1
    if writer.flush(5):
        print(number, flush=True)
"""


@contextmanager
def busy_desk(folder: Path) -> Iterator[subprocess.Popen[str]]:
    helpers = str(Path(__file__).resolve().parents[1])
    desk = subprocess.Popen(
        [sys.executable, "-c", BUSY_DESK, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": helpers},
    )
    try:
        yield desk
    finally:
        desk.kill()
        desk.wait()


def lines_of(desk: subprocess.Popen[str], count: int) -> list[int]:
    assert desk.stdout is not None
    return [int(desk.stdout.readline()) for _ in range(count)]


def test_kill_9_in_the_middle_of_writing_loses_nothing_that_was_saved(tmp_path: Path) -> None:
    with busy_desk(tmp_path) as desk:
        lines_of(desk, 20)
        desk.send_signal(signal.SIGKILL)
        rest = desk.communicate()[0].split()
        said = int(rest[-1]) if rest else 100
    store = Store.open(tmp_path)
    assert store.unfinished_runs() == ("run-1",)
    kept = [one["hit_id"] for one in store.today("2026-11-21")]
    store.close()
    assert kept == [f"hit-{number}" for number in reversed(range(len(kept)))]
    assert len(kept) >= said
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT ended_reason FROM runs").fetchall() == [("crashed",)]
    connection.close()


def test_two_daemons_on_one_desk_the_second_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with busy_desk(tmp_path) as desk:
        lines_of(desk, 1)
        with pytest.raises(DeskguardError) as caught:
            Store.open(tmp_path)
        assert caught.value.code == "desk-in-use"
        # The run names the window once it has begun.
        assert f'process {desk.pid}, window "window-1"' in caught.value.problem
        reader = Store.open_reader(tmp_path)
        assert len(reader.today("2026-11-21")) >= 5
        reader.close()
        desk.send_signal(signal.SIGKILL)
        desk.wait()
        Store.open(tmp_path).close()


def test_a_full_disk_is_survived_and_everything_is_written_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        store = Store.open(disk / "desk")
        writer = StoreWriter(store, commit_every_s=0.01)
        writer.begin_run(a_run())
        assert writer.flush(5)
        fill(disk / "ballast")
        for number in range(300):
            writer.save_alert("run-1", an_alert(f"hit-{number}", heard="不知道" * 20), NOON)
            writer.save_utterance("run-1", a_hypothesis("字" * 100, number), keep_text=True)
        assert not writer.flush(1)
        assert writer.failing == "disk-full"
        assert writer.unsaved > 0
        (disk / "ballast").unlink()
        assert writer.flush(10)
        assert (writer.failing, writer.unsaved, writer.lost, writer.refused) == (None, 0, 0, 0)
        assert len(store.today("2026-11-21")) == 300
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        writer.close()
        store.close()


def test_retention_on_a_full_disk_is_an_error_one_can_read_and_works_later(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        store = Store.open(disk / "desk")
        with store.batch():
            store.begin_run(a_run())
            for number in range(100):
                store.save_alert("run-1", an_alert(f"hit-{number}", heard="不知道" * 20), NOON)
        # Closing empties the write-ahead log, so that erasing needs new room for it.
        store.close()
        store = Store.open(disk / "desk")
        fill(disk / "ballast")
        with pytest.raises(DeskguardError) as caught:
            store.forget_before("2026-12-01T00:00:00+00:00")
        assert caught.value.code == "disk-full"
        assert len(store.today("2026-11-21")) == 100
        (disk / "ballast").unlink()
        assert store.forget_before("2026-12-01T00:00:00+00:00") == 101
        assert store.today("2026-11-21") == []
        store.close()


def test_a_full_disk_refuses_a_new_store_with_the_reason(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=256k") as disk:
        fill(disk / "ballast")
        with pytest.raises(DeskguardError) as caught:
            Store.open(disk / "desk")
        assert caught.value.code == "disk-full"


def test_a_read_only_folder_is_refused_with_the_reason(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m,ro") as disk, pytest.raises(DeskguardError) as caught:
        Store.open(disk / "desk")
    assert caught.value.code == "folder-read-only"
    assert str(tmp_path / "disk" / "desk") in caught.value.problem


def test_a_store_on_a_disk_that_became_read_only_is_refused(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        Store.open(disk).close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(DeskguardError) as caught:
            Store.open(disk)
        assert caught.value.code == "folder-read-only"
