"""What every benchmark prints: the machine, the model, the date, and percentiles."""

from __future__ import annotations

import json
import os
import platform
import tomllib
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
    rule_ids: tuple[tuple[str, float | None], ...]
    """The phrases spoken and where each ends in seconds."""
    allowed: frozenset[str]
    """Rules whose cards are no false alarm: those, and rules whose words lie inside them."""
    is_end_exact: bool
    text: str = ""
    is_clean: bool = True


def clips_of(path: Path) -> list[Clip]:
    """The clips of a set: lines of {file, text, rule_id, phrase_end_s}, files beside it or absolute."""
    clips = []
    for one in (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()):
        rule_id = one.get("rule_id")
        clips.append(
            Clip(
                file=path.parent / one["file"],
                rule_ids=((rule_id, one.get("phrase_end_s")),) if rule_id else (),
                allowed=_with_inner({rule_id} if rule_id else set()),
                is_end_exact=one.get("place") == "exact",
                text=one["text"],
            )
        )
    return clips


def fixture_clips(folder: Path, *, with_visitors: bool = False) -> list[Clip]:
    """The fixtures; those with visitors' traps only when asked for."""
    clips = []
    for manifest in sorted(folder.glob("*.toml")):
        table = tomllib.loads(manifest.read_text("utf-8"))
        traps = [one for one in table.get("trap", []) if one.get("speaker") == "visitor"]
        if traps and not with_visitors:
            continue
        expected = table.get("expect", [])
        also = {rule_id for one in expected for rule_id in one.get("also", [])}
        rule_ids = tuple((one["rule_id"], one["end_s"]) for one in expected)
        clips.append(
            Clip(
                file=manifest.with_suffix(".flac"),
                rule_ids=rule_ids,
                allowed=_with_inner({rule_id for rule_id, _ in rule_ids} | also),
                is_end_exact=all(one["place"] == "measured" for one in expected),
                text="".join(one["text"] for one in table.get("turn", [])),
                is_clean=table["condition"] in ("clean", "conversation"),
            )
        )
    return clips


def _with_inner(rule_ids: set[str]) -> frozenset[str]:
    """Rules that may be raised on the way to a longer phrase: 我不知道 on the way to 我不知道，你去问…"""
    inner = {"T01": {"T02"}, "T03": {"T01", "T02"}, "T08": {"T07"}}
    return frozenset(rule_ids.union(*(inner.get(one, set()) for one in rule_ids)))


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
    marks = f"p50 {p50:.3f}  p90 {p90:.3f}  p95 {p95:.3f}  p99 {p99:.3f}  max {max(values):.3f}"
    return f"{marks} {unit}  (n={len(values)})"


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
