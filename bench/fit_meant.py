"""Fits what an utterance at a counter is meant as: fixtures/scripts/courtesy in, meant.npz out.

    python bench/fit_meant.py                   figures, by writers that a fit has not seen
    python bench/fit_meant.py --write NAME      takes the fit, and keeps the figures in bench/results

Needs scikit-learn (pip install -e ".[bench]"). Every file is of another writer, who has seen neither the
others' sentences nor the courtesy file. A line is who speaks (S staff, V visitor), all that the words are,
and the words: K. an act of courtesy, O. what asks staff for one, V. what a visitor's words are. Each meaning
has a linear model of its own, over the utterances of those who can mean it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import ROOT, heading
from deskguard.language.pieces import pieces
from deskguard.language.sentences import stretches
from deskguard.language.text import normalise
from deskguard.language.weighing import packed
from deskguard.visits import meant, own_words
from mishearing import Mishearing

UTTERANCES = ROOT / "fixtures" / "scripts" / "courtesy"
COURTESY = ROOT / "config" / "language" / "courtesy.toml"
WEIGHTS = Path(meant.__file__).with_name(meant.FILE)
RESULTS = ROOT / "bench" / "results"
PENALTY = 0.05
"""Inverse strength of the L2 penalty of the linear SVM."""
TOLERANCE = 0.01
LEAST_SEEN = 2
"""Utterances that a piece must be in: what one person said once tells nothing of others."""
MISHEARD = (0.1, 0.2)
"""Every utterance is learnt as it was written and with such shares of its characters misheard."""
FEWEST = 40
"""Utterances that a meaning needs to be fitted."""
FOLDS = 5
"""Each of some writers, whose utterances a fit of the other writers' is asked about."""
BARS = (0.5, 0.7, 0.8, 0.9)
PACK = "courtesy.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One utterance of known meaning."""

    writer: str
    role: str
    labels: frozenset[str]
    only: str = ""
    """The one meaning it tells of, where nobody has said what else it is."""
    chars: str
    parts: tuple[str, ...]
    """All that is weighed of it."""


