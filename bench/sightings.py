"""Look at every candidate of a set: the evidence for each, and whether its words were said there.

    python bench/sightings.py SET.jsonl [--why WHY] [--others TABLE.tsv] [--rules FOLDER]

Reads each recording as the desk does, in live windows, at pauses and at the end, and keeps the evidence in
bench/out/sightings.jsonl for bench/fit_confidence.py: whether it was said is known from the place of the set's
phrases, else from what the transcript holds by its characters: the same syllables in other words are not the
phrase. What was meant does not count here. It goes on where it stopped.
`--others` adds recordings in which no phrase is said (TSV: file, transcript).
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, Clip, clips_of
from deskguard.desk import compose
from deskguard.hearing.media import read_recording
from deskguard.hearing.recognise import Recogniser
from deskguard.language.text import normalise
from deskguard.rules.spelling import parse
from deskguard.settings import Settings, SpottingSettings
from deskguard.spotting.finding.spot import Spotter
from deskguard.spotting.hits.confidence import Belief
from deskguard.spotting.hits.conversation import Conversation
from deskguard.spotting.hits.rulebook import Rulebook
from deskguard.spotting.hits.sighting import Ear, Sighter, Sighting
from deskguard.values import Passage, SpeechWindow, seconds

SIGHTINGS = ROOT / "bench" / "out" / "sightings.jsonl"
_SLACK_S = 0.4
_LIVE_EACH = 6
"""Of the live windows, every sixth is looked at: they are much alike."""


class Collector:
    """Looks at the candidates of recordings with the desk's own parts."""

    def __init__(self, rules_folder: Path | None) -> None:
        self._settings = Settings()
        self._rules = compose.load_rules(self._settings, [rules_folder] if rules_folder else [])
        self._recogniser: Recogniser = compose.load_recogniser(self._settings)
        self._spotter = Spotter(self._rules)
        self._rulebook = Rulebook.of(self._rules, self._settings.spotting)

    def rows(self, clip: Clip) -> list[dict[str, Any]]:
        conversation = Conversation()
        # Everything is looked at, however little hope there is for it.
        everything = SpottingSettings(characters_from=0, sound_from=0, near_from=0)
        rulebook = replace(self._rulebook, belief=Belief(everything, {}))
        ear = Ear(self._recogniser.align, self._recogniser.look)
        sighter = Sighter(rulebook, ear, conversation)
        literal = self._literal(clip.text)
        rows = []
        for window in self._windows(clip):
            hypothesis = self._recogniser.decode(window)
            conversation.hear(hypothesis)
            for sighting in sighter.see(hypothesis):
                rows.append(
                    {
                        "clip": name_of(clip),
                        "kind": clip.kind,
                        "why": clip.why,
                        "condition": clip.condition,
                        "rule_id": sighting.candidate.rule_id,
                        "variant": sighting.candidate.variant,
                        "said": was_said(sighting, clip, literal),
                        "verbatim": is_verbatim(sighting.candidate.variant, clip.text),
                        "evidence": asdict(sighting.evidence),
                    }
                )
        return rows

    def _windows(self, clip: Clip) -> list[SpeechWindow]:
        endpointer = compose.new_endpointer(self._settings)
        windows = [window for chunk in read_recording(clip.file) for window in endpointer.feed(chunk)]
        # Sound may go on to the very end.
        windows += endpointer.finish()
        live = [one for one in windows if not (one.is_final or one.is_pause)]
        kept = {id(one) for one in live[::-_LIVE_EACH]}
        return [one for one in windows if one.is_final or one.is_pause or id(one) in kept]

    def _literal(self, text: str) -> set[str]:
        """Rules whose words the transcript holds by character, whether they count there or not."""
        spans = tuple((at * 3200, (at + 1) * 3200) for at in range(len(text)))
        found = self._spotter.find(Passage(text=text, spans=spans), with_excused=True)
        chars = normalise(text).chars
        known = {one.rule_id for one in found if one.tier == "characters"}
        return known | {
            rule.rule_id
            for rule in self._rules.rules.values()
            if any(normalise(one.text).chars in chars for one in rule.variants)
        }


def was_said(sighting: Sighting, clip: Clip, literal: set[str]) -> bool:
    """Whether the words of the rule were said at this place."""
    start, end = seconds(sighting.start_sample), seconds(sighting.end_sample)
    for one in clip.said:
        if sighting.candidate.rule_id not in one.allowed:
            continue
        if one.start_s is None or one.end_s is None:
            return True
        if start < one.end_s + _SLACK_S and end > one.start_s - _SLACK_S:
            return True
    return sighting.candidate.rule_id in literal - {one.rule_id for one in clip.said}


def is_verbatim(variant: str, text: str) -> bool:
    """Whether the transcript holds this very spelling; another of its rule may have been said instead."""
    chars, at = normalise(text).chars, 0
    for piece in parse(variant).pieces:
        found = chars.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def others(table: Path) -> list[Clip]:
    rows = csv.DictReader(table.open(encoding="utf-8"), delimiter="\t")
    return [Clip(file=table.parent / row["file"], text=row["transcript"], kind="other people") for row in rows]


def collect(options: argparse.Namespace) -> None:
    SIGHTINGS.parent.mkdir(exist_ok=True)
    done = set()
    if SIGHTINGS.is_file():
        done = {json.loads(line)["clip"] for line in SIGHTINGS.read_text("utf-8").splitlines()}
    clips = clips_of(options.set) if options.set else []
    clips = [clip for clip in clips if options.why in (None, clip.why)]
    clips += others(options.others)[:: options.each] if options.others else []
    clips = [clip for clip in clips if clip.kind != "conversation" and name_of(clip) not in done]
    # In any order, so that a part of the set is like all of it.
    random.Random(20261121).shuffle(clips)
    collector = Collector(options.rules)
    with SIGHTINGS.open("a", encoding="utf-8") as file:
        for number, clip in enumerate(clips, 1):
            rows = collector.rows(clip)
            # A recording without candidates is done, too.
            for row in [
                {"clip": name_of(clip), "kind": clip.kind, "said_rules": sorted(clip_rules(clip))},
                *rows,
            ]:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            if number % 25 == 0:
                print(f"{number}/{len(clips)}", flush=True)


def name_of(clip: Clip) -> str:
    """The recording within its set: the same words lie in one folder for each condition."""
    return f"{clip.file.parent.name}/{clip.file.name}"


def clip_rules(clip: Clip) -> set[str]:
    return {one.rule_id for one in clip.said}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path, nargs="?")
    parser.add_argument("--why", help="of the set, only what is innocent in this way, such as sound_alike")
    parser.add_argument("--others", type=Path, metavar="TABLE.tsv")
    parser.add_argument("--each", type=int, default=1, help="of the others, every so manieth")
    parser.add_argument("--rules", type=Path, help="packs to look for; the bundled ones without")
    collect(parser.parse_args())


if __name__ == "__main__":
    main()
