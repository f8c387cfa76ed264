"""The words of a turn in, how much they speak for the clerk out: a small list of cues with weights.

Clerks ask what is wanted, bid to wait and to sign, hand out papers and speak of 您 and of procedures;
visitors say what they came for, ask where, when and how, and thank. Weights are natural log-odds of staff
against visitor, set by hand beside conversations at counters; one cue of a kind counts, and a turn counts at
most 4. Words alone leave most turns open: they name the two voices of a visit, they do not judge a turn.
"""

from __future__ import annotations

import re

MOST = 4.0
"""The most one turn's words may weigh: a quotation or a slip must not outweigh the rest of the visit."""

_STAFF = (
    # Opening: the question only a counter asks.
    (
        4.0,
        "请问.{0,4}(您|你)?.{0,3}(办|需要|帮|什么业务|什么事)|什么可以帮|办(理)?(什么|哪).{0,2}业务|办什么的",
    ),
    (3.5, "(窗口|中心|服务台|大厅|科).{0,3}(，|,)?请讲|^.{0,3}您好.{0,2}请讲|请问是.{1,4}(先生|女士)"),
    (3.0, "下一(个|位)|请(您)?(坐|取号|叫号)"),
    # Procedure.
    (3.5, "请(您)?(在|把|将).{0,14}(签|给我|姓名|填|盖章)|(签|写)(上|下)?(您|你)的(姓名|名字)|出示"),
    (3.0, "请(您)?(稍|等一下|等一等|耐心)|让(您|你)(久等|白跑|跑空|着急)|马上(为|给|帮)(您|你)"),
    (
        3.0,
        "(您|你)的.{0,8}(已经?办好|办好了|通过了|已经?受理|齐全)|请(您)?(核对|收好|保管|查收|确认|填写|提供|补)",
    ),
    (2.5, "(给|帮|为)(您|你)(办|查|看|问|联系|解答|转|打印|复印|登记)|我来帮您|我先帮您|我教您|接着给您"),
    (2.0, "(工作日|个工作日)|到账|领取|回执|受理|材料(是)?(齐|不齐)|(上班|办公|工作)时间是"),
    (2.0, "请(您)?(到|去|回到|携带|带).{0,10}(窗口|楼|柜台|大厅|号|证|材料)|您从.{0,8}(上去|出来|右转|左)"),
    (2.5, "(不归我|超出.{0,8}职责|我不管|不是我(们)?(管|办))|你找(谁|领导)|(你|您)(自己|去|再)(看|问|找)"),
    (2.0, "(下班了|不能办|办不了|系统(坏|故障|出)|墙上.{0,4}(写|贴)|不给你办)"),
    # Courtesy of the house.
    (3.5, "(我们|我)(应该|该)做的|不用客气|不客气|没关系.{0,4}(这是|应该)"),
    (
        3.0,
        "请?(您)?慢走|路上慢|欢迎(您|再来|监督)|谢谢您的(理解|配合|支持)|感谢(您|你).{0,12}(意见|配合|支持|理解)",
    ),
    (2.5, "请(您)?(留下|重复|再说一遍)|我说清楚了吗|(需要|要不要)我再|我能转达|有什么问题.{0,6}联系|打扰您了"),
    (1.0, "对不起|抱歉|请(您|在|问)"),
    (0.7, "您"),
)
_VISITOR = (
    # What somebody came for.
    (
        3.5,
        "我(是)?(想|来|要)(办|取|交|补|问|变更|注销|提取|申请|查|领|开|报|缴|咨询|打|改|续|退|换|拿|看看|给)",
    ),
    (3.0, "(我|咱).{0,4}(要|想|来).{0,8}(怎么办|办理|手续)|我(就|想)?(是)?(想)?问(问|一句|一下)"),
    (3.0, "给(我)?.{0,3}(老|我)?(母亲|妈|爸|孩子|父亲|老婆|老公|爱人).{0,8}(办|交|领|来)"),
    # Asking.
    (3.0, "(你们|你|您)?(这|这儿|这里|那儿)?.{0,6}在(哪|哪儿|哪里)(办|领|交|取|填|复印|问)|是几号窗口|归谁管"),
    (
        2.5,
        "要(带|交|准备)(些)?什么|还(要|缺|差|需要)什么|怎么(填|弄|写|办)|(签|写|填)(这|这里|这儿)吗|来得及吧",
    ),
    (2.5, "(什么|啥)时候(能|可以)|要多久|多少(钱|税|天)|几天(能|可以)|为什么不(能|行|给)|到底能不能|凭什么"),
    (2.0, "能不能(帮我|给我|留|快|先)|(麻烦|劳驾)(你|您|问)|(你|您)(帮我|给我)(看|查|办)|同志|师傅"),
    # Handing over, answering, thanking.
    (2.5, "(写|填|签|交|带)好了|都(在这|带|齐)|给(您|你)(。|，|$)|(我)?(记住|清楚|明白|知道)了(。|，|$|那)"),
    (2.5, "(太|哎|那|好|行|吧|题|哦|啊).{0,3}谢谢(你|您|啊|了|$)?(。|$|啊|了)|谢谢(你|您)(啊|了)|辛苦"),
    (2.5, "你们(这|就|怎么|张|那|科|主任|现在|几点|不|的|是)|我要投诉|白跑|(跑了|来回跑)|(你|您)(什么)?态度"),
    (
        1.5,
        "我(没有|不知道|不会|不太|不懂|没时间|上次|姓|的|家|儿子|们单位|腿|自己)|(保安|网上|楼下|别的窗口).{0,6}(说|让)",
    ),
    (0.7, "^(好|行|对|嗯|哦|没问题|没事|可以)"),
)
_CUES = tuple((weight, re.compile(cue)) for weight, cue in _STAFF) + tuple(
    (-weight, re.compile(cue)) for weight, cue in _VISITOR
)


def log_odds(text: str) -> float:
    """How much the words of a turn speak for the clerk: ln P(staff)/P(visitor), within +-4; 0 says nothing."""
    found = sum(weight for weight, cue in _CUES if cue.search(text))
    return max(-MOST, min(MOST, found))
