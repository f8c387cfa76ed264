"""What sounds the same."""

from __future__ import annotations

import pytest

from deskguard.language.syllables import syllables, usual_tones
from deskguard.language.text import normalise


def sound(text: str) -> tuple[int, ...]:
    return syllables(normalise(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("不知道", "不只到"),
        ("稍后", "稍候"),
        ("少啰嗦", "少罗嗦"),
        ("您", "你"),
        ("3号", "三浩"),
        ("着急", "招集"),
        ("不了", "不料"),
        ("银行", "银航"),
    ],
)
def test_homophones_are_equal(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other"), [("银行", "银型"), ("知", "资"), ("你", "里"), ("看", "砍A"), ("女", "努")]
)
def test_other_sounds_are_not(one: str, other: str) -> None:
    assert sound(one) != sound(other)


def test_one_syllable_for_each_character() -> None:
    text = normalise("请到 A3 窗口，ok？é")
    assert len(syllables(text)) == len(text.chars)


def test_latin_letters_stand_for_themselves() -> None:
    assert sound("ab") == (*sound("a"), *sound("b"))
    assert sound("A") == sound("a")
    assert sound("a") != sound("啊")


def test_a_polyphone_is_not_read_across_a_pause() -> None:
    joined, apart = sound("银行"), sound("银，行")
    assert joined[0] == apart[0]
    assert joined[1] != apart[1]


def test_tones_are_those_of_the_usual_reading_and_0_for_what_has_none() -> None:
    assert usual_tones("妈麻马骂吗A5") == (1, 2, 3, 4, 0, 0, 0)
