"""Which hits become cards: one at a time, rarely, never old or doubtful ones, and always with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deskguard.desk.alerts import AlertPolicy
from deskguard.rules.pack import Rule, Variant
from deskguard.settings import AlertSettings
from deskguard.values import Alert, ClauseRef, Hit, Severity
from hearing_values import a_hit, moment


def rule(rule_id: str, severity: Severity = "medium", cooldown_s: float | None = None, **more: Any) -> Rule:
    return Rule(
        rule_id=rule_id,
        phrase=f"phrase of {rule_id}",
        clauses=(ClauseRef(standard="s1", title="Standard", clause=f"of {rule_id}", quote="quoted"),),
        severity=severity,
        cooldown_s=cooldown_s,
        advice=f"advice of {rule_id}",
        variants=(Variant(text="x"),),
        **more,
    )


RULES = {
    "R1": rule("R1"),
    "R2": rule("R2"),
    "LOW": rule("LOW", "low"),
    "HIGH": rule("HIGH", "high"),
    "QUICK": rule("QUICK", cooldown_s=5.0),
    "ALWAYS": rule("ALWAYS", cooldown_s=0.0),
    "PERSON": rule("PERSON", "high", kind="fee", needs_person=True),
    "SURE": rule("SURE", min_confidence=0.95),
    "EASY": rule("EASY", min_confidence=0.2),
    "BAN": rule("BAN", kind="deflection"),
}


def a_policy(**settings: object) -> AlertPolicy:
    """The default settings, but for a bar that tentative hits can reach."""
    return AlertPolicy(AlertSettings.model_validate({"tentative_from": 0.7, **settings}), RULES)


def at(policy: AlertPolicy, hit: Hit, now_s: float | None = None) -> Alert:
    """The alert of a hit, half a second after its last sample unless told."""
    return fed(policy, hit, now_s)[0]


def fed(policy: AlertPolicy, hit: Hit, now_s: float | None = None) -> list[Alert]:
    """The alert of a hit and those that change with it."""
    return policy.feed(hit, moment(hit.end_sample / 16_000 + 0.5 if now_s is None else now_s))


def clauses(alert: Alert) -> list[str]:
    return [one.clause.removeprefix("of ") for one in alert.clauses]


def said(rule_id: str, hit_id: str, end_s: float, **changes: object) -> Hit:
    return replace(a_hit(rule_id, hit_id, span_s=(end_s - 1, end_s)), **changes)  # type: ignore[arg-type]


def test_a_confirmed_hit_of_a_rule_gets_its_card() -> None:
    alert = at(a_policy(), a_hit())
    assert alert.suppressed is None
    assert (alert.phrase, alert.advice, alert.severity) == ("phrase of R1", "advice of R1", "medium")
    assert alert.raised_sample == 40_000
    assert alert.raised_ns == 2_500_000_000
    assert alert.clauses[0].standard == "s1"


DOUBTS: list[tuple[dict[str, object], Hit, str]] = [
    ({}, a_hit(role="visitor"), "role-visitor"),
    ({"show_unknown_role": False}, a_hit(), "role-unknown"),
    ({"min_severity": "high"}, a_hit(), "low-severity"),
    ({"min_confidence": 0.95}, a_hit(), "low-confidence"),
    ({}, a_hit(state="tentative", confidence=0.6), "awaiting-confirmation"),
    ({"tentative_from": 1.0}, a_hit(state="tentative", confidence=1.0), "awaiting-confirmation"),
    ({}, a_hit(state="withdrawn"), "withdrawn"),
    ({}, a_hit("PERSON"), "needs-person"),
    ({}, replace(a_hit(), softened=True), "softened"),
    ({}, replace(a_hit("PERSON", role="visitor"), softened=True), "role-visitor"),
    ({}, a_hit("SURE", confidence=0.94), "low-confidence"),
    ({}, a_hit("EASY", confidence=0.1), "low-confidence"),
]


@pytest.mark.parametrize(("settings", "hit", "reason"), DOUBTS)
def test_doubtful_hits_have_no_card_and_say_why(settings: dict[str, object], hit: Hit, reason: str) -> None:
    alert = at(a_policy(**settings), hit)
    assert alert.suppressed == reason
    assert alert.hit is hit


def test_staff_is_shown_though_unknown_speakers_are_not() -> None:
    assert at(a_policy(show_unknown_role=False), a_hit(role="staff")).suppressed is None


def test_by_default_only_confirmed_hits_are_shown() -> None:
    policy = AlertPolicy(AlertSettings(), RULES)
    assert at(policy, a_hit(state="tentative", confidence=1.0)).suppressed == "awaiting-confirmation"
    assert at(policy, a_hit()).suppressed is None


def test_a_tentative_hit_above_the_bar_does_not_wait() -> None:
    assert at(a_policy(), a_hit(state="tentative", confidence=0.7)).suppressed is None


@pytest.mark.parametrize(
    ("late_s", "reason"), [(4.99, None), (5.0, None), (5.01, "too-old"), (3600.0, "too-old")]
)
def test_nothing_older_than_five_seconds_is_shown(late_s: float, reason: str | None) -> None:
    assert at(a_policy(), a_hit(span_s=(1.0, 2.0)), 2.0 + late_s).suppressed == reason


def test_confirmation_shows_a_hit_that_waited_for_it() -> None:
    policy = a_policy()
    waiting = a_hit(state="tentative", confidence=0.6)
    assert at(policy, waiting).suppressed == "awaiting-confirmation"
    shown = at(policy, replace(waiting, state="confirmed"), 3.0)
    assert shown.suppressed is None
    assert shown.raised_sample == 48_000


def test_a_hit_that_gains_confidence_when_confirmed_is_shown() -> None:
    policy = a_policy()
    weak = a_hit(state="tentative", confidence=0.45)
    assert at(policy, weak).suppressed == "low-confidence"
    assert at(policy, replace(weak, state="confirmed", confidence=0.85)).suppressed is None


def test_confirmation_of_a_shown_hit_keeps_its_moment() -> None:
    policy = a_policy()
    first = at(policy, a_hit(state="tentative"), 2.5)
    second = at(policy, a_hit(state="confirmed"), 4.0)
    assert first.suppressed is None
    assert second.suppressed is None
    assert second.hit.state == "confirmed"
    assert (second.raised_sample, second.raised_ns) == (first.raised_sample, first.raised_ns)


def test_a_hit_that_was_held_back_for_the_clerks_sake_stays_so() -> None:
    policy = a_policy()
    at(policy, said("R1", "h1", 2.0))
    assert at(policy, said("R1", "h2", 60.0, state="tentative")).suppressed == "cooldown"
    # Confirmed when the cooldown is over: the moment to show it has passed.
    assert at(policy, said("R1", "h2", 60.0), 63.0).suppressed == "cooldown"


def test_a_rule_is_silent_for_its_cooldown() -> None:
    policy = a_policy()
    assert at(policy, said("R1", "h1", 2.0)).suppressed is None
    assert at(policy, said("R1", "h2", 30.0)).suppressed == "cooldown"
    assert at(policy, said("R2", "h3", 31.0)).suppressed is None
    assert at(policy, said("R1", "h4", 61.9)).suppressed == "cooldown"
    assert at(policy, said("R1", "h5", 62.1)).suppressed is None


def test_a_rules_own_cooldown_comes_before_the_settings() -> None:
    policy = a_policy(cooldown_s=600.0)
    assert at(policy, said("QUICK", "h1", 2.0)).suppressed is None
    assert at(policy, said("QUICK", "h2", 4.0)).suppressed == "cooldown"
    assert at(policy, said("QUICK", "h3", 8.0)).suppressed is None
    assert at(policy, said("ALWAYS", "h4", 9.0)).suppressed is None
    assert at(policy, said("ALWAYS", "h5", 9.1)).suppressed is None


def test_hits_that_were_not_shown_start_no_cooldown() -> None:
    policy = a_policy()
    assert at(policy, said("R1", "h1", 2.0), 10.0).suppressed == "too-old"
    assert at(policy, said("R1", "h2", 12.0)).suppressed is None


def test_there_are_at_most_six_cards_an_hour_and_the_hour_moves_on() -> None:
    policy = a_policy(cooldown_s=0.0)
    reasons = [at(policy, said("R1", f"h{index}", 100.0 * index + 2)).suppressed for index in range(8)]
    assert reasons == [None] * 6 + ["hourly-cap"] * 2
    assert at(policy, said("R1", "later", 3601.9)).suppressed == "hourly-cap"
    assert at(policy, said("R1", "free", 3602.1)).suppressed is None
    assert at(policy, said("R1", "full", 3602.9)).suppressed == "hourly-cap"


def test_a_cap_of_zero_shows_nothing() -> None:
    assert at(a_policy(max_per_hour=0), a_hit()).suppressed == "hourly-cap"


@pytest.mark.parametrize(
    ("up", "new", "reason"),
    [
        ("R1", "LOW", "card-on-screen"),
        ("R1", "R2", None),
        ("R1", "HIGH", None),
        ("HIGH", "R1", "card-on-screen"),
    ],
)
def test_a_card_gives_way_to_one_as_grave_and_not_to_a_lesser(up: str, new: str, reason: str | None) -> None:
    policy = a_policy()
    assert at(policy, said(up, "h1", 2.0)).suppressed is None
    assert at(policy, said(new, "h2", 5.0)).suppressed == reason


def test_a_lesser_card_may_come_when_the_grave_one_is_gone() -> None:
    policy = a_policy(card_s=12.0)
    at(policy, said("HIGH", "h1", 2.0))
    assert at(policy, said("LOW", "h2", 13.9)).suppressed == "card-on-screen"
    assert at(policy, said("R1", "h3", 14.1)).suppressed is None


def test_dismissing_makes_room() -> None:
    policy = a_policy()
    at(policy, said("HIGH", "h1", 2.0))
    assert not policy.dismiss("other")
    assert policy.dismiss("h1")
    assert not policy.dismiss("h1")
    assert at(policy, said("LOW", "h2", 5.0)).suppressed is None


def test_withdrawing_a_shown_hit_takes_its_card_down() -> None:
    policy = a_policy()
    at(policy, said("HIGH", "h1", 2.0, state="tentative"))
    assert policy.shows("h1")
    gone = at(policy, said("HIGH", "h1", 2.0, state="withdrawn"), 3.5)
    assert gone.suppressed is None
    assert gone.hit.state == "withdrawn"
    assert not policy.shows("h1")
    assert at(policy, said("LOW", "h2", 5.0)).suppressed is None


def test_a_later_state_of_a_card_that_was_put_away_does_not_bring_it_back() -> None:
    policy = a_policy()
    at(policy, said("R1", "h1", 2.0, state="tentative"))
    policy.dismiss("h1")
    assert at(policy, said("R1", "h1", 2.0)).suppressed is None
    assert not policy.shows("h1")


def test_a_later_state_of_a_card_that_gave_way_does_not_bring_it_back() -> None:
    policy = a_policy()
    at(policy, said("R1", "h1", 2.0, state="tentative"))
    at(policy, said("HIGH", "h2", 2.9))
    at(policy, said("R1", "h1", 2.0), 3.5)
    assert policy.shows("h2")
    assert not policy.shows("h1")


def test_a_shorter_phrase_inside_a_longer_one_is_contained() -> None:
    policy = a_policy()
    at(policy, a_hit("R1", "long", span_s=(1.0, 2.4), heard="我不知道你去问"))
    inner = at(policy, a_hit("R2", "short", span_s=(1.0, 1.8), heard="我不知道"), 2.9)
    assert inner.suppressed == "contained"


def test_places_are_estimates_so_most_of_a_phrase_inside_a_longer_one_is_enough() -> None:
    policy = a_policy()
    at(policy, a_hit("R1", "long", span_s=(1.0, 2.4), heard="我不知道你去问"))
    inner = at(policy, a_hit("R2", "short", span_s=(0.8, 1.7), heard="我不知道"), 2.9)
    assert inner.suppressed == "contained"


def test_a_phrase_beside_a_longer_one_is_not_contained() -> None:
    policy = a_policy()
    at(policy, a_hit("R1", "long", span_s=(1.0, 2.4), heard="我不知道你去问"))
    beside = at(policy, a_hit("R2", "short", span_s=(2.0, 2.8), heard="你去问"), 2.9)
    assert beside.suppressed is None


def test_a_rules_own_threshold_comes_before_the_settings() -> None:
    assert at(a_policy(), a_hit("SURE", confidence=0.95)).suppressed is None
    assert at(a_policy(), a_hit("EASY", confidence=0.2)).suppressed is None


def test_the_kind_of_the_rule_is_told() -> None:
    assert (at(a_policy(), a_hit("BAN")).kind, at(a_policy(), a_hit()).kind) == ("deflection", "phrase")


def test_a_softened_hit_is_of_low_severity() -> None:
    assert at(a_policy(), replace(a_hit("HIGH"), softened=True)).severity == "low"


def test_what_a_person_decides_is_no_card_and_hides_none() -> None:
    policy = a_policy()
    person = at(policy, a_hit("PERSON", "long", span_s=(1.0, 2.4), heard="办快点是要交钱的"))
    assert person.suppressed == "needs-person"
    inner = at(policy, a_hit("R2", "short", span_s=(1.0, 1.8), heard="要交钱"), 2.9)
    assert inner.suppressed is None
    assert clauses(inner) == ["R2"]


@pytest.mark.parametrize("change", [{"softened": True}, {"role": "visitor"}])
def test_a_card_goes_when_its_hit_turns_out_to_be_no_breach(change: dict[str, Any]) -> None:
    policy = a_policy()
    shown = at(policy, a_hit())
    assert policy.shows("h1")
    after = at(policy, replace(a_hit(), **change), 3.0)
    assert after.suppressed in ("softened", "role-visitor")
    assert after.raised_sample == shown.raised_sample
    assert not policy.shows("h1")


def test_a_confirmed_hit_may_be_withdrawn_and_takes_its_card_along() -> None:
    policy = a_policy()
    at(policy, a_hit())
    gone = fed(policy, replace(a_hit(state="withdrawn"), why=("way forward",)), 3.0)
    assert [(one.hit.state, one.suppressed, one.hit.why) for one in gone] == [
        ("withdrawn", None, ("way forward",))
    ]
    assert not policy.shows("h1")


def test_a_hit_that_is_no_longer_softened_may_have_its_card() -> None:
    policy = a_policy()
    assert at(policy, replace(a_hit(), softened=True)).suppressed == "softened"
    assert at(policy, a_hit(), 3.0).suppressed is None


LONG = a_hit("R1", "long", span_s=(1.0, 2.4), heard="我不知道你去问")
SHORT = a_hit("R2", "short", span_s=(1.0, 1.8), heard="我不知道")


def test_hits_on_the_same_words_are_one_card_that_names_every_clause() -> None:
    policy = a_policy()
    assert clauses(at(policy, LONG)) == ["R1"]
    inner, outer = fed(policy, SHORT, 2.9)
    assert (inner.suppressed, clauses(inner)) == ("contained", ["R2"])
    assert (outer.hit.hit_id, outer.suppressed, clauses(outer)) == ("long", None, ["R1", "R2"])
    # Brought up to date in place: the same moment, the same card.
    assert outer.raised_sample == 46_400
    assert policy.shows("long")


def test_a_card_is_as_grave_as_the_gravest_of_its_hits() -> None:
    policy = a_policy()
    at(policy, LONG)
    _, outer = fed(policy, replace(SHORT, rule_id="HIGH"), 2.9)
    assert (outer.severity, clauses(outer)) == ("high", ["R1", "HIGH"])
    # And stays up when something less grave comes.
    assert at(policy, said("R2", "h3", 5.0)).suppressed == "card-on-screen"


def test_what_is_not_believed_is_not_named_until_it_is() -> None:
    policy = a_policy()
    at(policy, LONG)
    doubtful = replace(SHORT, state="tentative", confidence=0.6)
    assert [one.suppressed for one in fed(policy, doubtful, 2.9)] == ["awaiting-confirmation"]
    inner, outer = fed(policy, SHORT, 3.0)
    assert inner.suppressed == "contained"
    assert clauses(outer) == ["R1", "R2"]


def test_a_clause_leaves_the_card_with_its_hit() -> None:
    policy = a_policy()
    at(policy, LONG)
    at(policy, SHORT, 2.9)
    inner, outer = fed(policy, replace(SHORT, state="withdrawn"), 3.2)
    assert inner.hit.state == "withdrawn"
    assert (outer.hit.hit_id, outer.suppressed, clauses(outer)) == ("long", None, ["R1"])


def test_of_two_rules_on_the_very_same_words_the_first_has_the_card() -> None:
    policy = a_policy()
    at(policy, SHORT, 2.0)
    second, first = fed(policy, replace(SHORT, rule_id="BAN", hit_id="ban"), 2.1)
    assert (second.hit.rule_id, second.suppressed) == ("BAN", "contained")
    assert (first.hit.rule_id, first.suppressed, clauses(first)) == ("R2", None, ["R2", "BAN"])
    assert policy.shows("short")
    # Nor does it change places when the first is confirmed once more.
    assert [one.suppressed for one in fed(policy, SHORT, 2.2)] == [None]


def test_words_of_a_rule_in_its_cooldown_get_no_card_through_another_rule() -> None:
    policy = a_policy()
    at(policy, said("R2", "h1", 2.0))
    assert at(policy, said("R2", "h2", 12.0)).suppressed == "cooldown"
    assert at(policy, said("BAN", "h3", 12.0)).suppressed == "contained"


def test_hits_of_one_moment_are_decided_longest_first_and_phrases_before_bans() -> None:
    hits = [
        replace(SHORT, rule_id="BAN", hit_id="ban"),
        SHORT,
        replace(SHORT, rule_id="HIGH", hit_id="high"),
        LONG,
        replace(SHORT, hit_id="gone", state="withdrawn"),
    ]
    ordered = [one.hit_id for one in sorted(hits, key=a_policy().order)]
    assert ordered == ["gone", "long", "high", "short", "ban"]


def test_the_shorter_form_whose_card_was_taken_over_is_contained_from_then_on() -> None:
    policy = a_policy()
    assert at(policy, SHORT, 2.0).suppressed is None
    longer, shorter = fed(policy, LONG, 2.9)
    assert (longer.suppressed, longer.replaces, clauses(longer)) == (None, "short", ["R1", "R2"])
    assert (shorter.suppressed, clauses(shorter)) == ("contained", ["R2"])
    assert at(policy, SHORT, 3.0).suppressed == "contained"


def test_a_card_that_gave_way_to_a_longer_form_comes_back_when_that_was_wrong() -> None:
    policy = a_policy()
    at(policy, SHORT, 2.0)
    at(policy, replace(LONG, state="tentative"), 2.9)
    gone, back = fed(policy, replace(LONG, state="withdrawn"), 3.3)
    assert gone.hit.state == "withdrawn"
    assert (back.hit.hit_id, back.suppressed, clauses(back)) == ("short", None, ["R2"])
    assert back.raised_sample == 32_000
    assert policy.shows("short")


def test_it_does_not_come_back_when_the_clerk_has_put_it_away() -> None:
    policy = a_policy()
    at(policy, SHORT, 2.0)
    at(policy, replace(LONG, state="tentative"), 2.9)
    policy.dismiss("long")
    _, back = fed(policy, replace(LONG, state="withdrawn"), 3.3)
    assert back.suppressed == "cooldown"
    assert not policy.shows("short")


@pytest.mark.parametrize("end", [{"state": "withdrawn"}, {"softened": True}])
def test_a_confirmed_phrase_has_its_card_as_soon_as_the_longer_one_is_gone(end: dict[str, Any]) -> None:
    policy = a_policy(tentative_from=1.0)
    at(policy, replace(LONG, state="tentative"), 2.5)
    assert at(policy, SHORT, 2.6).suppressed == "contained"
    gone, shown = fed(policy, replace(LONG, **end), 2.9)
    assert gone.suppressed in ("withdrawn", "softened")
    assert (shown.hit.hit_id, shown.suppressed) == ("short", None)
    assert shown.raised_sample == 46_400
    assert policy.shows("short")


def test_a_withdrawn_phrase_contains_nothing() -> None:
    policy = a_policy()
    long = a_hit("R1", "long", state="tentative", span_s=(1.0, 2.4), heard="我不知道你去问")
    at(policy, long)
    at(policy, replace(long, state="withdrawn"))
    assert at(policy, a_hit("R2", "short", span_s=(1.0, 1.8), heard="我不知道"), 2.9).suppressed is None


def test_a_contained_hit_is_shown_when_the_longer_one_turns_out_wrong() -> None:
    policy = a_policy()
    long = a_hit("R1", "long", state="tentative", span_s=(1.0, 2.4), heard="我不知道你去问")
    short = a_hit("R2", "short", state="tentative", span_s=(1.0, 1.8), heard="我不知道")
    at(policy, long)
    assert at(policy, short).suppressed == "contained"
    at(policy, replace(long, state="withdrawn"))
    assert at(policy, replace(short, state="confirmed")).suppressed is None


@pytest.mark.parametrize(
    ("settings", "long"),
    [
        ({"min_severity": "medium"}, a_hit("LOW", "long", span_s=(1.0, 2.4), heard="我不知道你去问")),
        ({}, a_hit("R1", "long", confidence=0.3, span_s=(1.0, 2.4), heard="我不知道你去问")),
        ({}, a_hit("R1", "long", role="visitor", span_s=(1.0, 2.4), heard="我不知道你去问")),
    ],
)
def test_a_phrase_that_may_not_be_shown_contains_nothing(settings: dict[str, object], long: Hit) -> None:
    policy = a_policy(**settings)
    assert at(policy, long).suppressed is not None
    assert at(policy, a_hit("R2", "short", span_s=(1.0, 1.8), heard="我不知道"), 2.9).suppressed is None


def test_a_longer_form_takes_over_the_card_of_the_shorter() -> None:
    policy = a_policy(max_per_hour=1)
    at(policy, a_hit("HIGH", "short", span_s=(1.0, 1.8), heard="我不知道"), 2.0)
    longer = at(policy, a_hit("LOW", "long", span_s=(1.0, 2.4), heard="我不知道你去问"), 2.9)
    assert longer.suppressed is None
    assert policy.shows("long")
    # One interruption, not two: yet the cap is used up.
    assert at(policy, said("R2", "h3", 30.0)).suppressed == "hourly-cap"


def test_a_longer_form_keeps_its_own_cooldown() -> None:
    policy = a_policy()
    at(policy, a_hit("R1", "first", span_s=(1.0, 2.4), heard="我不知道你去问"), 2.9)
    at(policy, a_hit("R2", "short", span_s=(31.0, 31.8), heard="我不知道"), 32.0)
    longer = at(policy, a_hit("R1", "long", span_s=(31.0, 32.4), heard="我不知道你去问"), 32.9)
    assert longer.suppressed == "cooldown"
    assert policy.shows("short")


def test_other_words_do_not_take_over_a_card() -> None:
    policy = a_policy()
    at(policy, a_hit("HIGH", "up", span_s=(1.0, 1.8), heard="我不知道"), 2.0)
    assert at(policy, a_hit("LOW", "next", span_s=(1.8, 3.0), heard="你去问他们吧"), 3.2).suppressed is not None
