"""What Whisper says when nobody speaks: known inventions, and loops.

Whisper was trained on subtitles, so silence and noise come out as subtitle credits. VAD, the no-speech
probability and this list each catch some of them.
"""

from __future__ import annotations

import zlib

# Normalised text: Simplified, no punctuation. A segment that holds one of these is dropped whole.
_CREDITS = (
    "谢谢观看",
    "谢谢大家观看",
    "感谢观看",
    "谢谢收看",
    "感谢收看",
    "谢谢大家收看",
    "请不吝点赞",
    "点赞订阅",
    "订阅转发",
    "打赏支持",
    "明镜与点点",
    "明镜需要您的支持",
    "明镜需要你的支持",
    "字幕由",
    "字幕志愿者",
    "字幕制作",
    "字幕组",
    "中文字幕",
    "字幕by",
    "索兰娅",
    "amaraorg",
    "优优独播剧场",
    "yoyotelevision",
    "请订阅",
    "订阅我的频道",
    "欢迎订阅",
    "下期再见",
    "下期视频",
    "我们下次再见",
    "词曲",
    "作词",
    "作曲",
    "编曲",
    "以下是普通话的句子",
)
# Said by people too, so dropped only where the audio gives little reason to believe it.
_DOUBTFUL = frozenset(
    {
        "谢谢",
        "谢谢你",
        "谢谢大家",
        "谢谢您",
        "多谢",
        "拜拜",
        "再见",
        "嗯",
        "啊",
        "哦",
        "好",
        "you",
        "bye",
        "thankyou",
    }
)

_MAX_COMPRESSION_RATIO = 2.4
"""Whisper's own bound on text bytes over compressed bytes."""
_MAX_CHARACTERS_PER_SECOND = 14.0
"""Nobody speaks so fast: Mandarin newsreaders reach about 5 syllables a second, quarrels about 9."""
_MAX_REPEATS = 4
_LONGEST_UNIT = 12


def is_credit(comparable: str) -> bool:
    """Whether normalised text is a subtitle credit."""
    return any(credit in comparable for credit in _CREDITS)


def is_doubtful(comparable: str) -> bool:
    """Whether normalised text is a short courtesy that Whisper also invents in noise."""
    return comparable in _DOUBTFUL or not comparable


def is_loop(text: str, speech_s: float) -> bool:
    """Whether a decoding ran in circles: a unit repeated on and on, or more text than could be spoken.

    Three repeats are speech (快点快点快点); more than `_MAX_REPEATS`, over 8 characters, are a loop.
    """
    if len(text) > _MAX_CHARACTERS_PER_SECOND * max(speech_s, 1.0):
        return True
    raw = text.encode()
    if len(raw) > 60 and len(raw) / len(zlib.compress(raw)) > _MAX_COMPRESSION_RATIO:
        return True
    return any(_repeats(text, unit) for unit in range(1, _LONGEST_UNIT + 1))


def _repeats(text: str, unit: int) -> bool:
    """Whether some `unit` characters stand more than `_MAX_REPEATS` times in a row."""
    needed = max(unit * _MAX_REPEATS, 8 - unit)
    run = 0
    for one, other in zip(text, text[unit:], strict=False):
        run = run + 1 if one == other else 0
        if run >= needed:
            return True
    return False
