"""Where words begin and end."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from deskguard.language.text import normalise
from deskguard.language.words import word_edges


def inside(text: str, word: str) -> bool:
    """Whether `word` starts and ends where words of `text` do."""
    chars = normalise(text)
    start = chars.chars.index(word)
    edges = word_edges(chars)
    return start in edges and start + len(word) in edges


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("今天知道了", "天知道"),
        ("您知不知道要带什么", "不知道"),
        ("您知道不知道要带户口本", "不知道"),
        ("能不能办", "不能办"),
        ("有没有时间", "没有"),
        ("不能办理", "不能办"),
        ("现在没空位", "没空"),
        ("多少废话", "少废话"),
    ],
)
def test_what_only_looks_like_a_word_is_none(text: str, word: str) -> None:
    assert not inside(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我不知道", "不知道"),
        ("不知道不知道", "不知道"),
        ("自己看吧", "自己看"),
        ("这个不能办", "不能办"),
        ("我没时间跟你说", "没时间"),
        ("我没空", "没空"),
        ("系统坏了办不了", "办不了"),
        ("他不，不知道", "不知道"),
    ],
)
def test_words_are_found(text: str, word: str) -> None:
    assert inside(text, word)


def test_nothing_is_logged_or_written_to_the_shared_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from deskguard.language import words

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    words._tokenizer.cache_clear()
    words.clause_edges.cache_clear()
    with caplog.at_level(logging.DEBUG):
        word_edges(normalise("从头再来一遍"))
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []
