"""Figures in, files to keep out: bench/results/DATE-NAME.json with the tables, DATE-NAME.svg with the plots.

The plots need matplotlib, which only this needs (pip install -e ".[bench]"); without it the tables are kept all
the same, and a line says so.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import ROOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = ROOT / "bench" / "results"


def keep(name: str, about: dict[str, Any], figures: dict[str, Any]) -> list[Path]:
    """Write tables, and plots where matplotlib is; the files written."""
    FOLDER.mkdir(exist_ok=True)
    stem = f"{datetime.now(UTC):%Y-%m-%d}-{name}"
    # Names of recordings belong to whoever has them; the counts are what is kept.
    kept = {key: value for key, value in figures.items() if key not in ("missed", "wrong")}
    tables = FOLDER / f"{stem}.json"
    tables.write_text(json.dumps(about | kept, ensure_ascii=False, indent=1) + "\n", "utf-8")
    try:
        import matplotlib
    except ModuleNotFoundError:
        print('No plots: matplotlib is not installed (pip install -e ".[bench]").')
        return [tables]
    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams.update({"svg.hashsalt": "deskguard", "svg.fonttype": "none", "font.size": 8})
    return [tables, _plots(FOLDER / f"{stem}.svg", about, figures)]


def _plots(path: Path, about: dict[str, Any], figures: dict[str, Any]) -> Path:
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(11, 8), layout="constrained")
    axes = sheet.subplots(2, 2)
    _conditions(axes[0][0], figures["kind"])
    _trade_off(axes[0][1], figures["trade_off"])
    _rules(axes[1][0], figures["rule"])
    _voices(axes[1][1], figures["voice"], figures["speed"])
    sheet.suptitle(f"{about['set']} ({about['windows']} windows)\n{about['machine']}", fontsize=8)
    sheet.savefig(path, metadata={"Date": None})
    return path


def _conditions(axes: Axes, kinds: dict[str, dict[str, Any]]) -> None:
    """Recall, and what innocent sentences were raised, for each kind and condition."""
    names = [name for name, row in kinds.items() if row["recall"] is not None or row["innocent_rate"]]
    for at, name in enumerate(names):
        row = kinds[name]
        is_recall = row["recall"] is not None
        value = row["recall"] if is_recall else row["innocent_rate"]
        axes.barh(at, value, color="tab:blue" if is_recall else "tab:red")
        axes.text(value, at, f" {value:.2f}", va="center")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    axes.set_title("recall (blue), innocent recordings raised (red)")


def _trade_off(axes: Axes, points: list[dict[str, Any]]) -> None:
    """Recall against false alarms as the least confidence rises."""
    for key, label in (
        ("innocent_rate", "innocent recordings raised, share"),
        ("background_per_hour", "false alarms per hour of other speech"),
    ):
        known = [
            (one[key], one["recall"]) for one in points if one[key] is not None and one["recall"] is not None
        ]
        if known:
            axes.plot(*zip(*known, strict=True), marker=".", label=label)
    axes.set_xlabel("raised wrongly")
    axes.set_ylabel("recall")
    axes.set_ylim(0, 1)
    if axes.lines:
        axes.legend()
    axes.set_title("as the least confidence rises, conversations left out")


def _rules(axes: Axes, rules: dict[str, dict[str, Any]]) -> None:
    names = list(rules)
    axes.bar(names, [rules[name]["recall"] or 0.0 for name in names])
    for at, name in enumerate(names):
        if rules[name]["wrong"]:
            axes.text(at, 1.02, f"{rules[name]['wrong']}", ha="center", color="tab:red")
    axes.tick_params(axis="x", rotation=90)
    axes.set_ylim(0, 1.1)
    axes.set_title("recall by rule, clean; wrong hits in red")


def _voices(axes: Axes, voices: dict[str, dict[str, Any]], speeds: dict[str, dict[str, Any]]) -> None:
    rows = {name: row for name, row in (voices | speeds).items() if row["recall"] is not None}
    axes.bar(list(rows), [row["recall"] for row in rows.values()])
    axes.tick_params(axis="x", rotation=90)
    axes.set_ylim(0, 1)
    axes.set_title("recall by voice and by speed, clean")
