"""The five packs that come with deskguard: what they hold, hear and leave alone."""

from __future__ import annotations

import re

import pytest

from deskguard.resources import bundled
from deskguard.rules import schema
from deskguard.rules.pack import Rule, load_packs
from deskguard.settings import Section
from deskguard.spotting.finding.spot import Spotter
from deskguard.spotting.meaning.judge import Meaning
from meaning_scenes import said, scene

RULES = load_packs([])
SPOTTER = Spotter(RULES)
MEANING = Meaning(RULES)
SAMPLED = 12
"""Spellings of a rule that are tried here; `deskguard rules test` tries every example."""
BANS = {f"C{number:02}" for number in range(1, 11)}
PHRASES = {
    "T01": "我不知道",
    "T02": "不知道",
    "T03": "我不知道，你去问{谁}",
    "T04": "不归我管",
    "T05": "你再问问",
    "T06": "我不管",
    "T07": "自己看",
    "T08": "有牌子，自己看",
    "T09": "少啰嗦",
    "T10": "没时间",
    "T11": "下班了，明天再来",
    "T12": "快点，我要下班了",
    "T13": "已经告诉你一遍了，还不懂",
    "T14": "没看我正忙着吧",
    "T15": "不能办",
}


def raised(text: str) -> set[str]:
    """Rules that staff raise by these words alone; what only the sound can decide is left out."""
    utterance = said(text)
    return {
        one.rule_id
        for one in SPOTTER.find(utterance.passage)
        if one.tier != "near" and MEANING.judge(one, scene(utterance)).ruling == "guilty"
    }


def spoken(spelling: str) -> str:
    """A spelling with something said in each slot."""
    return re.sub(r"\{[^}]*\}|…", "保安", spelling.replace("{号码}", "13800138000"))


