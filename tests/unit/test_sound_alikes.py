"""The innocent sentences that the confidence is fitted on sound like phrases, and are none."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from deskguard.desk import compose
from deskguard.settings import Settings
from deskguard.spotting.finding.spot import Spotter
from deskguard.values import Passage

SCRIPT = Path(__file__).resolve().parents[2] / "fixtures" / "scripts" / "sound_alikes.toml"
SENTENCES: list[dict[str, str]] = tomllib.loads(SCRIPT.read_text("utf-8"))["sentence"]


@pytest.fixture(scope="module")
def spotter() -> Spotter:
    return Spotter(compose.load_rules(Settings(), []))


@pytest.mark.parametrize("one", SENTENCES, ids=lambda one: f"{one['rule_id']} {one['words']}")
def test_sentence_sounds_like_a_phrase_and_holds_none(one: dict[str, str], spotter: Spotter) -> None:
    text, start = one["text"], one["text"].index(one["words"])
    end = start + len(one["words"])
    spans = tuple((at * 3200, (at + 1) * 3200) for at in range(len(text)))
    # A pack may excuse it in the meantime; it still sounds like the phrase.
    found = spotter.find(Passage(text=text, spans=spans), with_excused=True)
    assert not [match for match in found if match.tier == "characters" and not match.excused]
    assert [
        match
        for match in found
        if match.rule_id == one["rule_id"] and match.start_char < end and start < match.end_char
    ]


def test_every_phrase_has_its_sound_alikes() -> None:
    rules = Counter(one["rule_id"] for one in SENTENCES)
    assert {f"T{number:02}" for number in range(1, 16)} <= set(rules)
    assert max(rules.values()) < len(SENTENCES) / 5
