"""What roles, visits, courtesy and manner cost beside recognising and spotting, in seconds of one core.

    python bench/beside.py [--set SET.jsonl] [--partials]

Recordings through the whole run, one microphone, speakers found by listening: the conversations of the
fixtures, or those of a set. `added` is all CPU time inside of what finds speakers and follows visits, divided
by that of everything else, reading and voice activity among it. Whole utterances only, or with `--partials`
the live windows as well, as at a desk.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from functools import wraps
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import FIXTURES, clips_of, heading, save
from deskguard.desk import mind
from deskguard.desk.attending import Attendant
from deskguard.desk.casting import Casting
from deskguard.settings import Settings
from reading import load

spent_s: Counter[str] = Counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path)
    parser.add_argument("--partials", action="store_true")
    options = parser.parse_args()
    print(heading("base int8, 1 thread"))
    for part, owner, names in (
        ("roles", Casting, ("marked", "look", "cast", "end_visit")),
        ("visits", Attendant, ("feed", "tick", "recast", "finish")),
        ("manner", mind, ("measure",)),
    ):
        for name in names:
            setattr(owner, name, _timed(part, getattr(owner, name)))
    files = sorted(FIXTURES.glob("conv_*.flac"))
    if options.set is not None:
        files = [one.file for one in clips_of(options.set)]
    replayer = load(Settings(), is_live=options.partials)
    list(replayer.lines(str(files[0])))  # tables are made at the first use
    spent_s.clear()
    begun, audio_s = time.process_time(), 0.0
    for file in files:
        audio_s += list(replayer.lines(str(file)))[-1]["audio_s"]
    all_s = time.process_time() - begun
    added_s = spent_s.total()
    figures: dict[str, Any] = {
        "recordings": len(files),
        "audio_s": round(audio_s, 1),
        "cpu_s": round(all_s, 2),
        **{f"{part}_s": round(used, 2) for part, used in sorted(spent_s.items())},
        "added": round(added_s / (all_s - added_s), 4),
    }
    print(json.dumps(figures, indent=1))
    save("beside", figures)


def _timed(part: str, plain: Any) -> Any:
    @wraps(plain)
    def timed(*arguments: Any, **named: Any) -> Any:
        begun = time.process_time()
        try:
            return plain(*arguments, **named)
        finally:
            spent_s[part] += time.process_time() - begun

    return timed


if __name__ == "__main__":
    main()
