"""Personal numbers never reach the disk; ordinary ones stay readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskguard.privacy.redact import EMAIL_MARK, NUMBER_MARK, personal, redact


@pytest.mark.parametrize(
    "number",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "138，0013，8000",
        "138……嗯0013……8000",
        "138然后0013然后8000",
        "１３８００１３８０００",
        "一三八零零一三八零零零",
        "幺三八洞洞幺三八洞洞洞",
        "一三八，零零一三，八零零零",
        "壹叁捌零零壹叁捌",
        "兩八八二五二五二",
        "010杠88886666",
        "11010519491231002X",
        "110105 19491231 002x",
        "6222 0212 3456 7890 123",
        "123456",
    ],
)
def test_a_personal_number_is_masked_whole(number: str) -> None:
    assert redact(f"号码是{number}对吗") == f"号码是{NUMBER_MARK}对吗"


@pytest.mark.parametrize(
    "text",
    [
        "请到三号窗口",
        "15个工作日内办结",
        "二零二六年十一月二十一日",
        "2026年11月21日",
        "请打12345热线",
        "上午9:00-17:30",
        "一共三十二万五千六百四十八元",
        "第一、第二、第三",
        "我不知道，你去问二楼",
        "",
    ],
)
def test_ordinary_numbers_and_words_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("address", ["li.lei_88@mail.example.cn", "abc＠qq.com", "abc艾特qq点com", "A@B.org"])
def test_an_email_address_is_masked(address: str) -> None:
    assert redact(f"发到{address}就行") == f"发到{EMAIL_MARK}就行"


def test_two_numbers_are_two_marks() -> None:
    assert redact("电话13800138000，身份证110105194912310021呢") != redact("电话呢")
    assert redact("电话13800138000和身份证11010519491231002X") == f"电话{NUMBER_MARK}和身份证{NUMBER_MARK}"


@given(st.text(alphabet="0123456789一零八 ，-嗯Xx@.a艾特点〔号码〕邮箱\ue000", max_size=60))
def test_what_is_personal_is_what_is_masked(text: str) -> None:
    at, kept = 0, ""
    for start, end in personal(text):
        assert at <= start < end <= len(text)
        mark = EMAIL_MARK if "@" in text[start:end] or "艾特" in text[start:end] else NUMBER_MARK
        kept += text[at:start] + mark
        at = end
    assert kept + text[at:] == redact(text)
    assert redact(redact(text)) == redact(text)


def test_an_address_with_a_number_is_one() -> None:
    assert personal("发到li123456789@b.cn，或打13800138000") == [(2, 18), (21, 32)]
