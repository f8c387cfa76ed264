"""Words that no screen shows in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.rules.mask import Masker
from rules_packs import entry, rule_set


@pytest.fixture
def masker(tmp_path: Path) -> Masker:
    return Masker(
        rule_set(
            tmp_path,
            entry("他妈的", masked=True, say=["他妈", "二百五", "脑子…有病啊"], except_=["他妈妈"]),
            entry("没时间", "P2"),
        )
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("你他妈的快点", "你他××快点"),
        ("他媽的！", "他××！"),
        ("你脑子是不是有病", "你脑×是不是有×"),
        ("他妈妈来过，他妈的", "他妈妈来过，他××"),
        ("我没时间", "我没时间"),
        ("sha256，二百五", "sha256，二××"),
        ("他 妈 的", "他 × ×"),
        ("", ""),
    ],
)
def test_masked_words_show_their_first_character_only(masker: Masker, text: str, shown: str) -> None:
    assert masker.mask(text) == shown
    assert len(masker.mask(text)) == len(text)


def test_masking_again_changes_nothing(masker: Masker) -> None:
    once = masker.mask("你他妈的，他妈妈")
    assert masker.mask(once) == once


def test_without_masked_rules_nothing_is_hidden(tmp_path: Path) -> None:
    assert Masker(rule_set(tmp_path, entry("没时间"))).mask("没时间") == "没时间"
