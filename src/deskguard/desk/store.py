"""What a desk saw, on disk: runs, utterances, hits, alerts, health, pauses and false alarms in one SQLite file.

One process writes (a lock file sees to it), any number read beside it (write-ahead log). Text is redacted
before it comes here, so no copy of a personal number reaches the disk, not even in the log. A mark of false
alarm adds a row and never removes the hit. Times are UTC strings of one width, so that they sort as text.

Limits: one machine's disk; a file share without locks will not do. `store_writer` keeps the disk's latency off
the hearing threads.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from deskguard.desk import storefiles, visit_records
from deskguard.privacy.redact import redact
from deskguard.values import SAMPLE_RATE_HZ, Alert, Health, Hypothesis, Labelled, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deskguard.desk.visit_records import Finding

FILE_NAME = "desk.sqlite3"

TODAY_SQL = """
    SELECT a.run_id, a.hit_id, h.rule_id, a.phrase, h.heard, a.clauses, a.severity, h.state, a.raised_utc,
           a.shown, a.suppressed, f.hit_id IS NOT NULL AS false_alarm, a.advice, a.kind, h.why
    FROM alerts a JOIN hits h USING (run_id, hit_id) LEFT JOIN false_alarms f USING (run_id, hit_id)
    WHERE a.raised_utc >= ? AND a.raised_utc < ? AND h.state <> 'withdrawn'
    ORDER BY a.raised_utc DESC, a.position DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceRow:
    """A final hypothesis as it is kept: redacted, without the place of each character."""

    utterance_id: int
    start_sample: int
    end_sample: int
    text: str | None
    role: str
    role_confidence: float
    voiced_samples: int | None
    loudness_lufs: float | None
    no_speech_probability: float
    average_log_probability: float
    decode_ns: int


def utterance_row(hypothesis: Hypothesis, keep_text: bool) -> UtteranceRow:
    """What may be kept of a hypothesis."""
    spans = hypothesis.passage.spans
    return UtteranceRow(
        utterance_id=hypothesis.utterance_id,
        start_sample=spans[0][0] if spans else hypothesis.end_sample,
        end_sample=hypothesis.end_sample,
        text=redact(hypothesis.text) if keep_text else None,
        role=hypothesis.role,
        role_confidence=hypothesis.role_confidence,
        voiced_samples=hypothesis.sound.voiced_samples if hypothesis.sound else None,
        loudness_lufs=hypothesis.sound.loudness_lufs if hypothesis.sound else None,
        no_speech_probability=hypothesis.no_speech_probability,
        average_log_probability=hypothesis.average_log_probability,
        decode_ns=hypothesis.decode_ns,
    )


def utc_text(moment: str) -> str:
    """An ISO 8601 time with offset as UTC of fixed width, which sorts as text; ValueError without an offset."""
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        raise ValueError(f"{moment} has no offset from UTC")
    return parsed.astimezone(UTC).isoformat(timespec="microseconds")


