"""Versions and publishing: nothing is lost or half done, and what fails its own examples stays a draft."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from deskguard.authoring import versions
from deskguard.authoring.publish import Published, Signature, list_versions, live_folder, publish
from deskguard.authoring.words import Words
from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from deskguard.rules.watch import PackWatcher
from rules_packs import entry, pack_file

ZH = Words()
BY = Signature(author="张三", note="第一版", published="2026-11-21T09:00:00+08:00")


@pytest.fixture
def live(tmp_path: Path) -> Path:
    return tmp_path / "live"


def draft(tmp_path: Path, *entries: str, name: str = "draft") -> Path:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    pack_file(folder, *entries)
    return folder


FIRST = entry("我不知道", "P1", examples=["我不知道。"])
SECOND = entry("我不知道", "P1", say=["我咋知道"], examples=["我咋知道。"])
BROKEN = entry("我不知道", "P1", examples=["今天天气不错。"])


def put(source: Path | str, live: Path, note: str = "") -> Published:
    return publish(str(source), live, replace(BY, note=note), ZH)


def refused(source: Path | str, live: Path) -> str:
    with pytest.raises(DeskguardError) as caught:
        put(source, live)
    return str(caught.value)


def test_what_is_published_is_live_kept_and_in_the_ledger(tmp_path: Path, live: Path) -> None:
    done = put(draft(tmp_path, FIRST), live, "第一版")
    assert done.is_live
    rules = load_packs([live])
    assert f"sha256 {rules.sha256}" in done.lines
    (one,) = versions.read_ledger(live, ZH)
    assert (one.author, one.note, one.published) == ("张三", "第一版", "2026-11-21T09:00:00+08:00")
    assert (one.rules_sha256, one.rules, one.packs) == (rules.sha256, 1, ("test",))
    assert one.version == versions.live_version(live, ZH) == versions.hash_of(versions.read_files(live, ZH))
    assert load_packs([live / "versions" / one.version]).sha256 == rules.sha256


def test_a_pack_whose_examples_fail_is_not_published(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    before = versions.read_files(live, ZH)
    done = put(draft(tmp_path, BROKEN, name="broken"), live)
    assert not done.is_live
    assert "今天天气不错" in done.lines[0]
    assert "没有变" in done.lines[-1]
    assert versions.read_files(live, ZH) == before
    assert len(versions.read_ledger(live, ZH)) == 1


def test_going_back_to_a_version_by_either_hash(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    put(draft(tmp_path, SECOND), live)
    first, second = versions.read_ledger(live, ZH)
    put(first.version[:8], live, "回退")
    assert versions.live_version(live, ZH) == first.version
    put(second.rules_sha256[:10], live)
    assert versions.live_version(live, ZH) == second.version
    notes = [one.note for one in versions.read_ledger(live, ZH)]
    assert notes == ["", "", "回退", ""]
    listed = list_versions(live, ZH)
    assert [line[0] for line in listed[1:]] == ["*", " ", " ", " "]


def test_publishing_what_is_live_changes_nothing(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    assert put(draft(tmp_path, FIRST), live).is_live
    assert len(versions.read_ledger(live, ZH)) == 1


def test_edits_by_hand_are_kept_before_they_are_replaced(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    edited = (live / "test.toml").read_bytes() + b"# by hand\n"
    (live / "test.toml").write_bytes(edited)
    assert "没有发布过" in list_versions(live, ZH)[-1]
    put(draft(tmp_path, SECOND), live)
    kept = [path.read_bytes() for path in (live / "versions").glob("*/test.toml")]
    assert edited in kept
    assert len(kept) == 3


def test_edits_by_hand_can_be_published_as_they_lie(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    pack_file(live, SECOND)
    put(live, live, "改好了")
    now = versions.live_version(live, ZH)
    assert [(one.note, one.version == now) for one in versions.read_ledger(live, ZH)] == [
        ("", False),
        ("改好了", True),
    ]


def test_a_folder_replaces_all_and_a_file_joins_the_others(tmp_path: Path, live: Path) -> None:
    folder = draft(tmp_path, FIRST)
    other = pack_file(
        tmp_path, entry("没时间", "P2"), header='[pack]\nid = "other"\ntitle = "O"\n', name="other.toml"
    )
    put(folder, live)
    put(other, live)
    assert sorted(load_packs([live]).rules) == ["P1", "P2"]
    put(folder, live)
    assert [path.name for path in live.glob("*.toml")] == ["test.toml"]
    assert not list(live.glob(".*"))


def test_a_running_desk_takes_what_is_published(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    watcher = PackWatcher([live])
    assert watcher.poll() is None
    put(draft(tmp_path, SECOND), live)
    rules = watcher.poll()
    assert not isinstance(rules, DeskguardError)
    assert rules is not None
    assert len(rules.rules["P1"].variants) == 2
    assert watcher.poll() is None


def test_a_draft_with_mistakes_leaves_everything_as_it_was(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    before = sorted(path for path in live.rglob("*"))
    said = refused(draft(tmp_path, entry("没时间", "P2", severity="hihg"), name="bad"), live)
    assert str(tmp_path / "bad" / "test.toml") in said
    assert "hihg" in said
    assert sorted(path for path in live.rglob("*")) == before


def test_a_desk_that_keeps_to_some_packs_must_find_them(tmp_path: Path, live: Path) -> None:
    with pytest.raises(DeskguardError, match="s003"):
        publish(str(draft(tmp_path, FIRST)), live, BY, ZH, only=["s003"])
    assert not live.exists()


@pytest.mark.parametrize("given", ["none.toml", "abcdef12", "xyz", "ab", "草稿"])
def test_what_is_neither_file_nor_version_names_the_nearest(tmp_path: Path, live: Path, given: str) -> None:
    put(draft(tmp_path, FIRST), live)
    known = versions.read_ledger(live, ZH)[0].version
    said = refused(given, live)
    assert f"“{given}”" in said
    assert known[:12] in said
    assert "deskguard rules versions" in said


def test_a_hash_that_is_nearly_right_finds_its_neighbour(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    put(draft(tmp_path, SECOND), live)
    wanted = versions.read_ledger(live, ZH)[0].version
    wrong = wanted[:10] + ("0" if wanted[10] != "0" else "1") + wanted[11]
    assert wanted[:12] in refused(wrong, live)


def test_a_version_that_was_tampered_with_is_not_published(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    put(draft(tmp_path, SECOND), live)
    first, second = versions.read_ledger(live, ZH)
    (live / "versions" / first.version / "test.toml").write_text("[pack]\n")
    assert "对不上" in refused(first.version[:8], live)
    assert versions.live_version(live, ZH) == second.version


def test_a_ledger_that_is_damaged_is_named_with_its_line(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    ledger = live / "versions" / "ledger.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    with pytest.raises(DeskguardError, match="第 2 行"):
        versions.read_ledger(live, ZH)


def test_two_publications_at_once_are_refused(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    with versions.publishing(live, ZH):
        assert "publishing.lock" in refused(draft(tmp_path, SECOND), live)
    assert put(draft(tmp_path, SECOND), live).is_live


@pytest.mark.parametrize("place", ["file", "file/live"])
def test_a_place_that_cannot_hold_rules_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "写不了" in refused(draft(tmp_path, FIRST), tmp_path / place)
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused_and_stays_as_it_was(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    before = versions.read_files(live, ZH)
    live.chmod(0o500)
    try:
        assert "写不了" in refused(draft(tmp_path, SECOND), live)
    finally:
        live.chmod(0o700)
    assert versions.read_files(live, ZH) == before


def test_a_file_that_cannot_be_replaced_leaves_the_others_as_they_were(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live)
    before = versions.read_files(live, ZH)
    # A folder stands where the second file must go: the first one has been renamed into place by then.
    (live / "blocked").mkdir()
    files = {"test.toml": b"new", "blocked": b"new"}
    with pytest.raises(DeskguardError, match="写不了"):
        versions.put_live(live, files, versions.read_ledger(live, ZH)[0], ZH)
    assert versions.read_files(live, ZH) == before
    assert len(versions.read_ledger(live, ZH)) == 1
    assert not list(live.glob(".*"))


def test_the_ledger_is_plain_lines_of_json(tmp_path: Path, live: Path) -> None:
    put(draft(tmp_path, FIRST), live, "为什么")
    (line,) = (live / "versions" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    table = json.loads(line)
    assert table["note"] == "为什么"
    assert table["v"] == 1


@pytest.mark.parametrize("packs", [[], ["a", "b"], ["a.toml"]])
def test_without_one_live_folder_the_settings_are_named(packs: list[str]) -> None:
    with pytest.raises(DeskguardError, match=r"\[rules\] packs"):
        live_folder(packs, None, ZH)
    assert live_folder(packs, Path("there"), ZH) == Path("there")
    assert live_folder(["there"], None, ZH) == Path("there")
