"""Fits what a breach without listed words is made of: fixtures/scripts/sense and leaning in, sense.npz out.

    python bench/fit_sense.py [--background TABLE]     figures, by writers that a fit has not seen
    python bench/fit_sense.py --write NAME             takes the fit, and keeps the figures in bench/results

Needs scikit-learn (pip install -e ".[bench]"). Every file is of another writer, who has seen neither the
others' sentences nor the rule packs, so a writer's sentences measure what the fit makes of words that nobody
has told it. The background is never learnt from.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, background_clips, heading
from deskguard.desk import compose
from deskguard.language.pieces import pieces
from deskguard.language.sentences import stretches
from deskguard.language.text import normalise
from deskguard.language.weighing import packed
from deskguard.rules.ruleset import RuleSet
from deskguard.settings import Settings
from deskguard.spotting.sense import weights as sense
from mishearing import Mishearing

SENTENCES = ROOT / "fixtures" / "scripts" / "sense"
LEANING = ROOT / "fixtures" / "scripts" / "leaning"
WEIGHTS = Path(sense.__file__).with_name(sense.FILE)
RESULTS = ROOT / "bench" / "results"
PENALTY = 0.02
"""Inverse strength of the L2 penalty of the linear SVM. Logistic regression, other strengths and pieces found
0.25 to 0.36 of the breaches where this finds 0.36, at 1 % of the innocent sentences."""
KIND_PENALTY = 1.0
MISHEARD = 0.12
"""Every sentence is learnt as it was written and with such a share of its characters misheard."""
SEED = 20261130
TOLERANCE = 1e-3
LEAST_SEEN = 2
"""Sentences that a piece must be in: what one person said once tells nothing of others."""
BARS = (0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98)
FOLDS = 5
"""Each of some writers, whose sentences a fit of the other writers' is asked about."""
INNOCENT = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of known meaning."""

    writer: str
    label: str
    """The ban that it breaks, or OK."""
    chars: str
    clauses: tuple[str, ...]
    """All that is weighed of it, as `stretches` cuts it."""

    @property
    def is_breach(self) -> bool:
        return self.label != INNOCENT


def read(rules: RuleSet) -> list[Sentence]:
    """All sentences, the packs' own examples among them; those that break a listed phrase are left out."""
    found: dict[tuple[str, str], Sentence] = {}
    for path in sorted(SENTENCES.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            label, text = line.split("\t")
            found.setdefault((label, text), sentence(path.stem, label, text))
    for name, is_breach in (("guilty", True), ("innocent", False)):
        for line in (LEANING / f"{name}.tsv").read_text("utf-8").splitlines():
            label, text = line.split("\t")
            if not is_breach or label.startswith("C"):
                found.setdefault((label, text), sentence("leaning", label if is_breach else INNOCENT, text))
    for rule in rules.rules.values():
        for label, examples in ((rule.rule_id, rule.examples), (INNOCENT, rule.counter_examples)):
            for text in (text for one in examples for role, text in one.lines() if role == "staff"):
                if label == INNOCENT or rule.kind != "phrase":
                    found.setdefault((label, text), sentence("packs", label, text))
    return list(found.values())


def sentence(writer: str, label: str, text: str) -> Sentence:
    plain = normalise(text)
    cut = tuple(plain.chars[start:end] for start, end in stretches(plain, text))
    return Sentence(writer=writer, label=label, chars=plain.chars, clauses=cut or (plain.chars,))


class Fit:
    """The two models over one set of sentences."""

    def __init__(self, several: list[Sentence], kinds: dict[str, str]) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC

        made = [pieces(one.chars) for one in several]
        seen: dict[str, int] = {}
        for one in made:
            for piece in one:
                seen[piece] = seen.get(piece, 0) + 1
        if MISHEARD:
            mishearing = Mishearing((one.chars for one in several), SEED)
            made += [pieces(mishearing.of(one.chars, MISHEARD)) for one in several]
            several = several * 2
        self.names = sorted(piece for piece, count in seen.items() if count >= LEAST_SEEN)
        self._column = {name: at for at, name in enumerate(self.names)}
        table = self._table(made)
        is_breach = np.array([one.is_breach for one in several])
        breach = LinearSVC(C=PENALTY, class_weight="balanced", tol=TOLERANCE).fit(table, is_breach)
        labels = [kinds[one.label] for one in several if one.is_breach]
        kind = LogisticRegression(C=KIND_PENALTY, class_weight="balanced", tol=1e-3, max_iter=100)
        kind.fit(table[is_breach], labels)
        self.kinds = [str(one) for one in kind.classes_]
        self.weights = np.vstack([breach.coef_, kind.coef_]).T.astype(np.float32)
        self.intercepts = np.concatenate([breach.intercept_, kind.intercept_]).astype(np.float32)

    def _table(self, made: list[set[str]]) -> Any:
        from scipy.sparse import csr_matrix

        rows = [sorted(self._column[name] for name in one if name in self._column) for one in made]
        ends = np.cumsum([0, *map(len, rows)])
        columns = [column for row in rows for column in row]
        return csr_matrix(
            (np.ones(len(columns), np.float32), columns, ends), shape=(len(rows), len(self.names))
        )

    def scores(self, several: list[Sentence]) -> tuple[Any, list[str]]:
        """The likeliest stretch's score of each, and the kind that it has there."""
        made = [pieces(part) for one in several for part in one.clauses]
        found = self._table(made) @ self.weights + self.intercepts
        best, kinds, at = [], [], 0
        for one in several:
            mine = found[at : at + len(one.clauses)]
            at += len(one.clauses)
            first = int(mine[:, 0].argmax())
            best.append(float(mine[first, 0]))
            kinds.append(self.kinds[int(mine[first, 1:].argmax())])
        return np.array(best), kinds


def calibrated(scores: Any, is_breach: Any) -> tuple[float, float]:
    """Platt's scale and shift of scores, breaches and innocent ones counting the same."""
    from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression(C=1e6, class_weight="balanced").fit(scores[:, None], is_breach)
    return float(fit.coef_[0, 0]), float(fit.intercept_[0])


def main() -> None:
    arguments = _arguments()
    print(heading("sentences only, no model"))
    rules = compose.load_rules(Settings())
    kinds = {rule_id: rule.kind for rule_id, rule in rules.rules.items() if rule.kind != "phrase"}
    several = read(rules)
    away = []
    if arguments.background is not None:
        clips = [one for one in background_clips(arguments.background) if "aishell" in str(one.file)]
        away = [sentence("background", INNOCENT, one.text) for one in clips]
    writers = sorted({one.writer for one in several})
    folds = [writers[at::FOLDS] for at in range(FOLDS)]
    scores, named = np.zeros(len(several)), [""] * len(several)
    misheard = np.zeros(len(several))
    mishearing = Mishearing((one.chars for one in several), SEED + 1)
    far = np.zeros(len(away))
    for fold in folds:
        fit = Fit([one for one in several if one.writer not in fold], kinds)
        at = [number for number, one in enumerate(several) if one.writer in fold]
        own, own_kinds = fit.scores([several[number] for number in at])
        scores[at] = own
        noisy = [
            replace(one, clauses=tuple(mishearing.of(part, 0.15) or part for part in one.clauses))
            for one in (several[number] for number in at)
        ]
        misheard[at] = fit.scores(noisy)[0]
        for number, kind in zip(at, own_kinds, strict=True):
            named[number] = kind
    is_breach = np.array([one.is_breach for one in several])
    scale, shift = calibrated(scores, is_breach)
    likely = 1 / (1 + np.exp(-(scale * scores + shift)))
    likely_misheard = 1 / (1 + np.exp(-(scale * misheard + shift)))
    whole = Fit(several, kinds)
    if away:
        far = 1 / (1 + np.exp(-(scale * whole.scores(away)[0] + shift)))
    figures: dict[str, Any] = {"sentences": len(several), "breaches": int(is_breach.sum()), "bars": {}}
    for bar in BARS:
        row: dict[str, Any] = {
            "found": _share(likely >= bar, is_breach),
            "raised": _share(likely >= bar, ~is_breach),
            "found_misheard": _share(likely_misheard >= bar, is_breach),
            "raised_misheard": _share(likely_misheard >= bar, ~is_breach),
        }
        right = np.array([kinds.get(one.label) == kind for one, kind in zip(several, named, strict=True)])
        row["right_kind_of_found"] = _share(right, is_breach & (likely >= bar))
        row["background_raised"] = int((far >= bar).sum())
        for writer in writers:
            mine = np.array([one.writer == writer for one in several])
            row[writer] = (_share(likely >= bar, mine & is_breach), _share(likely >= bar, mine & ~is_breach))
        figures["bars"][bar] = row
        print(bar, row)
    figures["background"] = len(away)
    figures["reliability"] = [
        (round(low, 1), *_reliable(likely, is_breach, low)) for low in np.arange(0, 1, 0.1)
    ]
    figures["by_ban"] = {
        label: _share(likely >= 0.9, np.array([one.label == label for one in several]))
        for label in sorted({one.label for one in several})
    }
    print(figures["reliability"], figures["by_ban"])
    if arguments.write:
        _write(whole, arguments.write, figures, scale, shift)


def _write(fit: Fit, name: str, figures: dict[str, Any], scale: float, shift: float) -> None:
    intercepts = fit.intercepts.copy()
    # The shift is one of scores, so that one number less has to be kept.
    intercepts[0] += shift / scale
    about = {
        "set": name,
        "date": datetime.now(UTC).date().isoformat(),
        "sentences": figures["sentences"],
        "breaches": figures["breaches"],
        "kinds": fit.kinds,
        "scale": scale,
    }
    data = packed(fit.names, fit.weights, intercepts=intercepts, about=about)
    WEIGHTS.write_bytes(data)
    RESULTS.joinpath("sense.json").write_text(
        json.dumps(about | figures, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    print(f"{WEIGHTS}: {len(fit.names)} pieces, {len(data)} bytes")


def _share(holds: Any, of: Any) -> float:
    return round(float(holds[of].mean()), 4) if of.any() else 0.0


def _reliable(likely: Any, is_breach: Any, low: float) -> tuple[int, float]:
    """How many lie in a tenth, and the share of breaches, innocent ones counting as much as breaches in all."""
    within = (likely >= low) & (likely < low + 0.1)
    weight = np.where(is_breach, 0.5 / is_breach.mean(), 0.5 / (1 - is_breach.mean()))
    total = float(weight[within].sum())
    return int(within.sum()), round(float(weight[within & is_breach].sum()) / total, 3) if total else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--background", type=Path, help="table of recordings (TSV), for false alarms")
    parser.add_argument("--write", metavar="NAME", help="take the fit; what its sentences are, in words")
    return parser.parse_args()


if __name__ == "__main__":
    main()