def local_day(local_date: str | None) -> tuple[str, str]:
    """First moment of a local day (today when None) and of the next, as UTC text."""
    day = date.fromisoformat(local_date) if local_date else datetime.now(UTC).astimezone().date()
    # A time without a zone is taken as local, so a day of 23 or 25 hours comes out right.
    midnights = (datetime.combine(one, time.min).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    first, last = (one.isoformat(timespec="microseconds") for one in midnights)
    return first, last


class Store:
    """One desk's records; safe to call from many threads, one of them at a time does work."""

    def __init__(self, connection: sqlite3.Connection, folder: Path, lock: storefiles.DeskLock | None) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock
        self._guard = threading.RLock()
        self._depth = 0
        self._crashed: tuple[str, ...] = ()

    @classmethod
    def open(cls, folder: Path, window_id: str = "") -> Store:
        """The desk's store for writing, made or brought up to date when needed.

        Raises DeskguardError when another process has the desk, the folder cannot be written, the disk is full,
        or the file is no store of this version. Runs that a killed process left open are closed as "crashed".
        """
        lock = storefiles.take(folder, window_id)
        try:
            connection = storefiles.connect(folder / FILE_NAME)
            store = cls(connection, folder, lock)
            with storefiles.explained(folder / FILE_NAME):
                store._close_crashed_runs()
        except BaseException:
            lock.release()
            raise
        return store

    @classmethod
    def open_reader(cls, folder: Path) -> Store:
        """The store for reading beside the process that writes; raises DeskguardError when there is none."""
        return cls(storefiles.connect_reader(folder / FILE_NAME), folder, None)

    def close(self) -> None:
        """Close the file and give the desk free; the store cannot be used afterwards."""
        with self._guard:
            self._connection.close()
        if self._lock is not None:
            self._lock.release()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Everything saved inside is one transaction: all of it is on disk afterwards, or nothing is."""
        with self._guard:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may already have rolled it back.
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def begin_run(self, run: Run) -> None:
        """Record the start of a run; everything else refers to one."""
        row = (run.run_id, utc_text(run.started_utc), run.window_id, run.device, run.model, run.rules_sha256)
        with self.batch():
            self._connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING", row
            )
        if self._lock is not None:
            self._lock.name_owner(run.window_id)

    def end_run(self, run_id: str, reason: str) -> None:
        """Record why a run ended."""
        with self.batch():
            self._connection.execute("UPDATE runs SET ended_reason = ? WHERE run_id = ?", (reason, run_id))

    def unfinished_runs(self) -> tuple[str, ...]:
        """Runs that a killed process had left open and that opening this store closed as "crashed"."""
        return self._crashed

    def save_utterance(self, run_id: str, hypothesis: Hypothesis, keep_text: bool) -> None:
        """Keep a final hypothesis, redacted, or only its place and scores; a later one for it replaces it."""
        self.save_utterance_row(run_id, utterance_row(hypothesis, keep_text))

    def save_utterance_row(self, run_id: str, row: UtteranceRow) -> None:
        """Keep an utterance that is already redacted."""
        with self.batch():
            started = self._connection.execute("SELECT started_utc FROM runs WHERE run_id = ?", (run_id,))
            found = started.fetchone()
            # Retention needs a wall-clock time; the sound card's clock is near enough for days.
            since = timedelta(seconds=row.end_sample / SAMPLE_RATE_HZ)
            ended = datetime.fromisoformat(found[0]) + since if found else datetime.now(UTC)
            values = {"run_id": run_id, "ended_utc": utc_text(ended.isoformat()), **asdict(row)}
            self._connection.execute(
                """INSERT OR REPLACE INTO utterances (run_id, utterance_id, ended_utc, start_sample, end_sample,
                   text, role, role_confidence, voiced_samples, loudness_lufs, no_speech_probability,
                   average_log_probability, decode_ns) VALUES (:run_id, :utterance_id, :ended_utc,
                   :start_sample, :end_sample, :text, :role, :role_confidence, :voiced_samples, :loudness_lufs,
                   :no_speech_probability, :average_log_probability, :decode_ns)""",
                values,
            )

    def save_role(self, run_id: str, label: Labelled) -> None:
        """Keep who spoke in an utterance, as it has been found out since."""
        row = (label.role, label.confidence, run_id, label.utterance_id)
        with self.batch():
            self._connection.execute(
                "UPDATE utterances SET role = ?, role_confidence = ? WHERE run_id = ? AND utterance_id = ?", row
            )

    def save_alert(self, run_id: str, alert: Alert, raised_utc: str) -> None:
        """Keep a hit and its card; a later state of the same hit updates both and adds to the history.

        The time of the first look stays; a card that was once on the screen stays `shown`, also when it has
        gone since for the reason in `suppressed`.
        """
        at_utc = utc_text(raised_utc)
        with self.batch():
            self._save_hit(run_id, alert, at_utc)
            shown = alert.suppressed is None and alert.hit.state != "withdrawn"
            clauses = json.dumps([asdict(clause) for clause in alert.clauses], ensure_ascii=False)
            row = (run_id, alert.hit.hit_id, alert.phrase, alert.advice, alert.severity, alert.kind, clauses)
            when = (at_utc, alert.raised_ns, alert.raised_sample, shown, alert.suppressed)
            self._connection.execute(
                """INSERT INTO alerts (run_id, hit_id, phrase, advice, severity, kind, clauses, raised_utc,
                   raised_ns, raised_sample, shown, suppressed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (run_id, hit_id) DO UPDATE SET phrase = excluded.phrase,
                   advice = excluded.advice, severity = excluded.severity, kind = excluded.kind,
                   clauses = excluded.clauses, shown = max(shown, excluded.shown),
                   suppressed = excluded.suppressed""",
                row + when,
            )

    def _save_hit(self, run_id: str, alert: Alert, at_utc: str) -> None:
        """The hit's row, and one of history when its state changed."""
        hit = alert.hit
        last = self._connection.execute(
            "SELECT state FROM hits WHERE run_id = ? AND hit_id = ?", (run_id, hit.hit_id)
        ).fetchone()
        values = {**asdict(hit), "run_id": run_id, "heard": redact(hit.heard)}
        values["why"] = json.dumps(hit.why, ensure_ascii=False)
        self._connection.execute(
            """INSERT INTO hits (run_id, hit_id, utterance_id, rule_id, variant, tier, heard, state, confidence,
               start_sample, end_sample, role, softened, why) VALUES (:run_id, :hit_id, :utterance_id, :rule_id,
               :variant, :tier, :heard, :state, :confidence, :start_sample, :end_sample, :role, :softened, :why)
               ON CONFLICT (run_id, hit_id) DO UPDATE SET utterance_id = excluded.utterance_id,
               rule_id = excluded.rule_id, variant = excluded.variant, tier = excluded.tier,
               heard = excluded.heard, state = excluded.state, confidence = excluded.confidence,
               start_sample = excluded.start_sample, end_sample = excluded.end_sample, role = excluded.role,
               softened = excluded.softened, why = excluded.why""",
            values,
        )
        if last is None or last[0] != hit.state:
            self._connection.execute(
                "INSERT INTO hit_states (run_id, hit_id, state, confidence, at_utc) VALUES (?, ?, ?, ?, ?)",
                (run_id, hit.hit_id, hit.state, hit.confidence, at_utc),
            )

    def save_finding(self, run_id: str, finding: Finding, told_utc: str) -> None:
        """Keep a visit, or what was found in one, as it is told now; what was told of it before goes."""
        with self.batch():
            visit_records.save(self._connection, run_id, finding, utc_text(told_utc))

    def visits(self, local_date: str | None = None) -> list[dict[str, Any]]:
        """The visits of a local day with what was found in them, oldest first."""
        with self._alone():
            return visit_records.between(self._connection, *local_day(local_date))

    def save_help_call(self, run_id: str, at_utc: str, by: str) -> None:
        """Keep that somebody at the window called for help: "button" or "safe-word"."""
        with self.batch():
            self._connection.execute(
                "INSERT INTO help_calls (run_id, at_utc, by) VALUES (?, ?, ?)", (run_id, utc_text(at_utc), by)
            )

    def save_health(self, run_id: str, health: Health, at_utc: str) -> None:
        """Keep one reading of what was heard, lost and skipped."""
        values = {**asdict(health), "run_id": run_id, "at_utc": utc_text(at_utc)}
        values["notes"] = json.dumps(health.notes)
        with self.batch():
            self._connection.execute(
                """INSERT INTO health (run_id, at_utc, heard_s, speech_s, lost_s, backlog_s, rtf, steps,
                   windows_skipped, notes) VALUES (:run_id, :at_utc, :heard_s, :speech_s, :lost_s, :backlog_s,
                   :rtf, :steps, :windows_skipped, :notes)""",
                values,
            )

    def save_pause(self, run_id: str, at_utc: str, paused: bool, reason: str) -> None:
        """Keep that listening stopped or went on, and why."""
        with self.batch():
            self._connection.execute(
                "INSERT INTO pauses (run_id, at_utc, paused, reason) VALUES (?, ?, ?, ?)",
                (run_id, utc_text(at_utc), paused, reason),
            )

    def mark_false_alarm(self, hit_id: str, at_utc: str, note: str = "") -> bool:
        """Keep that the clerk called a hit wrong; False when no such hit is stored. The hit stays.

        Of several runs with a hit of that name, the newest is meant.
        """
        with self.batch():
            newest = self._connection.execute(
                "SELECT run_id FROM alerts WHERE hit_id = ? ORDER BY raised_utc DESC, position DESC LIMIT 1",
                (hit_id,),
            ).fetchone()
            if newest is None:
                return False
            self._connection.execute(
                """INSERT INTO false_alarms SELECT run_id, hit_id, rule_id, variant, tier, confidence, ?, ?
                   FROM hits WHERE run_id = ? AND hit_id = ? ON CONFLICT DO NOTHING""",
                (utc_text(at_utc), redact(note), newest[0], hit_id),
            )
        return True

    def has_hit(self, hit_id: str) -> bool:
        """Whether a hit of that name is stored, in any run."""
        with self._alone():
            found = self._connection.execute("SELECT 1 FROM hits WHERE hit_id = ? LIMIT 1", (hit_id,))
            return found.fetchone() is not None

    def today(self, local_date: str | None = None) -> list[dict[str, Any]]:
        """The hits of a local day ("2026-11-21"; None is today), newest first, without withdrawn ones."""
        with self._alone():
            cursor = self._connection.execute(TODAY_SQL, local_day(local_date))
            names = [column[0] for column in cursor.description]
            return [_entry(dict(zip(names, row, strict=True))) for row in cursor]

    def newest_utc(self) -> str | None:
        """The latest time in the store, None when it is empty; a clock that shows less has gone backwards."""
        with self._alone():
            row = self._connection.execute(
                """SELECT max(t) FROM (SELECT max(started_utc) AS t FROM runs UNION ALL
                   SELECT max(raised_utc) FROM alerts UNION ALL SELECT max(at_utc) FROM health)"""
            ).fetchone()
        return None if row[0] is None else str(row[0])

    def forget_before(self, utc: str) -> int:
        """Erase what is older than `utc`, for retention, and give the space back; returns the rows erased.

        What clerks marked as false alarms keeps its rule and score and loses its note. Erased text is
        overwritten (secure_delete) and the write-ahead log emptied, so that nothing of it stays in the files.
        Raises DeskguardError when the disk does not allow it.
        """
        limit = (utc_text(utc),)
        erase = (
            "DELETE FROM utterances WHERE ended_utc < ?",
            """DELETE FROM hits WHERE (run_id, hit_id) IN
               (SELECT run_id, hit_id FROM alerts WHERE raised_utc < ?)""",
            "DELETE FROM visits WHERE told_utc < ?",
            "DELETE FROM help_calls WHERE at_utc < ?",
            "DELETE FROM health WHERE at_utc < ?",
            "DELETE FROM pauses WHERE at_utc < ?",
            """DELETE FROM runs WHERE started_utc < ? AND ended_reason IS NOT NULL
               AND run_id NOT IN (SELECT run_id FROM utterances UNION SELECT run_id FROM hits
               UNION SELECT run_id FROM visits UNION SELECT run_id FROM health
               UNION SELECT run_id FROM pauses UNION SELECT run_id FROM help_calls)""",
        )
        with self._alone():
            with self.batch():
                erased = sum(self._connection.execute(statement, limit).rowcount for statement in erase)
                self._connection.execute("UPDATE false_alarms SET note = '' WHERE at_utc < ?", limit)
            # Each step frees one page; a cursor stops after the first, which has no columns, a script does not.
            self._connection.executescript("PRAGMA incremental_vacuum")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return erased

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time, and the disk's failures as DeskguardError."""
        with self._guard, storefiles.explained(self.folder / FILE_NAME):
            yield

    def _close_crashed_runs(self) -> None:
        """Whoever holds the lock is alone: a run still open belongs to a process that died."""
        with self.batch():
            rows = self._connection.execute(
                "UPDATE runs SET ended_reason = 'crashed' WHERE ended_reason IS NULL RETURNING run_id"
            ).fetchall()
        self._crashed = tuple(str(row[0]) for row in rows)


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A row of TODAY_SQL as the staff page lists it."""
    first = next(iter(json.loads(row.pop("clauses"))), None)
    row["why"] = json.loads(row["why"])
    row["clause"] = first["clause"] if first else ""
    row["standard_title"] = first["title"] if first else ""
    row["shown"], row["false_alarm"] = bool(row["shown"]), bool(row["false_alarm"])
    return row
