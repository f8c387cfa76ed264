"""Fit the calibrated confidence: which candidates were really said, by what is known of each.

    python bench/sightings.py SET.jsonl ...             look at the candidates of a set
    python bench/fit_confidence.py                      fit, cross-validate, report
    python bench/fit_confidence.py --write NAME         and take the fit; NAME says what it was fitted on

A logistic regression by iteratively reweighted least squares with a little L2; a weight that would push the
wrong way is left out. Each rule is judged by a fit without its own phrases (leave one rule out), so that no
phrase is tuned to itself. Sentences that sound like a phrase in other words count a quarter, and where Whisper
itself writes the phrase for one, nothing here can tell: that place is left out. With --write the weights go to
src/deskguard/spotting/hits/confidence.toml, the report and a reliability plot to bench/results.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import numpy.typing as npt

from common import ROOT, heading
from deskguard.settings import SpottingSettings
from deskguard.spotting.hits.confidence import Evidence, features
from sightings import SIGHTINGS

Floats = npt.NDArray[np.float64]
WEIGHTS = ROOT / "src" / "deskguard" / "spotting" / "hits" / "confidence.toml"
RESULTS = ROOT / "bench" / "results"
_L2 = 1.0
_SOUND_ALIKE, _SOUND_ALIKE_WEIGHT = "sound_alike", 0.25
"""They were written to mislead; at a counter far fewer sentences are like that than phrases are misheard."""
# Which way a feature may push; 0: either.
_SIGNS = {
    "sound": 0,
    "near": 0,
    "distance": -1,
    "log_ratio": 1,
    "log_ratio_per_token": 1,
    "unlooked": -1,
    "syllables": 1,
    "tone_unlike": -1,
    "not_in_best": -1,
    "shown_ratio": 1,
    "log_probability": 1,
    "no_speech": -1,
    "live": -1,
    "live_edge": -1,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate of the set."""

    rule_id: str
    clip: str
    kind: str
    why: str
    """In which way an innocent recording is innocent."""
    evidence: Evidence
    values: Floats
    said: bool
    is_clear: bool
    """Its own spelling was said, or no spelling of its rule; what is near another spelling than the one said is
    neither right nor wrong. Nor is a sound-alike that the recogniser wrote as the phrase."""

    @property
    def is_sound_alike(self) -> bool:
        return self.why == _SOUND_ALIKE


def load() -> tuple[list[Row], dict[str, set[str]]]:
    """The rows collected, and the rules said in each recording."""
    rows, said = [], {}
    for line in map(json.loads, SIGHTINGS.read_text("utf-8").splitlines()):
        if "evidence" not in line:
            said[line["clip"]] = set(line["said_rules"])
            continue
        evidence = Evidence(**line["evidence"])
        why = line.get("why", "")
        rows.append(
            Row(
                rule_id=line["rule_id"],
                clip=line["clip"],
                kind=line["kind"],
                why=why,
                evidence=evidence,
                values=np.array(list(features(evidence).values())),
                said=line["said"],
                is_clear=(line["verbatim"] or not line["said"] or evidence.tier != "near")
                and (why != _SOUND_ALIKE or evidence.tier != "characters"),
            )
        )
    known = {row.rule_id for row in rows}
    return rows, {clip: rules & known for clip, rules in said.items()}


def weighed(rows: list[Row]) -> Floats:
    """Each recording and rule counts the same, however many windows show it; sound-alikes count less."""
    counts = Counter((row.clip, row.rule_id) for row in rows)
    alike = {False: 1.0, True: _SOUND_ALIKE_WEIGHT}
    return np.array([alike[row.is_sound_alike] / counts[row.clip, row.rule_id] for row in rows])


def fit(rows: list[Row]) -> tuple[float, dict[str, float]]:
    """Intercept and weights; what pushes the wrong way is left out, the worst first."""
    rows = [row for row in rows if row.is_clear]
    names = list(features(rows[0].evidence))
    values = np.array([row.values for row in rows])
    truth = np.array([float(row.said) for row in rows])
    importance = weighed(rows)
    kept = [at for at, _ in enumerate(names) if values[:, at].std() > 0]
    while True:
        intercept, weights = regress(values[:, kept], truth, importance)
        wrong = {
            at: weight
            for at, weight in zip(kept, weights, strict=True)
            if _SIGNS[names[at]] and weight * _SIGNS[names[at]] < 0
        }
        if not wrong:
            return intercept, {names[at]: float(weight) for at, weight in zip(kept, weights, strict=True)}
        spread = {at: abs(weight) * values[:, at].std() for at, weight in wrong.items()}
        kept.remove(max(spread, key=lambda at: spread[at]))


