"""RTTM files and fixed roles: what is read, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.desk.roles import SpokenTurn
from deskguard.desk.rttm import GivenRoles, read_roles
from deskguard.errors import DeskguardError

GOOD = """;; made by hand
SPKR-INFO talk 1 <NA> <NA> <NA> adult staff <NA>
SPEAKER talk 1 0.50 2.25 <NA> <NA> staff <NA> <NA>

SPEAKER talk 1 3.0 1 <NA> <NA> customer <NA>
"""


def line(
    start: str = "1.0", length: str = "2.0", name: str = "staff", kind: str = "SPEAKER", recording: str = "talk"
) -> str:
    return f"{kind} {recording} 1 {start} {length} <NA> <NA> {name} <NA> <NA>\n"


def roles_of(folder: Path, text: str, *recordings: str) -> GivenRoles:
    path = folder / "talk.rttm"
    path.write_text(text, "utf-8")
    return read_roles(str(path), recordings or ("talk.wav",))


def refused(folder: Path, text: str, *recordings: str) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        roles_of(folder, text, *recordings)
    assert str(folder / "talk.rttm") in str(caught.value)
    assert "Fix: " in str(caught.value)
    return caught.value


@pytest.mark.parametrize("role", ["staff", "visitor"])
def test_one_word_is_the_role_of_every_recording(role: str) -> None:
    given = read_roles(role, ["a.wav", "b.wav", "-"])
    assert {name: [turn.role for turn in turns] for name, turns in given.turns.items()} == {
        "a.wav": [role],
        "b.wav": [role],
        "-": [role],
    }


def test_turns_are_read_in_samples_with_their_roles(tmp_path: Path) -> None:
    assert list(roles_of(tmp_path, GOOD).turns["talk.wav"]) == [
        SpokenTurn(speaker="staff", role="staff", start_sample=8_000, end_sample=44_000),
        SpokenTurn(speaker="customer", role="visitor", start_sample=48_000, end_sample=64_000),
    ]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("staff", "staff"),
        ("Clerk", "staff"),
        ("agent_2", "staff"),
        ("员", "staff"),
        ("工作人员1", "staff"),
        ("visitor", "visitor"),
        ("CUSTOMER", "visitor"),
        ("visitor-12", "visitor"),
        ("客", "visitor"),
        ("群众2", "visitor"),
        ("unknown", "unknown"),
    ],
)
def test_names_that_say_the_role_are_understood(tmp_path: Path, name: str, role: str) -> None:
    assert [turn.role for turn in roles_of(tmp_path, line(name=name)).turns["talk.wav"]] == [role]


MISTAKES = [
    (line(kind="LEXEME"), 'it begins with "LEXEME", expected SPEAKER'),
    ("SPEAKER talk 1 0.5\n", "it has 4 columns, expected 10"),
    (line(start="soon"), 'start is "soon", expected seconds from 0 on'),
    (line(start="-1"), 'start is "-1", expected seconds from 0 on'),
    (line(start="nan"), 'start is "nan", expected seconds from 0 on'),
    (line(start="1e300"), 'start is "1e300", expected seconds from 0 on'),
    (line(length="0"), 'duration is "0", expected seconds above 0'),
    (line(length="<NA>"), 'duration is "<NA>", expected seconds above 0'),
    (line(name="SPEAKER_00"), 'speaker is "SPEAKER_00", expected staff or visitor'),
    (line(name="<NA>"), 'speaker is "<NA>", expected staff or visitor'),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES)
def test_a_mistake_names_line_value_and_what_was_expected(tmp_path: Path, text: str, told: str) -> None:
    error = refused(tmp_path, line() + text)
    assert error.code == "bad-rttm"
    assert f"talk.rttm, line 2: {told}" in error.problem


def test_all_mistakes_are_told_at_once_and_a_flood_of_them_is_cut(tmp_path: Path) -> None:
    error = refused(tmp_path, line(start="x", length="y") + line(name="z") + line())
    assert [number in error.problem for number in ("line 1", "line 2", "line 3")] == [True, True, False]
    assert "holds 3 mistake(s)" in error.problem
    assert "and 90 more" in refused(tmp_path, line(name="z") * 100).problem


@pytest.mark.parametrize("text", ["", "\n \n", ";; nothing\n"])
def test_a_file_without_a_turn_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text).code == "no-turns"


def test_a_single_recording_takes_the_turns_whatever_they_are_called(tmp_path: Path) -> None:
    assert list(roles_of(tmp_path, line(recording="else"), "x/y.wav").turns) == ["x/y.wav"]
    assert list(roles_of(tmp_path, line(recording="else"), "-").turns) == ["-"]


def test_each_of_several_recordings_takes_its_own_turns(tmp_path: Path) -> None:
    text = line(recording="a") + line(recording="b.flac", name="visitor") + line(recording="c", name="visitor")
    given = roles_of(tmp_path, text, "calls/a.wav", "calls/b.flac")
    assert {name: turns[0].role for name, turns in given.turns.items()} == {
        "calls/a.wav": "staff",
        "calls/b.flac": "visitor",
    }


def test_a_recording_without_turns_is_told_with_what_there_is(tmp_path: Path) -> None:
    error = refused(tmp_path, line(recording="a") + line(recording="b"), "a.wav", "calls/c.wav")
    assert error.code == "no-turns"
    assert "names a, b in its second column, and nothing for calls/c.wav" in error.problem
    assert '"c"' in error.remedy


def test_a_turn_behind_the_end_is_another_recordings(tmp_path: Path) -> None:
    given = roles_of(tmp_path, line() + line(start="5.0", name="visitor"))
    given.check_length("talk.wav", 5 * 16_000 + 1)
    with pytest.raises(DeskguardError) as caught:
        given.check_length("talk.wav", 5 * 16_000)
    assert caught.value.code == "roles-too-long"
    assert "a turn begins at 5.00 s, but talk.wav is 5.00 s long" in caught.value.problem


def test_one_role_fits_a_recording_of_any_length() -> None:
    read_roles("staff", ["talk.wav"]).check_length("talk.wav", 1)


@pytest.mark.parametrize(("raw", "code"), [(None, "file-missing"), (b"SPEAKER \xd4\xd2\n", "bad-encoding")])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, raw: bytes | None, code: str) -> None:
    path = tmp_path / "talk.rttm"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(DeskguardError) as caught:
        read_roles(str(path), ["talk.wav"])
    assert caught.value.code == code
    assert str(path) in caught.value.problem


def test_a_folder_is_no_roles_file(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError) as caught:
        read_roles(str(tmp_path), ["talk.wav"])
    assert caught.value.code == "file-unreadable"
