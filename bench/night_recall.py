"""What the night finds of the fixtures' phrases, by how it reads: with the beam, greedily, or in between.

    python bench/night_recall.py [--bars 0 -0.5 -10]

`--bars`: values of `[scoring] beam_below`. Every recording of `fixtures/audio` in which staff speak is examined
as `deskguard score` does it. A phrase is found if a hit of its rule is among the findings, counted or for a
person; a hit that no phrase of the recording allows is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, fixture_clips, heading, save
from deskguard.desk import compose
from deskguard.night.examiner import Examiner
from deskguard.night.jobs import Job, Setup
from deskguard.night.options import night_settings
from deskguard.scoring.values import Recording
from deskguard.settings import Settings


def main() -> None:
    arguments = _arguments()
    print(heading("base int8, settings of the night"))
    settings = night_settings(Settings(), None, is_single=True)
    rules = compose.load_rules(settings)
    recogniser = compose.load_recogniser(settings, max(1, settings.scoring.threads))
    clips = fixture_clips(FIXTURES)
    figures = {}
    for bar in arguments.bars:
        scoring = settings.scoring.model_copy(update={"beam_below": bar})
        own = settings.model_copy(update={"scoring": scoring})
        examiner = Examiner(Setup(settings=own, rules=rules, model="base", settings_sha256="bench"), recogniser)
        begun = time.process_time()
        said = found = wrong = 0
        for at, clip in enumerate(clips):
            recording = Recording(
                sha256=f"{at:064d}", path=str(clip.file), window_id="w", day=date(2026, 11, 30)
            )
            examined = examiner.examine(Job(recording=recording)).examined
            hits = [] if examined is None else [one for one in examined.findings if one.rule_id in rules.rules]
            raised = {one.rule_id for one in hits}
            said += len(clip.said)
            found += sum(one.rule_id in raised for one in clip.said)
            allowed = {rule for one in clip.said for rule in one.allowed}
            wrong += len(raised - allowed)
        figures[f"beam_below {bar}"] = {
            "said": said,
            "found": found,
            "wrong": wrong,
            "cpu_s": round(time.process_time() - begun, 1),
        }
        print(bar, figures[f"beam_below {bar}"], flush=True)
    print(json.dumps(figures, indent=1))
    save("night_recall", figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--bars", type=float, nargs="+", default=[0.0, -0.5, -10.0])
    return parser.parse_args()


if __name__ == "__main__":
    main()
