"""Roles with one microphone: voices are points here, so that what is decided can be foreseen."""

from __future__ import annotations

import copy
import logging
import pickle
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from casting_talk import CLERK, HELLO, OTHER, PLAIN, VISITOR, WANTS, by_number, sound, vector
from deskguard.hearing.roles import partition
from deskguard.hearing.roles.cutting import Cut
from deskguard.hearing.roles.onemic import Bar, OneMicrophone
from deskguard.hearing.roles.partition import Evidence, Weighing, _Problem, _ranked, staff_log_odds
from deskguard.values import Labelled, Pcm, Stretch


class Talk:
    """A desk's one microphone, and what it has said so far."""

    def __init__(self, bar: Bar | None = None) -> None:
        self.ears = OneMicrophone(by_number, bar)
        self.labels: dict[int, Labelled] = {}
        self.changed: list[int] = []
        self.count = 0

    def say(self, person: int, text: str, seconds: float = 2.0, gain: float = 1.0) -> str:
        self.count += 1
        pcm = sound(person, self.count, seconds)
        pcm[2:] *= np.float32(gain)
        own, *others = self.ears.feed(self.count, pcm, pcm.size, text)
        assert own.utterance_id == self.count
        self.changed += [label.utterance_id for label in others]
        self.labels |= {label.utterance_id: label for label in (own, *others)}
        return own.role

    def roles(self, *ids: int) -> list[str]:
        return [self.labels[one].role for one in ids or range(1, self.count + 1)]

    def visit(self) -> None:
        for person, text in [
            (CLERK, HELLO),
            (VISITOR, WANTS),
            (CLERK, "请您稍候"),
            (VISITOR, PLAIN),
            (CLERK, PLAIN),
        ]:
            self.say(person, text)


def test_two_voices_are_named_by_their_words_and_plain_turns_follow_the_voice() -> None:
    talk = Talk()
    talk.visit()
    assert talk.roles() == ["staff", "visitor", "staff", "visitor", "staff"]


def test_nobody_is_named_while_only_plain_words_were_said() -> None:
    talk = Talk()
    for person in (CLERK, VISITOR, CLERK, VISITOR):
        talk.say(person, PLAIN)
    assert talk.roles() == ["unknown"] * 4


def test_earlier_turns_are_named_when_the_words_come_and_are_told_as_changed() -> None:
    talk = Talk()
    for person in (CLERK, VISITOR, CLERK, VISITOR):
        talk.say(person, PLAIN)
    talk.say(CLERK, "请您稍候，我马上为您办理。")
    talk.say(VISITOR, WANTS)
    talk.say(CLERK, HELLO)
    assert talk.roles() == ["staff", "visitor", "staff", "visitor", "staff", "visitor", "staff"]
    assert {1, 2, 3, 4} <= set(talk.changed)


def test_a_turn_under_a_second_stays_unknown() -> None:
    talk = Talk()
    talk.visit()
    assert talk.say(CLERK, "不客气", seconds=0.9) == "unknown"


def test_what_counts_is_speech_not_audio() -> None:
    talk = Talk()
    talk.visit()
    label = talk.ears.feed(99, sound(CLERK, 99, 3.0), 8000, PLAIN)[0]
    assert label.role == "unknown"


@pytest.mark.parametrize("text", [PLAIN, "请您稍候，我马上为您办理。"])
def test_a_third_voice_is_not_the_clerk_whatever_it_says(text: str) -> None:
    talk = Talk()
    talk.visit()
    talk.visit()
    assert talk.say(OTHER, text, seconds=4.0) != "staff"


def test_the_clerk_is_known_at_the_next_visit_by_voice_alone() -> None:
    talk = Talk()
    talk.visit()
    talk.ears.forget_visit()
    assert [talk.say(OTHER, PLAIN), talk.say(CLERK, PLAIN), talk.say(OTHER, PLAIN), talk.say(CLERK, PLAIN)][
        -2:
    ] == [
        "visitor",
        "staff",
    ]


def test_another_run_or_another_clerk_begins_with_nothing() -> None:
    talk = Talk()
    talk.visit()
    talk.ears.forget_visit()
    talk.ears.forget_all()
    for person in (OTHER, CLERK, OTHER, CLERK):
        talk.say(person, PLAIN)
    assert talk.roles(6, 7, 8, 9) == ["unknown"] * 4


def test_a_clerk_who_takes_over_is_named_by_words_against_the_voice_of_before() -> None:
    talk = Talk()
    talk.visit()
    talk.ears.forget_visit()
    # The clerk of before sits on the other side now.
    for _ in range(3):
        talk.say(OTHER, HELLO)
        talk.say(CLERK, WANTS)
    assert talk.roles()[-2:] == ["staff", "visitor"]


