"""What must hold of visits whatever is said, whoever says it, and whenever the queue system tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    # A ticket that is told after its time may be told after later visits.
    visits = sorted(told(stream, events).visits, key=lambda one: (one.start_sample, one.end_sample or 0))
    assert all(one.end_sample is not None and one.start_sample <= one.end_sample for one in visits)
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


@dataclass(frozen=True)
class Hall:
    """What happened at a window, and what the queue system told of it, whenever that came."""

    stream: list[Hypothesis]
    spans: dict[str, tuple[float, float]]
    """Of each ticket, in order: called and closed, in seconds."""
    arrivals: list[tuple[float, QueueEvent]]


@st.composite
def halls(draw: st.DrawFn) -> Hall:
    """Tickets called one after the other, something or nothing said; each event comes once or twice, late by
    anything, so that the order in which they come may be any."""
    stream: list[Hypothesis] = []
    spans: dict[str, tuple[float, float]] = {}
    arrivals: list[tuple[float, QueueEvent]] = []
    late = st.sampled_from([0.0, 0.0, 1.0, 10.0, 60.0, 200.0])
    at_s = 5.0
    for number in range(draw(st.integers(1, 5))):
        lines = draw(st.lists(st.tuples(_SILENCES.filter(lambda one: one < 30), _LINES), max_size=6))
        # The clerk may speak before the button is pressed.
        words = talk(
            *(part for silence, line in lines for part in (silence, line)),
            at_s=at_s + draw(st.sampled_from([0.2, 3.0, -2.0])),
        )
        stream += [replace(one, utterance_id=len(stream) + at) for at, one in enumerate(words)]
        end_s = max([at_s + 4.0, *(one.end_sample / 16_000 + 0.5 for one in words)])
        ticket = f"A{number}"
        spans[ticket] = (at_s, end_s)
        events = [
            QueueEvent(kind="called", ticket=ticket, at_sample=samples(at_s)),
            QueueEvent(kind="closed", ticket=ticket, at_sample=samples(end_s)),
        ]
        for event in events:
            times = draw(st.lists(late, min_size=1, max_size=2))
            arrivals += [(event.at_sample / 16_000 + one, event) for one in times]
        at_s = end_s + draw(st.sampled_from([0.0, 3.0, 20.0]))
    return Hall(stream, spans, draw(st.permutations(arrivals)))


@given(halls())
def test_every_ticket_is_one_visit_however_late_and_often_it_is_told(hall: Hall) -> None:
    last_s = max(at_s for at_s, _ in hall.arrivals)
    visits = told(hall.stream, hall.arrivals, until_s=last_s + 20).visits
    assert {one: [visit.ticket for visit in visits].count(one) for one in hall.spans} == dict.fromkeys(
        hall.spans, 1
    )
    nexts = [*(called for called, _ in hall.spans.values()), 1e9][1:]
    for (ticket, (called_s, _)), next_s in zip(hall.spans.items(), nexts, strict=True):
        visit = next(one for one in visits if one.ticket == ticket)
        # While the ticket had the window.
        assert samples(called_s) <= visit.start_sample <= samples(next_s)
        assert visit.end_sample is not None
        assert visit.end_sample <= samples(next_s)


@given(streams())
def test_nothing_is_missing_where_nobody_is_known(stream: list[Hypothesis]) -> None:
    unknown = [one for one in stream if one.role != "staff"]
    assert told(unknown).acts("missing") == set()
