"""What the staff page shows of visits: one state folded from findings that are told again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deskguard.desk.visit_feed import DayTally, VisitBoard, VisitFeed
from deskguard.rules.courtesy import Act, CourtesyBook, Expect
from deskguard.values import Courtesy, Manner, Visit

VISIT = Visit(visit_id="v1", channel="counter", start_sample=160, ticket="A012")
HELLO = Courtesy(
    courtesy_id="v1-hello",
    visit_id="v1",
    act_id="hello",
    name="来有迎声",
    scene="greet",
    state="open",
    start_sample=160,
    end_sample=160,
    expected="您好",
)
LOUD = Manner(
    manner_id="m1", visit_id="v1", kind="loud", start_sample=1, end_sample=2, value=8, expected=6, unit="LU"
)


def act(act_id: str, when: Any, within_s: float = 15, **more: Any) -> Act:
    expect = Expect(when=when, within_s=within_s, within_turns=1)
    fixed: dict[str, Any] = {"scene": "greet", "name": f"name of {act_id}", "requirement": "required"}
    fixed |= {
        "channels": ("counter",),
        "say": (),
        "does_not_count": (),
        "advice": f"say {act_id}",
        "clauses": (),
    }
    return Act(act_id=act_id, expect=expect, **{**fixed, **more})


BOOK = CourtesyBook(
    acts=(
        act("bye", "visit-ends"),
        act("ask", "visit-begins", 30),
        act("hello", "visit-begins", 15),
        act("apology", "after"),
        act("named", "visit-begins", requirement="recommended"),
        act("office", "visit-begins", channels=("phone-in",)),
    )
)


@pytest.fixture
def board() -> VisitBoard:
    return VisitBoard(BOOK, utc_of=lambda sample: f"at {sample}")


def states(board: VisitBoard, which: str = "visit") -> dict[str, str]:
    return {one["act_id"]: one["state"] for one in board.payload()[which]["items"]}


def line(board: VisitBoard, act_id: str = "hello") -> dict[str, Any]:
    return next(one for one in board.payload()["visit"]["items"] if one["act_id"] == act_id)


def test_nobody_is_at_the_window_before_the_first_visit(board: VisitBoard) -> None:
    assert board.payload() == {"visit": None, "last": None}


def test_a_visit_begins_with_what_every_visit_of_its_channel_should_have(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    shown = board.payload()["visit"]
    assert (shown["ticket"], shown["channel"], shown["since_utc"]) == ("A012", "counter", "at 160")
    assert list(states(board).items()) == [("hello", "open"), ("ask", "open"), ("bye", "open")]
    assert all(one["asked"] for one in shown["items"])


def test_a_call_has_its_own_list(board: VisitBoard) -> None:
    board.feed(replace(VISIT, channel="phone-in"), "t")
    assert list(states(board)) == ["office"]


def test_what_the_window_does_not_look_for_is_not_on_the_list() -> None:
    board = VisitBoard(BOOK, lambda sample: "", off=("hello",))
    board.feed(VISIT, "t")
    assert list(states(board)) == ["ask", "bye"]


def test_an_act_that_is_said_ticks_its_line(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    board.feed(HELLO, "t")
    board.feed(replace(HELLO, state="said"), "t")
    assert states(board)["hello"] == "said"
    assert len(states(board)) == 3


def test_good_words_that_nobody_asked_for_are_counted_apart(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    for n in (1, 2, 2):
        board.feed(replace(HELLO, courtesy_id=f"wait-{n}", act_id="wait", name="请稍候", state="said"), "t")
    assert (line(board, "wait")["asked"], line(board, "wait")["times"]) == (False, 2)


def test_an_occasion_puts_its_act_before_the_farewell(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    board.feed(replace(HELLO, courtesy_id="v1-apology", act_id="apology"), "t")
    assert list(states(board)) == ["hello", "ask", "apology", "bye"]
    assert line(board, "apology")["asked"]


def test_an_act_that_was_said_and_is_expected_again_is_open(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    for state in ("open", "said", "open"):
        board.feed(replace(HELLO, state=state), "t")
    assert states(board)["hello"] == "open"


def test_a_hint_is_given_once_for_each_act_and_visit(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    due = replace(HELLO, can_still_help=True)
    board.feed(HELLO, "first")
    assert not line(board)["can_still_help"]
    board.feed(due, "second")
    board.feed(due, "third")
    assert (line(board)["can_still_help"], line(board)["hint_utc"]) == (True, "second")
    board.feed(replace(HELLO, state="said"), "fourth")
    assert (line(board)["can_still_help"], line(board)["hint_utc"]) == (False, None)
    board.feed(due, "fifth")
    assert not line(board)["can_still_help"]
    board.feed(replace(VISIT, visit_id="v2"), "t")
    board.feed(replace(due, visit_id="v2"), "sixth")
    assert line(board)["can_still_help"]


def test_a_visit_that_ends_becomes_the_one_before(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    board.feed(replace(HELLO, state="missing"), "t")
    board.feed(replace(HELLO, courtesy_id="v1-bye", act_id="bye", state="said"), "t")
    board.feed(replace(VISIT, end_sample=320, ended_by="farewell"), "t")
    shown = board.payload()
    assert shown["visit"] is None
    assert shown["last"]["ended_utc"] == "at 320"
    # Nobody needed to be asked: the visitor had said what it was about.
    assert states(board, "last") == {"hello": "missing", "bye": "said"}


def test_the_next_visit_begins_with_an_empty_list(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    board.feed(replace(HELLO, state="said"), "t")
    board.feed(replace(VISIT, end_sample=320), "t")
    board.feed(replace(VISIT, visit_id="v2", ticket=""), "t")
    assert states(board)["hello"] == "open"
    assert board.payload()["last"]["visit_id"] == "v1"


def test_what_is_told_of_the_visit_before_still_reaches_it(board: VisitBoard) -> None:
    board.feed(VISIT, "t")
    board.feed(replace(VISIT, end_sample=320), "t")
    board.feed(replace(HELLO, state="missing"), "t")
    board.feed(replace(VISIT, end_sample=320, ended_by="queue"), "t")
    assert (board.payload()["visit"], states(board, "last")["hello"]) == (None, "missing")


def test_a_visit_of_long_before_that_is_told_again_does_not_hide_the_present_one(board: VisitBoard) -> None:
    for visit_id in ("v1", "v2", "v3"):
        visit = replace(VISIT, visit_id=visit_id)
        board.feed(visit, "t")
        if visit_id != "v3":
            board.feed(replace(visit, end_sample=500), "t")
    before = board.payload()
    board.feed(replace(VISIT, visit_id="v1", ticket="A001", end_sample=500), "t")
    board.feed(replace(VISIT, visit_id="v4", ticket="A002", end_sample=300), "t")
    assert board.payload() == before


def test_an_act_of_a_visit_that_nobody_knows_says_nothing(board: VisitBoard) -> None:
    board.feed(HELLO, "t")
    assert board.payload() == {"visit": None, "last": None}


def test_a_day_counts_each_finding_once_however_often_it_is_told() -> None:
    tally = DayTally()
    for finding in (VISIT, HELLO, LOUD, VISIT, replace(HELLO, state="said"), replace(LOUD, value=9)):
        tally.feed(finding)
    tally.feed(replace(LOUD, manner_id="m2", value=7, expected=6.5))
    counted = tally.payload()
    assert (counted["visits"], counted["said"], counted["missing"]) == (1, 1, 0)
    assert counted["manners"] == [{"kind": "loud", "unit": "LU", "times": 2, "value": 8, "expected": 6.5}]


def test_what_the_visitor_did_is_no_number_of_the_clerks() -> None:
    tally = DayTally()
    tally.feed(replace(LOUD, role="visitor"))
    assert tally.payload()["manners"] == []


class Page:
    """What was published."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.visits = VisitFeed(VisitBoard(BOOK, lambda _: ""), self.publish)

    def publish(self, kind: str, payload: dict[str, Any]) -> None:
        self.told.append((kind, payload))