def test_the_nearer_voice_is_the_clerk_where_words_say_nothing() -> None:
    talk = Talk()
    for _ in range(6):
        talk.say(CLERK, PLAIN, gain=4.0)
        talk.say(VISITOR, PLAIN, gain=0.25)
    assert talk.roles()[-2:] == ["staff", "visitor"]


def test_a_voice_that_is_a_little_louder_is_nobody_for_that() -> None:
    talk = Talk()
    for _ in range(6):
        talk.say(CLERK, PLAIN, gain=1.6)
        talk.say(VISITOR, PLAIN, gain=0.7)
    assert set(talk.roles()) == {"unknown"}


def test_an_utterance_that_comes_again_longer_takes_its_own_place() -> None:
    talk = Talk()
    talk.visit()
    ears = talk.ears
    first = ears.feed(50, sound(CLERK, 50, 1.5), 24_000, PLAIN)
    again = ears.feed(50, sound(CLERK, 50, 2.5), 40_000, PLAIN)
    assert [first[0].utterance_id, again[0].utterance_id] == [50, 50]
    assert repr(ears) == "<OneMicrophone, 6 turns of this visit>"


def test_the_same_audio_is_not_embedded_twice() -> None:
    calls = []

    def counted(pcm: Pcm) -> np.ndarray:
        calls.append(pcm.size)
        return by_number(pcm)

    ears = OneMicrophone(counted)
    pause = ears.feed(1, sound(CLERK, 1), 20_000, PLAIN)
    final = ears.feed(1, sound(CLERK, 1), 20_000, HELLO)
    assert len(calls) == 1
    assert final[0].confidence > pause[0].confidence


def test_a_visit_that_nobody_closes_keeps_a_bounded_number_of_turns() -> None:
    talk = Talk()
    for _ in range(13):
        talk.visit()
    assert repr(talk.ears) == "<OneMicrophone, 60 turns of this visit>"


def test_voices_can_neither_be_copied_nor_pickled_nor_read_off() -> None:
    talk = Talk()
    talk.visit()
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="voices stay in memory"):
            take(talk.ears)
    first = f"{float(talk.ears._turns[0].voice[0]):.3f}"
    assert first not in repr(talk.ears) + repr(talk.ears._turns) + str(talk.labels)


def test_a_single_turn_cannot_be_pickled_either() -> None:
    talk = Talk()
    talk.visit()
    with pytest.raises(TypeError, match="voices stay in memory"):
        pickle.dumps(talk.ears._turns[0])


def test_nothing_of_a_voice_is_logged_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    talk = Talk()
    talk.visit()
    talk.ears.forget_visit()
    talk.visit()
    assert caplog.records == []
    assert list(tmp_path.rglob("*")) == []


def test_a_label_holds_a_number_a_role_and_a_probability_and_nothing_else() -> None:
    talk = Talk()
    talk.visit()
    for label in talk.labels.values():
        names = set(Labelled.__slots__) - {"stretches"}
        assert {type(getattr(label, name)) for name in names} == {int, str, float}
        for stretch in label.stretches:
            assert {type(getattr(stretch, name)) for name in Stretch.__slots__} == {int, str, float}
        assert 0.5 <= label.confidence <= 1.0


def test_forgetting_a_visit_leaves_the_clerk_only() -> None:
    talk = Talk()
    talk.visit()
    talk.ears.forget_visit()
    assert talk.ears._turns == []
    clerk = talk.ears._clerk
    assert clerk is not None
    near, far = (np.linalg.norm(clerk - 0.8 * vector(one, 0)) for one in (CLERK, VISITOR))
    assert near < far


def a_problem(seed: int, has_anchor: bool = False) -> tuple[Evidence, _Problem]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 8))
    voices = rng.normal(size=(count, 5))
    evidence = Evidence(voices, rng.uniform(0.4, 5, count), rng.normal(size=count), has_anchor)
    return evidence, _Problem(evidence, Weighing())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("has_anchor", [False, True])
def test_moves_are_what_scoring_each_moved_dealing_gives(seed: int, has_anchor: bool) -> None:
    evidence, problem = a_problem(seed, has_anchor)
    dealt = np.random.default_rng(seed).integers(0, 3, evidence.seconds.size).astype(np.int8)
    moves = problem.moves(dealt)
    for voice in range(3):
        for at in range(dealt.size):
            one = dealt.copy()
            one[at] = voice
            assert moves[voice, at] == pytest.approx(problem.score(one))


