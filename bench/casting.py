"""Whole conversations of one microphone through the real desk: who is taken for whom, and what is shown.

    python bench/casting.py [--set SET.jsonl] [--match one_mic,dry_mono] [--no-fixtures] [--details]

No role is told. Recordings are played on a clock on which compute takes no time, live windows included, so
every window is read and a busy machine gives the same figures. An utterance counts when it has more than a
second of speech, of one speaker: its role at once is the one told with its final text, at the end the last one
told. *Turns* are those of the set, over a second, each with the role of the utterances that cover it, whatever
they hold beside it. A hit is the visitor's when the middle of its words lies in a visitor's turn.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, Clip, clips_of, fixture_clips, heading, save
from deskguard.desk import compose
from deskguard.desk.mind import Beside, Mind, Outcome
from deskguard.desk.modelled import ModelledRun
from deskguard.hearing.media import read_recording
from deskguard.hearing.recognise import Recogniser
from deskguard.rules.pack import RuleSet
from deskguard.settings import Settings
from deskguard.values import Alert, Hypothesis, Labelled, seconds

_SLACK_S = 0.1
_MIXED = 0.2
"""An utterance of which so much, of the main speaker's part, is another's has no right answer."""


@dataclass(slots=True)
class Told:
    """What recordings came to."""

    utterances: Counter[str] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    audio_s: float = 0.0

    def add(self, other: Told) -> None:
        self.utterances += other.utterances
        self.turns += other.turns
        self.hits += other.hits
        self.audio_s += other.audio_s


class Desk:
    """A loaded model and the rules, for any number of recordings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._recogniser: Recogniser = compose.load_recogniser(settings)
        self._rules: RuleSet = compose.load_rules(settings)

    def outcomes(self, clip: Clip) -> Iterator[Outcome]:
        beside = Beside(casting=compose.new_casting(self._settings))
        mind = Mind(self._recogniser, self._rules, self._settings, clip.file.stem, beside)
        endpointer = compose.new_endpointer(self._settings)
        run = ModelledRun(endpointer, mind, self._settings.queues.final_s, compute_ns=lambda: 0)
        yield from run.run(read_recording(clip.file))


def judged(clip: Clip, outcomes: list[Outcome], *, details: bool) -> Told:
    finals = [one for one in outcomes if isinstance(one, Hypothesis) and one.is_final and one.text]
    at_end = {one.utterance_id: one.role for one in finals}
    at_end |= {one.utterance_id: one.role for one in outcomes if isinstance(one, Labelled)}
    told = Told(audio_s=max((stop for _, _, stop in clip.speakers), default=0.0))
    for said in finals:
        start_s, end_s = _span(said)
        truth = speaker(clip, start_s, end_s)
        voiced_s = seconds(said.sound.voiced_samples) if said.sound else 0.0
        if details:
            mark = " " if said.role in (truth, "unknown") else "!"
            print(
                f"  {mark} {start_s:7.2f}-{end_s:7.2f} {voiced_s:5.2f} {truth:8} {said.role:8}"
                f" {at_end[said.utterance_id]:8} {said.role_confidence:.3f} {said.text}"
            )
        if truth in ("both", "nobody"):
            told.utterances[truth] += 1
        elif voiced_s > 1.0:
            told.utterances += _counted(truth, said.role, at_end[said.utterance_id])
    told.turns += of_turns(clip, finals, at_end)
    told.hits += of_hits(clip, [one for one in outcomes if isinstance(one, Alert)], details=details)
    return told


def _counted(truth: str, at_once: str, at_end: str) -> Counter[str]:
    count = Counter(all=1)
    for when, role in (("at_once", at_once), ("at_end", at_end)):
        count[f"{when}_decided"] += role != "unknown"
        count[f"{when}_right"] += role == truth
        count[f"{when}_accused"] += role == "staff" and truth == "visitor"
    return count


def _span(said: Hypothesis) -> tuple[float, float]:
    if said.sound is not None:
        return seconds(said.sound.start_sample), seconds(said.sound.end_sample)
    return seconds(said.start_sample), seconds(said.end_sample)


