"""Which courtesy is missing in written visits: the rules alone, without sound.

    python bench/courtesy.py [--visits FOLDER] [--show] [--text-error 0.1]

Every file of `fixtures/scripts/visits` is of another writer, who has seen neither the courtesy file nor the
others' visits. A visit says which acts are `missing` in it and which are `doubtful`: these count neither right
nor wrong. Turns are spoken
at an even pace, speakers are told. Each visit is one ticket, or, with `--day`, all of a file come one after the
other, 8 to 40 s apart, and where they begin must be found. With `--text-error 0.1` a tenth of the characters is
misheard. `--show` prints what was wrong, with the turns: for development sets only.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, heading, save
from deskguard.desk import compose
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Courtesy, Hypothesis, Passage, QueueEvent, Visit
from deskguard.visits.reception import Reception
from mishearing import Mishearing

VISITS = ROOT / "fixtures" / "scripts" / "visits"
CHAR_S = 0.2
FIRST_S = 2.0
BETWEEN_S = (8.0, 40.0)
NEAR_S = 5.0
SEED = 20261130
Table = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=Path, default=VISITS)
    parser.add_argument("--day", action="store_true", help="one after the other, without a queue system")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--text-error", type=float, default=0.0)
    options = parser.parse_args()
    print(heading("no model, written visits"))
    book = compose.load_rules(Settings()).courtesy
    several = [path.read_text("utf-8") for path in sorted(options.visits.glob("*.toml"))]
    mishearing = Mishearing(several, SEED)
    figures: Table = {}
    for path in sorted(options.visits.glob("*.toml")):
        score = Score()
        visits = [
            {
                **visit,
                "turns": [(who, mishearing.of(text, options.text_error), s) for who, text, s in visit["turns"]],
            }
            for visit in tomllib.loads(path.read_text("utf-8"))["visit"]
        ]
        if options.day:
            told, score.begins = in_a_day(visits, book)
        else:
            told = [missing_in(one["turns"], Settings(), book, one.get("channel", "auto")) for one in visits]
        for visit, found in zip(visits, told, strict=True):
            if options.day and visit.get("channel", "auto") != "auto":
                continue
            score.take(visit, found, show=options.show)
        figures[path.stem] = score.figures
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    save("courtesy", figures)


@dataclass(slots=True)
class Score:
    """Missing acts told right, told too much, and left out."""

    right: int = 0
    extra: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    begins: Table = field(default_factory=dict)

    def take(self, visit: Table, told: dict[str, Courtesy], *, show: bool) -> None:
        expected, doubtful = set(visit["missing"]), set(visit["doubtful"])
        found = set(told) - doubtful
        self.right += len(found & expected)
        self.extra.update(found - expected)
        self.left_out.update(expected - found)
        if show and found != expected:
            print(f"\n{visit['id']}: extra {found - expected}, left out {expected - found}")
            print("\n".join(f"  {role[0]} {pause:>5} {text}" for role, text, pause in visit["turns"]))
            print(*(f"  {one.act_id}: {one.why}" for one in told.values()), sep="\n")

    @property
    def figures(self) -> Table:
        return {
            "right": self.right,
            "precision": round(self.right / max(1, self.right + self.extra.total()), 3),
            "recall": round(self.right / max(1, self.right + self.left_out.total()), 3),
            "begins": self.begins,
            "extra": dict(self.extra.most_common()),
            "left_out": dict(self.left_out.most_common()),
        }


def missing_in(turns: list[Any], settings: Settings, book: Any, channel: str) -> dict[str, Courtesy]:
    """The acts that are missing at the end of a visit."""
    visits = settings.visits.model_copy(update={"channel": channel, "silence_s": 3600.0})
    reception = Reception(book, visits, "bench")
    found: list[Any] = []
    if channel == "auto":
        # What is asked is not where a visit ends, which pauses that are only written cannot tell.
        found += reception.queue(QueueEvent(kind="called", ticket="1", at_sample=0))
    found += spoken(reception, turns, FIRST_S)[0] + reception.finish()
    return _missing(found)


def in_a_day(visits: list[Table], book: Any) -> tuple[list[dict[str, Courtesy]], Table]:
    """The same for visits at a counter one after the other, and how often their beginnings were found."""
    chance = random.Random(SEED)
    reception = Reception(book, Settings().visits, "bench")
    found: list[Any] = []
    spans, at_s = [], FIRST_S
    for visit in visits:
        if visit.get("channel", "auto") != "auto":
            spans.append((-1.0, -1.0))
            continue
        at_s += chance.uniform(*BETWEEN_S)
        heard, end_s = spoken(reception, visit["turns"], at_s)
        found += heard
        spans.append((at_s, end_s))
        at_s = end_s
    found += reception.finish()
    made = {one.visit_id: one for one in found if isinstance(one, Visit)}
    begun = {name: one.start_sample / SAMPLE_RATE_HZ for name, one in made.items()}
    own: dict[str, int] = {}
    for name, one in made.items():
        middle_s = (begun[name] + (one.end_sample or one.start_sample) / SAMPLE_RATE_HZ) / 2
        own[name] = min(range(len(spans)), key=lambda at: abs(sum(spans[at]) / 2 - middle_s))
    right = sum(any(abs(one - start) <= NEAR_S for one in begun.values()) for start, _ in spans if start >= 0)
    told: list[dict[str, Courtesy]] = [{} for _ in visits]
    for each in {one.courtesy_id: one for one in found if isinstance(one, Courtesy)}.values():
        if each.state == "missing":
            told[own[each.visit_id]][each.act_id] = each
    return told, {"right": right, "made": len(begun), "due": sum(start >= 0 for start, _ in spans)}


def spoken(reception: Reception, turns: list[Any], at_s: float) -> tuple[list[Any], float]:
    """What a reception tells of turns that begin at a time; and when they end."""
    found: list[Any] = []
    for role, text, pause_s in turns:
        at_s += pause_s
        marks = [round((at_s + index * CHAR_S) * SAMPLE_RATE_HZ) for index in range(len(text) + 1)]
        at_s += len(text) * CHAR_S
        found += reception.tick(marks[0])
        found += reception.feed(
            Hypothesis(
                utterance_id=marks[0],
                passage=Passage(text=text, spans=tuple(pairwise(marks))),
                start_sample=marks[0],
                end_sample=marks[-1],
                is_final=True,
                role=role,
            )
        )
    return found, at_s


def _missing(found: list[Any]) -> dict[str, Courtesy]:
    last = {one.courtesy_id: one for one in found if isinstance(one, Courtesy)}
    return {one.act_id: one for one in last.values() if one.state == "missing"}


if __name__ == "__main__":
    main()
