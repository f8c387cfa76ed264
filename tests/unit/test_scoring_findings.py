"""Findings of what the pipeline tells: the same when told again, redacted, with all a score rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskguard.privacy.redact import NUMBER_MARK
from deskguard.rules.pack import load_packs
from deskguard.scoring.findings import finding_of_courtesy, finding_of_hit, finding_of_manner, visit_at
from deskguard.scoring.values import Exposure, total
from deskguard.values import Courtesy, Hit, Manner, Visit
from scoring_values import CLAUSE, a_recording, an_examination

RULES = load_packs([]).rules


def a_hit(**more: object) -> Hit:
    known = {
        "hit_id": "h1",
        "utterance_id": 3,
        "rule_id": "T01",
        "variant": "我不知道",
        "tier": "characters",
        "heard": "我不知道",
        "state": "confirmed",
        "confidence": 0.9,
        "start_sample": 1000,
        "end_sample": 9000,
        "role": "staff",
        "why": ("tier characters",),
    }
    return Hit(**{**known, **more})  # type: ignore[arg-type]


def test_a_hit_becomes_a_finding_with_its_rule_and_where_it_was_found() -> None:
    finding = finding_of_hit(
        a_hit(), RULES["T01"], an_examination(), visit_id="v2", evidence="我不知道，电话13800138000"
    )
    assert (finding.kind, finding.severity, finding.title) == ("phrase", "medium", "我不知道")
    assert {one.clause for one in finding.clauses} == {"s000.6.2.1", "s003.d17.4.1"}
    assert (finding.visit_id, finding.role, finding.confidence) == ("v2", "staff", 0.9)
    assert finding.evidence == f"我不知道，电话{NUMBER_MARK}"
    assert finding.rules_sha256 == an_examination().rules_sha256
    assert finding.is_spoken


def test_without_the_utterance_the_words_of_the_hit_are_the_evidence() -> None:
    assert finding_of_hit(a_hit(), RULES["T01"], an_examination()).evidence == "我不知道"


def test_a_ban_keeps_its_kind_and_that_a_person_decides() -> None:
    finding = finding_of_hit(a_hit(rule_id="C08"), RULES["C08"], an_examination())
    assert (finding.kind, finding.needs_person) == ("soliciting", True)


def test_a_softened_hit_is_a_remark_of_low_severity() -> None:
    finding = finding_of_hit(a_hit(softened=True), RULES["T03"], an_examination())
    assert (finding.softened, finding.severity) == (True, "low")


@pytest.mark.parametrize("state", ["tentative", "withdrawn"])
def test_what_is_not_confirmed_is_no_finding(state: str) -> None:
    with pytest.raises(ValueError, match=state):
        finding_of_hit(a_hit(state=state), RULES["T01"], an_examination())


def test_the_name_of_a_finding_depends_on_content_rule_and_span_only() -> None:
    first = finding_of_hit(a_hit(), RULES["T01"], an_examination())
    elsewhere = replace(a_recording(), path="copy.wav", window_id="w9", clerk_id="")
    again = finding_of_hit(
        a_hit(hit_id="h7", confidence=0.5), RULES["T01"], an_examination(elsewhere, "b" * 64)
    )
    assert first.finding_id == again.finding_id
    others = {
        finding_of_hit(a_hit(rule_id="T02"), RULES["T02"], an_examination()).finding_id,
        finding_of_hit(a_hit(start_sample=1001), RULES["T01"], an_examination()).finding_id,
        finding_of_hit(a_hit(), RULES["T01"], an_examination(a_recording("r2"))).finding_id,
    }
    assert len(others | {first.finding_id}) == 4


def a_courtesy(state: str) -> Courtesy:
    return Courtesy(
        courtesy_id="k1",
        visit_id="v1",
        act_id="K.bye",
        name="走有送声",
        scene="farewell",
        state=state,  # type: ignore[arg-type]
        start_sample=0,
        end_sample=10,
        expected="请慢走",
        clauses=(CLAUSE,),
    )


@pytest.mark.parametrize("state", ["missing", "said"])
def test_courtesies_are_findings_of_their_act(state: str) -> None:
    finding = finding_of_courtesy(a_courtesy(state), an_examination(), evidence="身份证110101199003070011")
    assert (finding.kind, finding.rule_id, finding.advice) == (f"courtesy-{state}", "K.bye", "请慢走")
    assert finding.evidence == f"身份证{NUMBER_MARK}"
    assert not finding.is_spoken
    assert finding.confidence is None


def test_an_open_courtesy_is_no_finding_yet() -> None:
    with pytest.raises(ValueError, match="open"):
        finding_of_courtesy(a_courtesy("open"), an_examination())


def test_a_manner_keeps_its_value_and_its_bound() -> None:
    manner = Manner(
        manner_id="m1",
        visit_id="v1",
        kind="loud",
        start_sample=0,
        end_sample=160,
        value=9.5,
        expected=6.0,
        unit="LU",
        clauses=(CLAUSE,),
    )
    finding = finding_of_manner(manner, an_examination())
    assert (finding.kind, finding.rule_id) == ("manner", "manner.loud")
    assert (finding.value, finding.expected, finding.unit) == (9.5, 6.0, "LU")


def test_a_place_lies_in_the_visit_around_it() -> None:
    visits = [
        Visit(visit_id="v1", channel="counter", start_sample=100, end_sample=200),
        Visit(visit_id="v2", channel="counter", start_sample=200),
    ]
    assert [visit_at(visits, at) for at in (99, 100, 199, 200, 9_000)] == ["", "v1", "v1", "v2", "v2"]


def test_an_examination_is_the_same_for_the_same_content_rules_model_and_settings() -> None:
    one = an_examination()
    assert one.examination_id == an_examination(replace(a_recording(), path="x.wav")).examination_id
    others = [
        an_examination(a_recording("r2")),
        an_examination(rules="b" * 64),
        replace(one, model="small"),
        replace(one, settings_sha256="c"),
    ]
    assert len({each.examination_id for each in [one, *others]}) == 5


def test_exposures_add_up_with_what_was_not_analysed_by_reason() -> None:
    first = Exposure(visits=1, audio_samples=100, staff_samples=30, not_analysed=(("too-quiet", 20),))
    second = Exposure(
        visits=2, audio_samples=50, unknown_samples=5, not_analysed=(("damaged", 1), ("too-quiet", 4))
    )
    both = total([first, second])
    assert both == Exposure(
        visits=3,
        audio_samples=150,
        staff_samples=30,
        unknown_samples=5,
        not_analysed=(("damaged", 1), ("too-quiet", 24)),
    )
    assert (both.speech_samples, both.own_samples, both.not_analysed_samples) == (35, 35, 25)
