"""The voice encoder on the conversations of fixtures/audio: turns told apart, and known at the next visit."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deskguard import resources
from deskguard.hearing.media import read_recording
from deskguard.hearing.roles.onemic import OneMicrophone
from deskguard.hearing.roles.voice import Embedder
from deskguard.values import SAMPLE_RATE_HZ, Pcm
from golden_recordings import FOLDER

CONVERSATIONS = ("conv_closing_time", "conv_complaint_polite", "conv_phone_polite", "conv_pushed_around")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(resources.bundled("models/roles"))


def turns_of(name: str) -> list[tuple[str, str, Pcm]]:
    """Who spoke, the words and the sound of each turn, as the manifest says."""
    table: dict[str, Any] = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    pcm = np.concatenate([chunk.pcm[0] for chunk in read_recording(FOLDER / f"{name}.flac")])
    rate = SAMPLE_RATE_HZ
    return [
        (turn["speaker"], turn["text"], pcm[int(turn["start_s"] * rate) : int(turn["end_s"] * rate)])
        for turn in table["turn"]
    ]


def roles_of(ears: OneMicrophone, turns: list[tuple[str, str, Pcm]], words: Callable[[str], str]) -> list[str]:
    """The role of each turn when the visit is over."""
    roles: dict[int, str] = {}
    for at, (_, text, pcm) in enumerate(turns):
        roles |= {label.utterance_id: label.role for label in ears.feed(at, pcm, pcm.size, words(text))}
    return [roles[at] for at in range(len(turns))]


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_turns_of_a_visit_are_told_apart_and_none_is_wrong(embedder: Embedder, name: str) -> None:
    turns = turns_of(name)
    told = roles_of(OneMicrophone(embedder.voice), turns, words=str)
    long = [(role, one) for one, (role, _, pcm) in zip(told, turns, strict=True) if pcm.size > SAMPLE_RATE_HZ]
    decided = [(role, one) for role, one in long if one != "unknown"]
    assert [one for role, one in decided] == [role for role, one in decided]
    assert len(decided) >= 0.75 * len(long)


def test_the_clerk_is_known_without_a_word_at_the_next_visit(embedder: Embedder) -> None:
    turns = turns_of("conv_phone_polite")
    ears = OneMicrophone(embedder.voice)
    half = len(turns) // 2
    roles_of(ears, turns[:half], words=str)
    ears.forget_visit()
    told = roles_of(ears, turns[half:], words=lambda _: "")
    decided = [(role, one) for one, (role, _, _) in zip(told, turns[half:], strict=True) if one != "unknown"]
    assert {one for _, one in decided} == {"staff", "visitor"}
    assert all(role == one for role, one in decided)


def test_words_of_the_other_side_are_needed_before_anybody_is_named(embedder: Embedder) -> None:
    turns = turns_of("conv_phone_polite")
    told = roles_of(OneMicrophone(embedder.voice), turns, words=lambda _: "")
    assert set(told) == {"unknown"}


def test_a_second_of_speech_costs_a_small_part_of_a_step(embedder: Embedder) -> None:
    """11 ms of the network and 6 of the timbre on an idle machine; six times that on a busy one."""
    pcm = max((one for _, _, one in turns_of("conv_phone_polite")), key=lambda one: one.size)[:48_000]
    spent = []
    for _ in range(3):
        begun = time.process_time()
        embedder.voice(pcm)
        spent.append(time.process_time() - begun)
    assert min(spent) / (pcm.size / SAMPLE_RATE_HZ) < 0.1
