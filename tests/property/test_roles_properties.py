"""What holds of given roles, whatever the turns and however the audio is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deskguard.desk.mind import Mind
from deskguard.desk.modelled import ModelledRun
from deskguard.desk.roles import SpokenTurn, marked, stretches
from deskguard.settings import Settings
from deskguard.values import Alert, Hypothesis, Passage, Role
from hearing_values import (
    QUIET,
    SPEECH,
    HandClock,
    ScriptedRecogniser,
    a_rule_set,
    an_endpointer,
    cut,
    outline,
    painted,
    spoken,
    windows_of,
)
from strategies import cuttings, scores

ROLES: dict[str, Role] = {"staff": "staff", "visitor": "visitor", "visitor2": "visitor"}


@st.composite
def some_turns(draw: st.DrawFn, samples: int) -> list[SpokenTurn]:
    """Turns in any order, apart, touching, overlapping and inside one another."""
    turns = []
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, samples))
        speaker = draw(st.sampled_from(sorted(ROLES)))
        end = start + draw(st.integers(1, samples))
        turns.append(SpokenTurn(speaker=speaker, role=ROLES[speaker], start_sample=start, end_sample=end))
    return turns


@given(scores(max_frames=300), st.data())
def test_windows_have_one_role_and_do_not_depend_on_how_audio_is_cut(
    levels: list[float], data: st.DataObject
) -> None:
    pcm = painted(levels)
    turns = data.draw(some_turns(pcm.size))
    given_stretches = stretches(turns)
    places = data.draw(cuttings(pcm.size))
    whole = windows_of(an_endpointer(), marked(cut(pcm, []), given_stretches))
    parts = windows_of(an_endpointer(), marked(cut(pcm, places), given_stretches))
    assert [(outline(one), one.role) for one in parts] == [(outline(one), one.role) for one in whole]
    starts = [one.start_sample for one in given_stretches]
    for window in whole:
        place = int(np.searchsorted(starts, window.start_sample, side="right")) - 1
        assert window.role == given_stretches[place].role
        # No window reaches into the next stretch: what pads its last frame is silence.
        later = starts[place + 1] if place + 1 < len(starts) else pcm.size
        assert window.end_sample < later + 512


@given(st.data())
def test_marking_keeps_every_sample_and_has_a_break_at_every_change_only(data: st.DataObject) -> None:
    pcm = np.arange(data.draw(st.integers(1, 5000)), dtype=np.float32)
    found = stretches(data.draw(some_turns(pcm.size)))
    pieces = list(marked(cut(pcm, data.draw(cuttings(pcm.size))), found))
    assert np.array_equal(np.concatenate([one.pcm[0] for one in pieces]), pcm)
    starts = [one.start_sample for one in found]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert [one.start_sample for one in pieces if one.is_break] == [one for one in starts if 0 < one < pcm.size]


SCRIPT = spoken("我不知道", 0.6, 0.2)
ANSWER = spoken("你去问别人吧", 2.6, 0.2)
STREAM = painted([QUIET] * 15 + [SPEECH] * 35 + [QUIET] * 25 + [SPEECH] * 50 + [QUIET] * 30)
TURNS = (
    SpokenTurn(speaker="visitor", role="visitor", start_sample=9_600, end_sample=24_000),
    SpokenTurn(speaker="staff", role="staff", start_sample=41_600, end_sample=62_000),
)


@given(cuttings(STREAM.size))
def test_a_visitors_words_never_show_a_card_and_the_clerks_do(places: list[int]) -> None:
    script = Passage(text=SCRIPT.text + ANSWER.text, spans=(*SCRIPT.spans, *ANSWER.spans))
    mind = Mind(
        ScriptedRecogniser(script),  # type: ignore[arg-type]
        a_rule_set("我不知道", "你去问别人"),
        Settings(),
        "run",
    )
    run = ModelledRun(an_endpointer(), mind, 60.0, HandClock())
    outcomes = list(run.run(marked(cut(STREAM, places), stretches(TURNS))))
    texts = [(one.role, one.text) for one in outcomes if isinstance(one, Hypothesis) and one.is_final]
    assert texts == [("visitor", "我不知道"), ("staff", "你去问别人吧")]
    last = {one.hit.rule_id: one for one in outcomes if isinstance(one, Alert)}
    assert (last["我不知道"].hit.role, last["我不知道"].suppressed) == ("visitor", "role-visitor")
    assert (last["你去问别人"].hit.role, last["你去问别人"].suppressed) == ("staff", None)
