"""Which characters say nothing."""

from __future__ import annotations

import pytest

from deskguard.language.fillers import filler_groups
from deskguard.language.text import normalise


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("不归嗯我管", (0, 0, 1, 0, 0)),
        ("不归，那个，我管", (0, 0, 1, 1, 0, 0)),
        ("就是说嗯好", (1, 1, 1, 2, 0)),
        ("我我不知道", (0, 1, 0, 0, 0)),
        ("不归不归我管", (0, 0, 1, 1, 0, 0)),
        ("快点快点快点", (0, 0, 1, 1, 2, 2)),
        ("", ()),
    ],
)
def test_fillers_and_repeats_are_numbered(text: str, groups: tuple[int, ...]) -> None:
    assert filler_groups(normalise(text)) == groups