def sample(rule: Rule) -> list[str]:
    """Spellings from all over a rule."""
    step = -(-len(rule.variants) // SAMPLED)
    return [variant.text for variant in rule.variants[::step]]


def test_the_standards_hold_their_literal_phrases() -> None:
    literal = {rule.rule_id: rule.phrase for rule in RULES.rules.values() if rule.kind == "phrase"}
    assert literal == PHRASES
    assert [pack.pack_id for pack in RULES.packs] == ["s000", "s001", "s002", "s003", "s004"]


@pytest.mark.parametrize("rule", RULES.rules.values(), ids=lambda rule: rule.rule_id)
def test_every_rule_has_a_quote_a_clause_and_advice(rule) -> None:
    assert rule.advice
    assert rule.cooldown_s
    for ref in rule.clauses:
        assert ref.quote
        assert ref.clause.startswith(f"{ref.standard}.")


def test_a_phrase_of_two_standards_shows_both_clauses() -> None:
    assert [ref.clause for ref in RULES.rules["T01"].clauses] == ["s000.6.2.1", "s003.d17.4.1"]


def test_the_quotes_of_the_traditional_standard_stay_traditional() -> None:
    assert "少囉嗦" in RULES.rules["T09"].clauses[0].quote


def test_the_ten_described_bans_are_listened_for_with_their_clauses() -> None:
    bans = {rule.rule_id: rule for rule in RULES.rules.values() if rule.kind != "phrase"}
    assert set(bans) == BANS
    assert len({rule.kind for rule in bans.values()}) == len(bans)
    assert {"C08", "C09", "C10"} == {rule_id for rule_id, rule in bans.items() if rule.needs_person}
    assert bans["C03"].masked


@pytest.mark.parametrize("rule", RULES.rules.values(), ids=lambda rule: rule.rule_id)
def test_spellings_raise_their_own_rule_when_nothing_else_is_said(rule: Rule) -> None:
    silent = [text for text in sample(rule) if rule.rule_id not in raised(spoken(text))]
    assert silent == []


@pytest.mark.parametrize("rule", RULES.rules.values(), ids=lambda rule: rule.rule_id)
def test_every_rule_shows_how_it_is_meant(rule: Rule) -> None:
    assert rule.examples
    assert rule.counter_examples


@pytest.mark.parametrize(
    ("rule_id", "text"),
    [
        ("T01", "我不只到哪个窗口"),
        ("T02", "不知到"),
        ("T03", "我不知道啊，那个，您去问保安"),
        ("T03", "我不清楚，你去问导办台"),
        ("T04", "这事不归我们管啊"),
        ("T05", "您再去问问"),
        ("T07", "墙上都写着呢，自己看吧"),
        ("T07", "你自己看网上公告"),
        ("T08", "有牌子，你自己看"),
        ("T09", "少羅唆"),
        ("T10", "我現在沒空"),
        ("T11", "下班了，你明天再来"),
        ("T12", "要办就快点，我要下班了"),
        ("T13", "已经告诉你1遍了还不懂"),
        ("T14", "沒看我正忙著嗎"),
        ("T15", "系统坏了，办不了"),
    ],
)
def test_what_a_recogniser_makes_of_them_is_found_too(rule_id: str, text: str) -> None:
    assert rule_id in raised(text)


@pytest.mark.parametrize(
    "text",
    [
        "您跟我说“我不知道”没关系，我一项一项给您讲",
        "我们规定不能说“我不知道”，您稍等我帮您问一下",
        "我不指导这项业务，请您到二楼八号窗口找小李",
        "您知不知道办这个要带户口本",
        "您知道不知道办这个要带户口本原件",
        "您要是不知道怎么填，我来教您",
        "申请表在您左手边第二格，不知道怎么填的话我教您",
        "您不知道去哪儿问的话，我带您去问",
        "您这一步只到审核，发证要等三个工作日",
        "今天知道了就好",
        "这张照片不清楚，麻烦您重拍一张",
        "我不清楚的地方会帮您问",
        "人事档案不归个人保管，由中心统一保存",
        "这项归我管，您把材料给我就行",
        "不贵，我馆查档只收五块钱工本费",
        "您回去想起什么再问问我就行，电话在这张卡上",
        "要是还有问题，您再问问他就行",
        "我再帮您问问领导，请您稍候",
        "小朋友，你在问问题吗，阿姨来回答你",
        "我不管您是本地还是外地户口，都按一样的标准给您办",
        "您放心，不管什么时候来，我们都给您受理",
        "窗口我不关，您慢慢填",
        "请您自己看一下这里，核对一下姓名对不对",
        "您自己看得清楚吗，我这儿有老花镜",
        "我自己看了指南，还是不太明白",
        "门口有牌子写着流程，您自己看着不明白的我再给您讲",
        "那边有牌子，我自己看过了，没写清楚",
        "这儿有牌子，字小，我给您念一下",
        "那我少啰嗦几句，直接告诉您要带哪三样",
        "您不啰嗦，您慢慢说，我记着呢",
        "档案柜少落锁一道都不行，您稍等我锁一下",
        "您要是没时间过来，网上也能办",
        "领证没时间限制，您哪天方便哪天来",
        "您有没有时间，填一下这张表",
        "这一排没空位了，您坐那边",
        "表格里没空格了，我给您换一张",
        "预约每时间段放二十个号，您选一个",
        "你们是不是快下班了？不行我明天再来",
        "对不起，现在已下班，请您在中心规定的上班时间来办理",
        "虽然下班了，您别着急，我给您办完再走",
        "都办好了，证件明天再来取就可以",
        "我快点给您办，不让您多等",
        "麻烦快点，我要下半年的缴费明细",
        "我再告诉您一遍，还有不懂的地方随时问我",
        "刚才已经告诉您家里人一遍了，还不懂的话打这个电话",
        "打印机我重启一遍了还不动，请您稍等",
        "对不起，刚才没看见您，我正忙着录入，让您久等了",
        "您没看我证件吧，我姓王，有事随时找我",
        "能不能办您放心，材料齐了当天就能办",
        "是不是外地户口就不能办啊",
        "到底能不能办",
        "为什么不能办",
        "桌子固定了不能搬，您坐这边就行",
        "请稍等，马上为您办理",
    ],
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert raised(text) == set()


def test_the_guide_for_supervisors_names_every_key() -> None:
    guide = (bundled("config/standards") / "README.md").read_text(encoding="utf-8")
    tables = [one for one in vars(schema).values() if isinstance(one, type) and issubclass(one, Section)]
    missing = {
        name
        for table in tables
        if table not in (Section, schema.PackFile, schema.SharedFile)
        for name in (field.alias or name for name, field in table.model_fields.items())
        if f"`{name}`" not in guide
    }
    assert missing == set()


def test_clauses_without_a_ban_are_listed_as_not_listened_for() -> None:
    quotes = {ref.quote for pack in RULES.packs for ref in pack.described}
    assert quotes.isdisjoint(ref.quote for rule in RULES.rules.values() for ref in rule.clauses)