def regress(values: Floats, truth: Floats, importance: Floats) -> tuple[float, Floats]:
    """Logistic regression by iteratively reweighted least squares, L2 on standardised weights."""
    mean, spread = values.mean(axis=0), values.std(axis=0)
    design = np.column_stack([np.ones(len(values)), (values - mean) / spread])
    penalty = np.diag([0.0, *[_L2] * values.shape[1]])
    theta = np.zeros(design.shape[1])
    for _ in range(100):
        p = logistic(design @ theta)
        curvature = importance * p * (1 - p)
        gradient = design.T @ (importance * (truth - p)) - penalty @ theta
        step = np.linalg.solve(design.T @ (design * curvature[:, None]) + penalty, gradient)
        theta += step
        if np.abs(step).max() < 1e-8:
            break
    weights = theta[1:] / spread
    return float(theta[0] - (weights * mean).sum()), weights


def logistic(score: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(score, -40, 40)))


def predict(rows: list[Row], intercept: float, weights: dict[str, float]) -> Floats:
    names = list(features(rows[0].evidence))
    vector = np.array([weights.get(name, 0.0) for name in names])
    return logistic(intercept + np.array([row.values for row in rows]) @ vector)


def left_out(rows: list[Row]) -> Floats:
    """The probability of each row by a fit that knows nothing of its rule."""
    out = np.zeros(len(rows))
    for rule_id in sorted({row.rule_id for row in rows}):
        own = [at for at, row in enumerate(rows) if row.rule_id == rule_id]
        intercept, weights = fit([row for row in rows if row.rule_id != rule_id])
        out[own] = predict([rows[at] for at in own], intercept, weights)
    return out


def area(p: Floats, truth: Floats, importance: Floats) -> float:
    """Area under the ROC curve: how often a said candidate is ranked over one that was not said."""
    order = np.argsort(p)
    negatives = np.cumsum((importance * (1 - truth))[order])
    positive = (importance * truth)[order]
    ties = np.interp(p[order], *_below(p[order], negatives))
    return float((positive * ties).sum() / (positive.sum() * negatives[-1]))


def _below(p: Floats, negatives: Floats) -> tuple[Floats, Floats]:
    """For each distinct probability, the negatives below it, half of those at it."""
    distinct, first = np.unique(p, return_index=True)
    last = np.append(first[1:], len(p)) - 1
    before = np.where(first > 0, negatives[np.maximum(first - 1, 0)], 0.0)
    return distinct, (before + negatives[last]) / 2


def reliability(p: Floats, truth: Floats, importance: Floats) -> list[dict[str, float]]:
    """Of the candidates believed so much, how many had been said."""
    edges = [0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1.0001]
    table = []
    for low, high in pairwise(edges):
        own = (p >= low) & (p < high)
        if own.any():
            weight = importance[own]
            table.append(
                {
                    "from": low,
                    "to": min(high, 1.0),
                    "places": int(own.sum()),
                    "believed": round(float(np.average(p[own], weights=weight)), 3),
                    "said": round(float(np.average(truth[own], weights=weight)), 3),
                }
            )
    return table


def gain(rows: list[Row], p: Floats, said: dict[str, set[str]]) -> list[dict[str, Any]]:
    """Phrases found and false ones raised by what settled texts show, with and without the second look.

    A phrase is a rule of a recording. Without the second look, a distance decides instead.
    """
    least = thresholds()
    settled = [(row, one) for row, one in zip(rows, p, strict=True) if row.evidence.is_settled]
    ways: dict[str, list[Row]] = {
        "characters in the best text": [
            row
            for row, _ in settled
            if row.evidence.tier == "characters" and row.evidence.source == "best text"
        ],
        "characters or sound": [row for row, _ in settled if row.evidence.tier != "near"],
        "all, distance 0.2": [row for row, _ in settled if row.evidence.distance <= 0.2],
        "all, distance 0.34": [row for row, _ in settled],
        "all, second look -6 or more": [
            row for row, _ in settled if row.evidence.log_ratio is not None and row.evidence.log_ratio >= -6
        ],
        "all, calibrated (rule left out)": [row for row, one in settled if one >= least[row.evidence.tier]],
    }
    phrases = sum(map(len, said.values()))
    table = []
    for name, own in ways.items():
        found = {(row.clip, row.rule_id) for row in own if row.rule_id in said[row.clip]}
        false = {(row.clip, row.rule_id) for row in own if not row.said and not row.is_sound_alike}
        alike = {(row.clip, row.rule_id) for row in own if not row.said and row.is_sound_alike}
        table.append(
            {
                "way": name,
                "found": len(found),
                "phrases": phrases,
                "recall": round(len(found) / max(phrases, 1), 3),
                "false": len(false),
                "sound_alikes": len(alike),
            }
        )
    return table


def thresholds() -> dict[str, float]:
    """The confidence from which a candidate of each tier is a hit."""
    settings = SpottingSettings()
    return {
        "characters": settings.characters_from,
        "sound": settings.sound_from,
        "near": settings.near_from,
    }


