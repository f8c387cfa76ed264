"""Hypothesis strategies for audio, its cutting, flip-flopping texts and sequences of hits."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from deskguard.hearing.timing import Piece, TokenTime
from deskguard.hearing.vad import FRAME_SAMPLES
from deskguard.values import Hit, HitState, Hypothesis
from hearing_values import a_hit, heard, spoken

# Below the threshold to go on, between that and the one to begin, and above both.
_LEVELS = st.sampled_from([0.05, 0.3, 0.4, 0.45, 0.6, 0.9])


@st.composite
def scores(draw: st.DrawFn, max_frames: int = 700) -> list[float]:
    """Voice activity frame by frame, in stretches, so that onsets, pauses and long speeches all happen."""
    stretches = draw(st.lists(st.tuples(_LEVELS, st.integers(1, 200)), min_size=1, max_size=12))
    return [level for level, count in stretches for _ in range(count)][:max_frames]


def cuttings(samples: int) -> st.SearchStrategy[list[int]]:
    """Places to cut so many samples at: few or many, on the frame grid or off it."""
    grid = st.integers(0, samples // FRAME_SAMPLES).map(lambda frame: frame * FRAME_SAMPLES)
    return st.one_of(
        st.lists(st.integers(0, samples) | grid, max_size=40),
        st.integers(300, 5000).map(lambda size: list(range(size, samples, size))),
    )


@st.composite
def timed_pieces(draw: st.DrawFn) -> Piece:
    """A Whisper segment whose tokens cut its bytes anywhere, with times that may be missing or go back."""
    text = draw(st.text("我不知道你去问 A3é，", max_size=12))
    raw = text.encode()
    edges = sorted({0, len(raw), *draw(st.lists(st.integers(0, len(raw)), max_size=8))})
    start, end = 1000, 1000 + draw(st.integers(1, 80_000))
    times = tuple(
        TokenTime(
            "".join(byte_letter(byte) for byte in raw[begin:stop]),
            draw(st.none() | st.integers(0, end + 20_000)),
        )
        for begin, stop in itertools.pairwise(edges)
    )
    return Piece(text, tuple(range(len(times))), start, end, times)


def byte_letter(byte: int) -> str:
    """The letter of a byte in the byte-level vocabulary, by the published rule."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    if byte in visible:
        return chr(byte)
    return chr(256 + [one for one in range(256) if one not in visible].index(byte))


WORDS = ("我不知道", "不知道", "你去问", "您稍等", "没时间", "好的")
PHRASES = WORDS[:3] + WORDS[4:5]


@st.composite
def conversations(draw: st.DrawFn) -> list[Hypothesis]:
    """Utterances whose texts change their minds from one hypothesis to the next; finals may be missing."""
    out: list[Hypothesis] = []
    begin_s = 0.0
    for utterance in range(draw(st.integers(1, 4))):
        begin_s += draw(st.sampled_from([0.2, 1.0, 2.5, 8.0]))
        for _ in range(draw(st.integers(0, 5))):
            out.append(draw(_guesses(utterance, begin_s, is_final=False)))
        if draw(st.integers(0, 9)) > 0:
            out.append(draw(_guesses(utterance, begin_s, is_final=True)))
        begin_s += 4.0
    return out


@st.composite
def _guesses(draw: st.DrawFn, utterance: int, begin_s: float, *, is_final: bool) -> Hypothesis:
    words = st.lists(st.sampled_from(WORDS), max_size=3)
    guesses = st.builds(lambda said, by: spoken("".join(said), max(0.0, begin_s + by)), words, jitters)
    alternatives = draw(st.lists(guesses, max_size=2)) if is_final else []
    return heard(draw(guesses), utterance, is_final=is_final, alternatives=alternatives)


jitters = st.floats(-0.14, 0.14)
"""Seconds by which revisions move a phrase; two of them stay within what counts as the same place."""


@dataclass(frozen=True)
class Step:
    """A change of a hit, and when it is decided on."""

    hit: Hit
    now_s: float


@st.composite
def hit_histories(draw: st.DrawFn, rule_ids: tuple[str, ...], *, overlap: bool = False) -> list[Step]:
    """Hits of some rules over hours, each with the states it goes through, in the order of decision.

    Without `overlap` no two hits share audio.
    """
    steps: list[Step] = []
    end_s = 2.0
    nearest = [0.0, 0.3] if overlap else []
    for number in range(draw(st.integers(1, 25))):
        end_s += draw(st.sampled_from([*nearest, 2.0, 5.0, 20.0, 61.0, 400.0, 1300.0]))
        length_s = draw(st.sampled_from([0.6, 1.2, 1.9]))
        hit = a_hit(
            draw(st.sampled_from(rule_ids)),
            f"h{number}",
            span_s=(max(0.0, end_s - length_s), end_s),
            confidence=draw(st.sampled_from([0.4, 0.6, 0.75, 0.9])),
            heard="我" * round(length_s * 5),
        )
        now_s = end_s + draw(st.sampled_from([0.1, 0.4, 6.0]))
        for state in draw(st.sampled_from(_LIVES)):
            steps.append(Step(replace(hit, state=state), now_s))
            now_s += draw(st.sampled_from([0.0, 0.3]))
    return sorted(steps, key=lambda step: step.now_s)


_LIVES: list[tuple[HitState, ...]] = [("confirmed",), ("tentative", "confirmed"), ("tentative", "withdrawn")]
