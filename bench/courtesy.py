"""Which courtesy is missing in written visits: the rules alone, without sound.

    python bench/courtesy.py [--visits FOLDER] [--show] [--text-error 0.1]

Every file of `fixtures/scripts/visits` is of another writer, who has seen neither the courtesy file nor the
others' visits. A visit says which acts are `missing` in it and which are `doubtful`: these count neither right
nor wrong. Turns are spoken at an even pace, speakers are told. With `--text-error` so large a share of the
characters sounds alike and reads otherwise, as a recogniser writes it. `--show` prints what was wrong, with the
turns: for development sets only.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, heading, save
from deskguard.desk import compose
from deskguard.settings import Settings
from deskguard.values import SAMPLE_RATE_HZ, Courtesy, Hypothesis, Passage, QueueEvent
from deskguard.visits.reception import Reception
from mishearing import Mishearing

VISITS = ROOT / "fixtures" / "scripts" / "visits"
CHAR_S = 0.2
FIRST_S = 2.0
Table = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=Path, default=VISITS)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--text-error", type=float, default=0.0)
    options = parser.parse_args()
    print(heading("no model, written visits"))
    book = compose.load_rules(Settings()).courtesy
    several = [path.read_text("utf-8") for path in sorted(options.visits.glob("*.toml"))]
    mishearing = Mishearing(several, 20261130)
    figures: Table = {}
    for path in sorted(options.visits.glob("*.toml")):
        right, extra, left_out = 0, Counter[str](), Counter[str]()
        for visit in tomllib.loads(path.read_text("utf-8"))["visit"]:
            turns = [
                (role, mishearing.of(text, options.text_error), pause) for role, text, pause in visit["turns"]
            ]
            told = missing_in(turns, Settings().model_copy(), book, visit.get("channel", "auto"))
            expected, doubtful = set(visit["missing"]), set(visit["doubtful"])
            found = set(told) - doubtful
            right += len(found & expected)
            extra.update(found - expected)
            left_out.update(expected - found)
            if options.show and found != expected:
                print(f"\n{visit['id']}: extra {found - expected}, left out {expected - found}")
                print("\n".join(f"  {role[0]} {pause:>5} {text}" for role, text, pause in visit["turns"]))
                print(*(f"  {one.act_id}: {one.why}" for one in told.values()), sep="\n")
        figures[path.stem] = {
            "right": right,
            "precision": round(right / max(1, right + extra.total()), 3),
            "recall": round(right / max(1, right + left_out.total()), 3),
            "extra": dict(extra.most_common()),
            "left_out": dict(left_out.most_common()),
        }
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    save("courtesy", figures)


def missing_in(turns: list[Any], settings: Settings, book: Any, channel: str) -> dict[str, Courtesy]:
    """The acts that are missing at the end of a visit."""
    visits = settings.visits.model_copy(update={"channel": channel, "silence_s": 3600.0})
    reception = Reception(book, visits, "bench")
    found: list[Any] = []
    at_s = FIRST_S
    if channel == "auto":
        # What is asked is not where a visit ends, which pauses that are only written cannot tell.
        found += reception.queue(QueueEvent(kind="called", ticket="1", at_sample=0))
    for number, (role, text, pause_s) in enumerate(turns):
        at_s += pause_s
        marks = [round((at_s + index * CHAR_S) * SAMPLE_RATE_HZ) for index in range(len(text) + 1)]
        at_s += len(text) * CHAR_S
        found += reception.tick(marks[0])
        found += reception.feed(
            Hypothesis(
                utterance_id=number,
                passage=Passage(text=text, spans=tuple(pairwise(marks))),
                start_sample=marks[0],
                end_sample=marks[-1],
                is_final=True,
                role=role,
            )
        )
    found += reception.finish()
    last = {one.courtesy_id: one for one in found if isinstance(one, Courtesy)}
    return {one.act_id: one for one in last.values() if one.state == "missing"}


if __name__ == "__main__":
    main()
