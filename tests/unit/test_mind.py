"""Windows in, transcripts and alerts out, with scripted recognition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deskguard.desk.alerts import Moment
from deskguard.desk.mind import Mind, Outcome
from deskguard.rules.pack import RuleSet
from deskguard.settings import Settings, SpottingSettings
from deskguard.values import Alert, Hypothesis, SpeechWindow
from hearing_values import EAGER, ScriptedRecogniser, a_rule_set, a_window, moment, spoken
from rules_packs import entry, rule_set

SCRIPT = spoken("我不知道，你去问别人", 0.0)


def a_mind(*phrases: str) -> Mind:
    return Mind(ScriptedRecogniser(SCRIPT), a_rule_set(*phrases), EAGER, "run")  # type: ignore[arg-type]


def fed(mind: Mind, window: SpeechWindow, now_s: float = 2.5) -> list[Outcome]:
    return list(mind.feed(window, lambda: moment(now_s)))


def summary(outcomes: list[Outcome]) -> list[tuple[str, str, str | None]]:
    return [(one.hit.rule_id, one.hit.state, one.suppressed) for one in outcomes if isinstance(one, Alert)]


def test_alerts_come_before_the_transcript() -> None:
    first, second, *_ = fed(a_mind("我不知道"), a_window(samples=32_000, end_reason="silence"))
    assert isinstance(first, Alert)
    assert isinstance(second, Hypothesis)
    assert second.is_final


def test_the_moment_is_asked_for_after_the_recognition() -> None:
    order: list[str] = []
    recogniser = ScriptedRecogniser(SCRIPT, before=lambda _window: order.append("recognised"))
    mind = Mind(recogniser, a_rule_set("我不知道"), EAGER, "run")  # type: ignore[arg-type]

    def now() -> Moment:
        order.append("asked")
        return moment(2.0)

    list(mind.feed(a_window(samples=32_000), now))
    assert order == ["recognised", "asked"]


def test_a_hush_is_not_read_and_counts_no_step() -> None:
    mind = a_mind("我不知道")
    fed(mind, a_window(samples=32_000))
    assert fed(mind, a_window(samples=0, is_hush=True)) == []
    assert mind.work.steps == 1


def test_a_longer_phrase_is_decided_before_what_it_contains() -> None:
    mind = a_mind("不知道", "我不知道，你去问")
    outcomes = fed(mind, a_window(samples=32_000, end_reason="silence"))
    assert summary(outcomes) == [("我不知道，你去问", "confirmed", None), ("不知道", "confirmed", "contained")]


def test_steps_and_compute_are_counted() -> None:
    mind = a_mind("我不知道")
    for samples in (16_000, 24_000, 32_000):
        fed(mind, a_window(samples=samples))
    assert mind.work.steps == 3
    assert mind.work.decode_ns == 3000


def test_the_end_withdraws_what_nothing_confirmed() -> None:
    mind = a_mind("我不知道")
    fed(mind, a_window(samples=32_000))
    outcomes = list(mind.finish(lambda: moment(4.0)))
    assert summary(outcomes) == [("我不知道", "withdrawn", None)]
    assert list(mind.finish(lambda: moment(4.0))) == []


def test_other_rules_take_over_and_old_hits_can_still_end(tmp_path: Path) -> None:
    mind = a_mind("我不知道")
    assert summary(fed(mind, a_window(samples=32_000))) == [("我不知道", "tentative", None)]
    mind.use_rules(rule_set(tmp_path, entry("你去问别人", "P1", severity="high")))
    after = fed(mind, a_window(samples=40_000, end_reason="silence"), 3.0)
    assert summary(after) == [("我不知道", "withdrawn", None), ("P1", "confirmed", None)]
    last = [one for one in after if isinstance(one, Alert)][-1]
    assert last.advice == "say this"


def test_a_card_that_is_withdrawn_makes_room_for_what_is_found_instead() -> None:
    grave, light = a_rule_set("我不知道", severity="high"), a_rule_set("您去问别人吧好吗", severity="low")
    rules = RuleSet(rules={**grave.rules, **light.rules}, sha256="0", packs=())
    recogniser = ScriptedRecogniser(spoken("我不知道"))
    mind = Mind(recogniser, rules, EAGER, "run")  # type: ignore[arg-type]
    assert summary(fed(mind, a_window(samples=32_000))) == [("我不知道", "tentative", None)]
    recogniser.script = spoken("您去问别人吧好吗")
    after = fed(mind, a_window(samples=32_000, end_reason="silence"), 3.0)
    assert summary(after) == [("我不知道", "withdrawn", None), ("您去问别人吧好吗", "confirmed", None)]


def test_a_rule_that_changed_its_advice_is_shown_with_the_new_one(tmp_path: Path) -> None:
    mind = Mind(
        ScriptedRecogniser(SCRIPT),  # type: ignore[arg-type]
        rule_set(tmp_path, entry("你去问别人", "P1", advice="old")),
        EAGER,
        "run",
    )
    mind.use_rules(rule_set(tmp_path, entry("你去问别人", "P1", advice="new")))
    alerts = [one for one in fed(mind, a_window(samples=40_000)) if isinstance(one, Alert)]
    assert [one.advice for one in alerts] == ["new"]


def test_the_mind_knows_which_card_is_up() -> None:
    mind = a_mind("我不知道")
    (alert, _) = fed(mind, a_window(samples=32_000))
    assert isinstance(alert, Alert)
    assert mind.shows(alert.hit.hit_id)
    assert mind.dismiss(alert.hit.hit_id)
    assert not mind.dismiss(alert.hit.hit_id)
    assert not mind.shows(alert.hit.hit_id)
    # The confirmation is an alert of its own, but no reason to put the card up again.
    assert summary(fed(mind, a_window(samples=40_000))) == [("我不知道", "confirmed", None)]
    assert not mind.shows(alert.hit.hit_id)


def test_a_phrase_that_is_sure_is_confirmed_at_first_sight() -> None:
    settings = Settings(spotting=SpottingSettings(confirm_from=0.6))
    mind = Mind(ScriptedRecogniser(SCRIPT), a_rule_set("你去问别人"), settings, "run")  # type: ignore[arg-type]
    assert summary(fed(mind, a_window(samples=40_000))) == [("你去问别人", "confirmed", None)]


def test_what_was_almost_raised_can_be_asked_for() -> None:
    settings = Settings(spotting=SpottingSettings(characters_from=1.0))
    mind = Mind(ScriptedRecogniser(SCRIPT), a_rule_set("我不知道"), settings, "run")  # type: ignore[arg-type]
    assert summary(fed(mind, a_window(samples=32_000, end_reason="silence"))) == []
    assert [one.sighting.candidate.rule_id for one in mind.near_misses] == ["我不知道"]


def test_a_pause_is_told_before_its_audio_is_read() -> None:
    rules = a_rule_set("没时间说")
    innocent = {key: replace(rule, innocent=("没时间说完",)) for key, rule in rules.rules.items()}
    order: list[str] = []
    recogniser = ScriptedRecogniser(spoken("没时间说"), before=lambda _window: order.append("read"))
    settings = Settings(spotting=SpottingSettings(confirm_from=0.6))
    mind = Mind(recogniser, replace(rules, rules=innocent), settings, "run")  # type: ignore[arg-type]
    for window in (
        a_window(),
        replace(a_window(samples=20_000, end_reason="silence"), speech_end_sample=12_800),
    ):
        for outcome in mind.feed(window, lambda: moment(2.5)):
            order += [f"{outcome.hit.state}"] if isinstance(outcome, Alert) else []
    assert order == ["read", "confirmed", "read"]
