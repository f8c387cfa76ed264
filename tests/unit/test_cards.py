"""What the staff page is told of an alert."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deskguard.desk.cards import card_payload, readable, today_entry
from deskguard.values import ClauseRef
from store_values import an_alert

RAISED = datetime(2026, 11, 21, 9, 30, 15, 250_000, tzinfo=UTC)
SECOND = ClauseRef(standard="s001", title="另一规范", clause="a2", quote="不得推诿")


def test_a_card_says_what_was_heard_why_it_matters_and_what_to_say() -> None:
    alert = replace(an_alert(state="confirmed"), clauses=(*an_alert().clauses, SECOND))
    card = card_payload(alert, RAISED, 12.0)
    assert (card["hit_id"], card["rule_id"], card["state"]) == ("hit-1", "T01", "confirmed")
    assert (card["heard"], card["phrase"], card["advice"]) == ("我不知道", "不知道", "我帮您问一下")
    assert (card["standard_title"], card["clause"], card["quote"]) == ("服务规范", "d17", "不得说不知道")
    assert [one["standard"] for one in card["clauses"]] == ["s003", "s001"]
    assert card["clauses"][1] == {"standard": "s001", "title": "另一规范", "clause": "a2", "quote": "不得推诿"}
    assert (card["severity"], card["confidence"], card["show_s"]) == ("high", 0.8, 12.0)
    assert card["raised_utc"] == "2026-11-21T09:30:15.250000+00:00"
    assert card["raised_epoch_ms"] == RAISED.timestamp() * 1000


@pytest.mark.parametrize(("suppressed", "shown"), [(None, True), ("cooldown", False), ("too-old", False)])
def test_a_line_of_today_says_whether_and_why_not_it_was_shown(suppressed: str | None, shown: bool) -> None:
    line = today_entry(an_alert(suppressed=suppressed), RAISED)
    assert (line["shown"], line["suppressed"]) == (shown, suppressed)
    assert line["false_alarm"] is False
    assert line["clause"] == "d17"


def test_both_are_plain_json_and_agree_on_the_hit() -> None:
    card, line = card_payload(an_alert(), RAISED, 12.0), today_entry(an_alert(), RAISED)
    assert json.loads(json.dumps(card)) == card
    assert json.loads(json.dumps(line)) == line
    both = set(card) & set(line)
    assert {"hit_id", "rule_id", "phrase", "heard", "severity", "state", "raised_utc", "advice"} <= both
    assert {key: card[key] for key in both} == {key: line[key] for key in both}


def test_a_slot_of_the_wording_is_shown_as_a_place_to_fill() -> None:
    assert readable("我不知道，你去问{谁}") == "我不知道，你去问（谁）"
    assert readable("不归我管") == "不归我管"
