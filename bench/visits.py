"""Where visits begin and end, and which courtesy is missing in them, in conversations through the whole run.

    python bench/visits.py --set SET.jsonl [--condition clean] [--found]

Speakers are those of the set; with `--found` they are found by listening, as at a desk. A line of the set names
its `visits`, each with `start_s`, `end_s`, the ids of acts that are `missing` in it, and of those that are
`doubtful`: these count neither right nor wrong. A begin or an end is right when one of the run lies within 5 s
of it. Every missing act counts once a visit. Nothing that was said is printed or kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import clips_of, heading, save
from deskguard.settings import Settings
from reading import given_roles, load

Line = dict[str, Any]
NEAR_S = 5.0


@dataclass(slots=True)
class Score:
    """Counts of right, told too much, and left out."""

    right: int = 0
    extra: int = 0
    left_out: int = 0
    which: Counter[str] = field(default_factory=Counter)

    @property
    def figures(self) -> dict[str, Any]:
        precision = self.right / max(1, self.right + self.extra)
        recall = self.right / max(1, self.right + self.left_out)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        told = {"right": self.right, "extra": self.extra, "left_out": self.left_out}
        return told | {
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(f1, 3),
            "which": dict(self.which.most_common()),
        }


def boundaries(score: Score, due: list[float], told: list[float], name: str) -> None:
    """Match each boundary with the nearest one of the run that is not taken yet."""
    free = list(told)
    for at in due:
        near = min(free, key=lambda one: abs(one - at), default=None)
        if near is not None and abs(near - at) <= NEAR_S:
            free.remove(near)
            score.right += 1
        else:
            score.left_out += 1
            score.which[f"{name} left out"] += 1
    score.extra += len(free)
    score.which[f"{name} too many"] += len(free)


def missing(score: Score, due: list[Line], lines: list[Line], visits: list[Line]) -> None:
    """Compare the missing acts of each visit of the set with those of the run's visits that lie in it."""
    told: dict[int, set[str]] = {}
    spans = {one["visit_id"]: (one["start_s"], one["end_s"]) for one in visits}
    last = {one["courtesy_id"]: one for one in lines if one["type"] == "courtesy"}
    for one in last.values():
        if one["state"] == "missing":
            start, end = spans[one["visit_id"]]
            middle = (start + (end or start)) / 2
            place = min(range(len(due)), key=lambda at: abs(_middle(due[at]) - middle))
            told.setdefault(place, set()).add(one["act_id"])
    for place, visit in enumerate(due):
        expected, doubtful = set(visit.get("missing", ())), set(visit.get("doubtful", ()))
        found = told.get(place, set()) - doubtful
        score.right += len(found & expected)
        score.extra += len(found - expected)
        score.left_out += len(expected - found)
        score.which.update(f"{act} extra" for act in found - expected)
        score.which.update(f"{act} left out" for act in expected - found)


def _middle(visit: Line) -> float:
    return float((visit["start_s"] + visit["end_s"]) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--condition", default="clean")
    parser.add_argument("--found", action="store_true", help="speakers are found by listening")
    options = parser.parse_args()
    rows = [json.loads(row) for row in options.set.read_text("utf-8").splitlines()]
    clips = clips_of(options.set)
    replayer = load(Settings())
    begins, ends, acts = Score(), Score(), Score()
    for row, clip in zip(rows, clips, strict=True):
        if not row.get("visits") or clip.condition != options.condition:
            continue
        roles = None if options.found else given_roles(clip, str(clip.file))
        lines = list(replace(replayer, roles=roles).lines(str(clip.file)))
        visits = list({one["visit_id"]: one for one in lines if one["type"] == "visit"}.values())
        due = row["visits"]
        boundaries(begins, [one["start_s"] for one in due], [one["start_s"] for one in visits], "begin")
        told_ends = [one["end_s"] for one in visits if one["end_s"] is not None]
        boundaries(ends, [one["end_s"] for one in due], told_ends, "end")
        missing(acts, due, lines, visits)
    figures = {"begins": begins.figures, "ends": ends.figures, "missing_acts": acts.figures}
    print(heading("base int8, 1 thread"))
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    save("visits", figures)


if __name__ == "__main__":
    main()
