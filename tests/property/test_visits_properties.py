"""What must hold of visits whatever is said, whoever says it, and whenever the queue system tells."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from deskguard.values import Courtesy, Hypothesis, QueueEvent, Visit
from visits_talk import samples, talk, told

_LINES = st.sampled_from(
    [
        "员：您好，请问您办什么业务？",
        "员：您好。",
        "员：请稍候。",
        "员：系统坏了，办不了。",
        "员：对不起，让您久等了。",
        "员：还要一份复印件。",
        "员：请慢走。您好，请讲。",
        "员：请慢走，再见。",
        "员：下一个！",
        "员：喂，哪位？",
        "员：嗯。",
        "客：你好，我想问一下落户。",
        "客：谢谢。",
        "客：我走了。",
        "客：为什么？",
        "某：您好。",
        "某：好的。",
        "某：再见。",
    ]
)
_SILENCES = st.sampled_from([0.6, 0.6, 0.6, 3.0, 9.0, 25.0, 95.0, 400.0])


@st.composite
def streams(draw: st.DrawFn) -> list[Hypothesis]:
    lines = draw(st.lists(st.tuples(_SILENCES, _LINES), max_size=25))
    return talk(*(part for silence, line in lines for part in (silence, line)))


@st.composite
def queues(draw: st.DrawFn) -> list[tuple[float, QueueEvent]]:
    """Events with the seconds at which they arrive, late by anything or nothing."""
    events = st.builds(
        lambda kind, ticket, at: QueueEvent(kind=kind, ticket=ticket, at_sample=samples(at)),
        st.sampled_from(["called", "closed"]),
        st.sampled_from(["A1", "A2", "A3"]),
        st.integers(0, 200),
    )
    late = st.sampled_from([0.0, 1.0, 10.0, 60.0])
    return [(one.at_sample / 16_000 + draw(late), one) for one in draw(st.lists(events, max_size=8))]


@given(streams(), queues())
def test_visits_follow_one_another(stream: list[Hypothesis], events: list[tuple[float, QueueEvent]]) -> None:
    visits = told(stream, events).visits
    assert all(one.end_sample is not None and one.start_sample <= one.end_sample for one in visits)
    assert all(first.start_sample <= second.start_sample for first, second in pairwise(visits))
    assert all(
        first.end_sample is not None and first.end_sample <= second.start_sample
        for first, second in pairwise(visits)
    )
    for one in visits:
        assert all(one.start_sample <= part.start_sample for part in one.scenes)
        assert all(part.end_sample <= (one.end_sample or 0) for part in one.scenes)


@given(streams(), st.sampled_from([None, 0.25, 5.0]))
def test_how_often_time_is_told_changes_no_visit(stream: list[Hypothesis], tick_s: float | None) -> None:
    often, other = told(stream), told(stream, tick_s=tick_s)
    assert other.visits == often.visits
    assert {(one.courtesy_id, one.state) for one in other.courtesies} == {
        (one.courtesy_id, one.state) for one in often.courtesies
    }


@given(streams(), queues())
def test_events_told_twice_are_told_once(
    stream: list[Hypothesis], events: list[tuple[float, QueueEvent]]
) -> None:
    twice = [*events, *((at_s + 0.2, event) for at_s, event in events)]
    assert told(stream, twice).visits == told(stream, events).visits


@given(streams(), queues())
def test_a_courtesy_is_decided_once(stream: list[Hypothesis], events: list[tuple[float, QueueEvent]]) -> None:
    decided: set[str] = set()
    going: set[str] = set()
    for one in told(stream, events).findings:
        if isinstance(one, Visit):
            going.add(one.visit_id)
        elif isinstance(one, Courtesy):
            assert one.visit_id in going
            assert one.courtesy_id not in decided
            if one.state != "open":
                decided.add(one.courtesy_id)


@given(streams())
def test_nothing_is_missing_where_nobody_is_known(stream: list[Hypothesis]) -> None:
    unknown = [one for one in stream if one.role != "staff"]
    assert told(unknown).acts("missing") == set()
