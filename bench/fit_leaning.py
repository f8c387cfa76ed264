"""Fits how the surroundings of a phrase lean: sentences of fixtures/scripts/leaning in, leaning.toml out.

    python bench/fit_leaning.py                  figures, by cross-validation and on the packs' own examples
    python bench/fit_leaning.py --write NAME     takes the fit, and keeps the figures in bench/results

Needs scikit-learn (pip install -e ".[bench]"). Every sentence counts twice, with its punctuation and without:
a recogniser writes either. What the conditions of the packs already call innocent is learnt from, too, but the
figures count only what they leave guilty.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, heading
from deskguard.authoring.trials.judging import Judge
from deskguard.authoring.trials.talk import Line, scene, spoken
from deskguard.desk import compose
from deskguard.rules.ruleset import RuleSet
from deskguard.settings import Settings
from deskguard.spotting.meaning import leaning
from deskguard.spotting.meaning.surroundings import Surroundings

SENTENCES = ROOT / "fixtures" / "scripts" / "leaning"
WEIGHTS = Path(leaning.__file__).with_suffix(".toml")
RESULTS = ROOT / "bench" / "results"
PENALTY = 0.3
"""Inverse strength of the L2 penalty. L1 keeps 200 weights, not thousands, but lets a single piece decide,
and loses twice the breaches for the same innocent sentences."""
LEAST_WEIGHT = 0.05
"""Weights below it are left out, and no figure changes by more than a few sentences."""
FOLDS = 10
BARS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
_MARKS = re.compile(r"[^\w]", re.UNICODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that reads like a rule, in a sentence of known meaning."""

    sentence: str
    """Which sentence; folds never part its two forms."""
    form: str
    is_breach: bool
    is_left: bool
    """The conditions leave it guilty."""
    features: frozenset[str]


def places(judge: Judge, sentence: str, lines: tuple[Line, ...], *, is_breach: bool) -> Iterator[Place]:
    """The places in the clerk's lines, as said and without punctuation."""
    for form, strip in (("as written", False), ("unpunctuated", True)):
        said = spoken([Line(one.role, _MARKS.sub("", one.text) if strip else one.text) for one in lines])
        for number, one in enumerate(said):
            if one.role != "staff":
                continue
            around = scene(said, number)
            for candidate in judge.candidates(one.passage):
                if candidate.tier == "near":
                    continue
                outcome, _ = judge.outcome(candidate, around)
                if is_breach and outcome != "raised":
                    continue
                found = leaning.features(Surroundings(candidate, around), candidate.rule_id)
                yield Place(
                    sentence=sentence,
                    form=form,
                    is_breach=is_breach,
                    is_left=outcome == "raised",
                    features=frozenset(found),
                )


def written(judge: Judge) -> list[Place]:
    """The places of the sentences written for the fit."""
    found: list[Place] = []
    for name in ("innocent", "guilty"):
        for number, row in enumerate((SENTENCES / f"{name}.tsv").read_text("utf-8").splitlines()):
            text = row.split("\t")[1]
            lines = (Line("staff", text),)
            found += places(judge, f"{name} {number}", lines, is_breach=name == "guilty")
    return found


def of_packs(judge: Judge, rules: RuleSet) -> list[Place]:
    """The places of the packs' own examples, which the fit never sees."""
    found: list[Place] = []
    for rule in rules.rules.values():
        for is_breach, examples in ((True, rule.examples), (False, rule.counter_examples)):
            for number, one in enumerate(examples):
                lines = tuple(Line(role, text) for role, text in one.lines())
                name = f"{rule.rule_id} {is_breach} {number}"
                found += places(judge, name, lines, is_breach=is_breach)
    return found


