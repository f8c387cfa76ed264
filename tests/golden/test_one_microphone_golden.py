"""One microphone with the real voice encoder on what goes wrong at counters: companions, children, silence."""

from __future__ import annotations

import numpy as np
import pytest

from casting_talk import CLERK, KNOW, PLAIN, VISITOR, WANTS, Counter, a_casting
from deskguard import resources
from deskguard.hearing.media import read_recording
from deskguard.hearing.roles.onemic import OneMicrophone
from deskguard.hearing.roles.voice import Embedder
from deskguard.values import SAMPLE_RATE_HZ, Pcm, Visit
from golden_recordings import FOLDER

Turn = tuple[str, str, Pcm]
"""Who, the words, the sound."""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(resources.bundled("models/roles"))


def turns_of(name: str) -> list[Turn]:
    import tomllib

    table = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    pcm = np.concatenate([chunk.pcm[0] for chunk in read_recording(FOLDER / f"{name}.flac")])
    return [
        (
            one["speaker"],
            one["text"],
            pcm[int(one["start_s"] * SAMPLE_RATE_HZ) : int(one["end_s"] * SAMPLE_RATE_HZ)],
        )
        for one in table["turn"]
    ]


def raised(pcm: Pcm, by: float) -> Pcm:
    """Pitch and formants higher, as of a smaller throat; the speed goes with them."""
    return np.interp(np.arange(int(pcm.size / by)) * by, np.arange(pcm.size), pcm).astype(np.float32)


def told(embedder: Embedder, turns: list[Turn]) -> list[tuple[str, str]]:
    """Who spoke and who was found when the visit was over, of turns over a second."""
    ears = OneMicrophone(embedder.voice)
    roles: dict[int, str] = {}
    for at, (_, text, pcm) in enumerate(turns):
        roles |= {label.utterance_id: label.role for label in ears.feed(at, pcm, pcm.size, text)}
    return [(who, roles[at]) for at, (who, _, pcm) in enumerate(turns) if pcm.size > SAMPLE_RATE_HZ]


def test_a_companion_at_the_counter_is_not_the_clerk(embedder: Embedder) -> None:
    visit, others = turns_of("demo_counter"), turns_of("conv_closing_time")
    companion = [("companion", text, pcm) for who, text, pcm in others if who == "visitor"]
    mixed = [*visit[:8]]
    for at, one in enumerate(companion[:3]):
        mixed += [one, *visit[8 + 2 * at : 10 + 2 * at]]
    found = told(embedder, mixed)
    assert ("companion", "staff") not in found
    assert ("visitor", "staff") not in found
    assert ("staff", "visitor") not in found
    assert sum(role == "staff" for _, role in found) >= 5


@pytest.mark.parametrize("by", [1.25, 1.4])
def test_a_child_before_the_counter_is_told_from_the_clerk(embedder: Embedder, by: float) -> None:
    visit = turns_of("demo_counter")
    child = [(who, text, raised(pcm, by) if who == "visitor" else pcm) for who, text, pcm in visit]
    found = told(embedder, child)
    decided = [(who, role) for who, role in found if role != "unknown"]
    assert all(who == role for who, role in decided)
    assert len(decided) >= 0.75 * len(found)


def test_a_child_beside_the_visitor_is_not_the_clerk(embedder: Embedder) -> None:
    visit, others = turns_of("demo_counter"), turns_of("conv_closing_time")
    child = [("child", "妈妈，我要喝水。", raised(pcm, 1.4)) for who, _, pcm in others if who == "visitor"]
    found = told(embedder, [*visit[:9], child[0], *visit[9:13], child[1], *visit[13:]])
    assert ("child", "staff") not in found
    assert ("visitor", "staff") not in found


def test_an_hour_of_silence_ends_the_visit_and_forgets_its_voices() -> None:
    ears = OneMicrophone(lambda pcm: np.eye(8, dtype=np.float32)[round(float(pcm[0]) * 100)])
    counter = Counter(casting=a_casting(ears))
    counter.visit()
    for _ in range(3600):
        counter.wait(1.0)
    ended = [one for one in counter.outcomes if isinstance(one, Visit) and one.end_sample is not None]
    assert len(ended) == 1
    assert repr(ears) == "<OneMicrophone, 0 turns of this visit>"
    assert counter.casting.end_visit(10**9) == {}


def test_an_hour_long_visit_that_nobody_closes_stays_small() -> None:
    counter = Counter()
    counter.visit()
    for _ in range(60):
        counter.say(CLERK, "请您稍候，马上为您办理。")
        counter.say(VISITOR, PLAIN)
        counter.say(CLERK, KNOW, seconds=1.2)
        counter.say(VISITOR, WANTS)
        counter.wait(46.0)
    assert {one.visit_id for one in counter.outcomes if isinstance(one, Visit)} == {"run-v1"}
    ears = counter.casting._ears
    assert repr(ears) == "<OneMicrophone, 60 turns of this visit>"
    assert len(counter.casting._parts) <= 200
    assert len(counter.mind._tracker._old) <= 100
    assert len(counter.mind._attendant._holding._held) <= 5
    assert counter.roles()[-4:] == ["staff", "visitor", "staff", "visitor"]
