"""What every benchmark prints: the machine, the model, the date, and percentiles."""

from __future__ import annotations

import csv
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
class Said:
    """A phrase of a rule that is spoken in a recording."""

    rule_id: str
    form: str = "phrase"
    """"literal", "variant" or "class" where the set tells."""
    start_s: float | None = None
    end_s: float | None = None
    also: frozenset[str] = frozenset()
    """Rules whose words lie inside it."""

    @property
    def allowed(self) -> frozenset[str]:
        """Rules that may be raised at this place."""
        # 我不知道 on the way to 我不知道，你去问…
        inner = {"T01": {"T02"}, "T03": {"T01", "T02"}, "T08": {"T07"}}
        return frozenset({self.rule_id} | self.also | inner.get(self.rule_id, set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A recording with what is said in it."""

    file: Path
    said: tuple[Said, ...] = ()
    is_end_exact: bool = False
    text: str = ""
    kind: str = "clip"
    """What the recording is there for: phrase, class, innocent, encounter, conversation, background."""
    condition: str = "clean"
    role: str = "unknown"
    """Who speaks: staff, visitor, unknown, or both."""
    speakers: tuple[tuple[str, float, float], ...] = ()
    """Of a recording of several: role, start and end in seconds of each turn."""
    voice: str = ""
    speed: float = 1.0
    looks_like: str = ""
    """The rule that an innocent recording resembles."""
    why: str = ""
    """In which way it is innocent."""

    @property
    def is_clean(self) -> bool:
        return self.condition in ("clean", "conversation")

    @property
    def rule_ids(self) -> tuple[tuple[str, float | None], ...]:
        """The rules of the phrases spoken, and where each phrase ends in seconds."""
        return tuple((one.rule_id, one.end_s) for one in self.said)


def clips_of(path: Path) -> list[Clip]:
    """The clips of a set, a JSON object a line; the files lie beside it or are absolute (see README.md)."""
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [_clip_of(line, path.parent) for line in lines]


def _clip_of(line: dict[str, Any], folder: Path) -> Clip:
    phrases = line.get("phrases")
    if phrases is None:
        rule_ids = line.get("rule_ids") or ([line["rule_id"]] if line.get("rule_id") else [])
        place = {"start_s": line.get("phrase_start_s"), "end_s": line.get("phrase_end_s")}
        phrases = [{"rule_id": rule_id, **place} for rule_id in rule_ids]
    said = tuple(_said(one) for one in phrases)
    return Clip(
        file=folder / line["file"],
        said=said,
        is_end_exact=bool(said)
        and all(one.get("place", line.get("place")) in ("exact", "measured") for one in phrases),
        text=line.get("text", ""),
        kind=line.get("kind") or ("phrase" if said else "innocent"),
        condition=line.get("condition") or "clean",
        role=line.get("role") or "unknown",
        speakers=tuple((one["role"], one["start_s"], one["end_s"]) for one in line.get("speakers", [])),
        voice=line.get("voice") or "",
        speed=line.get("speed") or 1.0,
        looks_like=line.get("looks_like") or "",
        why=line.get("why") or "",
    )


def _said(one: dict[str, Any]) -> Said:
    return Said(
        rule_id=one["rule_id"],
        form=one.get("form", "phrase"),
        start_s=one.get("start_s"),
        end_s=one.get("end_s"),
        also=frozenset(one.get("also", ())),
    )


def fixture_clips(folder: Path, *, with_visitors: bool = False) -> list[Clip]:
    """The fixtures; those in which a visitor speaks only when asked for."""
    tables = [(path, tomllib.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.toml"))]
    clips = [_fixture(path, table) for path, table in tables]
    return [clip for clip in clips if with_visitors or clip.role in ("staff", "unknown")]


def _fixture(manifest: Path, table: dict[str, Any]) -> Clip:
    turns, expected, traps = (table.get(key, []) for key in ("turn", "expect", "trap"))
    roles = {turn["speaker"] for turn in turns}
    return Clip(
        file=manifest.with_suffix(".flac"),
        said=tuple(_said(one) for one in expected),
        is_end_exact=all(one["place"] == "measured" for one in expected),
        text="".join(turn["text"] for turn in turns),
        kind=_fixture_kind(table, roles),
        condition=table["condition"],
        role=roles.pop() if len(roles) == 1 else "both" if roles else "unknown",
        speakers=tuple((turn["speaker"], turn["start_s"], turn["end_s"]) for turn in turns),
        voice=turns[0]["voice"] if turns else "",
        speed=turns[0]["speed"] if turns else 1.0,
        looks_like=traps[0]["rule_id"] if traps and not expected else "",
    )


def _fixture_kind(table: dict[str, Any], roles: set[str]) -> str:
    if not roles:
        return "silence"
    if len(roles) > 1:
        return "conversation"
    forms = {one["form"] for one in table.get("expect", [])}
    return "innocent" if not forms else "class" if forms == {"class"} else "phrase"


def background_clips(table: Path) -> list[Clip]:
    """Other people's speech, for false alarms: a table (TSV) with columns file, seconds and transcript."""
    rows = csv.DictReader(table.open(encoding="utf-8"), delimiter="\t")
    # Single words are no speech that a counter hears.
    sentences = [row for row in rows if float(row["seconds"]) >= 1.5]
    return [
        Clip(file=table.parent / row["file"], text=row["transcript"], kind="background", role="staff")
        for row in sentences
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
