"""The real model asked once more: what was said is likelier than what was not, whatever it wrote down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import golden_recordings
from deskguard.hearing.media import read_recording
from deskguard.values import Hypothesis, Look, Suspect
from hearing_values import a_window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.hearing.recognise import Recogniser

pytestmark = pytest.mark.model

NAMES = ["t01_literal", "t04_literal", "t06_literal", "t09_variant", "t10_variant", "t13_literal"]


def read(recogniser: Recogniser, name: str) -> Hypothesis:
    pcm = np.concatenate([one.pcm[0] for one in read_recording(golden_recordings.load(name).path)])
    return recogniser.decode(replace(a_window(samples=pcm.size, end_reason="silence"), pcm=pcm))


def whole(hypothesis: Hypothesis, wording: str) -> Suspect:
    return Suspect(start_char=0, end_char=len(hypothesis.text), wording=wording)


def looks(recogniser: Recogniser, hypothesis: Hypothesis, wordings: Sequence[str]) -> list[Look]:
    found = recogniser.look(hypothesis, [whole(hypothesis, one) for one in wordings])
    assert None not in found
    return [one for one in found if one is not None]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_said_is_likelier_than_what_another_said(name: str, recogniser: Recogniser) -> None:
    hypothesis = read(recogniser, name)
    said = golden_recordings.load(name).text.rstrip("。？！")
    other = golden_recordings.load(NAMES[NAMES.index(name) - 1]).text
    own, foreign = looks(recogniser, hypothesis, [said, other])
    assert own.log_ratio > foreign.log_ratio + 10
    assert own.log_ratio / max(own.tokens, 1) > -3


@pytest.mark.parametrize("name", NAMES)
def test_the_text_as_heard_is_as_likely_as_itself(name: str, recogniser: Recogniser) -> None:
    hypothesis = read(recogniser, name)
    (look,) = recogniser.look(hypothesis, [replace(whole(hypothesis, hypothesis.text[:1]), end_char=1)])
    assert look == Look(log_ratio=0.0, tokens=0, span=recogniser.align(hypothesis).passage.span(0, 1))


def test_the_place_of_a_wording_is_where_the_aligned_text_has_it(recogniser: Recogniser) -> None:
    hypothesis = read(recogniser, "t01_literal")
    at = hypothesis.text.index("不知道")
    (look,) = recogniser.look(hypothesis, [Suspect(start_char=at, end_char=at + 3, wording="不知道")])
    assert look is not None
    assert look.span == recogniser.align(hypothesis).passage.span(at, at + 3)


def test_an_older_hypothesis_cannot_be_looked_at(recogniser: Recogniser) -> None:
    first = read(recogniser, "t01_literal")
    read(recogniser, "t04_literal")
    assert recogniser.look(first, [whole(first, "我不知道")]) == (None,)


def test_looks_count_as_compute_of_the_hypothesis_they_were_taken_at(recogniser: Recogniser) -> None:
    hypothesis = read(recogniser, "t01_literal")
    looks(recogniser, hypothesis, ["我不知道", "没有时间"])
    assert recogniser.align(hypothesis).decode_ns > hypothesis.decode_ns


def test_punctuation_of_a_wording_does_not_count(recogniser: Recogniser) -> None:
    hypothesis = read(recogniser, "t08_literal")
    with_it, without = looks(recogniser, hypothesis, ["有牌子……自己看", "有牌子自己看"])
    assert with_it == without
