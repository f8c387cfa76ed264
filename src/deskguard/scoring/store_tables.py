"""The named steps that build the night's tables, in order, each applied once; the tables as queries see them.

The same statements run on SQLite and PostgreSQL: plain types, no numbers that a database hands out. A store
records the names of the steps it has had; a name this program does not know means that a newer program wrote
it, and it is refused. Steps are never edited after a release; a change of layout is a new step at the end. A
tool for migrations would bring a folder of scripts into the wheel, for what is a list here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

RECORD_TABLE = "CREATE TABLE IF NOT EXISTS night_migrations (name TEXT PRIMARY KEY, position INTEGER NOT NULL)"
# A number that no other program on the same database is likely to choose: "deskguar" in ASCII.
_LOCK = 0x6465736B67756172

FIRST_TABLES = (
    """CREATE TABLE night_runs (
        run_id TEXT PRIMARY KEY, started_utc TEXT NOT NULL, host TEXT NOT NULL, version TEXT NOT NULL,
        rules_sha256 TEXT NOT NULL, model TEXT NOT NULL, settings_sha256 TEXT NOT NULL, card_id TEXT NOT NULL,
        workers INTEGER NOT NULL, ended_utc TEXT, reason TEXT, summary TEXT
    )""",
    """CREATE TABLE night_recordings (
        sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, window_id TEXT NOT NULL, clerk_id TEXT NOT NULL,
        day TEXT NOT NULL, started_at TEXT NOT NULL, roles TEXT NOT NULL, duration_samples BIGINT NOT NULL
    )""",
    "CREATE INDEX night_recordings_by_day ON night_recordings (day, window_id)",
    """CREATE TABLE night_examinations (
        examination_id TEXT PRIMARY KEY, recording_sha256 TEXT NOT NULL REFERENCES night_recordings (sha256),
        rules_sha256 TEXT NOT NULL, model TEXT NOT NULL, settings_sha256 TEXT NOT NULL, run_id TEXT NOT NULL,
        examined_utc TEXT NOT NULL, visits INTEGER NOT NULL, audio_samples BIGINT NOT NULL,
        staff_samples BIGINT NOT NULL, visitor_samples BIGINT NOT NULL, unknown_samples BIGINT NOT NULL,
        silent_samples BIGINT NOT NULL, not_analysed TEXT NOT NULL
    )""",
    "CREATE INDEX night_examinations_by_recording ON night_examinations (recording_sha256, examined_utc)",
    """CREATE TABLE night_findings (
        examination_id TEXT NOT NULL REFERENCES night_examinations (examination_id), finding_id TEXT NOT NULL,
        visit_id TEXT NOT NULL, kind TEXT NOT NULL, rule_id TEXT NOT NULL, title TEXT NOT NULL,
        clauses TEXT NOT NULL, severity TEXT, role TEXT NOT NULL, start_sample BIGINT NOT NULL,
        end_sample BIGINT NOT NULL, value DOUBLE PRECISION, expected DOUBLE PRECISION, unit TEXT NOT NULL,
        confidence DOUBLE PRECISION, softened INTEGER NOT NULL, needs_person INTEGER NOT NULL,
        evidence TEXT NOT NULL, advice TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (examination_id, finding_id)
    )""",
    "CREATE INDEX night_findings_by_id ON night_findings (finding_id)",
    """CREATE TABLE night_spoken (
        examination_id TEXT NOT NULL REFERENCES night_examinations (examination_id), number INTEGER NOT NULL,
        start_sample BIGINT NOT NULL, end_sample BIGINT NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (examination_id, number)
    )""",
    # No reference to findings: what people decided outlives whatever the machine finds next time.
    """CREATE TABLE night_decisions (
        finding_id TEXT NOT NULL, number INTEGER NOT NULL, act TEXT NOT NULL, by_whom TEXT NOT NULL,
        at_utc TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (finding_id, number)
    )""",
    """CREATE TABLE night_not_analysed (
        run_id TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
        window_id TEXT NOT NULL, day TEXT,
        PRIMARY KEY (run_id, path, reason)
    )""",
    """CREATE TABLE night_imports (
        source TEXT NOT NULL, number INTEGER NOT NULL, sort TEXT NOT NULL, what_id TEXT NOT NULL,
        window_id TEXT NOT NULL, clerk_id TEXT NOT NULL, period TEXT NOT NULL, value BIGINT NOT NULL,
        people BIGINT NOT NULL,
        PRIMARY KEY (source, number)
    )""",
)

Steps = tuple[tuple[str, tuple[str, ...]], ...]
STEPS: Steps = (
    ("0001-first-tables", FIRST_TABLES),
    (
        "0002-where-personal-data-is-spoken",
        ("ALTER TABLE night_spoken ADD COLUMN personal TEXT NOT NULL DEFAULT '[]'",),
    ),
    (
        "0003-files",
        (
            """CREATE TABLE night_files (
                path TEXT PRIMARY KEY, size BIGINT NOT NULL, modified_ns BIGINT NOT NULL, sha256 TEXT NOT NULL
            )""",
        ),
    ),
    ("0004-curves", ("ALTER TABLE night_spoken ADD COLUMN curve TEXT NOT NULL DEFAULT ''",)),
    (
        "0005-cards",
        (
            """CREATE TABLE night_card_choices (
                serial BIGINT PRIMARY KEY, scope TEXT NOT NULL, since TEXT NOT NULL, card_id TEXT NOT NULL,
                title TEXT NOT NULL, content TEXT NOT NULL, note TEXT NOT NULL, by_whom TEXT NOT NULL,
                at_utc TEXT NOT NULL
            )""",
        ),
    ),
)


def _table(name: str, columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one) for one in columns.split()))


RUNS = _table(
    "night_runs",
    "run_id started_utc host version rules_sha256 model settings_sha256 card_id workers"
    " ended_utc reason summary",
)
RECORDINGS = _table("night_recordings", "sha256 path window_id clerk_id day started_at roles duration_samples")
EXAMINATIONS = _table(
    "night_examinations",
    "examination_id recording_sha256 rules_sha256 model settings_sha256 run_id examined_utc visits"
    " audio_samples staff_samples visitor_samples unknown_samples silent_samples not_analysed",
)
FINDINGS = _table(
    "night_findings",
    "examination_id finding_id visit_id kind rule_id title clauses severity role start_sample end_sample value"
    " expected unit confidence softened needs_person evidence advice why",
)
SPOKEN = _table("night_spoken", "examination_id number start_sample end_sample role text personal curve")
DECISIONS = _table("night_decisions", "finding_id number act by_whom at_utc why")
NOT_ANALYSED = _table("night_not_analysed", "run_id path reason detail window_id day")
FILES = _table("night_files", "path size modified_ns sha256")
IMPORTS = _table("night_imports", "source number sort what_id window_id clerk_id period value people")
CARD_CHOICES = _table("night_card_choices", "serial scope since card_id title content note by_whom at_utc")
TABLES = (
    RUNS, RECORDINGS, EXAMINATIONS, FINDINGS, SPOKEN, DECISIONS, NOT_ANALYSED, FILES, IMPORTS, CARD_CHOICES,
)  # fmt: skip


def applied(connection: Connection) -> list[str]:
    """The names of the steps a store has had; empty for a new one."""
    if not sa.inspect(connection).has_table("night_migrations"):
        return []
    found = connection.execute(sa.text("SELECT name FROM night_migrations ORDER BY position"))
    return [str(name) for (name,) in found]


def unknown_steps(connection: Connection, steps: Steps = STEPS) -> list[str]:
    """Steps in the store that this program does not know: a newer one wrote it."""
    known = {name for name, _ in steps}
    return [name for name in applied(connection) if name not in known]


def migrate(connection: Connection, steps: Steps = STEPS) -> list[str]:
    """Apply the missing steps in the caller's transaction; returns their names.

    Several programs may open a new store at once: the first builds it, the others wait and find it built.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(sa.text(RECORD_TABLE))
    done = set(applied(connection))
    fresh = [(at, name, body) for at, (name, body) in enumerate(steps) if name not in done]
    for position, name, statements in fresh:
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.execute(
            sa.text("INSERT INTO night_migrations VALUES (:name, :position)"),
            {"name": name, "position": position},
        )
    return [name for _, name, _ in fresh]
