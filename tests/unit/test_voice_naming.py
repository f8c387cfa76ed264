"""What words say about who speaks."""

from __future__ import annotations

import pytest

from deskguard.hearing.roles.naming import MOST, log_odds


@pytest.mark.parametrize(
    "text",
    [
        "您好，请问您办什么业务？",
        "您好请问您要办理什么业务",
        "请您稍候，我马上为您办理。",
        "请在这里签上您的姓名。",
        "不客气，这是我们应该做的。",
        "您的手续已经办好了，请收好。",
        "下一位。",
        "您慢走。",
    ],
)
def test_a_clerk_is_known_by_what_only_a_counter_says(text: str) -> None:
    assert log_odds(text) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "我想办社保卡。",
        "我来取营业执照",
        "在哪儿领表？",
        "这个怎么填？",
        "要带什么材料吗？",
        "好的，谢谢你啊。",
        "你们这是什么态度！",
        "我要投诉",
    ],
)
def test_a_visitor_is_known_by_what_somebody_came_for(text: str) -> None:
    assert log_odds(text) <= -2


@pytest.mark.parametrize("text", ["", "嗯嗯", "今天天气不错", "身份证"])
def test_words_that_anybody_says_say_little(text: str) -> None:
    assert abs(log_odds(text)) <= 1


def test_no_turn_outweighs_a_visit_however_many_cues_it_holds() -> None:
    assert log_odds("您好，请问您办什么业务？请您稍候，请在这里签上您的姓名，不客气，应该做的，请慢走") == MOST