@pytest.mark.parametrize("seed", range(20))
def test_odds_are_near_those_of_every_dealing_weighed(seed: int) -> None:
    """Against the sum over all 3^n dealings; optima and their neighbours are most of it."""
    evidence, problem = a_problem(seed)
    count = evidence.seconds.size
    dealings = [np.array(one, np.int8) for one in product(range(3), repeat=count)]
    # A third person without a visitor is the visitor under another name.
    dealings = [one for one in dealings if _ranked(one).tobytes() == one.tobytes()]
    weights = np.exp([problem.score(one) for one in dealings])
    staff = np.array([[one[at] == partition.STAFF for at in range(count)] for one in dealings])
    true = np.log(weights @ staff) - np.log(weights @ ~staff)
    found = staff_log_odds(evidence, Weighing())
    clear = np.abs(true) > 2
    assert (np.sign(found[clear]) == np.sign(true[clear])).all()


def test_a_third_voice_that_speaks_as_a_visitor_is_not_dealt_to_the_clerk() -> None:
    people = [1, 2, 1, 2, 1, 3, 1, 3, 2, 3]
    voices = np.array([vector(one, seed) for seed, one in enumerate(people)], np.float64)
    # The third is as unlike the clerk as the visitor is like the clerk.
    voices[[5, 7, 9]] += 0.35 * (vector(1, 50) - voices[[5, 7, 9]])
    words = np.array([2.4, -2.0, 1.5, 0, 1.5, -1.5, 0, -1.5, -1.5, -1.5])
    odds = staff_log_odds(Evidence(voices, np.full(10, 2.0), words), Weighing())
    assert ["staff" if one > 0 else "visitor" for one in odds] == [
        "staff" if one == 1 else "visitor" for one in people
    ]


def test_the_names_of_two_voices_are_open_without_a_word() -> None:
    voices = np.array([vector(one, seed) for seed, one in enumerate([1, 2, 1, 2])], np.float64)
    odds = staff_log_odds(Evidence(voices, np.full(4, 2.0), np.zeros(4)), Weighing())
    assert np.abs(odds).max() < 0.1


# Two people in one utterance


def two_in_one(talk: Talk, first: int, second: int, text: str, at_char: int) -> Labelled:
    """Two stretches of one utterance, each as long."""
    seconds = 1.2
    talk.count += 1
    halves = [sound(person, talk.count * 10 + at, seconds) for at, person in enumerate((first, second))]
    pcm = np.concatenate(halves)
    cut = Cut(halves[0].size, at_char)
    own, *others = talk.ears.feed(talk.count, pcm, pcm.size, text, [cut])
    talk.labels |= {label.utterance_id: label for label in (own, *others)}
    return own


def test_an_utterance_of_two_people_has_no_speaker_and_two_stretches() -> None:
    talk = Talk()
    talk.visit()
    label = two_in_one(talk, VISITOR, CLERK, "好，一共三张嗯，再来一张", 6)
    assert label.role == "unknown"
    assert [(one.role, one.start_char, one.end_char) for one in label.stretches] == [
        ("visitor", 0, 6),
        ("staff", 6, 12),
    ]
    assert not talk.ears.is_open(talk.count)


def test_a_pause_of_one_speaker_leaves_the_utterance_whole() -> None:
    talk = Talk()
    talk.visit()
    label = two_in_one(talk, CLERK, CLERK, "好，一共三张嗯，再来一张", 6)
    assert label.role == "staff"
    assert [(one.role, one.start_char, one.end_char) for one in label.stretches] == [("staff", 0, 12)]


def test_a_short_turn_has_a_role_for_courtesy_only() -> None:
    talk = Talk()
    talk.visit()
    assert talk.say(VISITOR, "谢谢您啊", seconds=0.8) == "unknown"
    (own,) = talk.labels[talk.count].stretches
    assert own.role == "visitor"
    talk.say(VISITOR, "谢谢您啊", seconds=0.2)
    assert [one.role for one in talk.labels[talk.count].stretches] == ["unknown"]


def test_the_voice_of_another_visitor_is_a_newcomers_and_the_clerks_is_not() -> None:
    talk = Talk()
    talk.visit()
    told = {}
    for person in (VISITOR, CLERK, OTHER):
        talk.say(person, WANTS if person != CLERK else PLAIN)
        told[person] = talk.labels[talk.count].stretches[0].newcomer
    assert told[VISITOR] < 0
    assert told[CLERK] == 0
    assert told[OTHER] > 2
