"""Properties of meaning: writing does not matter, excuses only excuse, and what is open closes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from deskguard.rules.mask import Masker
from deskguard.rules.pack import Rule, RuleSet, Variant
from deskguard.rules.pattern import read_pattern
from deskguard.rules.schema import Condition
from deskguard.rules.spelling import SpellingError
from deskguard.spotting.meaning.judge import Meaning
from deskguard.spotting.scene import Said, Scene, Verdict
from deskguard.values import Candidate, ClauseRef, Role
from meaning_scenes import said, samples

PHRASE = "没时间"
RANK = {"innocent": 0, "softened": 1, "guilty": 2}
WORDS = [
    "要是",
    "你",
    "您",
    "请",
    "说",
    "帮您",
    "我帮您",
    "过来",
    "的话",
    "吗",
    "他们",
    "嗯",
    "也",
    "真的",
    "，",
    "。",
    "？",
]
words = st.lists(st.sampled_from(WORDS), max_size=5).map("".join)
PATTERNS = [
    *("要是~", "请…~", "你~", "他们~", "~过来", "~的话", "~…的话", "~吗", "说，~", "要是…~…的话", "请~过来"),
    *("我帮您", "帮您…过来", "说~", "真的，我帮您"),
]
reaches = st.sampled_from(["clause", "utterance", "turn", "before", "after", "within"])
plain = st.builds(lambda text: Condition(say=(text,)), st.sampled_from(PATTERNS))
placed = st.builds(lambda text, where: Condition(say=(text,), where=where), st.sampled_from(PATTERNS), reaches)
later = st.builds(
    lambda text, turns, next_s, by: Condition(
        say=(text,), where="turn", next_turns=turns, next_s=next_s, by=by
    ),
    st.sampled_from(PATTERNS),
    st.integers(0, 2),
    st.sampled_from([None, 2.0, 8.0]),
    st.sampled_from(["same", "staff", "visitor", "anyone"]),
)
conditions = st.lists(plain | placed | later, max_size=3).map(tuple)
roles: st.SearchStrategy[Role] = st.sampled_from(["staff", "visitor", "unknown"])


def meaning(rule: Rule) -> Meaning:
    return Meaning(RuleSet(rules={rule.rule_id: rule}, sha256="0" * 64, packs=()))


def a_rule(**keys: object) -> Rule:
    rule = Rule(
        rule_id="P1",
        phrase=PHRASE,
        clauses=(ClauseRef(standard="s", title="S", clause="1", quote="q"),),
        severity="low",
        cooldown_s=None,
        advice="a",
        variants=(Variant(text=PHRASE),),
    )
    return replace(rule, **keys)


rules = st.builds(
    lambda unless, only_if, soften: a_rule(unless=unless, only_if=only_if, soften=soften),
    conditions,
    conditions,
    conditions,
)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Candidate, Scene]:
    """The phrase among words, with utterances before and after."""
    lead, tail = draw(words), draw(words)
    utterances: list[Said] = []
    at = 0.0
    before = draw(st.integers(0, 2))
    for number in range(before + 1 + draw(st.integers(0, 2))):
        text = f"{lead}{PHRASE}{tail}" if number == before else draw(words) or "好"
        utterances.append(said(text, at, draw(roles)))
        at += len(text) * 0.2 + draw(st.sampled_from([0.4, 1.0, 3.5]))
    candidate = Candidate(
        rule_id="P1",
        variant=PHRASE,
        start_char=len(lead),
        end_char=len(lead) + len(PHRASE),
        tier="characters",
        syllables=3,
    )
    after = tuple(utterances[before + 1 :])
    scene = Scene(
        said=utterances[before],
        before=tuple(utterances[:before]),
        after=after,
        is_closed=bool(after) or draw(st.booleans()),
        heard_until_sample=utterances[-1].end_sample + draw(st.sampled_from([0, samples(0.3)])),
    )
    return candidate, scene


def judged(rule: Rule, scene: tuple[Candidate, Scene]) -> Verdict:
    return meaning(rule).judge(*scene)


WRITTEN = str.maketrans(
    {"说": "說", "帮": "幫", "时": "時", "间": "間", "吗": "嗎", "请": "請", "过": "過", "来": "來"}
)
WIDE = str.maketrans({"，": ",", "。": "．", "？": "?", "您": "你"})


@given(rules, scenes(), st.sampled_from([WRITTEN, WIDE, {**WRITTEN, **WIDE}]))
def test_script_width_and_politeness_of_the_pronoun_do_not_matter(
    rule: Rule, scene: tuple[Candidate, Scene], written: dict[int, int | str | None]
) -> None:
    def again(one: Said) -> Said:
        return replace(one, passage=replace(one.passage, text=one.passage.text.translate(written)))

    candidate, as_heard = scene
    other = replace(
        as_heard,
        said=again(as_heard.said),
        before=tuple(map(again, as_heard.before)),
        after=tuple(map(again, as_heard.after)),
    )
    assert judged(rule, (candidate, other)) == judged(rule, scene)


@given(rules, conditions, scenes())
def test_another_excuse_never_makes_anything_worse(
    rule: Rule, more: tuple[Condition, ...], scene: tuple[Candidate, Scene]
) -> None:
    before = judged(rule, scene)
    after = judged(replace(rule, unless=(*rule.unless, *more)), scene)
    event(f"{before.ruling} → {after.ruling}")
    assert RANK[after.ruling] <= RANK[before.ruling]


@given(rules, scenes())
def test_without_conditions_it_is_guilty_and_settled(rule: Rule, scene: tuple[Candidate, Scene]) -> None:
    bare = judged(replace(rule, unless=(), only_if=(), soften=()), scene)
    assert bare == Verdict(ruling="guilty", why=("no condition",))


@given(rules, scenes())
def test_an_open_verdict_closes_by_a_pause_and_by_time(rule: Rule, scene: tuple[Candidate, Scene]) -> None:
    candidate, at = scene
    verdict = judged(rule, scene)
    assert verdict.is_open == (verdict.until_sample is not None)
    if not verdict.is_open:
        return
    event("open")
    assert verdict.until_sample is not None
    _, end = at.said.passage.span(candidate.start_char, candidate.end_char)
    assert at.heard_until_sample < verdict.until_sample <= end + samples(0.9)
    assert not judged(rule, (candidate, replace(at, is_closed=True))).is_open
    assert not judged(rule, (candidate, replace(at, heard_until_sample=verdict.until_sample))).is_open


@given(rules, scenes())
def test_what_may_be_revised_is_settled_in_the_end(rule: Rule, scene: tuple[Candidate, Scene]) -> None:
    candidate, at = scene
    verdict = judged(rule, scene)
    if verdict.is_open:
        assert verdict.revisable_until_sample is not None
    if verdict.revisable_until_sample is None:
        return
    event("revisable")
    late = replace(at, is_closed=True, heard_until_sample=verdict.revisable_until_sample)
    settled = judged(rule, (candidate, late))
    assert (settled.ruling, settled.is_open, settled.revisable_until_sample) == (verdict.ruling, False, None)


@given(rules, scenes(), words, roles, st.sampled_from([0.4, 3.5, 9.0]))
def test_a_settled_verdict_stays_whatever_is_said_next(
    rule: Rule, scene: tuple[Candidate, Scene], text: str, role: Role, pause_s: float
) -> None:
    candidate, at = scene
    closed = replace(at, is_closed=True)
    verdict = judged(rule, (candidate, closed))
    if verdict.revisable_until_sample is not None or not text:
        return
    last = [*at.before, at.said, *at.after][-1].end_sample
    then = said(text, max(last, at.heard_until_sample) / samples(1) + pause_s, role)
    event(verdict.ruling)
    assert judged(rule, (candidate, replace(closed, after=(*at.after, then)))).ruling == verdict.ruling


@given(st.text(alphabet="~～…，{}号码要是请@你过来 的", max_size=12))
def test_any_pattern_is_read_or_refused(text: str) -> None:
    try:
        pattern = read_pattern(text)
    except SpellingError:
        return
    assert pattern.before.pieces or pattern.after.pieces
    assert len(pattern.before.pieces) == len(pattern.before.gaps)
    assert len(pattern.after.pieces) == len(pattern.after.gaps)
    Meaning(RuleSet(rules={"P1": a_rule(unless=(Condition(say=(text,)),))}, sha256="0" * 64, packs=())).judge(
        Candidate(rule_id="P1", variant=PHRASE, start_char=0, end_char=3, tier="characters", syllables=3),
        Scene(said=said(f"{PHRASE}过来的"), is_closed=True),
    )


@given(st.text(max_size=30) | words.map(lambda text: f"{text}{PHRASE}{text}"))
def test_masking_keeps_the_length_and_only_hides(text: str) -> None:
    masker = Masker(RuleSet(rules={"P1": a_rule(masked=True)}, sha256="0" * 64, packs=()))
    masked = masker.mask(text)
    assert len(masked) == len(text)
    assert all(new in (old, "×") for new, old in zip(masked, text, strict=True))
    assert PHRASE not in masked
