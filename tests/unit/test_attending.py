"""The visits of a stream whose speakers are found late: they hear each utterance once, with the better role."""

from __future__ import annotations

from dataclasses import replace

from deskguard.desk.attending import Attendant, Attended
from deskguard.settings import MannerSettings, Settings
from deskguard.values import Courtesy, HelpCall, Hypothesis, Labelled, QueueEvent, Role, Visit
from hearing_values import a_rule_set
from visits_talk import BOOK, samples, talk


class Follower:
    """An attendant, what it is told and what it tells."""

    def __init__(self, settings: Settings | None = None) -> None:
        rules = replace(a_rule_set("我不知道"), courtesy=BOOK)
        self.attendant = Attendant(rules, settings or Settings(), "run", list)
        self.found: list[Attended] = []

    def hear(self, said: Hypothesis, role: Role | None = None) -> None:
        """Take an utterance whose role is found later; `role`: it is known at once."""
        known = replace(said, role=role or "unknown", role_confidence=0.95 if role else 0.5)
        self.found += self.attendant.feed(known, is_open=role is None)

    def acts(self, state: str) -> set[str]:
        last = {one.courtesy_id: one for one in self.found if isinstance(one, Courtesy)}
        return {one.act_id for one in last.values() if one.state == state}

    @property
    def visits(self) -> list[Visit]:
        return [one for one in self.found if isinstance(one, Visit)]


VISIT = talk("员：您好，请问您办什么业务", "客：我想办社保卡，谢谢", "员：请稍候", "员：请慢走")


def test_an_utterance_waits_for_its_role_and_counts_with_it() -> None:
    follower = Follower()
    hello, wants, wait, bye = VISIT
    follower.hear(hello)
    follower.hear(wants)
    assert follower.found == []
    for number, role in ((0, "staff"), (1, "visitor")):
        follower.attendant.recast(Labelled(number, role, 0.95))  # type: ignore[arg-type]
    follower.hear(wait, "staff")
    follower.hear(bye, "staff")
    follower.found += follower.attendant.finish()
    # Thanks of somebody unknown would ask for nothing.
    assert "welcome" in follower.acts("missing")
    assert "hello" in follower.acts("said")


def test_without_the_role_nothing_is_held_against_anybody() -> None:
    follower = Follower()
    for one in VISIT:
        follower.hear(one)
    follower.found += follower.attendant.finish()
    assert follower.acts("missing") == set()
    assert len(follower.visits) >= 1


def test_time_does_not_pass_for_the_visits_before_what_waits() -> None:
    follower = Follower()
    hello, wants, *_ = VISIT
    follower.hear(hello, "staff")
    follower.hear(wants)
    for second in range(1, 20):
        follower.found += follower.attendant.tick(samples(second))
    assert {one.end_sample for one in follower.visits} == {None}
    # Twelve seconds after its end it waits no longer, and the visit ends by silence as ever.
    for second in range(20, 200):
        follower.found += follower.attendant.tick(samples(second))
    assert follower.visits[-1].end_sample == wants.end_sample


def test_a_call_for_help_does_not_wait_for_a_role() -> None:
    follower = Follower(Settings(manner=MannerSettings(safe_word="红色文件夹")))
    (call,) = talk("员：请把红色文件夹拿来")
    follower.hear(call)
    assert [type(one) for one in follower.found] == [HelpCall]


def test_an_announcement_begins_no_visit_and_says_no_courtesy() -> None:
    follower = Follower()
    (call,) = talk("员：您好，请二十三号到三号窗口办理")
    follower.found += follower.attendant.feed(replace(call, role="unknown", is_announcement=True))
    follower.found += follower.attendant.finish()
    assert follower.found == []


def test_who_spoke_is_believed_at_the_end_of_the_visit_when_it_is_found_only_then() -> None:
    follower = Follower()
    for said in VISIT:
        follower.hear(replace(said, role="unknown", role_confidence=0.5))
    follower.found += follower.attendant.tick(samples(40))
    # All have waited long enough and were heard by the visit as nobody's.
    assert follower.acts("missing") == set()
    for number, role in enumerate(("staff", "visitor", "staff", "staff")):
        follower.attendant.recast(Labelled(number, role, 0.95))  # type: ignore[arg-type]
    follower.found += follower.attendant.finish()
    assert "welcome" in follower.acts("missing")
    assert {"hello", "ask", "bye"} <= follower.acts("said")


def test_words_that_turn_out_to_be_the_visitors_are_no_act_in_the_end() -> None:
    follower = Follower()
    for said, role in zip(VISIT, ("staff", "visitor", "staff", "staff"), strict=True):
        follower.hear(said, role)  # type: ignore[arg-type]
    follower.attendant.recast(Labelled(3, "visitor", 0.95))
    follower.found += follower.attendant.finish()
    assert "bye" in follower.acts("missing")


def test_rules_wait_for_the_end_of_the_visit_though_one_before_is_told_again() -> None:
    events: list[QueueEvent] = [QueueEvent(kind="called", ticket="A2", at_sample=samples(60))]
    rules = replace(a_rule_set("我不知道"), courtesy=BOOK)
    attendant = Attendant(rules, Settings(), "run", lambda: [events.pop() for _ in events[:]])
    found = [*attendant.tick(samples(65)), *attendant.tick(samples(66))]
    events.append(QueueEvent(kind="called", ticket="A1", at_sample=samples(20)))
    found += attendant.tick(samples(67))
    attendant.use(rules)
    for second in range(68, 72):
        found += attendant.tick(samples(second))
    # A new set of rules begins with nobody at the window: the visit with the ticket would be lost.
    found += attendant.finish()
    last = {one.visit_id: one for one in found if isinstance(one, Visit)}
    assert {one.ticket: one.end_sample is None for one in last.values()} == {"A1": False, "A2": False}


def test_what_is_known_from_the_beginning_is_told_once() -> None:
    follower = Follower()
    for said, role in zip(VISIT, ("staff", "visitor", "staff", "staff"), strict=True):
        follower.hear(said, role)  # type: ignore[arg-type]
    follower.found += follower.attendant.finish()
    told = [(one.courtesy_id, one.state) for one in follower.found if isinstance(one, Courtesy)]
    assert len(told) == len(set(told))
