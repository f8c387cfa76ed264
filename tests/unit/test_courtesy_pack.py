"""Acts of courtesy: what the bundled file hears, what it keeps to, and the mistakes a file of acts may hold."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from deskguard.authoring.acts import act_line, act_table, act_text, acts_of_pack, find_act
from deskguard.authoring.words import Words
from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.rules.courtesy import Act
from deskguard.rules.pack import RuleSet, load_packs
from deskguard.rules.watch import PackWatcher
from deskguard.values import Hypothesis, Role
from deskguard.visits.acts import ActFinder
from rules_packs import entry, frame, pack_file, passage

RULES = load_packs([])
ACTS = {act.act_id: act for act in RULES.courtesy.acts}
FINDER = ActFinder(RULES.courtesy)
ZH = Words()

PRESCRIBED = {
    "K.greet.hello": ["您好"],
    "K.ask.help": [
        "您好，请问您有什么事可以帮您", "您需要办理什么业务", "您好，请问您是办理提取业务吗",
        "您好，请问您是办理贷款业务吗", "您好，请问有什么事要我帮忙吗", "请讲", "您好，您要办什么业务",
        "请问：有什么需要帮助的吗", "请问有什么可以帮助您", "您好，请问有什么可以帮助您",
        "请问您需要我做些什么",
    ],
    "K.ask.repeat_politely": ["对不起，我没听清楚您讲的话，请您重复一下好吗", "请您再说一遍"],
    "K.explain.open": ["请您听好", "您想了解什么，我来帮您解答", "请您听我详细解释一下好吧"],
    "K.explain.check": ["您清楚了吗", "我再重复一遍", "有什么问题，请随时和我们联系"],
    "K.explain.form_error": ["对不起，您的姓名项内容填错了，应该按身份证填写，请您重新填写一份"],
    "K.explain.problem_and_solution": ["现在的问题是照片不合格，建议这么解决重拍一张"],
    "K.explain.reassure": ["勿紧张"],
    "K.request.documents": [
        "根据有关规定，请您提交相关文件资料", "办理相关手续", "请将身份证资料给我",
        "您好，请把您的身份证给我，我来帮您打印",
    ],
    "K.missing.apology_item_reason": [
        "您提交的文件资料缺少结婚证，不符合有关规定的要求，请您完善后再来办理",
        "对不起，根据规定您还应提供身份证资料", "这次让您白跑一趟，真是抱歉",
        "对不起，您缺少结婚证材料，我现在把需要补充材料的清单给您",
    ],
    "K.wait.notice": [
        "请稍后，马上为您办理", "请您稍候，我马上为您办理", "您好、请稍等一下", "请您稍候，我马上给您办理",
        "请稍等", "请稍等一下",
    ],
    "K.wait.ask_leader": [
        "请您稍候，需要请示有关领导", "对不起，请稍候，待我请示一下再向您答复",
        "对不起，请稍候，待我向主管部门了解一下再向您答复", "对不起，请稍等，我帮您问一下其他同志",
        "对不起，请稍等，我请示一下领导",
    ],
    "K.wait.newcomer": ["对不起，请稍候", "对不起，等我回答完他的问题，再回答您的"],
    "K.wait.phone_interrupt": ["对不起，我接一下电话，请稍候"],
    "K.wait.return": ["对不起，让您久等了"],
    "K.wait.hospitality": ["请用茶或水"],
    "K.refer.named_place": [
        "您的问题不由我们负责请您到税务局办理", "请您转到三号窗口办理",
        "对不起，您提出的问题超出了我们科的职责范围，请您到税务局，他们会帮助您解决，耽误您的时间了",
        "请到税务局部门找小李办理过户手续", "您好，下面请到社保窗口办理年审", "请您到五号社保窗口办理",
        "请到社保窗口缴费",
    ],
    "K.system.failure": [
        "请原谅，计算机临时出现故障，我们将尽快排除，请稍候",
        "请原谅，机器故障暂时无法排除，请您留下电话，我会主动通知您",
        "对不起，电脑出现故障了，我们无法继续办理，留一下您的电话，能办理的时候再通知您，好吗",
        "对不起，电脑出现故障了，我们无法办理，留一下您的电话，能办理的时候再通知您，好吗",
        "对不起，系统出现故障了，我们无法继续办理，留一下您的电话，能办理的时候再通知您，好吗",
        "对不起，系统出现故障了，我们无法办理，留一下您的电话，能办理的时候再通知您，好吗",
    ],
    "K.sign.fill": ["请在此处签上您的姓名和身份证号码", "请在此处签上您的姓名和联系电话", "请填写申请表"],
    "K.hand.done": ["您好，这是您的相关资料，请收好", "您的手续已办好，请核对", "请保管好您的资料"],
    "K.hand.accepted_and_when": [
        "您提交的文件资料基本齐全，可以办理，办理情况会及时通知您", "请您三月五日来领取证照",
    ],
    "K.bye": ["再见，请慢走", "请慢走", "再见", "谢谢您的合作", "请走好", "打扰您了，再见"],
    "K.phone.open": [
        "您好，政务服务中心社保，您有什么事", "您好，公积金管理中心", "您好，政务中心社保窗口，请讲",
    ],
    "K.phone.relay": [
        "对不起，他现在不在办公室，我能转达吗", "对不起，她现在不在办公室，我能转达吗",
        "请您留下电话、企业和姓名，等他回来给您复电话", "我能转达吧",
    ],
    "K.phone.repeat": ["对不起，我没听清楚您讲的话，请您重复一下好吗", "请您再说一遍"],
    "K.phone.close": ["再见"],
    "K.phoneout.open": ["您好，我是住房公积金管理中心的小王"],
    "K.refuse.apology_reason": [
        "对不起，为了保护客户的权益，按规定我不能为您办理，请谅解", "非常抱歉，我不能为您办理这项业务",
        "请您原谅", "对不起，您申请的事项不符合贷款规定，我们无法受理",
        "对不起，您申请的事项不符合贷款规定，我们无法审批", "这是我们给您出具的不予受理通知单",
        "这是我们给您出具的不予审批通知单",
    ],
    "K.apology.come_again": [
        "抱歉，因为要领导签字还要请您再来一次", "尽快给您答复", "麻烦您明天下午我们再联系",
    ],
    "K.apology.noise": ["非常对不起"],
    "K.thanks.reply": ["不用客气，这是我们该做的", "没关系，这是我们应该做的", "不客气，这是我们应该做的"],
    "K.thanks.cooperation": ["谢谢您的理解、支持和配合", "谢谢您的合作", "谢谢", "谢谢，我会尽快做完"],
    "K.complaint.thanks_contact": [
        "非常感谢您对我们工作提出宝贵意见，请留下您的姓名和电话号码，我们研究后尽快与您联系",
        "非常感谢您对我们工作提出宝贵意见，请留下您的姓名和电话号码，我们处理后尽快与您联系",
        "欢迎您监督，谢谢您帮助",
        "对不起，您的问题或意见我需向我的上级主管汇报，我们会尽快给您一个满意的答复",
    ],
    "K.praise.reply": ["没关系，这是我们应该做的", "谢谢您的表扬和鼓励，我们一定要做得更好"],
    "K.offhours.closed": ["对不起，现在已下班，请您在中心规定的上班时间来办理"],
    "K.any.five_words": ["您好", "谢谢", "对不起", "再见"],
    "K.any.hall_order": [
        "先生，打扰您了，您需要去客户休息室休息一下吗？这样睡觉会感冒的",
        "对不起，这里是无烟营业厅，请不要吸烟，谢谢您的配合",
        "您好，这里是公共通道，麻烦您到休息区等一会儿，好吗？谢谢",
    ],
    "K.any.home_visit": [
        "您好", "我是安居物业工程部维修人员", "您好，我是家政服务中心的保洁员，小李名",
        "请问您家是否做姓名保洁服务，我现在可以上门服务吗",
    ],
}  # fmt: skip
"""What the standards prescribe word by word, with places filled."""

VARIANTS = [
    ("K.greet.hello", "欢迎您来办事"),
    ("K.greet.surname", "王大爷，您好"),
    ("K.ask.help", "您好，您今天来办点什么业务"),
    ("K.missing.apology_item_reason", "您还差两样，一是户口本，二是照片，齐了再来就能办"),
    ("K.missing.once", "一共就缺两样，其他的都齐了，我给您写个清单"),
    ("K.wait.newcomer", "不好意思，前面这位马上就好"),
    ("K.wait.phone_interrupt", "不好意思，我接个电话可以吗"),
    ("K.wait.return", "不好意思啊，让您久等了"),
    ("K.refer.named_place", "这个在二楼五号窗口办，出门左转上楼"),
    ("K.system.failure", "不好意思，我们系统刚才出故障了"),
    ("K.system.callback", "您留个电话，好了马上通知您"),
    ("K.hand.done", "都办好了，您核对一下"),
    ("K.bye", "路上慢点，一会儿见"),
    ("K.phone.open", "您好，社保窗口，请讲"),
    ("K.phoneout.open", "您好，我是公积金中心贷款科的小王"),
    ("K.refuse.apology_reason", "实在抱歉，政策上有年龄要求，请您理解"),
    ("K.thanks.reply", "您太客气了，应该的"),
    ("K.complaint.thanks_contact", "您说的我都记下了，请留个姓名和电话"),
    ("K.complaint.leader", "您消消气，我马上请值班领导过来"),
]


def heard(text: str, role: Role = "staff") -> set[str]:
    """Acts found in an utterance."""
    return set(FINDER.hear(_said(text, role)).names())


def occasions(text: str, role: Role = "staff") -> set[str]:
    """Acts that an utterance asks for."""
    return {one.name for one in FINDER.hear(_said(text, role)).occasions}


def _said(text: str, role: Role) -> Hypothesis:
    words = passage(text)
    return Hypothesis(
        utterance_id=1, passage=words, start_sample=0, end_sample=words.spans[-1][1], is_final=True, role=role
    )


# ---- the bundled file ----


@pytest.mark.parametrize(
    ("act_id", "text"), [(act_id, text) for act_id, texts in PRESCRIBED.items() for text in texts]
)
def test_what_a_standard_prescribes_is_heard(act_id: str, text: str) -> None:
    assert act_id in heard(text)


@pytest.mark.parametrize(("act_id", "text"), VARIANTS)
def test_what_clerks_say_in_its_place_is_heard(act_id: str, text: str) -> None:
    assert act_id in heard(text)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_the_wording_that_a_screen_offers_would_do(act: Act) -> None:
    assert act.act_id in heard(act.advice)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_what_does_not_count_is_not_heard(act: Act) -> None:
    texts = [one for one in act.does_not_count if "…" not in one]
    assert [text for text in texts if act.act_id in heard(text)] == []


@pytest.mark.parametrize(
    ("text", "act_id"),
    [
        ("随你，慢走不送", "K.bye"),
        ("你好好看看墙上的牌子", "K.greet.hello"),
        ("请将营业执照给我", "K.ask.help"),
        ("跟我没关系", "K.thanks.reply"),
        ("不由我负责", "K.refer.named_place"),
        ("你上别的窗口问问吧", "K.refer.named_place"),
        ("又不是我负责的", "K.refer.named_place"),
        ("我没时间", "K.thanks.reply"),
        ("还缺东西", "K.missing.apology_item_reason"),
        ("对不起", "K.missing.apology_item_reason"),
        ("没有为什么", "K.any.reason"),
        ("您好，您有什么事", "K.phone.open"),
        ("那你投诉去吧", "K.complaint.thanks_contact"),
        ("想知道你找领导去", "K.complaint.leader"),
    ],
)
def test_look_alikes_are_no_courtesy(text: str, act_id: str) -> None:
    assert act_id not in heard(text)


@pytest.mark.parametrize(
    ("text", "role", "wanted"),
    [
        ("系统坏了，办不了", "staff", {"K.system.failure", "K.system.callback"}),
        ("系统今天又进不去了", "staff", {"K.system.failure", "K.system.callback"}),
        ("系统已经恢复了，昨天系统故障", "staff", set()),
        ("材料不全，办不了，下一个", "staff", {"K.missing.apology_item_reason", "K.missing.once"}),
        ("这个不能办", "staff", {"K.refuse.apology_reason"}),
        ("再吵就不给你办了", "staff", set()),
        ("您问能不能办，我看一下", "staff", set()),
        ("失业登记不归我管", "staff", {"K.refer.named_place"}),
        ("网今天断了，打不出来", "staff", {"K.system.failure", "K.system.callback"}),
        ("您不用去别的窗口了", "staff", set()),
        ("行了，走吧，后天来取", "staff", {"K.hand.done"}),
        ("还没办好，您先坐", "staff", set()),
        ("喂，您好", "staff", {"K.wait.phone_interrupt"}),
        ("行吧，谢谢", "visitor", {"K.thanks.reply"}),
        ("好，谢谢，再见", "visitor", set()),
        ("谢谢您的配合", "staff", set()),
        ("我要投诉你", "visitor", {"K.complaint.thanks_contact"}),
        ("你们主任呢", "visitor", {"K.complaint.leader"}),
        ("你们服务真不错", "visitor", {"K.praise.reply"}),
        ("系统坏了，我还要白跑啊", "visitor", set()),
    ],
)
def test_words_ask_for_the_acts_that_standards_want(text: str, role: Role, wanted: set[str]) -> None:
    assert occasions(text, role) == wanted


def test_the_union_of_the_five_standards_is_whole() -> None:
    assert len(ACTS) == 44
    assert set(PRESCRIBED) < set(ACTS)
    recommended = {one.act_id for one in ACTS.values() if one.requirement == "recommended"}
    assert {one.act_id for one in ACTS.values() if one.expect} & recommended == set()


def test_quotes_are_of_the_standards_they_name() -> None:
    known = {one.pack_id: one.title for one in RULES.packs}
    for clause in (clause for one in ACTS.values() for clause in one.clauses):
        assert clause.clause.startswith(f"{clause.standard}.")
        assert known[clause.standard] == clause.title
        assert clause.quote.strip()


def test_acts_travel_where_bans_do() -> None:
    folder = bundled("config/language")
    assert {one.name for one in folder.glob("*.toml")} == {"bans.toml", "courtesy.toml", "frames.toml"}


# ---- what is in force ----


def test_an_act_cites_only_standards_in_force_and_goes_without_any() -> None:
    acts = {one.act_id: one for one in load_packs([], ["s002"]).courtesy.acts}
    assert {one.standard for act in acts.values() for one in act.clauses} == {"s002"}
    assert "K.explain.form_error" in acts
    assert "K.wait.phone_interrupt" not in acts
    named = {name for act in acts.values() if act.expect for name in act.expect.satisfied_by}
    assert named <= set(acts)


def test_without_a_standard_that_asks_for_any_there_are_none(tmp_path: Path) -> None:
    assert load_packs([pack_file(tmp_path, entry("没时间"))]).courtesy.acts == ()


def test_a_clause_of_a_pack_may_name_an_act(tmp_path: Path) -> None:
    described = '[[described]]\nid = "d"\nclause = "test.1"\nquote = "问好"\nact = "K.greet.hello"\n'
    rules = load_packs([pack_file(tmp_path, described)])
    (act,) = rules.courtesy.acts
    assert [(one.standard, one.clause, one.quote) for one in act.clauses] == [("test", "test.1", "问好")]
    assert rules.packs[0].described == ()
    assert act.expect is not None
    assert act.expect.satisfied_by == ()


def test_frames_of_an_occasion_are_spelled_out(tmp_path: Path) -> None:
    one = loaded(tmp_path, expect('"after"', occasion='["@trouble", "停电了"]'), TROUBLE)
    assert one.expect is not None
    assert one.expect.occasion == ("系统坏了", "死机了", "停电了")


def test_the_hash_covers_acts(tmp_path: Path) -> None:
    first = courtesy(tmp_path, act()).sha256
    assert courtesy(tmp_path, act(name='"别的"')).sha256 != first
    assert courtesy(tmp_path, "# a comment\n" + act()).sha256 == first


def test_an_edit_of_acts_is_new_rules(tmp_path: Path) -> None:
    courtesy(tmp_path, act())
    watcher = PackWatcher([tmp_path / "test.toml"], language=tmp_path / "language")
    assert watcher.poll() is None
    (tmp_path / "language" / "courtesy.toml").write_text(act(say='["早上好"]'), encoding="utf-8")
    news = watcher.poll()
    assert isinstance(news, RuleSet)
    assert news.courtesy.acts[0].say == ("早上好",)


# ---- mistakes ----

CLAUSE = '\n[[act.clause]]\nstandard = "test"\nclause = "test.1"\nquote = "q"\n'
TROUBLE = frame("trouble", say=["系统坏了", "@more"]) + frame("more", say=["死机了"])


def act(clause: str = CLAUSE, after: str = "", **keys: str) -> str:
    """One [[act]]; values are TOML as it is written, an empty one leaves its key out."""
    table = {
        "id": '"K.a"',
        "scene": '"greet"',
        "name": '"问好"',
        "requirement": '"required"',
        "channels": '["counter"]',
        "say": '["您好"]',
        "advice": '"您好"',
    } | keys
    return "[[act]]\n" + "".join(f"{key} = {value}\n" for key, value in table.items() if value) + clause + after


def expect(when: str, **keys: str) -> str:
    """An [act.expect], likewise."""
    table = {"when": when, "within_s": "5.0", "within_turns": "1"} | keys
    return "\n[act.expect]\n" + "".join(f"{key} = {value}\n" for key, value in table.items() if value)


def courtesy(folder: Path, text: str) -> RuleSet:
    """Rules of one pack and one file of acts alone."""
    (folder / "language").mkdir(exist_ok=True)
    (folder / "language" / "courtesy.toml").write_text(text, encoding="utf-8")
    return load_packs([pack_file(folder, entry("没时间"))], language=folder / "language")


def loaded(folder: Path, after: str, more: str = "") -> Act:
    return courtesy(folder, more + act(after=after)).courtesy.acts[0]


AFTER = '"after"'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (act(colour='"red"'), ['act 1 ("K.a")', "colour"]),
        (act(scene='"lobby"'), ["scene", "lobby", "greet"]),
        (act(requirement='"maybe"'), ["requirement", "maybe"]),
        (act(channels='["fax"]'), ["channels", "fax"]),
        (act(say="[]"), ["say"]),
        (act(say='["请"]'), ["say", "one syllable"]),
        (act(say='["您好", "你好"]'), ["is the same as", "delete one"]),
        (act(say='["~您好"]'), ["~ or an @"]),
        (act(say='["您.*好"]'), ["regular expression"]),
        (act(does_not_count='["您好"]'), ["does_not_count", "cannot be both"]),
        (act(does_not_count='["喂", "喂"]'), ["does_not_count", "twice"]),
        (act() + act(), ["act 2", "id is also that of act 1"]),
        (act(clause=CLAUSE.replace('"test.1"', '"1.1"')), ["clause", "test."]),
        (act(clause=CLAUSE * 2), ["test.1", "twice"]),
        (act(after=expect('"sometimes"')), ["when", "sometimes", "visit-begins"]),
        (act(after=expect('"visit-begins"', within_s="0.0")), ["within_s", "0"]),
        (act(after=expect(AFTER)), ["no occasion"]),
        (act(after=expect('"visit-ends"', occasion='["谢谢"]')), ["occasion is given", "visit-ends"]),
        (act(after=expect('"visit-ends"', from_nth="2")), ["from_nth is given"]),
        (act(after=expect('"visit-ends"', within_turns="0")), ["within_turns is 0"]),
        (act(after=expect(AFTER, occasion='["系"]')), ["occasion", "one syllable"]),
        (act(after=expect(AFTER, occasion='["要是~"]')), ["occasion", "~ or an @"]),
        (act(after=expect(AFTER, occasion='["死机了", "死机了"]')), ["occasion", "twice"]),
        (TROUBLE + act(after=expect(AFTER, occasion='["@troubel"]')), ["names no frame", "trouble"]),
        (frame("f") + act(after=expect(AFTER, occasion='["@f"]')), ["@f", "cannot be used"]),
        (act(after=expect(AFTER, occasion='["@quotes"]')), ["@quotes", "built in"]),
        (act(after=expect('"visit-begins"', satisfied_by='["K.b"]')), ["satisfied_by", "K.b", "K.a"]),
        (act(after=expect('"visit-begins"', satisfied_by='["K.a"]')), ["the act itself"]),
        (act(requirement='"recommended"', after=expect('"visit-begins"')), ["only recommended"]),
    ],
)  # fmt: skip
def test_a_mistake_names_entry_value_and_fix(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(DeskguardError) as caught:
        courtesy(tmp_path, text)
    assert caught.value.code == "bad-rules"
    assert str(tmp_path / "language" / "courtesy.toml") in str(caught.value)
    assert [part for part in parts if part not in str(caught.value)] == []


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match="Rule packs hold 3 mistakes"):
        courtesy(tmp_path, act(say='["请"]', does_not_count='["喂", "喂"]', after=expect(AFTER)))


def test_an_id_in_two_files_is_a_mistake(tmp_path: Path) -> None:
    courtesy(tmp_path, act())
    (tmp_path / "language" / "more.toml").write_text(act(), encoding="utf-8")
    with pytest.raises(DeskguardError, match="id is also that of an act of"):
        load_packs([tmp_path / "test.toml"], language=tmp_path / "language")


def test_a_clause_that_names_no_act_is_a_mistake(tmp_path: Path) -> None:
    described = '[[described]]\nid = "d"\nclause = "1"\nquote = "q"\nact = "K.greet.helo"\n'
    with pytest.raises(DeskguardError, match=r'did you mean "K\.greet\.hello"'):
        load_packs([pack_file(tmp_path, described)])


# ---- what is printed ----


def test_acts_of_a_pack_are_those_it_asks_for() -> None:
    acts = acts_of_pack(RULES, "s002")
    assert {one.act_id for one in acts} == {one.act_id for one in load_packs([], ["s002"]).courtesy.acts}
    line = act_line(ACTS["K.thanks.reply"], ZH, "s002")
    assert line.startswith("K.thanks.reply  回应道谢  要求  s002.a9.2  说法 ")
    assert acts_of_pack(RULES, None) == list(RULES.courtesy.acts)


@pytest.mark.parametrize(("one", "language"), list(product(ACTS.values(), ["zh-CN", "en"])))
def test_an_act_is_shown_whole(one: Act, language: str) -> None:
    shown = act_text(one, Words(language))
    for part in (*one.say, *one.does_not_count, *(clause.clause for clause in one.clauses), one.advice):
        assert any(part in line for line in shown)
    if one.expect:
        for part in (*one.expect.occasion, *one.expect.unless, *one.expect.satisfied_by):
            assert any(part in line for line in shown)


def test_an_act_is_found_whatever_the_case_and_told_to_programs() -> None:
    one = find_act(RULES, " k.BYE ")
    assert one is ACTS["K.bye"]
    assert find_act(RULES, "K.bey") is None
    table = act_table(one)
    assert (table["type"], table["id"], table["expect"]["when"]) == ("act", "K.bye", "visit-ends")


def test_every_act_can_be_written_for_programs() -> None:
    for act in ACTS.values():
        assert json.loads(json.dumps(act_table(act)))["id"] == act.act_id
