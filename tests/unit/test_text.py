"""What counts as the same text, and where each character came from."""

from __future__ import annotations

import pytest

from deskguard.language.text import normalise, simplify


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("沒時間", "没时间"),
        ("故障瞭", "故障了"),
        ("忙著呢", "忙着呢"),
        ("您再问问", "你再问问"),
        ("妳再問問", "你再问问"),
        ("３号窗口", "三号窗口"),
        ("15号", "十五号"),
        ("10块", "十块"),
        ("105", "一百零五"),
        ("1050", "一千零五十"),
        ("007", "零零七"),
        ("12345", "一二三四五"),
        ("二〇二六", "二零二六"),
        ("ＡＢＣ", "abc"),
        ("你去问“保安”！", "你去问保安"),
        ("我 不，知道…", "我不知道"),
    ],
)
def test_the_same_words_compare_equal(one: str, other: str) -> None:
    assert normalise(one).chars == normalise(other).chars


@pytest.mark.parametrize(
    ("one", "other"),
    [("两个", "二个"), ("瞭望", "了望"), ("著名", "着名"), ("我不知道", "我不指导"), ("15", "51")],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert normalise(one).chars != normalise(other).chars


def test_pauses_are_recorded_but_quotation_marks_are_not() -> None:
    text = normalise("，我说“不知道”，你 去。")
    assert text.chars == "我说不知道你去"
    assert text.breaks == {5, 6, 7}
    assert text.clauses() == [(0, 5), (5, 6), (6, 7)]


def test_every_character_points_at_its_surface_text() -> None:
    surface = "请到 15 号，①窗口"
    text = normalise(surface)
    assert text.chars == "请到十五号一窗口"
    assert [surface[start:end] for start, end in zip(text.origin, text.ends, strict=True)] == list(
        "请到15号①窗口"
    )


def test_a_numeral_longer_than_its_digits_covers_all_of_them() -> None:
    text = normalise("105元")
    assert text.chars == "一百零五元"
    assert (text.origin[0], text.ends[3]) == (0, 3)


def test_a_numeral_shorter_than_its_digits_covers_all_of_them() -> None:
    text = normalise("10元")
    assert (text.chars, text.origin, text.ends) == ("十元", (0, 2), (2, 3))


@pytest.mark.parametrize("text", ["沒看我正忙著，您等等！", "ＡＢ，３號 窗口", "", "ﷺ沒"])
def test_simplify_keeps_length_and_punctuation(text: str) -> None:
    plain = simplify(text)
    assert len(plain) == len(text)
    assert all(a == b for a, b in zip(plain, text, strict=True) if not a.isalnum())


def test_simplify_changes_script_only() -> None:
    assert simplify("沒看著名的瞭望塔，您填錯瞭３處") == "没看著名的瞭望塔，您填错了３处"


def test_text_without_words_is_empty() -> None:
    text = normalise("…… ，。")
    assert (text.chars, text.breaks, text.clauses()) == ("", frozenset(), [])
