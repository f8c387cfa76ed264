"""What every benchmark prints: the machine, the model, the date, and percentiles."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures" / "audio"


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording with what is said in it."""

    file: Path
    text: str
    rule_id: str | None
    phrase_end_s: float | None
    group: str


def clips_of(path: Path) -> list[Clip]:
    """The clips of a set: a .jsonl of {file, text, rule_id, phrase_end_s}, files beside it or absolute."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Clip(
            file=path.parent / one["file"],
            text=one["text"],
            rule_id=one.get("rule_id"),
            phrase_end_s=one.get("phrase_end_s"),
            group=one.get("voice", ""),
        )
        for one in lines
    ]


def heading(model: str) -> str:
    """One line that says what the figures below were measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {cpu}, {os.cpu_count()} cores, load {load}; "
        f"Python {platform.python_version()}; model {model}"
    )


def percentiles(values: list[float], unit: str = "s") -> str:
    if not values:
        return "no values"
    p50, p90, p95, p99 = np.percentile(values, [50, 90, 95, 99])
    return f"p50 {p50:.3f}  p90 {p90:.3f}  p95 {p95:.3f}  p99 {p99:.3f}  max {max(values):.3f} {unit}  (n={len(values)})"


def edit_distance(reference: str, hypothesis: str) -> int:
    """Substitutions, insertions and deletions between two strings (Levenshtein, two rows)."""
    row = list(range(len(hypothesis) + 1))
    for i, one in enumerate(reference, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(hypothesis, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


def save(name: str, figures: dict[str, Any]) -> None:
    """Keep the figures of a run beside the benches, out of git."""
    folder = ROOT / "bench" / "out"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
