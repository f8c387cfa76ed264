"""Courtesy in words that no list has: what is likely, what is unlikely, and that the bundled fit holds up."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from deskguard.desk import compose
from deskguard.language.weighing import PieceWeights
from deskguard.resources import bundled
from deskguard.rules.courtesy import CourtesyBook, Expect
from deskguard.settings import Settings, VisitSettings
from deskguard.values import Courtesy, Visit
from deskguard.visits import meant
from deskguard.visits.acts import ActFinder
from deskguard.visits.expectations import Expectations
from deskguard.visits.meant import MeantModel
from deskguard.visits.reception import Reception
from visits_talk import act, said, talk

LABELS = ["K.hand", "O.handed-over", "V.purpose"]


def model(**weights: tuple[float, float, float]) -> MeantModel:
    """Of single characters: what each adds to the scores of LABELS."""
    table = np.array(list(weights.values()), np.float32)
    pieces = PieceWeights(
        list(weights), table, steps=np.ones(3, np.float32), intercepts=np.full(3, -4, np.float32)
    )
    return MeantModel(pieces, labels=LABELS, scales=[1, 1, 1], shifts=[0, 0, 0])


BOOK = CourtesyBook(
    acts=(
        act(
            "K.hand",
            "hand_over",
            ["请收好"],
            Expect(
                when="after",
                within_s=20,
                within_turns=2,
                occasion=("办好了",),
                occasion_frames=("handed-over",),
            ),
        ),
        act(
            "K.ask",
            "ask_purpose",
            ["您办什么"],
            Expect(when="visit-begins", within_s=30, within_turns=3, unless_frames=("purpose",)),
        ),
    )
)
MODEL = model(落=(6.0, 0.0, 0.0), 成=(0.0, 6.0, 0.0), 租=(0.0, 0.0, 6.0), 妥=(0.0, 1.5, 0.0))
FINDER = ActFinder(BOOK, MODEL)


def test_an_act_in_own_words_may_have_been_said_and_is_no_more_than_that() -> None:
    words = FINDER.hear(said("员：别落下", 2.0))
    assert words.acts == ()
    assert [(one.name, round(one.likelihood, 2)) for one in words.perhaps] == [("K.hand", 0.88)]


def test_a_visitor_says_no_acts_and_a_listed_one_is_not_told_twice() -> None:
    assert FINDER.hear(said("客：别落下", 2.0)).perhaps == ()
    assert FINDER.hear(said("员：请收好，别落下", 2.0)).perhaps == ()


def test_an_occasion_in_own_words_is_one_only_where_it_is_likely_and_said_by_its_speaker() -> None:
    assert [one.name for one in FINDER.hear(said("员：成", 2.0)).occasions] == ["K.hand"]
    assert FINDER.hear(said("员：妥", 2.0)).occasions == ()
    assert FINDER.hear(said("客：成", 2.0)).occasions == ()
    assert FINDER.hear(said("某：成", 2.0)).occasions == ()


def test_listed_words_are_no_occasion_where_the_whole_says_otherwise() -> None:
    assert FINDER.hear(said("员：办好了", 2.0)).occasions == ()
    assert [one.name for one in FINDER.hear(said("员：办好了，妥", 2.0)).occasions] == ["K.hand"]
    assert [one.name for one in ActFinder(BOOK).hear(said("员：办好了", 2.0)).occasions] == ["K.hand"]


def test_what_a_visitor_came_for_excuses_the_question() -> None:
    assert FINDER.hear(said("客：租房", 2.0)).excused == {"K.ask"}
    assert FINDER.hear(said("客：你好", 2.0)).excused == frozenset()


def test_the_bundled_meanings_are_acts_and_frames_of_the_bundled_file() -> None:
    table = tomllib.loads((bundled("config") / "language" / "courtesy.toml").read_text(encoding="utf-8"))
    acts = {one["id"] for one in table["act"]}
    frames = {one["id"] for one in table["frame"]}
    labels = meant.fitted().labels
    assert {one for one in labels if one.startswith(meant.ACT)} <= acts
    expected = {
        one[1:]
        for each in table["act"]
        for key in ("occasion", "unless")
        for one in each.get("expect", {}).get(key, ())
        if one.startswith("@")
    }
    weighed = {one[2:] for one in labels if not one.startswith(meant.ACT)}
    assert expected <= frames
    assert weighed & expected >= {"handed-over", "refused", "thanks", "complaint", "purpose-stated"}


def missing(*lines: str | float, own_words: bool) -> set[str]:
    book = compose.load_rules(Settings()).courtesy
    reception = Reception(book, VisitSettings(own_words=own_words), "r")
    found = [one for words in talk(*lines) for one in reception.feed(words)] + reception.finish()
    last = {one.courtesy_id: one for one in found if isinstance(one, Courtesy)}
    return {one.act_id for one in last.values() if one.state == "missing"}


KIND = (
    "员：大姐您来啦，今儿想办点什么？",
    "客：我来取那个居住证。",
    "员：好嘞，证打出来了，给您，名字您核一核，装包里头别丢了。",
    "客：谢谢你啊。",
    "员：嗐，谢啥呀，路上慢着点。",
)


def test_who_keeps_the_standard_in_own_words_has_kept_it() -> None:
    assert missing(*KIND, own_words=True) == set()
    assert missing(*KIND, own_words=False) != set()


def test_who_asks_for_one_paper_after_the_other_has_not_told_all_at_once() -> None:
    lines = (
        "员：您好，请问办什么？",
        "客：我想给孩子上户口。",
        "员：还得有出生证，拿来我看看。",
        "客：出生证在这儿。",
        "员：嗯。光这个不够，还要您爱人的身份证复印件。",
        "客：怎么刚才不说，那我明天再来。",
        "员：好，再见。",
    )
    assert "K.missing.once" in missing(*lines, own_words=True)


@pytest.mark.parametrize("text", ["", "。。。", "嗯"])
def test_nothing_is_made_of_nothing(text: str) -> None:
    assert all(one.likelihood < 0.7 for one in meant.fitted().of(text, 0.0))


def test_a_protest_of_the_visitor_counts_as_one_more_time() -> None:
    expect = Expect(
        when="after",
        within_s=20,
        within_turns=1,
        occasion=("还要户口本",),
        protest=("怎么不早说",),
        from_nth=2,
    )
    finder = ActFinder(CourtesyBook(acts=(act("once", "missing_documents", ["一次告诉您"], expect),)))
    assert [one.name for one in finder.hear(said("客：你怎么不早说", 2.0)).occasions] == ["once"]
    assert finder.hear(said("员：你怎么不早说", 2.0)).occasions == ()


def test_words_that_are_each_unlikely_may_together_have_been_the_act() -> None:
    weights = np.array([[2.5, 0.0, 0.0], [0.0, 6.0, 0.0]], np.float32)
    pieces = PieceWeights(
        ["收", "成"], weights, steps=np.ones(3, np.float32), intercepts=np.full(3, -4, np.float32)
    )
    model = MeantModel(pieces, labels=LABELS, scales=[1, 1, 1], shifts=[0, 0, 0])
    finder = ActFinder(BOOK, model)
    visit = Visit(visit_id="v", channel="counter", start_sample=0, begun_by="speech")

    def left(*lines: str) -> set[str]:
        expectations = Expectations(BOOK, VisitSettings(off=("K.ask",)), visit)
        for one in talk("客：来了", *lines):
            expectations.hear(finder.hear(one))
        return {one.act_id for one in expectations.end() if one.state == "missing"}

    assert left("员：成") == {"K.hand"}
    assert left("员：成", "员：收") == {"K.hand"}, "0.18 is not enough"
    assert left("员：成", "员：收", "客：嗯", "员：收") == set(), "0.18 and 0.18 are"


def test_a_visitor_who_was_asked_to_wait_waits_also_while_asking_how_long() -> None:
    book = compose.load_rules(Settings()).courtesy
    lines = (
        "员：您好，请问办什么？",
        "客：我来取证。",
        "员：请稍等。",
        25.0,
        "客：好了没有？",
        20.0,
        "员：好了，给您，收好。",
        "员：再见。",
    )
    reception = Reception(book, VisitSettings(own_words=False), "r")
    found = [one for words in talk(*lines) for one in reception.feed(words)] + reception.finish()
    last = {one.courtesy_id: one for one in found if isinstance(one, Courtesy)}
    assert "K.wait.return" in {one.act_id for one in last.values() if one.state == "missing"}


def test_who_says_that_papers_are_lacking_has_said_why_it_is_refused() -> None:
    lacks = Expect(when="after", within_s=20, within_turns=1, occasion=("材料不齐",))
    refuses = Expect(when="after", within_s=20, within_turns=1, occasion=("办不成",), gives_way_to=("lacks",))
    book = CourtesyBook(
        acts=(
            act("lacks", "missing_documents", ["还缺结婚证"], lacks),
            act("refuses", "apology", ["按规定不能办"], refuses),
        )
    )
    visit = Visit(visit_id="v", channel="counter", start_sample=0, begun_by="speech")

    def left(*lines: str) -> set[str]:
        expectations = Expectations(book, VisitSettings(), visit)
        for one in talk(*lines):
            expectations.hear(ActFinder(book).hear(one))
        return {one.act_id for one in expectations.end() if one.state == "missing"}

    assert left("客：来了", "员：办不成") == {"refuses"}
    assert left("客：来了", "员：办不成", "客：啊？", "员：材料不齐") == {"lacks"}
    assert left("客：来了", "员：材料不齐", "客：啊？", "员：办不成") == {"lacks"}
    assert left("客：来了", "员：材料不齐", "客：啊？", "员：嗯", "客：那", "员：办不成") == {
        "lacks",
        "refuses",
    }
