"""Visits told as they go: ids, scenes, manner beside them, and no more memory than a visit needs."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

from deskguard.settings import MannerSettings, VisitSettings
from deskguard.values import Courtesy, Visit
from deskguard.visits.manner import MannerWatch, Normal
from deskguard.visits.manner_book import load_manner
from deskguard.visits.reception import Reception
from visits_talk import BOOK, a_reception, samples, talk, told

VISIT = (
    "员：您好，请问您办什么业务？",
    "客：我要投诉你们领导。",
    "员：请稍候。",
    "员：办好了，请核对。",
    "员：请慢走，再见。",
)


def test_a_visit_is_told_when_it_begins_changes_and_ends() -> None:
    visits = [one for one in told(talk(*VISIT), until_s=100).findings if isinstance(one, Visit)]
    assert {one.visit_id for one in visits} == {"run-v1"}
    assert visits[0].end_sample is None
    assert [one.end_sample is None for one in visits[:-1]] == [True] * (len(visits) - 1)
    assert visits[-1].end_sample is not None


def test_scenes_follow_the_words() -> None:
    visit = told(talk(*VISIT), until_s=100).visits[0]
    assert [one.scene for one in visit.scenes] == [
        "greet",
        "ask_purpose",
        "complaint",
        "wait",
        "hand_over",
        "farewell",
        "phone_in",
    ]
    borders = [(one.start_sample, one.end_sample) for one in visit.scenes]
    assert all(start < end for start, end in borders)
    assert all(before[1] <= after[0] for before, after in pairwise(borders))
    assert borders[-1][1] == visit.end_sample


def test_words_without_a_scene_go_on_with_the_present_one() -> None:
    stream = talk("员：请稍候。", "客：这个不急。", "员：嗯。")
    scenes = told(stream).visits[0].scenes
    assert [(one.scene, one.end_sample) for one in scenes] == [("wait", stream[-1].end_sample)]


def test_findings_of_two_visits_have_ids_of_their_own() -> None:
    findings = told(talk(*VISIT, *VISIT)).findings
    ids = [one.courtesy_id for one in findings if isinstance(one, Courtesy) and one.state == "said"]
    assert len(ids) == len(set(ids))
    assert {one.visit_id for one in findings if isinstance(one, Courtesy)} == {"run-v1", "run-v2"}


def test_partial_hypotheses_tell_nothing() -> None:
    reception = a_reception()
    assert [found for one in talk(*VISIT) for found in reception.feed(replace(one, is_final=False))] == []
    assert reception.finish() == []


def test_manner_hears_each_utterance_once_with_its_visit() -> None:
    heard: list[tuple[int, str]] = []

    class Watch(MannerWatch):
        def feed(self, said, visit):  # type: ignore[no-untyped-def]
            heard.append((said.utterance_id, visit.visit_id if visit else ""))
            return super().feed(said, visit)

    watch = Watch(load_manner([]), MannerSettings(), Normal(), "run")
    reception = Reception(BOOK, VisitSettings(), "run", watch)
    stream = talk("员：中午吃什么？", 30.0, *VISIT[:-1], "员：请慢走。您好，请问您办什么业务？", "客：我想查。")
    for one in stream:
        reception.tick(one.start_sample)
        reception.feed(one)
    reception.finish()
    assert heard == [
        (0, ""),
        (1, "run-v1"),
        (2, "run-v1"),
        (3, "run-v1"),
        (4, "run-v1"),
        (5, "run-v1"),
        (6, "run-v2"),
    ]


def test_a_visit_of_hours_keeps_no_more_than_one_of_minutes() -> None:
    def size_after(rounds: int) -> int:
        reception = a_reception(VisitSettings(silence_s=3600))
        lines = ["员：您好，请稍候。", "客：谢谢。", "员：不客气，请核对。", "客：我要投诉。"]
        for one in talk(*lines * rounds):
            reception.tick(one.start_sample)
            reception.feed(one)
        return _size(reception, set())

    assert size_after(600) < 1.2 * size_after(150)


def _size(thing: object, seen: set[int]) -> int:
    """Objects held, all the way down; tables that are the same for every stream aside."""
    if id(thing) in seen or isinstance(thing, type):
        return 0
    seen.add(id(thing))
    inner: list[object] = []
    if isinstance(thing, dict):
        inner = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset) or type(thing).__name__ == "deque":
        inner = list(thing)  # type: ignore[call-overload]
    else:
        inner = (
            [value for name, value in vars(thing).items() if name != "_finder"]
            if hasattr(thing, "__dict__")
            else []
        )
        inner += [
            getattr(thing, name) for name in getattr(type(thing), "__slots__", ()) if hasattr(thing, name)
        ]
    return sys.getsizeof(thing) + sum(_size(one, seen) for one in inner)


def test_an_hour_of_silence_tells_nothing() -> None:
    reception = a_reception()
    assert [found for at_s in range(3600) for found in reception.tick(samples(at_s))] == []
