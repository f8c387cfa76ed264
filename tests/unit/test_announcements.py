"""The loudspeaker that calls numbers is known by its words, and nobody else is taken for it."""

from __future__ import annotations

import pytest

from deskguard.desk.announcements import Announcements
from deskguard.errors import DeskguardError
from deskguard.settings import RolesSettings
from hearing_values import spoken

CALLS = [
    "请A023号到3号窗口。",
    "请A零二三号到三号窗口办理业务",
    "请023号到综合窗口",
    "请18号到2号柜台",
    "请B105号客户到5号窗口",
    "请1037号顾客到6号柜台。",
    "A023号请到3号窗口",
    "请A023号到3号窗口，请A023号到3号窗口。",
    "叮咚，请注意，请A023号到3号窗口",
    "請A023號到3號窗口。",
    "请A023号道3号窗口",
    "请A023号到5号窗口办理业务，请A023号到5号窗口办理业务",
    "轻A118号到4号传口",
    "请欧23号刀5号窗口，请注意",
]
SPOKEN = [
    "",
    "下一位，请坐。",
    "请您到3号窗口。",
    "请问是A023号吗？",
    "您的号是A023号，到了会叫您的，您先在这边坐一会儿好吗？",
    "请A023号到3号窗口，哎您好，请问您要办什么业务，身份证带来了吗？",
    "我是23号，请问到几号窗口办？",
    "您拿着号到那边窗口坐一下",
    "亲，到五号窗口",
    "请问几号到窗口取",
    "请等叫到号再到窗口来",
]


@pytest.fixture(scope="module")
def known() -> Announcements:
    return Announcements(RolesSettings().announcements)


@pytest.mark.parametrize("text", CALLS)
def test_common_calls_are_known(known: Announcements, text: str) -> None:
    assert known.holds(spoken(text))


@pytest.mark.parametrize("text", SPOKEN)
def test_what_people_say_is_no_call(known: Announcements, text: str) -> None:
    assert not known.holds(spoken(text))


def test_a_hall_can_list_its_own_calls_and_none() -> None:
    own = "各位办事群众，今天的取号时间已经结束"
    assert Announcements([own]).holds(spoken("各位办事群众，今天的取号时间已经结束。"))
    assert not Announcements([]).holds(spoken(CALLS[0]))
    assert not Announcements([own]).holds(spoken(CALLS[0]))


@pytest.mark.parametrize("form", ["", "请", "请.*号", "…", "请{号到"])
def test_a_form_that_could_match_anything_is_refused_with_a_remedy(form: str) -> None:
    with pytest.raises(DeskguardError, match=r"\[roles\] announcements") as refused:
        Announcements([form])
    assert refused.value.code == "bad-announcement"
