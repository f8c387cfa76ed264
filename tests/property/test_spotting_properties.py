"""Properties of near matching: distances, alignment against a plain reference, and what must not matter."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deskguard.language.sounds import sound_distance, sound_distances
from deskguard.language.syllables import syllable_names
from deskguard.language.text import normalise
from deskguard.rules.ruleset import Variant
from deskguard.spotting.finding.align import GAP_COST, OUTSIDE, Phrases, Text, Windows, cost_of, lay, way
from deskguard.spotting.finding.nearly import MOST_CANDIDATES
from deskguard.spotting.finding.spot import Spotter
from deskguard.values import Candidate
from rules_packs import passage

ids = st.integers(0, len(syllable_names()) - 1)


@given(ids, ids)
def test_distances_are_symmetric_and_nothing_for_the_same(one: int, other: int) -> None:
    assert sound_distance(one, other) == sound_distance(other, one)
    assert 0.0 <= sound_distance(one, other) <= 1.0
    assert sound_distance(one, one) == 0.0


def test_only_the_same_costs_nothing() -> None:
    distances = sound_distances()
    assert (distances[~np.eye(len(distances), dtype=bool)] > 0).all()


# Alignment: small alphabets of sounds, so that ways tie, cross gaps and run out of text.

SOUNDS = 4
costs = st.sampled_from([0, 10, 30, 60, 100])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Phrases, Text, Windows]:
    height = draw(st.integers(1, 5))
    lengths = draw(st.lists(st.integers(1, height), min_size=1, max_size=4))

    def table(values: st.SearchStrategy[int]) -> np.ndarray:
        rows = [draw(st.lists(values, min_size=len(lengths), max_size=len(lengths))) for _ in range(height)]
        return np.array(rows, dtype=np.int32)

    gaps = table(st.sampled_from([0, 0, 1, 4]))
    for at, length in enumerate(lengths):
        gaps[length - 1, at] = 0
    phrases = Phrases(
        sounds=table(st.integers(0, SOUNDS - 1)),
        lengths=np.array(lengths, dtype=np.int32),
        dropped=table(st.sampled_from([10, 40, 80])),
        gaps=gaps,
    )
    width = draw(st.integers(1, 9))
    room = draw(st.integers(0, 4)) + height + width + 1
    rows = [draw(st.lists(costs, min_size=SOUNDS, max_size=SOUNDS)) for _ in range(room)]
    added = draw(st.lists(st.sampled_from([6, 40, 70]), min_size=room, max_size=room))
    text = Text(costs=np.array(rows, dtype=np.int32), added=np.array(added, dtype=np.int32))
    most = room - height - width - 1
    starts = [draw(st.integers(0, most)) for _ in lengths]
    windows = Windows(
        phrases=np.arange(len(lengths), dtype=np.int32),
        starts=np.array(starts, dtype=np.int32),
        widths=np.full(len(lengths), width, dtype=np.int32),
    )
    return phrases, text, windows


@given(problems())
@settings(max_examples=200, deadline=None)
def test_all_at_once_is_as_cheap_as_one_by_one(problem: tuple[Phrases, Text, Windows]) -> None:
    phrases, text, windows = problem
    laid = lay(phrases, text, windows)
    for at, number in enumerate(windows.phrases.tolist()):
        first, width = int(windows.starts[at]), int(windows.widths[at])
        cheapest, _, _ = plain(phrases, text, number, first, width)
        assert laid.costs[at] == cheapest
        length = int(phrases.lengths[number])
        start, end = int(laid.starts[at]), int(laid.ends[at])
        cells = text.costs[start:end].T[phrases.sounds[:length, number]].tolist()
        dropped = phrases.dropped[:length, number].tolist()
        added = text.added[start:end].tolist()
        steps = way(cells, dropped, phrases.gaps[:length, number].tolist(), added)
        # One by one a way may stray farther from the diagonal.
        assert sum(cost_of(step, cells, dropped, added) for step in steps) <= cheapest
        assert [step.phrase for step in steps if step.phrase is not None] == list(range(length))
        assert [step.text for step in steps if step.text is not None] == list(range(end - start))


def plain(phrases: Phrases, text: Text, number: int, first: int, width: int) -> tuple[int, int, int]:
    """The cheapest of all ways within `width` of the diagonal: cost, start and end."""
    length = int(phrases.lengths[number])
    best: dict[tuple[int, int, bool], int] = {}
    answers = []
    for start in range(first, first + width):
        best.clear()
        reach(phrases, text, (number, first, width), (0, start, 0, False), best)
        answers += [(cost, -start, at) for (done, at, _), cost in best.items() if done == length]
    return min(answers)


def reach(
    phrases: Phrases,
    text: Text,
    window: tuple[int, int, int],
    state: tuple[int, int, int, bool],
    best: dict[tuple[int, int, bool], int],
) -> None:
    number, first, width = window
    done, at, cost, was_gap = state
    inside = first + done <= at < first + done + width
    if not inside or best.get((done, at, was_gap), OUTSIDE * 9) <= cost:
        return
    best[done, at, was_gap] = cost
    if done < phrases.lengths[number]:
        heard = int(text.costs[at, phrases.sounds[done, number]])
        reach(phrases, text, window, (done + 1, at + 1, cost + heard, False), best)
        reach(phrases, text, window, (done + 1, at, cost + int(phrases.dropped[done, number]), False), best)
    if done and not was_gap:
        reach(phrases, text, window, (done, at + 1, cost + int(text.added[at]), False), best)
        for gap in range(1, int(phrases.gaps[done - 1, number]) + 1):
            reach(phrases, text, window, (done, at + gap, cost + gap * GAP_COST, True), best)


# Spotting: whatever is written differently but is the same text gives the same candidates.

PHRASES = [
    "我不知道",
    "不归我管",
    "刚才不是说了吗",
    "有牌子，自己看",
    "别磨蹭了",
    "跟你说几遍了",
    "没时间",
    "快点",
]
WORDS = [
    *PHRASES,
    "我不自道",
    "不规我光",
    "刚在不是说的吗",
    "有派子",
    "自己干",
    "别木曾了",
    "跟你所几变",
    "您好",
    "请",
]
texts = st.lists(st.sampled_from([*WORDS, "，", "嗯", "那个", "窗口"]), min_size=1, max_size=5).map("".join)


def spotter(phrases: list[str]) -> Spotter:
    rules = {
        f"P{PHRASES.index(one)}": SimpleNamespace(
            rule_id=f"P{PHRASES.index(one)}", variants=(Variant(text=one),), innocent=(), whole_words=None
        )
        for one in phrases
    }
    return Spotter(SimpleNamespace(rules=rules))  # type: ignore[arg-type]


ALL = spotter(PHRASES)


def places(candidates: list[Candidate]) -> list[tuple[object, ...]]:
    return [(one.rule_id, one.start_char, one.end_char, one.tier, one.distance) for one in candidates]


@given(texts)
@settings(deadline=None)
def test_script_and_politeness_do_not_matter(text: str) -> None:
    found = places(ALL.find(passage(text)))
    traditional = str.maketrans("时间归说几刚别请", "時間歸說幾剛別請")
    assert places(ALL.find(passage(text.translate(traditional)))) == found
    assert places(ALL.find(passage(text.replace("你", "您")))) == found


@given(st.sampled_from(PHRASES), st.data(), st.sampled_from(["嗯", "呃", "那个", "就是"]))
@settings(deadline=None)
def test_a_filler_inside_keeps_the_phrase(phrase: str, data: st.DataObject, filler: str) -> None:
    chars = normalise(phrase).chars
    assume(len(chars) > 2)
    at = data.draw(st.integers(1, len(chars) - 1))
    rule_id = f"P{PHRASES.index(phrase)}"
    filled = ALL.find(passage(chars[:at] + filler + chars[at:]))
    assert rule_id in {one.rule_id for one in filled if one.distance < 0.1}


@given(texts, st.sets(st.sampled_from(PHRASES), min_size=1))
@settings(deadline=None)
def test_more_rules_take_no_candidates_away(text: str, some: set[str]) -> None:
    few = places(spotter(sorted(some)).find(passage(text)))
    many = places(ALL.find(passage(text)))
    if sum(one[3] == "near" for one in many) == MOST_CANDIDATES:
        few = [one for one in few if one[3] != "near"]
    assert set(few) <= set(many)


@given(texts)
@settings(deadline=None)
def test_asking_for_excused_places_takes_none_away(text: str) -> None:
    told = ALL.find(passage(text), with_excused=True)
    assert places([one for one in told if not one.excused]) == places(ALL.find(passage(text)))
    assert all(one.wording == "" for one in told if one.tier == "characters")
