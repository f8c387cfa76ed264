"""What the staff page is told of an alert, and what no screen may show in full."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deskguard.desk.cards import ScreenWords, is_listed, readable
from deskguard.desk.deskstate import entry
from deskguard.rules.ruleset import Rule, RuleSet, Variant
from deskguard.values import ClauseRef
from store_values import CLAUSE, NOON, an_alert

RAISED = datetime(2026, 11, 21, 9, 30, 15, 250_000, tzinfo=UTC)
SECOND = ClauseRef(standard="s001", title="另一规范", clause="a2", quote="不得推诿")


def a_rule(rule_id: str, phrase: str, *say: str, masked: bool = False) -> Rule:
    return Rule(
        rule_id=rule_id,
        phrase=phrase,
        clauses=(CLAUSE,),
        severity="high",
        cooldown_s=None,
        advice="a",
        variants=tuple(Variant(text=one) for one in say or (phrase,)),
        masked=masked,
    )


def rules(*given: Rule) -> RuleSet:
    return RuleSet(rules={one.rule_id: one for one in given}, sha256="0", packs=())


PLAIN = ScreenWords(rules(a_rule("T01", "不知道")))
RUDE = ScreenWords(rules(a_rule("T01", "不知道"), a_rule("C03", "粗口", "他妈的", "滚蛋", masked=True)))


def test_a_card_says_what_was_heard_why_it_matters_and_what_to_say() -> None:
    alert = replace(an_alert(state="confirmed"), clauses=(CLAUSE, SECOND), kind="deflection", replaces="hit-0")
    card = PLAIN.card(alert, RAISED, 12.0)
    assert (card["hit_id"], card["rule_id"], card["state"]) == ("hit-1", "T01", "confirmed")
    assert (card["heard"], card["phrase"], card["advice"]) == ("我不知道", "不知道", "我帮您问一下")
    assert (card["standard_title"], card["clause"], card["quote"]) == ("服务规范", "d17", "不得说不知道")
    assert [one["standard"] for one in card["clauses"]] == ["s003", "s001"]
    assert card["clauses"][1] == {"standard": "s001", "title": "另一规范", "clause": "a2", "quote": "不得推诿"}
    assert (card["severity"], card["confidence"], card["show_s"]) == ("high", 0.8, 12.0)
    assert (card["kind"], card["replaces"]) == ("deflection", "hit-0")
    assert card["raised_utc"] == "2026-11-21T09:30:15.250000+00:00"
    assert card["raised_epoch_ms"] == RAISED.timestamp() * 1000


def test_both_say_why_in_every_language() -> None:
    alert = replace(an_alert(), hit=replace(an_alert().hit, why=("characters", "a line of its own")))
    line = PLAIN.line(entry("run-1", alert, NOON))
    assert PLAIN.card(alert, RAISED, 12.0)["why"] == line["why"]
    assert line["why"] == {
        "zh-CN": ["字相同", "a line of its own"],
        "en": ["same characters", "a line of its own"],
    }


@pytest.mark.parametrize(("suppressed", "shown"), [(None, True), ("cooldown", False), ("too-old", False)])
def test_a_line_of_today_says_whether_and_why_not_it_was_shown(suppressed: str | None, shown: bool) -> None:
    line = PLAIN.line(entry("run-1", an_alert(suppressed=suppressed), NOON))
    assert (line["shown"], line["suppressed"]) == (shown, suppressed)
    assert line["false_alarm"] is False
    assert line["clause"] == "d17"
    assert line["listed"]


@pytest.mark.parametrize(
    "suppressed", ["contained", "awaiting-confirmation", "withdrawn", "role-visitor", "needs-person"]
)
def test_what_is_not_for_the_clerk_is_not_listed(suppressed: str) -> None:
    assert not is_listed(entry("run-1", an_alert(suppressed=suppressed), NOON))


def test_what_was_withdrawn_is_not_listed_although_it_was_shown() -> None:
    assert not is_listed(entry("run-1", an_alert(state="withdrawn"), NOON))


def test_both_are_plain_json_and_agree_on_the_hit() -> None:
    card = PLAIN.card(an_alert(), RAISED, 12.0)
    line = PLAIN.line(entry("run-1", an_alert(), RAISED.isoformat()))
    assert json.loads(json.dumps(card)) == card
    assert json.loads(json.dumps(line)) == line
    both = set(card) & set(line)
    assert {"hit_id", "rule_id", "phrase", "heard", "severity", "state", "raised_utc", "advice"} <= both
    assert {key: card[key] for key in both} == {key: line[key] for key in both}


def test_a_slot_of_the_wording_is_shown_as_a_place_to_fill() -> None:
    assert readable("我不知道，你去问{谁}") == "我不知道，你去问（谁）"
    assert readable("不归我管") == "不归我管"


def test_no_screen_shows_masked_words_in_full() -> None:
    alert = an_alert(heard="他妈的")
    alert = replace(
        alert,
        hit=replace(alert.hit, rule_id="C03"),
        phrase="他妈的",
        clauses=(replace(CLAUSE, quote="不得说“滚蛋”、“他妈的”"),),
    )
    card, line = RUDE.card(alert, RAISED, 12.0), RUDE.line(entry("run-1", alert, NOON))
    assert (card["heard"], card["phrase"], line["heard"], line["phrase"]) == ("他××",) * 4
    for said in (card, line):
        assert "他妈的" not in json.dumps(said, ensure_ascii=False)
    assert RUDE.text("我不知道，他妈的") == "我不知道，他××"


def test_masked_words_are_masked_however_they_were_recognised() -> None:
    assert RUDE.heard("C03", "他马地") == "他××"
    assert RUDE.heard("C03", "滚") == "滚"
    assert RUDE.heard("T01", "我不知道") == "我不知道"
    assert RUDE.heard("gone", "我不知道") == "我不知道"


def test_the_record_keeps_the_words_as_they_were_heard() -> None:
    assert entry("run-1", an_alert(heard="他妈的"), NOON)["heard"] == "他妈的"


def test_what_former_rules_masked_stays_masked() -> None:
    later = RUDE.with_rules(rules(a_rule("T01", "不知道")))
    assert later.text("他妈的") == "他××"
    assert later.heard("C03", "他马地") == "他××"