def test_manner_reaches_the_page_only_as_a_number_of_the_day() -> None:
    page = Page()
    page.visits.begin("monday", [])
    page.told.clear()
    page.visits.feed(LOUD, "t")
    assert [kind for kind, _ in page.told] == ["day"]


def test_what_changes_nothing_on_the_page_is_not_published() -> None:
    page = Page()
    page.visits.begin("monday", [])
    page.visits.feed(VISIT, "t")
    page.told.clear()
    page.visits.feed(VISIT, "t")
    page.visits.tick("monday")
    assert page.told == []


def test_another_day_begins_with_nothing() -> None:
    page = Page()
    page.visits.begin("monday", [])
    page.visits.feed(VISIT, "t")
    page.visits.tick("tuesday")
    assert page.told[-1] == ("day", {"visits": 0, "said": 0, "missing": 0, "manners": []})


def test_rules_that_change_hold_from_the_next_visit() -> None:
    page = Page()
    page.visits.feed(VISIT, "t")
    page.visits.use_book(CourtesyBook())
    page.visits.feed(replace(VISIT, end_sample=320), "t")
    page.visits.feed(replace(VISIT, visit_id="v2"), "t")
    newest = [payload for kind, payload in page.told if kind == "visit"][-1]
    assert newest["visit"]["items"] == []
