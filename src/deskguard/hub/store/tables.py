"""The named steps that build the hall's tables, in order, each applied once on SQLite and PostgreSQL.

As with the night's tables a step is never edited after a release; a change of layout is a new step at the
end. A statement that the two databases say differently stands twice, under the name of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskguard.hub.cards import shelf
from deskguard.hub.feed.presence import PRESENCE
from deskguard.hub.feed.tables import FEED, SUMMED
from deskguard.hub.fleet import offers
from deskguard.hub.keeping import requests
from deskguard.hub.oidc.tables import IDENTITIES
from deskguard.hub.reviewing.sheets import SHEETS
from deskguard.hub.reviewing.tables import TABLES as VERDICTS
from deskguard.hub.store.turns import take_turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

Steps = tuple[tuple[str, tuple["str | Mapping[str, tuple[str, ...]]", ...]], ...]
RECORD_TABLE = "CREATE TABLE IF NOT EXISTS hub_migrations (name TEXT PRIMARY KEY, position INTEGER NOT NULL)"

ACCOUNTS = (
    """CREATE TABLE hub_accounts (
        account_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, windows TEXT NOT NULL,
        clerk_id TEXT NOT NULL, password_hash TEXT NOT NULL, must_change INTEGER NOT NULL,
        made_utc TEXT NOT NULL, disabled_utc TEXT
    )""",
    """CREATE TABLE hub_sessions (
        session_hash TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES hub_accounts (account_id),
        csrf TEXT NOT NULL, made_utc TEXT NOT NULL, seen_utc TEXT NOT NULL, expires_utc TEXT NOT NULL
    )""",
    "CREATE INDEX hub_sessions_by_account ON hub_sessions (account_id)",
    """CREATE TABLE hub_login_failures (
        name TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_utc TEXT NOT NULL, locked_until_utc TEXT NOT NULL
    )""",
    """CREATE TABLE hub_desks (
        desk_id TEXT PRIMARY KEY, window_id TEXT NOT NULL, key_hash TEXT NOT NULL UNIQUE,
        enrolled_utc TEXT NOT NULL, enrolled_by TEXT NOT NULL, revoked_utc TEXT, seen_utc TEXT
    )""",
    """CREATE TABLE hub_enrol_codes (
        code_hash TEXT PRIMARY KEY, window_id TEXT NOT NULL, made_utc TEXT NOT NULL, made_by TEXT NOT NULL,
        expires_utc TEXT NOT NULL, used_utc TEXT, desk_id TEXT
    )""",
    "CREATE TABLE hub_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE hub_audit (
        number BIGINT PRIMARY KEY, at_utc TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
        target TEXT NOT NULL, detail TEXT NOT NULL, chain TEXT NOT NULL
    )""",
    # Rows are only added. Whoever owns the database can take the trigger away; then the chain tells.
    {
        "sqlite": (
            """CREATE TRIGGER hub_audit_kept_u BEFORE UPDATE ON hub_audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END""",
            """CREATE TRIGGER hub_audit_kept_d BEFORE DELETE ON hub_audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END""",
        ),
        "postgresql": (
            """CREATE FUNCTION hub_audit_kept() RETURNS trigger AS $$
            BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$ LANGUAGE plpgsql""",
            """CREATE TRIGGER hub_audit_kept BEFORE UPDATE OR DELETE ON hub_audit
            FOR EACH ROW EXECUTE FUNCTION hub_audit_kept()""",
        ),
    },
)
FLEET = (
    """CREATE TABLE hub_packs (
        version TEXT PRIMARY KEY, files TEXT NOT NULL, rules_sha256 TEXT NOT NULL, rules INTEGER NOT NULL,
        packs TEXT NOT NULL, parent TEXT NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL,
        made_utc TEXT NOT NULL
    )""",
    """CREATE TABLE hub_publications (
        serial BIGINT PRIMARY KEY, kind TEXT NOT NULL, version TEXT NOT NULL, content TEXT NOT NULL,
        windows TEXT NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL, published_utc TEXT NOT NULL,
        envelope TEXT NOT NULL
    )""",
    """CREATE TABLE hub_fleet (
        desk_id TEXT PRIMARY KEY, window_id TEXT NOT NULL, version TEXT NOT NULL, asked_utc TEXT NOT NULL,
        rules TEXT NOT NULL, settings TEXT NOT NULL
    )""",
)
SUMS_STEP = "0010-sums"
"""After it, all events are to be counted anew."""
STEPS: Steps = (
    ("0001-accounts-desks-audit", ACCOUNTS),
    ("0002-feed", FEED),
    ("0003-verdicts-trainings", VERDICTS),
    ("0004-fleet", FLEET),
    ("0005-keeping", requests.TABLES),
    ("0006-presence", PRESENCE),
    ("0007-identities", IDENTITIES),
    ("0008-offers", offers.TABLES),
    ("0009-card-fills", shelf.TABLES),
    (SUMS_STEP, SUMMED),
    ("0011-sheets", SHEETS),
)


def applied(connection: Connection) -> list[str]:
    """The names of the steps a store has had; empty for a new one."""
    if not sa.inspect(connection).has_table("hub_migrations"):
        return []
    return [
        str(name)
        for (name,) in connection.execute(sa.text("SELECT name FROM hub_migrations ORDER BY position"))
    ]


def unknown_steps(connection: Connection, steps: Steps = STEPS) -> list[str]:
    """Steps in the store that this program does not know: a newer one wrote it."""
    known = {name for name, _ in steps}
    return [name for name in applied(connection) if name not in known]


def migrate(connection: Connection, steps: Steps = STEPS) -> list[str]:
    """Apply the missing steps in the caller's transaction; returns their names."""
    dialect = connection.dialect.name
    take_turn(connection, "tables")
    connection.execute(sa.text(RECORD_TABLE))
    done = set(applied(connection))
    fresh = [(at, name, body) for at, (name, body) in enumerate(steps) if name not in done]
    for position, name, body in fresh:
        for statement in body:
            # As they stand: in a trigger a colon is no place for a value.
            for one in (statement,) if isinstance(statement, str) else statement[dialect]:
                connection.exec_driver_sql(one.replace("%", "%%") if dialect == "postgresql" else one)
        connection.execute(
            sa.text("INSERT INTO hub_migrations VALUES (:name, :position)"),
            {"name": name, "position": position},
        )
    return [name for _, name, _ in fresh]