def by_tier(rows: list[Row], p: Floats) -> list[dict[str, Any]]:
    """Of each tier the places that count, among those said and those not; sound-alikes among the latter."""
    least = thresholds()
    table = []
    for tier, from_ in least.items():
        own = [(row, one >= from_) for row, one in zip(rows, p, strict=True) if row.evidence.tier == tier]
        said = [counts for row, counts in own if row.said]
        other = [counts for row, counts in own if not row.said]
        alike = [counts for row, counts in own if not row.said and row.is_sound_alike]
        table.append(
            {
                "tier": tier,
                "said": len(said),
                "said_counted": int(sum(said)),
                "not_said": len(other),
                "not_said_counted": int(sum(other)),
                "sound_alike": len(alike),
                "sound_alike_counted": int(sum(alike)),
            }
        )
    return table


def report(rows: list[Row], said: dict[str, set[str]]) -> dict[str, Any]:
    intercept, weights = fit(rows)
    other = left_out(rows)
    gained = gain(rows, other, said)
    clear = [at for at, row in enumerate(rows) if row.is_clear]
    rows, other = [rows[at] for at in clear], other[clear]
    own = predict(rows, intercept, weights)
    truth = np.array([float(row.said) for row in rows])
    importance = weighed(rows)
    # What is as heard is nearly always said: the fit is for the rest.
    rest = np.array([row.evidence.tier != "characters" or row.evidence.source != "best text" for row in rows])
    return {
        "heading": heading("base int8"),
        "recordings": len(said),
        "places": len(rows),
        "said": int(truth.sum()),
        "intercept": round(intercept, 4),
        "weights": {name: round(weight, 4) for name, weight in weights.items()},
        "area": round(area(own, truth, importance), 4),
        "area_rule_left_out": round(area(other, truth, importance), 4),
        "area_rule_left_out_not_as_heard": round(area(other[rest], truth[rest], importance[rest]), 4),
        "brier_rule_left_out": round(float(np.average((other - truth) ** 2, weights=importance)), 4),
        "reliability_rule_left_out": reliability(other, truth, importance),
        "by_tier_rule_left_out": by_tier(rows, other),
        "second_look": gained,
    }


def show(figures: dict[str, Any]) -> None:
    print(figures["heading"])
    for key in (
        "recordings",
        "places",
        "said",
        "area",
        "area_rule_left_out",
        "area_rule_left_out_not_as_heard",
    ):
        print(f"{key:36} {figures[key]}")
    print(f"{'brier_rule_left_out':36} {figures['brier_rule_left_out']}")
    print("intercept", figures["intercept"], figures["weights"])
    for one in figures["reliability_rule_left_out"]:
        print(f"  believed {one['believed']:.3f}  said {one['said']:.3f}  ({one['places']} places)")
    for one in figures["by_tier_rule_left_out"]:
        print(f"  {one['tier']:10} counted: of said {one['said_counted']}/{one['said']},", end=" ")
        print(f"of not said {one['not_said_counted']}/{one['not_said']},", end=" ")
        print(f"of those sound-alikes {one['sound_alike_counted']}/{one['sound_alike']}")
    for one in figures["second_look"]:
        found = f"recall {one['recall']:.3f} ({one['found']}/{one['phrases']})"
        print(f"  {one['way']:36} {found}, false {one['false']}, sound-alikes {one['sound_alikes']}")


def write(figures: dict[str, Any], name: str) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    lines = [
        "# The weights of the calibrated confidence, written by bench/fit_confidence.py; do not edit.",
        f'set = "{name}"',
        'model = "base int8"',
        f'date = "{today}"',
        f"places = {figures['places']}",
        f"said = {figures['said']}",
        f"intercept = {figures['intercept']}",
        "",
        "[weights]",
        *(f"{feature} = {weight}" for feature, weight in figures["weights"].items()),
    ]
    WEIGHTS.write_text("\n".join(lines) + "\n", "utf-8")
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(figures | {"set": name}, ensure_ascii=False, indent=1)
    (RESULTS / "confidence.json").write_text(text + "\n", "utf-8")
    plot(figures["reliability_rule_left_out"], RESULTS / "confidence.svg")


def plot(table: list[dict[str, float]], path: Path) -> None:
    """The reliability diagram; needs matplotlib (the bench extra)."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        print('no plot: matplotlib is missing (pip install -e ".[bench]")')
        return
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    sizes = [12 * one["places"] ** 0.5 for one in table]
    axes.scatter([one["believed"] for one in table], [one["said"] for one in table], s=sizes)
    axes.set(xlabel="confidence, rule left out of the fit", ylabel="share that had been said")
    axes.set_title("Reliability of the confidence")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="NAME")
    options = parser.parse_args()
    figures = report(*load())
    show(figures)
    if options.write:
        write(figures, options.write)


if __name__ == "__main__":
    main()
