"""What the night's model costs beside recognition: keeping examinations, reading them, scoring a month.

    python bench/scoring.py                       60 windows, a file
    python bench/scoring.py --windows 300 --store postgresql://user@host/empty_database

Everything is made up: 22 days of one recording a window, 40 findings and 400 texts in each. No audio, no model.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import heading, save
from deskguard.desk.usage import peak_rss_mb
from deskguard.scoring.card_files import find_card
from deskguard.scoring.policy import Policy
from deskguard.scoring.results import several_scores
from deskguard.scoring.store import NightStore
from deskguard.scoring.values import Examination, Examined, Exposure, Finding, Recording, Spoken, finding_id
from deskguard.values import ClauseRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.scoring.periods import Per
    from deskguard.scoring.tally import By

DAYS, FINDINGS, TEXTS = 22, 40, 400
HOUR = 3600 * 16_000
CLAUSE = ClauseRef(
    standard="s003", title="服务规范", clause="s003.d17.4.1", quote="禁止使用“我不知道,你去问××”"
)
RULES = (
    ("T03", "phrase"), ("T01", "phrase"), ("C01", "deflection"), ("K.bye", "courtesy-missing"),
    ("K.greet.hello", "courtesy-missing"), ("manner.loud", "manner"), ("manner.interruption", "manner"),
)  # fmt: skip
WAYS: tuple[tuple[By, Per], ...] = (
    ("window", "day"),
    ("window", "month"),
    ("clerk", "year"),
    ("hall", "month"),
)


def nights(windows: int) -> Iterator[Examined]:
    """A month of made-up examinations."""
    dice = random.Random(1)
    for number in range(windows * DAYS):
        window, day = divmod(number, DAYS)
        recording = Recording(
            sha256=f"{number:064x}",
            path=f"w{window}/{day}.wav",
            window_id=f"w{window}",
            clerk_id=f"c{window}",
            day=date(2026, 11, 1) + timedelta(days=day),
        )
        yield Examined(
            examination=Examination(recording=recording, rules_sha256="0" * 64, model="base"),
            exposure=Exposure(visits=60, audio_samples=8 * HOUR, staff_samples=2 * HOUR),
            findings=tuple(_finding(recording, at, *dice.choice(RULES)) for at in range(FINDINGS)),
            spoken=tuple(
                Spoken(
                    start_sample=at * 16_000, end_sample=at * 16_000 + 9_000, role="staff", text="请您稍等一下"
                )
                for at in range(TEXTS)
            ),
        )


def _finding(recording: Recording, at: int, rule_id: str, kind: str) -> Finding:
    start, end = at * 50_000, at * 50_000 + 16_000
    return Finding(
        finding_id=finding_id(recording, rule_id, start, end),
        recording=recording,
        visit_id=f"v{at}",
        kind=kind,
        rule_id=rule_id,
        title=rule_id,
        clauses=(CLAUSE,),
        severity="high" if kind in ("phrase", "deflection") else None,
        role="staff",
        start_sample=start,
        end_sample=end,
        confidence=0.9,
        evidence="我不知道，你去问别人。",
        rules_sha256="0" * 64,
        model="base",
    )


def measure(windows: int, place: str) -> dict[str, float]:
    store = NightStore.open(place)
    took_ms: list[float] = []
    cpu_ms: list[float] = []
    for one in nights(windows):
        began, worked = time.perf_counter(), time.process_time()
        store.save_examined(one, "bench", "2026-11-29T02:00:00+08:00")
        took_ms.append((time.perf_counter() - began) * 1000)
        cpu_ms.append((time.process_time() - worked) * 1000)
    began = time.perf_counter()
    night = store.night()
    read_s = time.perf_counter() - began
    worked = time.process_time()
    several_scores(night, find_card("recommended"), Policy(), WAYS)
    score_cpu_s = time.process_time() - worked
    store.close()
    cuts = statistics.quantiles(took_ms, n=100)
    return {
        "recordings": windows * DAYS,
        "findings": len(night.findings),
        "keep_ms_p50": round(cuts[49], 1),
        "keep_ms_p95": round(cuts[94], 1),
        "keep_ms_p99": round(cuts[98], 1),
        "keep_cpu_ms": round(statistics.mean(cpu_ms), 1),
        "read_s": round(read_s, 2),
        "score_cpu_s": round(score_cpu_s, 2),
        "peak_rss_mb": round(peak_rss_mb()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--store", help="an empty database instead of a file")
    arguments = parser.parse_args()
    print(heading("none"))
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments.windows, arguments.store or str(Path(folder) / "night.sqlite3"))
    for name, value in figures.items():
        print(f"{name:<14} {value}")
    save("scoring", figures)


if __name__ == "__main__":
    main()
