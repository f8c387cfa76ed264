"""Which person of a provider an account is tied to: a step of the hall's store."""

from __future__ import annotations

IDENTITIES = (
    """CREATE TABLE hub_identities (
        issuer TEXT NOT NULL, subject TEXT NOT NULL,
        account_id TEXT NOT NULL REFERENCES hub_accounts (account_id), linked_utc TEXT NOT NULL,
        PRIMARY KEY (issuer, subject)
    )""",
    "CREATE UNIQUE INDEX hub_identities_by_account ON hub_identities (account_id)",
)
