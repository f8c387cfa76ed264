"""Final texts wait for their role a little, in their order, and never for long."""

from __future__ import annotations

from dataclasses import replace

from deskguard.desk.holding import Holding
from deskguard.values import SAMPLE_RATE_HZ, Hypothesis, Labelled
from hearing_values import heard, spoken


def said(number: int, at_s: float) -> Hypothesis:
    one = heard(spoken("嗯，一共三张", at_s), number, is_final=True)
    return replace(one, start_sample=round(at_s * SAMPLE_RATE_HZ), role_confidence=0.5)


def at(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def ids(held: list[Hypothesis]) -> list[int]:
    return [one.utterance_id for one in held]


def test_what_needs_no_role_goes_on_at_once() -> None:
    holding = Holding()
    holding.take(said(0, 1.0), is_open=False)
    assert ids(holding.ready(at(3))) == [0]
    assert holding.time_for_others(at(3)) == at(3)


def test_what_waits_holds_back_all_behind_it_and_time() -> None:
    holding = Holding()
    holding.take(said(0, 1.0), is_open=True)
    holding.take(said(1, 4.0), is_open=False)
    assert holding.ready(at(6)) == []
    assert holding.time_for_others(at(6)) == at(1)


def test_a_role_that_is_found_lets_them_go_in_their_order() -> None:
    holding = Holding()
    holding.take(said(0, 1.0), is_open=True)
    holding.take(said(1, 4.0), is_open=False)
    holding.recast(Labelled(0, "visitor", 0.9))
    first, second = holding.ready(at(6))
    assert (first.utterance_id, first.role, first.role_confidence) == (0, "visitor", 0.9)
    assert second.role == "unknown"


def test_a_role_that_is_lost_again_makes_it_wait_again() -> None:
    holding = Holding()
    holding.take(said(0, 1.0), is_open=True)
    holding.recast(Labelled(0, "visitor", 0.9))
    holding.recast(Labelled(0, "unknown", 0.6))
    assert holding.ready(at(3)) == []


def test_nothing_waits_for_more_than_twelve_seconds() -> None:
    holding = Holding()
    holding.take(said(0, 1.0), is_open=True)
    assert holding.ready(at(14.1)) == []
    assert ids(holding.ready(at(14.3))) == [0]


def test_nothing_waits_behind_more_than_four_others() -> None:
    holding = Holding()
    for number in range(4):
        holding.take(said(number, 1.0 + number), is_open=True)
    assert holding.ready(at(6)) == []
    holding.take(said(4, 5.0), is_open=True)
    assert ids(holding.ready(at(6))) == [0]


def test_the_end_lets_everything_go() -> None:
    holding = Holding()
    for number in range(3):
        holding.take(said(number, 1.0 + number), is_open=True)
    assert ids(holding.finish()) == [0, 1, 2]
    assert holding.finish() == []
