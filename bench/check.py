"""Accuracy on the recordings of the repository against bench/baseline.json: fails when it has become worse.

    python bench/check.py               recall at most 0.02 lower, no more false alarms, else exit status 1
    python bench/check.py --update      take what is measured now as the baseline

Speakers are told, whole utterances are read, and no clock is asked, so that a machine gives the same figures
every time. Another kind of processor rounds differently and may turn a doubtful recording over.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, ROOT, Clip, fixture_clips, heading
from deskguard.settings import Settings
from reading import Reading, load, read
from scores import Judged, groups, score

BASELINE = ROOT / "bench" / "baseline.json"
RECALL_SLACK = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run over the fixed recordings came to."""

    phrases: int
    found: int
    false_alarms: tuple[str, ...]
    """Recording and rule of each."""
    missed: tuple[str, ...]
    conditions: dict[str, dict[str, Any]]

    @property
    def recall(self) -> float:
        return self.found / self.phrases

    def as_table(self) -> dict[str, Any]:
        return {
            "recall": round(self.recall, 4),
            "phrases": self.phrases,
            "found": self.found,
            "false_alarms": list(self.false_alarms),
            "missed": list(self.missed),
            "conditions": self.conditions,
        }


def fixed_clips() -> list[Clip]:
    """Single sentences and sound without speech; conversations take minutes and have tests of their own."""
    clips = fixture_clips(FIXTURES, with_visitors=True) + fixture_clips(FIXTURES / "check")
    return [clip for clip in clips if clip.kind != "conversation"]


def measured(reader: Callable[[Clip], Reading], clips: Sequence[Clip]) -> Outcome:
    """Read the recordings and count."""
    judged = [Judged(reader(clip)) for clip in clips]
    whole = score(judged)
    keys = ("phrases", "found", "recall", "innocent", "innocent_raised", "wrong")
    by_condition = groups(judged, lambda clip: clip.condition)
    return Outcome(
        phrases=whole["phrases"],
        found=whole["found"],
        false_alarms=tuple(
            sorted(f"{one.clip.file.stem} {hit.rule_id}" for one in judged for hit in one.wrong)
        ),
        missed=tuple(
            sorted(
                f"{one.clip.file.stem} {said.rule_id}"
                for one in judged
                for said, hit in one.found
                if hit is None
            )
        ),
        conditions={name: {key: row[key] for key in keys} for name, row in by_condition.items()},
    )


def regressions(now: Outcome, baseline: dict[str, Any]) -> list[str]:
    """What has become worse than the baseline allows, one sentence each; empty when all is well."""
    found = []
    if now.phrases != baseline["phrases"]:
        found.append(
            f"The recordings hold {now.phrases} phrases, the baseline was measured on {baseline['phrases']}: "
            "run make bench-check ARGS=--update and commit bench/baseline.json."
        )
    if now.recall < baseline["recall"] - RECALL_SLACK:
        lost = sorted(set(now.missed) - set(baseline["missed"]))
        found.append(
            f"Recall is {now.recall:.3f}, the baseline {baseline['recall']:.3f}, allowed down to "
            f"{baseline['recall'] - RECALL_SLACK:.3f}; no longer found: {', '.join(lost)}."
        )
    if len(now.false_alarms) > len(baseline["false_alarms"]):
        new = sorted(set(now.false_alarms) - set(baseline["false_alarms"]))
        found.append(
            f"There are {len(now.false_alarms)} false alarms, in the baseline {len(baseline['false_alarms'])}; "
            f"new: {', '.join(new)}."
        )
    return found


def load_baseline() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(BASELINE.read_text("utf-8"))
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write bench/baseline.json")
    options = parser.parse_args()
    about = heading("base int8, 1 thread")
    print(about)
    replayer = load(Settings())
    now = measured(lambda clip: read(replayer, clip), fixed_clips())
    print(f"recall {now.recall:.3f} ({now.found}/{now.phrases}), false alarms {len(now.false_alarms)}")
    for name, row in now.conditions.items():
        print(f"  {name:<10} found {row['found']}/{row['phrases']}, innocent raised", end=" ")
        print(f"{row['innocent_raised']}/{row['innocent']}, wrong hits {row['wrong']}")
    print("missed:", ", ".join(now.missed) or "nothing")
    print("false alarms:", ", ".join(now.false_alarms) or "none")
    if options.update:
        table = {"measured": about, **now.as_table()}
        BASELINE.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(f"wrote {BASELINE.relative_to(ROOT)}")
        return 0
    worse = regressions(now, load_baseline())
    print(*(worse or ["No worse than the baseline."]), sep="\n")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
