"""How far the tones of what was heard speak against the words that are suspected there."""

from __future__ import annotations

import pytest

from deskguard.spotting.hits.sighting import tone_unlike


@pytest.mark.parametrize(
    ("heard", "wording", "share"),
    [
        ("你再稳稳", "你再问问", 0.5),
        ("没实践", "没时间", 1 / 3),
        ("不归我管", "不归我管", 0.0),
        ("不规我馆", "不归我管", 0.0),
        ("部知到", "不知道", 0.0),
    ],
)
def test_syllables_heard_alike_in_another_tone_are_counted(heard: str, wording: str, share: float) -> None:
    assert tone_unlike(heard, wording) == pytest.approx(share)


def test_other_syllables_and_neutral_tones_say_nothing() -> None:
    assert tone_unlike("别的话", "不知道") == 0
    assert tone_unlike("谁知道呢", "谁知道呐") == 0


def test_a_wording_of_another_length_or_none_says_nothing() -> None:
    assert tone_unlike("我部知到啊", "不知道") == 0
    assert tone_unlike("我不知道", "") == 0


def test_marks_and_script_do_not_matter() -> None:
    assert tone_unlike("沒，實踐", "没时间") == pytest.approx(1 / 3)
