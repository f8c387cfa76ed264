"""Who has the word where, and chunks cut where that changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from deskguard.desk.roles import SpokenTurn, Stretch, marked, stretches
from deskguard.values import AudioChunk, Role
from hearing_values import chunk, chunked

S, V = "staff", "visitor"


def turn(speaker: str, start: int, end: int) -> SpokenTurn:
    role: Role = "staff" if speaker.startswith("s") else "visitor"
    return SpokenTurn(speaker=speaker, role=role, start_sample=start, end_sample=end)


def changes(*turns: SpokenTurn) -> list[tuple[int, str]]:
    return [(one.start_sample, one.role) for one in stretches(turns)]


TURNS: list[tuple[Sequence[SpokenTurn], list[tuple[int, str]]]] = [
    ([turn("s", 100, 200)], [(0, S)]),
    ([turn("s", 100, 200), turn("v", 300, 400)], [(0, S), (250, V)]),
    ([turn("v", 300, 400), turn("s", 100, 200)], [(0, S), (250, V)]),
    ([turn("s", 100, 200), turn("v", 200, 400)], [(0, S), (200, V)]),
    ([turn("s", 100, 300), turn("v", 200, 400)], [(0, S), (200, V)]),
    ([turn("s", 100, 900), turn("v", 200, 400)], [(0, S), (200, V), (400, S)]),
    ([turn("s", 100, 900), turn("v", 100, 400)], [(0, V), (400, S)]),
    ([turn("s", 100, 200), turn("s", 300, 400), turn("v", 600, 700)], [(0, S), (500, V)]),
    ([turn("v1", 100, 200), turn("v2", 300, 400)], [(0, V), (250, V)]),
    (
        [turn("s", 0, 900), turn("v1", 100, 500), turn("v2", 300, 400)],
        [(0, S), (100, V), (300, V), (400, V), (500, S)],
    ),
]


@pytest.mark.parametrize(("turns", "expected"), TURNS)
def test_the_word_changes_half_way_between_turns_or_where_the_later_begins(
    turns: Sequence[SpokenTurn], expected: list[tuple[int, str]]
) -> None:
    assert changes(*turns) == expected


GIVEN = (
    Stretch(start_sample=0, role="staff"),
    Stretch(start_sample=1000, role="visitor"),
    Stretch(start_sample=1600, role="staff"),
)


def outline(chunks: Sequence[AudioChunk]) -> list[tuple[int, int, str, bool]]:
    return [(one.start_sample, one.end_sample, one.role, one.is_break) for one in chunks]


def test_a_chunk_is_cut_where_the_word_changes_and_the_rest_of_it_is_a_break() -> None:
    pcm = np.arange(2400, dtype=np.float32)
    pieces = list(marked(chunked(pcm, 800), GIVEN))
    assert outline(pieces) == [
        (0, 800, S, False),
        (800, 1000, S, False),
        (1000, 1600, V, True),
        (1600, 2400, S, True),
    ]
    assert np.array_equal(np.concatenate([one.pcm[0] for one in pieces]), pcm)


def test_what_was_lost_or_asked_for_before_a_chunk_stays_with_its_first_piece() -> None:
    pcm = np.zeros(1000, np.float32)
    pieces = list(marked([chunk(pcm, 500, lost_before=70), chunk(pcm, 1500, is_break=True)], GIVEN))
    assert [one.lost_before for one in pieces] == [70, 0, 0, 0]
    assert [one.is_break for one in pieces] == [False, True, True, True]


def test_an_empty_chunk_has_a_role_too() -> None:
    empty = chunk(np.zeros(0, np.float32), 1200, is_break=True)
    assert outline(list(marked([empty], GIVEN))) == [(1200, 1200, V, True)]
