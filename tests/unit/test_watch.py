"""Edits of rule packs while the desk is running."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deskguard.errors import DeskguardError
from deskguard.rules.pack import RuleSet, load_packs
from deskguard.rules.watch import PackWatcher
from rules_packs import entry, frame, pack_file


def test_nothing_changed_is_nothing_new(tmp_path: Path) -> None:
    path = pack_file(tmp_path, entry("没时间"))
    watcher = PackWatcher([tmp_path])
    assert watcher.poll() is None
    os.utime(path, ns=(1, 1))
    assert watcher.poll() is None


def test_an_edit_gives_new_rules_once(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("没时间"))
    watcher = PackWatcher([tmp_path])
    pack_file(tmp_path, entry("没时间", say=["没工夫"]))
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert news.sha256 == load_packs([tmp_path]).sha256
    assert watcher.poll() is None


def test_a_bad_edit_is_told_once_and_mending_it_gives_rules(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("没时间"))
    watcher = PackWatcher([tmp_path])
    pack_file(tmp_path, entry(".*"))
    assert isinstance(watcher.poll(), DeskguardError)
    assert watcher.poll() is None
    pack_file(tmp_path, entry("没时间"))
    assert isinstance(watcher.poll(), RuleSet)


def test_a_half_written_file_is_an_error_and_then_rules(tmp_path: Path) -> None:
    path = pack_file(tmp_path, entry("没时间"))
    whole = path.read_bytes()
    watcher = PackWatcher([tmp_path])
    path.write_bytes(whole + entry("我不管", "P2").encode()[:-20])
    assert isinstance(watcher.poll(), DeskguardError)
    path.write_bytes(whole + entry("我不管", "P2").encode())
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert set(news.rules) == {"P1", "P2"}


def test_new_and_deleted_files_count(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("没时间"))
    watcher = PackWatcher([tmp_path])
    other = pack_file(tmp_path, entry("我不管", "P2"), header='[pack]\nid = "b"\ntitle = "B"\n', name="b.toml")
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert set(news.rules) == {"P1", "P2"}
    other.unlink()
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert set(news.rules) == {"P1"}


def test_a_folder_may_vanish_and_return(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    pack_file(folder, entry("没时间"))
    watcher = PackWatcher([folder])
    shutil.move(folder, tmp_path / "away")
    assert isinstance(watcher.poll(), DeskguardError)
    assert watcher.poll() is None
    shutil.move(tmp_path / "away", folder)
    assert isinstance(watcher.poll(), RuleSet)


def test_an_edit_of_shared_frames_gives_new_rules(tmp_path: Path) -> None:
    language = tmp_path / "language"
    language.mkdir()
    path = pack_file(tmp_path, entry("没时间", unless=["@f"]))
    pack_file(language, frame("f"), header="")
    watcher = PackWatcher([path], language=language)
    pack_file(language, frame("f", say=["若是~"]), header="")
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert news.frames["f"].say == ("若是~",)
    pack_file(language, frame("g"), header="")
    assert isinstance(watcher.poll(), DeskguardError)


def test_only_the_named_packs_are_loaded_again(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("没时间"))
    pack_file(tmp_path, entry("我不管", "P2"), header='[pack]\nid = "b"\ntitle = "B"\n', name="b.toml")
    watcher = PackWatcher([tmp_path], ["b"])
    pack_file(tmp_path, entry("我不管啊", "P2"), header='[pack]\nid = "b"\ntitle = "B"\n', name="b.toml")
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert set(news.rules) == {"P2"}
