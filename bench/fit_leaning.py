"""Fits how the surroundings of a phrase lean: sentences of fixtures/scripts/leaning in, leaning.toml out.

    python bench/fit_leaning.py                  figures, by cross-validation and on the packs' own examples
    python bench/fit_leaning.py --write NAME     takes the fit, and keeps the figures in bench/results

Needs scikit-learn (pip install -e ".[bench]"). Every sentence counts twice, with its punctuation and without:
a recogniser writes either; and innocent ones once more with 你 instead of 您, so that not much hangs on that
word. How breaches with 您 instead of 你 fare is told, not learnt from. What the conditions of the packs already
call innocent is learnt from, too, but most figures count only what they leave guilty.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
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
ALL_BREACHES = leaning.Bars(innocent_below=0, soften_below=0, overrule_from=0)
BARS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9, 0.95, 0.97, 0.99)
TURNED = "addressed the other way"
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
    gives_way: bool
    """They excuse it, and every frame that does so gives way."""
    needs_person: bool
    features: frozenset[str]


def forms(texts: list[str], *, is_breach: bool) -> dict[str, list[str]]:
    """The ways in which a sentence counts."""
    bare = [_MARKS.sub("", one) for one in texts]
    # Whose clerks never say 您 would else be half a breach already, and rude ones with 您 none.
    usual, other = ("你", "您") if is_breach else ("您", "你")
    turned = [one.replace(usual, other) for one in bare]
    return {"as written": texts, "unpunctuated": bare} | ({TURNED: turned} if turned != bare else {})


def places(
    judge: Judge, sure: Judge, sentence: str, lines: tuple[Line, ...], *, is_breach: bool
) -> Iterator[Place]:
    """The places in the clerk's lines, in each form, those of breaches that are excused among them."""
    for form, texts in forms([one.text for one in lines], is_breach=is_breach).items():
        said = spoken([Line(one.role, text) for one, text in zip(lines, texts, strict=True)])
        for number, one in enumerate(said):
            if one.role != "staff":
                continue
            around = scene(said, number)
            for candidate in judge.candidates(one.passage):
                if candidate.tier == "near":
                    continue
                outcome, _ = judge.outcome(candidate, around)
                rule_id = candidate.rule_id
                needs_person = judge.rules.rules[rule_id].needs_person
                is_overruled = outcome == "innocent" and sure.outcome(candidate, around)[0] != "innocent"
                found = leaning.features(Surroundings(candidate, around), rule_id)
                yield Place(
                    sentence=sentence,
                    form=form,
                    is_breach=is_breach,
                    is_left=outcome == "raised",
                    gives_way=is_overruled,
                    needs_person=needs_person,
                    features=frozenset(found),
                )


def written(judge: Judge, sure: Judge) -> list[Place]:
    """The places of the sentences written for the fit."""
    found: list[Place] = []
    for name in ("innocent", "guilty"):
        for number, row in enumerate((SENTENCES / f"{name}.tsv").read_text("utf-8").splitlines()):
            text = row.split("\t")[1]
            lines = (Line("staff", text),)
            found += places(judge, sure, f"{name} {number}", lines, is_breach=name == "guilty")
    return found


def of_packs(judge: Judge, sure: Judge, rules: RuleSet) -> list[Place]:
    """The places of the packs' own examples, which the fit never sees."""
    found: list[Place] = []
    for rule in rules.rules.values():
        for is_breach, examples in ((True, rule.examples), (False, rule.counter_examples)):
            for number, one in enumerate(examples):
                lines = tuple(Line(role, text) for role, text in one.lines())
                name = f"{rule.rule_id} {is_breach} {number}"
                found += places(judge, sure, name, lines, is_breach=is_breach)
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

    def table(self, found: list[Place]) -> Any:
        from scipy.sparse import csr_matrix

        rows = [[self._number[name] for name in one.features if name in self._number] for one in found]
        ends = np.cumsum([0, *map(len, rows)])
        columns = [column for row in rows for column in row]
        return csr_matrix(
            (np.ones(len(columns), np.float32), columns, ends), shape=(len(found), len(self.names))
        )


def fitted(found: list[Place]) -> tuple[Any, Columns]:
    """The fit; breaches that conditions excuse are left out: what excuses them is often another's words.

    Breaches addressed the other way are left out, too: with them 您 tells so little that a fifth more of the
    innocent sentences are raised, for a fifth fewer breaches lost.
    """
    from sklearn.linear_model import LogisticRegression

    found = [one for one in found if not one.is_breach or (one.is_left and one.form != TURNED)]
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


def counted(found: list[Place], told: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What is raised at each bar: of what the conditions left guilty, of that what a person decides and what
    was addressed the other way, and of what frames that give way excuse."""
    groups: dict[str, Callable[[Place], bool]] = {
        "left": lambda one: one.is_left and one.form != TURNED,
        "left, for a person": lambda one: one.is_left and one.form != TURNED and one.needs_person,
        TURNED: lambda one: one.is_left and one.form == TURNED,
        "excused, giving way": lambda one: one.gives_way and one.form != TURNED,
    }
    return {name: {f"{bar:.2f}": _raised(found, told, bar, of) for bar in BARS} for name, of in groups.items()}


def _raised(
    found: list[Place], told: np.ndarray[Any, Any], bar: float, of: Callable[[Place], bool]
) -> dict[str, int]:
    """Breaches and innocent sentences of a group, and how many of them lean to a breach."""
    line = {}
    for is_breach, name in ((True, "breaches"), (False, "innocent")):
        chosen = [(one, told[at]) for at, one in enumerate(found) if of(one) and one.is_breach is is_breach]
        line[name] = len({(one.sentence, one.form) for one, _ in chosen})
        line[f"{name}_raised"] = len({(one.sentence, one.form) for one, leans in chosen if leans >= bar})
    return line


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
    # What frames excuse that give way: what becomes innocent with them and does not where all lean to a breach.
    sure = Judge(rules, bars=ALL_BREACHES)
    found = written(judge, sure)
    model, columns = fitted(found)
    own = of_packs(judge, sure, rules)
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
