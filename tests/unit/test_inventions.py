"""What Whisper makes up: credits, doubtful courtesies, loops."""

from __future__ import annotations

import pytest

from deskguard.hearing.inventions import is_credit, is_doubtful, is_loop


@pytest.mark.parametrize(
    "text",
    [
        "谢谢观看",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目",
        "字幕由amaraorg社群提供",
        "字幕by索兰娅",
        "优优独播剧场yoyotelevision",
    ],
)
def test_subtitle_credits_are_known(text: str) -> None:
    assert is_credit(text)


@pytest.mark.parametrize("text", ["谢谢您请慢走", "我不知道", "请观看墙上的流程", "请订正这一栏", ""])
def test_what_a_clerk_says_is_no_credit(text: str) -> None:
    assert not is_credit(text)


@pytest.mark.parametrize("text", ["谢谢", "谢谢你", "嗯", "you", ""])
def test_short_courtesies_and_nothing_are_doubtful(text: str) -> None:
    assert is_doubtful(text)


@pytest.mark.parametrize("text", ["谢谢配合", "好的", "再见您慢走", "不知道"])
def test_sentences_are_not_doubtful(text: str) -> None:
    assert not is_doubtful(text)


@pytest.mark.parametrize(
    ("text", "speech_s"),
    [
        ("好好好好好好好好好好好好", 3.0),
        ("不知道不知道不知道不知道不知道不知道", 4.0),
        ("我们的我们的我们的我们的我们的我们的我们的我们的我们的", 12.0),
        ("请您到三号窗口办理，" * 6, 10.0),
        ("一二三四五六七八九十" * 5, 2.0),
    ],
)
def test_going_in_circles_is_a_loop(text: str, speech_s: float) -> None:
    assert is_loop(text, speech_s)


@pytest.mark.parametrize(
    ("text", "speech_s"),
    [
        ("", 0.0),
        ("快点快点快点", 1.0),
        ("不行不行不行，这个不行", 2.0),
        ("好好好好", 1.0),
        ("谢谢谢谢谢谢", 1.5),
        ("对对对对对，您说得对", 2.0),
        ("您好，请问您要办理什么业务？请您先在那边取一个号，然后填一下这张表，填好了再到这里来。", 8.0),
    ],
)
def test_real_repetition_is_speech(text: str, speech_s: float) -> None:
    assert not is_loop(text, speech_s)


def test_more_text_than_can_be_spoken_is_a_loop() -> None:
    text = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒"
    assert is_loop(text, 1.0)
    assert not is_loop(text, 5.0)


def test_a_very_short_window_is_given_a_second() -> None:
    assert not is_loop("我不知道啊", 0.1)