def read() -> list[Utterance]:
    """All utterances, and the courtesy file's own wordings without gaps."""
    found = []
    for path in sorted(UTTERANCES.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            role, labels, text = line.split("\t")
            found.append(utterance(path.stem, role, frozenset(labels.split(",")) - {"-"}, text))
    for act in tomllib.loads(COURTESY.read_text("utf-8"))["act"]:
        for key, labels in (("say", frozenset({act["id"]})), ("does_not_count", frozenset[str]())):
            for text in (one for one in act.get(key, ()) if "…" not in one and "{" not in one):
                found.append(utterance(PACK, "S", labels, text, only=act["id"]))
    return found


def utterance(writer: str, role: str, labels: frozenset[str], text: str, only: str = "") -> Utterance:
    plain = normalise(text)
    parts = tuple(plain.chars[start:end] for start, end in stretches(plain, text, meant.FEWEST)) or (
        plain.chars,
    )
    return Utterance(writer=writer, role=role, labels=labels, only=only, chars=plain.chars, parts=parts)


class Fit:
    """One model a meaning over one set of utterances."""

    def __init__(self, several: list[Utterance], labels: list[str]) -> None:
        from sklearn.svm import LinearSVC

        mishearing = Mishearing((one.chars for one in several), 20261130)
        written = [pieces(one.chars) for one in several]
        misheard = [(one, pieces(mishearing.of(one.chars, share))) for share in MISHEARD for one in several]
        seen = Counter(piece for one in written for piece in one)
        made = written + [one for _, one in misheard]
        several = several + [one for one, _ in misheard]
        self.names = sorted(piece for piece, count in seen.items() if count >= LEAST_SEEN)
        self._column = {name: at for at, name in enumerate(self.names)}
        table = self._table(made)
        weights, intercepts = [], []
        for label in labels:
            own = np.array(
                [at for at, one in enumerate(several) if one.role == speaker(label) and one.only in {"", label}]
            )
            is_it = np.array([label in several[at].labels for at in own])
            fit = LinearSVC(C=PENALTY, class_weight="balanced", tol=TOLERANCE).fit(table[own], is_it)
            weights.append(fit.coef_[0])
            intercepts.append(fit.intercept_[0])
        self.weights = np.array(weights, np.float32).T
        self.intercepts = np.array(intercepts, np.float32)

    def _table(self, made: list[set[str]]) -> Any:
        from scipy.sparse import csr_matrix

        rows = [sorted(self._column[name] for name in one if name in self._column) for one in made]
        ends = np.cumsum([0, *map(len, rows)])
        columns = [column for row in rows for column in row]
        return csr_matrix(
            (np.ones(len(columns), np.float32), columns, ends), shape=(len(rows), len(self.names))
        )

    def scores(self, several: list[Utterance]) -> Any:
        """For each utterance and meaning the score of its likeliest stretch."""
        found = self._table([pieces(part) for one in several for part in one.parts]) @ self.weights
        starts = np.cumsum([0, *(len(one.parts) for one in several)])[:-1]
        return np.maximum.reduceat(found + self.intercepts, starts, axis=0)


def asked_for() -> set[str]:
    """The meanings that an expectation of the courtesy file depends on."""
    found = set(own_words.HINTS)
    for act in tomllib.loads(COURTESY.read_text("utf-8"))["act"]:
        expect = act.get("expect")
        if expect is not None:
            frames = (one[1:] for key in ("occasion", "unless") for one in expect.get(key, ()) if one[0] == "@")
            found.update({act["id"], *expect.get("satisfied_by", ())})
            found.update(sort + one for one in frames for sort in (meant.BY_STAFF, meant.BY_VISITOR))
    return found


def speaker(label: str) -> str:
    return "V" if label.startswith("V.") else "S"


def calibrated(scores: Any, is_it: Any) -> tuple[float, float]:
    """Platt's scale and shift, as often as the meaning is among these utterances."""
    from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression(C=1e6).fit(scores[:, None], is_it)
    return float(fit.coef_[0, 0]), float(fit.intercept_[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="NAME", help="take the fit; what its utterances are, in words")
    options = parser.parse_args()
    print(heading("utterances only, no model"))
    several = read()
    counts = Counter(label for one in several if one.writer != PACK for label in one.labels)
    labels = sorted(label for label, count in counts.items() if count >= FEWEST and label in asked_for())
    writers = sorted({one.writer for one in several} - {PACK})
    scores = np.zeros((len(several), len(labels)))
    for fold in (writers[at::FOLDS] for at in range(FOLDS)):
        fit = Fit([one for one in several if one.writer not in fold], labels)
        at = [number for number, one in enumerate(several) if one.writer in fold]
        scores[at] = fit.scores([several[number] for number in at])
    figures: dict[str, Any] = {"utterances": len(several), "writers": len(writers), "labels": {}}
    platt = []
    is_written = np.array([one.writer != PACK for one in several])
    for column, label in enumerate(labels):
        own = is_written & np.array([one.role == speaker(label) for one in several])
        is_it = np.array([label in one.labels for one in several])[own]
        scale, shift = calibrated(scores[own, column], is_it)
        platt.append((scale, shift))
        likely = 1 / (1 + np.exp(-(scale * scores[own, column] + shift)))
        row = {
            str(bar): (
                round(float((likely >= bar)[is_it].mean()), 3),
                round(float(is_it[likely >= bar].mean()) if (likely >= bar).any() else 1.0, 3),
            )
            for bar in BARS
        }
        figures["labels"][label] = {"count": int(is_it.sum()), "recall_precision": row}
        print(
            f"{label:32} {int(is_it.sum()):4}",
            *(f"{bar}: {found:.2f} {right:.2f}" for bar, (found, right) in row.items()),
        )
    if options.write:
        _write(Fit(several, labels), labels, platt, options.write, figures)


def _write(fit: Fit, labels: list[str], platt: list[tuple[float, float]], name: str, figures: Any) -> None:
    about = {
        "set": name,
        "date": datetime.now(UTC).date().isoformat(),
        "utterances": figures["utterances"],
        "labels": labels,
        "scales": [round(scale, 6) for scale, _ in platt],
        "shifts": [round(shift, 6) for _, shift in platt],
    }
    data = packed(fit.names, fit.weights, intercepts=fit.intercepts, about=about)
    WEIGHTS.write_bytes(data)
    RESULTS.joinpath("meant.json").write_text(
        json.dumps(about | figures, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    print(f"{WEIGHTS}: {len(fit.names)} pieces, {len(data)} bytes")


if __name__ == "__main__":
    main()
