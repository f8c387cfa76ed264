"""What holds of queues, tracking, the alert policy and the metrics, whatever comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from bench.common import edit_distance
from hypothesis import given
from hypothesis import strategies as st

from deskguard.desk.alerts import AlertPolicy
from deskguard.desk.mind import Mind
from deskguard.desk.modelled import ModelledRun
from deskguard.desk.queues import ChunkQueue, WindowQueue
from deskguard.settings import AlertSettings, Settings
from deskguard.values import SAMPLE_RATE_HZ, Alert, Hit, Hypothesis, Severity, seconds
from hearing_values import (
    QUIET,
    SPEECH,
    HandClock,
    ScriptedRecogniser,
    a_rule_set,
    a_window,
    an_endpointer,
    chunk,
    cut,
    finder,
    heard,
    moment,
    painted,
    spoken,
)
from spotting_values import a_tracker
from strategies import PHRASES, Step, conversations, cuttings, hit_histories, jitters

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")
RULES = {
    rule_id: replace(rule, clauses=tuple(replace(one, clause=rule_id) for one in rule.clauses))
    for rule_id, rule in {
        **a_rule_set("R0", severity="low").rules,
        **a_rule_set("R1", severity="medium", cooldown_s=30.0).rules,
        **a_rule_set("R2", severity="high", cooldown_s=0.0).rules,
    }.items()
}
EAGER = AlertSettings(tentative_from=0.7)
"""Tentative hits may be shown, so that there is more to go wrong."""
COOLDOWN_S = {"R0": 60.0, "R1": 30.0, "R2": 0.0}


puts = st.tuples(st.just("put"), st.integers(0, 3000), st.sampled_from([0, 0, 0, 1, 700]))
takes = st.tuples(st.just("take"), st.just(0), st.just(0))


@given(st.integers(1, 6000), st.lists(puts | takes, max_size=80))
def test_delivered_and_lost_samples_add_up_under_any_drop_pattern(
    bound: int, actions: list[tuple[str, int, int]]
) -> None:
    queue = ChunkQueue(bound / SAMPLE_RATE_HZ)
    position = delivered = lost = 0
    largest = 0
    for action, samples, lost_before in [*actions, *[("take", 0, 0)] * 100]:
        if action == "put":
            position += lost_before
            queue.put(chunk(np.zeros(samples, np.float32), position, lost_before=lost_before))
            position += samples
            largest = max(largest, samples)
            assert queue.waiting_samples <= max(bound, largest)
        elif (one := queue.take(0)) is not None:
            lost += one.lost_before
            assert one.start_sample == delivered + lost
            delivered += one.pcm.shape[1]
            assert one.end_sample == delivered + lost
    assert delivered + lost == position
    assert queue.lost_samples == lost


@given(st.lists(st.sampled_from(["partial", "final", "take"]), max_size=120))
def test_no_final_window_is_lost_and_every_partial_is_accounted_for(actions: list[str]) -> None:
    queue = WindowQueue(1.0)
    utterance = partials = taken_partials = 0
    finals: list[int] = []
    taken: list[int] = []
    for action in [*actions, *["take"] * (len(actions) + 1)]:
        if action == "partial":
            queue.put(a_window(utterance_id=utterance))
            partials += 1
        elif action == "final":
            queue.put(a_window(utterance_id=utterance, end_reason="silence"), block=False)
            finals.append(utterance)
            utterance += 1
        elif (window := queue.take(0)) is not None:
            if window.is_final:
                taken.append(window.utterance_id)
            else:
                taken_partials += 1
                # Never a partial of an utterance whose final text is known, or will be known first.
                assert window.utterance_id == utterance
    assert taken == finals
    assert partials == taken_partials + queue.skipped
    assert not queue.has_waiting


LIVES = [["tentative", "confirmed"], ["tentative", "withdrawn"], ["confirmed"]]


@given(conversations())
def test_every_hit_is_tentative_at_most_once_and_ends_confirmed_or_withdrawn(texts: list[Hypothesis]) -> None:
    tracker = a_tracker(finder(*PHRASES))
    lives: dict[str, list[str]] = defaultdict(list)
    places: dict[str, tuple[str, int]] = {}
    for hit in [hit for text in texts for hit in tracker.feed(text)] + tracker.finish():
        lives[hit.hit_id].append(hit.state)
        rule, start = places.setdefault(hit.hit_id, (hit.rule_id, hit.start_sample))
        assert hit.rule_id == rule
        # The phrase's own length and the slack of 0.3 s.
        assert abs(hit.start_sample - start) <= 1.1 * SAMPLE_RATE_HZ
        assert hit.start_sample < hit.end_sample
        assert 0 <= hit.confidence <= 1
        assert len(hit.why) == (1 if hit.state == "tentative" else 2)
    assert all(life in LIVES for life in lives.values())


@given(
    st.lists(st.tuples(st.booleans(), jitters), min_size=1, max_size=20),
    st.booleans(),
)
def test_a_phrase_found_in_many_texts_is_one_hit(texts: list[tuple[bool, float]], ends_with_it: bool) -> None:
    tracker = a_tracker(finder("我不知道"))
    told: list[Hit] = []
    for is_there, jitter in texts:
        passage = spoken("我不知道" if is_there else "我部知道", 3.0 + jitter)
        told += tracker.feed(heard(passage))
    told += tracker.feed(heard(spoken("我不知道" if ends_with_it else "我部知道", 3.0), is_final=True))
    told += tracker.finish()
    confirmed = [one for one in told if one.state == "confirmed"]
    assert len(confirmed) <= 1
    assert len({one.hit_id for one in told}) - len(confirmed) == len(
        [one for one in told if one.state == "withdrawn"]
    )
    if ends_with_it:
        assert len(confirmed) == 1


def decided(policy: AlertPolicy, steps: Sequence[Step]) -> list[Alert]:
    alerts = []
    for step in steps:
        fresh = policy.feed(step.hit, moment(step.now_s))
        # The alert of the hit itself, then others that change with it, each once.
        assert fresh[0].hit == step.hit
        assert len({one.hit.hit_id for one in fresh}) == len(fresh)
        alerts += fresh
        up = [one for one in {step.hit.hit_id for step in steps} if policy.shows(one)]
        assert len(up) <= 1
    return alerts


def first_shown(alerts: Sequence[Alert]) -> list[Alert]:
    """The alert with which each card went up."""
    shown: dict[str, Alert] = {}
    for alert in alerts:
        if alert.suppressed is None:
            shown.setdefault(alert.hit.hit_id, alert)
    return list(shown.values())


some_hits = hit_histories(tuple(RULES)) | hit_histories(tuple(RULES), overlap=True)


@given(some_hits)
def test_nothing_is_shown_twice_late_or_doubted(steps: list[Step]) -> None:
    settings = EAGER
    alerts = decided(AlertPolicy(settings, RULES), steps)
    for hit_id in {step.hit.hit_id for step in steps}:
        own = [one for one in alerts if one.hit.hit_id == hit_id]
        reasons = [one.suppressed for one in own]
        # Once shown, shown until a longer form takes its place; every state of a card carries the moment it
        # went up.
        after = reasons[reasons.index(None) :] if None in reasons else []
        assert {one for one in after if one is not None} <= {"contained", "cooldown", "too-old", "withdrawn"}
        assert len({one.raised_sample for one in own if one.suppressed is None}) <= 1
    for alert in first_shown(alerts):
        assert alert.hit.state != "withdrawn"
        assert alert.hit.confidence >= settings.min_confidence
        assert alert.hit.state == "confirmed" or alert.hit.confidence >= settings.tentative_from
        assert seconds(alert.raised_sample - alert.hit.end_sample) <= settings.max_age_s


@given(some_hits)
def test_cards_of_a_rule_keep_its_cooldown(steps: list[Step]) -> None:
    last: dict[str, int] = {}
    for alert in first_shown(decided(AlertPolicy(EAGER, RULES), steps)):
        rule_id = alert.hit.rule_id
        if rule_id in last:
            assert seconds(alert.raised_sample - last[rule_id]) >= COOLDOWN_S[rule_id]
        last[rule_id] = alert.raised_sample


@given(hit_histories(tuple(RULES)), st.integers(0, 4))
def test_no_hour_has_more_cards_than_allowed(steps: list[Step], most: int) -> None:
    alerts = decided(AlertPolicy(AlertSettings(tentative_from=0.7, max_per_hour=most), RULES), steps)
    moments = [alert.raised_sample for alert in first_shown(alerts)]
    for index, begin in enumerate(moments):
        assert len([at for at in moments[index:] if at - begin < 3600 * SAMPLE_RATE_HZ]) <= most


@given(some_hits)
def test_every_hit_is_an_alert_whether_shown_or_not(steps: list[Step]) -> None:
    alerts = decided(AlertPolicy(EAGER, RULES), steps)
    known = {step.hit.hit_id: step.hit for step in steps}
    assert {one.hit.hit_id: one.hit for one in alerts} == known


@given(some_hits)
def test_hits_on_the_same_words_have_one_card_that_names_all_of_them(steps: list[Step]) -> None:
    alerts = decided(AlertPolicy(AlertSettings(tentative_from=0.7, cooldown_s=0.0), RULES), steps)
    last = {one.hit.hit_id: one for one in alerts}
    standing = [one for one in last.values() if one.hit.state != "withdrawn"]
    for one, other in combinations([one for one in standing if one.suppressed is None], 2):
        is_held = len(one.hit.heard) != len(other.hit.heard) and one.hit.rule_id != other.hit.rule_id
        assert not (is_held and overlap(one.hit, other.hit) >= 1.0)
    for alert in standing:
        others = [one for one in standing if one is not alert and overlap(alert.hit, one.hit) >= 0.6]
        named = {clause.clause for clause in alert.clauses}
        assert alert.hit.rule_id in named
        assert named <= {alert.hit.rule_id, *(one.hit.rule_id for one in others)}
        if alert.suppressed is None:
            # A rule's id is its clause here.
            assert {one.hit.rule_id for one in others if one.suppressed in (None, "contained")} <= named
        if alert.suppressed == "contained":
            assert any(one.hit.rule_id != alert.hit.rule_id for one in others)


def overlap(hit: Hit, other: Hit) -> float:
    """Which part of the shorter hit lies in the other."""
    shared = min(hit.end_sample, other.end_sample) - max(hit.start_sample, other.start_sample)
    return shared / min(one.end_sample - one.start_sample for one in (hit, other))


@given(conversations(), st.data())
def test_flip_flopping_texts_put_up_one_card_a_rule(texts: list[Hypothesis], data: st.DataObject) -> None:
    rules = {
        phrase: a_rule_set(phrase, severity=data.draw(st.sampled_from(SEVERITIES))).rules[phrase]
        for phrase in PHRASES
    }
    tracker = a_tracker(finder(*PHRASES))
    policy = AlertPolicy(EAGER, rules)
    alerts = [
        alert
        for text in texts
        for hit in tracker.feed(text)
        for alert in policy.feed(hit, moment(seconds(text.end_sample) + 0.3))
    ]
    # All of it lasts less than a minute, which is the cooldown.
    shown = [alert.hit.rule_id for alert in first_shown(alerts)]
    assert len(shown) == len(set(shown))


SCRIPT = spoken("您好，这个我不知道，你去问别人", 0.6)
STREAM = painted([QUIET] * 15 + [SPEECH] * 100 + [QUIET] * 30)


@given(cuttings(STREAM.size))
def test_texts_and_hits_do_not_depend_on_how_audio_is_cut(places: list[int]) -> None:
    mind = Mind(ScriptedRecogniser(SCRIPT), a_rule_set("我不知道"), Settings(), "run")  # type: ignore[arg-type]
    run = ModelledRun(an_endpointer(), mind, 60.0, HandClock())
    outcomes = list(run.run(cut(STREAM, places)))
    texts = [one.text for one in outcomes if isinstance(one, Hypothesis) and one.is_final]
    hits = [one.hit for one in outcomes if isinstance(one, Alert) and one.hit.state == "confirmed"]
    assert texts == [SCRIPT.text]
    assert [(one.heard, one.start_sample, one.end_sample) for one in hits] == [
        ("我不知道", SCRIPT.spans[5][0], SCRIPT.spans[8][1])
    ]
    assert run.heard_samples == STREAM.size


texts = st.text("我不知道你去问", max_size=12)


@given(texts, texts, texts)
def test_edit_distance_is_a_distance(one: str, other: str, third: str) -> None:
    assert edit_distance(one, one) == 0
    assert edit_distance(one, other) == edit_distance(other, one)
    assert (edit_distance(one, other) == 0) == (one == other)
    assert edit_distance(one, third) <= edit_distance(one, other) + edit_distance(other, third)
    assert abs(len(one) - len(other)) <= edit_distance(one, other) <= max(len(one), len(other))


@given(texts)
def test_an_empty_side_costs_the_length_of_the_other(text: str) -> None:
    assert edit_distance("", text) == edit_distance(text, "") == len(text)
