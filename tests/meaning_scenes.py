"""Candidates and scenes for the tests of meaning, out of plain sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deskguard.rules.pack import RuleSet, load_packs
from deskguard.spotting.finding.spot import Spotter
from deskguard.spotting.meaning.judge import Meaning
from deskguard.spotting.scene import Said, Scene, Verdict
from deskguard.values import SAMPLE_RATE_HZ, Candidate, Passage, Role
from rules_packs import entry, pack_file, passage

CHAR_S = 0.2


def samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def said(text: str, start_s: float = 0.0, role: Role = "staff") -> Said:
    """An utterance at an even pace from `start_s` on."""
    shift = samples(start_s)
    spans = tuple((start + shift, end + shift) for start, end in passage(text, CHAR_S).spans)
    return Said(role=role, passage=Passage(text=text, spans=spans))


def scene(
    utterance: Said, before: tuple[Said, ...] = (), after: tuple[Said, ...] = (), *, is_closed: bool = True
) -> Scene:
    last = [*before, utterance, *after][-1]
    return Scene(
        said=utterance,
        before=before,
        after=after,
        is_closed=is_closed,
        heard_until_sample=last.end_sample,
    )


def talk(*lines: str, pause_s: float = 1.0) -> tuple[Said, ...]:
    """A conversation from lines that begin with 员： or 客：, with a pause between two."""
    utterances: list[Said] = []
    at = 0.0
    for line in lines:
        role: Role = "staff" if line[0] == "员" else "visitor"
        utterances.append(said(line[2:], at, role))
        at += len(line[2:]) * CHAR_S + pause_s
    return tuple(utterances)


class Bench:
    """One rule with its conditions, spotter and judge."""

    def __init__(self, folder: Path, phrase: str, *extra: str, **keys: object) -> None:
        language = folder / "no-language"
        self.rules: RuleSet = load_packs([pack_file(folder, entry(phrase, **keys), *extra)], language=language)
        self.spotter = Spotter(self.rules)
        self.meaning = Meaning(self.rules)

    def candidate(self, text: str) -> Candidate:
        """The first place that reads like the phrase, or the phrase as it is written when none was found."""
        found = self.spotter.find(passage(text, CHAR_S))
        if found:
            return found[0]
        phrase = self.rules.rules["P1"].phrase
        at = text.index(phrase)
        return Candidate(
            rule_id="P1",
            variant=phrase,
            start_char=at,
            end_char=at + len(phrase),
            tier="characters",
            syllables=len(phrase),
        )

    def judge(self, text: str, *, is_closed: bool = True) -> Verdict:
        return self.meaning.judge(self.candidate(text), scene(said(text), is_closed=is_closed))

    def ruling(self, text: str) -> str:
        return self.judge(text).ruling

    def judge_in(
        self, utterances: tuple[Said, ...], number: int, *, is_closed: bool = True, heard_s: float | None = None
    ) -> Verdict:
        """The verdict on the phrase in utterance `number`, counted from 0."""
        at = utterances[number]
        one = scene(at, utterances[:number], utterances[number + 1 :], is_closed=is_closed)
        if heard_s is not None:
            one = replace(one, heard_until_sample=samples(heard_s))
        return self.meaning.judge(self.candidate(at.passage.text), one)
