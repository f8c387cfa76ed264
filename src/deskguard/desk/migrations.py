"""The named steps that build the store's tables, in order, each applied once.

A store records the names of the steps it has had. A name this program does not know means that a newer program
wrote the store: it is refused, since guessing at a newer layout could spoil it. Steps are never edited after a
release; a change of layout is a new step at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

RECORD_TABLE = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT"

FIRST_TABLES = (
    """CREATE TABLE runs (
        run_id TEXT PRIMARY KEY, started_utc TEXT NOT NULL, window_id TEXT NOT NULL, device TEXT NOT NULL,
        model TEXT NOT NULL, rules_sha256 TEXT NOT NULL,
        ended_reason TEXT -- NULL while the run goes on
    ) STRICT""",
    """CREATE TABLE utterances (
        run_id TEXT NOT NULL REFERENCES runs, utterance_id INTEGER NOT NULL,
        ended_utc TEXT NOT NULL, start_sample INTEGER NOT NULL, end_sample INTEGER NOT NULL,
        text TEXT, -- redacted; NULL when transcripts are not kept
        no_speech_probability REAL NOT NULL, average_log_probability REAL NOT NULL, decode_ns INTEGER NOT NULL,
        PRIMARY KEY (run_id, utterance_id)
    ) STRICT""",
    "CREATE INDEX utterances_by_time ON utterances (ended_utc)",
    """CREATE TABLE hits (
        run_id TEXT NOT NULL REFERENCES runs, hit_id TEXT NOT NULL,
        utterance_id INTEGER NOT NULL, rule_id TEXT NOT NULL, variant TEXT NOT NULL, tier TEXT NOT NULL,
        heard TEXT NOT NULL, state TEXT NOT NULL, confidence REAL NOT NULL,
        start_sample INTEGER NOT NULL, end_sample INTEGER NOT NULL, role TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (run_id, hit_id)
    ) STRICT""",
    "CREATE INDEX hits_by_id ON hits (hit_id)",
    """CREATE TABLE hit_states (
        position INTEGER PRIMARY KEY, run_id TEXT NOT NULL, hit_id TEXT NOT NULL,
        state TEXT NOT NULL, confidence REAL NOT NULL, at_utc TEXT NOT NULL,
        FOREIGN KEY (run_id, hit_id) REFERENCES hits ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX hit_states_by_hit ON hit_states (run_id, hit_id)",
    """CREATE TABLE alerts (
        position INTEGER PRIMARY KEY, run_id TEXT NOT NULL, hit_id TEXT NOT NULL,
        phrase TEXT NOT NULL, advice TEXT NOT NULL, severity TEXT NOT NULL, clauses TEXT NOT NULL,
        raised_utc TEXT NOT NULL, raised_ns INTEGER NOT NULL, raised_sample INTEGER NOT NULL,
        shown INTEGER NOT NULL, suppressed TEXT,
        UNIQUE (run_id, hit_id),
        FOREIGN KEY (run_id, hit_id) REFERENCES hits ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX alerts_by_time ON alerts (raised_utc)",
    """CREATE TABLE health (
        position INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs, at_utc TEXT NOT NULL,
        heard_s REAL NOT NULL, speech_s REAL NOT NULL, lost_s REAL NOT NULL, backlog_s REAL NOT NULL,
        rtf REAL NOT NULL, steps INTEGER NOT NULL, windows_skipped INTEGER NOT NULL, notes TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX health_by_time ON health (at_utc)",
    """CREATE TABLE pauses (
        position INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs, at_utc TEXT NOT NULL,
        paused INTEGER NOT NULL, reason TEXT NOT NULL
    ) STRICT""",
    # No reference to hits: what the clerks said about a rule outlives the hit itself.
    """CREATE TABLE false_alarms (
        run_id TEXT NOT NULL, hit_id TEXT NOT NULL, rule_id TEXT NOT NULL, variant TEXT NOT NULL,
        tier TEXT NOT NULL, confidence REAL NOT NULL, at_utc TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (run_id, hit_id)
    ) STRICT""",
)

CONTEXT_COLUMNS = (
    "ALTER TABLE utterances ADD COLUMN role TEXT NOT NULL DEFAULT 'unknown'",
    "ALTER TABLE hits ADD COLUMN softened INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE alerts ADD COLUMN kind TEXT NOT NULL DEFAULT 'phrase'",
)

VISIT_TABLES = (
    "ALTER TABLE utterances ADD COLUMN role_confidence REAL NOT NULL DEFAULT 1",
    "ALTER TABLE utterances ADD COLUMN voiced_samples INTEGER",  # NULL: not measured
    "ALTER TABLE utterances ADD COLUMN loudness_lufs REAL",  # NULL: not measured, or silence
    """CREATE TABLE visits (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, visit_id TEXT NOT NULL, told_utc TEXT NOT NULL,
        channel TEXT NOT NULL, start_sample INTEGER NOT NULL, end_sample INTEGER, begun_by TEXT NOT NULL,
        ended_by TEXT, ticket TEXT NOT NULL, scenes TEXT NOT NULL,
        PRIMARY KEY (run_id, visit_id)
    ) STRICT""",
    "CREATE INDEX visits_by_time ON visits (told_utc)",
    """CREATE TABLE courtesies (
        run_id TEXT NOT NULL, courtesy_id TEXT NOT NULL, visit_id TEXT NOT NULL, act_id TEXT NOT NULL,
        scene TEXT NOT NULL, state TEXT NOT NULL, start_sample INTEGER NOT NULL, end_sample INTEGER NOT NULL,
        expected TEXT NOT NULL, clauses TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (run_id, courtesy_id),
        FOREIGN KEY (run_id, visit_id) REFERENCES visits ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX courtesies_by_visit ON courtesies (run_id, visit_id)",
    """CREATE TABLE manners (
        run_id TEXT NOT NULL, manner_id TEXT NOT NULL, visit_id TEXT NOT NULL, kind TEXT NOT NULL,
        role TEXT NOT NULL, start_sample INTEGER NOT NULL, end_sample INTEGER NOT NULL,
        value REAL NOT NULL, expected REAL NOT NULL, unit TEXT NOT NULL,
        clauses TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (run_id, manner_id),
        FOREIGN KEY (run_id, visit_id) REFERENCES visits ON DELETE CASCADE
    ) STRICT""",
    "CREATE INDEX manners_by_visit ON manners (run_id, visit_id)",
    """CREATE TABLE help_calls (
        position INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        at_utc TEXT NOT NULL, by TEXT NOT NULL
    ) STRICT""",
)

Steps = tuple[tuple[str, tuple[str, ...]], ...]
MIGRATIONS: Steps = (
    ("0001-first-tables", FIRST_TABLES),
    ("0002-context", CONTEXT_COLUMNS),
    ("0003-visits", VISIT_TABLES),
)


def applied(connection: sqlite3.Connection) -> list[str]:
    """The names of the steps a store has had; empty for a new one."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'")
    if known.fetchone() is None:
        return []
    return [str(name) for (name,) in connection.execute("SELECT name FROM migrations ORDER BY position")]


def unknown_steps(connection: sqlite3.Connection) -> list[str]:
    """Steps in the store that this program does not know: a newer one wrote it."""
    known = {name for name, _ in MIGRATIONS}
    return [name for name in applied(connection) if name not in known]


def migrate(connection: sqlite3.Connection, steps: Steps = MIGRATIONS) -> list[str]:
    """Apply the missing steps, each in one transaction with its record; returns their names."""
    done = set(applied(connection))
    fresh = [(place, name, body) for place, (name, body) in enumerate(steps) if name not in done]
    for position, name, statements in fresh:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(RECORD_TABLE)
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", (name, position))
        except BaseException:
            # A full disk may already have rolled it back.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    return [name for _, name, _ in fresh]
