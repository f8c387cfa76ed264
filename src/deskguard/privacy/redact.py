"""Transcript in, the same transcript without personal numbers and e-mail addresses out.

Masked, whatever script they are written in: runs of six or more digits (identity cards, telephones, bank cards,
case numbers), also when spaces, hyphens, punctuation or hesitations stand between the digits, and e-mail
addresses. Five digits or fewer stay: 三号窗口, 15个工作日, 二零二六年 and the hotline 12345 can still be read.
Six digits of an amount or of a date without 年 and 月 are masked too: better one number too many.

Limits: names, addresses, number plates and numbers told with units (一百三十八) are left as they are. Finding
those needs a model, and a list of surnames would mask ordinary words; retention has to take care of them.
"""

from __future__ import annotations

import re

NUMBER_MARK = "〔号码〕"
EMAIL_MARK = "〔邮箱〕"

# Beside the ten numerals: the ways telephone numbers are read out (幺 1, 洞 0, 拐 7, 勾 9), 两 for 2, the forms
# of cheques, and the Traditional forms that Whisper likes to write.
_DIGIT = r"[\d零〇一二三四五六七八九幺洞拐勾两兩壹贰貳叁參肆伍陆陸柒捌玖]"
# What may stand between two digits of one number: marks, hesitations, and 杠 for a hyphen. Not a colon: opening
# hours (9:00-17:30) are no personal number.
_BETWEEN = r"(?:[\s\-‐-―−－~_/\\.,;·•…'\"()（）、，。．；—～]|[嗯呃额啊哦噢唔喔欸诶]|然[后後]|横?杠){0,4}"
# An identity card may end in X.
_NUMBER = re.compile(rf"{_DIGIT}(?:{_BETWEEN}{_DIGIT}){{5,}}(?:{_BETWEEN}[XxＸｘ](?![A-Za-z]))?")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+\s?(?:[@＠]|艾特)\s?[A-Za-z0-9-]+(?:\s?[.．点]\s?[A-Za-z0-9-]+)+"
)


_HIDDEN = "\ue000"
"""Stands for each character of an address while numbers are looked for: neither digit nor between digits."""


def redact(text: str) -> str:
    """`text` with a mark for every personal number and e-mail address; a second time changes nothing."""
    kept, at = [], 0
    for start, end, mark in _found(text):
        kept += [text[at:start], mark]
        at = end
    return "".join([*kept, text[at:]])


def personal(text: str) -> list[tuple[int, int]]:
    """Where the characters lie that `redact` masks: (start, end) in `text`, in order, never overlapping."""
    return [(start, end) for start, end, _ in _found(text)]


def _found(text: str) -> list[tuple[int, int, str]]:
    emails = [one.span() for one in _EMAIL.finditer(text)]
    rest = _EMAIL.sub(lambda one: _HIDDEN * len(one[0]), text)
    numbers = [one.span() for one in _NUMBER.finditer(rest)]
    return sorted(
        [(*span, EMAIL_MARK) for span in emails] + [(*span, NUMBER_MARK) for span in numbers],
    )