def of_turns(clip: Clip, finals: list[Hypothesis], at_end: dict[int, str]) -> Counter[str]:
    """Every turn over a second by the role of most of what was heard of it."""
    count: Counter[str] = Counter()
    for truth, begin, stop in clip.speakers:
        if stop - begin <= 1.0:
            continue
        shares = {"at_once": Counter[str](), "at_end": Counter[str]()}
        for said in finals:
            start_s, end_s = _span(said)
            shared = min(stop, end_s) - max(begin, start_s)
            if shared > 0:
                shares["at_once"][said.role] += shared
                shares["at_end"][at_end[said.utterance_id]] += shared
        roles = {when: (one.most_common(1) or [("unknown", 0)])[0][0] for when, one in shares.items()}
        count += _counted(truth, roles["at_once"], roles["at_end"])
    return count


def of_hits(clip: Clip, alerts: list[Alert], *, details: bool) -> Counter[str]:
    """Hits by who spoke, who is taken for the speaker in the end, and whether a card was ever shown."""
    states: dict[str, list[Alert]] = {}
    for one in alerts:
        states.setdefault(one.hit.hit_id, []).append(one)
    count: Counter[str] = Counter()
    for told in states.values():
        last = told[-1].hit
        is_shown = any(one.suppressed is None and one.hit.state != "withdrawn" for one in told)
        if last.state == "withdrawn" and not is_shown:
            continue
        middle_s = seconds(last.start_sample + last.end_sample) / 2
        truth = speaker(clip, middle_s - 0.05, middle_s + 0.05)
        count[f"{truth}, taken for {last.role}"] += 1
        count[f"{truth}, shown"] += is_shown
        if details:
            path = " > ".join(f"{one.hit.role} {one.hit.state} {one.suppressed or 'shown'}" for one in told)
            print(f"    hit of {truth} at {middle_s:.2f}, {last.rule_id}: {path}")
    return count


def speaker(clip: Clip, start_s: float, end_s: float) -> str:
    """Who speaks in a stretch: staff, visitor, or another name of the set; both; nobody."""
    said: Counter[str] = Counter()
    for role, begin, stop in clip.speakers:
        said[role] += max(0.0, min(end_s, stop + _SLACK_S) - max(start_s, begin - _SLACK_S))
    ranked = said.most_common(2)
    if not ranked or ranked[0][1] <= 0:
        return "nobody"
    return "both" if len(ranked) > 1 and ranked[1][1] >= _MIXED * ranked[0][1] else ranked[0][0]


def show(name: str, told: Told) -> None:
    for what, one in (("utterances", told.utterances), ("turns", told.turns)):
        parts = [f"{name}: {one['all']} {what}"]
        for when in ("at_once", "at_end"):
            decided = one[f"{when}_decided"]
            parts.append(
                f"{when.replace('_', ' ')} decided {decided / max(1, one['all']):.3f}, right "
                f"{one[f'{when}_right'] / max(1, decided):.4f}, visitor as clerk {one[f'{when}_accused']}"
            )
        print("; ".join(parts))
    beside = {key: told.utterances[key] for key in ("both", "nobody")}
    print(f"{name}: not counted {beside}; hits {dict(sorted(told.hits.items()))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path)
    parser.add_argument("--match", default="", help="only recordings whose name holds one of these")
    parser.add_argument("--no-fixtures", action="store_true")
    parser.add_argument("--details", action="store_true", help="every utterance and hit")
    args = parser.parse_args()
    clips = [] if args.no_fixtures else fixture_clips(FIXTURES, with_visitors=True)
    clips += clips_of(args.set) if args.set else []
    names = [one for one in args.match.split(",") if one]
    clips = [one for one in clips if len({role for role, _, _ in one.speakers}) > 1]
    clips = [one for one in clips if not names or any(name in one.file.name for name in names)]
    print(heading("GE2E, Whisper base"))
    desk, whole = Desk(Settings()), Told()
    begun = time.process_time()
    for clip in clips:
        if args.details:
            print(clip.file.name)
        told = judged(clip, list(desk.outcomes(clip)), details=args.details)
        show(clip.file.name, told)
        whole.add(told)
    show("all", whole)
    print(f"{whole.audio_s:.0f} s of audio in {time.process_time() - begun:.0f} s of CPU")
    save("casting", {"utterances": whole.utterances, "turns": whole.turns, "hits": whole.hits})


if __name__ == "__main__":
    main()
