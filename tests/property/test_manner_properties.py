"""What holds of manner whoever says what, when and how loud."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deskguard.values import Hypothesis, Role
from deskguard.visits.manner import Normal
from manner_talk import NORMAL, Talk, a_visit, said

TEXTS = (
    "我要带什么材料",
    "嗯",
    "好的好的",
    "这张表请在右下角写上名字",
    "一三八零零一三八零零零",
    "听不清",
    "您稍等",
    "",
    "VIP窗口？",
)
ROLES: tuple[Role, ...] = ("staff", "visitor", "unknown")


@st.composite
def conversations(draw: st.DrawFn, roles: tuple[Role, ...] = ROLES) -> list[Hypothesis]:
    """Utterances with gaps and overlaps, in order of arrival: each when it is over."""
    turns = draw(
        st.lists(
            st.tuples(
                st.sampled_from(roles),
                st.floats(-3, 60),
                st.sampled_from(TEXTS),
                st.floats(0.1, 12),
                st.none() | st.floats(-60, -3),
            ),
            max_size=25,
        )
    )
    now, made = 5.0, []
    for role, gap, text, lasts, lufs in turns:
        start = max(0.0, now + gap)
        made.append(said(role, start, text, lasts, lufs=lufs))
        now = max(now, start + lasts)
    return sorted(made, key=lambda one: one.end_sample)


def held(talk: Talk, conversation: list[Hypothesis]) -> Talk:
    for one in conversation:
        talk.hear(one).until(one.end_sample / 16_000 + 1)
    return talk.over()


@given(conversations(), st.sampled_from([NORMAL, Normal()]), st.booleans())
def test_a_finding_passes_its_bound_and_keeps_its_identity(
    conversation: list[Hypothesis], normal: Normal, is_queued: bool
) -> None:
    visit = a_visit(begun_by="queue") if is_queued else a_visit()
    for one in held(Talk(normal, visit=visit), conversation).told:
        assert one.start_sample <= one.end_sample
        is_passed = one.value <= one.expected if one.kind == "slow" else one.value >= one.expected
        assert is_passed
        assert one.manner_id == f"run-{one.kind}-{one.start_sample}"
        assert one.visit_id == "v1"
        assert one.clauses
        assert one.why
        assert all(line.isascii() for line in one.why)


@given(conversations(roles=("unknown",)))
def test_nothing_is_held_against_a_clerk_whom_nobody_knows(conversation: list[Hypothesis]) -> None:
    assert held(Talk(), conversation).told == []


@given(conversations(roles=("visitor", "unknown")))
def test_what_visitors_say_is_never_loud_fast_or_an_interruption(conversation: list[Hypothesis]) -> None:
    assert set(held(Talk(), conversation).kinds) <= {"unanswered", "long-silence"}


@given(conversations())
def test_outside_a_visit_nothing_is_told(conversation: list[Hypothesis]) -> None:
    assert held(Talk(visit=None), conversation).told == []
