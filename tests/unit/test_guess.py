"""What a short text without sense may have been."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskguard.rules.pack import RuleSet
from deskguard.rules.ruleset import Variant
from deskguard.settings import SpottingSettings
from deskguard.spotting.finding.guess import MOST_GUESSES, MOST_SYLLABLES, Guesser
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.values import Candidate
from hearing_values import a_rule_set, spoken

RULES = a_rule_set("少啰嗦", "没法办", "你找谁就找谁去")


def guesses(text: str, rules: RuleSet = RULES) -> list[Candidate]:
    return Guesser(rules).guess(spoken(text))


@pytest.mark.parametrize(
    ("heard", "rule_id", "place"),
    [("太阳少炉爽", "少啰嗦", "少炉"), ("美爬斑", "没法办", "美爬斑"), ("一个，美发班", "没法办", "美发班")],
)
def test_what_sounds_a_little_like_a_phrase_is_guessed_in_its_place(
    heard: str, rule_id: str, place: str
) -> None:
    first, *_ = guesses(heard)
    assert (first.rule_id, first.wording, first.tier) == (rule_id, rule_id, "near")
    assert heard[first.start_char : first.end_char].startswith(place)
    assert first.distance <= 0.5


def test_the_better_guess_comes_first() -> None:
    found = guesses("美爬斑少炉爽")
    marks = [one.distance - 0.02 * one.syllables for one in found]
    assert marks == sorted(marks)
    assert {one.rule_id for one in found} >= {"少啰嗦", "没法办"}


def test_what_sounds_like_nothing_of_the_rules_is_no_guess() -> None:
    assert guesses("请您三楼") == []
    assert guesses("OK") == []
    assert guesses("") == []
    assert Guesser(a_rule_set()).guess(spoken("少炉爽")) == []


def test_a_spelling_of_which_half_was_not_heard_is_no_guess() -> None:
    assert guesses("不行", a_rule_set("不行不行")) == []
    assert guesses("不行不", a_rule_set("不行不行")) != []


def test_a_long_text_is_not_guessed_at() -> None:
    assert guesses("少炉爽" + "三" * (MOST_SYLLABLES - 3)) != []
    assert guesses("少炉爽" + "三" * (MOST_SYLLABLES - 2)) == []


def test_guesses_are_few_and_of_one_rule_two() -> None:
    many = a_rule_set(*(f"少啰嗦{last}" for last in "一二三四五六七八"))
    assert len(guesses("少炉所三", many)) == MOST_GUESSES
    (rule,) = a_rule_set("少啰嗦").rules.values()
    spellings = tuple(Variant(text=f"少啰嗦{last}") for last in "一二三四五")
    one = replace(RULES, rules={"R": replace(rule, rule_id="R", variants=spellings)})
    assert len(guesses("少炉所三", one)) == 2


def test_a_spelling_that_counts_only_as_an_answer_is_not_guessed_elsewhere() -> None:
    (rule,) = a_rule_set("没法办").rules.values()
    answer = replace(RULES, rules={"R": replace(rule, variants=(Variant(text="没法办", where="answer"),))})
    assert [one.rule_id for one in guesses("美爬斑", answer)] == ["没法办"]
    assert guesses("美爬斑下午", answer) == []


def test_what_a_rule_excuses_is_not_guessed_back() -> None:
    rules = a_rule_set("我不管")
    excused = replace(
        rules, rules={key: replace(one, innocent=("窗口我不关",)) for key, one in rules.rules.items()}
    )
    book = Rulebook.of(excused, SpottingSettings())
    assert book.find(spoken("窗口我不关")) == []
    assert book.guess(spoken("窗口我不关")) == []
