"""A desk's own store to what the night keeps: its days as they were heard live, each run of a day by itself.

No sound is kept at a desk, so nothing of this can be heard again. What a desk raised live never takes points by
itself: every finding against staff waits for a person.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from deskguard.errors import DeskguardError
from deskguard.language.sentences import joined
from deskguard.privacy.redact import redact
from deskguard.scoring.findings import finding_of_courtesy, finding_of_manner, visit_at
from deskguard.scoring.values import (
    SAID,
    Examination,
    Examined,
    Exposure,
    Finding,
    Recording,
    Spoken,
    finding_id,
)
from deskguard.values import SAMPLE_RATE_HZ, ClauseRef, Courtesy, Manner, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from deskguard.rules.ruleset import RuleSet

FILE_NAME = "desk.sqlite3"
SUFFIX = ".sqlite3"
Row = dict[str, Any]
_TABLES = ("utterances", "hits", "alerts", "visits", "courtesies", "manners", "health")


def desk_store(path: Path) -> Path | None:
    """The store of a desk that a path means, the file itself or the desk's data folder; None: it means none."""
    if path.is_dir() and (path / FILE_NAME).is_file():
        return path / FILE_NAME
    return path if path.suffix == SUFFIX and path.is_file() else None


def desk_days(path: Path, rules: RuleSet) -> list[Examined]:
    """Every day of a desk's store; raises DeskguardError for a file that is none."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            runs = _rows(store, "SELECT * FROM runs ORDER BY started_utc, run_id", ())
            return [day for run in runs for day in _days_of(store, path, run, rules)]
    except sqlite3.Error as error:
        raise DeskguardError(
            f"{path} is no store of a desk: {error}.",
            f"give a desk's {FILE_NAME}, written by this version or an older one.",
            "bad-desk-store",
        ) from None


def _days_of(store: sqlite3.Connection, path: Path, run: Row, rules: RuleSet) -> Iterator[Examined]:
    own = {
        name: _rows(store, f"SELECT * FROM {name} WHERE run_id = ?", (run["run_id"],))  # noqa: S608  our own names
        for name in _TABLES
    }
    begun = datetime.fromisoformat(run["started_utc"]).astimezone()
    days: dict[date, dict[str, list[Row]]] = {}
    for name, rows in own.items():
        for row in rows:
            if name == "health":
                when = datetime.fromisoformat(row["at_utc"]).astimezone()
            elif name == "alerts":
                continue
            else:
                when = begun + timedelta(seconds=row["start_sample"] / SAMPLE_RATE_HZ)
            days.setdefault(when.date(), {one: [] for one in _TABLES})[name].append(row)
    heard = lost = 0.0
    for day, found in sorted(days.items()):
        found["alerts"] = own["alerts"]
        until = max((row["heard_s"] for row in found["health"]), default=heard)
        gone = max((row["lost_s"] for row in found["health"]), default=lost)
        if found["utterances"]:
            yield _Day(path, run, day, found, rules).examined(until - heard, gone - lost)
        heard, lost = until, gone


class _Day:
    """One day of one run."""

    def __init__(self, path: Path, run: Row, day: date, found: dict[str, list[Row]], rules: RuleSet) -> None:
        self._found = found
        self._rules = rules
        self._names: dict[str, str] = {act.act_id: act.name for act in rules.courtesy.acts}
        recording = Recording(
            sha256=hashlib.sha256(f"desk\n{run['run_id']}\n{day}".encode()).hexdigest(),
            path=f"{path.absolute()}#{run['run_id']}",
            window_id=run["window_id"],
            day=day,
            started_at=run["started_utc"],
        )
        self._examination = Examination(
            recording=recording, rules_sha256=run["rules_sha256"], model=run["model"], settings_sha256="live"
        )

    def examined(self, heard_s: float, lost_s: float) -> Examined:
        """All of it; `heard_s` and `lost_s` are those of the day."""
        exposure = self._exposure(heard_s, lost_s)
        recording = replace(self._examination.recording, duration_samples=exposure.audio_samples)
        self._examination = replace(self._examination, recording=recording)
        findings = [
            one if one.kind == SAID else replace(one, needs_person=True)
            for one in (*self._hits(), *self._courtesies(), *self._manners())
        ]
        order = sorted(findings, key=lambda one: (one.start_sample, one.end_sample, one.finding_id))
        return Examined(
            examination=self._examination,
            exposure=exposure,
            findings=tuple({one.finding_id: one for one in order}.values()),
            spoken=tuple(
                Spoken(
                    start_sample=row["start_sample"],
                    end_sample=row["end_sample"],
                    role=row["role"],
                    text=row["text"],
                )
                for row in sorted(self._found["utterances"], key=lambda one: one["start_sample"])
                if row["text"]
            ),
        )

    def _exposure(self, heard_s: float, lost_s: float) -> Exposure:
        voiced = {"staff": 0, "visitor": 0, "unknown": 0}
        for row in self._found["utterances"]:
            own = row["voiced_samples"]
            voiced[row["role"]] += row["end_sample"] - row["start_sample"] if own is None else own
        said = sum(voiced.values())
        audio = max(round(heard_s * SAMPLE_RATE_HZ), said)
        lost = round(lost_s * SAMPLE_RATE_HZ)
        return Exposure(
            visits=len(self._found["visits"]),
            audio_samples=audio,
            staff_samples=voiced["staff"],
            visitor_samples=voiced["visitor"],
            unknown_samples=voiced["unknown"],
            silent_samples=audio - said,
            not_analysed=(("lost", lost),) if lost > 0 else (),
        )

    def _hits(self) -> Iterator[Finding]:
        alerts = {row["hit_id"]: row for row in self._found["alerts"]}
        for row in self._found["hits"]:
            alert = alerts.get(row["hit_id"])
            if row["state"] != "confirmed" or alert is None:
                continue
            span = row["start_sample"], row["end_sample"]
            yield Finding(
                finding_id=finding_id(self._examination.recording, row["rule_id"], *span),
                recording=self._examination.recording,
                visit_id=visit_at(self._visits(), span[0]),
                kind=alert["kind"],
                rule_id=row["rule_id"],
                title=alert["phrase"],
                clauses=_clauses(alert["clauses"]),
                severity="low" if row["softened"] else alert["severity"],
                role=row["role"],
                start_sample=span[0],
                end_sample=span[1],
                confidence=row["confidence"],
                softened=bool(row["softened"]),
                evidence=redact(self._words(*span) or row["heard"]),
                advice=alert["advice"],
                why=tuple(json.loads(row["why"])),
                rules_sha256=self._examination.rules_sha256,
                model=self._examination.model,
            )

    def _courtesies(self) -> Iterator[Finding]:
        for row in self._found["courtesies"]:
            if row["state"] == "open":
                continue
            told = {name: one for name, one in row.items() if name not in ("run_id", "clauses", "why")}
            courtesy = Courtesy(
                **told,
                name=self._names.get(row["act_id"], str(row["act_id"])),
                clauses=_clauses(row["clauses"]),
                why=tuple(json.loads(row["why"])),
            )
            words = self._words(courtesy.start_sample, courtesy.end_sample)
            yield finding_of_courtesy(courtesy, self._examination, evidence=words)

    def _manners(self) -> Iterator[Finding]:
        for row in self._found["manners"]:
            told = {name: one for name, one in row.items() if name not in ("run_id", "clauses", "why")}
            manner = Manner(**told, clauses=_clauses(row["clauses"]), why=tuple(json.loads(row["why"])))
            words = self._words(manner.start_sample, manner.end_sample)
            yield finding_of_manner(manner, self._examination, evidence=words)

    def _visits(self) -> list[Visit]:
        return [
            Visit(
                visit_id=row["visit_id"],
                channel=row["channel"],
                start_sample=row["start_sample"],
                end_sample=row["end_sample"],
            )
            for row in self._found["visits"]
        ]

    def _words(self, start_sample: int, end_sample: int) -> str:
        return joined(
            row["text"]
            for row in self._found["utterances"]
            if row["text"] and row["start_sample"] < end_sample and start_sample < row["end_sample"]
        )


def _clauses(told: str) -> tuple[ClauseRef, ...]:
    return tuple(ClauseRef(**one) for one in json.loads(told))


def _rows(store: sqlite3.Connection, question: str, values: Sequence[str]) -> list[Row]:
    return [dict(row) for row in store.execute(question, values)]
