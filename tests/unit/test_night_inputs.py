"""Which recordings there are, whose they are and when: paths, patterns, lists; what is there twice."""

from __future__ import annotations

import os
from datetime import date, time
from pathlib import Path, PurePath

import pytest

from deskguard.errors import DeskguardError
from deskguard.night.inputs import Listed, Wish, jobs, listed
from deskguard.night.jobs import Job
from deskguard.night.manifest import read_manifest
from deskguard.night.naming import Named, Pattern, day_in, plainly, time_in
from deskguard.scoring.values import NotAnalysed

USUAL = Pattern("{window}/{date}/*")
NOV_20 = date(2026, 11, 20)


class Hashes:
    """What a store would know."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int, int], str] = {}
        self.read = 0

    def file_hash(self, path: str, size: int, modified_ns: int) -> str | None:
        return self.known.get((path, size, modified_ns))

    def note_file(self, path: str, size: int, modified_ns: int, sha256: str) -> None:
        self.read += 1
        self.known[path, size, modified_ns] = sha256


def write(path: Path, content: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or path.as_posix())
    return path


@pytest.mark.parametrize(
    ("pattern", "path", "told"),
    [
        ("{window}/{date}/*", "7/2026-11-20/a.wav", Named("7", "", NOV_20)),
        ("{window}/{date}/*", "hall/7/20261120/0900.wav", Named("7", "", NOV_20)),
        ("{window}/{date}/*", "7/monday/a.wav", Named()),
        ("{window}/{date}/*", "a.wav", Named()),
        ("{window}/{date}/{time}", "7/2026-11-20/0905.wav", Named("7", "", NOV_20, time(9, 5))),
        (
            "{date}/{window}_{clerk}_{time}",
            "2026.11.20/7_007_09-05-30.mp3",
            Named("7", "007", NOV_20, time(9, 5, 30)),
        ),
        ("{window}-*", "3号窗口-早班.wav", Named("3号窗口")),
        ("{window}/{date}/*", "7/2026-02-31/a.wav", Named()),
    ],
)
def test_a_pattern_says_what_the_parts_of_a_path_are(pattern: str, path: str, told: Named) -> None:
    assert Pattern(pattern).read(PurePath(path)) == told


@pytest.mark.parametrize("pattern", ["{window}/{day}/*", "{window}/{window}/*", "{}/*"])
def test_a_pattern_with_unknown_names_is_refused(pattern: str) -> None:
    with pytest.raises(DeskguardError, match=r"\[scoring\] pattern"):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20", NOV_20),
        ("window7_20261120_0900", NOV_20),
        ("2026年11月20日", NOV_20),
        ("2025-01-02/2026-11-20", NOV_20),
        ("13812345678", None),
        ("2026-13-40", None),
        ("", None),
    ],
)
def test_a_date_is_seen_in_a_name(text: str, day: date | None) -> None:
    assert day_in(text) == day


def test_a_time_is_seen_beside_a_date_and_is_no_part_of_it() -> None:
    assert time_in("2026-11-20_09-05") == time(9, 5)
    assert time_in("2026-11-20") is None


def test_without_a_pattern_the_folder_is_the_window_unless_it_is_a_date() -> None:
    assert plainly(PurePath("7/2026-11-20/a.wav"), "in") == Named("7", "", NOV_20)
    assert plainly(PurePath("2026-11-20/a.wav"), "in") == Named("in", "", NOV_20)
    assert plainly(PurePath("a.wav"), "in") == Named("in")


def test_sound_in_a_folder_is_found_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "7" / "2026-11-20" / "b.WAV")
    write(tmp_path / "7" / "2026-11-20" / "a.mp3")
    write(tmp_path / "7" / "2026-11-20" / "notes.txt")
    write(tmp_path / ".trash" / "c.wav")
    found, missing = listed([tmp_path], USUAL)
    assert [(one.path.name, one.window_id, one.day) for one in found] == [
        ("a.mp3", "7", NOV_20),
        ("b.WAV", "7", NOV_20),
    ]
    assert missing == []


def test_a_file_named_twice_is_one_recording(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    assert len(listed([path, tmp_path, path], USUAL)[0]) == 1


def test_the_file_s_own_date_counts_where_no_name_tells(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert listed([path], USUAL)[0][0].day.isoformat() in ("2023-11-14", "2023-11-15")


def test_what_is_not_there_is_an_error_and_so_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match="does not exist"):
        listed([tmp_path / "gone.wav"], USUAL)
    with pytest.raises(DeskguardError, match="no recording"):
        listed([tmp_path], USUAL)


def test_a_list_is_read_in_either_language_and_its_paths_are_its_own(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.wav")
    table = tmp_path / "list.csv"
    table.write_text(
        "文件,窗口,工号,开始时间,声道\nx/a.wav,7,007,2026/11/20 9:05,群众，工作人员\nx/b.wav,8,,,\n", "utf-8"
    )
    found, missing = listed([table], USUAL)
    (one,) = found
    assert (one.window_id, one.clerk_id, one.day, one.channels) == ("7", "007", NOV_20, "visitor,staff")
    assert one.started_at == "2026-11-20T09:05:00"
    assert [(lost.reason, lost.window_id) for lost in missing] == [("missing", "8")]


def test_every_mistake_of_a_list_is_told_at_once(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("file,windo\na.wav,7\n", "utf-8")
    with pytest.raises(DeskguardError, match='did you mean "window"'):
        read_manifest(table)
    table.write_text("file,start,channels\n,2026-11-20,\na.wav,soon,left\n", "utf-8")
    with pytest.raises(DeskguardError) as caught:
        read_manifest(table)
    assert caught.value.problem.count("row ") == 3


def test_the_same_content_is_examined_once(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", "same")
    write(tmp_path / "b.wav", "same")
    write(tmp_path / "c.wav", "other")
    found = list(jobs(listed([tmp_path], USUAL)[0], Hashes()))
    assert [type(one) for one in found] == [Job, NotAnalysed, Job]
    twice = found[1]
    assert isinstance(twice, NotAnalysed)
    assert (twice.reason, Path(twice.detail).name) == ("duplicate", "a.wav")


def test_a_file_is_read_for_its_hash_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", "one")
    hashes = Hashes()
    for _ in range(3):
        list(jobs(listed([path], USUAL)[0], hashes))
    assert hashes.read == 1
    path.write_text("another")
    (job,) = jobs(listed([path], USUAL)[0], hashes)
    assert isinstance(job, Job)
    assert hashes.read == 2


def a_listed(window: str, day: date) -> Listed:
    return Listed(path=Path("a.wav"), name="a.wav", window_id=window, day=day)


def test_only_what_is_wished_for_is_taken() -> None:
    every = [a_listed("A1", NOV_20), a_listed("A2", date(2026, 11, 19)), a_listed("B1", NOV_20)]
    assert Wish().of(every) == every
    assert Wish(windows=("A*",)).of(every) == every[:2]
    assert Wish(since=NOV_20).of(every) == [every[0], every[2]]
    assert Wish(windows=("A*",), limit=1).of(every) == every[:1]