class Columns:
    """Which feature is which column; those seen in one sentence only tell nothing."""

    def __init__(self, found: list[Place]) -> None:
        seen: dict[str, set[str]] = {}
        for one in found:
            for feature in one.features:
                seen.setdefault(feature, set()).add(one.sentence)
        self.names = sorted(name for name, sentences in seen.items() if len(sentences) > 1)
        self._number = {name: number for number, name in enumerate(self.names)}

    def table(self, found: list[Place]) -> np.ndarray[Any, Any]:
        filled = np.zeros((len(found), len(self.names)), np.float32)
        for row, one in enumerate(found):
            filled[row, [self._number[name] for name in one.features if name in self._number]] = 1
        return filled


def fitted(found: list[Place]) -> tuple[Any, Columns]:
    from sklearn.linear_model import LogisticRegression

    columns = Columns(found)
    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=3000)
    model.fit(columns.table(found), [one.is_breach for one in found])
    model.coef_[np.abs(model.coef_) < LEAST_WEIGHT] = 0
    return model, columns


def cross_validated(found: list[Place]) -> np.ndarray[Any, Any]:
    """The probability of a breach of each place, by a fit without its sentence."""
    sentences = sorted({one.sentence for one in found})
    order = np.random.default_rng(1).permutation(len(sentences))
    fold = {sentences[at]: number % FOLDS for number, at in enumerate(order)}
    told = np.zeros(len(found))
    for number in range(FOLDS):
        model, columns = fitted([one for one in found if fold[one.sentence] != number])
        rows = [row for row, one in enumerate(found) if fold[one.sentence] == number]
        told[rows] = model.predict_proba(columns.table([found[row] for row in rows]))[:, 1]
    return told


def counted(found: list[Place], told: np.ndarray[Any, Any]) -> dict[str, dict[str, int]]:
    """For each bar: breaches lost and innocent sentences still raised, of those the conditions left guilty."""
    rows = {}
    for bar in BARS:
        line = {}
        for is_breach, name in ((True, "breaches"), (False, "innocent")):
            left = {(one.sentence, one.form) for one in found if one.is_left and one.is_breach is is_breach}
            raised = {
                (one.sentence, one.form)
                for one, probability in zip(found, told, strict=True)
                if one.is_left and one.is_breach is is_breach and probability >= bar
            }
            line |= {name: len(left), f"{name}_raised": len(raised)}
        rows[f"{bar:.2f}"] = line
    return rows


def write(name: str, model: Any, columns: Columns, figures: dict[str, Any]) -> None:
    weights = {
        one: round(float(weight), 3)
        for one, weight in zip(columns.names, model.coef_[0], strict=True)
        if weight
    }
    today = datetime.now(UTC).date()
    lines = [
        "# How the surroundings of a phrase lean, written by bench/fit_leaning.py; do not edit.",
        "# ~ is the phrase; what stands beside it touches it. Above 0 speaks for a breach.",
        f'set = "{name}"',
        f'date = "{today}"',
        f"sentences = {figures['sentences']}",
        f"intercept = {round(float(model.intercept_[0]), 3)}",
        "",
        "[weights]",
        *(f'"{one}" = {weight}' for one, weight in sorted(weights.items(), key=lambda pair: pair[1])),
    ]
    WEIGHTS.write_text("\n".join(lines) + "\n", "utf-8")
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(figures | {"set": name, "weights": len(weights)}, ensure_ascii=False, indent=1)
    (RESULTS / "leaning.json").write_text(text + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="NAME")
    options = parser.parse_args()
    rules = compose.load_rules(Settings())
    judge = Judge(rules, leans=False)
    found = written(judge)
    model, columns = fitted(found)
    own = of_packs(judge, rules)
    told = model.predict_proba(columns.table(own))[:, 1]
    figures = {
        "sentences": len({one.sentence for one in found}),
        "cross_validated": counted(found, cross_validated(found)),
        "examples_of_packs": counted(own, told),
    }
    print(heading("text only"))
    print(json.dumps(figures, indent=1))
    if options.write:
        write(options.write, model, columns, figures)


if __name__ == "__main__":
    main()
